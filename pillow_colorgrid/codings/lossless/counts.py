"""How often each colour was there already: what a picture's history says of the next colours.

Pictures that were edited, or whose colours were converted, do not have all colours near one that
they have: each step of an editor rounds to 8 bits, and many colours cannot come out. The networks
do not know which. So a tile *counts* the colours that it has shown: how often a value of Co stood
beside the same Y, and one of Cg beside the same Y and Co. The networks' probability of each value
is multiplied by one more than its count; then all are scaled to sum up to one again.

That is done within a *window* of values around the mean. Values beyond it keep their probability
beside those within it, and are told by the frequency table alone.

Integers only; what is counted is known to the decoder as well. Counts are taken note of behind each
group of a pass, so that all its values are computed at once: four times as often made files 0.1 %
smaller or larger, and took a tenth longer. Which of Co and Cg are counted a file tells: each takes
time, and for some pictures one of them says nothing.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import CLASSES, ROWS, Distribution
from pillow_colorgrid.codings.lossless.stream import CENTER, CO
from pillow_colorgrid.entropy.rans import PRECISION_BITS, TOTAL, Frequencies

REACHES = (4, 10, 20)
"""Of the kinds of windows: so many values below the mean rounded down, and as many above."""

WIDER_CLASSES = (12, 20)
"""Distributions from these classes of scale on (scales 1/2 and 2) have the next kind of window."""

MOST = 255
"""No count goes beyond."""

ZERO = 256
"""Where the value 0 is counted, behind the place of its key."""

CO_PLACES = 1 << 17
"""Counts of Co: 512 for each Y, of values from -256 to 255."""

CG_BITS = 21
"""Logarithm of the number of counts of Cg: keys share them, spread by a product."""

SPREAD, SPREAD_STEP_BITS = 0x9E3779B1, 6
"""A key's counts begin at a multiple of 2**6: the upper bits of the product, modulo 2**32."""

SUM_BITS = 16
"""Cumulated products are scaled by the power of two that gives their total so many bits."""

RATIO_BITS = 16
"""Fraction bits of what scaled sums are multiplied with: all products are below 2**30."""

FLOAT_FRACTION_BITS, FLOAT_BIAS = 23, 127
"""Where a float32 keeps its exponent, and what is added to it."""

COUNT_BYTES = 2
"""Each count's, as an array."""

_UPPER = int(sys.byteorder == "little")
"""Which half of an int32 is the upper one."""

_KINDS = np.digitize(np.arange(CLASSES), WIDER_CLASSES).astype(np.uint8)

CHUNK_VALUES = 2**16
"""So many values are computed at once, which keeps them in the processor's cache."""

ADDED_AT_ONCE = 1 << 15
"""So many values can be added to counts of 16 bits before they are held down to MOST."""


def keys(number: int, y: np.ndarray, co: np.ndarray) -> np.ndarray:
    """Where the counts of value 0 are, for each pixel (int64).

    Args:
        number: of the plane: CO or CG.
        y, co: (n,) int16, its Y, and its Co if it is known (for CG).
    """
    key = (y.astype(np.int64) << 9) + ZERO
    if number == CO:
        return key
    key += co
    spread = (key * SPREAD & 0xFFFFFFFF) >> (32 - CG_BITS + SPREAD_STEP_BITS)
    return (spread << SPREAD_STEP_BITS) + ZERO


@dataclass(frozen=True)
class Window:
    """The windows of one kind.

    Attributes:
        reach: values on either side of the mean rounded down.
        counts: (places,) of void: as one item the counts of the window that begins at a place.
            Items are gathered twice as fast as rows.
        frequencies: (rows, values) float32, without counts.
        below, above: (rows,) float32: frequency of all values below the window, and above it.
    """

    reach: int
    counts: np.ndarray
    frequencies: np.ndarray
    below: np.ndarray
    above: np.ndarray

    @property
    def symbols(self) -> int:
        """Of the entropy coder: below the window, its values, above it."""
        return 2 * self.reach + 3

    def cuts(self, rows: np.ndarray, first: np.ndarray) -> np.ndarray:
        """(symbols + 1, n) uint16: where each symbol's range begins, and where the last one's ends.

        Args:
            rows: (n,) of the frequencies; first: (n,) places where the windows begin.
        """
        cuts = np.empty((self.symbols + 1, len(rows)), np.uint16)
        each = CHUNK_VALUES // self.symbols
        for begin in range(0, len(rows), each):
            some = slice(begin, begin + each)
            self._fill(cuts[:, some], rows[some], first[some])
        return cuts

    def _fill(self, cuts: np.ndarray, rows: np.ndarray, first: np.ndarray) -> None:
        counts = self.counts[first].view(np.uint16).reshape(len(rows), -1)
        # products and sums are below 2**23: exact in float32
        likely = counts + np.float32(1)
        likely *= self.frequencies.take(rows, axis=0)
        sums = np.empty((self.symbols - 1, len(rows)), np.float32)
        self.below.take(rows, out=sums[0])
        for number, values in enumerate(likely.T):
            np.add(sums[number], values, out=sums[number + 1])
        total = sums[-1] + self.above.take(rows)
        scale = _scales(total)
        sums *= scale
        total *= scale
        # a quotient of whole numbers below 2**53 is never rounded up to the next one
        room = float((TOTAL - self.symbols) << RATIO_BITS)
        ratio = (room / np.floor(total).astype(np.float64)).astype(np.int32)
        scaled = sums.astype(np.int32)
        scaled *= ratio
        # the upper half of each: without its RATIO_BITS lower ones
        upper = scaled.view(np.uint16)[:, _UPPER::2]
        cuts[0], cuts[-1] = 0, TOTAL
        np.add(upper, np.arange(1, self.symbols, dtype=np.uint16)[:, None], out=cuts[1:-1])

    def symbols_of(self, values: np.ndarray, floor: np.ndarray) -> np.ndarray:
        """The symbols of values: 0 below the window, the last one above it."""
        found: np.ndarray = np.clip(values - floor + (self.reach + 1), 0, self.symbols - 1)
        return found

    def is_outside(self, symbols: np.ndarray) -> np.ndarray:
        """Which of the (n,) symbols stand for values beyond the window."""
        found: np.ndarray = (symbols == 0) | (symbols == self.symbols - 1)
        return found


def _scales(totals: np.ndarray) -> np.ndarray:
    """(n,) float32: powers of two by which positive float32 `totals` have SUM_BITS bits."""
    exponents = totals.view(np.uint32) & np.uint32(0xFF << FLOAT_FRACTION_BITS)
    scales = np.uint32((2 * FLOAT_BIAS + SUM_BITS - 1) << FLOAT_FRACTION_BITS) - exponents
    return scales.view(np.float32)


class Counts:
    """Of one plane of a tile: CO or CG."""

    def __init__(self, number: int, frequencies: Frequencies) -> None:
        size = CO_PLACES if number == CO else 1 << CG_BITS
        self.mask = size - 1
        # windows that begin near the end go on at the beginning
        self.beyond = 2 * max(REACHES)
        self.counts = np.zeros(size + self.beyond, np.uint16)
        self.windows = [self._window(reach, number, frequencies) for reach in REACHES]

    def _window(self, reach: int, number: int, frequencies: Frequencies) -> Window:
        rows = slice(number * ROWS, (number + 1) * ROWS)
        first, end = CENTER - reach, CENTER + reach + 1
        window = np.dtype((np.void, COUNT_BYTES * (end - first)))
        return Window(
            reach,
            np.ndarray(self.mask + 1, window, self.counts, strides=(COUNT_BYTES,)),
            frequencies.counts[rows, first:end].astype(np.float32),
            frequencies.bounds[rows, first].astype(np.float32),
            (TOTAL - frequencies.bounds[rows, end]).astype(np.float32),
        )

    def add(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Take note of (n,) values, each beside its key."""
        places = (keys + values) & self.mask
        for begin in range(0, len(places), ADDED_AT_ONCE):
            some = places[begin : begin + ADDED_AT_ONCE]
            np.add.at(self.counts, some, np.uint16(1))
            self.counts[some] = np.minimum(self.counts[some], MOST)
        self.counts[self.mask + 1 :] = self.counts[: self.beyond]

    def kinds(self, distribution: Distribution) -> Iterator[tuple[Window, np.ndarray]]:
        """The windows of each kind, and which of the (n,) distributions have one."""
        kinds = _KINDS.take(distribution.scale_class)
        for kind, window in enumerate(self.windows):
            found = (kinds == kind).nonzero()[0]
            if found.size:
                yield window, found

    def cuts(
        self, window: Window, keys: np.ndarray, distribution: Distribution
    ) -> Callable[[slice], np.ndarray]:
        """`Window.cuts` of some of (n,) pixels with these keys and distributions."""
        rows = distribution.row
        first = (keys + distribution.floor - window.reach) & self.mask
        return lambda some: window.cuts(rows[some], first[some])


def ranges(cuts: np.ndarray, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the ranges of (n,) symbols begin and end."""
    count = cuts.shape[1]
    places = symbols.astype(np.intp) * count + np.arange(count)
    flat = cuts.reshape(-1)
    return flat.take(places), flat.take(places + count)


def bits(cuts: np.ndarray, symbols: np.ndarray) -> np.ndarray:
    """Ideal code lengths of the (n,) symbols (float32)."""
    begin, end = ranges(cuts, symbols)
    length: np.ndarray = PRECISION_BITS - np.log2((end - begin).astype(np.float32))
    return length
