"""The way over the levels of a picture, the same for the encoder and the decoder.

Each refinement codes luminance: the diagonal pixels of all cells, then those right of and below
the known ones (`grid`). Colour goes the same way, given all luminance of the level; luminance never
looks at colour. Each pass is one call of a network.
"""

from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless import distribution, levels
from pillow_colorgrid.codings.lossless.clipping import around, masks
from pillow_colorgrid.codings.lossless.predict import (
    Model as Model,
    Predict as Predict,
    color_passes,
    luminance_passes,
)
from pillow_colorgrid.codings.lossless.stream import CG, CO, LUMINANCE, Stream


@dataclass(frozen=True)
class Refinement:
    """From the grid of ``2 * interval`` to that of `interval`, by networks of a kind of level."""

    interval: int
    networks: str


def walk(
    planes: list[np.ndarray], refinements: tuple[Refinement, ...], by: Model, stream: Stream
) -> None:
    """Code all pixels of `planes` that `refinements` add, level by level, luminance before colour.

    Args:
        planes: Y, or Y, Co, Cg: each (1, H, W) int16; a decoder's are filled in.
    """
    for refinement in refinements:
        walk_luminance(planes[0], (refinement,), by, stream)
        if len(planes) == 3:
            walk_color(planes, (refinement,), by, stream)


def walk_luminance(
    plane: np.ndarray, refinements: tuple[Refinement, ...], by: Model, stream: Stream
) -> None:
    """Luminance's part of `walk`: Y (1, H, W) int16."""
    for refinement in refinements:
        _luminance(levels.level(plane, refinement.interval), refinement.networks, by, stream)


def walk_color(
    planes: list[np.ndarray], refinements: tuple[Refinement, ...], by: Model, stream: Stream
) -> None:
    """Colour's part of `walk`: Y, Co, Cg (1, H, W) int16; Y is known down to the finest level."""
    for refinement in refinements:
        level = [levels.level(plane, refinement.interval) for plane in planes]
        _color(level, refinement.networks, by, stream)


def _luminance(pixels: np.ndarray, networks: str, by: Model, stream: Stream) -> None:
    for one in luminance_passes(networks):
        if not any(levels.place(pixels, place).size for place in one.places):
            continue
        numbers, bases = by.numbers(one, [pixels])
        for part, base, place in zip(parts(numbers, one.places), bases, one.places, strict=True):
            target = levels.place(pixels, place)
            found = distribution.luminance(part, base[0]).cut(*target.shape[1:])
            stream.code(LUMINANCE, target, found)


def _color(level: list[np.ndarray], networks: str, by: Model, stream: Stream) -> None:
    for one in color_passes(networks):
        if not any(levels.place(level[1], place).size for place in one.places):
            continue
        numbers, bases = by.numbers(one, level)
        # those of pixels that are still unknown are wrong, but nobody asks for them
        clipped = masks(*level) if by.clipping is not None else None
        for part, base, place in zip(parts(numbers, one.places), bases, one.places, strict=True):
            target_co, target_cg = (levels.place(plane, place) for plane in level[1:])
            height, width = target_co.shape[1:]
            part = part[..., :height, :width]
            base = [plane[..., :height, :width] for plane in base]
            co = distribution.co(part, base[0])
            if by.clipping is None or clipped is None:
                stream.code(CO, target_co, co)
                stream.code(CG, target_cg, distribution.cg(part, base[1], co, target_co))
                continue
            y = levels.place(level[0], place)
            mask = around(clipped, one.places, place)[..., :height, :width]
            stream.code(CO, target_co, by.clipping.co(co, mask, y))
            cg = distribution.cg(part, base[1], co, target_co)
            stream.code(CG, target_cg, by.clipping.cg(cg, mask, y, target_co))


def parts(numbers: np.ndarray, places: tuple[tuple[int, int], ...]) -> list[np.ndarray]:
    """The numbers of each pixel of the pass."""
    return np.split(numbers, len(places), axis=1)
