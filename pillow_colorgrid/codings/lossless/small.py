"""Small pictures: all planes, seeds and levels, in one stream.

Whoever reads many small pictures waits for what a picture costs at least: calls of networks for a
handful of pixels, steps of the entropy coder with a handful of lanes, sections. So there is one
stream, its lanes are many and cheap (`entropy.compact`), each pass is one group, and the coarsest
pixels are told without networks (`seeds`)::

    LONE  seeds of Y, Co, Cg; then, level by level, luminance and colour
"""

import numpy as np

from pillow_colorgrid.codings.lossless import seeds
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.groups import Group
from pillow_colorgrid.codings.lossless.pieces import TILE_REFINEMENTS
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.small_stream import (
    FORM,
    KnownInTurn,
    SmallDecoder,
    SmallEncoder,
    SmallStream,
)
from pillow_colorgrid.codings.lossless.small_walk import walk
from pillow_colorgrid.codings.lossless.stream import LUMINANCE, prices, symbols_of
from pillow_colorgrid.codings.lossless.walk import Refinement
from pillow_colorgrid.entropy import rans

MOST_PIXELS = 2**16
"""Of a picture that is written so."""

ALLOWED_PIXELS = 2**20
"""Of one that is read: as many as a tile may have."""

LEAST_SEED_INTERVAL, MOST_SEEDS = 8, 100
"""Seeds are as close together as both allow: more of them would take longer than networks."""

VALUES_PER_LANE, VALUES_PER_LATER_LANE, FIRST_LANES = 192, 1024, 64
"""Values of all planes for one lane of the entropy coder, up to and beyond so many lanes. A lane
costs half a byte, and the first save most time."""


def seed_interval(height: int, width: int) -> int:
    """Every so many pixels of every such row there is a seed: 8, 16, 32 ..."""
    interval = LEAST_SEED_INTERVAL
    while -(-height // interval) * -(-width // interval) > MOST_SEEDS:
        interval *= 2
    return interval


def refinements(height: int, width: int) -> tuple[Refinement, ...]:
    """From the seeds to all pixels; the finest three are those of any tile."""
    found = list(TILE_REFINEMENTS)
    while 2 * found[0].interval < seed_interval(height, width):
        found.insert(0, Refinement(2 * found[0].interval, found[0].networks))
    return tuple(found)


def lanes(planes: list[np.ndarray]) -> int:
    values = sum(plane.size for plane in planes)
    wanted = min(values // VALUES_PER_LANE, FIRST_LANES + values // VALUES_PER_LATER_LANE)
    return min(max(1, wanted), FORM.most_lanes)


def encode(planes: list[np.ndarray], predictor: Predictor) -> bytes:
    """Y, or Y, Co, Cg of a picture, (1, h, w) int16 each."""
    stream = SmallEncoder(predictor.model.frequencies, lanes(planes))
    code(planes, predictor, stream)
    return stream.finish()


class _Price(KnownInTurn):
    """Adds up ideal code lengths: (2,) of luminance and of colour."""

    def __init__(self, frequencies: rans.Frequencies) -> None:
        self.prices, self.bits = prices(frequencies), np.zeros(2)

    def code(self, number: int, plane: np.ndarray, group: Group, found: Distribution) -> None:
        cost = self.prices[symbols_of(number, group.of(plane), found)]
        self.bits[int(number != LUMINANCE)] += cost.sum(dtype=np.float64)


def estimated_bytes(planes: list[np.ndarray], predictor: Predictor) -> np.ndarray:
    """(2,): what luminance and colour take of the stream, without its lanes."""
    price = _Price(predictor.model.frequencies)
    code(planes, predictor, price)
    return price.bits / 8


def decode(data: bytes, planes: list[np.ndarray], predictor: Predictor, interval: int = 1) -> None:
    """Fill all pixels of `planes` down to the grid of `interval`, 1 to LEAST_SEED_INTERVAL.

    Raises StreamError if `data` is damaged.
    """
    stream = SmallDecoder(data, predictor.model.frequencies)
    code(planes, predictor, stream, interval)
    if interval == 1:
        stream.finish()


def code(
    planes: list[np.ndarray], predictor: Predictor, stream: SmallStream, interval: int = 1
) -> None:
    """All of a picture down to the grid of `interval`, in the order of its stream."""
    shape = planes[0].shape[1:]
    _code_seeds(planes, seed_interval(*shape), stream)
    wanted = tuple(step for step in refinements(*shape) if step.interval >= interval)
    walk(planes, wanted, predictor, stream)


def _code_seeds(planes: list[np.ndarray], interval: int, stream: SmallStream) -> None:
    group = Group.of_grid(planes[0], interval)
    rows, columns = group.cells
    surprises = [0] * (rows * columns)
    for number, plane in enumerate(planes):
        found = seeds.expected(number, columns, surprises)
        stream.code_in_turn(number, plane, group, found)
