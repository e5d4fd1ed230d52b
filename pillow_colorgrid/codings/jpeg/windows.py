"""Where integers of wide ranges lie: windows of buckets around a mean, and parts of buckets."""

import numpy as np

from pillow_colorgrid.codings.jpeg.distribution import (
    CLASSES,
    CLASSES_PER_OCTAVE,
    MEAN_UNIT,
    TOTAL_BITS,
    UNIT_CLASS,
    Distribution,
    place_of,
)
from pillow_colorgrid.entropy.rans import TOTAL

BUCKETS = (5, 8, 12)
"""Symbols of the three windows; the first and the last of each are open ends."""

WINDOW_OF_WIDTH = np.digitize(np.arange(CLASSES), [UNIT_CLASS - 15, UNIT_CLASS - 7]).astype(
    np.uint8
)
"""Which window a distribution has, by its width: the first up to a quarter of a step, the second
up to half a step."""

SHIFT_OF_WIDTH = (
    np.maximum(np.arange(CLASSES) - UNIT_CLASS + CLASSES_PER_OCTAVE - 1, 0) // CLASSES_PER_OCTAVE
).astype(np.int32)
"""Logarithm of the number of integers in a bucket of the largest window, by width: none above one
step."""

PART_BITS = 2
"""A bucket is parted in up to four."""

RATIO_BITS = 38
"""Fraction bits of what a mass in a bucket is multiplied with: 2**14 * 2**38 is below 2**53."""

IN_CACHE = 1 << 15
"""About so many bounds are computed at a time."""


def _scaled(mass: np.ndarray, symbols: int) -> np.ndarray:
    """Mass in 2**-28 -> part of ``TOTAL - symbols``, rounded down (int32)."""
    mass >>= np.int32(TOTAL_BITS - 16)
    mass *= np.int32(TOTAL - symbols)
    mass >>= np.int32(16)
    return mass


class Window:
    """Where the buckets of a set of distributions lie.

    Attributes:
        first: (n,) lowest integer of the first inner bucket.
        shift: (n,) logarithm of the number of integers in a bucket; None: all are of one.
    """

    def __init__(self, likely: Distribution, buckets: int) -> None:
        self.likely, self.buckets = likely, buckets
        self.shift: np.ndarray | None = None
        center = likely.center()
        below = np.int32((buckets - 2) // 2)
        if buckets == BUCKETS[-1]:
            self.shift = SHIFT_OF_WIDTH.take(likely.width())
            self.first = ((center >> self.shift) - below) << self.shift
        else:
            self.first = center - below

    def start(self, bucket: np.ndarray) -> np.ndarray:
        """Lowest integer of an inner bucket (1 ... buckets - 2), or the first beyond them."""
        offset = bucket - np.int32(1)
        return self.first + (offset if self.shift is None else offset << self.shift)

    def nearest(self, bucket: np.ndarray) -> np.ndarray:
        """Lowest integer of each of (n,) buckets; of an open end the one next to the window."""
        found = self.start(np.maximum(bucket, np.int32(1)))
        found -= bucket == 0
        return found

    def bounds(self) -> np.ndarray:
        """(buckets - 1, n) uint16: where the coder's range is cut, ends left out."""
        inner = np.arange(1, self.buckets, dtype=np.int32)[:, None]
        cuts = np.empty((self.buckets - 1, len(self.likely)), np.uint16)
        each = IN_CACHE // len(inner)
        steps = (inner - np.int32(1)) * np.int32(MEAN_UNIT)
        begin = place_of(self.first)
        for first in range(0, len(self.likely), each):
            some = slice(first, first + each)
            place = begin[some] + (steps if self.shift is None else steps << self.shift[some])
            mass = self.likely.some(some).mass(place)
            np.add(_scaled(mass, self.buckets), inner, out=cuts[:, some], casting="unsafe")
        return cuts

    def interval(self, bucket: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the range of each of (n,) buckets starts, and where it ends (int32)."""
        ends = np.stack([bucket, bucket + np.int32(1)])
        cuts = _scaled(self.likely.below(self.start(ends)), self.buckets)
        cuts += ends
        cuts[0][bucket == 0] = 0
        cuts[1][bucket == self.buckets - 1] = TOTAL
        return cuts[0], cuts[1]

    def bucket_of(self, values: np.ndarray) -> np.ndarray:
        """The buckets of integers."""
        offset = values - self.first
        if self.shift is not None:
            offset >>= self.shift
        result: np.ndarray = np.clip(offset + np.int32(1), 0, self.buckets - 1)
        return result


class Parts:
    """Halves or quarters of buckets: conditional masses of the likely.

    Args:
        start: lowest integer of each bucket.
        shift: logarithm of the number of integers in it, from 1 on.
    """

    def __init__(self, likely: Distribution, start: np.ndarray, shift: np.ndarray) -> None:
        self.likely, self.start = likely, start
        self.bits = np.minimum(shift, np.int32(PART_BITS))
        self.count = np.int32(1) << self.bits
        self.step = shift - self.bits
        self.low = likely.below(start)
        end = start + (np.int32(1) << shift)
        whole = np.maximum(likely.below(end) - self.low, 0) + self.count
        # a quotient of whole numbers below 2**53 is never rounded up to the next one
        ratio = np.floor((TOTAL - self.count).astype(np.float64) * (1 << RATIO_BITS) / whole)
        self.ratio = ratio * (1 / (1 << RATIO_BITS))

    def cut(self, part: np.ndarray) -> np.ndarray:
        """Where the range of each part starts (int32)."""
        mass = self.likely.below(self.start + (part << self.step))
        mass -= self.low
        mass += part
        # exact in float64: a mass is no more than the whole
        cut: np.ndarray = (mass.astype(np.float64) * self.ratio).astype(np.int32)
        cut += part
        return cut

    def bounds(self) -> np.ndarray:
        """(parts - 1, n) uint16 for the finest; TOTAL where there are no such parts."""
        inner = np.arange(1, 1 << int(self.bits.max()), dtype=np.int32)[:, None]
        cuts = self.cut(np.minimum(inner, self.count)).astype(np.uint16)
        np.copyto(cuts, TOTAL, where=inner >= self.count)
        return cuts

    def interval(self, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the range of each of (n,) parts starts, and where it ends (int32)."""
        start, end = self.cut(part), self.cut(part + np.int32(1))
        return start, np.where(part == self.count - 1, TOTAL, end)
