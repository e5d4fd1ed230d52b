"""Streams of colour that know how often each colour was there already (`counts`).

Of each group first the symbols of all narrow windows are coded, then those of all wide ones, then
the values that these do not tell, by the frequency table.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless import counts
from pillow_colorgrid.codings.lossless.counts import Counts, Window
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.stream import (
    CG,
    CO,
    Price,
    StreamDecoder,
    StreamEncoder,
    symbols_of,
)
from pillow_colorgrid.entropy import compact, rans
from pillow_colorgrid.entropy.ranges import Weights
from pillow_colorgrid.entropy.rans import Frequencies

NONE = np.empty(0, np.intp)
"""No pixels of a group."""


@dataclass(frozen=True)
class Group:
    """Pixels between which nothing is counted.

    Attributes:
        likely: (n,) their distributions; keys: (n,) theirs.
        known: what was counted before.
    """

    likely: Distribution
    keys: np.ndarray
    known: Counts

    def windows(
        self,
    ) -> Iterator[tuple[Window, np.ndarray, np.ndarray, Callable[[slice], Weights]]]:
        """Of each kind: the windows, which pixels have one, their means rounded down, and weights
        of some of these."""
        for window, chosen in self.known.kinds(self.likely):
            likely = self.likely.some(chosen)
            weights = self.known.weights(window, self.keys[chosen], likely)
            yield window, chosen, likely.floor, weights

    def count(self, values: np.ndarray) -> None:
        """Take note of its (n,) values, at last."""
        self.known.add(self.keys, values)


class Counted:
    """What is counted in a tile, and where its pixels are.

    Args:
        planes: Y, Co, Cg of the tile, (1, h, w) int16 each.
        numbers: those of the planes that are counted, of CO and CG.
    """

    def __init__(
        self, planes: list[np.ndarray], frequencies: Frequencies, numbers: Sequence[int] = (CO, CG)
    ) -> None:
        self.planes = planes
        self.counts = {number: Counts(number, frequencies) for number in numbers}

    def group(self, number: int, where: Where, distribution: Distribution) -> Group:
        """Of a plane; Co is known where Cg is asked for."""
        y, co = (plane[:, *where].reshape(-1) for plane in self.planes[:2])
        return Group(distribution.flat, counts.keys(number, y, co), self.counts[number])


class CountedEncoder(StreamEncoder):
    """As `StreamEncoder`, of the colour of one tile."""

    def __init__(self, frequencies: Frequencies, entropy: rans.Encoder, counted: Counted) -> None:
        super().__init__(frequencies, entropy)
        self.counted = counted

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Append the pixels."""
        if number not in self.counted.counts:
            super().code(number, plane, where, distribution)
            return
        values = plane[:, *where].reshape(-1)
        group, beyond = self.counted.group(number, where, distribution), [NONE]
        for window, chosen, floor, weights in group.windows():
            symbols = window.symbols_of(values[chosen], floor)
            self.entropy.add_intervals(*counts.ranges(window, symbols, weights))
            beyond.append(chosen[window.is_beyond(symbols)])
        rest = np.concatenate(beyond)
        if rest.size:
            self.add(*symbols_of(number, values[rest], group.likely.some(rest)))
        group.count(values)


class CountedPrice(Price):
    """The same of the colour of one tile."""

    def __init__(self, frequencies: Frequencies, counted: Counted) -> None:
        super().__init__(frequencies)
        self.counted = counted

    def cost(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> np.ndarray:
        """(n,) float32: bits of the pixels, which then are counted."""
        if number not in self.counted.counts:
            return super().cost(number, plane, where, distribution)
        values = plane[:, *where].reshape(-1)
        spent = np.empty(len(values), np.float32)
        group = self.counted.group(number, where, distribution)
        for window, chosen, floor, weights in group.windows():
            symbols = window.symbols_of(values[chosen], floor)
            spent[chosen] = counts.bits(*counts.ranges(window, symbols, weights))
            rest = chosen[window.is_beyond(symbols)]
            spent[rest] += self.prices[symbols_of(number, values[rest], group.likely.some(rest))]
        group.count(values)
        return spent


class CountedDecoder(StreamDecoder):
    """As `StreamDecoder`, of the colour of one tile."""

    def __init__(
        self, data: bytes, frequencies: Frequencies, lanes: int | compact.Form, counted: Counted
    ) -> None:
        super().__init__(data, frequencies, lanes)
        self.counted = counted

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Fill the pixels in."""
        if number not in self.counted.counts:
            super().code(number, plane, where, distribution)
            return
        values = np.empty(distribution.mean.size, np.int32)
        group, beyond = self.counted.group(number, where, distribution), [NONE]
        for window, chosen, floor, weights in group.windows():
            symbols = self.entropy.decode_ranges(len(chosen), window.symbols, weights)
            values[chosen] = symbols + floor - np.int32(window.reach)
            beyond.append(chosen[window.is_beyond(symbols)])
        rest = np.concatenate(beyond)
        if rest.size:
            values[rest] = self.decoded(number, group.likely.some(rest))
        group.count(values)
        plane[:, *where] = values.reshape(distribution.mean.shape)
