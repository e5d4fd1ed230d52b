"""The way over the levels of a picture, the same for the encoder and the decoder.

Each refinement codes luminance first: the diagonal pixels of all cells, then those right of and
below the known ones (`grid`). Then colour, in the same two passes, given all luminance of the level.
Each pass is one call of a network.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid import grid
from pillow_colorgrid.codings import lossless_context as context
from pillow_colorgrid.codings import lossless_distribution as distribution
from pillow_colorgrid.codings.lossless_stream import CG, CO, LUMINANCE, Stream

Predict = Callable[[str, np.ndarray], np.ndarray]
"""Network name, inputs (N, inputs, rows, columns) uint8 -> outputs (N, outputs, rows, columns)."""


@dataclass(frozen=True)
class Refinement:
    """From the grid of ``2 * interval`` to that of `interval`, by networks of a kind of level."""

    interval: int
    networks: str


def walk(
    planes: list[np.ndarray], refinements: tuple[Refinement, ...], predict: Predict, stream: Stream
) -> None:
    """Code all pixels of `planes` that `refinements` add.

    Args:
        planes: Y, or Y, Co, Cg: each (1, H, W) int16; a decoder's are filled in.
    """
    for refinement in refinements:
        level = [grid.level(plane, refinement.interval) for plane in planes]
        _luminance(level[0], refinement.networks, predict, stream)
        if len(level) == 3:
            _color(level, refinement.networks, predict, stream)


def _luminance(pixels: np.ndarray, networks: str, predict: Predict, stream: Stream) -> None:
    passes = (context.luminance_diagonal, context.luminance_cross)
    for name, see, places in zip(grid.PASS_NAMES, passes, grid.PASSES, strict=True):
        if not any(grid.place(pixels, place).size for place in places):
            continue
        inputs, bases = see(pixels)
        outputs = predict(f"luminance_{networks}_{name}", inputs)
        for part, base, place in zip(_parts(outputs, places), bases, places, strict=True):
            target = grid.place(pixels, place)
            found = distribution.luminance(part, base[0]).cut(*target.shape[1:])
            stream.code(LUMINANCE, target, found)


def _color(level: list[np.ndarray], networks: str, predict: Predict, stream: Stream) -> None:
    luminance, co, cg = level
    passes = (context.color_diagonal, context.color_cross)
    for name, see, places in zip(grid.PASS_NAMES, passes, grid.PASSES, strict=True):
        if not any(grid.place(co, place).size for place in places):
            continue
        inputs, bases = see(luminance, co, cg)
        outputs = predict(f"color_{networks}_{name}", inputs)
        for part, base, place in zip(_parts(outputs, places), bases, places, strict=True):
            target_co, target_cg = grid.place(co, place), grid.place(cg, place)
            height, width = target_co.shape[1:]
            part = part[..., :height, :width]
            base = [plane[..., :height, :width] for plane in base]
            found = distribution.co(part, base[0])
            stream.code(CO, target_co, found)
            stream.code(CG, target_cg, distribution.cg(part, base[1], found, target_co))


def _parts(outputs: np.ndarray, places: tuple[tuple[int, int], ...]) -> list[np.ndarray]:
    """The outputs of each pixel of the pass."""
    return np.split(outputs, len(places), axis=1)
