"""Samples -> sections of the deep coding: by the adaptation that pays. Encoder only."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from pillow_colorgrid.codings.base import Encoded
from pillow_colorgrid.codings.deep import walk
from pillow_colorgrid.codings.deep.coding import pack_values
from pillow_colorgrid.codings.deep.context import Depth
from pillow_colorgrid.codings.deep.description import VALUES
from pillow_colorgrid.codings.deep.distribution import of_buckets
from pillow_colorgrid.codings.deep.encoder.values import number
from pillow_colorgrid.codings.lossless.adaptation import Adaptation, pack
from pillow_colorgrid.codings.lossless.encoder.encoding import (
    FINE,
    SECOND,
    pack_adaptation,
)
from pillow_colorgrid.codings.lossless.encoder.regression import Coded as Doing, Find, Fitting, fit
from pillow_colorgrid.codings.lossless.model import MODELS_BY_EFFORT, model
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW,
    TILE,
    Coded,
    Piece,
    preview_of,
    tile_of,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.sections import Streams
from pillow_colorgrid.codings.lossless.stream import CENTER, LUMINANCE
from pillow_colorgrid.codings.tiles import tiles
from pillow_colorgrid.container import Section
from pillow_colorgrid.pixels import Pixels
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import of_this_picture

Result = TypeVar("Result")

Work = Callable[[np.ndarray, Piece, Depth, Predictor], Result]
"""What `walk` does with a tile."""

FINENESS = 5
"""Mean differences of zoomed cells are 32 to 63: their residuals are many buckets, and few of the
differences that a network sees are clipped."""

TRIED_AT_EFFORT_9 = (4, 5, 6)

BOTH = (SECOND, FINE)

FITTINGS_BY_EFFORT: dict[int, tuple[Fitting, ...]] = {
    **dict.fromkeys((1, 2, 3), (Fitting((FINE,), all_bend=True),)),
    **dict.fromkeys(range(4, 9), (Fitting(BOTH, all_bend=True),)),
    9: (Fitting(BOTH, all_bend=True), Fitting(BOTH, 100_000, all_bend=True)),
}
"""How the networks are adapted. They were not trained on such pictures, so it does more than
elsewhere; what few cells show, those at the edge of a body, must not be left to chance."""


def encode(pixels: Pixels, effort: int) -> Encoded | None:
    """(H, W, 1) samples -> sections; None where `number` cannot number them."""
    numbered = number(pixels)
    if numbered is None:
        return None
    values, plane = numbered
    tables = MODELS_BY_EFFORT[effort]
    found = []
    with of_this_picture() as workers:
        for fineness in TRIED_AT_EFFORT_9 if effort == 9 else (FINENESS,):
            depth = Depth(values.top, fineness)
            streams = _Plane(plane, depth, Predictor(model(tables), workers)).encode(effort)
            found.append([VALUES.section(pack_values(depth, values)), *streams])
    return Encoded([networks.pack_references([tables]), *min(found, key=_size)])


def _size(sections: Sequence[Section]) -> int:
    return sum(len(section.payload) for section in sections)


class _Plane:
    """A plane (1, H, W) int32 that is to be coded by the model of `predictor`."""

    def __init__(self, plane: np.ndarray, depth: Depth, predictor: Predictor) -> None:
        self.depth = depth
        self.preview = preview_of([plane])[0]
        self.parts = [tile_of([plane], tile)[0] for tile in tiles(*plane.shape[1:])]
        self.predictor = predictor.remembering() if len(self.parts) == 1 else predictor

    def encode(self, effort: int) -> list[Section]:
        """Adaptation, where one pays, and streams."""
        preview = walk.encode(self.preview, PREVIEW, self.depth, self.predictor.forgetting())
        tries = [self._tiles(fitting) for fitting in FITTINGS_BY_EFFORT[effort]]
        adaptation, coded = min(
            tries, key=lambda one: len(pack(one[0])) + sum(len(tile) for tile in one[1])
        )
        streams = Streams(Coded(preview), [Coded(tile) for tile in coded])
        return [*pack_adaptation(adaptation), *streams.sections()]

    def _tiles(self, fitting: Fitting) -> tuple[Adaptation, list[bytes]]:
        """The streams of all tiles, by an adaptation if it pays on all pixels."""
        adaptation = fit(
            [[part] for part in self.parts],
            fitting,
            self.predictor,
            passes_of=lambda step: self.depth.passes(step.networks),
            finds=partial(_finds, self.depth.top),
        )
        if not adaptation:
            return {}, self._on_tiles(walk.encode, self.predictor)
        adapted = self.predictor.by(replace(self.predictor.model, adaptation=adaptation))
        coded = self._on_tiles(walk.encode, adapted)
        plain_bytes = sum(self._on_tiles(walk.estimated_bytes, self.predictor))
        if sum(map(len, coded)) + len(pack(adaptation)) < plain_bytes:
            return adaptation, coded
        return {}, self._on_tiles(walk.encode, self.predictor)

    def _on_tiles(self, work: Work[Result], predictor: Predictor) -> list[Result]:
        at_work = predictor if len(self.parts) == 1 else predictor.alone()
        return predictor.workers.map(lambda part: work(part, TILE, self.depth, at_work), self.parts)


def _finds(
    top: int, outputs: np.ndarray, bases: list[np.ndarray], values: list[np.ndarray]
) -> tuple[Find]:
    """How the one plane is doing, in buckets."""
    base, zoom = bases

    def doing() -> Doing:
        found = of_buckets(outputs, base, zoom, top)
        buckets = (values[0] - base) >> zoom
        nearest = np.clip(buckets, found.floor - (CENTER - 1), found.floor + (CENTER - 1))
        return Doing(LUMINANCE, nearest, found)

    return (doing,)
