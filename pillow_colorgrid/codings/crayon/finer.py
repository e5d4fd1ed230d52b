"""Finer hints: colour between the hints of GRID, where it pays; mostly zeros.

GRID's hints then stand at every ``n << wider``-th pixel. Each level halves that interval: its
values are added, in steps of its own, to what lies between the hints so far. Almost all of them are
0, and what is not stands together: so a static table tells from the values around how large one
will be.

Levels come the coarsest first, of each Co before Cg, a plane in four passes (PASSES): each knows
all passes before it, so that numpy takes a pass at once.

Source: the pyramid of P. Burt & E. Adelson, "The Laplacian pyramid as a compact image code", IEEE
Transactions on Communications 31, 1983; contexts as wavelet coders have them.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from pillow_colorgrid.codings.crayon.hints import (
    HINT_LIMITS,
    Exact,
    Finer,
    Hints,
    grid_size,
)
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.stream import (
    CENTER,
    ESCAPE,
    SYMBOLS,
    EscapesDecoder,
    pack_stream,
)
from pillow_colorgrid.entropy import rans
from pillow_colorgrid.entropy.rans import StreamError

HEAD = struct.Struct("<BBB")
"""How much wider GRID's hints stand, the slopes' unit, both as exponents of 2; then the number of
levels. A byte for the step of each level follows, then the stream."""

HEAD_LIMITS = {"wider": (0, 2), "unit": (0, 3), "levels": (1, 4)}

STEP_LIMITS = (1, 64)

PASSES = ((0, 0), (1, 1), (0, 1), (1, 0))
"""Row and column, in cells of 2 x 2, of the values of each pass."""

LANE_VALUES = 4096
"""One lane of the entropy coder for so many values: it costs about three bytes."""

WEIGHTS = (
    ((0, 3, 0, 28), (0, 6, 0, 0), (0, 2, 0, 0)),
    ((28, 8, 0, 12), (31, 12, 0, 1), (22, 12, 0, 1)),
    ((0, 2, 4, 0), (0, 4, 3, 1), (0, 0, 3, 0)),
    ((20, 4, 6, 0), (22, 7, 6, 6), (32, 8, 5, 1)),
)
"""What each magnitude around counts: of the same level, of the level before, of Co; then what is
added. For the first pass of Co, its others, the first of Cg, its others; each for the first, the
second and further levels. Fitted, as the tables below, to crops of the training's pictures."""

BOUNDS = (
    4, 5, 7, 9, 12, 16, 21, 28, 37, 49, 64, 84, 111, 147, 194, 256, 338, 446, 588, 776, 1024, 1351,
    1783,
)  # fmt: skip
"""What the weighted sum must reach for each next row of the table."""

ZEROS = (
    16359, 16359, 16359, 16359, 16349, 16329, 16329, 16289, 16276, 16091, 15994, 15810, 14934,
    14077, 12120, 10065, 7405, 4339, 1791, 327, 327, 327, 327, 327,
)  # fmt: skip
"""The frequency of 0 in each row, of 2**14."""

RATIOS = (
    108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 108, 115,
    127, 146, 163, 176, 195,
)  # fmt: skip
"""How much rarer each next magnitude is than the one before it, in 1/256."""

LARGEST = 8
"""Beyond this magnitude values are escapes."""


@cache
def frequencies() -> rans.Frequencies:
    """Symbols as in streams of pixels: `CENTER` is 0, `ESCAPE` stands for what is too rare."""
    counts = np.zeros((len(ZEROS), SYMBOLS), np.int64)
    for row, zero, ratio in zip(counts, ZEROS, RATIOS, strict=True):
        row[CENTER] = zero
        left = rans.TOTAL - zero
        for magnitude in range(1, LARGEST + 1):
            row[[CENTER - magnitude, CENTER + magnitude]] = left * (256 - ratio) >> 9
            left -= 2 * row[CENTER + magnitude]
        row[ESCAPE] = left
    return rans.Frequencies(counts)


def shapes(height: int, width: int, interval: int, levels: int) -> list[tuple[int, int]]:
    """Rows and columns of each level of a picture whose hints stand every `interval` pixels."""
    return [grid_size(height, width, interval >> number) for number in range(1, levels + 1)]


def encode(finer: Finer, hints: tuple[Hints, Hints]) -> bytes:
    """The section's payload. hints: those of GRID."""
    head = HEAD.pack(finer.wider, finer.slope_unit, len(finer.levels)) + bytes(finer.steps)
    stream = Writer(_lanes([co.shape for co, _ in finer.levels]))
    walk(hints, [[plane.astype(np.int16) for plane in level] for level in finer.levels], stream)
    return head + stream.finish()


@dataclass(frozen=True)
class Head:
    """How the payload begins: as in `Finer`. size: bytes of it, before the stream."""

    wider: int
    slope_unit: int
    steps: tuple[int, ...]
    size: int


def read_head(data: bytes, interval: int) -> Head:
    """Of the section's payload; `interval` is n of GRID.

    Raises:
        StreamError: an impossible value.
    """
    if len(data) < HEAD.size:
        raise StreamError(f"finer hints of {len(data)} bytes, needs at least {HEAD.size}")
    wider, unit, count = HEAD.unpack_from(data)
    for (name, (low, high)), value in zip(HEAD_LIMITS.items(), (wider, unit, count), strict=True):
        if not low <= value <= high:
            raise StreamError(f"finer hints of {name} {value}, allowed {low} to {high}")
    if (interval << wider) % (1 << count):
        raise StreamError(
            f"{count} finer levels of an interval of {interval << wider}, "
            f"allowed multiples of {1 << count}"
        )
    end = HEAD.size + count
    steps = tuple(data[HEAD.size : end])
    low, high = STEP_LIMITS
    if len(steps) < count or not all(low <= step <= high for step in steps):
        raise StreamError(f"steps {steps} of {count} finer levels, allowed {low} to {high}")
    return Head(wider, unit, steps, end)


def decode(
    data: bytes, head: Head, height: int, width: int, interval: int, hints: tuple[Hints, Hints]
) -> Finer:
    """The inverse of `encode`.

    Args:
        interval: n of GRID. hints: of GRID.

    Raises:
        StreamError: `data` is damaged.
    """
    sizes = shapes(height, width, interval << head.wider, len(head.steps))
    levels = [[np.zeros(size, np.int16) for _ in range(2)] for size in sizes]
    stream = Reader(data[head.size :], _lanes(sizes))
    walk(hints, levels, stream)
    stream.finish()
    lowest, highest = HINT_LIMITS
    for plane in (plane for level in levels for plane in level):
        if plane.min() < lowest or plane.max() > highest:
            raise StreamError(f"finer hints {plane.min()} to {plane.max()}, allowed {HINT_LIMITS}")
    told = tuple((co.astype(np.int8), cg.astype(np.int8)) for co, cg in levels)
    return Finer(head.wider, head.slope_unit, head.steps, told)


def _lanes(sizes: Sequence[tuple[int, ...]]) -> int:
    return max(1, sum(rows * columns for rows, columns in sizes) // LANE_VALUES)


class Stream(Protocol):
    """Takes note of the values of a pass, or fills them in."""

    def code(self, plane: np.ndarray, where: Where, rows: np.ndarray) -> None:
        """plane: (rows, columns) int16; rows: of the table, for each value of the pass."""


class Writer:
    """Collects passes; `finish` gives the bytes."""

    def __init__(self, lanes: int) -> None:
        self.entropy = rans.Encoder(lanes)
        self.escapes: list[np.ndarray] = []

    def code(self, plane: np.ndarray, where: Where, rows: np.ndarray) -> None:
        symbols, rows = plane[where].reshape(-1) + CENTER, rows.reshape(-1)
        escaped = frequencies().counts[rows, symbols] == 0
        self.escapes.append(symbols[escaped])
        symbols[escaped] = ESCAPE
        self.entropy.add(frequencies(), rows, symbols)

    def finish(self) -> bytes:
        return pack_stream(self.escapes, self.entropy)


class Reader(EscapesDecoder):
    """Fills passes in, in the order in which they were written."""

    def __init__(self, data: bytes, lanes: int) -> None:
        """Raises StreamError if `data` cannot hold its escapes and the states of its lanes."""
        super().__init__(data, frequencies(), lanes)

    def code(self, plane: np.ndarray, where: Where, rows: np.ndarray) -> None:
        symbols = self.entropy.decode(self.frequencies, rows.reshape(-1)).astype(np.int32)
        escaped = np.flatnonzero(symbols == ESCAPE)
        if escaped.size:
            symbols[escaped] = self.take_escapes(escaped.size).clip(0, SYMBOLS - 1)
        plane[where] = symbols.reshape(rows.shape) - CENTER


def walk(
    hints: tuple[Hints, Hints], levels: Sequence[Sequence[np.ndarray]], stream: Stream
) -> None:
    """Code the planes of all levels (rows, columns) int16, or fill them in."""
    above = [bends(plane) for plane in hints]
    for level, planes in enumerate(levels):
        for number, plane in enumerate(planes):
            co = np.abs(planes[0].astype(np.int32)) if number else None
            known = np.zeros(plane.shape, np.int32)
            for where, rows in passes(level, known, above[number], co):
                stream.code(plane, where, rows)
                known[where] = np.abs(plane[where].astype(np.int32))
            above[number] = known


def bends(hints: Hints) -> Exact:
    """What stands for the magnitudes of a level before the first: how far each hint is from those
    around it, which are repeated at the edges."""
    wide = np.pad(hints.astype(np.int32), 1, mode="edge")
    around = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
    found: Exact = np.abs(4 * hints.astype(np.int32) - around) >> 1
    return found


def passes(
    level: int, known: Exact, above: Exact, co: Exact | None
) -> Iterator[tuple[Where, np.ndarray]]:
    """For each pass where its values are, and the row of the table of each.

    Args:
        level: 0 for the coarsest.
        known: magnitudes of the plane, 0 where they are not known yet; to be filled in meanwhile.
        above: of the level before. co: of Co, where the plane is Cg.
    """
    of_above = _above(above, *known.shape)
    of_co = None if co is None else 2 * co + _cross(co)
    for number, (row, column) in enumerate(PASSES):
        where = slice(row, None, 2), slice(column, None, 2)
        if not known[where].size:
            continue
        kind = (0 if co is None else 2) + (number > 0)
        near, before, beside, more = WEIGHTS[kind][min(level, len(WEIGHTS[kind]) - 1)]
        total = before * of_above[where] + more
        if near:
            total += near * _near(known)[where]
        if of_co is not None:
            total += beside * of_co[where]
        yield where, np.digitize(total, BOUNDS)


def _above(above: Exact, rows: int, columns: int) -> Exact:
    """The sum of the four values of the coarser level around each place (the last one repeated)."""
    along = (
        above[np.arange(rows) // 2] + above[np.minimum(np.arange(1, rows + 1) // 2, len(above) - 1)]
    )
    last = above.shape[1] - 1
    found: Exact = (
        along[:, np.arange(columns) // 2]
        + along[:, np.minimum(np.arange(1, columns + 1) // 2, last)]
    )
    return found


def _cross(values: Exact) -> Exact:
    """The sum of the four direct neighbours; outside there are zeros."""
    wide = np.pad(values, 1)
    return wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]


def _near(values: Exact) -> Exact:
    """The sum of the eight neighbours, direct ones twice."""
    wide = np.pad(values, 1)
    diagonal = wide[:-2, :-2] + wide[:-2, 2:] + wide[2:, :-2] + wide[2:, 2:]
    near: Exact = 2 * _cross(values) + diagonal
    return near
