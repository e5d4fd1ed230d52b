"""JPEG pictures: their files, their coefficients, and the pixels that come out of these."""
