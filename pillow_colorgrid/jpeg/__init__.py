"""JPEG files in numpy: read into coefficients, written back byte for byte, shown as pixels."""
