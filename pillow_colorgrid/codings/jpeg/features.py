"""What networks see of coefficients: bytes, by exact integer arithmetic.

Each byte stands for ``(byte - 128) / 16``. A coefficient c with quantisation step q gives three:

- its value c * q beside `STANDARD`, its usual size at that frequency,
- the logarithm of that,
- min(|c|, 2) / 2: whether it is 0, 1 or more steps.

Planes are (..., channels, rows, columns).
"""

import numpy as np

ZERO = 128
"""The byte of 0."""

UNIT = 16
"""Steps of a byte to 1.0."""

ONE = ZERO + UNIT

FEATURES = 3
"""Bytes for each coefficient."""

LARGEST_VALUE = 32767
"""Dequantised coefficients are cut here before they are looked at."""

RATIO_BITS = 12
"""Fraction bits of `RATIOS`."""

LOG_BITS = 8
"""Fraction bits of |value| / standard in `LOGARITHM`."""

LUMINANCE_STANDARD = np.array(
    [
        *(517, 76, 46, 31, 23, 18, 14, 11),
        *(76, 40, 29, 21, 17, 13, 11, 8),
        *(46, 29, 22, 18, 15, 12, 9, 7),
        *(31, 21, 18, 15, 13, 10, 8, 7),
        *(23, 17, 15, 13, 11, 9, 7, 5),
        *(18, 13, 12, 10, 9, 7, 5, 5),
        *(14, 11, 9, 8, 7, 5, 4, 4),
        *(11, 8, 7, 7, 5, 5, 4, 3),
    ],
    np.int64,
)
"""Root mean square of the training pictures' dequantised luminance coefficients, rounded."""

COLOR_STANDARD = np.array(
    [
        *(156, 24, 13, 9, 6, 4, 3, 3),
        *(24, 12, 9, 6, 4, 3, 2, 2),
        *(13, 9, 6, 4, 3, 3, 2, 2),
        *(9, 6, 4, 3, 3, 2, 2, 2),
        *(6, 4, 3, 3, 2, 2, 2, 2),
        *(4, 3, 3, 2, 2, 2, 2, 2),
        *(3, 2, 2, 2, 2, 2, 2, 2),
        *(3, 2, 2, 2, 2, 2, 2, 2),
    ],
    np.int64,
)
"""The same of both colour components."""

STANDARD = {"luminance": LUMINANCE_STANDARD, "color": COLOR_STANDARD}


def _ratios(standard: np.ndarray) -> np.ndarray:
    result: np.ndarray = ((UNIT << RATIO_BITS) + standard // 2) // standard
    return result


RATIOS = {name: _ratios(standard).astype(np.int32) for name, standard in STANDARD.items()}
"""(64,) ``UNIT / standard`` with RATIO_BITS fraction bits, to the nearest."""

LOGARITHM = np.rint(UNIT * np.log1p(4 * np.arange(16 << LOG_BITS) / (1 << LOG_BITS))).astype(
    np.uint8
) + np.uint8(ZERO)
"""(4096,) byte of log(1 + 4 * r) for r = |value| / standard in steps of 1/256, below 16."""


def dequantised(coefficients: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(..., 64, H, W) quantised and (..., 64) steps -> (..., 64, H, W) int32, cut to 16 bits."""
    value = coefficients.astype(np.int32) * table.astype(np.int32)[..., None, None]
    result: np.ndarray = np.clip(value, -LARGEST_VALUE, LARGEST_VALUE)
    return result


def of_coefficients(
    coefficients: np.ndarray, values: np.ndarray, plane: str, frequencies: np.ndarray
) -> np.ndarray:
    """Coefficients of some frequencies -> the bytes that networks see.

    Args:
        coefficients: (..., n, H, W) quantised.
        values: (..., n, H, W) the same times their steps (`dequantised`).
        plane: "luminance" or "color".
        frequencies: (n,) which they are.

    Returns:
        (..., 3 * n, H, W) uint8.
    """
    ratios, count = RATIOS[plane][frequencies][:, None, None], len(frequencies)
    shape = values.shape
    seen = np.empty((*shape[:-3], FEATURES * count, *shape[-2:]), np.uint8)
    each = max(1, IN_CACHE // max(1, values.size // count))
    for first in range(0, count, each):  # some frequencies at a time stay in the cache
        some = slice(first, min(first + each, count))
        part = (..., some, slice(None), slice(None))
        scaled = values[part] * ratios[some]
        near = scaled + np.int32(1 << (RATIO_BITS - 1))
        near >>= np.int32(RATIO_BITS)
        np.clip(near, np.int32(-ZERO), np.int32(ZERO - 1), out=near)
        near += np.int32(ZERO)
        size = np.abs(scaled, out=scaled)
        size += np.int32(1 << 7)
        size >>= np.int32(RATIO_BITS + 4 - LOG_BITS)
        np.minimum(size, np.int32(len(LOGARITHM) - 1), out=size)
        steps = np.minimum(np.abs(coefficients[part]), 2) * np.int16(UNIT // 2) + np.int16(ZERO)
        for place, found in enumerate((near, LOGARITHM.take(size), steps)):
            start = place * count + some.start
            seen[..., start : start + near.shape[-3], :, :] = found
    return seen


IN_CACHE = 1 << 15
"""About so many integers are worked on at a time."""


# -- the quantisation table -----------------------------------------------------------------------

LOG2_UNIT = 64
"""Steps of a byte to 1.0 in `of_tables`: its bytes stand for (byte - 128) / 64."""


def log2(table: np.ndarray) -> np.ndarray:
    """Quantisation steps 1..65535 -> 16 * log2, to the nearest integer."""
    result: np.ndarray = np.rint(16 * np.log2(table.astype(np.float64))).astype(np.int32)
    return result


def of_tables(tables: np.ndarray) -> np.ndarray:
    """(..., 64) steps -> (..., 64) bytes of ``log2(step) / 3 - 1``."""
    byte = (log2(tables) * 4 + 1) // 3 - LOG2_UNIT
    result: np.ndarray = (np.minimum(byte, ZERO - 1) + ZERO).astype(np.uint8)
    return result


# -- the blocks around ----------------------------------------------------------------------------

AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""Row and column of a block's eight neighbours."""


def shifted(plane: np.ndarray, outside: int) -> list[np.ndarray]:
    """(..., H, W) -> for each of AROUND the neighbour of each place; `outside` beyond the edge."""
    rows, columns = plane.shape[-2:]
    padded = np.pad(plane, [(0, 0)] * (plane.ndim - 2) + [(1, 1), (1, 1)], constant_values=outside)
    return [padded[..., 1 + y : 1 + y + rows, 1 + x : 1 + x + columns] for y, x in AROUND]


def around(seen: np.ndarray, coded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the eight neighbours of each block hold of a group, where they are coded.

    Args:
        seen: (..., 3n, H, W) bytes of the group (`of_coefficients`).
        coded: (H, W) bool.

    Returns:
        (..., 24n, H, W) uint8, all bytes of a neighbour side by side; (8, H, W) uint8, ONE where a
        neighbour is coded.
    """
    zero, one = np.uint8(ZERO), np.uint8(ONE)
    held = np.concatenate(shifted(np.where(coded, seen, zero), ZERO), axis=-3)
    return held, np.stack(shifted(np.where(coded, one, zero), ZERO))


def inside(rows: int, columns: int) -> np.ndarray:
    """(8, H, W) uint8: which neighbours of each block are part of the picture."""
    return np.stack(shifted(np.full((rows, columns), ONE, np.uint8), ZERO))


def of_dc(dc: np.ndarray) -> np.ndarray:
    """(..., H, W) int32 dequantised DC -> (..., 16, H, W) uint8: how its neighbours differ.

    Eight differences in steps of 200, eight logarithms of their sizes with their sign.
    """
    known = shifted(np.ones(dc.shape[-2:], bool), 0)
    count = len(AROUND)
    seen = np.empty((*dc.shape[:-2], 2 * count, *dc.shape[-2:]), np.uint8)
    for number, (near, is_in) in enumerate(zip(shifted(dc, 0), known, strict=True)):
        difference = (near - dc) * is_in
        size, sign = np.abs(difference), np.sign(difference)
        log = LOG_TENTHS.take(np.minimum(size, len(LOG_TENTHS) - 1))
        steps = (size * 2 + 12) // 25  # 16 / 200
        for place, found in ((number, steps), (count + number, log)):
            byte = np.clip(sign * found, -ZERO, ZERO - 1) + ZERO
            seen[..., place, :, :] = byte
    return seen


LOG_TENTHS = np.rint(UNIT * np.log1p(np.arange(8192) / 10)).astype(np.int32)
"""16 * log(1 + difference / 10)."""
