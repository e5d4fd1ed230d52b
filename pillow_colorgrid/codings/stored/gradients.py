"""Gradients of a stored picture: areas whose colour is a plane, as browsers and programs draw them.

Where a channel rises steadily from pixel to pixel, the picture holds a *marker* in its place: a
colour that is nowhere else in the picture. What is left is flat, and what stands on it (words,
lines, soft edges) is as before. *Shaded* blocks, in which a soft shadow lies on a gradient, hold by
how much they differ from it, above the marker. Browsers dither: they add an ordered pattern of
8 x 8 pixels before they round, and draw the screen in tiles, each of which begins the pattern anew.
So a run of columns (or rows) says by how much the pattern is shifted there.

Source of the pattern: stage `dither` of Skia's raster pipeline, a matrix of Bayer's.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import zstandard

from pillow_colorgrid.codings.base import has, only
from pillow_colorgrid.codings.stored.description import GRADIENTS
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Section
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Bytes

STEP_BITS = 32
"""Planes are told in units of 2**-32 of a value."""

PATTERN_EDGE, PATTERN_BITS = 8, 6
"""Pixels along the sides of the pattern; its values are 0..63, in 64ths."""

MOST_GRADIENTS, MOST_RUNS = 64, 4096
"""Of one picture; of its columns, and of its rows."""

MOST_START, MOST_SLOPE = 1 << 56, 1 << 40
"""Numbers of a plane are smaller in magnitude: sums over any picture fit in 64 bits."""

SHADED_EDGE = 8
"""Pixels along the sides of blocks that are told from a gradient."""

STRIP_PIXELS = 1 << 20
"""So many are looked at at a time."""

SHADED = zstandard.ZstdCompressor(19)

COUNT = struct.Struct("<H")
RUN = struct.Struct("<HB")
PLANE = struct.Struct("<qqq")


def _pattern() -> np.ndarray:
    """(8, 8) int64, 0..63: the bits of column and of row ^ column, interleaved, lowest first."""
    across = np.arange(PATTERN_EDGE)
    down = across[:, None] ^ across
    found = np.zeros((PATTERN_EDGE, PATTERN_EDGE), np.int64)
    for bit in range(PATTERN_BITS // 2):
        found = found << 2 | (down >> bit & 1) << 1 | across >> bit & 1
    return found


PATTERN = _pattern()


@dataclass(frozen=True)
class Plane:
    """One channel: value at the picture's first pixel, how it rises to the right, and downward.

    In units of 2**-32.
    """

    start: int
    right: int
    down: int


@dataclass(frozen=True)
class Gradient:
    """One gradient.

    Attributes:
        marker: the colour that stands for it, a value for each channel.
        planes: of each channel.
        dithered: the pattern is added.
    """

    marker: tuple[int, ...]
    planes: tuple[Plane, ...]
    dithered: bool = False


Runs = tuple[tuple[int, int], ...]
"""The first column (or row) of each run, rising from 0; how far the pattern is shifted there."""

UNSHIFTED: Runs = ((0, 0),)


@dataclass(frozen=True)
class Gradients:
    """All of a picture.

    Attributes:
        columns, rows: how the pattern is shifted.
        shaded: (rows, columns) uint8 of blocks: 0, or 1 more than the number of the gradient from
            which all of the block's pixels are told; None: 0 everywhere.
    """

    found: tuple[Gradient, ...]
    columns: Runs = UNSHIFTED
    rows: Runs = UNSHIFTED
    shaded: Bytes | None = None

    def paint(self, pixels: Bytes, box: Tile) -> None:
        """Put gradients in the place of their markers in (h, w, C) pixels of a part, `box`."""
        strip = max(1, STRIP_PIXELS // max(1, box.width))
        across = places_of(self.columns, box.left, box.right)
        for top in range(box.top, box.bottom, strip):
            bottom = min(top + strip, box.bottom)
            place = Tile(top, box.left, bottom - top, box.width)
            down = places_of(self.rows, top, bottom)
            self._paint(pixels[top - box.top : bottom - box.top], place, down, across)

    def told(self, number: int, box: Tile) -> Bytes:
        """(h, w, C) uint8: what a gradient is in a rectangle, wherever it is marked."""
        gradient = self.found[number]
        added: np.ndarray | int = 0
        if gradient.dithered:
            down = places_of(self.rows, box.top, box.bottom)
            added = PATTERN[down[:, None], places_of(self.columns, box.left, box.right)]
        rows, columns = np.ogrid[box.place]
        return values(gradient.planes, rows, columns, added)

    def _paint(self, pixels: Bytes, place: Tile, down: np.ndarray, across: np.ndarray) -> None:
        """In some rows; `down`, `across`: places in the pattern."""
        shaded = self._shaded(place)
        chosen = [
            np.nonzero(
                (shaded == number)
                | ((shaded == 0) & (pixels == np.array(one.marker, np.uint8)).all(axis=2))
            )
            for number, one in enumerate(self.found, 1)
        ]
        for one, (rows, columns) in zip(self.found, chosen, strict=True):
            added = PATTERN[down[rows], across[columns]] if one.dithered else 0
            told = values(one.planes, rows + place.top, columns + place.left, added)
            pixels[rows, columns] += told - np.array(one.marker, np.uint8)

    def _shaded(self, place: Tile) -> Bytes:
        """(h, w) uint8: of each pixel of a part."""
        if self.shaded is None:
            return np.zeros((place.height, place.width), np.uint8)
        rows, columns = (
            np.arange(first, end) // SHADED_EDGE
            for first, end in ((place.top, place.bottom), (place.left, place.right))
        )
        found: Bytes = self.shaded[rows[:, None], columns]
        return found


def places_of(runs: Runs, first: int, end: int) -> np.ndarray:
    """The place in the pattern of columns (or rows) `first` to before `end`: int64, 0..7."""
    places = np.arange(first, end)
    firsts, shifts = np.array(runs, np.int64).reshape(-1, 2).T
    run = np.searchsorted(firsts, places, side="right") - 1
    shifted: np.ndarray = places + shifts[run] & PATTERN_EDGE - 1
    return shifted


def values(
    planes: Sequence[Plane], rows: np.ndarray, columns: np.ndarray, added: np.ndarray | int
) -> Bytes:
    """(..., C) uint8: the colours at some places.

    Args:
        rows, columns: int64; as broadcast, of one shape.
        added: of the pattern, in 64ths.
    """
    raised = np.asarray(added, np.int64) << (STEP_BITS - PATTERN_BITS)
    found = np.empty((*np.broadcast(rows, columns).shape, len(planes)), np.uint8)
    for channel, plane in enumerate(planes):
        exact = plane.start + plane.right * columns + plane.down * rows + raised
        found[..., channel] = np.clip(exact >> STEP_BITS, 0, 255)
    return found


# -- bytes ----------------------------------------------------------------------------------------


def pack(gradients: Gradients) -> bytes:
    """The payload of the section: FORMAT.md 3.4.2."""
    parts = []
    for runs in (gradients.columns, gradients.rows):
        parts += [COUNT.pack(len(runs)), *(RUN.pack(*run) for run in runs)]
    parts.append(bytes([len(gradients.found)]))
    for one in gradients.found:
        planes = (PLANE.pack(plane.start, plane.right, plane.down) for plane in one.planes)
        parts += [bytes([one.dithered, *one.marker]), *planes]
    if gradients.shaded is not None:
        parts.append(SHADED.compress(gradients.shaded.tobytes()))
    return b"".join(parts)


def shaded_shape(size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of blocks of a picture of `size` (width, height)."""
    return -(-size[1] // SHADED_EDGE), -(-size[0] // SHADED_EDGE)


def unpack(data: bytes, size: tuple[int, int], channels: int) -> Gradients:
    """The inverse, of a picture of `size` (width, height). Raises DamagedError."""
    columns, position = _runs(data, 0)
    rows, position = _runs(data, position)
    count = data[position] if position < len(data) else 0
    size_bytes = 1 + channels + channels * PLANE.size
    end = position + 1 + count * size_bytes
    if not 1 <= count <= MOST_GRADIENTS or end > len(data):
        raise DamagedError(
            f"{count} gradients in {len(data) - position} bytes, "
            f"allowed 1 to {MOST_GRADIENTS} of {size_bytes} bytes each"
        )
    found = []
    for first in range(position + 1, end, size_bytes):
        flag, *marker = data[first : first + 1 + channels]
        if flag > 1:
            raise DamagedError(f"gradient of kind {flag}, allowed 0 and 1")
        numbers = PLANE.iter_unpack(data[first + 1 + channels : first + size_bytes])
        found.append(Gradient(tuple(marker), tuple(_plane(*three) for three in numbers), flag == 1))
    markers = {gradient.marker for gradient in found}
    if len(markers) < count:
        raise DamagedError(f"{count} gradients with {len(markers)} markers, allowed are all others")
    return Gradients(tuple(found), columns, rows, _unpacked(data[end:], size, count))


def _unpacked(data: bytes, size: tuple[int, int], count: int) -> Bytes | None:
    """The shaded blocks, if there are any."""
    if not data:
        return None
    shape = shaded_shape(size)
    shaded = np.frombuffer(zstd.unpacked(data, shape[0] * shape[1]), np.uint8).reshape(shape)
    if shaded.max() > count:
        raise DamagedError(f"a block is told from gradient {shaded.max()}, allowed 1 to {count}")
    return shaded


def _runs(data: bytes, position: int) -> tuple[Runs, int]:
    """Runs, and where they end."""
    begin = position + COUNT.size
    count = COUNT.unpack_from(data, position)[0] if begin <= len(data) else 0
    end = begin + count * RUN.size
    if not 1 <= count <= MOST_RUNS or end > len(data):
        raise DamagedError(
            f"{count} runs of columns or rows in {len(data)} bytes, allowed 1 to {MOST_RUNS}"
        )
    runs = tuple(RUN.iter_unpack(data[begin:end]))
    firsts = [first for first, _ in runs]
    if firsts[0] or any(one >= other for one, other in pairwise(firsts)):
        raise DamagedError("runs of columns or rows that do not rise from 0")
    if any(shift >= PATTERN_EDGE for _, shift in runs):
        raise DamagedError(f"a run is shifted by more than {PATTERN_EDGE - 1}")
    return runs, end


def _plane(start: int, right: int, down: int) -> Plane:
    if abs(start) >= MOST_START or max(abs(right), abs(down)) >= MOST_SLOPE:
        raise DamagedError(
            f"gradient of {start}, {right}, {down}, allowed below 2**56, 2**40 and 2**40"
        )
    return Plane(start, right, down)


def of_sections(
    sections: Sequence[Section], size: tuple[int, int], channels: int
) -> Gradients | None:
    """The gradients of a file, if it has any. Raises DamagedError."""
    if not has(sections, GRADIENTS):
        return None
    return unpack(only(sections, GRADIENTS), size, channels)
