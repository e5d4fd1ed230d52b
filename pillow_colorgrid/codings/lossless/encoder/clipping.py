"""How sharply a picture's channels are clipped (`clipping`): counted on its own pixels."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.clipping import (
    CASES,
    NO_CASE,
    PLANES,
    UNUSED,
    WIDTHS,
    Clipping,
    around,
    cg_interval,
    co_interval,
    masks,
)
from pillow_colorgrid.codings.lossless.distribution import CLASSES, MEAN_STEPS, ROWS, Distribution
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.stream import CENTER
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.entropy import rans

MIN_PIXELS, MIN_HITS = 64, 0.7
"""A case is used if so many pixels have it, and this part of them lies in its interval."""

WINDOW_EDGE = 128
"""Pixels along the sides of windows; on the preview's grid, like tiles."""

LEAST_WINDOWS, WINDOW_PIXELS = 8, 2**18
"""There is one for so many pixels of the picture, but no fewer than that; where much is clipped in
one it may stand for several."""


def fit(
    planes: list[np.ndarray], frequencies: rans.Frequencies, held: Held | None = None
) -> Clipping | None:
    """How Y, Co, Cg (1, H, W) int16 clip, by the pixels of the finest level; None: they do not."""
    found = masks(*planes)
    if held is not None:
        found[~held.pixels] = 0
    if np.count_nonzero(found) < MIN_PIXELS:
        return None
    counted = np.zeros((1 + CASES, 2 * CENTER), np.int64)
    for places in levels.PASSES:
        for place in places:
            y, co, cg = (levels.place(plane, place) for plane in planes)
            mask = around(found, places, place)[..., : y.shape[1], : y.shape[2]]
            if not mask.any():
                continue
            for interval, values in (
                (co_interval(mask, y), co),
                (cg_interval(mask, y, co), cg),
            ):
                here = interval.case != NO_CASE
                beyond = np.clip(values[here] - interval.low[here] + CENTER, 0, 2 * CENTER - 1)
                pairs = interval.case[here].astype(np.int32) * (2 * CENTER) + beyond
                counted += np.bincount(pairs, minlength=counted.size).reshape(counted.shape)
    classes = tuple(_class(case, counted[case], frequencies) for case in PLANES)
    return Clipping(classes) if min(classes) < UNUSED else None


def _class(case: int, counts: np.ndarray, frequencies: rans.Frequencies) -> int:
    """The class by which the values counted (by their distance to the interval's low end, plus
    CENTER) are shortest, their mean taken in the middle of the interval."""
    width = WIDTHS[case]
    total = int(counts.sum())
    hits = int(counts[CENTER : CENTER + width].sum())
    if total < MIN_PIXELS or hits < MIN_HITS * total:
        return UNUSED
    all_classes = np.arange(CLASSES)
    middle = (width - 1) * MEAN_STEPS // 2
    at = Distribution(np.full(CLASSES, middle, np.int32), all_classes.astype(np.int32))
    rows = frequencies.counts[at.row + PLANES[case] * ROWS].astype(np.float64)
    bits = -np.log2(np.maximum(rows, 2.0**-5) / rans.TOTAL)
    offset = int(at.floor[0])
    shifted = np.roll(counts, -offset)
    return int(np.argmin(bits @ shifted))


def windows(planes: list[np.ndarray], held: Held | None = None) -> Iterator[tuple[Tile, float]]:
    """Where to ask whether clipping pays, and what each answer stands for.

    Squares are chosen in proportion to their clipped pixels, so each answer, by its clipped pixels,
    counts the same. What is gained or lost elsewhere is nothing.

    Args:
        planes: Y, Co, Cg (1, H, W) int16.
    """
    clipped = masks(*planes)[0] != 0
    if held is not None:
        clipped &= held.pixels[0]
    height, width = clipped.shape
    tops, lefts = (np.arange(0, side, WINDOW_EDGE) for side in clipped.shape)
    sums = np.add.reduceat(np.add.reduceat(clipped, tops, 0, dtype=np.int64), lefts, 1)
    ends = np.cumsum(sums)
    count = max(LEAST_WINDOWS, height * width // WINDOW_PIXELS)
    middles = (2 * np.arange(count) + 1) * int(ends[-1]) // (2 * count)
    for number, times in Counter(np.searchsorted(ends, middles, side="right").tolist()).items():
        row, column = divmod(number, len(lefts))
        top, left = int(tops[row]), int(lefts[column])
        place = Tile(top, left, min(WINDOW_EDGE, height - top), min(WINDOW_EDGE, width - left))
        yield place, times * int(ends[-1]) / count / int(sums[row, column])
