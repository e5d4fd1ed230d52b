"""How often each colour was there already: what a picture's history says of the next colours.

Pictures that were edited, or whose colours were converted, do not have all colours near one that
they have: each step of an editor rounds to 8 bits, and many colours cannot come out. The networks
do not know which. So a tile *counts* the colours that it has shown: how often a value of Co stood
beside the same Y, and one of Cg beside the same Y and Co. The networks' frequency of each value,
multiplied by one more than its count, is its *weight*.

That is done within a *window* of values around the mean. One symbol stands for all values beyond
it, and for those whose weight is too small beside the others'; they are told by the frequency table
alone.

Integers only; what is counted is known to the decoder as well. Counts are taken note of behind each
group of a pass, so that all its values are computed at once: four times as often made files 0.1 %
smaller or larger, and took a tenth longer. Which of Co and Cg are counted a file tells: each takes
time, and for some pictures one of them says nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import CLASSES, ROWS, Distribution
from pillow_colorgrid.codings.lossless.stream import CENTER, CO
from pillow_colorgrid.entropy.precision import PRECISION_BITS, TOTAL
from pillow_colorgrid.entropy.ranges import Weights
from pillow_colorgrid.entropy.rans import EDGES_AT_ONCE, Frequencies

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

BEYOND = np.float32(2.0**-13)
"""Beside its frequency, the symbol of what is beyond a window has this share of all weights: more
than a slot."""

COUNT_BYTES = 2
"""Each count's, as an array."""

_KINDS = np.digitize(np.arange(CLASSES), WIDER_CLASSES).astype(np.uint8)

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
        counts: (places,) of void: as one item what is known of the values of the window that begins
            at a place: one more than each was counted. Items are gathered twice as fast as rows.
        frequencies: (rows, values) float32, without counts.
        beyond: (rows,) float32: frequency of all values beyond the window, plus 1.
    """

    reach: int
    counts: np.ndarray
    frequencies: np.ndarray
    beyond: np.ndarray

    @property
    def symbols(self) -> int:
        """Of the entropy coder: the window's values, and the one of what is beyond it."""
        return 2 * self.reach + 2

    def weights(self, rows: np.ndarray, first: np.ndarray) -> Weights:
        """Of the symbols of (n,) pixels.

        Args:
            rows: (n,) of the frequencies; first: (n,) places where the windows begin.
        """
        counts = self.counts[first].view(np.uint16).reshape(len(rows), -1)
        weights = self.frequencies.take(rows, axis=0)
        weights *= counts
        sums = np.empty((self.symbols + 1, len(rows)), np.float32)
        sums[0] = 0
        for number, of_value in enumerate(weights.T):
            np.add(sums[number], of_value, out=sums[number + 1])
        # all of these are whole numbers below 2**23: exact
        within, total = sums[-2:]
        np.floor(np.multiply(within, BEYOND, out=total), out=total)
        total += within
        total += self.beyond.take(rows)
        return Weights(sums)

    def symbols_of(self, values: np.ndarray, floor: np.ndarray) -> np.ndarray:
        """The symbols of values: the last one if they are beyond the window."""
        found: np.ndarray = values - floor + self.reach
        found[(found < 0) | (found >= self.symbols)] = self.symbols - 1
        return found

    def is_beyond(self, symbols: np.ndarray) -> np.ndarray:
        """Which of the (n,) symbols stand for values beyond the window."""
        found: np.ndarray = symbols == self.symbols - 1
        return found


class Counts:
    """Of one plane of a tile: CO or CG."""

    def __init__(self, number: int, frequencies: Frequencies) -> None:
        size = CO_PLACES if number == CO else 1 << CG_BITS
        self.mask = size - 1
        # windows that begin near the end go on at the beginning
        self.repeated = 2 * max(REACHES)
        self.counts = np.ones(size + self.repeated, np.uint16)
        self.windows = [self._window(reach, number, frequencies) for reach in REACHES]

    def _window(self, reach: int, number: int, frequencies: Frequencies) -> Window:
        rows = slice(number * ROWS, (number + 1) * ROWS)
        first, end = CENTER - reach, CENTER + reach + 1
        window = np.dtype((np.void, COUNT_BYTES * (end - first)))
        return Window(
            reach,
            np.ndarray(self.mask + 1, window, self.counts, strides=(COUNT_BYTES,)),
            frequencies.counts[rows, first:end].astype(np.float32),
            1 + TOTAL - frequencies.counts[rows, first:end].sum(1, dtype=np.float32),
        )

    def add(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Take note of (n,) values, each beside its key."""
        places = (keys + values) & self.mask
        for begin in range(0, len(places), ADDED_AT_ONCE):
            some = places[begin : begin + ADDED_AT_ONCE]
            np.add.at(self.counts, some, np.uint16(1))
            self.counts[some] = np.minimum(self.counts[some], MOST + 1)
        self.counts[self.mask + 1 :] = self.counts[: self.repeated]

    def kinds(self, distribution: Distribution) -> Iterator[tuple[Window, np.ndarray]]:
        """The windows of each kind, and which of the (n,) distributions have one."""
        kinds = _KINDS.take(distribution.scale_class)
        for kind, window in enumerate(self.windows):
            found = (kinds == kind).nonzero()[0]
            if found.size:
                yield window, found

    def weights(
        self, window: Window, keys: np.ndarray, distribution: Distribution
    ) -> Callable[[slice], Weights]:
        """`Window.weights` of some of (n,) pixels with these keys and distributions."""
        rows = distribution.row
        first = (keys + distribution.floor - window.reach) & self.mask
        return lambda some: window.weights(rows[some], first[some])


def ranges(
    window: Window, symbols: np.ndarray, weights: Callable[[slice], Weights]
) -> tuple[np.ndarray, np.ndarray]:
    """Where the ranges of (n,) symbols begin and end; of a weight too small the symbol changes."""
    begin, end = np.empty((2, len(symbols)), np.uint32)
    each = EDGES_AT_ONCE // window.symbols
    for first in range(0, len(symbols), each):
        some = slice(first, first + each)
        known, chosen = weights(some), symbols[some]
        begin[some], end[some] = known.of(chosen)
        nothing = (begin[some] == end[some]).nonzero()[0]
        if nothing.size:
            chosen[nothing] = window.symbols - 1
            begin[some], end[some] = known.of(chosen)
    return begin, end


def bits(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Ideal code lengths of (n,) symbols with such ranges (float32)."""
    length: np.ndarray = PRECISION_BITS - np.log2((end - begin).astype(np.float32))
    return length
