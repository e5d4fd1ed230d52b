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


def choose(rgb: Bytes) -> Channels | None:
    """The channels by which to code a picture (H, W, 3); None: Y, Co, Cg are as good."""
    if rgb.shape[0] * rgb.shape[1] < LEAST_PIXELS:
        return None
    strips = _sample(rgb)
    wide = [rgb.astype(np.int16) for rgb in strips]
    alone = [_cost([strip[..., channel] for strip in wide]) for channel in range(3)]
    less = {
        (a, b): _cost([strip[..., a] - strip[..., b] for strip in wide])
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
    planes = zip(*(ycocg.forward(strip) for strip in strips), strict=True)
    now = sum(_cost([*plane]) for plane in planes)
    return best if sum(costs(best)) < GAIN * now else None


def _sample(rgb: Bytes) -> list[Bytes]:
    """Strips of rows, or the whole picture."""
    height, width = rgb.shape[:2]
    count = max(1, SAMPLE_PIXELS // (STRIP_ROWS * width))
    if count * STRIP_ROWS >= height:
        return [rgb]
    firsts = ((2 * np.arange(count) + 1) * height // (2 * count) - STRIP_ROWS // 2).tolist()
    return [rgb[first : first + STRIP_ROWS] for first in firsts]


def _cost(strips: list[np.ndarray]) -> int:
    """Of a plane's strips (rows, W) int16: 1/256 bits, about."""
    return sum(int(COSTS[_distances(plane)].sum(dtype=np.int64)) for plane in strips)


def _distances(plane: np.ndarray) -> np.ndarray:
    """How far each value inside of (rows, W) is from the mean of its four neighbours."""
    around = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    distances: np.ndarray = np.abs(plane[1:-1, 1:-1] - ((around + 2) >> 2))
    return distances
