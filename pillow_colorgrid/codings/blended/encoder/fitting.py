"""Find linear predictors, each of which suits some of the pixels. Encoder only.

First one for all. Then pixels are sorted by how wrong it is around them, and each part gets a
predictor of its own; a few times, pixels go to the predictor that is best around them, and
predictors are fitted to their pixels again.
"""

import numpy as np

from pillow_colorgrid.codings.blended.lines import ABOVE, LEFT, RIGHT, TAPS, WEST, Place
from pillow_colorgrid.codings.blended.prediction import FINE

SAMPLE_PIXELS, BAND = 2**17, 32
"""Of larger pictures bands of so many rows are looked at, about so many pixels in all."""

PIXELS_EACH, MOST = 2**14, 11
"""A predictor of its own for so many pixels that are not flat, up to so many."""

ROUNDS = 3
"""How often pixels are sorted again."""

REACH = 2
"""A predictor is good at a pixel where it is good so many rows and columns around."""

STEPS = 2
"""How often a fit is corrected: towards least errors, not least squares."""

SMOOTH = 0.5
"""Errors that are smaller, in steps, weigh no more."""

RIDGE = 1e-6
"""Keeps coefficients small where neighbours say the same: a part of the mean square."""

LIMIT = 2**15 - 1
"""Of coefficients in files, which have 16 bits."""


def predictors(plane: np.ndarray) -> np.ndarray:
    """(h, w) int32 -> (predictors, len(TAPS)) int16."""
    seen, wanted = _sample(plane)
    found = _found(seen, wanted, plane.size / wanted.size)
    if found is None:
        return np.zeros((1, len(TAPS)), np.int16)
    rounded: np.ndarray = np.rint(found * FINE).clip(-LIMIT, LIMIT).astype(np.int16)
    return rounded


def _sample(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What TAPS and the pixel are above WEST: (taps, rows, columns), (rows, columns) float32."""
    height, width = plane.shape
    around = np.pad(plane, ((ABOVE, 0), (LEFT, RIGHT)), mode="edge").astype(np.float32)
    bands = max(1, SAMPLE_PIXELS // (BAND * width))
    if bands * BAND < height:
        tops = np.linspace(0, height - BAND, bands).astype(int)
        rows = (tops[:, None] + np.arange(BAND)).reshape(-1)
    else:
        rows = np.arange(height)

    def at(place: Place) -> np.ndarray:
        left = LEFT + place[1]
        return around[ABOVE - place[0] + rows, left : left + width]

    west = at(WEST)
    return np.stack([at(place) - west for place in TAPS]), at((0, 0)) - west


def _found(seen: np.ndarray, wanted: np.ndarray, share: float) -> np.ndarray | None:
    """(predictors, taps): of pixels of which there are `share` times as many in the picture.

    None where there are too few.
    """
    shape = wanted.shape
    seen, wanted = seen.reshape(len(seen), -1), wanted.reshape(-1)
    told = np.flatnonzero((seen != 0).any(0) | (wanted != 0))
    seen_told, wanted_told = seen[:, told], wanted[told]

    def wrong(one: np.ndarray) -> np.ndarray:
        return _around(np.abs(wanted - one @ seen).reshape(shape)).reshape(-1)[told]

    first = _fitted(seen_told, wanted_told)
    if first is None:
        return None
    count = min(MOST, int(len(told) * share / PIXELS_EACH))
    if count < 2:
        return first[None]
    errors = wrong(first)
    edges = np.quantile(errors, np.linspace(0, 1, count + 1)[1:-1])
    best, own = np.searchsorted(edges, errors), [first] * count
    for turn in range(ROUNDS + 1):
        if turn:
            best = np.argmin([wrong(one) for one in own], axis=0)
        for number in range(count):
            mine = np.flatnonzero(best == number)
            fitted = _fitted(seen_told[:, mine], wanted_told[mine])
            own[number] = own[number] if fitted is None else fitted
    return np.stack([first, *own])


def _fitted(seen: np.ndarray, wanted: np.ndarray) -> np.ndarray | None:
    """(taps, n), (n,) -> (taps,) float32; None where there are too few."""
    taps, count = seen.shape
    if count < 2 * taps:
        return None
    # Sums in float32 are wrong by as much as RIDGE adds: of a gradient they say what the machine's
    # matrix product makes of them.
    seen, wanted = seen.astype(np.float64), wanted.astype(np.float64)
    weights, found = np.ones(count), np.zeros(taps)
    for step in range(STEPS + 1):
        if step:
            weights = 1 / (np.abs(wanted - found @ seen) + SMOOTH)
        weighted = seen * weights
        matrix = weighted @ seen.T
        matrix[np.diag_indices(taps)] += RIDGE * (np.trace(matrix) / taps + 1)
        found = np.linalg.solve(matrix, weighted @ wanted)
    return found.astype(np.float32)


def _around(errors: np.ndarray) -> np.ndarray:
    """(h, w): sums over squares of 2 * REACH + 1."""
    size = 2 * REACH + 1
    for axis in range(2):
        margins = [(REACH + 1, REACH) if one == axis else (0, 0) for one in range(2)]
        sums = np.cumsum(np.pad(errors, margins), axis=axis, dtype=np.float64)
        length = errors.shape[axis]
        errors = sums.take(range(size, size + length), axis) - sums.take(range(length), axis)
    return errors
