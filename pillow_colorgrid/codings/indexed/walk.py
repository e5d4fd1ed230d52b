"""All pixels of a plane, line by line: is it what the first candidate is, the second, or which?

The ranks that are left are halved until one is left; a decision is numbered by the first number of
the upper half. What is not possible any more (a candidate that was denied) is not asked.
"""

import numpy as np

from pillow_colorgrid.codings.bits import Code, Surprising
from pillow_colorgrid.codings.indexed.contexts import Around, Plane, lines
from pillow_colorgrid.codings.indexed.model import Model

FIRST, SECOND, HALF = range(3)
"""Kinds of decisions; the first two are numbers of decisions, too."""


class Walk:
    """The pixels of one picture.

    Args:
        plane: its numbers; a decoder's are filled in.
        values: how many ranks there are.
        known: whether the plane is.
    """

    def __init__(self, plane: Plane, values: int, code: Code, known: bool) -> None:
        self.plane, self.values, self.known = plane, values, known
        self.model, self.coder = Model(plane.inside.size), Surprising(code)

    def all(self) -> None:
        """Code all pixels."""
        for first_row, end_row, start in lines(*self.plane.inside.shape):
            self._line(self.plane.around(first_row, end_row, start))

    def _line(self, around: Around) -> None:
        flat, count = self.plane.flat, len(around.places)
        wanted = flat.take(around.places) if self.known else None
        found, everyone = around.first.copy(), np.arange(count)
        is_first = self._decide(around, everyone, FIRST, wanted, around.first)
        left = (is_first == 0).nonzero()[0]
        second = np.zeros(count, np.int64)
        if self.values > 2 and len(left):
            asked = left[around.second[left] > 0]
            if len(asked):
                second[asked] = found[asked] = around.second[asked]
                is_second = self._decide(around, asked, SECOND, wanted, around.second)
                found_all = is_first.copy()
                found_all[asked] = is_second
                left = (found_all == 0).nonzero()[0]
        if len(left):
            found[left] = self._halved(around, left, second, wanted)
        flat[around.places] = found

    def _decide(
        self,
        around: Around,
        asked: np.ndarray,
        kind: int,
        wanted: np.ndarray | None,
        candidates: np.ndarray,
    ) -> np.ndarray:
        """Whether the pixels `asked` (indices in the line) are candidates: (n,) bits."""
        known = None if wanted is None else wanted[asked] == candidates[asked]
        return self._bits(around, asked, kind, kind, known)

    def _bits(
        self,
        around: Around,
        asked: np.ndarray,
        numbers: np.ndarray | int,
        kind: int,
        known: np.ndarray | None,
    ) -> np.ndarray:
        """The bits of one decision of each pixel that is asked."""
        contexts = around.contexts
        if len(asked) < contexts.shape[1]:
            contexts = contexts.take(asked, axis=1)
        bits = self.coder.bits(self.model.predict(contexts, numbers, kind), known)
        self.model.learn(bits)
        return bits

    def _halved(
        self, around: Around, left: np.ndarray, second: np.ndarray, wanted: np.ndarray | None
    ) -> np.ndarray:
        """The numbers of the pixels `left`, which are neither of their candidates."""
        denied = np.stack([around.first[left], second[left]])
        low, high = np.ones(len(left), np.int64), np.full(len(left), self.values + 1)
        while (open_ := high - low > 1).any():
            middle = (low + high) >> 1
            below = ((denied >= low) & (denied < middle)).sum(0)
            above = ((denied >= middle) & (denied < high)).sum(0)
            upper = below == middle - low
            asked = np.flatnonzero(open_ & ~upper & (above < high - middle))
            if len(asked):
                pixels, middles = left[asked], middle[asked]
                known = None if wanted is None else wanted[pixels] >= middles
                upper[asked] = self._bits(around, pixels, middles, HALF, known)
            low = np.where(open_ & upper, middle, low)
            high = np.where(open_ & ~upper, middle, high)
        return low
