"""What is expected of a pixel: several linear predictors, blended as they did around it.

All numbers are integers, below 2**53 where float64 holds them, so they are the same everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt

import numpy as np

from pillow_colorgrid.codings.blended.lines import ABOVE, AHEAD, TAPS, WEST, Line, Lines, Place

FINE = 1024
"""A coefficient of 1."""

ONE = 64
"""A step of samples, in predictions."""

MEAN_STEPS = 8
"""Means and errors are in eighths of a step."""

EIGHTH = ONE // MEAN_STEPS

MOST_ERROR = 2**15 - 1
"""Errors are cut to this, in eighths."""

NEAR: tuple[tuple[Place, int], ...] = (
    *(((0, -1), 10), ((1, 0), 10), ((1, -1), 7), ((1, 1), 7), ((0, -2), 5), ((2, 0), 5)),
    *(((1, 2), 4), ((1, -2), 4), ((2, -1), 4), ((2, 1), 4)),
)
"""Where errors are looked at, and how much they weigh."""

BACK = max(AHEAD * above - right for (above, right), _ in NEAR)
"""The earliest line of them."""

RING = BACK + 1
"""Lines of errors that are kept."""

ENDED = -(-RING // AHEAD)
"""So many rows that the line in the same place had, RING lines ago, have ended since."""

DOUBT = 512
"""Added to sums of squared errors: where all predictors were right, all count the same."""

WEIGHT = 2**12
"""The square root of the weight of the best predictor."""

EDGES = np.array([isqrt(2**k - 1) + 1 for k in range(73)], np.float64)
"""Half octaves: 2**(k / 2), rounded up; no sum of weighted squares of MOST_ERROR is beyond."""

BINS = len(EDGES) + 1
"""How many kinds of pixels there are, by the errors of blended predictions around: quarter octaves
of errors."""


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
        self.coefficients = coefficients.astype(np.float64)
        self.numbers = np.zeros(lines.size, np.int32)
        lines.begin(self.numbers, (top + 1) // 2)
        self.taps = np.array([[lines.offset(place)] for place in (WEST, *TAPS)])
        # errors of each predictor, squared, and those of the blend; each line twice, RING apart
        self.columns = len(coefficients) + 1
        self.errors = np.zeros((2 * RING * lines.stride, self.columns))
        self.near = np.array([[lines.offset(place)] for place, _ in NEAR])
        self.weights = np.array([float(weight) for _, weight in NEAR])

    def all(self, told: Told) -> np.ndarray:
        """(height, width) int32: the numbers that `told` tells."""
        for line in self.lines:
            predictions = self._predictions(line)
            sums = self._sums(line)
            blended = self._blended(predictions, sums[:, :-1].T)
            mean = np.floor((blended + EIGHTH / 2) / EIGHTH)
            bins = EDGES.searchsorted(sums[:, -1], "right")
            numbers = told(line, Expected(mean.astype(np.int32), bins))
            self.lines.put(self.numbers, line, numbers)
            self._learn(line, numbers, predictions, mean)
        return self.lines.picture(self.numbers)

    def _predictions(self, line: Line) -> np.ndarray:
        """(predictors, n): of each, in 64ths, within 0..top."""
        seen = self.numbers.take(self.taps + np.arange(line.here.start, line.here.stop))
        found: np.ndarray = self.coefficients @ (seen[1:] - seen[0]).astype(np.float64)
        found /= FINE // ONE
        found += 0.5
        np.floor(found, found)
        found += seen[0] * ONE
        return found.clip(0, self.top * ONE, found)

    def _sums(self, line: Line) -> np.ndarray:
        """(n, columns): weighted sums of the squared errors around."""
        begin = self._ring(line) + RING * self.lines.stride
        near = self.errors.take(self.near + np.arange(begin, begin + line.count), axis=0)
        sums = self.weights @ near.reshape(len(self.weights), -1)
        return sums.reshape(line.count, self.columns)

    def _ring(self, line: Line) -> int:
        """Where its errors lie, for the first time."""
        return line.t % RING * self.lines.stride + ABOVE + line.first

    def _blended(self, predictions: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """(n,) of (predictors, n) each."""
        doubted = sums + DOUBT
        # a quotient of whole numbers below 2**53 is never rounded up to the next one
        weights = np.floor(doubted.min(0) * WEIGHT / doubted)
        weights *= weights
        found: np.ndarray = np.floor((predictions * weights).sum(0) / weights.sum(0))
        return found

    def _learn(
        self, line: Line, numbers: np.ndarray, predictions: np.ndarray, mean: np.ndarray
    ) -> None:
        errors = np.empty((line.count, self.columns))
        own = errors[:, :-1]
        np.subtract(predictions.T, (numbers * ONE)[:, None], own)
        np.abs(own, own)
        own /= EIGHTH
        np.floor(own, own)
        np.abs(mean - numbers * MEAN_STEPS, errors[:, -1])
        np.minimum(errors, MOST_ERROR, out=errors)
        errors *= errors
        here = self._ring(line)
        for begin in (here, here + RING * self.lines.stride):
            self.errors[begin - ENDED : begin] = 0
            self.errors[begin : begin + line.count] = errors
