"""Which set of networks suits a picture: those for photographs, or those for rendered pictures?

A sample is priced by each, without adaptations; so only one set goes over the whole picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import model
from pillow_colorgrid.codings.lossless.pieces import TILE, estimated_bytes, tile_of
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.tiles import ALIGNMENT, Tile, tiles
from pillow_colorgrid.runtime.workers import Workers

OfTile = TypeVar("OfTile")

ONE_OF_TILES = 8
"""A sample is one of so many tiles, since it takes their networks."""

SQUARES, SQUARE_EDGE = 2, 128
"""Of each tile so many times so many squares are priced, of so many pixels a side. Of 36 pictures,
photographs and rendered ones, they chose the set that makes the whole smaller; their ratios differ
by 7 % at most from those of the whole, where there are 2 to 60 % between the sets."""


def sampled(of_tiles: Sequence[OfTile]) -> Sequence[OfTile]:
    """What estimates are made on, of what there is for each tile of a picture."""
    return of_tiles[len(of_tiles) % ONE_OF_TILES // 2 :: ONE_OF_TILES]


def likely_smallest(
    numbers: Sequence[int], planes: list[np.ndarray], seen: np.ndarray | None, workers: Workers
) -> int:
    """The one of some tables by which a sample of the picture is smallest.

    Args:
        planes: (1, H, W) int16 each; seen: (H, W) bool, pixels that are not hidden; None: all.
    """
    layout = tiles(*planes[0].shape[1:])
    sample = [square for tile in sampled(layout) for square in _squares(tile)]

    def price(number: int) -> float:
        predictor = Predictor(model(number))
        return sum(_bytes_of(planes, seen, tile, predictor) for tile in sample)

    prices = workers.map(price, numbers)
    return numbers[int(np.argmin(prices))]


def _squares(tile: Tile) -> Iterator[Tile]:
    """Some of a tile, whose corners lie on the preview's grid like that of the tile."""
    height, width = (min(side, SQUARE_EDGE) for side in (tile.height, tile.width))
    if tile.height * tile.width <= SQUARES**2 * height * width:
        yield tile
        return
    for row in range(1, 2 * SQUARES, 2):
        for column in range(1, 2 * SQUARES, 2):
            down = (tile.height - height) * row // (2 * SQUARES * ALIGNMENT) * ALIGNMENT
            across = (tile.width - width) * column // (2 * SQUARES * ALIGNMENT) * ALIGNMENT
            yield Tile(tile.top + down, tile.left + across, height, width)


def _bytes_of(
    planes: list[np.ndarray], seen: np.ndarray | None, tile: Tile, predictor: Predictor
) -> float:
    held = None if seen is None or seen.all() else Held(seen[None, *tile.place])
    if held is not None and not held.pixels.any():
        return 0.0
    piece = replace(TILE, held=held)
    return float(estimated_bytes(tile_of(planes, tile), piece, predictor).sum())
