"""What is expected of a pixel: several linear predictors, blended as they did around it.

All numbers are integers, below 2**53 where float64 holds them and below 2**24 where float32 does,
so they are the same everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np

from pillow_colorgrid.codings.blended.lines import AHEAD, TAPS, WEST, Line, Lines, Place

FINE = 1024
"""A coefficient of 1."""

ONE = 64
"""A step of samples, in predictions."""

MEAN_STEPS = 8
"""Means, and their errors, are in eighths of a step."""

EIGHTH = ONE // MEAN_STEPS

MOST_ERROR = 2**20 - 1
"""Errors are cut to this."""

NEAR: tuple[tuple[Place, int], ...] = (
    ((0, -1), 2),
    ((1, 1), 2),
    ((1, -1), 1),
    ((2, 1), 1),
    ((2, -1), 1),
)
"""Where errors are looked at, those of this place and of the one left of it; what they weigh."""

TWICE = sum(weight == 2 for _, weight in NEAR)
"""The first ones weigh twice as much."""

RING = max(AHEAD * above - right for (above, right), _ in NEAR) + 1
"""Lines of errors that are kept."""

HIGHEST = max(above for (above, _), _ in NEAR)

DOUBT = 16
"""Added to sums of errors: where all predictors were right, all count the same."""

WEIGHT = 2**12
"""The square root of the weight of the best predictor; others count by the sixth power of how much
smaller its sum is."""

EDGES = np.array([ceil(2 ** (k / 4)) for k in range(91)], np.float32)
"""Quarter octaves, rounded up; few sums are beyond."""

BINS = len(EDGES) + 1
"""How many kinds of pixels there are, by the sums of the errors of blended predictions."""


@dataclass(frozen=True)
class Expected:
    """Of the pixels of a line: means (n,) int32, in eighths, and bins (n,)."""

    mean: np.ndarray
    bins: np.ndarray

    @property
    def floor(self) -> np.ndarray:
        """Means rounded down."""
        return self.mean // MEAN_STEPS


Told = Callable[[Line, Expected], np.ndarray]
"""What is expected of a line -> its numbers (n,)."""


class Blend:
    """Predicts the lines of a picture of numbers 0..top, one after the other.

    Args:
        coefficients: (predictors, len(TAPS)) int16, in 1024ths.
    """

    def __init__(self, lines: Lines, coefficients: np.ndarray, top: int) -> None:
        self.lines, self.top = lines, top
        self.numbers = np.zeros(lines.size, np.int32)
        lines.begin(self.numbers, (top + 1) // 2)
        self.factors = _factors(coefficients)
        self.offsets = [lines.offset(place) for place in (WEST, *TAPS)]
        self.seen = np.ones((len(self.offsets) + 1, lines.height))
        self.errors = Errors(lines, len(coefficients) + 1)

    def all(self, told: Told) -> np.ndarray:
        """(height, width) int32: the numbers that `told` tells."""
        for line in self.lines:
            predictions = self._predictions(line)
            sums = self.errors.sums(line)
            mean = self._blended(predictions, sums[:-1])
            bins = EDGES.searchsorted(sums[-1], "right")
            numbers = told(line, Expected(mean, bins))
            self.lines.put(self.numbers, line, numbers)
            self._learn(line, numbers, predictions, mean)
        return self.lines.picture(self.numbers)

    def _predictions(self, line: Line) -> np.ndarray:
        """(predictors, n) float64: of each, in 64ths, within 0..top."""
        seen, begin, end = self.seen[:, : line.count], line.here.start, line.here.stop
        for row, offset in zip(seen, self.offsets, strict=False):
            row[:] = self.numbers[begin + offset : end + offset]
        found: np.ndarray = self.factors @ seen
        np.floor(found, out=found)
        np.maximum(found, 0, out=found)
        np.minimum(found, self.top * ONE, out=found)
        return found

    def _blended(self, predictions: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """(n,) int32, in eighths, of (predictors, n) each."""
        doubted = sums.astype(np.float64)
        doubted += DOUBT
        best = doubted.min(0)
        best *= WEIGHT
        # a quotient of whole numbers below 2**53 is never rounded up to the next one
        parts = np.divide(best, doubted, out=doubted)
        np.floor(parts, out=parts)
        weights = parts * parts
        weights *= parts
        weights *= 1 / WEIGHT**2
        np.floor(weights, out=weights)
        weights *= weights
        whole = weights.sum(0)
        weights *= predictions
        blended = np.floor(weights.sum(0) / whole)
        mean: np.ndarray = np.floor((blended + EIGHTH / 2) / EIGHTH).astype(np.int32)
        return mean

    def _learn(
        self, line: Line, numbers: np.ndarray, predictions: np.ndarray, mean: np.ndarray
    ) -> None:
        errors = self.errors.of(line)
        np.subtract(predictions, numbers * ONE, out=errors[:-1], casting="same_kind")
        np.subtract(mean, numbers * MEAN_STEPS, out=errors[-1], casting="unsafe")
        np.abs(errors, out=errors)
        np.minimum(errors, MOST_ERROR, out=errors)
        self.errors.add(line)


def _factors(coefficients: np.ndarray) -> np.ndarray:
    """(predictors, 2 + len(TAPS)): of WEST, TAPS and 1, so that rounding down gives predictions."""
    of_taps = coefficients * (ONE / FINE)
    west = ONE - of_taps.sum(1, keepdims=True)
    return np.concatenate([west, of_taps, np.full_like(west, 0.5)], axis=1)


class Errors:
    """Of several predictors at the last lines, each together with that of the pixel to the left."""

    def __init__(self, lines: Lines, columns: int) -> None:
        self.stripes, self.room = lines.stripes, HIGHEST * lines.stripes
        shape = columns, self.room + lines.height
        self.pairs = [np.zeros(shape, np.float32) for _ in range(RING)]
        self.now, self.before = np.zeros(shape, np.float32), np.zeros(shape, np.float32)

    def of(self, line: Line) -> np.ndarray:
        """(columns, n): for those of the line's pixels."""
        return self.now[:, self.room + line.first : self.room + line.end]

    def add(self, line: Line) -> None:
        """Those of the line are filled in."""
        begin, end = self.room + line.first, self.room + line.end
        ended = begin - self.stripes  # a row that ended by the line before
        if line.row:
            self.now[:, ended:begin] = 0
            begin = ended
        here = self.pairs[line.t % RING][:, begin:end]
        np.add(self.now[:, begin:end], self.before[:, begin:end], out=here)
        if line.row == 0:  # above the first row stand its errors
            first = here[:, : self.stripes]
            for begin in range(0, self.room, self.stripes):
                self.pairs[line.t % RING][:, begin : begin + self.stripes] = first
        self.now, self.before = self.before, self.now

    def sums(self, line: Line) -> np.ndarray:
        """(columns, n) float32: weighted sums around the line's pixels."""
        near = [self._pairs(line, place) for place, _ in NEAR]
        found: np.ndarray = near[0] + near[1]
        found += found
        for more in near[TWICE:]:
            found += more
        return found

    def _pairs(self, line: Line, place: Place) -> np.ndarray:
        above, right = place
        begin = self.room + line.first - above * self.stripes
        return self.pairs[(line.t - AHEAD * above + right) % RING][:, begin : begin + line.count]
