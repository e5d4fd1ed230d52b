"""The stored coding: a plain lossless codec, for what networks that know photographs do not help.

One section, ``STOR``: an inner picture (inner.py), WebP or zstd over filtered planes, whichever is
smaller. Screens, icons, drawings: few colours, repetitions, exactly flat areas.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid import color, inner
from pillow_colorgrid.codings.alpha import WEBP_MAX_SIDE
from pillow_colorgrid.color import Bytes
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.options import SaveOptions

STORED_SECTION = b"STOR"

QUICK, THOROUGH = 80, 100
"""WebP's "quality", which for lossless means effort. Pillow's own default is 80."""

THOROUGH_PIXELS = 2_000_000
"""Larger pictures have to do with the quick WebP: the thorough one takes a second for each
megapixel, or many."""

ZSTD_PIXELS = 64 * 64
"""Pictures so small are tried with zstd, too."""


def encode(pixels: Bytes, options: SaveOptions) -> list[Section]:
    """(H, W, 1, 3 or 4) uint8 -> the one section.

    At most as large as ``im.save(..., "WEBP", lossless=True, exact=True)`` and one byte.
    """
    return improved(pixels, quick(pixels))


def quick(pixels: Bytes) -> list[Section]:
    """As `encode`, in a fraction of the time; a few percent larger."""
    if max(pixels.shape[:2]) > WEBP_MAX_SIDE:
        file = inner.encode(*color.separate(pixels), "zstd")
    else:
        file = webp(pixels, QUICK)
    return [Section(STORED_SECTION, file)]


def improved(pixels: Bytes, sections: list[Section]) -> list[Section]:
    """The sections of `quick`, or smaller ones."""
    files = [sections[0].payload]
    count = pixels.shape[0] * pixels.shape[1]
    if max(pixels.shape[:2]) <= WEBP_MAX_SIDE:
        files.append(webp(pixels, QUICK, max(inner.WEBP_METHODS)))
        if count <= THOROUGH_PIXELS:
            files.append(webp(pixels, THOROUGH))
    if count <= ZSTD_PIXELS:
        files.append(inner.encode(*color.separate(pixels), "zstd"))
    return [Section(STORED_SECTION, min(files, key=len))]


def decode(header: Header, sections: Sequence[Section], channels: int, partial: bool) -> Bytes:
    """Sections -> (H, W, channels) uint8; with `partial`, all 0 where the section is missing.

    Raises:
        TruncatedError: the section is missing (not with `partial`).
        DamagedError: it is damaged.
    """
    width, height = header.size
    found = [section.payload for section in sections if section.type == STORED_SECTION]
    if not found:
        if partial:
            return np.zeros((height, width, channels), np.uint8)
        raise TruncatedError("image file is truncated (no stored picture)")
    if len(found) > 1:
        raise DamagedError(f"{len(found)} stored pictures, allowed 1")
    return color.unite(*inner.decode(found[0], (height, width), channels))


def webp(pixels: Bytes, quality: int, method: int = 4) -> bytes:
    """An inner picture by Pillow's WebP, hidden colour kept; `method` 4 is Pillow's default."""
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    options = {**inner.WEBP, "method": method, "quality": quality}
    return inner.KIND.pack(inner.CODECS["webp"][0]) + inner.save(pixels, "WEBP", **options)
