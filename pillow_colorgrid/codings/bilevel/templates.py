"""The pixels around one that tell what it may be: four contexts, from a dozen pixels to 63.

Pixels are coded along slanted lines (`steps`), so that all of a line are known at once to be coded
next, and have all of their contexts. Each row keeps its last 64 pixels in one integer, the newest
in the lowest bit; those of the rows above are ahead by AHEAD pixels a row.
"""

from collections.abc import Iterator

import numpy as np

AHEAD = 3
"""A row is so many pixels behind the one above it."""

ABOVE = 5
"""Rows above that contexts see."""

TEMPLATES = (
    ((-4, -1), (-2, 2), (-1, 1)),
    ((-5, -1), (-3, 2), (-2, 2), (-1, 1)),
    ((-7, -1), (-6, 2), (-4, 4), (-3, 3)),
    ((-12, -1), (-9, 2), (-6, 5), (-5, 5), (-4, 4), (-3, 3)),
)
"""Of each context the first and last pixel, relative to the pixel's column, in its own row and in
those above it."""

TABLE_BITS = (12, 19, 18, 20)
"""Contexts have so many bits; those with more pixels are hashed."""

MULTIPLIERS = (0, 0, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9)
"""Of hashes, modulo 2**64."""

FOLD = np.uint64(29)
"""The last context is folded before its hash: exclusive or with itself, so many bits lower."""

TABLES = tuple(sum(2**bits for bits in TABLE_BITS[:k]) for k in range(len(TABLE_BITS)))
"""Where the contexts of each template begin in the table of all."""

ALL_CONTEXTS = sum(2**bits for bits in TABLE_BITS)


def steps(height: int, width: int) -> Iterator[tuple[int, int, int]]:
    """The first row of each line, the row behind its last, and the column in row 0.

    The pixel in row y of the line that begins at column t is in column t - AHEAD * y.
    """
    for start in range(width + AHEAD * (height - 1)):
        yield max(0, -(-(start - width + 1) // AHEAD)), min(height - 1, start // AHEAD) + 1, start


class Rows:
    """The last pixels of all rows."""

    def __init__(self, height: int) -> None:
        self.last = np.zeros(ABOVE + height, np.uint64)

    def contexts(self, first: int, end: int) -> np.ndarray:
        """Of the next pixel of rows `first` to `end`: (templates, rows) int64, in TABLES."""
        rows = [self.last[first + ABOVE - above : end + ABOVE - above] for above in range(6)]
        found = np.empty((len(TEMPLATES), end - first), np.int64)
        for number, template in enumerate(TEMPLATES):
            context = np.zeros(end - first, np.uint64)
            for above, (left, right) in enumerate(template):
                newest = AHEAD * above - 1
                pixels = rows[above] >> np.uint64(newest - right)
                count = right - left + 1
                context <<= np.uint64(count)
                context |= pixels & np.uint64((1 << count) - 1)
            if MULTIPLIERS[number]:
                if number == len(TEMPLATES) - 1:
                    context ^= context >> FOLD
                context *= np.uint64(MULTIPLIERS[number])
                context >>= np.uint64(64 - TABLE_BITS[number])
            found[number] = context
            found[number] += TABLES[number]
        return found

    def add(self, first: int, end: int, bits: np.ndarray) -> None:
        """The pixels of rows `first` to `end`; rows that have ended go on with 0."""
        moving = self.last[max(first, 0) : end + ABOVE]
        moving <<= np.uint64(1)
        self.last[first + ABOVE : end + ABOVE] |= bits.astype(np.uint64)
