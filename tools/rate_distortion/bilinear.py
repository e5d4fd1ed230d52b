"""The baseline that Crayon has to beat: exact luminance, colour interpolated between the hints.

Hints are what one would take without much thought: the pixel's own colour, or the mean of what lies
around it, weighted by a tent that falls to 0 at the next grid points. A grid file's own hints are
fitted, and its slopes and its network come on top. On Kodak expect a mean RGB PSNR of 38.27 dB at
n = 6, 33.24 at 20, 30.41 at 50 and 28.62 at 100. (With the L of CIELAB exact, as in the Crayon
paper, instead of YCoCg-R's luminance, it is 0.5 to 0.9 dB less: 37.7, 32.6, 29.6, 27.7.)
"""

import numpy as np

from pillow_colorgrid.codings.crayon import hints as grid_hints
from pillow_colorgrid.codings.crayon.hints import BASE_STEPS, ColorGrid
from pillow_colorgrid.color import ycocg
from tools.rate_distortion.metrics import Rgb

STEP = 2
"""Hints are told in steps of 2, as if they had to fit a signed byte."""


def hints_of(plane: np.ndarray, interval: int, kind: str) -> np.ndarray:
    """Co or Cg (H, W) int16 -> (rows, columns) int8: its hints of `kind`, in steps of STEP."""
    if kind == "mean":
        values = grid_hints.tent_means(plane, interval)
    else:
        values = grid_hints.points(plane, interval)
    return np.clip((values + STEP // 2) // STEP, *grid_hints.HINT_LIMITS).astype(np.int8)


def paint(rgb: Rgb, interval: int, kind: str) -> Rgb:
    """(H, W, 3) -> the same with its colour told by hints of `kind` ("mean" or "point") alone."""
    luminance, *colour = ycocg.forward(rgb)
    co, cg = (hints_of(plane, interval, kind) for plane in colour)
    kept = ColorGrid(interval, kind, STEP, (co, cg))
    eighths = (
        grid_hints.rounded(grid_hints.interpolate(each, interval, *luminance.shape), interval)
        for each in kept.stored
    )
    painted = ((each + BASE_STEPS // 2) // BASE_STEPS for each in eighths)
    return ycocg.inverse_clipped(luminance, *painted)
