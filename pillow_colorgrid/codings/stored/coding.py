"""The stored coding: plain lossless codecs, for what networks that know photographs do not help.

One section, ``STOR``: an inner picture (inner.py), WebP or zstd over filtered planes; or parts
(stored_parts.py), each of which is one. Screens, icons, drawings: few colours, repetitions, exactly
flat areas.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.base import Encoded, Picture, has, only
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import parts as stored_parts
from pillow_colorgrid.codings.stored.description import STORED_PICTURE
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import TruncatedError
from pillow_colorgrid.pixels import LAYOUTS, Bytes
from pillow_colorgrid.runtime.workers import of_this_picture


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, 1, 3 or 4) uint8 -> the one section.

    Where `encoder.fits`, the payload is at most one byte larger than
    ``im.save(..., "WEBP", lossless=True, exact=True)``.
    """
    return _searched(picture, options.effort)


def quick(picture: Picture, scout: bool = False) -> Encoded:
    """As `encode`, with the same promise, in the time that WebP takes; larger.

    Args:
        scout: in a sixth of that time, larger still, and without the promise.
    """
    if scout:
        from pillow_colorgrid.codings.stored.encoder import SCOUT, webp

        return Encoded([STORED_PICTURE.section(webp(picture.pixels, *SCOUT))])
    return _searched(picture)


def improved(picture: Picture, known: Encoded, options: Options) -> Encoded:
    """The sections of `quick`, or smaller ones."""
    payload = known.sections[0].payload
    file = b"" if payload.startswith(stored_parts.PARTS) else payload
    return _searched(picture, options.effort, file)


def _searched(picture: Picture, effort: int | None = None, file: bytes = b"") -> Encoded:
    """What `encoder.search` finds; without `effort` at once."""
    from pillow_colorgrid.codings.stored.encoder import CARES_BY_EFFORT, Care, search

    care = Care() if effort is None else CARES_BY_EFFORT[effort]
    return Encoded([STORED_PICTURE.section(search(picture.pixels, care, file))])


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Bytes:
    """Sections -> (H, W, C) uint8; with `partial`, all 0 where the section is missing.

    Raises:
        TruncatedError: the section is missing (not with `partial`).
        DamagedError: it is damaged.
    """
    width, height = header.size
    if partial and not has(sections, STORED_PICTURE):
        return np.zeros((height, width, LAYOUTS[header.mode].channels), np.uint8)
    return decode_region(header, sections, Tile(0, 0, height, width))


def decode_region(header: Header, sections: Sequence[Section], box: Tile) -> Bytes:
    """The pixels (h, w, C) uint8 of a part of the picture; the parts it meets are decoded.

    Raises:
        TruncatedError: the section is missing.
        DamagedError: it is damaged.
    """
    width, height = header.size
    channels = LAYOUTS[header.mode].channels
    if not has(sections, STORED_PICTURE):
        raise TruncatedError("image file is truncated (no stored picture)")
    pixels = np.zeros((box.height, box.width, channels), np.uint8)

    def fill(one: tuple[Tile, bytes]) -> None:
        tile, data = one
        common = tile.common(box)
        if common is not None:
            whole = inner.decode_pixels(data, (tile.height, tile.width), channels)
            pixels[common.within(box).place] = whole[common.within(tile).place]

    parts = stored_parts.unpack(only(sections, STORED_PICTURE), Tile(0, 0, height, width))
    with of_this_picture() as workers:
        workers.map(fill, parts)
    return pixels
