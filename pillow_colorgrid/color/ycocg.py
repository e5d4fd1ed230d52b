"""YCoCg-R in true integers: Co and Cg keep their nine bits, so that their differences mean colour.

(`color.forward_modular` folds them into bytes, for codecs that know nothing but bytes.)

Source: Malvar & Sullivan, "YCoCg-R: a color space with RGB reversibility", JVT-I014r3.
"""

import numpy as np

STRIP_ROWS = 256
"""Rows at a time: it bounds the memory, and what is computed stays in the cache."""


def forward(rgb: np.ndarray) -> list[np.ndarray]:
    """(H, W, 3) uint8 -> Y in 0..255, Co and Cg in -255..255, each (H, W) int16."""
    planes = [np.empty(rgb.shape[:2], np.int16) for _ in range(3)]
    for first in range(0, len(rgb), STRIP_ROWS):
        rows = slice(first, first + STRIP_ROWS)
        red, green, blue = np.moveaxis(rgb[rows], -1, 0).astype(np.int16)
        co = red - blue
        t = blue + (co >> 1)
        cg = green - t
        for plane, part in zip(planes, (t + (cg >> 1), co, cg), strict=True):
            plane[rows] = part
    return planes


def inverse(y: np.ndarray, co: np.ndarray, cg: np.ndarray) -> np.ndarray:
    """Planes of `forward` -> (H, W, 3) uint8.

    Planes that no picture has (of a damaged file) give pixels modulo 256.
    """
    rgb = np.empty((*y.shape, 3), np.uint8)
    for first in range(0, len(y), STRIP_ROWS):
        rows = slice(first, first + STRIP_ROWS)
        t = y[rows] - (cg[rows] >> 1)
        blue = t - (co[rows] >> 1)
        for channel, plane in enumerate((blue + co[rows], cg[rows] + t, blue)):
            rgb[rows, :, channel] = plane.astype(np.uint8)
    return rgb


def inverse_clipped(y: np.ndarray, co: np.ndarray, cg: np.ndarray) -> np.ndarray:
    """As `inverse`, of planes (H, W) that need not be a colour: what is none is cut to 0..255."""
    t = y - (cg >> 1)
    blue = t - (co >> 1)
    rgb = np.stack([blue + co, cg + t, blue], axis=-1)
    clipped: np.ndarray = np.clip(rgb, 0, 255).astype(np.uint8)
    return clipped
