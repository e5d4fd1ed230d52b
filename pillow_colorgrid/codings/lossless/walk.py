"""The way over the levels of a picture, the same for the encoder and the decoder.

Each refinement codes luminance: the diagonal pixels of all cells, then those right of and below
the known ones (`levels`). Colour goes the same way, given all luminance of the level; luminance
never looks at colour. Each pass is one call of a network.
"""

from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless import distribution, levels
from pillow_colorgrid.codings.lossless.clipping import around, masks
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.predict import (
    Pass,
    Predictor,
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
    planes: list[np.ndarray],
    refinements: tuple[Refinement, ...],
    predictor: Predictor,
    stream: Stream,
    held: Held | None = None,
) -> None:
    """Code all pixels of `planes` that `refinements` add, level by level, luminance before colour.

    Args:
        planes: Y, or Y, Co, Cg: each (1, H, W) int16; a decoder's are filled in.
        held: of these planes; None: the stream holds all pixels.
    """
    for refinement in refinements:
        walk_luminance(planes[0], (refinement,), predictor, stream, held)
        if len(planes) == 3:
            walk_color(planes, (refinement,), predictor, stream, held)


def walk_luminance(
    plane: np.ndarray,
    refinements: tuple[Refinement, ...],
    predictor: Predictor,
    stream: Stream,
    held: Held | None = None,
) -> None:
    """Luminance's part of `walk`: Y (1, H, W) int16."""
    for refinement in refinements:
        _luminance(plane, refinement, predictor, stream, held)


def walk_color(
    planes: list[np.ndarray],
    refinements: tuple[Refinement, ...],
    predictor: Predictor,
    stream: Stream,
    held: Held | None = None,
) -> None:
    """Colour's part of `walk`: Y, Co, Cg (1, H, W) int16; Y is known down to the finest level."""
    for refinement in refinements:
        _color(planes, refinement, predictor, stream, held)


def _luminance(
    plane: np.ndarray,
    refinement: Refinement,
    predictor: Predictor,
    stream: Stream,
    held: Held | None,
) -> None:
    level = levels.level(plane, refinement.interval)
    held = held and held.level(refinement.interval)
    for pass_ in luminance_passes(refinement.networks):
        if not _has_any(level, pass_, held):
            continue
        before = [level] if held is None else held.before(pass_.places, [level])
        outputs, bases = predictor.predict(pass_, before)
        of_pixels = outputs_of_pixels(outputs, pass_.places)
        for of_pixel, base, place in zip(of_pixels, bases, pass_.places, strict=True):
            height, width = levels.place(level, place).shape[1:]
            found = distribution.luminance(of_pixel, base[0]).cropped(height, width)
            code_at(stream, LUMINANCE, plane, (refinement.interval, place), found, held)


def _color(
    planes: list[np.ndarray],
    refinement: Refinement,
    predictor: Predictor,
    stream: Stream,
    held: Held | None,
) -> None:
    level = [levels.level(plane, refinement.interval) for plane in planes]
    held = held and held.level(refinement.interval)
    clipping = predictor.model.clipping
    for pass_ in color_passes(refinement.networks):
        if not _has_any(level[1], pass_, held):
            continue
        before = level if held is None else held.before(pass_.places, level)
        outputs, bases = predictor.predict(pass_, before)
        # those of pixels that are still unknown are wrong, but nobody asks for them
        clipped = masks(*before) if clipping is not None else None
        of_pixels = outputs_of_pixels(outputs, pass_.places)
        for of_pixel, base, place in zip(of_pixels, bases, pass_.places, strict=True):
            y, known_co = (levels.place(plane, place) for plane in level[:2])
            height, width = known_co.shape[1:]
            of_pixel = of_pixel[..., :height, :width]
            base = [plane[..., :height, :width] for plane in base]
            at = (refinement.interval, place)
            co = distribution.co(of_pixel, base[0])
            if clipping is None or clipped is None:
                code_at(stream, CO, planes[1], at, co, held)
                cg = distribution.cg(of_pixel, base[1], co, known_co)
                code_at(stream, CG, planes[2], at, cg, held)
                continue
            mask = around(clipped, pass_.places, place)[..., :height, :width]
            code_at(stream, CO, planes[1], at, clipping.co(co, mask, y), held)
            cg = distribution.cg(of_pixel, base[1], co, known_co)
            code_at(stream, CG, planes[2], at, clipping.cg(cg, mask, y, known_co), held)


def code_at(
    stream: Stream,
    number: int,
    plane: np.ndarray,
    at: tuple[int, tuple[int, int]],
    found: Distribution,
    held: Held | None,
) -> None:
    """Code the pixels of a plane at one place of the cells of a level.

    Args:
        number: of the plane; at: the level's interval, and the place.
        held: of the level.
    """
    where = levels.where(*at)
    if held is None:
        stream.code(number, plane, where, found)
        return
    there, of_held = held.chosen(where, at[1], found)
    stream.code(number, plane, there, of_held)


def _has_any(level: np.ndarray, pass_: Pass, held: Held | None) -> bool:
    """Whether a pass over a level (1, h, w) has a pixel."""
    if held is not None:
        return held.any_at(pass_.places)
    return any(levels.place(level, place).size for place in pass_.places)


def outputs_of_pixels(outputs: np.ndarray, places: tuple[tuple[int, int], ...]) -> list[np.ndarray]:
    """The outputs that belong to each pixel of the pass, as views."""
    each = outputs.shape[1] // len(places)
    return [outputs[:, first : first + each] for first in range(0, outputs.shape[1], each)]
