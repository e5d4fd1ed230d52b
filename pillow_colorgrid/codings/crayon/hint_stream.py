"""Hints <-> bytes: two small planes, coded as the lossless coding codes colour. Slopes likewise.

Hints Co and Cg make a small picture; seeds, then refinements by the lossless coding's colour
networks, one entropy-coded stream. These networks are shown a constant luminance instead of the
picture's: the true one would save only 2 % of the hints (Kodak: 0.0003 bpp), and a decoder would
have to know every last bit of it, which no decoder of a lossy file can promise. So hints stand for
themselves.
"""

import numpy as np

from pillow_colorgrid.codings.crayon.hints import HINT_LIMITS, Hints
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.pieces import code_seeds
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.stream import CO, Stream, StreamDecoder, StreamEncoder
from pillow_colorgrid.codings.lossless.walk import Refinement, walk_color
from pillow_colorgrid.entropy import rans
from pillow_colorgrid.entropy.rans import StreamError

LUMINANCE = 128
"""What the networks are told of the luminance of all hints."""

REFINEMENTS = (Refinement(4, "second"), Refinement(2, "second"), Refinement(1, "fine"))
"""The networks measured to be best: 3 % below "coarse" throughout (Kodak, n = 6)."""

LANE_HINTS = 1024
"""One lane of the entropy coder for so many hints: it costs about three bytes."""


def encode(co: Hints, cg: Hints, model: Model) -> bytes:
    """Hints (rows, columns) of Co and Cg as a stream; `model` has no adaptation."""
    stream = StreamEncoder(model.frequencies, rans.Encoder(_lanes(co)))
    _walk([plane.astype(np.int16) for plane in (co, cg)], model, stream)
    return stream.finish()


def decode(data: bytes, rows: int, columns: int, model: Model) -> tuple[Hints, Hints]:
    """The inverse of `encode`. Raises StreamError if `data` is damaged."""
    co, cg = (np.zeros((rows, columns), np.int16) for _ in range(2))
    stream = StreamDecoder(data, model.frequencies, _lanes(co))
    _walk([co, cg], model, stream)
    stream.finish()
    for plane in (co, cg):
        if plane.min() < HINT_LIMITS[0] or plane.max() > HINT_LIMITS[1]:
            raise StreamError(f"hints {plane.min()} to {plane.max()}, allowed {HINT_LIMITS}")
    return co.astype(np.int8), cg.astype(np.int8)


def _lanes(plane: np.ndarray) -> int:
    return max(1, plane.size // LANE_HINTS)


def _walk(colour: list[np.ndarray], model: Model, stream: Stream) -> None:
    """Code both planes (rows, columns) int16, or fill them in."""
    planes = [np.full_like(colour[0], LUMINANCE)[None], *(plane[None] for plane in colour)]
    code_seeds(planes[1:], CO, stream)
    walk_color(planes, REFINEMENTS, Predictor(model), stream)
