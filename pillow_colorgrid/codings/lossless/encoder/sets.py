"""Which set of networks suits a picture: those for photographs, or those for rendered pictures?

A sample is priced by each, without adaptations; so only one set goes over the whole picture.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import model
from pillow_colorgrid.codings.lossless.pieces import TILE, estimated_bytes, tile_of
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.tiles import Tile, tiles
from pillow_colorgrid.runtime.workers import Workers

OfTile = TypeVar("OfTile")

ONE_OF_TILES = 8
"""A sample is one of so many tiles, since it takes their networks."""

MOST_EDGE = 512
"""Of each tile only so many rows and columns are priced."""


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
    sample = [_middle(tile) for tile in sampled(layout)]

    def price(number: int) -> float:
        predictor = Predictor(model(number))
        return sum(_bytes_of(planes, seen, tile, predictor) for tile in sample)

    prices = workers.map(price, numbers)
    return numbers[int(np.argmin(prices))]


def _middle(tile: Tile) -> Tile:
    """The middle of a tile, whose corner lies on the preview's grid like that of the tile."""
    height, width = (min(side, MOST_EDGE) for side in (tile.height, tile.width))
    down, across = (tile.height - height) // 16 * 8, (tile.width - width) // 16 * 8
    return Tile(tile.top + down, tile.left + across, height, width)


def _bytes_of(
    planes: list[np.ndarray], seen: np.ndarray | None, tile: Tile, predictor: Predictor
) -> float:
    held = None if seen is None or seen.all() else Held(seen[None, *tile.place])
    piece = replace(TILE, held=held)
    return float(estimated_bytes(tile_of(planes, tile), piece, predictor).sum())
