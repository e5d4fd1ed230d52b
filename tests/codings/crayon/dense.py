"""One hint for each n x n pixels, and slopes: what writers before format 1.1 made."""

import numpy as np

from pillow_colorgrid.codings.crayon.encoder.fit import fit_slopes, fitted_hints, samples
from pillow_colorgrid.codings.crayon.hints import (
    BASE_STEPS,
    ColorGrid,
    Plane,
    luminance_base,
    step_of,
    stepped,
)

COARSE_SLOPES_UP_TO = 24
"""Up to this interval slopes are at every second grid point."""


def fit(colour: list[Plane], luminance: Plane, interval: int, kind: str) -> ColorGrid:
    """The colour grid of Co and Cg (H, W)."""
    if kind == "point":
        return samples(colour, interval)
    step, factor = step_of(interval), 2 if interval <= COARSE_SLOPES_UP_TO else 1
    eighths = luminance * np.int32(BASE_STEPS) - luminance_base(luminance, interval)
    detail = eighths.astype(np.float32) / np.float32(BASE_STEPS)
    slopes, left = zip(
        *(fit_slopes(plane, detail, interval, factor * interval) for plane in colour), strict=True
    )
    co, cg = (stepped(fitted_hints(plane, interval), step) for plane in left)
    return ColorGrid(interval, kind, step, (co, cg), factor, slopes)
