"""Planes <-> a preview and independent tiles: where the streams begin and end.

The *preview* is every 8th pixel of every 8th row. It comes first and knows nothing of tiles, so
that a 64th of the pixels shows the whole scene. Each tile refines its part of it down to all
pixels. Either is a *piece* of the picture: one stream of luminance, and one of colour.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.stream import (
    CO,
    LUMINANCE,
    Price,
    Stream,
    StreamDecoder,
    StreamEncoder,
)
from pillow_colorgrid.codings.lossless.walk import Refinement, walk, walk_color, walk_luminance

PREVIEW_INTERVAL = tiles.ALIGNMENT

SEED_INTERVAL = levels.COARSEST_INTERVAL // PREVIEW_INTERVAL
"""Every 8th pixel of the preview comes first, before any network can help."""

SEED_DISTRIBUTIONS = ((128, 40), (0, 32), (0, 32))
"""Mean and class of scale for the seeds of Y, Co, Cg: scales 64, 16, 16."""

PREVIEW_REFINEMENTS = tuple(Refinement(interval, "coarse") for interval in (4, 2, 1))
"""Of the preview, from its seeds to all of its pixels."""

TILE_REFINEMENTS = (Refinement(4, "coarse"), Refinement(2, "second"), Refinement(1, "fine"))
"""Of a tile, from the preview to all pixels."""


LANE_BYTES = 3
"""What a lane of the entropy coder costs, about."""

MOST_COLOR_LANES = 128
"""More do not make large tiles noticeably faster."""


@dataclass(frozen=True)
class Piece:
    """A kind of piece.

    Attributes:
        seeded: its coarsest pixels come first; else they are known before.
        refinements: what its streams hold then.
        lane_pixels: one lane of the entropy coder for so many pixels.
        color_lane_pixels: the same for the stream of colour, which has MOST_COLOR_LANES at most.
    """

    seeded: bool
    refinements: tuple[Refinement, ...]
    lane_pixels: int
    color_lane_pixels: int

    def lanes(self, plane: np.ndarray) -> int:
        """Of the stream of a luminance plane (1, h, w)."""
        return max(1, plane.size // self.lane_pixels)

    def color_lanes(self, plane: np.ndarray) -> int:
        """Of the stream of two colour planes, (1, h, w) each."""
        return max(1, min(MOST_COLOR_LANES, plane.size // self.color_lane_pixels))


PREVIEW = Piece(True, PREVIEW_REFINEMENTS, 256, 512)
TILE = Piece(False, TILE_REFINEMENTS, 3072, 3072)


@dataclass(frozen=True)
class Coded:
    """The streams of a piece; `color` is None in mode L, and in files of the first release.

    Those have all planes in one stream.
    """

    luminance: bytes
    color: bytes | None = None


def encode(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> Coded:
    """Y, or Y, Co, Cg of a preview or tile, (1, h, w) int16 each."""
    if len(planes) == 1:
        return Coded(encode_luminance(planes, piece, predictor))
    coming = predictor.workers.beside(partial(encode_color, planes, piece, predictor))
    return Coded(encode_luminance(planes, piece, predictor), coming.result())


def encode_luminance(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> bytes:
    """The stream of luminance, as in `encode`."""
    stream = StreamEncoder(predictor.model.frequencies, piece.lanes(planes[0]))
    code_luminance(planes[0], piece, predictor, stream)
    return stream.finish()


def encode_color(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> bytes:
    """The stream of colour, as in `encode`."""
    stream = StreamEncoder(predictor.model.frequencies, piece.color_lanes(planes[0]))
    code_color(planes, piece, predictor, stream)
    return stream.finish()


def estimated_bytes(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> np.ndarray:
    """(2,): the bytes of the streams of luminance and of colour, within about 0.1 %."""
    luminance = Price(predictor.model.frequencies)
    code_luminance(planes[0], piece, predictor, luminance)
    of_luminance = luminance.bits / 8 + LANE_BYTES * piece.lanes(planes[0])
    of_color = estimated_color_bytes(planes, piece, predictor) if len(planes) > 1 else 0.0
    return np.array([of_luminance, of_color])


def estimated_color_bytes(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> float:
    """As `estimated_bytes`, of the colour of Y, Co, Cg alone."""
    color = Price(predictor.model.frequencies)
    code_color(planes, piece, predictor, color)
    return float(color.bits / 8 + LANE_BYTES * piece.color_lanes(planes[0]))


def decode(
    coded: Coded, planes: list[np.ndarray], piece: Piece, predictor: Predictor, interval: int = 1
) -> None:
    """Fill all pixels of `planes` down to the grid of `interval`; a tile's preview is known.

    Raises StreamError if `coded` is damaged.
    """
    piece = _down_to(piece, interval)
    frequencies = predictor.model.frequencies
    luminance = StreamDecoder(coded.luminance, frequencies, piece.lanes(planes[0]))
    if coded.color is None:
        code_interleaved(planes, piece, predictor, luminance)
        streams = [luminance]
    else:
        color = StreamDecoder(
            coded.color, predictor.model.frequencies, piece.color_lanes(planes[0])
        )
        streams = [luminance, color]
        coming = []
        for level in _levels(piece):
            code_luminance(planes[0], level, predictor, luminance)
            # colour of a level goes on while luminance is one level ahead
            work = partial(code_color, planes, level, predictor, color)
            coming.append(predictor.workers.beside(work))
        for one in coming:
            one.result()
    if interval == 1:
        for stream in streams:
            stream.finish()


def _levels(piece: Piece) -> list[Piece]:
    """A piece as pieces of one refinement each."""
    return [
        replace(piece, seeded=piece.seeded and step is piece.refinements[0], refinements=(step,))
        for step in piece.refinements
    ]


def _down_to(piece: Piece, interval: int) -> Piece:
    wanted = tuple(step for step in piece.refinements if step.interval >= interval)
    return replace(piece, refinements=wanted)


def code_luminance(plane: np.ndarray, piece: Piece, predictor: Predictor, stream: Stream) -> None:
    """All of the luminance of a piece, in the order of its stream."""
    if piece.seeded:
        code_seeds([plane], LUMINANCE, stream)
    walk_luminance(plane, piece.refinements, predictor, stream)


def code_color(
    planes: list[np.ndarray], piece: Piece, predictor: Predictor, stream: Stream
) -> None:
    """All of the colour of a piece whose luminance is known, in the order of its stream."""
    if piece.seeded:
        code_seeds(planes[1:], CO, stream)
    walk_color(planes, piece.refinements, predictor, stream)


def code_interleaved(
    planes: list[np.ndarray], piece: Piece, predictor: Predictor, stream: Stream
) -> None:
    """Luminance and colour in one stream, as in files of the first release."""
    if piece.seeded:
        code_seeds(planes, LUMINANCE, stream)
    walk(planes, piece.refinements, predictor, stream)


def code_seeds(planes: list[np.ndarray], first: int, stream: Stream) -> None:
    """The coarsest pixels of `planes`; the first of them is plane `first` of the picture."""
    every = slice(None, None, SEED_INTERVAL)
    for number, plane in enumerate(planes, first):
        shape = levels.level(plane, SEED_INTERVAL).shape
        distribution = Distribution.uniform(shape, *SEED_DISTRIBUTIONS[number])
        stream.code(number, plane, (every, every), distribution)


def preview_of(planes: list[np.ndarray]) -> list[np.ndarray]:
    """The pixels of the preview, as views."""
    return [levels.level(plane, PREVIEW_INTERVAL) for plane in planes]


def tile_of(planes: list[np.ndarray], tile: tiles.Tile) -> list[np.ndarray]:
    """The pixels of one tile, as views."""
    return [plane[:, *tile.place] for plane in planes]


def enlarge(planes: Iterable[np.ndarray], interval: int) -> None:
    """Repeat the pixels on the grid of `interval` over all pixels of `planes`."""
    for plane in planes:
        known = levels.level(plane, interval)
        big = known.repeat(interval, axis=1).repeat(interval, axis=2)
        plane[...] = big[:, : plane.shape[1], : plane.shape[2]]
