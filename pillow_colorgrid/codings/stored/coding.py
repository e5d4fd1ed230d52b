"""The stored coding: plain lossless codecs, for what networks that know photographs do not help.

Sections of a file::

    GRAD  gradients (gradients.py), where there are any: what their markers stand for
    STOR  an inner picture (inner.py), WebP or zstd over filtered planes; or parts (parts.py), each
          of which is one. Screens, icons, drawings: few colours, repetitions, exactly flat areas
    RECT  a photograph on a page (rectangles.py), by its own coding; any number of them
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.base import Encoded, Picture, has, only, require
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import gradients, parts as stored_parts, pieces, rectangles
from pillow_colorgrid.codings.stored.description import STORED_PICTURE
from pillow_colorgrid.codings.stored.rectangles import Rectangle
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import MAJOR, Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import LAYOUTS, Bytes
from pillow_colorgrid.runtime.workers import of_this_picture


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, 1, 3 or 4) uint8 -> the one section.

    Where `parts.fits`, the payload is at most one byte larger than
    ``im.save(..., "WEBP", lossless=True, exact=True)``.
    """
    return _searched(picture, options.effort)


def quick(picture: Picture) -> Encoded:
    """As `encode`, with the same promise, in the time that WebP takes; larger."""
    return _searched(picture)


def improved(picture: Picture, known: Encoded, options: Options) -> Encoded:
    """The sections of `quick`, or smaller ones."""
    payload = known.sections[0].payload
    file = b"" if payload.startswith(stored_parts.PARTS) else payload
    return _searched(picture, options.effort, file)


def _searched(picture: Picture, effort: int | None = None, file: bytes = b"") -> Encoded:
    """What `parts.search` finds; without `effort` at once."""
    from pillow_colorgrid.codings.stored.encoder.parts import (
        BARE_SHARE,
        CARES_BY_EFFORT,
        Care,
        bare_parts,
        search,
    )

    payload = search(picture.pixels, Care() if effort is None else CARES_BY_EFFORT[effort], file)
    height, width, channels = picture.pixels.shape
    whole = Tile(0, 0, height, width)
    if effort is not None:
        shorter = bare_parts(payload, whole, channels)
        if len(payload) - len(shorter) >= BARE_SHARE * len(payload):
            payload = shorter
    minor = pieces.minor_version(data for _, data in stored_parts.unpack(payload, whole))
    return Encoded([STORED_PICTURE.section(payload)], minor=minor)


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Bytes:
    """Sections -> (H, W, C) uint8; with `partial`, all 0 where the stored picture is missing.

    Where a rectangle is missing, what the stored picture has under it is shown.

    Raises:
        TruncatedError: the stored picture is missing (not with `partial`).
        CgxError: a section is damaged.
    """
    width, height = header.size
    if partial and not has(sections, STORED_PICTURE):
        return np.zeros((height, width, LAYOUTS[header.mode].channels), np.uint8)
    return decode_region(header, sections, Tile(0, 0, height, width))


def decode_region(header: Header, sections: Sequence[Section], box: Tile) -> Bytes:
    """The pixels (h, w, C) uint8 of a part of the picture; what it meets is decoded.

    Raises:
        TruncatedError: the stored picture is missing.
        CgxError: a section is damaged.
    """
    width, height = header.size
    channels = LAYOUTS[header.mode].channels
    require(sections, STORED_PICTURE)
    pixels = np.zeros((box.height, box.width, channels), np.uint8)

    def fill(one: tuple[Tile, bytes]) -> None:
        tile, data = one
        common = tile.common(box)
        if common is not None:
            whole = pieces.decode(data, (tile.height, tile.width), channels)
            pixels[common.within(box).place] = whole[common.within(tile).place]

    parts = stored_parts.unpack(only(sections, STORED_PICTURE), Tile(0, 0, height, width))
    if header.minor < pieces.minor_version(data for _, data in parts):
        raise DamagedError(
            f"format version {MAJOR}.{header.minor} does not have bare WebP, "
            f"allowed: {MAJOR}.{pieces.MINOR} and later"
        )
    found = rectangles.unpack(sections, header)
    painted = gradients.of_sections(sections, header.size, channels)
    with of_this_picture() as workers:
        workers.map(fill, parts)
        for rectangle in found:
            common = rectangle.tile.common(box)
            if common is not None:
                place = common.within(box).place
                pixels[place] = _part_of(rectangle, header, common.within(rectangle.tile))
    if painted is not None:
        painted.paint(pixels, box)
    return pixels


def _part_of(rectangle: Rectangle, whole: Header, box: Tile) -> Bytes:
    """The pixels of a part of a rectangle; all workers share the work on it."""
    header, coding = rectangle.header(whole), rectangle.coding
    if (box.height, box.width) == (rectangle.tile.height, rectangle.tile.width):
        return coding.work().decode(header, rectangle.sections)
    assert coding.region is not None
    return coding.region(header, rectangle.sections, box)
