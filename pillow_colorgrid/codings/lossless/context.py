"""What the networks of the lossless coding see: the known pixels around each cell, as bytes.

Every input is a difference to a *base*, the rounded mean of the nearest known pixels, so that a
network need not learn what is the same at all brightnesses; three inputs more tell the base itself.
A difference is clipped to -128..127 and kept as a byte with zero point 128.

All functions work on many planes at once: (N, h, w), pixels of one grid level, int16. A tap outside
the plane reads the nearest pixel of its kind. Results are bytes of each tap on the grid of cells,
as networks take them (`runtime.heads.as_rows`): row by row, one tap after the other, then zeros, as
their number is rounded up: (N, rows, taps, columns) uint8.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.runtime.heads import rounded_up

ZERO = 128
"""Zero point of the bytes."""

_LEAST, _MOST = np.int16(0), np.int16(2 * ZERO - 1)

MARGIN = 3
"""The farthest cell that a tap reads."""

CACHED_INPUTS = 2**18
"""So many are computed at a time: as differences they stay in a processor's cache. Fewer are slower
where several threads compute: between calls of numpy each waits for Python's lock."""

Tap = tuple[int, int]
"""A cell, (rows, columns) away."""


@dataclass(frozen=True)
class Taps:
    """A rectangle of taps, row by row."""

    rows: range
    columns: range

    def __iter__(self) -> Iterator[Tap]:
        return product(self.rows, self.columns)

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)


def square(first: int, last: int) -> Taps:
    edge = range(first, last + 1)
    return Taps(edge, edge)


DIAGONAL_NEAREST = square(0, 1)
"""The known pixels around the diagonal pixel of a cell."""

LUMINANCE_DIAGONAL = square(-2, 3)
"""Known pixels that luminance's diagonal pass sees."""

LUMINANCE_CROSS_KNOWN, LUMINANCE_CROSS_DIAGONAL = square(-1, 2), square(-2, 1)
"""Known and diagonal pixels that luminance's cross pass sees."""

COLOR_DIAGONAL = square(-1, 2)
COLOR_CROSS_KNOWN, COLOR_CROSS_DIAGONAL = square(-1, 2), square(-2, 1)

WINDOW_DIAGONAL = (
    Taps(range(-2, 1), range(-2, 5)),
    Taps(range(1, 2), range(-2, 1)),
    Taps(range(1, 2), range(2, 5)),
    Taps(range(2, 5), range(-2, 5)),
)
WINDOW_CROSS = square(-2, 3)
"""Pixels (rows, columns away from the known one) of luminance that the colour passes see: of the
diagonal pass all around its own one."""

LUMINANCE_INPUTS = (len(LUMINANCE_DIAGONAL) + 1, len(LUMINANCE_CROSS_KNOWN) * 2 + 2)
COLOR_INPUTS = (
    2 * len(COLOR_DIAGONAL) + sum(map(len, WINDOW_DIAGONAL)) + 3,
    4 * len(COLOR_CROSS_KNOWN) + len(WINDOW_CROSS) + 1 + 2 + 3,
)
"""Inputs of the (diagonal, cross) networks."""


Rows = tuple[int, int]
"""Of cells: the first, and the one behind the last."""


class Margined:
    """Some rows of cells of planes (N, h, w), with their edges repeated: each tap is a view.

    Columns of each place in a cell lie side by side: (N, rows, `step`, columns of cells). So a tap
    of all cells of a row is read as it lies, in a third of the time.

    Args:
        pixels: (N, h, w), `step` x `step` of them to a cell.
        columns: of cells.
        rows: of cells; the pixels beyond are seen, but only those that taps reach are copied.
    """

    def __init__(self, pixels: np.ndarray, columns: int, rows: Rows, step: int = 1) -> None:
        self.shape, self.step, self.margin = (rows[1] - rows[0], columns), step, MARGIN * step
        count, height, width = pixels.shape
        top, bottom = rows[0] * step - self.margin, rows[1] * step + self.margin
        end = self.margin + width
        wide = max(columns * step, width) + 2 * self.margin
        first, last = max(top, 0), min(bottom, height)
        margined = np.empty((count, bottom - top, wide), pixels.dtype)
        inside = margined[:, first - top : last - top]
        inside[..., self.margin : end] = pixels[:, first:last]
        inside[..., : self.margin] = inside[..., self.margin : self.margin + 1]
        inside[..., end:] = inside[..., end - 1 : end]
        margined[:, : first - top] = inside[:, :1]
        margined[:, last - top :] = inside[:, -1:]
        cells = margined.reshape(count, bottom - top, wide // step, step)
        self.pixels = np.ascontiguousarray(cells.transpose(0, 1, 3, 2))

    def tap(self, away: Tap) -> np.ndarray:
        """The pixel `away` from each cell's first: (N, rows, columns)."""
        top, left = self.margin + away[0], self.margin + away[1]
        bottom, (first, phase) = top + self.shape[0] * self.step, divmod(left, self.step)
        return self.pixels[:, top : bottom : self.step, phase, first : first + self.shape[1]]

    def taps(self, taps: Taps, phase: int = 0) -> np.ndarray:
        """Those of `taps` in every `step`-th of their columns, from `phase` on: a view.

        (N, rows of taps, columns of taps, rows, columns).
        """
        columns = taps.columns[phase :: self.step]
        top, left = self.margin + taps.rows.start, self.margin + columns.start
        plane, row, place, pixel = self.pixels.strides
        first, in_cell = divmod(left, self.step)
        return np.ndarray(
            (len(self.pixels), len(taps.rows), len(columns), *self.shape),
            self.pixels.dtype,
            self.pixels.data,
            top * row + in_cell * place + first * pixel,
            (plane, row, pixel, row * self.step, pixel),
        )


def of_place(pixels: np.ndarray, at: Tap, rows: Rows | None = None) -> Margined:
    """The pixels at one place of their cells; where no cell has it, the known ones instead."""
    rows = rows or all_rows(pixels)
    chosen = levels.place(pixels, at)
    columns = levels.cells(*pixels.shape[1:])[1]
    return Margined(chosen if chosen.size else levels.place(pixels, levels.KNOWN), columns, rows)


def mean_of_four(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    mean: np.ndarray = (a + b + c + d + 2) >> 2
    return mean


class Inputs:
    """Collects inputs, one tap after the other: `rows`, all of them as networks take them."""

    def __init__(self, count: int, shape: tuple[int, int], inputs: int) -> None:
        rows, columns = shape
        self.rows = np.empty((count, rows, rounded_up(inputs), columns), np.uint8)
        self.rows[:, :, inputs:] = 0
        self.filled = 0
        self.at_once = max(1, CACHED_INPUTS // max(1, count * shape[0] * shape[1]))

    def add(self, pixels: np.ndarray, base: np.ndarray | int) -> None:
        """Differences of (N, rows, columns) pixels to their base, likewise or one for all."""
        _put(pixels[:, None, None], _zero(base), self._next(1, 1))

    def add_taps(self, pixels: Margined, taps: Taps, base: np.ndarray) -> None:
        zero, into = _zero(base), self._next(len(taps.rows), len(taps.columns))
        each = max(1, self.at_once * pixels.step // len(taps.columns))
        for phase in range(pixels.step):
            seen, there = pixels.taps(taps, phase), into[:, :, :, phase :: pixels.step]
            for first in range(0, len(taps.rows), each):
                some = slice(first, first + each)
                _put(seen[:, some], zero, there[:, :, some])

    def put(self, values: np.ndarray) -> None:
        """Add bytes (N, rows and columns of taps, rows, columns), of any type."""
        self._next(*values.shape[1:3])[...] = values.transpose(0, 3, 1, 2, 4)

    def _next(self, tap_rows: int, tap_columns: int) -> np.ndarray:
        """Where the next inputs go: (N, rows, rows and columns of taps, columns), a view."""
        count, rows, _, columns = self.rows.shape
        begin, self.filled = self.filled, self.filled + tap_rows * tap_columns
        chosen = self.rows[:, :, begin : self.filled]
        return chosen.reshape(count, rows, tap_rows, tap_columns, columns)


def _put(pixels: np.ndarray, zero: np.ndarray | int, into: np.ndarray) -> None:
    """(N, rows and columns of taps, rows, columns) as they are above `zero`, clipped to bytes."""
    # In this order, because numpy would else go along the taps, which lie closer together.
    differences = np.subtract(pixels, zero, order="C")
    differences.clip(_LEAST, _MOST, differences)
    into[...] = differences.transpose(0, 3, 1, 2, 4)


def as_planes(rows: np.ndarray, inputs: int) -> np.ndarray:
    """So many inputs as (N, inputs, rows, columns), a view of what networks take."""
    return rows[:, :, :inputs].transpose(0, 2, 1, 3)


def _zero(base: np.ndarray | int) -> np.ndarray | int:
    """What the byte 0 stands for; (N, 1, 1, rows, columns) of an array, as taps are."""
    return base - ZERO if isinstance(base, int) else (base - ZERO)[:, None, None]


def diagonal_base(known: Margined) -> np.ndarray:
    """The base of each diagonal pixel: (N, rows, columns)."""
    return mean_of_four(*(known.tap(away) for away in DIAGONAL_NEAREST))


def cross_bases(known: Margined, diagonal: Margined) -> tuple[np.ndarray, np.ndarray]:
    """The bases of the pixel right of and below each known one."""
    here, inside = known.tap((0, 0)), diagonal.tap((0, 0))
    right = mean_of_four(here, known.tap((0, 1)), diagonal.tap((-1, 0)), inside)
    below = mean_of_four(here, known.tap((1, 0)), diagonal.tap((0, -1)), inside)
    return right, below


Context = tuple[np.ndarray, list[list[np.ndarray]]]
"""Inputs (N, rows, inputs rounded up, columns), and for each pixel of the pass the base of each
plane."""


def luminance_diagonal(pixels: np.ndarray, rows: Rows | None = None) -> Context:
    """Of all cells, or of those in `rows` alone."""
    rows = rows or all_rows(pixels)
    known = of_place(pixels, levels.KNOWN, rows)
    base = diagonal_base(known)
    inputs = Inputs(len(pixels), known.shape, LUMINANCE_INPUTS[0])
    inputs.add_taps(known, LUMINANCE_DIAGONAL, base)
    inputs.add(base, ZERO)
    return inputs.rows, [[base]]


def luminance_cross(pixels: np.ndarray, rows: Rows | None = None) -> Context:
    """Of all cells, or of those in `rows` alone."""
    rows = rows or all_rows(pixels)
    known, diagonal = (of_place(pixels, place, rows) for place in (levels.KNOWN, levels.DIAGONAL))
    right, below = cross_bases(known, diagonal)
    base = (right + below + 1) >> 1
    inputs = Inputs(len(pixels), known.shape, LUMINANCE_INPUTS[1])
    inputs.add_taps(known, LUMINANCE_CROSS_KNOWN, base)
    inputs.add_taps(diagonal, LUMINANCE_CROSS_DIAGONAL, base)
    inputs.add(right, below)
    inputs.add(base, ZERO)
    return inputs.rows, [[right], [below]]


def color_diagonal(
    luminance: np.ndarray, co: np.ndarray, cg: np.ndarray, rows: Rows | None = None
) -> Context:
    """Inputs for Co and Cg; `luminance` is known at all pixels of this level.

    Of all cells, or of those in `rows` alone.
    """
    rows = rows or all_rows(co)
    window = Margined(luminance, levels.cells(*co.shape[1:])[1], rows, step=2)
    inputs = Inputs(len(co), window.shape, COLOR_INPUTS[0])
    bases = []
    for plane in (co, cg):
        known = of_place(plane, levels.KNOWN, rows)
        bases.append(diagonal_base(known))
        inputs.add_taps(known, COLOR_DIAGONAL, bases[-1])
    here = window.tap(levels.DIAGONAL)
    for taps in WINDOW_DIAGONAL:
        inputs.add_taps(window, taps, here)
    inputs.add(here, ZERO)
    for base in bases:
        inputs.add(base >> 1, 0)
    return inputs.rows, [bases]


def color_cross(
    luminance: np.ndarray, co: np.ndarray, cg: np.ndarray, rows: Rows | None = None
) -> Context:
    """As `color_diagonal`, for the two pixels of the cross pass."""
    rows = rows or all_rows(co)
    window = Margined(luminance, levels.cells(*co.shape[1:])[1], rows, step=2)
    inputs = Inputs(len(co), window.shape, COLOR_INPUTS[1])
    of_right, of_below, middle = [], [], []
    for plane in (co, cg):
        known, diagonal = (
            of_place(plane, place, rows) for place in (levels.KNOWN, levels.DIAGONAL)
        )
        right, below = cross_bases(known, diagonal)
        base = (right + below + 1) >> 1
        inputs.add_taps(known, COLOR_CROSS_KNOWN, base)
        inputs.add_taps(diagonal, COLOR_CROSS_DIAGONAL, base)
        inputs.add(right, below)
        of_right.append(right)
        of_below.append(below)
        middle.append(base)
    right, below = window.tap(levels.RIGHT), window.tap(levels.BELOW)
    here = (right + below + 1) >> 1
    inputs.add_taps(window, WINDOW_CROSS, here)
    inputs.add(right, below)
    inputs.add(here, ZERO)
    for base in middle:
        inputs.add(base >> 1, 0)
    return inputs.rows, [of_right, of_below]


def all_rows(pixels: np.ndarray) -> Rows:
    """All rows of cells of (N, h, w) `pixels`."""
    return 0, levels.cells(*pixels.shape[1:])[0]
