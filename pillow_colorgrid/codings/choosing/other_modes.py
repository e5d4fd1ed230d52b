"""Modes that WebP does not have: planes, or what makes the picture smaller than they do.

That is lossless of CMYK and the like; bilevel of black and white; deep or blended of one channel
of more than 8 bits.
"""

import logging

from pillow_colorgrid.codings.base import Coding, Encoded, Picture
from pillow_colorgrid.codings.bilevel.description import BILEVEL
from pillow_colorgrid.codings.blended.description import BLENDED
from pillow_colorgrid.codings.choosing.few_colors import BLANK_BYTES
from pillow_colorgrid.codings.choosing.looks import DRAWING, probe
from pillow_colorgrid.codings.deep.description import DEEP
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.planes.description import PLANES
from pillow_colorgrid.container import size_bytes

logger = logging.getLogger(__name__)

BILEVEL_EFFORT = 3
"""From here on pages of black and white are coded pixel by pixel: it takes ten times as long."""

DEEP_DRAWING = 0.01
"""As `looks.DRAWING`, for samples of 16 bits and more, of what planes leave: flat scenes with a
little noise, whose upper bytes are all alike, are no drawings."""

BLENDED_PIXELS = {**dict.fromkeys(range(1, 5), 0), 5: 2**20, 6: 2**20, 7: 2**22, 8: 2**24, 9: 2**24}
"""Up to so many samples of 16 bits and more are blended, by effort: it takes two seconds for each
megapixel, also to decode, twice as long as deep."""

BLENDED_WON = 0.99
"""Blended is taken where it is so much smaller: of deep, parts and smaller pictures can be had."""


def planes_or_lossless(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smaller of the two, or planes where that is plain."""
    planes = PLANES.work().encode(picture, options)
    if probe(picture.pixels) < DRAWING:
        return PLANES, planes
    encoded = LOSSLESS.work().encode(picture, options)
    found, other = size_bytes(encoded.sections), size_bytes(planes.sections)
    logger.debug("%d bytes by the networks, %d as planes", found, other)
    return (LOSSLESS, encoded) if found < other else (PLANES, planes)


def without_lossless(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """Planes, or the smallest of what takes the picture: bilevel; deep and blended."""
    plain = PLANES.work().encode(picture, options)
    if picture.mode in BILEVEL.modes and options.effort >= BILEVEL_EFFORT:
        return _bilevel_or(plain, picture, options)
    if picture.mode not in DEEP.modes:
        logger.debug("planes: no network knows mode %s", picture.mode)
        return PLANES, plain
    found = size_bytes(plain.sections)
    if found < DEEP_DRAWING * picture.pixels.nbytes:
        logger.debug("planes: %d bytes are left of %d", found, picture.pixels.nbytes)
        return PLANES, plain
    return _by_prediction_or(plain, picture, options)


def _bilevel_or(plain: Encoded, picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smaller of bilevel and planes; the former takes pages that are not too large."""
    from pillow_colorgrid.codings.bilevel import coding as bilevel

    found = size_bytes(plain.sections)
    if found <= BLANK_BYTES or picture.pixels.size > bilevel.MOST_PIXELS:
        return PLANES, plain
    encoded = bilevel.encode(picture, options)
    other = size_bytes(encoded.sections)
    logger.debug("%d bytes by planes, %d by bilevel", found, other)
    return (BILEVEL, encoded) if other < found else (PLANES, plain)


def _by_prediction_or(plain: Encoded, picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smallest of deep, blended and planes."""
    from pillow_colorgrid.codings.blended.encoder import encoding as blended
    from pillow_colorgrid.codings.deep.encoder import encoding as deep

    pixels, effort = picture.pixels, options.effort
    encoded = deep.encode(pixels, effort)
    if encoded is None:
        logger.debug("planes: one sample only, or more than can be numbered")
        return PLANES, plain
    best, found = (DEEP, encoded), size_bytes(encoded.sections)
    if pixels.size <= BLENDED_PIXELS[effort] and not picture.moving:
        other = blended.encode(pixels)
        if other is not None:
            logger.debug("%d bytes by deep, %d by blended", found, size_bytes(other.sections))
            if size_bytes(other.sections) < BLENDED_WON * found:
                best, found = (BLENDED, other), size_bytes(other.sections)
    if found < size_bytes(plain.sections):
        return best
    logger.debug("planes: %d bytes by prediction", found)
    return PLANES, plain
