"""Which blocks of a picture lie on one gradient: each block is fitted, then gradients grow."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from pillow_colorgrid.pixels import Bytes

BLOCK = 16
"""Pixels along the sides of the blocks."""

STRIP_BLOCKS = 16
"""Rows of blocks that are looked at at a time."""

GLANCE_EVERY = 8
"""One row of blocks in so many tells whether there may be gradients."""

MOST_VARIANCE = 0.27
"""Around its plane a value that was dithered varies by 1/4 at most (half of the pixels are the one
value, half the next), one that was only rounded by 1/12 or less."""

LEAST_VARIANCE = 0.02
"""A block that varies less, and does not slope, is flat: it may lie on a gradient, but hardly tells
which."""

MEAN_REACH, SLOPE_REACH = 0.12, 0.03
"""So far from a plane, and by value a pixel, the blocks on it are, in the mean."""

LEAST_BLOCKS = 24
"""Smaller gradients are not worth their names."""

MOST_TRIES = 256

JOINED_SHARE = 0.95
"""Of the blocks of two parts so many must lie on one plane."""

ROUNDS = 12
"""A gradient doubles its size in each."""


@dataclass(frozen=True)
class Blocks:
    """What is known of the blocks of a picture.

    Attributes:
        mean, right, down: (rows, columns, C) float64: of each channel, and how it slopes.
        even: (rows, columns) bool: all channels are planes.
        slopes: those that tell which.
    """

    mean: np.ndarray
    right: np.ndarray
    down: np.ndarray
    even: np.ndarray
    slopes: np.ndarray


def glance(pixels: Bytes) -> float:
    """The share of blocks that slope, in some rows of blocks of (H, W, C)."""
    height = pixels.shape[0] // BLOCK
    rows = range(GLANCE_EVERY // 2, height, GLANCE_EVERY) or range(height)
    strips = [pixels[row * BLOCK : (row + 1) * BLOCK] for row in rows]
    return float(np.mean(look(np.concatenate(strips)).slopes))


def look(pixels: Bytes) -> Blocks:
    """Fit a plane to each whole block of (H, W, C)."""
    height, width = (side // BLOCK for side in pixels.shape[:2])
    parts = [
        _looked(pixels[first * BLOCK : min(first + STRIP_BLOCKS, height) * BLOCK], width)
        for first in range(0, height, STRIP_BLOCKS)
    ]
    mean, right, down, variance = (np.concatenate(part) for part in zip(*parts, strict=True))
    even = variance.max(axis=2) < MOST_VARIANCE
    return Blocks(mean, right, down, even, even & (variance.max(axis=2) > LEAST_VARIANCE))


def _looked(strip: Bytes, width: int) -> tuple[np.ndarray, ...]:
    """Means, slopes and variances around the plane of the blocks of some rows."""
    rows, channels = len(strip) // BLOCK, strip.shape[2]
    cut = strip[:, : width * BLOCK].reshape(rows, BLOCK, width, BLOCK, channels)
    corner = cut[:, :1, :, :1].astype(np.float32)
    found = cut - corner  # small numbers: float32 is exact enough
    steps = np.arange(BLOCK, dtype=np.float32) - (BLOCK - 1) / 2
    weights = np.stack([np.ones(BLOCK, np.float32), steps])
    down = np.matmul(weights, found.reshape(rows, BLOCK, -1)).reshape(
        rows, 2, width, BLOCK, channels
    )
    sums = np.einsum("rkwjc,mj->kmrwc", down, weights).astype(np.float64)
    squares = np.einsum("riwjc,riwjc->rwc", found, found).astype(np.float64)
    count, spread = BLOCK * BLOCK, BLOCK * float((steps * steps).sum())
    mean, right, below = sums[0, 0] / count, sums[0, 1] / spread, sums[1, 0] / spread
    explained = count * mean**2 + spread * (right**2 + below**2)
    return mean + corner[:, 0, :, 0], right, below, (squares - explained) / count


@dataclass(frozen=True)
class Slope:
    """Blocks on one plane.

    Attributes:
        planes: (C, 3) float64: value at pixel (0, 0), to the right, downward.
        members: (rows, columns) bool.
    """

    planes: np.ndarray
    members: np.ndarray


def slopes(blocks: Blocks, most: int) -> list[Slope]:
    """At most so many gradients, the largest first."""
    found: list[Slope] = []
    for slope in islice(_slopes(blocks), most):
        for number, other in enumerate(found):
            both = _joined(blocks, slope, other)
            if both is not None:
                found[number] = both
                break
        else:
            found.append(slope)
    return sorted(found, key=lambda slope: -np.count_nonzero(slope.members))


def _joined(blocks: Blocks, one: Slope, other: Slope) -> Slope | None:
    """Two parts of one gradient, with something else between them; None: they are not."""
    members = one.members | other.members
    planes = _fitted(blocks, members)
    whole = slice(None), slice(None)
    on = _on(blocks, planes, whole)[members]
    return Slope(planes, members) if np.mean(on) > JOINED_SHARE else None


def _slopes(blocks: Blocks) -> Iterator[Slope]:
    """As they are met from the top; parts of one gradient by themselves."""
    left = blocks.slopes.copy()
    for _ in range(MOST_TRIES):
        seed = _seed(left)
        if seed is None:
            return
        found = _grown(blocks, seed)
        left[seed] = False
        if found is None:
            continue
        left &= ~found.members
        yield found


def _seed(left: np.ndarray) -> tuple[slice, slice] | None:
    """Three by three blocks."""
    if min(left.shape) < 3:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(left, (3, 3)).all(axis=(2, 3))
    if not windows.any():
        return None
    row, column = np.unravel_index(np.argmax(windows), windows.shape)
    return slice(int(row), int(row) + 3), slice(int(column), int(column) + 3)


def _grown(blocks: Blocks, seed: tuple[slice, slice]) -> Slope | None:
    """All blocks around a seed that lie on its plane."""
    members = np.zeros(blocks.even.shape, bool)
    members[seed] = True
    for _ in range(ROUNDS):
        planes = _fitted(blocks, members)
        near = _around(members)
        wider = np.zeros_like(members)
        wider[near] = blocks.even[near] & _on(blocks, planes, near)
        if np.array_equal(wider, members):
            break
        if np.count_nonzero(wider) < 4:
            return None
        members = wider
    if np.count_nonzero(members) < LEAST_BLOCKS:
        return None
    return Slope(_fitted(blocks, members), members)


def _around(members: np.ndarray) -> tuple[slice, slice]:
    """The hull of the blocks, and as much more on all sides."""
    found = []
    for axis in (1, 0):
        at = np.flatnonzero(members.any(axis=axis))
        size = int(at[-1] - at[0]) + 1
        found.append(slice(max(0, int(at[0]) - size), int(at[-1]) + 1 + size))
    return found[0], found[1]


def middles(shape: tuple[int, ...], near: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Rows (h, 1, 1) and columns (1, w, 1) of the middles of blocks, in pixels."""
    rows, columns = (
        np.arange(shape[axis])[near[axis]] * BLOCK + (BLOCK - 1) / 2 for axis in range(2)
    )
    return rows[:, None, None], columns[None, :, None]


def _on(blocks: Blocks, planes: np.ndarray, near: tuple[slice, slice]) -> np.ndarray:
    rows, columns = middles(blocks.even.shape, near)
    start, right, down = planes.T
    off = np.abs(blocks.mean[near] - (start + right * columns + down * rows)) < MEAN_REACH
    off &= np.abs(blocks.right[near] - right) < SLOPE_REACH
    off &= np.abs(blocks.down[near] - down) < SLOPE_REACH
    on: np.ndarray = off.all(axis=2)
    return on


def _fitted(blocks: Blocks, members: np.ndarray) -> np.ndarray:
    """(C, 3): the plane through the pixels of some blocks, by least squares."""
    rows, columns = (at * BLOCK + (BLOCK - 1) / 2 for at in np.nonzero(members))
    mean, right, down = (part[members] for part in (blocks.mean, blocks.right, blocks.down))
    top, left = rows.mean(), columns.mean()
    rows, columns = rows - top, columns - left
    within = (BLOCK**2 - 1) / 12  # the variance of places inside of a block
    count = len(rows)
    normal = np.array(
        [
            [count, 0.0, 0.0],
            [0.0, columns @ columns + count * within, columns @ rows],
            [0.0, columns @ rows, rows @ rows + count * within],
        ]
    )
    sums = np.stack(
        [
            mean.sum(axis=0),
            columns @ mean + within * right.sum(axis=0),
            rows @ mean + within * down.sum(axis=0),
        ]
    )
    found = np.linalg.solve(normal, sums).T
    found[:, 0] -= found[:, 1] * left + found[:, 2] * top
    return found
