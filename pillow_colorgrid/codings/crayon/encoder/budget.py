"""The colour grid of a new file: as many bytes as a hint for each n x n pixels would take.

Hints and slopes are fitted, and then finer hints stand where they pay, wider ones where they do
not. What a bit must gain follows from n, so that files are about as large as with one hint for each
n x n pixels, and nearer to the picture.
"""

import math
from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.crayon.description import EXACT_QUALITY
from pillow_colorgrid.codings.crayon.encoder import finer
from pillow_colorgrid.codings.crayon.encoder.fit import (
    Floats,
    between,
    fit_slopes,
    fitted_hints,
    samples,
)
from pillow_colorgrid.codings.crayon.finer import STEP_LIMITS
from pillow_colorgrid.codings.crayon.hints import (
    BASE_STEPS,
    STEPS,
    ColorGrid,
    Finer,
    Plane,
    luminance_base,
)
from pillow_colorgrid.runtime.blas import one_thread

WIDER = 1
"""Hints stand at every second of the points that n would have."""

LEVELS = 3
"""So the finest stand at every quarter of n."""

SLOPE_UNIT = 2
"""Slopes are told in quarters: with finer ones they cost more than they gain."""

PRICES = (
    (2, 1.2),
    (4, 2.6),
    (6, 3.0),
    (8, 6.6),
    (12, 15.5),
    (15, 21.0),
    (20, 39.0),
    (50, 81.0),
    (80, 229.0),
    (128, 423.0),
)
"""By n: the squared error, over red, green and blue, that a bit must take away, as a multiple of
what one hint for each n x n pixels would leave of it for each pixel: so that each picture has about
the bytes that such hints would take. Between them both are interpolated as logarithms."""

LEAST_ERROR = 1.0
"""Below it nothing is worth more bits: the least that rounding leaves."""

STEPS_BY_PRICE = 3.5
"""A value's step is this times the root of the price, by the pixels from value to value."""


def fit(
    colour: Sequence[Plane | Floats],
    luminance: Plane,
    n: int,
    kind: str,
    quality: int = EXACT_QUALITY,
) -> ColorGrid:
    """The colour grid of Co and Cg (H, W).

    Args:
        luminance: (H, W), what a decoder will have.
        kind: "mean": fitted hints, slopes and finer hints; "point": samples alone.
        quality: of the luminance.
    """
    if kind == "point":
        return samples(colour, n, quality)
    interval = interval_of(n)
    eighths = luminance * np.int32(BASE_STEPS) - luminance_base(luminance, interval)
    detail = eighths.astype(np.float32) / np.float32(BASE_STEPS)
    widest = interval << WIDER
    with one_thread():  # so that the number of threads never changes a file
        slopes, left = zip(
            *(fit_slopes(plane, detail, interval, interval, SLOPE_UNIT) for plane in colour),
            strict=True,
        )
        price = price_of(n) * max(_left_by_hints(left, interval), LEAST_ERROR)
        steps = steps_of(price, widest)
        hints, levels = finer.choose(left, widest, steps, price)
    added = Finer(WIDER, SLOPE_UNIT, steps[1:], levels)
    return ColorGrid(interval, kind, steps[0], hints, 1, (slopes[0], slopes[1]), finer=added)


def _left_by_hints(targets: Sequence[Floats], interval: int) -> float:
    """The squared error of each pixel, over red, green and blue, with hints at every `interval`."""
    error = 0.0
    for target, weight in zip(targets, finer.ERROR_WEIGHTS, strict=True):
        shown = between(fitted_hints(target, interval), interval, target.shape)
        error += weight * float(np.square(target - shown).mean(dtype=np.float64))
    return error


def interval_of(n: int) -> int:
    """The multiple of 4 next to n: its quarters are whole pixels."""
    return max(4, (n + 2) // 4 * 4)


def steps_of(price: float, interval: int) -> tuple[int, ...]:
    """Of the hints, which stand every `interval` pixels, and of each finer level."""
    widest = STEPS_BY_PRICE * math.sqrt(price) / interval
    wanted = (round(widest * 2**level) for level in range(LEVELS + 1))
    limits = (STEPS, *[STEP_LIMITS] * LEVELS)
    return tuple(
        min(max(step, low), high) for step, (low, high) in zip(wanted, limits, strict=True)
    )


def price_of(n: int) -> float:
    """Of PRICES."""
    known, prices = np.log(np.array(PRICES, np.float64)).T
    return float(np.exp(np.interp(math.log(n), known, prices)))
