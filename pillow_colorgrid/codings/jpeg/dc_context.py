"""DC coefficients: which come when, and what a network sees around each.

Blocks whose row and column are multiples of `COARSEST` are written as they are. Then the lattice is
halved, `COARSEST` / 2 ... 1: first the blocks in the middle of four known ones ("diagonal"), then
those between two and two ("cross"). A network sees the twelve nearest known blocks relative to the
mean of the nearest four, in units of how much they differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pillow_colorgrid.codings.jpeg.features import ONE, UNIT, ZERO

COARSEST = 64

STRIDES = (32, 16, 8, 4, 2, 1)

LEVELS = 5
"""Networks are told the stride as one of 8 or more, 4, 2, 1 (and one that is never so)."""

DIAGONAL = (
    *((-1, -1), (-1, 1), (1, -1), (1, 1)),
    *((-3, -1), (-3, 1), (3, -1), (3, 1)),
    *((-1, -3), (-1, 3), (1, -3), (1, 3)),
)
"""Row and column, in strides, of the known blocks around one in the middle of four."""

CROSS = (
    *((-1, 0), (1, 0), (0, -1), (0, 1)),
    *((-2, -1), (-2, 1), (2, -1), (2, 1)),
    *((-1, -2), (-1, 2), (1, -2), (1, 2)),
)

NEAREST = 4
"""The first of these make the base."""

OWN_INPUTS = 2 * len(DIAGONAL) + 1 + LEVELS + 1
"""Differences and whether they are known, spread, level, step."""

SIDE_INPUTS = len(DIAGONAL) + 2
"""For each plane that is known already: its differences, its own one, its spread."""


@dataclass(frozen=True)
class BlockPass:
    """The blocks of one step over the lattice.

    Attributes:
        kind: "diagonal" or "cross": the network.
        level: 0 for strides from 8 on, 1 for 4, 2 for 2, 3 for 1.
        rows, columns: (m,) of each block.
        places: (m,) row * width + column.
        near: (12, m) places (row * width + column) of its known neighbours, clipped to the picture.
        known: (12, m) uint8: ONE for those that are part of the picture, else ZERO.
        unknown: places in (12, m) of those that are not.
        nearest: (m,) how many of the first four are known, at least 1.
        all: (m,) how many of the twelve are, at least 1.
    """

    kind: str
    level: int
    rows: np.ndarray
    columns: np.ndarray
    places: np.ndarray
    near: np.ndarray
    known: np.ndarray
    unknown: np.ndarray
    nearest: np.ndarray
    all: np.ndarray


def coarsest(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the blocks that are written as they are."""
    y, x = np.mgrid[0:rows:COARSEST, 0:columns:COARSEST]
    return y.reshape(-1), x.reshape(-1)


@lru_cache(maxsize=4)
def passes(rows: int, columns: int) -> Sequence[BlockPass]:
    """All steps over a lattice of `rows` x `columns` blocks; empty ones are left out.

    Kept for the next plane or strip of this size: some 100 bytes a block.
    """
    found = []
    for stride in STRIDES:
        y, x = np.mgrid[0:rows:stride, 0:columns:stride]
        odd_y, odd_x = (y // stride) % 2, (x // stride) % 2
        level = {1: 3, 2: 2, 4: 1}.get(stride, 0)
        for kind, chosen, offsets in (
            ("diagonal", odd_y & odd_x, DIAGONAL),
            ("cross", odd_y ^ odd_x, CROSS),
        ):
            row, column = y[chosen == 1], x[chosen == 1]
            if len(row):
                offset = np.array(offsets)[:, :, None] * stride
                near_y, near_x = row + offset[:, 0], column + offset[:, 1]
                known = (near_y >= 0) & (near_y < rows) & (near_x >= 0) & (near_x < columns)
                near = near_y.clip(0, rows - 1) * columns + near_x.clip(0, columns - 1)
                nearest, every = (
                    np.maximum(np.count_nonzero(some, axis=0), 1)
                    for some in (known[:NEAREST], known)
                )
                told, unknown = np.where(known, ONE, ZERO).astype(np.uint8), np.flatnonzero(~known)
                arrays = row, column, row * columns + column, near, told, unknown, nearest, every
                found.append(BlockPass(kind, level, *arrays))
    return found


def log2_16(number: np.ndarray) -> np.ndarray:
    """16 * log2 of integers from 1 on: cut to a mantissa of 8 bits, then to the nearest (int64)."""
    mantissa, exponent = np.frexp(number)  # 0.5 <= mantissa < 1
    steps = (mantissa * 512).astype(np.int64) - 256  # 0..255
    result: np.ndarray = (exponent.astype(np.int64) - 1) * 16 + LOG2_MANTISSA.take(steps)
    return result


LOG2_MANTISSA = np.rint(16 * np.log2(1 + np.arange(256) / 256)).astype(np.int64)

SPREAD_UNIT = 16
"""Spreads are kept in 1/16 of a dequantised step."""


def _around(plane: np.ndarray, step: BlockPass) -> tuple[np.ndarray, np.ndarray]:
    """Base and differences of (..., H, W) around the blocks of `step`: (..., m), (..., 12, m).

    Whole numbers in float64, as all that follows: exact below 2**53, and faster than int64.
    """
    near = _flat(plane).take(step.near, axis=-1).astype(np.float64)
    entries = near.reshape(*near.shape[:-2], -1)
    entries[..., step.unknown] = 0
    count = step.nearest
    base = np.floor((2 * near[..., :NEAREST, :].sum(-2) + count) / (2 * count))
    near -= base[..., None, :]
    entries[..., step.unknown] = 0
    return base, near


def _flat(plane: np.ndarray) -> np.ndarray:
    return plane.reshape(*plane.shape[:-2], plane.shape[-2] * plane.shape[-1])


def _spread(differences: np.ndarray, step: BlockPass, least: np.ndarray) -> np.ndarray:
    """(..., m) mean size of the differences in 1/16, plus `least`."""
    total = SPREAD_UNIT * np.abs(differences).sum(-2)
    result: np.ndarray = np.floor(total / step.all) + least
    return result


def inputs(
    dc: np.ndarray, quantiser: np.ndarray, side: Sequence[np.ndarray], step: BlockPass
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the network of `step` sees, and the base and spread that its outputs refer to.

    Args:
        dc: (..., H, W) int32 dequantised; only known blocks are looked at.
        quantiser: (...) the step of this plane's DC.
        side: planes like `dc` that are known everywhere.

    Returns:
        (..., inputs, m) uint8; base (..., m), dequantised; spread (..., m) in 1/16: whole numbers
        in float64.
    """
    quantiser = np.asarray(quantiser, np.int64)[..., None]
    channels = OWN_INPUTS + SIDE_INPUTS * len(side)
    seen = np.full((*dc.shape[:-2], channels, len(step.rows)), ZERO, np.uint8)
    base, differences = _around(dc, step)
    spread = _spread(differences, step, SPREAD_UNIT * quantiser // 2 + SPREAD_UNIT)
    log_spread = log2_16(spread) - 64  # of the spread itself, not of its sixteenths
    near = len(DIAGONAL)
    seen[..., :near, :] = _ratio(differences, spread[..., None, :])
    seen[..., near : 2 * near, :] = step.known
    seen[..., 2 * near, :] = _byte(_third(_log2_natural(log_spread)))
    seen[..., 2 * near + 1 + step.level, :] = ONE
    seen[..., OWN_INPUTS - 1, :] = _byte(_third(_log2_natural(log2_16(quantiser))))
    for number, plane in enumerate(side):
        first = OWN_INPUTS + number * SIDE_INPUTS
        other_base, other = _around(plane, step)
        other_spread = _spread(other, step, np.array(SPREAD_UNIT))
        own = _flat(plane).take(step.places, axis=-1) - other_base
        seen[..., first : first + near, :] = _ratio(other, other_spread[..., None, :])
        seen[..., first + near, :] = _ratio(own, other_spread)
        seen[..., first + near + 1, :] = _byte(
            _log2_natural(log2_16(other_spread) - 64 - log_spread)
        )
    return seen, base, spread


def _ratio(differences: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """16 * differences / spread, rounded down, to become a byte (float64).

    In float64: a quotient of whole numbers below 2**53 is never rounded up to the next one.
    """
    ratio = differences * (UNIT * SPREAD_UNIT)
    ratio /= spread
    np.floor(ratio, ratio)
    np.clip(ratio, -ZERO, ZERO - 1, out=ratio)
    ratio += ZERO
    return ratio


def _byte(value: np.ndarray) -> np.ndarray:
    result: np.ndarray = (np.clip(value, -ZERO, ZERO - 1) + ZERO).astype(np.uint8)
    return result


def _log2_natural(value: np.ndarray) -> np.ndarray:
    """16 * log2 -> 16 * natural logarithm."""
    return (value * 177) >> 8


def _third(value: np.ndarray) -> np.ndarray:
    return value // 3
