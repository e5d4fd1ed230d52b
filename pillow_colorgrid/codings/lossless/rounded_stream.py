"""Streams of values that are told in steps (`rounding`), by the tables of exact ones.

A step is all the symbols of the exact values that it stands for: as they are neighbours, its range
begins where that of the first of them does and ends where that of the last one does.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import (
    HIGHEST,
    MEAN_STEPS,
    ROWS,
    Distribution,
)
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.rounding import LEVELS, Rounding
from pillow_colorgrid.codings.lossless.stream import (
    CENTER,
    ESCAPE,
    ESCAPE_BITS,
    SYMBOLS,
    StreamDecoder,
)
from pillow_colorgrid.entropy import compact, rans

LOWEST = (0, -HIGHEST, -HIGHEST)
"""Of the values of each plane."""


@dataclass(frozen=True)
class Steps:
    """Which symbols make one step, for an error.

    There are two kinds: the step 0 is around the mean rounded down, or around the next value; the
    arrays have a row of each.

    Attributes:
        size: values of a step.
        low, high: (2, SYMBOLS) the first symbol of the step that a symbol belongs to, and the one
            behind its last.
        number: (2, SYMBOLS) which step that is.
    """

    size: int
    low: np.ndarray
    high: np.ndarray
    number: np.ndarray

    def range_of(self, kinds: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first symbol of steps of these kinds and numbers, and the one behind the last."""
        first = CENTER + kinds + numbers * self.size - self.size // 2
        return np.clip(first, ESCAPE + 1, SYMBOLS), np.clip(first + self.size, ESCAPE + 1, SYMBOLS)


@cache
def steps_of(error: int) -> Steps:
    """The steps by which no value is off by more than `error`, 1 at least."""
    size = 2 * error + 1
    symbols = np.arange(SYMBOLS)
    kinds = np.array([[0], [1]])
    number = (symbols - CENTER - kinds + error) // size
    steps = Steps(size, symbols, symbols, number)
    low, high = steps.range_of(kinds, number)
    low[:, ESCAPE], high[:, ESCAPE] = ESCAPE, ESCAPE + 1
    return Steps(size, low, high, number)


@dataclass(frozen=True)
class Expected:
    """What is expected of some values (n,) of a plane: int32 each.

    Attributes:
        center: the value of step 0: the mean, rounded.
        kind: 0 where that is the mean rounded down, else 1.
        row: of the frequency table.
    """

    center: np.ndarray
    kind: np.ndarray
    row: np.ndarray


def expected(number: int, distribution: Distribution, classes: np.ndarray) -> Expected:
    """Of plane `number`, whose classes stand for others."""
    found = Distribution(distribution.mean, classes[distribution.scale_class])
    center = (distribution.mean + MEAN_STEPS // 2) >> 3
    parts = center, center - distribution.floor, found.row + number * ROWS
    return Expected(*(part.reshape(-1) for part in parts))


def steps_to(values: np.ndarray, found: Expected, steps: Steps) -> np.ndarray:
    """In how many steps the values (n,) are reached, as nearly as they can be."""
    numbers: np.ndarray = (values - found.center + steps.size // 2) // steps.size
    return numbers


def values_of(number: int, found: Expected, numbers: np.ndarray, steps: Steps) -> np.ndarray:
    """The values that steps of these numbers stand for, cut to what the plane can have."""
    values: np.ndarray = np.clip(found.center + numbers * steps.size, LOWEST[number], HIGHEST)
    return values


def ranges(
    frequencies: rans.Frequencies, found: Expected, numbers: np.ndarray, steps: Steps
) -> tuple[np.ndarray, np.ndarray]:
    """Where the ranges of steps begin and end; the same where a step is too rare to have one."""
    low, high = steps.range_of(found.kind, numbers)
    return frequencies.bounds[found.row, low], frequencies.bounds[found.row, high]


def bits(
    frequencies: rans.Frequencies, found: Expected, numbers: np.ndarray, steps: Steps
) -> np.ndarray:
    """What each of the steps costs, float32."""
    start, end = ranges(frequencies, found, numbers, steps)
    escape = frequencies.counts[found.row, ESCAPE].astype(np.float32) * 2.0**-ESCAPE_BITS
    share = np.where(end > start, (end - start).astype(np.float32), escape)
    cost: np.ndarray = -np.log2(share / np.float32(rans.TOTAL))
    return cost


class Levels:
    """Which error counts where: of the preview, or of a tile, whose levels differ."""

    def __init__(self, rounding: Rounding, preview: bool) -> None:
        self.rounding, self.preview = rounding, preview

    def steps(self, number: int, where: Where) -> Steps:
        """For the pixels `where` in a plane."""
        rows = where[0]
        assert isinstance(rows, slice)  # for mypy: streams of rounded values hold all pixels
        level = 0 if self.preview else LEVELS - (rows.step // 2).bit_length()
        return steps_of(self.rounding.of_plane(number)[level])


class RoundedDecoder(StreamDecoder):
    """As `StreamDecoder`, of values told in steps."""

    def __init__(
        self,
        data: bytes,
        frequencies: rans.Frequencies,
        lanes: int | compact.Form,
        levels: Levels,
    ) -> None:
        super().__init__(data, frequencies, lanes)
        self.levels = levels

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Fill the pixels in."""
        steps = self.levels.steps(number, where)
        found = expected(number, distribution, self.levels.rounding.classes[number])
        kinds = found.kind * SYMBOLS
        symbols = self.entropy.decode_joined(
            self.frequencies, found.row, kinds, steps.low, steps.high
        )
        numbers = steps.number.take(kinds + symbols)
        escaped = np.flatnonzero(symbols == ESCAPE)
        if escaped.size:
            numbers[escaped] = self.take_escapes(escaped.size) - CENTER
        values = values_of(number, found, numbers, steps)
        plane[:, *where] = values.reshape(distribution.mean.shape)
