"""Streams of preview and tiles -> planes, whatever the planes are."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from pillow_colorgrid.codings.lossless.description import TILE as TILE_SECTION
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW,
    PREVIEW_INTERVAL,
    TILE,
    Coded,
    Watch,
    decode as decode_piece,
    preview_of,
    tile_of,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.sections import Streams
from pillow_colorgrid.codings.tiles import Tile, tiles
from pillow_colorgrid.container import Section
from pillow_colorgrid.entropy.rans import StreamError
from pillow_colorgrid.errors import DamagedError


def decode_preview(
    streams: Streams,
    preview: list[np.ndarray],
    predictor: Predictor,
    held: Held | None = None,
    watch: Watch | None = None,
) -> None:
    """Fill the planes (1, h, w) of the preview; `held`: of them."""
    with damage_told():
        piece = replace(PREVIEW, held=held)
        decode_piece(streams.preview, preview, piece, predictor, watch=watch)


def empty_preview(size: tuple[int, int], count: int) -> list[np.ndarray]:
    """Planes of the preview of a picture of `size` (width, height), all 0."""
    width, height = (-(-side // PREVIEW_INTERVAL) for side in size)
    return [np.zeros((1, height, width), np.int16) for _ in range(count)]


def around(preview: list[np.ndarray], height: int, width: int) -> list[np.ndarray]:
    """Planes (1, height, width) that know the pixels of a preview; all others are 0."""
    planes = [np.zeros((1, height, width), np.int16) for _ in preview]
    for plane, known in zip(preview_of(planes), preview, strict=True):
        plane[...] = known
    return planes


def decode_tiles(
    streams: Streams,
    planes: list[np.ndarray],
    places: Sequence[Tile],
    predictor: Predictor,
    interval: int = 1,
    held: Held | None = None,
    watch: Callable[[Tile], Watch] | None = None,
) -> None:
    """Fill the tiles that are there, at their `places` in `planes`, whose preview is known.

    Args:
        held: of `planes`.
        watch: of the streams of a tile.
    """
    todo = list(zip(streams.tiles, places, strict=False))

    def fill(tile: tuple[Coded, Tile]) -> None:
        coded, place = tile
        piece = replace(TILE, held=held and held.part(place))
        watched = watch and watch(place)
        at_work = predictor if len(todo) == 1 else predictor.sharing(len(todo))
        decode_piece(coded, tile_of(planes, place), piece, at_work, interval, watched)

    with damage_told():
        predictor.workers.map(fill, todo)


def layout_of(size: tuple[int, int], sections: Sequence[Section]) -> list[Tile]:
    """The tiles of a picture of `size` (width, height), which all are in its `sections`.

    Raises:
        DamagedError: there are more, or fewer.
    """
    width, height = size
    layout = tiles(height, width)
    found = sum(section.type == TILE_SECTION.type for section in sections)
    if found != len(layout):
        raise DamagedError(f"{found} tiles, {width}x{height} pixels have {len(layout)}")
    return layout


@contextmanager
def damage_told() -> Iterator[None]:
    """What the entropy coder finds wrong, as the error of a damaged file."""
    try:
        yield
    except StreamError as error:
        raise DamagedError(f"lossless coding: {error}") from error
