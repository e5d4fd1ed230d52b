"""The alpha plane: one byte if it is constant, else an inner picture (inner.py)."""

import numpy as np

from pillow_colorgrid import inner

INNER_CODECS = ("zstd", "webp")
"""What may hold a plane that is not constant; the smaller one does."""

WEBP_MAX_SIDE = 16383
"""WebP's own limit."""


def encode(plane: np.ndarray) -> bytes:
    """(H, W) uint8 -> bytes: one byte is the value of all pixels."""
    if plane.min() == plane.max():
        return bytes([plane.flat[0]])
    codecs = INNER_CODECS if max(plane.shape) <= WEBP_MAX_SIDE else INNER_CODECS[:1]
    return min((inner.encode(plane[None], nothing(plane), name) for name in codecs), key=len)


def decode(data: bytes, height: int, width: int) -> np.ndarray:
    """The inverse of `encode`. Raises DamagedError."""
    if len(data) == 1:
        return np.full((height, width), data[0], np.uint8)
    planes, _ = inner.decode(data, (height, width), 1)
    return planes[0]


def nothing(plane: np.ndarray) -> np.ndarray:
    """The (H, W, 0) alpha of a picture without alpha."""
    return np.empty((*plane.shape[-2:], 0), np.uint8)
