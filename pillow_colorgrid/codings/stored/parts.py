"""A picture as one inner picture, or cut into parts, each of which may be cut again.

WebP has one palette and a bounded number of entropy codes for a whole picture; a screen consists of
regions with little in common. Parts of their own made large screens 2 to 19 % smaller.
"""

import struct
from collections.abc import Sequence

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.errors import DamagedError

PARTS = inner.KIND.pack(4)
"""Stands where an inner picture has its codec; a number that inner.py leaves free."""

LENGTH = struct.Struct("<I")
"""Before each part: its length in bytes."""


def split(tile: Tile) -> list[Tile]:
    """The two or four parts of a rectangle of more than one pixel, row by row.

    A side is halved, the first half being the longer one by a pixel if need be, unless it is at
    most half as long as the other: so parts become squares rather than strips.
    """
    longer = max(tile.height, tile.width)
    return [
        Tile(top, left, height, width)
        for top, height in _halves(tile.top, tile.height, longer)
        for left, width in _halves(tile.left, tile.width, longer)
    ]


def _halves(start: int, length: int, longer: int) -> list[tuple[int, int]]:
    """(start, length) of the pieces of one side."""
    if 2 * length <= longer:
        return [(start, length)]
    first = -(-length // 2)
    return [(start, first), (start + first, length - first)]


def pack(parts: Sequence[bytes]) -> bytes:
    """The parts of a rectangle, in the order of `cut`."""
    return PARTS + b"".join(LENGTH.pack(len(part)) + part for part in parts)


def unpack(data: bytes, tile: Tile) -> list[tuple[Tile, bytes]]:
    """The inverse: all inner pictures and their places; one, if `data` is not cut into parts.

    Raises:
        DamagedError: parts of a single pixel, or of lengths that do not fit.
    """
    if not data.startswith(PARTS):
        return [(tile, data)]
    if (tile.height, tile.width) == (1, 1):
        raise DamagedError("parts of a single pixel, allowed from 2 pixels on")
    found = []
    position = len(PARTS)
    for part in split(tile):
        start = position + LENGTH.size
        if start > len(data):
            raise DamagedError(f"parts end after {len(data)} bytes, the next begins at {start}")
        (length,) = LENGTH.unpack_from(data, position)
        position = start + length
        if position > len(data):
            raise DamagedError(f"part of {length} bytes, allowed {len(data) - start}")
        found += unpack(data[start:position], part)
    if position != len(data):
        raise DamagedError(f"{len(data) - position} bytes behind the last part, allowed 0")
    return found
