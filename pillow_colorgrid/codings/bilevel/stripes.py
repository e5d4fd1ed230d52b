"""Stripes of a page, and the order in which their pixels are coded: along slanted lines.

All pixels of a line are known at once to be coded next, those of all stripes together; so more
stripes make fewer and longer lines, which take less time. A stripe sees nothing of the others, but
counts and weights are learned of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

AHEAD = 3
"""A row is so many pixels behind the one above it."""

MOST_LINE = 2**14
"""Counts hold as many new bits as a line of so many pixels may have."""


@dataclass(frozen=True)
class Line:
    """Pixels that are coded at once: of each of the rows `first` to `end` of all stripes one.

    Attributes:
        places: (n,) where they are, rows one after the other, of each row all stripes.
    """

    first: int
    end: int
    places: np.ndarray


class Stripes:
    """A page in `count` stripes of equally many rows; the last one has room for what is left."""

    def __init__(self, height: int, width: int, count: int) -> None:
        self.height, self.width, self.count = height, width, count
        self.rows = -(-height // count)
        rows = np.arange(self.rows)[:, None]
        self._begins = (rows * count + np.arange(count)) * width - AHEAD * rows

    def longest_line(self) -> int:
        """No line of all stripes together has more pixels."""
        return self.count * min(self.rows, -(-self.width // AHEAD))

    def __iter__(self) -> Iterator[Line]:
        """All lines; of narrow pages some have no pixels."""
        for t in range(self.width + AHEAD * (self.rows - 1)):
            first = max(0, -(-(t - self.width + 1) // AHEAD))
            end = max(first, min(self.rows - 1, t // AHEAD) + 1)
            yield Line(first, end, (self._begins[first:end] + t).reshape(-1))

    def spread(self, page: np.ndarray) -> np.ndarray:
        """(height, width) -> flat, by row, stripe and column; 0 where there is room."""
        whole = np.zeros((self.count * self.rows, self.width), page.dtype)
        whole[: self.height] = page
        apart = whole.reshape(self.count, self.rows, self.width)
        return apart.transpose(1, 0, 2).reshape(-1)

    def gathered(self, flat: np.ndarray) -> np.ndarray:
        """The inverse."""
        apart = flat.reshape(self.rows, self.count, self.width)
        return apart.transpose(1, 0, 2).reshape(-1, self.width)[: self.height]
