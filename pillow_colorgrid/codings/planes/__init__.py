"""The planes coding: for all modes but 8-bit photographs."""
