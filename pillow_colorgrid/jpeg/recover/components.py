"""RGB -> the YCbCr that it was rendered from, exactly where that is possible.

A pixel that no channel cuts has one origin at most: luminance is estimated to within one step, red
then tells Cr, blue Cb, and green whether that is right. Where a channel is 0 or 255 there is only
an estimate.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.pixels import Bytes

Real = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

HIGHEST = 255

NONE = -999
"""Stands for the chroma of a red or blue that a luminance cannot have."""


@dataclass(frozen=True)
class Planes:
    """What is known of a picture's components, (h, w) each, less 128.

    Attributes:
        values: one plane or three, whole numbers where `sure`, elsewhere estimates.
        sure: where they are exact.
        clipped: where a channel is 0 or 255; what is neither clipped nor sure has no origin.
    """

    values: tuple[Real, ...]
    sure: Mask
    clipped: Mask


def of_grey(grey: Bytes) -> Planes:
    """(h, w) -> its plane."""
    clipped = (grey == 0) | (grey == HIGHEST)
    return Planes((grey.astype(np.float32) - np.float32(128),), ~clipped, clipped)


def of_rgb(rgb: Bytes) -> Planes:
    """(h, w, 3) -> luminance, Cb and Cr."""
    shape = rgb.shape[:2]
    red, green, blue = (np.ascontiguousarray(rgb[..., k]).reshape(-1) for k in range(3))
    low, high = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    clipped = (low == 0) | (high == HIGHEST)
    luminance = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    y = np.rint(luminance).astype(np.int32)
    cb, cr, sure = _chromas(y, red, green, blue)
    sure &= ~clipped
    left = np.flatnonzero(~sure & ~clipped)
    for step in (1, -1):
        tried = np.clip(y[left] + step, 0, HIGHEST)
        of_left = _chromas(tried, red[left], green[left], blue[left])
        right = of_left[2]
        places = left[right]
        y[places], cb[places], cr[places], sure[places] = (
            tried[right], of_left[0][right], of_left[1][right], True,
        )  # fmt: skip
        left = left[~right]
    values = [y.astype(np.float32), cb.astype(np.float32), cr.astype(np.float32)]
    rough = np.flatnonzero(~sure)
    about = luminance[rough]
    values[0][rough] = about
    values[1][rough] = (blue[rough] - about) / np.float32(1.772)
    values[2][rough] = (red[rough] - about) / np.float32(1.402)
    values[0] -= 128
    planes = tuple(plane.reshape(shape) for plane in values)
    return Planes(planes, sure.reshape(shape), clipped.reshape(shape))


def _chromas(
    y: npt.NDArray[np.int32], red: Bytes, green: Bytes, blue: Bytes
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], Mask]:
    """Cb, Cr and whether they are right, all (n,), for luminance `y`."""
    of_blue, of_red = _tables()
    row = y << 8
    cb, cr = of_blue[row | blue], of_red[row | red]
    offset = (-22554 * cb.astype(np.int32) - 46802 * cr.astype(np.int32) + 32768) >> 16
    right = (y + offset == green) & (cb != NONE) & (cr != NONE)
    return cb, cr, right


@cache
def _tables() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Cb by 256 * luminance + blue and Cr by 256 * luminance + red, or NONE where clipped."""
    y = np.arange(HIGHEST + 1)[:, None]
    chroma = np.arange(-128, 128)
    tables = []
    for factor in (116130, 91881):
        values = y + ((factor * chroma + 32768) >> 16)
        table = np.full((HIGHEST + 1, HIGHEST + 1), NONE, np.int16)
        rows, columns = np.nonzero((values > 0) & (values < HIGHEST))
        table[rows, values[rows, columns]] = chroma[columns]
        tables.append(table.reshape(-1))
    return tables[0], tables[1]
