"""The planes of a gradient, to the last bit of the colours that it tells. Encoder only."""

import numpy as np

from pillow_colorgrid.codings.stored.encoder.gradient_blocks import BLOCK, Slope
from pillow_colorgrid.codings.stored.gradients import (
    PATTERN,
    STEP_BITS,
    Plane,
    Runs,
    places_of,
)
from pillow_colorgrid.pixels import Bytes

SAMPLE_PIXELS = 1 << 15
"""So many tell its planes."""

ROUNDS = 40
"""In each what is told wrongly moves the plane; values that are off by more than OUTLIER do not."""

OUTLIER = 0.75


def planes(
    pixels: Bytes, slope: Slope, dithered: bool, of_columns: Runs, of_rows: Runs
) -> tuple[Plane, ...]:
    """The planes of a gradient's channels that tell most pixels of its blocks exactly.

    A pixel v at which the pattern is p says that v - p / 64 <= plane < v - p / 64 + 1.
    """
    inside = np.argwhere(slope.members) * BLOCK
    every = max(1, len(inside) * BLOCK**2 // SAMPLE_PIXELS)
    numbers = np.arange(0, len(inside) * BLOCK**2, every)
    rows, columns = (
        inside[numbers // BLOCK**2, axis] + part
        for axis, part in enumerate(np.divmod(numbers % BLOCK**2, BLOCK))
    )
    added = _added(rows, columns, dithered, of_columns, of_rows) / 64
    middle = np.array([rows.mean(), columns.mean()])
    size = np.maximum(1.0, np.array([rows.std(), columns.std()]))
    places = np.stack(
        [np.ones(len(rows)), (columns - middle[1]) / size[1], (rows - middle[0]) / size[0]]
    )
    found = []
    for channel in range(pixels.shape[2]):
        lowest = pixels[rows, columns, channel] - added
        start, right, down = _solved(places, lowest)
        right, down = right / size[1], down / size[0]
        start -= right * middle[1] + down * middle[0]
        found.append(Plane(*(round(float(x) * 2**STEP_BITS) for x in (start, right, down))))
    return tuple(found)


def _added(
    rows: np.ndarray, columns: np.ndarray, dithered: bool, of_columns: Runs, of_rows: Runs
) -> np.ndarray:
    """The pattern at some places, 0..63."""
    if not dithered:
        return np.zeros(len(rows), np.int64)
    down = places_of(of_rows, 0, int(rows.max()) + 1)
    across = places_of(of_columns, 0, int(columns.max()) + 1)
    found: np.ndarray = PATTERN[down[rows], across[columns]]
    return found


def _solved(places: np.ndarray, lowest: np.ndarray) -> np.ndarray:
    """(3,): weights of `places` (3, n) whose sum is from `lowest` to below `lowest` + 1."""
    plane = np.linalg.solve(places @ places.T, places @ (lowest + 0.5))
    best, fewest = plane, len(lowest) + 1
    for _ in range(ROUNDS):
        above = plane @ places - lowest
        wrong = np.where(above < 0, -above, np.where(above >= 1, 1 - above, 0))
        moves = (wrong != 0) & (np.abs(wrong) < OUTLIER)
        count = int(np.count_nonzero(wrong))
        if count < fewest:
            best, fewest = plane, count
        if not moves.any():
            break
        chosen = places[:, moves]
        # one that lies right at a bound would be wrong again: a little beyond
        target = wrong[moves] + np.sign(wrong[moves]) * 1e-6
        weight = 1e-3 * np.count_nonzero(moves) * np.eye(3)
        plane = plane + np.linalg.solve(chosen @ chosen.T + weight, chosen @ target)
    return best
