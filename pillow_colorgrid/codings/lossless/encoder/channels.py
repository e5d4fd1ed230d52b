"""Is a picture shorter as Y, Co, Cg, or as one channel and the two others? A quick estimate.

How far is each value from the mean of its four neighbours? The logarithms of those distances, added
up, tell what a plane costs well enough: 14 rendered pictures became 16.3 % smaller than by Y, Co,
Cg; 17.1 % had each been coded by the best of all 13 ways. Integers only.
"""

import numpy as np

from pillow_colorgrid.color import ycocg
from pillow_colorgrid.color.channels import CHANNELS, Channels
from pillow_colorgrid.pixels import Bytes

SAMPLE_PIXELS = 1 << 17
"""So many pixels tell enough."""

STRIP_ROWS = 18
"""They are strips of rows, evenly spread."""

GAIN = 0.97
"""Y, Co, Cg stay unless others cost less than this share of them. Of 82 photographs of the training
11 did, and became 1.0 % smaller on average (4 of them larger, by 0.3, 0.3, 0.4 and 1.9 %)."""

LEAST_PIXELS = 64 * 64
"""Fewer pixels tell too little."""

COSTS = np.rint(256 * np.log2(1 + 2.0 * np.arange(512))).astype(np.int32)
"""By the distance from the mean: 1/256 bits."""


def choose(rgb: Bytes, seen: np.ndarray | None = None, only: bool = False) -> Channels | None:
    """The channels by which to code a picture (H, W, 3); None: Y, Co, Cg are as good.

    Args:
        seen: (H, W) bool, the pixels that count; None: all.
        only: Y, Co, Cg are not allowed.
    """
    if rgb.shape[0] * rgb.shape[1] < LEAST_PIXELS:
        return CHANNELS[0] if only else None
    strips = _sample(rgb)
    wide = [rgb.astype(np.int16) for rgb in strips]
    count = None if seen is None else [_inside(strip) for strip in _sample(seen)]

    def cost(planes: list[np.ndarray]) -> int:
        return _cost(planes, count)

    alone = [cost([strip[..., channel] for strip in wide]) for channel in range(3)]
    less = {
        (a, b): cost([strip[..., a] - strip[..., b] for strip in wide])
        for a, b in ((0, 1), (0, 2), (1, 2))
    }

    def costs(channels: Channels) -> tuple[int, int, int]:
        first, *others = channels.order
        if channels.subtract:
            second, third = (less[min(first, one), max(first, one)] for one in others)
            return alone[first], second, third
        return alone[first], alone[others[0]], alone[others[1]]

    # of the orders that cost the same the one in which the costliest planes come first: they tell
    # the networks most about the others
    best = min(CHANNELS, key=lambda one: (sum(costs(one)), [-cost for cost in costs(one)]))
    if only:
        return best
    planes = zip(*(ycocg.forward(strip) for strip in strips), strict=True)
    now = sum(cost([*plane]) for plane in planes)
    return best if sum(costs(best)) < GAIN * now else None


def _sample(rgb: np.ndarray) -> list[np.ndarray]:
    """Strips of rows of (H, W, ...), or all of it."""
    height, width = rgb.shape[:2]
    count = max(1, SAMPLE_PIXELS // (STRIP_ROWS * width))
    if count * STRIP_ROWS >= height:
        return [rgb]
    firsts = ((2 * np.arange(count) + 1) * height // (2 * count) - STRIP_ROWS // 2).tolist()
    return [rgb[first : first + STRIP_ROWS] for first in firsts]


def _inside(seen: np.ndarray) -> np.ndarray:
    """Of a strip (rows, W) the pixels inside that are seen, as are their four neighbours."""
    across = seen[1:-1, :-2] & seen[1:-1, 1:-1] & seen[1:-1, 2:]
    inside: np.ndarray = across & seen[:-2, 1:-1] & seen[2:, 1:-1]
    return inside


def _cost(strips: list[np.ndarray], count: list[np.ndarray] | None) -> int:
    """Of a plane's strips (rows, W) int16: 1/256 bits, about, of the values that count."""
    costs = [COSTS[_distances(strip)] for strip in strips]
    if count is not None:
        costs = [cost[here] for cost, here in zip(costs, count, strict=True)]
    return sum(int(cost.sum(dtype=np.int64)) for cost in costs)


def _distances(plane: np.ndarray) -> np.ndarray:
    """How far each value inside of (rows, W) is from the mean of its four neighbours."""
    around = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    distances: np.ndarray = np.abs(plane[1:-1, 1:-1] - ((around + 2) >> 2))
    return distances
