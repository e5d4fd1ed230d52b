"""Blocks of quantised coefficients -> samples: the inverse cosine transform of JPEG, in integers.

What libjpeg calls "islow", which nearly all programs show, is two products with a matrix of whole
numbers, each rounded once. With X[v][u] = the 16 low bits, taken as signed, of coefficient times
step (v: vertical frequency), and M[y][v] as in `matrix(8)`::

    W[y][u] = (sum over v of M[y][v] X[v][u] + 1024) >> 11
    S[y][x] = (sum over u of M[x][u] W[y][u] + 131072) >> 18
    sample  = S + 128, clipped to 0..255

Why it is exact in float64: no factor exceeds 2^15 and 2^14, no sum of eight products 2^32, and a
division by 2^11 or 2^18 loses no bit. Rounding down is then `floor`.

The definition holds for blocks with all W in -16383..16383 (pictures stay within -5000..5000, but
hostile files do not). In others registers of 16 bits overflow: `beyond` says how.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

Coefficients = npt.NDArray[np.int16]
Samples = npt.NDArray[np.uint8]
Real = npt.NDArray[np.float64]
Wide = npt.NDArray[np.int64]

SIZE = 8
"""Rows and columns of a block."""

GROUP = 1024
"""Blocks at a time: what is computed of them stays in the cache."""

HIGHEST = 255

FIRST_SHIFT, SECOND_SHIFT = 11, 18

ZERO = 128
"""The sample that zero stands for."""

MOST = 16383
"""Of W, for sums of two to fit 16 bits. X then fits as well: M's inverse makes it < 4200."""


@cache
def matrix(size: int) -> npt.NDArray[np.int32]:
    """M (size, size) for 8, or for smaller renderings 4, 2 and 1, of so many samples a block.

    For 8 nearly 8192 sqrt(2) cos((2 y + 1) v pi / 16), and 8192 for v = 0, but as sums of libjpeg's
    twelve constants, each rounded by itself. The others are this format's own: means of the 8 rows
    of those cosines, two (four, eight) after the other, of the lowest 4 (2, 1) columns, rounded.
    With them a sample is the mean of the samples that the block's lowest coefficients give.
    """
    if size == SIZE:
        even = [[8192, 10703, 8192, 4433], [8192, 4433, -8192, -10704]]
        even += [[8192, -4433, -8192, 10704], [8192, -10703, 8192, -4433]]
        odd = [[11363, 9633, 6437, 2260], [9633, -2259, -11362, -6436]]
        odd += [[6437, -11362, 2261, 9633], [2260, -6436, 9633, -11363]]
        upper = np.empty((4, SIZE), np.int32)
        upper[:, ::2], upper[:, 1::2] = even, odd
        return np.concatenate([upper, upper[::-1] * np.resize([1, -1], SIZE)], dtype=np.int32)
    y, v = np.indices((SIZE, size))
    cosines = 8192 * np.where(v == 0, 1, np.sqrt(2) * np.cos((2 * y + 1) * v * np.pi / 16))
    means = cosines.reshape(size, SIZE // size, size).mean(1)
    return np.rint(means).astype(np.int32)  # type: ignore[no-any-return]


@cache
def _scaled(size: int) -> tuple[Real, Real]:
    """The factors of both products, divided by 2^11 and 2^18."""
    whole = matrix(size).astype(np.float64)
    return whole / (1 << FIRST_SHIFT), np.ascontiguousarray(whole.T / (1 << SECOND_SHIFT))


# What is added before rounding goes into the first row of X and comes out of both products right:
# all of M's first column is 2^13.
_HALF = 0.5 * (1 << FIRST_SHIFT) / 8192
_LIFT = (ZERO + 0.5) * (1 << SECOND_SHIFT) / 8192
"""Makes halves round up and zero 128; within W it is a whole number, so that W's floor is right."""
_LIFT_BEFORE = _LIFT * (1 << FIRST_SHIFT) / 8192


def samples(coefficients: Coefficients, table: npt.NDArray[np.uint16], size: int = 8) -> Samples:
    """Blocks (rows, columns, 64), quantised -> samples (rows * size, columns * size).

    Args:
        table: (64,) steps.
        size: 8, or 4, 2, 1: so many samples a block in each direction, of its lowest coefficients.
    """
    rows, columns = coefficients.shape[:2]
    found = np.empty((rows * size, columns * size), np.uint8)
    # products of 16 bits do not care for signs
    steps = table.astype(np.uint16).view(np.int16).reshape(SIZE, SIZE)[:size, :size]
    of_rows, of_columns = _groups(rows, columns)
    for first in range(0, rows, of_rows):
        for left in range(0, columns, of_columns):
            group = coefficients[first : first + of_rows, left : left + of_columns]
            height, width = group.shape[:2]
            place = found[first * size : (first + height) * size]
            place = place[:, left * size : (left + width) * size]
            group = group.reshape(height, width, SIZE, SIZE)[:, :, :size, :size]
            _group_samples(group, steps, place.reshape(height, size, width, size))
    return found


def _groups(rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns of blocks at a time."""
    of_columns = min(columns, GROUP)
    return max(1, GROUP // max(1, of_columns)), max(1, of_columns)


def _group_samples(group: Coefficients, steps: Coefficients, place: Samples) -> None:
    """Blocks (rows, columns, size, size) -> `place` (rows, size, columns, size)."""
    rows, columns, size = group.shape[:3]
    low = (group * steps).reshape(rows * columns, size, size)
    before, after = _scaled(size)
    # each row of a block moves as one item: six times as fast as its numbers by themselves
    items = low.view(f"V{size * low.itemsize}").transpose(1, 0, 2)
    x = np.ascontiguousarray(items).view(np.int16).astype(np.float64)
    x[0] += _HALF
    x[0, :, 0] += _LIFT_BEFORE
    w = before @ x.reshape(size, -1)
    np.floor(w, out=w)
    plain = w.min() >= _LIFT - MOST and w.max() <= MOST  # some of w is lifted: a narrower bound
    s = w.reshape(-1, size) @ after
    np.clip(s, 0, HIGHEST, out=s)
    place[...] = s.reshape(size, rows, columns, size).transpose(1, 0, 2, 3)
    if not plain and size == SIZE:
        lifted = w.reshape(size, rows * columns, size)
        lifted[:, :, 0] -= _LIFT
        wild = np.flatnonzero((np.abs(lifted) > MOST).any((0, 2)))
        at_row, at_column = np.divmod(wild, columns)
        found = beyond(low[wild], group[at_row, at_column])
        place[at_row, :, at_column] = found


# -- what no picture holds ------------------------------------------------------------------------


def beyond(product: Coefficients, quantised: Coefficients) -> Samples:
    """Any blocks (n, 64) or (n, 8, 8) -> samples (n, 8, 8), as registers of 16 bits compute them.

    Args:
        product: the 16 low bits of coefficient times step.
        quantised: the coefficients.

    Both products go as libjpeg-turbo's do on x86: the sums X[0] ± X[4], X[7] + X[3] and X[5] + X[1]
    keep 16 bits, what is shifted keeps 32, and the results are clipped to 16 bits, at last to 8.
    Where all coefficients but the first row of a block are zero, W[y][u] = 4 X[0][u], of which
    16 bits are kept. Within bounds all this changes nothing.
    """
    x = product.reshape(-1, SIZE, SIZE).astype(np.int64)
    w = _narrow_product(x.transpose(1, 0, 2), FIRST_SHIFT).transpose(1, 0, 2)
    flat = ~quantised.reshape(-1, SIZE, SIZE)[:, 1:].any((1, 2))
    w[flat] = _wrapped(4 * x[flat, :1], 16)
    s = _narrow_product(w.transpose(2, 0, 1), SECOND_SHIFT).transpose(1, 2, 0)
    return (np.clip(s, -ZERO, HIGHEST - ZERO) + ZERO).astype(np.uint8)


def _wrapped(values: Wide, bits: int) -> Wide:
    """The low bits, taken as signed."""
    half = 1 << (bits - 1)
    return (values + half & (1 << bits) - 1) - half


def _narrow_product(x: Wide, shift: int) -> Wide:
    """M x, along the first axis (8), shifted and clipped to 16 bits."""
    even3 = 10703 * x[2] + 4433 * x[6]
    even2 = 4433 * x[2] - 10704 * x[6]
    even0 = _wrapped(x[0] + x[4], 16) << 13
    even1 = _wrapped(x[0] - x[4], 16) << 13
    z3, z4 = _wrapped(x[7] + x[3], 16), _wrapped(x[5] + x[1], 16)
    z3, z4 = 9633 * z4 - 6436 * z3, 6437 * z4 + 9633 * z3
    odds = (
        4926 * x[1] - 7373 * x[7] + z4,
        4177 * x[3] - 20995 * x[5] + z3,
        -4176 * x[5] - 20995 * x[3] + z4,
        -4927 * x[7] - 7373 * x[1] + z3,
    )
    evens = (even0 + even3, even1 + even2, even1 - even2, even0 - even3)
    sums = [e + o for e, o in zip(evens, odds, strict=True)]
    sums += [e - o for e, o in zip(evens[::-1], odds[::-1], strict=True)]
    result = _wrapped(np.stack(sums) + (1 << (shift - 1)), 32) >> shift
    narrow: Wide = np.clip(result, -(1 << 15), (1 << 15) - 1)
    return narrow
