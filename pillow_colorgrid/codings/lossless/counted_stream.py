"""Streams of colour that know how often each colour was there already (`counts`).

Of each part of a group first the symbols of all narrow windows are coded, then those of all wide
ones, then the values that lie beyond their windows, by the frequency table.
"""

import numpy as np

from pillow_colorgrid.codings.lossless import counts
from pillow_colorgrid.codings.lossless.counts import Counts
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.stream import (
    CG,
    CO,
    StreamDecoder,
    StreamEncoder,
    prices,
    symbols_of,
)
from pillow_colorgrid.entropy.rans import Frequencies


class Counted:
    """What is counted in a tile, and where its pixels are.

    Args:
        planes: Y, Co, Cg of the tile, (1, h, w) int16 each.
    """

    def __init__(self, planes: list[np.ndarray], frequencies: Frequencies) -> None:
        self.planes = planes
        self.counts = {number: Counts(number, frequencies) for number in (CO, CG)}

    def keys(self, number: int, where: Where) -> np.ndarray:
        """Of the pixels of a group, flat; Co is known where Cg is asked for."""
        y, co = (plane[:, *where].reshape(-1) for plane in self.planes[:2])
        return counts.keys(number, y, co)


class CountedEncoder(StreamEncoder):
    """As `StreamEncoder`, of the colour of one tile."""

    def __init__(self, frequencies: Frequencies, lanes: int, planes: list[np.ndarray]) -> None:
        super().__init__(frequencies, lanes)
        self.counted = Counted(planes, frequencies)

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Append the pixels."""
        values, found = plane[:, *where].reshape(-1), distribution.flat
        keys, known = self.counted.keys(number, where), self.counted.counts[number]
        for part in counts.parts(len(values)):
            here, likely, key = values[part], found.some(part), keys[part]
            beyond = []
            for window, chosen in known.kinds(likely):
                of_these = likely.some(chosen)
                cuts = known.cuts(window, key[chosen], of_these)
                symbols = window.symbols_of(here[chosen], of_these.floor)
                self.entropy.add_intervals(*counts.ranges(cuts, symbols))
                beyond.append(chosen[window.is_outside(symbols)])
            outside = np.concatenate(beyond)
            if outside.size:
                self.add(*symbols_of(number, here[outside], likely.some(outside)))
            known.add(key, here)


class CountedPrice:
    """As `stream.Price`, of the colour of one tile."""

    def __init__(self, frequencies: Frequencies, planes: list[np.ndarray]) -> None:
        self.prices = prices(frequencies)
        self.counted = Counted(planes, frequencies)
        self.bits = 0.0

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Add what the pixels cost."""
        self.bits += float(self.cost(number, plane, where, distribution).sum(dtype=np.float64))

    def cost(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> np.ndarray:
        """(n,) float32: bits of the pixels, which then are counted."""
        values, found = plane[:, *where].reshape(-1), distribution.flat
        keys, known = self.counted.keys(number, where), self.counted.counts[number]
        spent = np.empty(len(values), np.float32)
        for part in counts.parts(len(values)):
            here, likely, key, cost = values[part], found.some(part), keys[part], spent[part]
            for window, chosen in known.kinds(likely):
                of_these = likely.some(chosen)
                symbols = window.symbols_of(here[chosen], of_these.floor)
                cost[chosen] = counts.bits(known.cuts(window, key[chosen], of_these), symbols)
                outside = chosen[window.is_outside(symbols)]
                told = symbols_of(number, here[outside], likely.some(outside))
                cost[outside] += self.prices[told]
            known.add(key, here)
        return spent


class CountedDecoder(StreamDecoder):
    """As `StreamDecoder`, of the colour of one tile."""

    def __init__(
        self, data: bytes, frequencies: Frequencies, lanes: int, planes: list[np.ndarray]
    ) -> None:
        super().__init__(data, frequencies, lanes)
        self.counted = Counted(planes, frequencies)

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Fill the pixels in."""
        found = distribution.flat
        keys, known = self.counted.keys(number, where), self.counted.counts[number]
        values = np.empty(len(keys), np.int32)
        for part in counts.parts(len(keys)):
            here, likely, key = values[part], found.some(part), keys[part]
            beyond = []
            for window, chosen in known.kinds(likely):
                of_these = likely.some(chosen)
                cuts = known.cuts(window, key[chosen], of_these)
                symbols = self.entropy.decode_bounds(cuts[1:-1])
                here[chosen] = symbols + of_these.floor - np.int32(window.reach + 1)
                beyond.append(chosen[window.is_outside(symbols)])
            outside = np.concatenate(beyond)
            if outside.size:
                here[outside] = self.decoded(number, likely.some(outside))
            known.add(key, here)
        plane[:, *where] = values.reshape(distribution.mean.shape)
