"""Where the ranges of symbols begin that have probabilities of their own, not a row of a table.

Told by bounds, or by weights: by these a symbol begins at ``2**14 * (weights before it) // (all
weights)``. They are whole numbers, and so are all products here, below 2**37, and what they are
divided by, below 2**23: float64 holds them, and no quotient is rounded up to the next whole number.
"""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np

from pillow_colorgrid.entropy.precision import TOTAL

SLOT = 1 / TOTAL


class Ranges(ABC):
    """Of the symbols of n pixels.

    Args:
        edges: (symbols + 1, n): what tells where each symbol begins, and where the last one ends.
    """

    def __init__(self, edges: np.ndarray) -> None:
        self.edges, self.flat, self.row = edges, edges.reshape(-1), np.intp(edges.shape[1])
        self.columns = np.arange(self.row)

    @abstractmethod
    def search(self, count: int) -> "Search[Any]":
        """What finds symbols of ranges of this kind, so many at a time."""


Kind = TypeVar("Kind", bound=Ranges)


class Search(ABC, Generic[Kind]):
    """Finds symbols by slots; with arrays for so many at a time, made once, not each step.

    Attributes:
        begin, size: (count,) uint32, of the ranges of the symbols found last.
    """

    def __init__(self, edges: int, count: int) -> None:
        self.symbols = np.empty(count, np.uint8)
        self.reached = np.empty((edges - 2, count), bool)
        self.places = np.empty((2, count), np.intp)
        self.bounds = np.empty((2, count), np.int32)
        self.begin, self.size = self.bounds.view(np.uint32)

    def at(self, ranges: Kind, some: slice, slots: np.ndarray) -> np.ndarray:
        """The symbols (count,) uint8 that have these slots.

        Args:
            some: of the pixels; slots: (count,) uint32, of each.
        """
        self._reach(ranges, some, slots)
        np.add.reduce(self.reached.view(np.uint8), 0, out=self.symbols)
        first, last = self.places
        np.multiply(self.symbols, ranges.row, first)
        np.add(first, ranges.columns[some], first)
        np.add(first, ranges.row, last)
        self._bound(ranges, some)
        begin, end = self.bounds
        np.subtract(end, begin, end)
        return self.symbols

    @abstractmethod
    def _reach(self, ranges: Kind, some: slice, slots: np.ndarray) -> None:
        """Which symbols but the first begin at or before the slots: `reached`."""

    @abstractmethod
    def _bound(self, ranges: Kind, some: slice) -> None:
        """Where ranges begin and end whose edges are at `places`: `bounds`."""


class Bounds(Ranges):
    """Args: edges: uint16, the bounds themselves, of 2**14: rising from 0 to that."""

    def search(self, count: int) -> "Search[Bounds]":
        return _BoundsSearch(len(self.edges), count)


class _BoundsSearch(Search[Bounds]):
    def __init__(self, edges: int, count: int) -> None:
        super().__init__(edges, count)
        self.slots = np.empty(count, np.uint16)
        self.taken = np.empty((2, count), np.uint16)

    def _reach(self, ranges: Bounds, some: slice, slots: np.ndarray) -> None:
        self.slots[:] = slots
        np.less_equal(ranges.edges[1:-1, some], self.slots, self.reached)

    def _bound(self, ranges: Bounds, some: slice) -> None:
        self.bounds[...] = ranges.flat.take(self.places, None, self.taken, "clip")


class Weights(Ranges):
    """By weights.

    Args:
        edges: float32, the sum of the weights of the symbols before each one, then of all: below
            2**23. The last symbol has at least one in 2**14 of all, and not all.
    """

    def __init__(self, edges: np.ndarray) -> None:
        super().__init__(edges)
        self.of_slot = np.multiply(edges[-1], SLOT, dtype=np.float64)
        self.before_next_slot = self.of_slot - SLOT

    def of(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the ranges of (n,) symbols begin and end, of 2**14 (int32)."""
        begin = symbols * self.row + self.columns
        sums = self.flat.take(np.stack([begin, begin + self.row]))
        first, end = (sums / self.of_slot).astype(np.int32)
        return first, end

    def search(self, count: int) -> "Search[Weights]":
        return _WeightsSearch(len(self.edges), count)


class _WeightsSearch(Search[Weights]):
    def __init__(self, edges: int, count: int) -> None:
        super().__init__(edges, count)
        self.limits = np.empty(count)
        self.whole_limits = np.empty(count, np.float32)
        self.sums = np.empty((2, count), np.float32)
        self.quotients = np.empty((2, count))

    def _reach(self, ranges: Weights, some: slice, slots: np.ndarray) -> None:
        limits = self.limits
        # Before the end of the slot is at most SLOT before it: all these are multiples of SLOT.
        np.multiply(slots, ranges.of_slot[some], limits)
        np.add(limits, ranges.before_next_slot[some], limits)
        np.floor(limits, self.whole_limits, casting="same_kind")
        np.less_equal(ranges.edges[1:-1, some], self.whole_limits, self.reached)

    def _bound(self, ranges: Weights, some: slice) -> None:
        sums = ranges.flat.take(self.places, None, self.sums, "clip")
        self.bounds[...] = np.divide(sums, ranges.of_slot[some], self.quotients)
