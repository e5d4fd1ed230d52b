"""Reversible integer colour: YCoCg-R, as it is and modulo 256.

Source: Malvar & Sullivan, "YCoCg-R: a color space with RGB reversibility and low dynamic range",
JVT-I014r3, 2003.
"""

import numpy as np

from pillow_colorgrid.pixels import Bytes

CHROMA_ZERO = 128
"""The byte that stands for chroma 0."""


def forward_modular(rgb: Bytes) -> Bytes:
    """Separate luminance from colour, modulo 256, without losing a bit.

    Args:
        rgb: (H, W, 3) uint8.

    Returns:
        (3, H, W) uint8: Y, and Co and Cg as ``value + 128`` modulo 256.

    Each lifting step adds a function of the other channels, so it can be undone modulo 256 as
    well as in the integers; that is why 9-bit Co and Cg fit in a byte. Where a difference leaves
    -128..127 (saturated colours), the three bytes are no longer the luminance and chroma one
    would see, yet they still mean exactly one RGB triple. `inverse_modular` restores it.
    """
    red, green, blue = np.moveaxis(rgb, -1, 0)
    co = red - blue  # bytes wrap modulo 256
    t = blue + _half(co)
    cg = green - t
    y = t + _half(cg)
    return np.stack([y, co + np.uint8(CHROMA_ZERO), cg + np.uint8(CHROMA_ZERO)])


def inverse_modular(planes: Bytes) -> Bytes:
    """(3, H, W) of `forward_modular` -> (H, W, 3) uint8 RGB."""
    y = planes[0]
    co, cg = planes[1] - np.uint8(CHROMA_ZERO), planes[2] - np.uint8(CHROMA_ZERO)
    t = y - _half(cg)
    green = cg + t
    blue = t - _half(co)
    red = blue + co
    return np.stack([red, green, blue], axis=-1)


def separate(pixels: Bytes) -> tuple[Bytes, Bytes]:
    """(H, W, 1, 3 or 4) pixels -> (1 or 3, H, W) modular planes and (H, W, 0 or 1) alpha."""
    if pixels.shape[2] == 1:
        return pixels.transpose(2, 0, 1), pixels[..., 1:]
    return forward_modular(pixels[..., :3]), pixels[..., 3:]


def unite(planes: Bytes, alpha: Bytes) -> Bytes:
    """The inverse of `separate`."""
    if len(planes) == 1:
        return planes.transpose(1, 2, 0)
    return np.concatenate([inverse_modular(planes), alpha], axis=2)


def _half(plane: Bytes) -> Bytes:
    """A byte as -128..127, halved and rounded down, as a byte."""
    return (plane.view(np.int8) >> 1).view(np.uint8)
