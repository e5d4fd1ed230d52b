"""The stored coding: plain lossless codecs, for what networks that know photographs do not help.

One section, ``STOR``: an inner picture (inner.py), WebP or zstd over filtered planes; or parts
(stored_parts.py), each of which is one. Screens, icons, drawings: few colours, repetitions, exactly
flat areas.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.stored import parts as stored_parts
from pillow_colorgrid.codings.stored.encoder import Care, search
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color.ycocg_bytes import Bytes
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.options import SaveOptions
from pillow_colorgrid.runtime import execution
from pillow_colorgrid.runtime.workers import Workers

STORED_SECTION = b"STOR"

CARES_BY_EFFORT = {
    **dict.fromkeys((1, 2, 3), Care(zstd=True)),
    4: Care(depth=3, zstd=True),
    **dict.fromkeys((5, 6), Care(3, webp=((4, 100),), slowest_pixels=2**11, zstd=True)),
    **dict.fromkeys((7, 8), Care(4, webp=((4, 100), (6, 80)), slowest_pixels=2**14, zstd=True)),
    9: Care(4, webp=((4, 100), (6, 80)), slowest_pixels=2**17, zstd=True),
}
"""WebP (4, 100) takes half as long again as (4, 80) for 1 %, (6, 80) for less than that."""


def encode(pixels: Bytes, options: SaveOptions) -> list[Section]:
    """(H, W, 1, 3 or 4) uint8 -> the one section.

    Where `stored_search.fits`, the payload is at most one byte larger than
    ``im.save(..., "WEBP", lossless=True, exact=True)``.
    """
    return _section(search(pixels, CARES_BY_EFFORT[options.effort]))


def quick(pixels: Bytes) -> list[Section]:
    """As `encode`, with the same promise, in the time that WebP takes; larger."""
    return _section(search(pixels, Care()))


def improved(pixels: Bytes, sections: Sequence[Section], options: SaveOptions) -> list[Section]:
    """The sections of `quick`, or smaller ones."""
    known = sections[0].payload
    file = b"" if known.startswith(stored_parts.PARTS) else known
    return _section(search(pixels, CARES_BY_EFFORT[options.effort], file))


def _section(payload: bytes) -> list[Section]:
    return [Section(STORED_SECTION, payload)]


def decode(header: Header, sections: Sequence[Section], channels: int, partial: bool) -> Bytes:
    """Sections -> (H, W, channels) uint8; with `partial`, all 0 where the section is missing.

    Raises:
        TruncatedError: the section is missing (not with `partial`).
        DamagedError: it is damaged.
    """
    width, height = header.size
    pixels = np.zeros((height, width, channels), np.uint8)
    found = [section.payload for section in sections if section.type == STORED_SECTION]
    if not found:
        if partial:
            return pixels
        raise TruncatedError("image file is truncated (no stored picture)")
    if len(found) > 1:
        raise DamagedError(f"{len(found)} stored pictures, allowed 1")

    def fill(one: tuple[Tile, bytes]) -> None:
        tile, data = one
        pixels[tile.place] = inner.decode_pixels(data, (tile.height, tile.width), channels)

    parts = stored_parts.unpack(found[0], Tile(0, 0, height, width))
    with Workers(execution.threads()) as workers:
        workers.map(fill, parts)
    return pixels
