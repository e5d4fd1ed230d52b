"""The way of a picture to the exact coding that suits it best.

A picture that was a JPEG file goes back to its coefficients. Others are coded by what their mode
allows: networks or WebP (`networks_or_stored`), or, where WebP does not have the mode, planes or
what is smaller (`other_modes`). What has few colours is tried by indexed at last (`few_colors`).
"""

import logging

from pillow_colorgrid.codings.base import Coding, Encoded, Picture
from pillow_colorgrid.codings.choosing import few_colors, networks_or_stored, other_modes
from pillow_colorgrid.codings.indexed.description import INDEXED
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.container import size_bytes

logger = logging.getLogger(__name__)


def encode(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The exact coding that suits the picture best, and what it made of it."""
    from_jpeg = as_jpeg(picture, options)
    if from_jpeg is not None:
        logger.debug("jpeg: the coefficients of a JPEG file are these pixels")
        return JPEG, from_jpeg
    coding, encoded = _whatever_its_colors(picture, options)
    few = few_colors.encode(picture, options, size_bytes(encoded.sections))
    return (coding, encoded) if few is None else (INDEXED, few)


def _whatever_its_colors(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smallest, indexed left out."""
    if picture.mode in STORED.modes:
        return networks_or_stored.encode(picture, options)
    if picture.mode in LOSSLESS.modes:
        return other_modes.planes_or_lossless(picture, options)
    return other_modes.without_lossless(picture, options)


def as_jpeg(picture: Picture, options: Options) -> Encoded | None:
    """The coefficients of the JPEG file that the picture was opened from, or was long ago.

    Raises:
        ValueError: `options` name a JPEG file, and the picture has a mode that none has.
    """
    if options.jpeg == "never":
        return None
    if picture.mode not in JPEG.modes:
        if options.jpeg != "auto":
            allowed = ", ".join(JPEG.modes)
            raise ValueError(f"jpeg= of a picture of mode {picture.mode}, allowed: {allowed}")
        return None
    from pillow_colorgrid.codings.jpeg.encoder import files

    found = files.encode(picture, options.jpeg)
    if found is not None or picture.mode not in ("L", "RGB") or options.origin == "none":
        return found
    return files.encode_once_a_jpeg(picture.pixels)
