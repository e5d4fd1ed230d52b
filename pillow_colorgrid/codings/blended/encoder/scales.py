"""Which scale each kind of pixel has: that by which its numbers take the fewest bits.

Encoder only.
"""

import numpy as np

from pillow_colorgrid.codings.blended.prediction import BINS, Expected
from pillow_colorgrid.codings.blended.stream import MOST_SCALE, Kinds, symbols_of
from pillow_colorgrid.codings.lossless.stream import ESCAPE, ESCAPE_BITS, prices
from pillow_colorgrid.entropy import rans

LOOKED_AT = 4096
"""So many pixels of each kind."""

STEP = 4
"""One in so many scales is tried first."""


def scales_of(
    expected: list[Expected], numbers: list[np.ndarray], frequencies: rans.Frequencies
) -> np.ndarray:
    """(BINS,) uint8; a kind without pixels has the scale of the one below."""
    mean = np.concatenate([one.mean for one in expected])
    bins = np.concatenate([one.bins for one in expected])
    beyond = np.concatenate([n - one.floor for n, one in zip(numbers, expected, strict=True)])
    cost = prices(frequencies)
    found = np.zeros(BINS, np.uint8)
    order = bins.argsort(kind="stable")
    ends = np.bincount(bins, minlength=BINS).cumsum()
    last, start = 0, 0
    for kind, end in enumerate(ends.tolist()):
        if end > start:
            some = order[start : end : max(1, (end - start) // LOOKED_AT)]
            last = _best(mean[some], beyond[some], cost)
        found[kind], start = last, end
    return found


def _best(mean: np.ndarray, beyond: np.ndarray, cost: np.ndarray) -> int:
    """The scale of the fewest bits: some are tried, then those around the best of them."""
    tried = {scale: _bits(mean, beyond, scale, cost) for scale in range(0, MOST_SCALE + 1, STEP)}
    near = min(tried, key=tried.__getitem__)
    for scale in range(max(0, near - STEP + 1), min(MOST_SCALE, near + STEP - 1) + 1):
        tried[scale] = _bits(mean, beyond, scale, cost)
    return min(tried, key=tried.__getitem__)


def _bits(mean: np.ndarray, beyond: np.ndarray, scale: int, cost: np.ndarray) -> float:
    kinds = Kinds(np.array([scale]))
    rows, zooms = kinds.of(Expected(mean, np.zeros(len(mean), np.intp)))
    symbols = symbols_of(beyond, zooms)
    rest = np.where(symbols == ESCAPE, ESCAPE_BITS, zooms)
    return float(cost[rows, symbols].sum(dtype=np.float64)) + float(rest.sum())
