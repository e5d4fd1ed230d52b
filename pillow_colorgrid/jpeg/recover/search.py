"""Blocks that do not quite render to the pixels: other coefficients are tried for them.

A coefficient that lay near the middle between two multiples of its step may have been rounded to
the wrong one. The likeliest of a block, and pairs of them, go the other way, and what makes fewer
pixels wrong is kept.
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float32]
Quantised = npt.NDArray[np.int16]
Places = npt.NDArray[np.int64]

Wrongness = Callable[[Places, Quantised], npt.NDArray[np.float32]]
"""Numbers of blocks (n,), and coefficients for them (n, 64) -> how wrong each then is."""

DOUBTFUL = 8
"""Coefficients of a block that may go the other way, one or two at once."""


def improve(
    real: Real, quantised: Quantised, steps: Real, wrongness: Wrongness, todo: Places
) -> None:
    """Change `quantised` (n, 64) at the blocks `todo` where others render better.

    Args:
        real: (n, 64) coefficients by the pixels, not quantised.
        steps: (64,).
    """
    if not todo.size:
        return
    start = quantised[todo].copy()
    away = real[todo] / steps - start
    # how far, in units of a coefficient, the middle between both multiples is
    doubt = (np.float32(0.5) - np.abs(away)) * steps
    order = np.argpartition(doubt, DOUBTFUL, axis=1)[:, :DOUBTFUL]
    toward = np.where(np.take_along_axis(away, order, 1) > 0, 1, -1).astype(np.int16)
    best, least = start.copy(), wrongness(todo, start)
    rows = np.arange(len(todo))
    choices = [*combinations(range(DOUBTFUL), 1), *combinations(range(DOUBTFUL), 2)]
    for choice in choices:
        open_rows = rows[least > 0]
        if not open_rows.size:
            break
        tried = start[open_rows].copy()
        for k in choice:
            tried[np.arange(len(open_rows)), order[open_rows, k]] += toward[open_rows, k]
        found = wrongness(todo[open_rows], tried)
        better = found < least[open_rows]
        at = open_rows[better]
        best[at], least[at] = tried[better], found[better]
    quantised[todo] = best
