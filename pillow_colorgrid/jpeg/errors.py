"""What is not read as coefficients; the caller keeps such files another way."""


class UnsupportedJpegError(ValueError):
    """A JPEG file that is broken, of a rare kind, or not rebuilt exactly."""
