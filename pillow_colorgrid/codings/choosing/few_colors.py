"""What has at most 256 different pixels: palettes, scans of a few greys, small drawings."""

import logging

from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.indexed.description import INDEXED
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.container import size_bytes

logger = logging.getLogger(__name__)

BLANK_BYTES = 64
"""A picture that takes no more already is blank, or nearly."""

INDEXED_PIXELS = {1: 0, 2: 0, 3: 2**17, 4: 2**18, 5: 2**20, 6: 2**20, 7: 2**22, 8: 2**24, 9: 2**24}
"""Up to so many pixels of mode P or PA, or of 16 bits, are coded by indexed, by effort: it takes
one to two seconds for each megapixel of a large scan, up to six of dithered colours; decoding,
too."""

FEW_COLORS_PIXELS = {1: 0, 2: 0, 3: 0, 4: 0, 5: 2**16, 6: 2**16, 7: 2**18, 8: 2**20, 9: 2**22}
"""The same of other modes, which the stored coding makes small, too, and shows in no time."""

LIST_SHARE = 1 / 3
"""Where the list of colours alone would take more of what there is, indexed is not tried."""

INDEXED_WON = 0.98
"""Indexed is taken where it is so much smaller."""


def encode(picture: Picture, options: Options, found: int) -> Encoded | None:
    """By indexed, where it takes the picture, and is smaller than `found` bytes.

    Frames of animations would be shown too slowly.
    """
    most = FEW_COLORS_PIXELS if picture.mode in LOSSLESS.modes else INDEXED_PIXELS
    height, width = picture.pixels.shape[:2]
    passed = found <= BLANK_BYTES or height * width > most[options.effort]
    if passed or picture.moving or picture.mode not in INDEXED.modes:
        return None
    from pillow_colorgrid.codings.indexed.encoder import encoding as indexed, order

    values = order.values_of(picture.pixels)
    if values is None or (values.shape[1] > 1 and values.size > LIST_SHARE * found):
        return None
    encoded = indexed.encode(picture, values, options)
    other = size_bytes(encoded.sections)
    logger.debug("%d bytes otherwise, %d by indexed", found, other)
    return encoded if other < INDEXED_WON * found else None
