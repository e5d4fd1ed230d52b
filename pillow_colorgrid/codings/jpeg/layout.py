"""In which order the coefficients of a picture are coded: groups of frequencies, steps of blocks.

Blocks are 8x8 coefficients in natural (row-major) order: index ``8 * vertical + horizontal``. The
AC coefficients of a plane are coded in *groups* along diagonals (vertical + horizontal frequency),
low ones first. The blocks of a group are coded in *steps* by their place in cells of 2x2 blocks, so
that later blocks know what their neighbours hold in the same group. DC coefficients come before all
others, by their own lattice (`dc_context`).
"""

from dataclasses import dataclass

import numpy as np

BLOCK = 8
"""Rows and columns of a block."""

FREQUENCIES = BLOCK * BLOCK

DIAGONAL = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)).reshape(-1)
"""(64,) vertical + horizontal frequency, 0..14."""

Phase = tuple[int, int]
"""Row and column of a block in its cell of 2x2 blocks."""

WHOLE: tuple[tuple[Phase, ...], ...] = ()
"""All blocks in one step."""

CHECKERBOARD: tuple[tuple[Phase, ...], ...] = (((0, 0), (1, 1)), ((0, 1), (1, 0)))
"""Two steps, each a colour of a checkerboard."""

LATTICE: tuple[tuple[Phase, ...], ...] = (((0, 0),), ((1, 1),), ((0, 1),), ((1, 0),))
"""Four steps of a quarter each."""


@dataclass(frozen=True)
class Group:
    """Frequencies of one component that are coded together.

    Attributes:
        component: index among the components of its plane set (colour: 0 Cb, 1 Cr).
        frequencies: (n,) natural indices.
        steps: which blocks follow which; `WHOLE`: all at once.
        flagged: a flag for each block says first that all of the group is zero there.
    """

    component: int
    frequencies: np.ndarray
    steps: tuple[tuple[Phase, ...], ...]
    flagged: bool

    @property
    def outputs(self) -> int:
        """Numbers that the head of this group gives for each block."""
        return OUTPUTS * len(self.frequencies) + self.flagged


OUTPUTS = 3
"""For each AC coefficient: mean, scale, and how likely it is zero beside that."""

DC_OUTPUTS = 5
"""For each DC coefficient: two means, two scales, and how the two are mixed."""


def _diagonals(low: int, high: int) -> np.ndarray:
    return np.flatnonzero((low <= DIAGONAL) & (high >= DIAGONAL))


LUMINANCE = tuple(
    Group(0, _diagonals(low, high), steps, flagged)
    for low, high, steps, flagged in (
        (1, 1, LATTICE, False),
        (2, 2, LATTICE, False),
        (3, 3, CHECKERBOARD, False),
        (4, 4, CHECKERBOARD, False),
        (5, 5, CHECKERBOARD, True),
        (6, 6, WHOLE, True),
        (7, 7, WHOLE, True),
        (8, 9, WHOLE, True),
        (10, 14, WHOLE, True),
    )
)

COLOR = tuple(
    Group(component, _diagonals(low, high), steps, flagged)
    for low, high, steps, flagged in (
        (1, 1, CHECKERBOARD, False),
        (2, 2, CHECKERBOARD, True),
        (3, 4, WHOLE, True),
        (5, 7, WHOLE, True),
        (8, 14, WHOLE, True),
    )
    for component in (0, 1)
)

GROUPS = {"luminance": LUMINANCE, "color": COLOR}

COMPONENTS = {"luminance": 1, "color": 2}
"""How many components a plane set codes together."""
