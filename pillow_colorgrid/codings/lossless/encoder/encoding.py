"""Planes -> streams: fit adaptations to the picture, encode by them, keep what pays."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pillow_colorgrid.codings.lossless import clipping as lossless_clipping
from pillow_colorgrid.codings.lossless.adaptation import Adaptation, apart, pack
from pillow_colorgrid.codings.lossless.description import ADAPTATION, CLIPPING
from pillow_colorgrid.codings.lossless.encoder.regression import Care, fit
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
from pillow_colorgrid.codings.lossless.predict import Model
from pillow_colorgrid.codings.lossless.sections import Streams
from pillow_colorgrid.codings.tiles import tiles
from pillow_colorgrid.container import Section
from pillow_colorgrid.runtime.workers import ALONE

Result = TypeVar("Result")

SECOND, FINE = TILE_REFINEMENTS[1:]

CARES_BY_EFFORT: dict[int, tuple[Care, ...]] = {
    **dict.fromkeys((1, 2, 3), (Care(),)),
    **dict.fromkeys((4, 5), (Care((FINE,)),)),
    **dict.fromkeys((6, 7, 8), (Care((SECOND, FINE)),)),
    9: (Care((FINE,)), Care((SECOND, FINE)), Care((SECOND, FINE), cells=100_000)),
}
"""How the networks are adapted to the picture; of several ways, the one that is smallest."""


CLIPPING_BYTES = 18
"""What the section of the clipping takes."""

CLIPPING_TILES = 4
"""Whether clipping pays is estimated on so many tiles."""


def encode_adapted(
    planes: list[np.ndarray], by: Model, effort: int, clips: bool = False
) -> list[Section]:
    """Y, or Y, Co, Cg (1, H, W) int16 each -> clipping and adaptation, where they pay, and streams.

    Args:
        clips: channels may be clipped: the planes are Y, Co, Cg.
    """
    parts = _tiles_of(planes)
    if len(parts) == 1:
        by = replace(by, memory={})
    if clips:
        by = _with_clipping(planes, parts, by)
    tries = [_encode_once(planes, fit(parts, care, by), by) for care in CARES_BY_EFFORT[effort]]
    smallest = min(tries, key=lambda sections: sum(len(section.payload) for section in sections))
    if by.clipping is None:
        return smallest
    return [CLIPPING.section(lossless_clipping.pack(by.clipping)), *smallest]


def _with_clipping(planes: list[np.ndarray], parts: list[list[np.ndarray]], by: Model) -> Model:
    """`by` with the picture's clipping, if that makes colour smaller.

    What it costs where neighbours mislead is seen only beside what the networks would have said.
    """
    clipping = lossless_clipping.fit(planes, by.frequencies)
    if clipping is None:
        return by
    found = replace(by, clipping=clipping)

    def gain(part: list[np.ndarray]) -> float:
        memory = {} if by.memory is None else by.memory
        workers = by.workers if len(parts) == 1 else ALONE
        plain, clipped = (
            estimated_color_bytes(part, TILE, replace(one, memory=memory, workers=workers))
            for one in (by, found)
        )
        return plain - clipped

    chosen = parts[:: max(1, -(-len(parts) // CLIPPING_TILES))]
    gains = by.workers.map(gain, chosen)
    return found if sum(gains) * len(parts) / len(chosen) > CLIPPING_BYTES else by


def _encode_once(planes: list[np.ndarray], adaptation: Adaptation, by: Model) -> list[Section]:
    """By an adaptation, or by what of it pays.

    It was fitted to a sample. Where the rest of the picture is of another kind it may harm, and
    then a great deal; so what it gains is added up over all pixels.
    """
    plain = replace(by, adaptation={})
    if not adaptation:
        return [*encode_planes(planes, plain).sections()]
    found = _on_tiles(_encode_both_ways, planes, replace(by, adaptation=adaptation))
    streams = Streams(_encode_preview(planes, by), [coded for coded, _ in found])
    sizes = [(len(tile.luminance), len(tile.color or b"")) for tile in streams.tiles]
    gains = np.sum([estimate for _, estimate in found], axis=0) - np.sum(sizes, axis=0)
    of_luminance, of_color = apart(adaptation)
    if of_luminance and gains[0] < len(pack(of_luminance)):
        streams = streams.with_luminance(_on_tiles(encode_luminance, planes, plain))
        of_luminance = {}
    if of_color and gains[1] < len(pack(of_color)):
        streams = streams.with_color(_on_tiles(encode_color, planes, plain))
        of_color = {}
    return [*pack_adaptation({**of_luminance, **of_color}), *streams.sections()]


def _encode_both_ways(
    planes: list[np.ndarray], piece: Piece, model: Model
) -> tuple[Coded, np.ndarray]:
    """The streams, and (2,) about the bytes that they would have without the adaptation."""
    if model.memory is None:
        model = replace(model, memory={})
    coded = encode(planes, piece, model)
    return coded, estimated_bytes(planes, piece, replace(model, adaptation={}))


def encode_planes(planes: list[np.ndarray], by: Model) -> Streams:
    """Y, or Y, Co, Cg (1, H, W) int16 each, as preview and tiles."""
    return Streams(_encode_preview(planes, by), _on_tiles(encode, planes, by))


def _encode_preview(planes: list[np.ndarray], by: Model) -> Coded:
    return encode(preview_of(planes), PREVIEW, replace(by, memory=None))


def _on_tiles(
    work: Callable[[list[np.ndarray], Piece, Model], Result], planes: list[np.ndarray], by: Model
) -> list[Result]:
    """`work` on all tiles: all workers share each one's if it is the only one, else the tiles."""
    parts = _tiles_of(planes)
    if len(parts) == 1:
        return [work(parts[0], TILE, by)]
    alone = replace(by, workers=ALONE)
    return by.workers.map(lambda part: work(part, TILE, alone), parts)


def pack_adaptation(adaptation: Adaptation) -> list[Section]:
    """Its section, or none."""
    return [ADAPTATION.section(pack(adaptation))] if adaptation else []


def _tiles_of(planes: list[np.ndarray]) -> list[list[np.ndarray]]:
    return [tile_of(planes, tile) for tile in tiles(*planes[0].shape[1:])]
