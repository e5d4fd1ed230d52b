"""Planes -> streams: fit adaptations to the picture, encode by them, keep what pays."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pillow_colorgrid.codings.lossless import clipping as lossless_clipping
from pillow_colorgrid.codings.lossless.adaptation import Adaptation, apart, pack
from pillow_colorgrid.codings.lossless.description import ADAPTATION, CLIPPING
from pillow_colorgrid.codings.lossless.encoder.clipping import fit as fit_clipping
from pillow_colorgrid.codings.lossless.encoder.regression import Fitting, fit
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW,
    TILE,
    TILE_REFINEMENTS,
    Coded,
    Piece,
    encode,
    encode_color,
    encode_luminance,
    estimated_bytes,
    estimated_color_bytes,
    preview_of,
    tile_of,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.sections import Streams
from pillow_colorgrid.codings.tiles import tiles
from pillow_colorgrid.container import Section

Result = TypeVar("Result")

SECOND, FINE = TILE_REFINEMENTS[1:]

FITTINGS_BY_EFFORT: dict[int, tuple[Fitting, ...]] = {
    **dict.fromkeys((1, 2, 3), (Fitting(),)),
    **dict.fromkeys((4, 5), (Fitting((FINE,)),)),
    **dict.fromkeys((6, 7, 8), (Fitting((SECOND, FINE)),)),
    9: (Fitting((FINE,)), Fitting((SECOND, FINE)), Fitting((SECOND, FINE), cells=100_000)),
}
"""How the networks are adapted to the picture; of several ways, the one that is smallest."""


CLIPPING_BYTES = 18
"""What the section of the clipping takes."""

CLIPPING_TILES = 4
"""Whether clipping pays is estimated on so many tiles."""


def encode_adapted(
    planes: list[np.ndarray], predictor: Predictor, effort: int, clips: bool = False
) -> list[Section]:
    """Y, or Y, Co, Cg (1, H, W) int16 each -> clipping and adaptation, where they pay, and streams.

    Args:
        clips: channels may be clipped: the planes are Y, Co, Cg.
    """
    parts = _tiles_of(planes)
    if len(parts) == 1:
        predictor = predictor.remembering()
    if clips:
        predictor = _with_clipping(planes, parts, predictor)
    tries = [
        _encode_once(planes, fit(parts, fitting, predictor), predictor)
        for fitting in FITTINGS_BY_EFFORT[effort]
    ]
    smallest = min(tries, key=lambda sections: sum(len(section.payload) for section in sections))
    clipping = predictor.model.clipping
    if clipping is None:
        return smallest
    return [CLIPPING.section(lossless_clipping.pack(clipping)), *smallest]


def _with_clipping(
    planes: list[np.ndarray], parts: list[list[np.ndarray]], predictor: Predictor
) -> Predictor:
    """By the picture's clipping, if that makes colour smaller.

    What it costs where neighbours mislead is seen only beside what the networks would have said.
    """
    clipping = fit_clipping(planes, predictor.model.frequencies)
    if clipping is None:
        return predictor
    clipping_model = replace(predictor.model, clipping=clipping)

    def gain(part: list[np.ndarray]) -> float:
        at_work = predictor if len(parts) == 1 else predictor.alone().remembering()
        plain, clipped = (
            estimated_color_bytes(part, TILE, at_work.by(model))
            for model in (predictor.model, clipping_model)
        )
        return plain - clipped

    chosen = parts[:: max(1, -(-len(parts) // CLIPPING_TILES))]
    gains = predictor.workers.map(gain, chosen)
    pays = sum(gains) * len(parts) / len(chosen) > CLIPPING_BYTES
    return predictor.by(clipping_model) if pays else predictor


def _encode_once(
    planes: list[np.ndarray], adaptation: Adaptation, predictor: Predictor
) -> list[Section]:
    """By an adaptation, or by what of it pays.

    It was fitted to a sample. Where the rest of the picture is of another kind it may harm, and
    then a great deal; so what it gains is added up over all pixels.
    """
    if not adaptation:
        return [*encode_planes(planes, predictor).sections()]
    adapted = predictor.by(replace(predictor.model, adaptation=adaptation))
    found = _on_tiles(_encode_both_ways, planes, adapted)
    streams = Streams(_encode_preview(planes, predictor), [coded for coded, _ in found])
    sizes = [(len(tile.luminance), len(tile.color or b"")) for tile in streams.tiles]
    gains = np.sum([estimate for _, estimate in found], axis=0) - np.sum(sizes, axis=0)
    of_luminance, of_color = apart(adaptation)
    if of_luminance and gains[0] < len(pack(of_luminance)):
        streams = streams.with_luminance(_on_tiles(encode_luminance, planes, predictor))
        of_luminance = {}
    if of_color and gains[1] < len(pack(of_color)):
        streams = streams.with_color(_on_tiles(encode_color, planes, predictor))
        of_color = {}
    return [*pack_adaptation({**of_luminance, **of_color}), *streams.sections()]


def _encode_both_ways(
    planes: list[np.ndarray], piece: Piece, predictor: Predictor
) -> tuple[Coded, np.ndarray]:
    """The streams, and (2,) about the bytes that they would have without the adaptation."""
    predictor = predictor.remembering()
    plain = predictor.by(replace(predictor.model, adaptation={}))
    return encode(planes, piece, predictor), estimated_bytes(planes, piece, plain)


def encode_planes(planes: list[np.ndarray], predictor: Predictor) -> Streams:
    """Y, or Y, Co, Cg (1, H, W) int16 each, as preview and tiles."""
    return Streams(_encode_preview(planes, predictor), _on_tiles(encode, planes, predictor))


def _encode_preview(planes: list[np.ndarray], predictor: Predictor) -> Coded:
    return encode(preview_of(planes), PREVIEW, predictor.forgetting())


def _on_tiles(
    work: Callable[[list[np.ndarray], Piece, Predictor], Result],
    planes: list[np.ndarray],
    predictor: Predictor,
) -> list[Result]:
    """`work` on all tiles: all workers share each one's if it is the only one, else the tiles."""
    parts = _tiles_of(planes)
    if len(parts) == 1:
        return [work(parts[0], TILE, predictor)]
    alone = predictor.alone()
    return predictor.workers.map(lambda part: work(part, TILE, alone), parts)


def pack_adaptation(adaptation: Adaptation) -> list[Section]:
    """Its section, or none."""
    return [ADAPTATION.section(pack(adaptation))] if adaptation else []


def _tiles_of(planes: list[np.ndarray]) -> list[list[np.ndarray]]:
    return [tile_of(planes, tile) for tile in tiles(*planes[0].shape[1:])]
