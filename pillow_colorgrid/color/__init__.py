"""Colour transforms and origins, each with its source."""
