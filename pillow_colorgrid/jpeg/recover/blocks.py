"""Planes to blocks of 8 x 8, and their cosine coefficients as JPEG scales them."""

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float32]

SIZE = 8

_K = np.arange(SIZE)
_FACTORS = np.where(_K == 0, np.sqrt(1 / 8), 1 / 2)[:, None]
COSINES: Real = (_FACTORS * np.cos((2 * _K + 1) * _K[:, None] * np.pi / 16)).astype(np.float32)
"""(8, 8) orthonormal: coefficients = COSINES @ block @ COSINES.T."""


def apart(plane: Real) -> Real:
    """(h, w) -> (rows, columns, 8, 8); what is missing repeats the last row and column."""
    high, wide = plane.shape
    if high % SIZE or wide % SIZE:
        plane = np.pad(plane, ((0, -high % SIZE), (0, -wide % SIZE)), mode="edge")
    high, wide = plane.shape
    return plane.reshape(high // SIZE, SIZE, wide // SIZE, SIZE).swapaxes(1, 2)


def together(blocks: Real) -> Real:
    """The inverse: (rows, columns, 8, 8) -> (rows * 8, columns * 8)."""
    rows, columns = blocks.shape[:2]
    return blocks.swapaxes(1, 2).reshape(rows * SIZE, columns * SIZE)


def forward(blocks: Real) -> Real:
    """Samples (..., 8, 8) -> coefficients (..., 64)."""
    shape = blocks.shape[:-2]
    rows = np.ascontiguousarray(blocks).reshape(-1, SIZE) @ COSINES.T
    columns = np.ascontiguousarray(rows.reshape(-1, SIZE, SIZE).swapaxes(1, 2))
    found = (columns.reshape(-1, SIZE) @ COSINES.T).reshape(-1, SIZE, SIZE).swapaxes(1, 2)
    return np.ascontiguousarray(found).reshape(*shape, 64)


def inverse(coefficients: Real) -> Real:
    """The inverse of `forward`, in real numbers: nothing is rounded or clipped."""
    shape = coefficients.shape[:-1]
    rows = coefficients.reshape(-1, SIZE) @ COSINES
    columns = np.ascontiguousarray(rows.reshape(-1, SIZE, SIZE).swapaxes(1, 2))
    found = (columns.reshape(-1, SIZE) @ COSINES).reshape(-1, SIZE, SIZE).swapaxes(1, 2)
    return np.ascontiguousarray(found).reshape(*shape, SIZE, SIZE)
