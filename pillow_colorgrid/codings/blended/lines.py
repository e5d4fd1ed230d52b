"""The order of pixels, and where their neighbours lie.

The pixels (row y, column x) of equal ``t = x + 3 * y`` are a *line*: none of them is a neighbour of
another, so they are coded at once. Here a picture lies *line by line*: pixel y of line t at ``t *
stride + y``, with room around. So a neighbour is equally far from every pixel, and the pixels of a
line are side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

AHEAD = 3
"""A row is so many columns ahead of the next one."""

Place = tuple[int, int]
"""Rows above, columns to the right."""

WEST: Place = (0, -1)

TAPS: tuple[Place, ...] = (
    *((0, -2), (0, -3), (0, -4)),
    *((1, -3), (1, -2), (1, -1), (1, 0), (1, 1), (1, 2)),
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
    """Pixels `first` to `end` (rows) of line `t`; `here` (slice) is where they lie."""

    t: int
    first: int
    end: int
    here: slice

    @property
    def count(self) -> int:
        """How many pixels there are."""
        return self.end - self.first


class Lines:
    """A picture of `height` x `width` numbers, line by line."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.stride = height + ABOVE
        self.count = width + AHEAD * (height - 1)
        self.size = (BEFORE + self.count + RIGHT) * self.stride

    def __iter__(self) -> Iterator[Line]:
        for t in range(self.count):
            first = max(0, -(-(t - self.width + 1) // AHEAD))
            end = min(self.height - 1, t // AHEAD) + 1
            if first < end:  # a narrow picture has lines without a pixel
                begin = self.place(first, t - AHEAD * first)
                yield Line(t, first, end, slice(begin, begin + end - first))

    def place(self, y: int, x: int) -> int:
        """Where a pixel lies, or room around."""
        return (BEFORE + x + AHEAD * y) * self.stride + ABOVE + y

    def offset(self, place: Place) -> int:
        """How much farther a neighbour lies."""
        above, right = place
        return (right - AHEAD * above) * self.stride - above

    def put(self, flat: np.ndarray, line: Line, numbers: np.ndarray) -> None:
        """The numbers of the pixels of a line are known now, and what follows from them around."""
        flat[line.here] = numbers
        x = line.t - AHEAD * line.first
        if x == self.width - 1:  # right of the picture is what ends the row
            for right in range(1, RIGHT + 1):
                flat[line.here.start + right * self.stride] = numbers[0]
        last = line.end - 1
        # left of a row is what begins the one above
        if line.t == AHEAD * last and last + 1 < self.height:
            for left in range(1, LEFT + 1):
                flat[self.place(last + 1, -left)] = numbers[-1]
        if line.first == 0:  # above the first row stands that row, a column later
            for above in range(1, ABOVE + 1):
                for right in range(1, RIGHT + 2):
                    flat[self.place(-above, line.t + right)] = numbers[0]

    def begin(self, flat: np.ndarray, number: int) -> None:
        """What is around the first pixel."""
        for above in range(ABOVE + 1):
            for right in range(-LEFT, RIGHT + 1):
                if above or right < 0:
                    flat[self.place(-above, right)] = number

    def picture(self, flat: np.ndarray) -> np.ndarray:
        """(height, width) out of all lines."""
        rows = np.arange(self.height)[:, None]
        begins = self.place(0, 0) + rows * (AHEAD * self.stride + 1)
        return flat.take(begins + np.arange(self.width) * self.stride)
