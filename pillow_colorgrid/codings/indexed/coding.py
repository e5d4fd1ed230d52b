"""The indexed coding of pictures with at most 256 different pixels: palettes, scans, drawings.

A section: which values there are, in an order that puts like beside like; then each pixel's place
in it, its *rank*, as decisions in one rANS stream of a single lane. What is large is in tiles,
which are coded together.
"""

import struct
from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.base import Encoded, Picture, only, require
from pillow_colorgrid.codings.bits import decoding
from pillow_colorgrid.codings.indexed.description import RANKS
from pillow_colorgrid.codings.indexed.tiling import LEAST_SIDE, MOST_LINE, Tiling, whole
from pillow_colorgrid.codings.indexed.walk import Walk
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import LAYOUTS, Layout, Pixels

HEAD = struct.Struct("<BB")
"""Begins the section: flags, how many values there are less one."""

TRANSPOSED, LISTED, TILED = 1, 2, 4
"""Flags: columns are coded as rows; values follow (otherwise they are 0, 1, 2, ...); so does the
size of tiles (otherwise there is one)."""

SIDES = struct.Struct("<HH")
"""Rows and columns of a tile, behind the values."""

MOST_VALUES = 256

MOST_PIXELS = 2**24
"""Larger pictures would take minutes."""


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, C) samples of at most MOST_VALUES different pixels -> one section.

    Raises:
        ValueError: there are more, or the picture is too large.
    """
    from pillow_colorgrid.codings.indexed.encoder import encoding, order

    height, width = picture.pixels.shape[:2]
    if height * width > MOST_PIXELS:
        raise ValueError(f"picture of {height * width} pixels, allowed {MOST_PIXELS} at most")
    values = order.values_of(picture.pixels)
    if values is None:
        raise ValueError(f"more than {MOST_VALUES} different pixels, allowed {MOST_VALUES} at most")
    return encoding.encode(picture, values, options)


def counted(count: int, layout: Layout) -> Pixels | None:
    """The values that need not be listed."""
    return np.arange(count, dtype=layout.sample)[:, None] if layout.channels == 1 else None


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Pixels:
    """The section -> (H, W, C) samples.

    Raises:
        TruncatedError: the section is missing.
        DamagedError: the section holds what the format does not allow.
    """
    require(sections, RANKS)
    data = only(sections, RANKS)
    width, height = header.size
    if width * height > MOST_PIXELS:
        raise DamagedError(f"picture of {width}x{height} pixels, allowed {MOST_PIXELS} at most")
    flags, values, stream = _unpacked(data, LAYOUTS[header.mode])
    shape = (width, height) if flags & TRANSPOSED else (height, width)
    tiling = whole(*shape)
    if flags & TILED:
        tiling, stream = _tiling(shape, stream)
    if len(values) == 1:
        if stream:
            raise DamagedError(f"{len(stream)} bytes behind the only value, allowed 0")
        numbers = np.ones(shape, np.int32)
    else:
        with decoding(stream, "indexed") as code:
            numbers = Walk(tiling, len(values), code).all()
    if numbers.min() < 1:
        raise DamagedError("a pixel is what is outside of the picture, allowed: a value")
    numbers = numbers.T if flags & TRANSPOSED else numbers
    found: Pixels = values.take(numbers - 1, axis=0)
    return found


def _tiling(shape: tuple[int, int], data: bytes) -> tuple[Tiling, bytes]:
    """What `data` begins with, and what is behind it. Raises DamagedError."""
    if len(data) < SIDES.size:
        raise DamagedError(f"size of tiles of {len(data)} bytes, needed {SIDES.size}")
    rows, columns = SIDES.unpack_from(data)
    if min(rows, columns) < LEAST_SIDE:
        raise DamagedError(f"tiles of {rows} x {columns}, allowed {LEAST_SIDE} at least")
    tiling = Tiling(*shape, rows, columns)
    longest = tiling.longest_line()
    if longest > MOST_LINE:
        raise DamagedError(
            f"tiles of {rows} x {columns} make lines of {longest} pixels, "
            f"allowed {MOST_LINE} at most"
        )
    return tiling, data[SIDES.size :]


def _unpacked(data: bytes, layout: Layout) -> tuple[int, Pixels, bytes]:
    """Flags, values (n, channels), and the stream. Raises DamagedError."""
    if len(data) < HEAD.size:
        raise DamagedError(f"indexed pixels of {len(data)} bytes, needed {HEAD.size} at least")
    flags, last = HEAD.unpack_from(data)
    if flags & ~(TRANSPOSED | LISTED | TILED):
        raise DamagedError(f"flags {flags:#x} of indexed pixels, allowed 0 to 7")
    count = last + 1
    if not flags & LISTED:
        plain = counted(count, layout)
        if plain is None:
            raise DamagedError(
                f"values of {layout.channels} samples are not listed, allowed: of 1 sample"
            )
        return flags, plain, data[HEAD.size :]
    end = HEAD.size + count * layout.channels * layout.sample_bytes
    if len(data) < end:
        raise DamagedError(f"{count} values in {len(data)} bytes, needed {end}")
    values = np.frombuffer(data[HEAD.size : end], layout.sample).reshape(count, layout.channels)
    if len(np.unique(values, axis=0)) < count:
        raise DamagedError("two of the values are equal, allowed: different ones")
    return flags, values, data[end:]
