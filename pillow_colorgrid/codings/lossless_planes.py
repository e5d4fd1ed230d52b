"""Planes <-> a preview and independent tiles: where the streams begin and end.

The *preview* is every 8th pixel of every 8th row. It comes first and knows nothing of tiles, so
that a 64th of the pixels shows the whole scene. Each tile refines its part of it down to all
pixels, in a stream of its own.
"""

from collections.abc import Iterable

import numpy as np

from pillow_colorgrid import grid, tiles
from pillow_colorgrid.codings.lossless_distribution import Distribution
from pillow_colorgrid.codings.lossless_stream import Stream, StreamDecoder, StreamEncoder
from pillow_colorgrid.codings.lossless_walk import Model, Refinement, walk

PREVIEW_INTERVAL = tiles.ALIGNMENT

SEED_INTERVAL = grid.COARSEST_INTERVAL // PREVIEW_INTERVAL
"""Every 8th pixel of the preview comes first, before any network can help."""

SEED_DISTRIBUTIONS = ((128, 40), (0, 32), (0, 32))
"""Mean and class of scale for the seeds of Y, Co, Cg: scales 64, 16, 16."""

PREVIEW_REFINEMENTS = tuple(Refinement(interval, "coarse") for interval in (4, 2, 1))
"""Of the preview, from its seeds to all of its pixels."""

TILE_REFINEMENTS = (Refinement(4, "coarse"), Refinement(2, "second"), Refinement(1, "fine"))
"""Of a tile, from the preview to all pixels."""

PREVIEW_LANE_PIXELS, TILE_LANE_PIXELS = 256, 3072
"""One lane of the entropy coder for so many pixels: it costs about three bytes."""


def lanes(plane: np.ndarray, lane_pixels: int) -> int:
    """The number of lanes for a stream of one or three planes like this one."""
    return max(1, plane.size // lane_pixels)


def preview_of(planes: list[np.ndarray]) -> list[np.ndarray]:
    """The pixels of the preview, as views."""
    return [grid.level(plane, PREVIEW_INTERVAL) for plane in planes]


def encode_preview(preview: list[np.ndarray], model: Model) -> bytes:
    """Y or Y, Co, Cg of the preview, (1, h, w) int16 each, as one stream."""
    count = lanes(preview[0], PREVIEW_LANE_PIXELS)
    stream = StreamEncoder(model.frequencies, count)
    walk_preview(preview, model, stream)
    return stream.finish()


def decode_preview(data: bytes, preview: list[np.ndarray], model: Model) -> None:
    """Fill all pixels of `preview`. Raises StreamError if `data` is damaged."""
    count = lanes(preview[0], PREVIEW_LANE_PIXELS)
    stream = StreamDecoder(data, model.frequencies, count)
    walk_preview(preview, model, stream)
    stream.finish()


def walk_preview(preview: list[np.ndarray], model: Model, stream: Stream) -> None:
    for plane, (pixels, (mean, scale_class)) in enumerate(
        zip(preview, SEED_DISTRIBUTIONS, strict=False)
    ):
        seeds = grid.level(pixels, SEED_INTERVAL)
        stream.code(plane, seeds, Distribution.uniform(seeds.shape, mean, scale_class))
    walk(preview, PREVIEW_REFINEMENTS, model, stream)


def encode_tile(planes: list[np.ndarray], model: Model) -> bytes:
    """The pixels of one tile's `planes`, (1, h, w) int16 each, that the preview does not hold."""
    stream = StreamEncoder(model.frequencies, lanes(planes[0], TILE_LANE_PIXELS))
    walk(planes, TILE_REFINEMENTS, model, stream)
    return stream.finish()


def decode_tile(data: bytes, planes: list[np.ndarray], model: Model, interval: int = 1) -> None:
    """Fill `planes`, whose preview pixels are known, down to the grid of `interval`.

    Raises StreamError if `data` is damaged.
    """
    stream = StreamDecoder(data, model.frequencies, lanes(planes[0], TILE_LANE_PIXELS))
    wanted = tuple(step for step in TILE_REFINEMENTS if step.interval >= interval)
    walk(planes, wanted, model, stream)
    if interval == 1:
        stream.finish()


def tile_of(planes: list[np.ndarray], tile: tiles.Tile) -> list[np.ndarray]:
    """The pixels of one tile, as views."""
    return [plane[:, *tile.place] for plane in planes]


def enlarge(planes: Iterable[np.ndarray], interval: int) -> None:
    """Repeat the pixels on the grid of `interval` over all pixels of `planes`."""
    for plane in planes:
        known = grid.level(plane, interval)
        big = known.repeat(interval, axis=1).repeat(interval, axis=2)
        plane[...] = big[:, : plane.shape[1], : plane.shape[2]]
