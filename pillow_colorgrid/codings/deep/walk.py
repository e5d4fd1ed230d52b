"""The way over the levels of a deep plane, the same for the encoder and the decoder."""

import numpy as np

from pillow_colorgrid.codings.deep.context import Depth
from pillow_colorgrid.codings.deep.distribution import of_buckets
from pillow_colorgrid.codings.deep.stream import (
    Buckets,
    Price,
    Stream,
    StreamDecoder,
    StreamEncoder,
)
from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.pieces import SEED_INTERVAL, Piece, stream_bytes
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.walk import Refinement, outputs_of_pixels
from pillow_colorgrid.entropy import compact

FORM = compact.Form(count_bytes=2, tail_shift=5)
"""How streams tell their lanes: no section says it."""


def encode(plane: np.ndarray, piece: Piece, depth: Depth, predictor: Predictor) -> bytes:
    """The stream of a preview or tile (1, h, w) int32."""
    stream = StreamEncoder(predictor.model.frequencies, piece.entropy(plane, FORM), depth.top)
    _code(plane, piece, 1, depth, predictor, stream)
    return stream.finish()


def estimated_bytes(plane: np.ndarray, piece: Piece, depth: Depth, predictor: Predictor) -> float:
    """The bytes of `encode`, within about 0.1 %."""
    stream = Price(predictor.model.frequencies, depth.top)
    _code(plane, piece, 1, depth, predictor, stream)
    return stream.bits / 8 + stream_bytes(piece.lanes(plane))


def decode(
    data: bytes,
    plane: np.ndarray,
    piece: Piece,
    depth: Depth,
    predictor: Predictor,
    interval: int = 1,
) -> None:
    """Fill all pixels of `plane` down to the grid of `interval`; a tile's preview is known.

    Raises StreamError if `data` is damaged.
    """
    stream = StreamDecoder(data, predictor.model.frequencies, piece.form(plane, FORM), depth.top)
    _code(plane, piece, interval, depth, predictor, stream)
    if interval == 1:
        stream.finish()


def _code(
    plane: np.ndarray,
    piece: Piece,
    interval: int,
    depth: Depth,
    predictor: Predictor,
    stream: Stream,
) -> None:
    if piece.seeded:
        every = slice(None, None, SEED_INTERVAL)
        stream.code_evenly(plane, (every, every))
    for refinement in piece.refinements:
        if refinement.interval >= interval:
            _refine(plane, refinement, depth, predictor, stream)


def _refine(
    plane: np.ndarray, refinement: Refinement, depth: Depth, predictor: Predictor, stream: Stream
) -> None:
    level = levels.level(plane, refinement.interval)
    for pass_ in depth.passes(refinement.networks):
        if not any(levels.place(level, place).size for place in pass_.places):
            continue
        outputs, bases = predictor.predict(pass_, [level])
        of_pixels = outputs_of_pixels(outputs, pass_.places)
        for of_pixel, seen, place in zip(of_pixels, bases, pass_.places, strict=True):
            height, width = levels.place(level, place).shape[1:]
            base, zoom = (part[:, :height, :width] for part in seen)
            found = of_buckets(of_pixel[..., :height, :width], base, zoom, depth.top)
            where = levels.where(refinement.interval, place)
            stream.code(plane, where, Buckets(base, zoom, found))
