"""Find which samples a picture has, and whether to number those alone. Encoder only."""

import numpy as np

from pillow_colorgrid.codings.deep.values import (
    FLOATS,
    HEAD,
    INTEGERS,
    MOST_VALUES,
    WHOLE,
    WHOLE_FLOATS,
    Values,
    keys_of_floats,
)
from pillow_colorgrid.pixels import Pixels

NEAR = 8
"""How often samples near a pixel's are used is counted so far below and above it."""

COUNTED = 2**20
"""Samples that span no more are counted in a table: it is faster than to sort them."""

GAPS_PAY = 0.5
"""So much of what gaps near the pixels' samples save at most they are trusted to save."""


def number(pixels: Pixels) -> tuple[Values, np.ndarray] | None:
    """(H, W, 1) samples -> which there are, and the plane (1, H, W) int32 of their numbers.

    None where there is one only, or more than the coding can number.
    """
    kind, integers = _integers(pixels[..., 0])
    used, counts = _histogram(integers)
    if not 1 < len(used) <= MOST_VALUES:
        return None
    least, most = int(used[0]), int(used[-1])
    gapped = Values(kind, used)
    step = gapped.step
    span = (most - least) // step + 1
    if span <= MOST_VALUES:
        of_steps = np.zeros(span, np.int64)
        of_steps[(used - least) // step] = counts
        if GAPS_PAY * _saved_bits(of_steps) < 8 * (len(gapped.pack()) - HEAD.size):
            plane = ((integers - least) // step).astype(np.int32)
            return Values(kind, np.arange(least, most + 1, step)), plane[None]
    return gapped, np.searchsorted(used, integers).astype(np.int32)[None]


def _histogram(integers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which there are, rising, and how often."""
    least, most = int(integers.min()), int(integers.max())
    if most - least < COUNTED:
        counts = np.bincount((integers - least).reshape(-1))
        used = np.flatnonzero(counts)
        return used + least, counts[used]
    return np.unique(integers, return_counts=True)


def _saved_bits(counts: np.ndarray) -> float:
    """What numbering saves at most: of each pixel log2 of how much denser the samples become.

    The few samples at the ends of a histogram have gaps around them, but few pixels.
    """
    used = np.cumsum(np.pad(counts > 0, (NEAR + 1, NEAR)))
    near: np.ndarray = used[2 * NEAR + 1 :] - used[: -2 * NEAR - 1]
    widths = np.cumsum(np.pad(np.ones(len(counts)), (NEAR + 1, NEAR)))
    possible = widths[2 * NEAR + 1 :] - widths[: -2 * NEAR - 1]
    here = counts > 0
    return float((counts[here] * np.log2(possible[here] / near[here])).sum())


def _integers(samples: np.ndarray) -> tuple[int, np.ndarray]:
    """(H, W) samples -> the kind, and int64 in their place."""
    if samples.dtype.kind != "f":
        return INTEGERS, samples.astype(np.int64)
    floats = samples.astype(np.float32)
    with np.errstate(invalid="ignore"):  # of NaNs that signal
        whole = np.isfinite(floats) & (np.abs(floats) <= WHOLE) & (floats == np.rint(floats))
    if whole.all() and not (np.signbit(floats) & (floats == 0)).any():
        return WHOLE_FLOATS, floats.astype(np.int64)
    return FLOATS, keys_of_floats(floats).astype(np.int64)
