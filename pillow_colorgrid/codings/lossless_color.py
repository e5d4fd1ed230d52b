"""YCoCg-R in true integers: Co and Cg keep their nine bits, so that their differences mean colour.

(`color.forward_modular` folds them into bytes, for codecs that know nothing but bytes.)

Source: Malvar & Sullivan, "YCoCg-R: a color space with RGB reversibility", JVT-I014r3.
"""

import numpy as np


def forward(rgb: np.ndarray) -> list[np.ndarray]:
    """(H, W, 3) uint8 -> Y in 0..255, Co and Cg in -255..255, each (H, W) int16."""
    red, green, blue = np.moveaxis(rgb, -1, 0).astype(np.int16)
    co = red - blue
    t = blue + (co >> 1)
    cg = green - t
    return [t + (cg >> 1), co, cg]


def inverse(y: np.ndarray, co: np.ndarray, cg: np.ndarray) -> np.ndarray:
    """Planes of `forward` -> (H, W, 3) uint8.

    Planes that no picture has (of a damaged file) give pixels modulo 256.
    """
    t = y - (cg >> 1)
    green = cg + t
    blue = t - (co >> 1)
    return np.stack([blue + co, green, blue], axis=-1).astype(np.uint8)
