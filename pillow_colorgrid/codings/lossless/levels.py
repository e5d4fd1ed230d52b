"""The colour grid: a plane as levels, apart and together again.

Level n keeps every n-th pixel of every n-th row. Halving n refines the grid: each *cell*, one known
pixel at its upper left corner, gains three more::

    known     right        (0, 0)  (0, 1)
    below     diagonal     (1, 0)  (1, 1)

The diagonal pixel comes first; then each of the other two has four known direct neighbours.
A plane may have any size: cells at the right and lower edge may lack pixels.
"""

from collections.abc import Iterator

import numpy as np

Place = tuple[int, int]
"""A place (row, column) of a cell."""

KNOWN, RIGHT, BELOW, DIAGONAL = (0, 0), (0, 1), (1, 0), (1, 1)
"""The four places of a cell."""

COARSEST_INTERVAL = 64
"""The first level keeps every 64th pixel."""

PASSES = ((DIAGONAL,), (RIGHT, BELOW))
"""What each of the two passes over the cells of a level adds, given all before it."""

PASS_NAMES = ("diagonal", "cross")


def intervals() -> Iterator[int]:
    """The grid intervals after each refinement: 32, 16, 8, 4, 2, 1."""
    interval = COARSEST_INTERVAL
    while interval > 1:
        interval //= 2
        yield interval


def level(plane: np.ndarray, interval: int) -> np.ndarray:
    """The pixels of (..., H, W) `plane` on the grid of `interval`, as a view."""
    return plane[..., ::interval, ::interval]


def place(plane: np.ndarray, at: Place) -> np.ndarray:
    """The pixels of (..., H, W) `plane` at one place of their cells, as a view (may be empty)."""
    return plane[..., at[0] :: 2, at[1] :: 2]


Where = tuple[slice, slice] | tuple[np.ndarray, np.ndarray]
"""Pixels of a plane: rows and columns, of a grid or (n,) of each of them."""


def where(interval: int, at: Place) -> tuple[slice, slice]:
    """Where in a plane the pixels lie at one place of the cells of the level of `interval`."""
    return slice(at[0] * interval, None, 2 * interval), slice(at[1] * interval, None, 2 * interval)


def cells(height: int, width: int) -> tuple[int, int]:
    """The number of rows and columns of cells that cover (height, width) pixels."""
    return (height + 1) // 2, (width + 1) // 2
