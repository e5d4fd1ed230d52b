"""Whether it pays to count the colours of a picture (`counts`): a look, then a price.

The look is cheap and lets through more than it should: of the colours of every second row it asks
how many the rows between have, too, and how many they would have if Cg were a little different.
Where all colours near one may come out, that is nearly the same. On twenty crops of the training
and eleven photographs that were edited after they had been JPEG files: 1.0 to 1.9 times as many
where counting made colour larger or up to 10 % smaller (1.25 and more where smaller at all), 8
times and more where it made it 12 to 40 % smaller.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.lossless import counts
from pillow_colorgrid.codings.lossless.counted_stream import Counted, CountedPrice
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.pieces import Piece, code_color
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.stream import CG, CO, Price, Stream

AWAY = (-2, -1, 1, 2)
"""So much may Cg be different."""

LEAST_RATIO = 1.1
"""So many times as many exact colours must be there already for a price to be asked, at least."""

SURE_RATIO = 8
"""Where there are so many, it pays."""

LEAST_PIXELS = 64
"""With fewer pixels that differ from the one above there is nothing to learn."""


def may_pay(
    planes: Sequence[np.ndarray], held: Held | None = None, least_ratio: float = LEAST_RATIO
) -> bool:
    """Whether a price should be asked.

    Args:
        planes: Y, Co, Cg of a tile, (1, h, w) int16 each; `held`: of them.
        least_ratio: so many times as many exact colours must be there already.
    """
    rows = planes[0].shape[1] // 2
    upper, lower = (_places(planes, slice(first, 2 * rows, 2)) for first in (0, 1))
    told = lower != upper
    if held is not None:
        told &= held.pixels[0, 1 : 2 * rows : 2]
        upper = upper[held.pixels[0, : 2 * rows : 2]]
    asked = lower[told]
    if len(asked) < LEAST_PIXELS:
        return False
    size = 1 << counts.CG_BITS
    is_there = np.zeros(size, bool)
    is_there[upper.reshape(-1)] = True
    exact = np.count_nonzero(is_there[asked])
    near = [np.count_nonzero(is_there[(asked + away) % size]) for away in AWAY]
    return bool(exact > least_ratio * sum(near) / len(near))


def _places(planes: Sequence[np.ndarray], rows: slice) -> np.ndarray:
    """Where the colours of some rows are counted: (rows, w)."""
    y, co, cg = (plane[0, rows] for plane in planes)
    found: np.ndarray = (counts.keys(CG, y, co) + cg) % (1 << counts.CG_BITS)
    return found


class _Both:
    """Two streams that see the same pass."""

    def __init__(self, *streams: Stream) -> None:
        self.streams = streams

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        for stream in self.streams:
            stream.code(number, plane, where, distribution)


def color_bytes(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> np.ndarray:
    """(2, 2): about the bytes of Co and of Cg of a tile: as they are, and counted."""
    frequencies = predictor.model.frequencies
    prices = Price(frequencies), CountedPrice(frequencies, Counted(planes, frequencies))
    code_color(planes, piece, predictor, _Both(*prices))
    return np.array([[price.bits[CO], price.bits[CG]] for price in prices]) / 8
