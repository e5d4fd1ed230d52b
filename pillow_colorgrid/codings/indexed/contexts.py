"""What is around a pixel: its neighbours, two candidates, and the contexts that they make.

Pixels are coded along slanted lines (`lines`), so that all of a line are known at once to be coded
next, and have all of their neighbours. The plane that is coded holds numbers: 0 outside of the
picture, from 1 on the ranks of values.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

AHEAD = 2
"""A row is so many pixels behind the one above it."""

GROUPS = (
    ((0, -1), (1, 0)),
    ((1, -1), (1, 1)),
    ((0, -2), (2, 0)),
    ((2, 1), (2, -1), (1, -2)),
    ((0, -3), (2, 2), (2, -2), (3, 0), (3, 1), (3, -1)),
    (
        *((0, -4), (0, -5), (0, -6), (1, -3), (1, -4), (1, -5), (2, -3), (2, -4)),
        *((2, 3), (3, 2), (3, -2), (3, 3), (3, -3), (4, 0), (4, 1), (4, -1)),
    ),
)
"""Neighbours as rows above and columns to the right; each context has those of one group more."""

NEIGHBOURS = tuple(place for group in GROUPS for place in group)

NESTED = len(GROUPS)
"""So many contexts grow out of one another; the last one has all neighbours."""

W, N, NW, NE, WW, NN = range(6)
"""The first of the neighbours."""

ALIKE = 14
"""Of so many neighbours a context tells which of them are the candidates."""

CONTEXTS = NESTED + 6
"""Those, three numbers that are expected, which neighbours are alike, the column and the row."""

STEEP = 8
"""Slopes are cut to it."""

OFFSET = 1024
"""Added to what may be below 0."""

GOLDEN = 0x9E3779B97F4A7C15
"""Numbers are hashed by its powers, modulo 2**64."""

LEFT, RIGHT, ABOVE = 6, 3, 4
"""Pixels around the picture that neighbours reach."""


def powers(count: int) -> np.ndarray:
    """(count, 1) uint64: the first, second, ... power of GOLDEN."""
    found = [pow(GOLDEN, exponent, 2**64) for exponent in range(1, count + 1)]
    return np.array(found, np.uint64)[:, None]


_BEGINS = np.cumsum([0, *map(len, GROUPS[:-1])])
_POWERS = powers(len(NEIGHBOURS))
_THREES = 3 ** np.arange(ALIKE - 1, -1, -1, dtype=np.uint64)[:, None]
_GOLDEN = np.uint64(GOLDEN)


def lines(height: int, width: int) -> Iterator[tuple[int, int, int]]:
    """The first row of each line, the row behind its last, and the column in row 0.

    The pixel in row y of the line that begins at column t is in column t - AHEAD * y.
    """
    for start in range(width + AHEAD * (height - 1)):
        first, end = max(0, -(-(start - width + 1) // AHEAD)), min(height - 1, start // AHEAD) + 1
        if first < end:
            yield first, end, start


@dataclass(frozen=True)
class Around:
    """What is around the pixels of a line.

    Attributes:
        places: (n,) in `Plane.flat`.
        first, second: (n,) the numbers of the two candidates; the second is 0 where there is none.
        contexts: (CONTEXTS, n) uint64, hashed.
    """

    places: np.ndarray
    first: np.ndarray
    second: np.ndarray
    contexts: np.ndarray


class Plane:
    """The numbers of a picture, with zeros around.

    Attributes:
        flat: all of them, row by row.
    """

    def __init__(self, height: int, width: int) -> None:
        self.all = np.zeros((ABOVE + height, LEFT + width + RIGHT), np.int64)
        self.inside = self.all[ABOVE:, LEFT : LEFT + width]
        self.flat = self.all.reshape(-1)
        self.stride = self.all.shape[1]
        offsets = [columns - above * self.stride for above, columns in NEIGHBOURS]
        self.offsets = np.array(offsets)[:, None]

    def around(self, first_row: int, end_row: int, start: int) -> Around:
        """Of the line that `lines` gives so."""
        begin = (ABOVE + first_row) * self.stride + LEFT + start - AHEAD * first_row
        step = self.stride - AHEAD
        places = np.arange(begin, begin + (end_row - first_row) * step, step)
        near = self.flat.take(self.offsets + places)
        first, second = _candidates(near)
        return Around(places, first, second, _contexts(near, first, second))


def _candidates(near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two likeliest numbers: what continues an edge; the next other one around."""
    edge = (near[W] == near[NW]) & (near[N] != near[NW])
    first = np.where(edge, near[N], near[W])
    second = np.zeros_like(first)
    for neighbour in (NN, WW, NW, NE, W, N):
        np.copyto(second, near[neighbour], where=near[neighbour] != first)
    return first, second


def _contexts(near: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(neighbours, n) numbers -> (CONTEXTS, n)."""
    found = np.empty((CONTEXTS, near.shape[1]), np.uint64)
    hashed = near.view(np.uint64) * _POWERS
    np.cumsum(np.add.reduceat(hashed, _BEGINS, axis=0), axis=0, out=found[:NESTED])
    west, north, alike = near[W], near[N], near[:ALIKE]
    others = alike != first
    other = others.view(np.uint8) + (others & (alike != second)).view(np.uint8)
    flow = near[NE] - near[NW]
    edge = west + north - near[NW]
    np.maximum(edge, np.minimum(west, north), out=edge)
    np.minimum(edge, np.maximum(west, north), out=edge)
    slope = np.minimum(np.maximum(near[NE] - north, -STEEP), STEEP)
    found[NESTED] = edge * 1000 + slope + STEEP
    found[NESTED + 1] = np.add.reduce(other * _THREES, 0)
    found[NESTED + 2] = north * 256 + near[NN]
    found[NESTED + 3] = west * 256 + near[WW]
    found[NESTED + 4] = (4 * (west + north) + flow - 2 * near[NN] + 3) // 6 + OFFSET
    found[NESTED + 5] = 2 * west + flow + OFFSET
    found[NESTED:] *= _GOLDEN
    return found
