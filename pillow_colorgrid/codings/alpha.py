"""The alpha plane: one byte if it is constant, else an inner picture (inner.py)."""

import numpy as np

from pillow_colorgrid.codings import inner


def encode(plane: np.ndarray) -> bytes:
    """(H, W) uint8 -> bytes: one byte is the value of all pixels."""
    if plane.min() == plane.max():
        return bytes([plane.flat[0]])
    nothing = np.empty((*plane.shape, 0), np.uint8)
    codecs = ("zstd", "webp") if max(plane.shape) <= inner.WEBP_MAX_SIDE else ("zstd",)
    return min((inner.encode(plane[None], nothing, name) for name in codecs), key=len)


def decode(data: bytes, height: int, width: int) -> np.ndarray:
    """The inverse of `encode`. Raises DamagedError."""
    if len(data) == 1:
        return np.full((height, width), data[0], np.uint8)
    planes, _ = inner.decode(data, (height, width), 1)
    plane: np.ndarray = planes[0]
    return plane
