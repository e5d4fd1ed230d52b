"""Pixels all around which is of one number: is it theirs, too? Told for many at once.

For the bilevel and the indexed coding.

Of so many in a row one symbol tells whether any of them surprises; where one does, its place
follows, and of each behind it whether it does, too.
"""

import numpy as np

from pillow_colorgrid.codings.bits import LEAST, ONE, Code
from pillow_colorgrid.entropy.rans import StreamError

GROUP_BITS = 4

GROUP = 1 << GROUP_BITS
"""Flat pixels of a line that are told together."""

MOST_COUNT = 1023
"""Counts that are greater are halved."""

BEHIND = (9, 1)
"""What counts of surprises behind one in its group begin with: no, yes."""

_INSIDE = np.arange(GROUP)
_SHIFTS = np.arange(GROUP_BITS - 1, -1, -1)


class Flats:
    """Codes the flat pixels of one picture.

    Args:
        values: how many ranks there are.
    """

    def __init__(self, values: int, code: Code) -> None:
        self.code = code
        self.groups = np.zeros(2 * (values + 1), np.int64)
        self.behind = BEHIND

    def surprises(self, numbers: np.ndarray, known: np.ndarray | None) -> np.ndarray:
        """Which of the pixels are not what is around them: (s,) indices.

        Args:
            numbers: (n,) of what is around.
            known: (n,) whether they are not, if that is known.

        Raises:
            StreamError: the stream tells of one that is not there.
        """
        count = len(numbers)
        begins = np.arange(0, count, GROUP)
        colors = numbers[begins].astype(np.int64)
        colors *= 2
        no, yes = self.groups.take(colors), self.groups.take(colors + 1)
        # in tenths; both counts begin with 0.2
        likely = (10 * yes + 2) * ONE // (10 * (no + yes) + 4)
        likely = np.minimum(np.maximum(likely, LEAST), ONE - LEAST)
        any_ = None if known is None else np.logical_or.reduceat(known, begins)
        bits = self.code(likely, any_)
        self.groups += np.bincount(colors + bits, minlength=len(self.groups))
        if self.groups.max() > MOST_COUNT:
            pairs = self.groups.reshape(-1, 2)
            pairs[pairs.max(1) > MOST_COUNT] >>= 1
        which = bits.nonzero()[0]
        return self._places(which, count, known) if len(which) else which

    def _places(self, which: np.ndarray, count: int, known: np.ndarray | None) -> np.ndarray:
        """Of the surprises of the groups `which`, at least one in each."""
        places = which[:, None] * GROUP + _INSIDE
        of_group = None if known is None else known.take(np.minimum(places, count - 1))
        first = None if of_group is None else (of_group.argmax(1)[:, None] >> _SHIFTS & 1)
        even = np.full(len(which) * GROUP_BITS, ONE // 2)
        bits = self.code(even, None if first is None else first.reshape(-1))
        found = (bits.reshape(-1, GROUP_BITS) << _SHIFTS).sum(1)[:, None]
        surprising = found == _INSIDE
        if places[surprising].max() >= count:
            raise StreamError(f"place {places[surprising].max()} among {count} flat pixels")
        behind = (found < _INSIDE) & (places < count)
        asked = int(behind.sum())
        if asked:
            no, yes = self.behind
            likely = np.full(asked, min(max(ONE * yes // (no + yes), LEAST), ONE - LEAST))
            more = self.code(likely, None if of_group is None else of_group[behind]) != 0
            surprising[behind] = more
            self.behind = no + int((~more).sum()), yes + int(more.sum())
        found_places: np.ndarray = places[surprising]
        return found_places
