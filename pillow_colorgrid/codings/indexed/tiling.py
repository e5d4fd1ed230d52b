"""Tiles of a picture, and the order in which their pixels are coded: along slanted lines.

All pixels of a line are coded at once, those of all tiles together; so more tiles make fewer and
longer lines, which take less time. A tile knows nothing of the others but what is learned of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

AHEAD = 2
"""A row is so many pixels behind the one above it."""

LEAST_SIDE = 64
"""Of tiles whose size a file tells."""

MOST_LINE = 2**14
"""Counts hold as many new decisions as a line of so many pixels may make."""


@dataclass(frozen=True)
class Tiling:
    """A picture in tiles of at most so many rows and columns."""

    height: int
    width: int
    rows: int
    columns: int

    def longest_line(self) -> int:
        """No line of all tiles together has more pixels."""
        rows, columns = min(self.rows, self.height), min(self.columns, self.width)
        count = -(-self.height // self.rows) * -(-self.width // self.columns)
        return count * min(rows, -(-columns // AHEAD))

    def tiles(self) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of each, row by row."""
        for top in range(0, self.height, self.rows):
            for left in range(0, self.width, self.columns):
                yield (
                    slice(top, min(top + self.rows, self.height)),
                    slice(left, min(left + self.columns, self.width)),
                )


def whole(height: int, width: int) -> Tiling:
    """A picture that is one tile."""
    return Tiling(height, width, height, width)


class Canvas:
    """All tiles of a picture, one below the other, with room around each.

    Args:
        above, left, right: how many rows or columns of room.

    Attributes:
        stride: the width of all.
        size: how many places there are.
        places: (n,) int64: those of the pixels, in the order in which they are coded.
        last: (n,) whether they are in the last column of a tile.
        ends: (lines,) where each line ends in that order.
    """

    def __init__(self, tiling: Tiling, above: int, left: int, right: int) -> None:
        self.tiling, self.left = tiling, left
        self.stride = left + min(tiling.columns, tiling.width) + right
        self.tops: list[int] = []
        places, last, times, top = [], [], [], above
        for rows, columns in tiling.tiles():
            self.tops.append(top)
            y = np.arange(rows.stop - rows.start, dtype=np.int32)[:, None]
            x = np.arange(columns.stop - columns.start, dtype=np.int32)
            places.append(((top + y) * self.stride + left + x).reshape(-1))
            last.append(np.tile(x == x[-1], len(y)))
            times.append((x + AHEAD * y).reshape(-1))
            top += len(y) + above
        self.size = top * self.stride
        time = np.concatenate(times)
        by_time = time.argsort(kind="stable")
        self.places = np.concatenate(places).take(by_time).astype(np.int64)
        self.last = np.concatenate(last).take(by_time)
        counts = np.bincount(time)
        self.ends = np.cumsum(counts[counts > 0]).tolist()

    def lines(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The pixels of each line, by tiles, and by rows in each: places; which are the last."""
        begin = 0
        for end in self.ends:
            yield self.places[begin:end], self.last[begin:end].nonzero()[0]
            begin = end

    def spread(self, picture: np.ndarray) -> np.ndarray:
        """(height, width) -> (size,) with 0 around the tiles."""
        found = np.zeros(self.size, picture.dtype)
        for (rows, columns), tile in zip(self.tiling.tiles(), self._inside(found), strict=True):
            tile[...] = picture[rows, columns]
        return found

    def gathered(self, flat: np.ndarray) -> np.ndarray:
        """The inverse: (size,) -> (height, width)."""
        found = np.empty((self.tiling.height, self.tiling.width), flat.dtype)
        for (rows, columns), tile in zip(self.tiling.tiles(), self._inside(flat), strict=True):
            found[rows, columns] = tile
        return found

    def _inside(self, flat: np.ndarray) -> Iterator[np.ndarray]:
        """The tiles of what has room around them: views."""
        rows_of = flat.reshape(-1, self.stride)
        for top, (rows, columns) in zip(self.tops, self.tiling.tiles(), strict=True):
            right = self.left + columns.stop - columns.start
            yield rows_of[top : top + rows.stop - rows.start, self.left : right]
