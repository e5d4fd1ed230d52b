"""Soft shadows that lie on gradients: blocks that are told from the gradient under them.

A renderer lays a shadow over what it has drawn, so the gradient's pattern is seen through it. What
is left without it is smooth.
"""

from dataclasses import replace

import numpy as np

from pillow_colorgrid.codings.stored.gradients import SHADED_EDGE, Gradients
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.pixels import Bytes

SHADED_STEPS, SHADED_EXACT = 0.85, 1 / 4
"""Blocks are told from a gradient where the steps between their pixels become so much smaller.
Where more pixels than this share are what a gradient tells, something else stands on it: words."""

LEAST_NEIGHBOURS, SHADED_SHARE = 3, 1 / 200
"""Of the eight blocks around; of all blocks. Fewer are so by chance, or not worth it."""


def told(
    pixels: Bytes, marked: Bytes, gradients: Gradients, places: list[Tile], taken: np.ndarray
) -> tuple[Gradients, Bytes] | None:
    """Gradients with shaded blocks, and the picture with these; None: there are too few.

    Args:
        pixels, marked: (H, W, C) uint8, without and with markers.
        places: where each of the gradients may be.
        taken: (H, W) bool, the pixels that are markers.
    """
    bounds = SHADED_STEPS * _steps(marked)
    bounds[summed(taken, SHADED_EDGE) > SHADED_EXACT * SHADED_EDGE**2] = 0
    shaded = np.zeros(bounds.shape, np.uint8)
    for number, place in enumerate(places, 1):
        above = _above(pixels, gradients, number - 1, place)
        steps = _steps(above)
        rows, columns = (
            slice(part.start // SHADED_EDGE, part.start // SHADED_EDGE + count)
            for part, count in zip(place.place, steps.shape, strict=True)
        )
        outside = np.logical_or(above < 0, above > 255).max(axis=2)
        here = (summed(outside, SHADED_EDGE) == 0) & (steps < bounds[rows, columns])
        here &= _neighbours(here) >= LEAST_NEIGHBOURS
        shaded[rows, columns][here] = number
        bounds[rows, columns][here] = steps[here]
    if np.count_nonzero(shaded) < SHADED_SHARE * shaded.size:
        return None
    found = marked.copy()
    wide = shaded.repeat(SHADED_EDGE, 0).repeat(SHADED_EDGE, 1)
    for number, place in enumerate(places, 1):
        here = wide[place.place][: place.height, : place.width] == number
        found[place.place][here] = _above(pixels, gradients, number - 1, place)[here]
    return replace(gradients, shaded=shaded), found


def _above(pixels: Bytes, gradients: Gradients, number: int, place: Tile) -> np.ndarray:
    """(h, w, C) int16: the marker, and what pixels are above a gradient."""
    told = gradients.told(number, place).astype(np.int16)
    marker = np.array(gradients.found[number].marker, np.int16)
    found: np.ndarray = pixels[place.place] - told + marker
    return found


def _neighbours(here: np.ndarray) -> np.ndarray:
    """How many of the eight around each of (h, w) bool are set."""
    padded = np.pad(here, 1).astype(np.int8)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    count: np.ndarray = windows.sum(axis=(2, 3)) - here
    return count


def _steps(pixels: np.ndarray) -> np.ndarray:
    """(rows, columns) of blocks: the sum of all steps between neighbours in (H, W, C)."""
    wide = pixels.astype(np.int16)
    steps = np.zeros(wide.shape[:2], np.int64)
    steps[:, 1:] += np.abs(np.diff(wide, axis=1)).sum(axis=2, dtype=np.int64)
    steps[1:] += np.abs(np.diff(wide, axis=0)).sum(axis=2, dtype=np.int64)
    return summed(steps, SHADED_EDGE)


def summed(values: np.ndarray, edge: int) -> np.ndarray:
    """(H, W) -> sums of blocks."""
    rows, columns = (np.arange(0, side, edge) for side in values.shape)
    sums: np.ndarray = np.add.reduceat(
        np.add.reduceat(values, rows, 0, dtype=np.int64), columns, 1, dtype=np.int64
    )
    return sums
