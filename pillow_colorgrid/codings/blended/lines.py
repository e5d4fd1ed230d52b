"""The order of pixels, and where their neighbours lie.

A picture is cut into *stripes* of rows, which see nothing of one another. The pixels (row y,
column x) of all stripes of equal ``t = x + 2 * y`` are a *line*: none of them is a neighbour of
another, so they are coded at once; more stripes make fewer and longer lines. Here a picture lies
*line by line*: pixel y of stripe s of line t at ``t * stride + y * stripes + s``, with room around.
So a neighbour is equally far from every pixel, and the pixels of a line are side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

AHEAD = 2
"""A row is so many columns ahead of the next one."""

Place = tuple[int, int]
"""Rows above, columns to the right."""

WEST: Place = (0, -1)

TAPS: tuple[Place, ...] = (
    *((0, -2), (0, -3), (0, -4)),
    *((1, -3), (1, -2), (1, -1), (1, 0), (1, 1)),
    *((2, -3), (2, -2), (2, -1), (2, 0), (2, 1), (2, 2)),
    *((3, -2), (3, -1), (3, 0), (3, 1), (3, 2)),
    *((4, -1), (4, 0), (4, 1)),
)
"""What a predictor sees beside WEST, from which it counts."""

ABOVE, LEFT, RIGHT = 4, 4, 2
"""Rows and columns around a picture that taps reach."""

BEFORE = AHEAD * ABOVE + LEFT
"""So many lines before the first are room."""


@dataclass(frozen=True)
class Line:
    """Pixels `first` to `end` of line `t`, counted row by row, of each row all stripes.

    `here` (slice) is where they lie; `row` is that of the first one.
    """

    t: int
    row: int
    first: int
    end: int
    here: slice

    @property
    def count(self) -> int:
        """How many pixels there are."""
        return self.end - self.first


class Lines:
    """A picture of `height` x `width` numbers in `stripes` stripes, line by line.

    The first stripes may have a row more than the last ones. A single column would have lines
    without a pixel: it must be a row.
    """

    def __init__(self, height: int, width: int, stripes: int = 1) -> None:
        self.height, self.width, self.stripes = height, width, stripes
        self.rows = -(-height // stripes)
        self.stride = height + ABOVE * stripes
        self.count = width + AHEAD * (self.rows - 1)
        self.size = (BEFORE + self.count + RIGHT) * self.stride
        # of pixels row by row, of each row all stripes: their rows in the picture; how far behind
        rows, which = np.divmod(np.arange(height), stripes)
        short = self.rows * stripes - height  # so many of the last stripes have a row less
        self._rows = which * self.rows - np.maximum(which - (stripes - short), 0) + rows
        self._ahead = AHEAD * rows

    def __iter__(self) -> Iterator[Line]:
        for t in range(self.count):
            row = max(0, -(-(t - self.width + 1) // AHEAD))
            rows = min(self.rows - 1, t // AHEAD) + 1
            first, end = row * self.stripes, min(rows * self.stripes, self.height)
            begin = self.place(row, t - AHEAD * row)
            yield Line(t, row, first, end, slice(begin, begin + end - first))

    def place(self, y: int, x: int) -> int:
        """Where a pixel of the first stripe lies, or room around."""
        return (BEFORE + x + AHEAD * y) * self.stride + (ABOVE + y) * self.stripes

    def offset(self, place: Place) -> int:
        """How much farther a neighbour lies."""
        above, right = place
        return (right - AHEAD * above) * self.stride - above * self.stripes

    def put(self, flat: np.ndarray, line: Line, numbers: np.ndarray) -> None:
        """The numbers of the pixels of a line are known now, and what follows from them around."""
        flat[line.here] = numbers
        if line.t - AHEAD * line.row == self.width - 1:  # right of it is what ends the row
            ends = numbers[: self.stripes]
            for right in range(1, RIGHT + 1):
                begin = line.here.start + right * self.stride
                flat[begin : begin + len(ends)] = ends
        last = (line.end - 1) // self.stripes
        if line.t == AHEAD * last:  # left of a row is what begins the one above
            begins = numbers[last * self.stripes - line.first :]
            begins = begins[: max(0, self.height - (last + 1) * self.stripes)]
            for left in range(1, LEFT + 1):
                begin = self.place(last + 1, -left)
                flat[begin : begin + len(begins)] = begins
        if line.row == 0:  # above the first row stands that row, a column later
            tops = numbers[: self.stripes]
            for above in range(1, ABOVE + 1):
                for right in range(1, RIGHT + 2):
                    begin = self.place(-above, line.t + right)
                    flat[begin : begin + len(tops)] = tops

    def begin(self, flat: np.ndarray, number: int) -> None:
        """What is around the first pixels."""
        for above in range(ABOVE + 1):
            for right in range(-LEFT, RIGHT + 1):
                if above or right < 0:
                    begin = self.place(-above, right)
                    flat[begin : begin + self.stripes] = number

    def lined(self, plane: np.ndarray, line: Line) -> np.ndarray:
        """The numbers (n,) of the pixels of a line; the inverse of `picture`."""
        some = slice(line.first, line.end)
        found: np.ndarray = plane[self._rows[some], line.t - self._ahead[some]]
        return found

    def picture(self, flat: np.ndarray) -> np.ndarray:
        """(height, width) out of all lines."""
        found = np.empty((self.height, self.width), flat.dtype)
        begins = self.place(0, 0) + np.arange(self.height) + self._ahead * self.stride
        found[self._rows] = flat.take(begins[:, None] + np.arange(self.width) * self.stride)
        return found
