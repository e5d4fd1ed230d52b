"""The whole luminance at the place and resolution of a colour block, as 8x8 coefficients.

A colour block covers `down` x `across` luminance blocks. Their pixels, averaged to the colour's
resolution and transformed, would be the 8x8 coefficients that the colour block resembles most.
Averaging and transforms are linear, so each luminance block contributes by two fixed 8x8 matrices;
here they are integers with FRACTION_BITS fraction bits.
"""

from functools import cache

import numpy as np

from pillow_colorgrid.codings.jpeg.layout import BLOCK

FRACTION_BITS = 12


def _transform() -> np.ndarray:
    """(8, 8) orthonormal discrete cosine transform: frequency, place."""
    place, frequency = np.arange(BLOCK), np.arange(BLOCK)[:, None]
    matrix = np.sqrt(2 / BLOCK) * np.cos((2 * place + 1) * frequency * np.pi / (2 * BLOCK))
    matrix[0] /= np.sqrt(2)
    result: np.ndarray = matrix
    return result


@cache
def joining(ratio: int) -> np.ndarray:
    """(ratio, 8, 8) integers: what each of `ratio` blocks side by side gives to the joint one."""
    dct = _transform()
    average = np.kron(np.eye(BLOCK), np.full((1, ratio), 1 / ratio))  # (8, 8 * ratio)
    parts = average.reshape(BLOCK, ratio, BLOCK).transpose(1, 0, 2)
    result: np.ndarray = np.rint(dct @ parts @ dct.T * (1 << FRACTION_BITS)).astype(np.int64)
    return result


def at_color(values: np.ndarray, rows: int, columns: int, down: int, across: int) -> np.ndarray:
    """Luminance as the colour's blocks would show it.

    Args:
        values: (..., 64, H, W) int32 dequantised luminance.
        rows: of colour blocks.
        columns: of colour blocks.
        down: luminance blocks that one colour block covers, downwards.
        across: and across.

    Returns:
        (..., 64, rows, columns) int32. Luminance that is missing at the edge repeats.
    """
    if (down, across) == (1, 1):
        values = _fitted(values, rows, columns)
        return values
    values = _fitted(values, rows * down, columns * across)
    lead = values.shape[:-3]
    blocks = values.reshape(*lead, BLOCK, BLOCK, rows, down, columns, across)
    vertical = joining(down).transpose(1, 0, 2).reshape(BLOCK, -1).astype(np.float64)
    horizontal = joining(across).transpose(1, 2, 0).reshape(BLOCK, -1).astype(np.float64)
    order = [*range(len(lead)), *(len(lead) + axis for axis in (2, 0, 1, 4, 3))]
    result = np.empty((*lead, BLOCK * BLOCK, rows, columns), np.int32)
    for row in range(rows):  # one at a time stays in the cache
        # float64 holds all sums: 2**15 * 2**12 * 2**12 * 256 < 2**53
        above = blocks[..., row, :, :, :].transpose(order).astype(np.float64)
        above = above.reshape(*lead, down * BLOCK, BLOCK * across * columns)  # (down, v), (u, ...)
        beside = (vertical @ above).reshape(*lead, BLOCK, BLOCK * across, columns)
        joint = horizontal @ beside
        joint *= 1 / (1 << (2 * FRACTION_BITS))
        joint += 0.5
        np.floor(joint, joint)
        result[..., row, :] = joint.reshape(*lead, BLOCK * BLOCK, columns)
    return result


def _fitted(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Cut, or repeat the last blocks, so that there are `rows` x `columns`."""
    values = values[..., :rows, :columns]
    missing = rows - values.shape[-2], columns - values.shape[-1]
    if max(missing) == 0:
        return values
    edges = [(0, 0)] * (values.ndim - 2) + [(0, missing[0]), (0, missing[1])]
    return np.pad(values, edges, mode="edge")


def dc_at_color(dc: np.ndarray, rows: int, columns: int, down: int, across: int) -> np.ndarray:
    """(..., H, W) int32 dequantised luminance DC -> its mean over each colour block, rounded."""
    dc = _fitted(dc, rows * down, columns * across)
    cells = dc.reshape(*dc.shape[:-2], rows, down, columns, across)
    count = down * across
    result: np.ndarray = (cells.sum((-3, -1)) + count // 2) // count
    return result
