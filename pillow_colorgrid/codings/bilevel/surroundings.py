"""The pixels around one that tell what it may be: 63 of them, the bits of one number.

From line to line the pixels of each row are moved by one, and one more joins them. Of each row the
last 16 pixels are kept, too, the newest in the lowest bit: rows above are ahead of what is seen.
"""

import numpy as np

from pillow_colorgrid.codings.bilevel.stripes import AHEAD, Line, Stripes

AROUND = ((-12, -1), (-9, 2), (-6, 5), (-5, 5), (-4, 4), (-3, 3))
"""The first and the last pixel, relative to the pixel's column, in its own row and in those above
it. The last one of each row is in the lowest of its bits, those of the own row are the lowest."""

ABOVE = len(AROUND) - 1

_SIZES = [last - first + 1 for first, last in AROUND]

BEGINS = [sum(_SIZES[:above]) for above in range(len(AROUND))]
"""The lowest bit of each row."""

ALL = (1 << sum(_SIZES)) - 1
"""The surroundings of a pixel around which all are 1."""

_LATE = [max(0, AHEAD * above - last - 1) for above, (_, last) in enumerate(AROUND)]
"""So many lines after it was coded a pixel joins those of the rows below."""

_SOON = 2
"""Surroundings of so many rows below those of a line have begun."""

_KEPT = np.uint64(ALL - sum(1 << begin for begin in BEGINS))
_ONE, _ONE_BIT = np.uint64(1), np.uint16(1)
_STEPS = [
    (above, np.uint16(late), np.uint64(begin))
    for above, (late, begin) in enumerate(zip(_LATE, BEGINS, strict=True))
]


class Surroundings:
    """Of the next pixels of all rows of all stripes."""

    def __init__(self, stripes: Stripes) -> None:
        self.count = stripes.count
        self.of_rows = np.zeros((stripes.rows + _SOON) * self.count, np.uint64)
        self.last = np.zeros((ABOVE + stripes.rows + _SOON) * self.count, np.uint16)

    def of(self, line: Line) -> np.ndarray:
        """(n,) uint64: a view."""
        return self.of_rows[line.first * self.count : line.end * self.count]

    def add(self, line: Line, bits: np.ndarray) -> None:
        """The pixels (n,) of a line; rows that have ended go on with 0."""
        begin, end = line.first * self.count, (line.end + _SOON) * self.count
        last = self.last[begin : line.end * self.count + ABOVE * self.count]
        last <<= _ONE_BIT
        last[ABOVE * self.count :] |= bits
        moving = self.of_rows[begin:end]
        moving <<= _ONE
        moving &= _KEPT
        for above, late, lowest in _STEPS:
            shift = (ABOVE - above) * self.count
            joining = self.last[begin + shift : end + shift] >> late
            joining &= _ONE_BIT
            moving |= joining.astype(np.uint64) << lowest
