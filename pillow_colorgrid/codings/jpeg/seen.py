"""What networks see of a group while it is coded step by step: of each block, and of those around.

The bytes of `features.of_coefficients`, with a border of blocks that are not there, so that the
neighbours of every second block are a slice.
"""

import numpy as np

from pillow_colorgrid.codings.jpeg.features import AROUND, FEATURES, ONE, ZERO
from pillow_colorgrid.codings.jpeg.layout import Phase


class Seen:
    """The bytes of one group of frequencies in a strip.

    Args:
        frequencies: how many the group has.
        shape: rows and columns of blocks.
    """

    def __init__(self, frequencies: int, shape: tuple[int, int]) -> None:
        rows, columns = shape
        self.shape = shape
        self._bytes = np.full((FEATURES * frequencies, rows + 2, columns + 2), ZERO, np.uint8)
        self._coded = np.full((rows + 2, columns + 2), ZERO, np.uint8)
        self._phases: list[Phase] = []

    @property
    def whole(self) -> np.ndarray:
        """(3n, rows, columns) uint8."""
        return self._bytes[:, 1:-1, 1:-1]

    def put(self, phase: Phase, seen: np.ndarray) -> None:
        """The blocks at a phase are coded: (3n, rows, columns)."""
        here = (..., slice(1 + phase[0], -1, 2), slice(1 + phase[1], -1, 2))
        self._bytes[here] = seen
        self._coded[here] = ONE
        self._phases.append(phase)

    def around(self, phase: Phase) -> np.ndarray:
        """What the neighbours of the blocks at a phase hold, where they are coded.

        Returns:
            (8 * (3n + 1), rows, columns) uint8: all bytes of the first neighbour, those of the
            second and so on; then for each neighbour ONE where it is coded, else ZERO.
        """
        size = len(self._bytes)
        rows, columns = (
            len(range(first, n, 2)) for first, n in zip(phase, self.shape, strict=True)
        )
        held = np.full((len(AROUND) * (size + 1), rows, columns), ZERO, np.uint8)
        for number, (down, across) in enumerate(AROUND):
            top, left = 1 + phase[0] + down, 1 + phase[1] + across
            if ((top - 1) % 2, (left - 1) % 2) in self._phases:
                there = (..., slice(top, top + 2 * rows, 2), slice(left, left + 2 * columns, 2))
                held[number * size : (number + 1) * size] = self._bytes[there]
                held[len(AROUND) * size + number] = self._coded[there]
        return held
