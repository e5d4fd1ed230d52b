"""Choose finer hints: each where it is worth its bits. Encoder only.

What is painted is linear in all values of all levels, so the squared error is a quadratic form, and
values of a level that are two places apart do not meet in it. So each quarter of a level is chosen
at once: for each of its values the candidate that costs least, squared error plus `price` times
bits, all others being as they are. A few rounds over all levels, from the coarsest on.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.crayon import finer
from pillow_colorgrid.codings.crayon.encoder.fit import (
    Doubles,
    Floats,
    between,
    fitted_hints,
    normal_matrix,
    project_both,
)
from pillow_colorgrid.codings.crayon.hints import HINT_LIMITS, Hints, grid_size
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.stream import CENTER, ESCAPE, ESCAPE_BITS
from pillow_colorgrid.entropy import rans

ROUNDS = 4

ERROR_WEIGHTS = (1 / 2, 3 / 4)
"""Of squared errors of Co and of Cg in the sum of those of red, green and blue."""

Levels = tuple[tuple[Hints, Hints], ...]


class Plane:
    """One plane while its values are chosen.

    Attributes:
        values: of each level, hints first: (rows, columns) int16, in `steps` of each.
    """

    def __init__(self, target: Floats, interval: int, steps: Sequence[int], error: float) -> None:
        """`target` (H, W): what is to be painted. error: the weight of its squared error."""
        self.steps, self.error = steps, error
        height, width = target.shape
        intervals = [interval >> number for number in range(len(steps))]
        self.shapes = [grid_size(height, width, each) for each in intervals]
        self.matrices = [
            (normal_matrix(height, each), normal_matrix(width, each)) for each in intervals
        ]
        self.wanted = project_both(target, intervals[-1])
        hints = np.rint(fitted_hints(target, interval) / steps[0])
        self.values = [np.zeros(shape, np.int16) for shape in self.shapes]
        self.values[0][:] = np.clip(hints, *HINT_LIMITS)
        self.shown = self._at_finest(self.values[0] * np.float32(steps[0]), 0)

    def _at_finest(self, values: Floats, level: int) -> Floats:
        for shape in self.shapes[level + 1 :]:
            values = between(values, 2, shape)
        return values

    def gradient(self, level: int) -> Floats:
        """Half the derivative of the squared error by each value of a level, steps left out."""
        rows, columns = self.matrices[-1]
        error = _times(rows, _times(columns, self.shown.T).T) - self.wanted
        for _ in self.shapes[level + 1 :]:
            error = project_both(error, 2)
        return error

    def curvature(self, level: int) -> Floats:
        """The squared error of each value of a level by itself, if it is one step."""
        (rows, _), (columns, _) = self.matrices[level]
        found: Floats = (rows[:, None] * columns * self.steps[level] ** 2).astype(np.float32)
        return found

    def choose(self, level: int, where: Where, rows: np.ndarray, bits: Floats) -> None:
        """Choose some values of a level anew.

        Args:
            bits: (rows, magnitudes), times the price of a bit.
        """
        now = self.values[level][where].astype(np.float32)
        curve = self.curvature(level)[where] * np.float32(self.error)
        step = np.float32(self.steps[level])
        wanted = now - self.gradient(level)[where] * (step * self.error) / curve
        wanted = wanted.clip(*HINT_LIMITS)
        best, least = np.zeros_like(now), np.full(now.shape, np.inf, np.float32)
        for candidate in (np.zeros_like(now), np.floor(wanted), np.ceil(wanted), _nearer(wanted)):
            cost = curve * np.square(candidate - wanted)
            cost += bits[rows, np.abs(candidate).astype(np.intp)]
            better = cost < least
            best[better], least[better] = candidate[better], cost[better]
        change = np.zeros(self.shapes[level], np.float32)
        change[where] = (best - now) * step
        self.values[level][where] = best
        self.shown = self.shown + self._at_finest(change, level)


def _nearer(values: Floats) -> Floats:
    """One whole step nearer to 0 than `values` cut."""
    cut = np.trunc(values)
    found: Floats = cut - np.sign(cut)
    return found


def _times(matrix: tuple[Doubles, Doubles], values: Floats) -> Floats:
    """A symmetric matrix of three diagonals times (points, m) values."""
    diagonal, beside = (part.astype(np.float32)[:, None] for part in matrix)
    found: Floats = diagonal * values
    found[:-1] += beside * values[1:]
    found[1:] += beside * values[:-1]
    return found


def choose(
    targets: Sequence[Floats],
    interval: int,
    steps: Sequence[int],
    price: float,
) -> tuple[tuple[Hints, Hints], Levels]:
    """Hints, and the values of the finer levels, of Co and Cg.

    Args:
        targets: (H, W) of each: what is to be painted.
        interval: of the hints. steps: of the hints, then of each level.
        price: the squared error, summed up over red, green and blue, that a bit must take away.
    """
    planes = [
        Plane(target, interval, steps, error)
        for target, error in zip(targets, ERROR_WEIGHTS, strict=True)
    ]
    bits = np.float32(price) * _bits()
    for _ in range(ROUNDS):
        for number, plane in enumerate(planes):
            _round(plane, planes[0] if number else None, bits)
    hints, *levels = (
        (co.astype(np.int8), cg.astype(np.int8))
        for co, cg in zip(planes[0].values, planes[1].values, strict=True)
    )
    return hints, tuple(levels)


def _round(plane: Plane, co: Plane | None, bits: Floats) -> None:
    """Choose all values of a plane anew, the coarsest first."""
    no_bits = np.zeros_like(bits)
    for row, column in finer.PASSES:
        every = slice(row, None, 2), slice(column, None, 2)
        rows = np.zeros(plane.values[0][every].shape, np.intp)
        if rows.size:
            plane.choose(0, every, rows, no_bits)
    above = finer.bends(plane.values[0].astype(np.int8))
    for level in range(1, len(plane.values)):
        known = np.abs(plane.values[level].astype(np.int32))
        of_co = np.abs(co.values[level].astype(np.int32)) if co else None
        for where, rows in finer.passes(level - 1, known, above, of_co):
            plane.choose(level, where, rows, bits)
            known[where] = np.abs(plane.values[level][where].astype(np.int32))
        above = known


def _bits() -> Floats:
    """(rows, magnitudes): what a value costs by each row of the table."""
    counts = finer.frequencies().counts.astype(np.float32)
    escaped = counts[:, ESCAPE, None] * np.float32(2.0**-ESCAPE_BITS)
    likely = np.repeat(escaped, 1 - HINT_LIMITS[0], axis=1)
    told = counts[:, CENTER : CENTER + finer.LARGEST + 1]
    likely[:, : told.shape[1]] = np.where(told, told, escaped)
    bits: Floats = -np.log2(likely / np.float32(rans.TOTAL))
    return bits
