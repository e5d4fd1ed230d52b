"""All pixels of a plane, line by line.

Those that are flat first (`flats`); then the others: is it what the first candidate is? The second?
Otherwise, and where a flat pixel surprises: which rank (`ranks`)? What was coded of a line is
learned when all of it is.
"""

import numpy as np

from pillow_colorgrid.codings.bits import Code
from pillow_colorgrid.codings.flats import Flats
from pillow_colorgrid.codings.indexed import ranks
from pillow_colorgrid.codings.indexed.contexts import Around, Line, Plane
from pillow_colorgrid.codings.indexed.model import NUMBER, SETS_EACH, Model
from pillow_colorgrid.codings.indexed.tiling import Tiling

FIRST = np.uint32(0)
"""The number of the decision on the first candidate, times NUMBER."""


class Walk:
    """The pixels of one picture.

    Args:
        values: how many ranks there are.
        known: (height, width) int32 numbers, if these are known.
    """

    def __init__(
        self, tiling: Tiling, values: int, code: Code, known: np.ndarray | None = None
    ) -> None:
        self.plane, self.values, self.code = Plane(tiling), values, code
        self.known = None if known is None else self.plane.canvas.spread(known)
        self.model = Model(tiling.height * tiling.width, values)
        self.flats, self.tree = Flats(values, code), ranks.Tree(values)

    def all(self) -> np.ndarray:
        """Code all pixels: (height, width) int32 numbers."""
        for places, last in self.plane.canvas.lines():
            line = self.plane.line(places, last)
            wanted = None if self.known is None else self.known.take(places)
            self.plane.put(line, self._numbers(line, wanted))
            self.model.learn()
        return self.plane.numbers()

    def _numbers(self, line: Line, wanted: np.ndarray | None) -> np.ndarray:
        """Of the pixels of a line: (n,) int32."""
        found = line.west.copy()
        flat = line.flat.nonzero()[0]
        asked = (~line.flat).nonzero()[0]
        busy = len(asked)
        if len(flat):
            differ = None if wanted is None else (wanted != line.west).take(flat)
            surprising = self.flats.surprises(line.west.take(flat), differ)
            if len(surprising):
                asked = np.concatenate([asked, flat.take(surprising)])
        if len(asked):
            of_asked = None if wanted is None else wanted.take(asked)
            found[asked] = self._asked(self.plane.around(line, asked), busy, of_asked)
        return found

    def _asked(self, around: Around, busy: int, wanted: np.ndarray | None) -> np.ndarray:
        """The numbers of pixels that are not told by `flats`; those behind `busy` surprised it."""
        first, second = around.first, around.second
        found = first.copy()
        left = np.arange(len(first))
        if busy:
            left = self._candidates(around, busy, wanted, found)
        if len(left):
            contexts = around.contexts.take(left, axis=1)
            denied = np.stack([first.take(left), second.take(left)])
            if self.values == 2:
                denied[1] = 0
            if wanted is None:
                found[left] = ranks.find(self.tree, self.model, self.code, contexts, denied)
            else:
                found[left] = wanted.take(left)
                ranks.tell(self.tree, self.model, self.code, contexts, denied, found[left])
        return found

    def _candidates(
        self, around: Around, busy: int, wanted: np.ndarray | None, found: np.ndarray
    ) -> np.ndarray:
        """Fills in what is a candidate; indices of what is not."""
        first, second = around.first[:busy], around.second[:busy]
        contexts = around.contexts[:, :busy]
        told = self.model.predict(contexts, FIRST, 0)
        known = None if wanted is None else wanted[:busy] == first
        bits = self.code(told.likely, known).astype(np.int64)
        self.model.remember(told, bits)
        missed = (bits == 0).nonzero()[0]
        asked = missed[second.take(missed) > 0] if self.values > 2 else missed[:0]
        if len(asked):
            of_second = second.take(asked)
            told = self.model.predict(contexts.take(asked, axis=1), NUMBER, SETS_EACH)
            known = None if wanted is None else wanted.take(asked) == of_second
            answers = self.code(told.likely, known).astype(np.int64)
            self.model.remember(told, answers)
            yes = asked.take(answers.nonzero()[0])
            found[yes] = second.take(yes)
            known_now = bits != 0
            known_now[yes] = True
            missed = (~known_now).nonzero()[0]
        return np.concatenate([missed, np.arange(busy, len(found))])
