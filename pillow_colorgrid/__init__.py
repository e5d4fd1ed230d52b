"""The .cgx format for Pillow: import it once, then `Image.open` and `Image.save` know it.

import pillow_colorgrid
from PIL import Image

Image.open("photo.png").save("photo.cgx")
"""

import logging

from pillow_colorgrid.CgxImagePlugin import CgxImageFile, register_cgx_opener
from pillow_colorgrid.errors import (
    CgxError,
    DamagedError,
    LimitError,
    NetworkError,
    NewerFormatError,
    TruncatedError,
)
from pillow_colorgrid.regions import open_region
from pillow_colorgrid.restoring import jpeg_bytes
from pillow_colorgrid.saving import save
from pillow_colorgrid.trimming import trim
from pillow_colorgrid.version import __version__

__all__ = [
    "CgxError",
    "CgxImageFile",
    "DamagedError",
    "LimitError",
    "NetworkError",
    "NewerFormatError",
    "TruncatedError",
    "__version__",
    "jpeg_bytes",
    "open_region",
    "register_cgx_opener",
    "save",
    "trim",
]


def __dir__() -> list[str]:
    """The public names: what docs/versioning.md makes its promises of."""
    return sorted(__all__)


# Who wants to read what it says sets the level of this logger; nobody else hears of it.
logging.getLogger(__name__).addHandler(logging.NullHandler())
register_cgx_opener()
