"""Coefficients of JPEG files, coded by networks that know colour."""
