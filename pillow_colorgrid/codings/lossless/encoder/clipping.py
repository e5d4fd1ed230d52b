"""How sharply a picture's channels are clipped (`clipping`): counted on its own pixels."""

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
from pillow_colorgrid.entropy import rans

MIN_PIXELS, MIN_HITS = 64, 0.7
"""A case is used if so many pixels have it, and this part of them lies in its interval."""


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
