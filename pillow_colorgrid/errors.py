"""What can be wrong with a .cgx file, each as its own class.

All are OSError, as Pillow's callers expect of a broken file; they name what was found and what is
allowed. "Not a .cgx file at all" is a SyntaxError, which Pillow takes as "ask the next plugin".
"""

from PIL import UnidentifiedImageError


class CgxError(OSError):
    """A .cgx file that cannot be decoded."""


class TruncatedError(CgxError):
    """The file ends before its end section."""


class DamagedError(CgxError):
    """A checksum is wrong, or a field holds a value that the format does not allow."""


class LimitError(CgxError):
    """More than `pillow_colorgrid.limits` allows; the message names the limit to raise."""


class NetworkError(CgxError):
    """The file names a network that is unknown here, or this machine computes it wrongly."""


class NewerFormatError(UnidentifiedImageError, CgxError):
    """The file needs a newer version of pillow_colorgrid."""
