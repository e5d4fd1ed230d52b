"""What is around a pixel: its neighbours, two candidates, and the contexts that they make.

Numbers are 0 outside of a tile, from 1 on the ranks of values. The plane that is coded holds
*triples*: the number of a pixel and of the two left of it, so that eleven of them are all
neighbours.
"""

from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.indexed.tiling import Canvas, Tiling

TRIPLES = ((0, -1), (1, 1), (2, 1), (1, -2), (3, 1), (2, 3))
"""Where the triples around a pixel end: rows above, columns to the right."""

FARTHER = ((2, -2), (0, -4), (3, 4), (3, -2), (4, 1))
"""Those that only the largest context has."""

NUMBER_BITS = 9
"""A number has so many; the lowest ones of a triple are those of its last pixel."""

NUMBER_MASK, TRIPLE_MASK = 2**NUMBER_BITS - 1, 2 ** (3 * NUMBER_BITS) - 1

ALIKE = 1 + 2**NUMBER_BITS + 2 ** (2 * NUMBER_BITS)
"""A number times this is the triple of three alike."""

SEEN_PIXELS = (
    *((1, 1), (0, 0), (1, 0), (1, 2), (0, 1), (2, 1)),
    *((2, 0), (2, 2), (3, 0), (0, 2), (5, 1), (5, 0)),
)
"""Of which a context tells whether they are alike: in which triple, how many pixels before its
last. The first are the nearest neighbours N, W, NE, NW, WW, NN."""

NEAREST = 6
"""So many of them."""

N, W, NE, NW, WW, NN = range(6)

PAIRS = 3
"""Contexts of the first two neighbours, of four, of all six."""

NESTED = PAIRS + 2
"""So many contexts grow out of one another: those, all TRIPLES, and FARTHER, too."""

CONTEXTS = NESTED + 4
"""Those, which neighbours are alike, the column, the row, a number that is expected."""

OF_FEW = (0, 6, 7, 8)
"""The contexts of which there are not many different ones."""

OFFSET = 1024
"""Added to what may be below 0."""

GOLDEN = 0x9E3779B1
"""Numbers are hashed by its powers, modulo 2**32."""

ABOVE, LEFT, RIGHT = 4, 6, 4
"""Places around a tile that triples reach."""


def powers(first: int, count: int) -> np.ndarray:
    """(count, 1) uint32: powers of GOLDEN, the first one with the exponent `first`."""
    found = [pow(GOLDEN, exponent, 2**32) for exponent in range(first, first + count)]
    return np.array(found, np.uint32)[:, None]


_OF_NEAR = powers(1, NEAREST)
_OF_TRIPLES = powers(7, len(TRIPLES))
_OF_FARTHER = powers(13, len(FARTHER))
_GOLDEN = np.uint32(GOLDEN)
_SHIFTS = np.array([NUMBER_BITS * before for _, before in SEEN_PIXELS], np.int32)[:, None]
_WHICH = np.array([triple for triple, _ in SEEN_PIXELS])
_MASK, _ALIKE = np.int32(NUMBER_MASK), np.int32(ALIKE)
_THREES = 3 ** np.arange(len(SEEN_PIXELS) - 1, -1, -1, dtype=np.int32)[:, None]
_BEGINS = np.arange(0, NEAREST, 2)


@dataclass(frozen=True)
class Line:
    """Pixels that are coded at once.

    Attributes:
        places: (n,) in the canvas.
        last: (m,) indices of those in the last column of a tile.
        triples: (6, n) int32 around them.
        west: (n,) int32: the numbers left of them.
        flat: (n,) whether all of those triples are of that number.
    """

    places: np.ndarray
    last: np.ndarray
    triples: np.ndarray
    west: np.ndarray
    flat: np.ndarray


@dataclass(frozen=True)
class Around:
    """What is around some pixels of a line.

    Attributes:
        first, second: (n,) int32: the numbers of the two candidates; the second is 0 where there
            is none.
        contexts: (CONTEXTS, n) uint32, hashed.
    """

    first: np.ndarray
    second: np.ndarray
    contexts: np.ndarray


class Plane:
    """The triples of a picture.

    Attributes:
        flat: all of them, as they lie on `canvas`.
    """

    def __init__(self, tiling: Tiling) -> None:
        self.canvas = Canvas(tiling, ABOVE, LEFT, RIGHT)
        self.flat = np.zeros(self.canvas.size, np.int32)
        self.offsets, self.farther = (
            np.array([[columns - above * self.canvas.stride] for above, columns in triples])
            for triples in (TRIPLES, FARTHER)
        )

    def line(self, places: np.ndarray, last: np.ndarray) -> Line:
        """The one whose pixels these are."""
        triples = self.flat.take(self.offsets + places)
        west = triples[0] & _MASK
        flat = (triples == west * _ALIKE).all(0)
        flat &= west > 0
        return Line(places, last, triples, west, flat)

    def around(self, line: Line, which: np.ndarray) -> Around:
        """Of the pixels `which` (indices)."""
        triples = line.triples.take(which, axis=1)
        farther = self.flat.take(self.farther + line.places.take(which))
        seen = (triples.take(_WHICH, axis=0) >> _SHIFTS) & _MASK
        first, second = _candidates(seen[:NEAREST])
        return Around(first, second, _contexts(triples, farther, seen, first, second))

    def put(self, line: Line, numbers: np.ndarray) -> None:
        """The numbers (n,) of the pixels of a line are known now."""
        triples = (line.triples[0] << NUMBER_BITS) & TRIPLE_MASK
        triples |= numbers
        self.flat[line.places] = triples
        if len(line.last):
            places, triples = line.places.take(line.last), triples.take(line.last)
            for behind in (1, 2):  # outside, but these begin inside
                triples = (triples << NUMBER_BITS) & TRIPLE_MASK
                self.flat[places + behind] = triples

    def numbers(self) -> np.ndarray:
        """(height, width) int32 of the picture."""
        return self.canvas.gathered(self.flat & _MASK)


def _candidates(near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What continues an edge; the next other number around."""
    north, west = near[N], near[W]
    edge = west == near[NW]
    edge &= north != west
    first = np.where(edge, north, west)
    others = near != first
    count = near.shape[1]
    second = near.reshape(-1).take(others.argmax(0) * count + np.arange(count))
    second[second == first] = 0
    return first, second


def _contexts(
    triples: np.ndarray,
    farther: np.ndarray,
    seen: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> np.ndarray:
    """-> (CONTEXTS, n)."""
    near = seen[:NEAREST]
    found = np.empty((CONTEXTS, near.shape[1]), np.uint32)
    hashed = near.view(np.uint32) * _OF_NEAR
    np.cumsum(np.add.reduceat(hashed, _BEGINS, axis=0), axis=0, out=found[:PAIRS])
    np.add.reduce(triples.view(np.uint32) * _OF_TRIPLES, 0, out=found[PAIRS])
    np.add.reduce(farther.view(np.uint32) * _OF_FARTHER, 0, out=found[PAIRS + 1])
    found[PAIRS + 1] += found[PAIRS]
    others = seen != first
    neither = others & (seen != second)
    rest = found[NESTED:].view(np.int32)
    np.add.reduce(_THREES * (others.view(np.int8) + neither.view(np.int8)), 0, out=rest[0])
    rest[1:3] = (near[[N, W]] << NUMBER_BITS) + near[[NN, WW]]
    rest[3] = 2 * near[W] + near[NE] - near[NW] + OFFSET
    found[NESTED:] *= _GOLDEN
    return found
