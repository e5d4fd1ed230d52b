"""Streams of colour that know how often each colour was there already (`counts`).

Of each part of a group first the symbols of all narrow windows are coded, then those of all wide
ones, then the values that lie beyond their windows, by the frequency table.
"""

from collections.abc import Iterator, Sequence
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
from pillow_colorgrid.entropy.rans import Frequencies


@dataclass(frozen=True)
class Part:
    """Of a group: pixels between which nothing is counted.

    Attributes:
        pixels: which of the group's.
        likely: (n,) their distributions; keys: (n,) theirs.
        known: what was counted before.
    """

    pixels: slice
    likely: Distribution
    keys: np.ndarray
    known: Counts

    def windows(self) -> Iterator[tuple[Window, np.ndarray, np.ndarray, np.ndarray]]:
        """Of each kind: the windows, which pixels have one, their means rounded down, and cuts."""
        for window, chosen in self.known.kinds(self.likely):
            likely = self.likely.some(chosen)
            yield window, chosen, likely.floor, self.known.cuts(window, self.keys[chosen], likely)

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

    def parts(self, number: int, where: Where, distribution: Distribution) -> Iterator[Part]:
        """Of a group of a plane; Co is known where Cg is asked for."""
        y, co = (plane[:, *where].reshape(-1) for plane in self.planes[:2])
        keys, likely = counts.keys(number, y, co), distribution.flat
        for pixels in counts.parts(len(keys)):
            yield Part(pixels, likely.some(pixels), keys[pixels], self.counts[number])


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
        for part in self.counted.parts(number, where, distribution):
            here, beyond = values[part.pixels], []
            for window, chosen, floor, cuts in part.windows():
                symbols = window.symbols_of(here[chosen], floor)
                self.entropy.add_intervals(*counts.ranges(cuts, symbols))
                beyond.append(chosen[window.is_outside(symbols)])
            outside = np.concatenate(beyond)
            if outside.size:
                self.add(*symbols_of(number, here[outside], part.likely.some(outside)))
            part.count(here)


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
        for part in self.counted.parts(number, where, distribution):
            here, cost = values[part.pixels], spent[part.pixels]
            for window, chosen, floor, cuts in part.windows():
                symbols = window.symbols_of(here[chosen], floor)
                cost[chosen] = counts.bits(cuts, symbols)
                outside = chosen[window.is_outside(symbols)]
                told = symbols_of(number, here[outside], part.likely.some(outside))
                cost[outside] += self.prices[told]
            part.count(here)
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
        for part in self.counted.parts(number, where, distribution):
            here, beyond = values[part.pixels], []
            for window, chosen, floor, cuts in part.windows():
                symbols = self.entropy.decode_bounds(cuts[1:-1])
                here[chosen] = symbols + floor - np.int32(window.reach + 1)
                beyond.append(chosen[window.is_outside(symbols)])
            outside = np.concatenate(beyond)
            if outside.size:
                here[outside] = self.decoded(number, part.likely.some(outside))
            part.count(here)
        plane[:, *where] = values.reshape(distribution.mean.shape)
