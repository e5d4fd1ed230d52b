"""The way over the levels of a picture, the same for the encoder and the decoder.

Each refinement codes luminance first: the diagonal pixels of all cells, then those right of and
below the known ones (`grid`). Then colour, in the same two passes, given all luminance of the
level. Each pass is one call of a network.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pillow_colorgrid import grid
from pillow_colorgrid.codings import lossless_context as context
from pillow_colorgrid.codings import lossless_distribution as distribution
from pillow_colorgrid.codings.lossless_adaptation import Adaptation
from pillow_colorgrid.codings.lossless_stream import CG, CO, LUMINANCE, Stream
from pillow_colorgrid.entropy import Frequencies

Predict = Callable[[str, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Network name, inputs (N, inputs, rows, columns) uint8 -> outputs (N, outputs, rows, columns)
float32, and features (N, features, rows, columns) uint8."""


@dataclass(frozen=True)
class Model:
    """All that predicts pixels: networks, their frequency tables, what the picture adds to them."""

    predict: Predict
    frequencies: Frequencies
    features: int
    adaptation: Adaptation = field(default_factory=dict)

    def numbers(self, name: str, inputs: np.ndarray, units: np.ndarray) -> np.ndarray:
        """The outputs of the network `name` as integers, corrected."""
        outputs, features = self.predict(name, inputs)
        numbers = distribution.integers(outputs, units)
        if name in self.adaptation:
            self.adaptation[name].apply(numbers, features, inputs, name)
        return numbers


@dataclass(frozen=True)
class Refinement:
    """From the grid of ``2 * interval`` to that of `interval`, by networks of a kind of level."""

    interval: int
    networks: str


def walk(
    planes: list[np.ndarray], refinements: tuple[Refinement, ...], by: Model, stream: Stream
) -> None:
    """Code all pixels of `planes` that `refinements` add.

    Args:
        planes: Y, or Y, Co, Cg: each (1, H, W) int16; a decoder's are filled in.
    """
    for refinement in refinements:
        level = [grid.level(plane, refinement.interval) for plane in planes]
        _luminance(level[0], refinement.networks, by, stream)
        if len(level) == 3:
            _color(level, refinement.networks, by, stream)


def _luminance(pixels: np.ndarray, networks: str, by: Model, stream: Stream) -> None:
    passes = (context.luminance_diagonal, context.luminance_cross)
    for name, see, places in zip(grid.PASS_NAMES, passes, grid.PASSES, strict=True):
        if not any(grid.place(pixels, place).size for place in places):
            continue
        inputs, bases = see(pixels)
        numbers = by.numbers(f"luminance_{networks}_{name}", inputs, distribution.LUMINANCE_UNITS)
        for part, base, place in zip(parts(numbers, places), bases, places, strict=True):
            target = grid.place(pixels, place)
            found = distribution.luminance(part, base[0]).cut(*target.shape[1:])
            stream.code(LUMINANCE, target, found)


def _color(level: list[np.ndarray], networks: str, by: Model, stream: Stream) -> None:
    luminance, co, cg = level
    passes = (context.color_diagonal, context.color_cross)
    for name, see, places in zip(grid.PASS_NAMES, passes, grid.PASSES, strict=True):
        if not any(grid.place(co, place).size for place in places):
            continue
        inputs, bases = see(luminance, co, cg)
        numbers = by.numbers(f"color_{networks}_{name}", inputs, distribution.COLOR_UNITS)
        for part, base, place in zip(parts(numbers, places), bases, places, strict=True):
            target_co, target_cg = grid.place(co, place), grid.place(cg, place)
            height, width = target_co.shape[1:]
            part = part[..., :height, :width]
            base = [plane[..., :height, :width] for plane in base]
            found = distribution.co(part, base[0])
            stream.code(CO, target_co, found)
            stream.code(CG, target_cg, distribution.cg(part, base[1], found, target_co))


def parts(numbers: np.ndarray, places: tuple[tuple[int, int], ...]) -> list[np.ndarray]:
    """The numbers of each pixel of the pass."""
    return np.split(numbers, len(places), axis=1)
