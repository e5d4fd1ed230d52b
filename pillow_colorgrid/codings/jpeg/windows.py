"""Where integers of wide ranges lie: windows of buckets around a mixture, and parts of buckets."""

import numpy as np

from pillow_colorgrid.codings.jpeg.distribution import (
    CLASSES_PER_OCTAVE,
    TOTAL_BITS,
    UNIT_CLASS,
    Mixture,
)
from pillow_colorgrid.entropy.rans import TOTAL

NARROW_CLASS = UNIT_CLASS - 16
"""Mixtures up to this width (a quarter of a step) have the small window."""

UNIT_WINDOW_CLASS = UNIT_CLASS
"""Mixtures up to this width (one step) have buckets of one integer."""

NARROW_BUCKETS, BUCKETS = 5, 16
"""Symbols of the two windows; the first and the last are open ends."""

PART_BITS = 3
"""A bucket is parted in up to eight."""

IN_CACHE = 1 << 15
"""About so many bounds are computed at a time."""


def _scaled(mass: np.ndarray, symbols: int) -> np.ndarray:
    """Mass in 2**-28 -> part of ``TOTAL - symbols``, rounded down (int32)."""
    mass >>= np.int32(TOTAL_BITS - 16)
    mass *= np.int32(TOTAL - symbols)
    mass >>= np.int32(16)
    return mass


class Window:
    """Where the buckets of a set of mixtures lie.

    Args:
        width: of the mixtures (`Mixture.width`).
    """

    def __init__(self, mixture: Mixture, width: np.ndarray, buckets: int) -> None:
        self.mixture, self.buckets = mixture, buckets
        self.shift = bucket_shift(width) if buckets == BUCKETS else None
        center = mixture.center()
        inner = buckets - 2
        if self.shift is None:
            self.first = center - np.int32(inner // 2)
        else:
            self.first = ((center >> self.shift) - np.int32(inner // 2)) << self.shift

    def start(self, bucket: np.ndarray | int, some: slice = slice(None)) -> np.ndarray:
        """Lowest integer of an inner bucket (1 ... buckets - 2), or the first beyond them."""
        offset = np.asarray(bucket, np.int32) - np.int32(1)
        return self.first[some] + (offset if self.shift is None else offset << self.shift[some])

    def bounds(self) -> np.ndarray:
        """(buckets - 1, n) uint16: where the coder's range is cut, ends left out."""
        inner = np.arange(1, self.buckets, dtype=np.int32)[:, None]
        cuts = np.empty((self.buckets - 1, len(self.mixture)), np.uint16)
        each = IN_CACHE // len(inner)
        for first in range(0, len(self.mixture), each):
            some = slice(first, first + each)
            mass = self.mixture.some(some).below(self.start(inner, some))
            np.add(_scaled(mass, self.buckets), inner, out=cuts[:, some], casting="unsafe")
        return cuts

    def interval(self, bucket: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the range of each of (n,) buckets starts, and where it ends (int32)."""
        ends = np.stack([bucket, bucket + np.int32(1)])
        cuts = _scaled(self.mixture.below(self.start(ends)), self.buckets)
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


def bucket_shift(width: np.ndarray) -> np.ndarray:
    """(n,) scale class -> logarithm of the number of integers in a bucket."""
    over = np.maximum(width - np.int32(UNIT_WINDOW_CLASS), 0)
    return (over + np.int32(CLASSES_PER_OCTAVE - 1)) // np.int32(CLASSES_PER_OCTAVE)


class Parts:
    """Halves, quarters or eighths of buckets: conditional masses of the mixture.

    Args:
        start: lowest integer of each bucket.
        shift: logarithm of the number of integers in it, from 1 on.
    """

    def __init__(self, mixture: Mixture, start: np.ndarray, shift: np.ndarray) -> None:
        self.mixture, self.start = mixture, start
        self.bits = np.minimum(shift, np.int32(PART_BITS))
        self.count = np.int32(1) << self.bits
        self.step = shift - self.bits
        self.low = mixture.below(start)
        end = start + (np.int32(1) << shift)
        self.whole = np.maximum(mixture.below(end) - self.low, 0) + self.count

    def cut(self, part: np.ndarray) -> np.ndarray:
        """Where the range of each part starts (int32)."""
        mass = self.mixture.below(self.start + (part << self.step))
        mass -= self.low
        mass += part
        # a quotient of whole numbers below 2**53 is never rounded up to the next one
        cut = np.multiply(mass, TOTAL - self.count, dtype=np.float64)
        cut /= self.whole
        result: np.ndarray = np.floor(cut, cut).astype(np.int32)
        result += part
        return result

    def bounds(self) -> np.ndarray:
        """(parts - 1, n) uint16 for the finest; TOTAL where there are no such parts."""
        inner = np.arange(1, 1 << int(self.bits.max()), dtype=np.int32)[:, None]
        cuts = np.empty((len(inner), len(self.start)), np.uint16)
        cuts[:] = self.cut(np.minimum(inner, self.count))
        np.copyto(cuts, TOTAL, where=inner >= self.count)
        return cuts

    def interval(self, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the range of each of (n,) parts starts, and where it ends (int32)."""
        start, end = self.cut(part), self.cut(part + np.int32(1))
        return start, np.where(part == self.count - 1, TOTAL, end)
