"""What pixels of a pass are expected to be: one call of a network, its outputs as integers.

The cells of a pass are computed in *bands* of rows: that bounds the memory, and lets several
workers share a pass. A network looks only some rows far, so with those around it a band's integers
are the same as if all cells were computed at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from pillow_colorgrid.codings.lossless import context, distribution, levels
from pillow_colorgrid.codings.lossless.adaptation import Adaptation
from pillow_colorgrid.codings.lossless.clipping import Clipping
from pillow_colorgrid.codings.lossless.context import Rows
from pillow_colorgrid.entropy.rans import Frequencies
from pillow_colorgrid.runtime.workers import ALONE, Workers

Predict = Callable[[str, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Network name, inputs (N, inputs, rows, columns) uint8 -> outputs (N, outputs, rows, columns)
float32, and features (N, features, rows, columns) uint8."""

BAND_CELLS, LEAST_BAND_CELLS = 60_000, 2_000
"""A band has at most so many cells, which bounds the memory; and not fewer only to keep workers
busy, because its network also computes the rows around it."""


@dataclass(frozen=True)
class Pass:
    """A pass over the cells of a level: the name of its network, and what that sees and tells."""

    network: str
    see: Callable[..., context.Context]
    units: np.ndarray
    places: tuple[tuple[int, int], ...]


def luminance_passes(networks: str) -> tuple[Pass, Pass]:
    """The diagonal and the cross pass of luminance, by networks of a kind of level."""
    see = context.luminance_diagonal, context.luminance_cross
    return _passes(f"luminance_{networks}", see, distribution.LUMINANCE_UNITS)


def color_passes(networks: str) -> tuple[Pass, Pass]:
    """The diagonal and the cross pass of colour, by networks of a kind of level."""
    see = context.color_diagonal, context.color_cross
    return _passes(f"color_{networks}", see, distribution.COLOR_UNITS)


def _passes(
    networks: str,
    see: tuple[Callable[..., context.Context], Callable[..., context.Context]],
    units: np.ndarray,
) -> tuple[Pass, Pass]:
    diagonal, cross = levels.PASSES
    return (
        Pass(f"{networks}_diagonal", see[0], units, diagonal),
        Pass(f"{networks}_cross", see[1], units, cross),
    )


@dataclass(frozen=True)
class Seen:
    """What the network of a pass saw in some rows of cells, and what it made of it.

    Attributes:
        inputs, features: (N, inputs or features, rows, columns) uint8.
        numbers: (N, outputs, rows, columns) int32: the outputs as integers, not yet corrected.
        bases: for each pixel of the pass, of each plane: (N, rows, columns) int16.
    """

    inputs: np.ndarray
    features: np.ndarray
    numbers: np.ndarray
    bases: list[list[np.ndarray]]


@dataclass(frozen=True)
class Model:
    """All that predicts pixels: networks, their frequency tables, what the picture adds to them.

    Attributes:
        features: that each network shows beside its outputs.
        clipping: how sharply the picture's channels are cut; None: it does not matter.
        reach: so many rows of cells away an input changes an output; None: any.
        workers: share the cells of a pass among them, in bands of rows.
        memory: of what was seen of one tile, by network and rows; None remembers nothing.
    """

    predict: Predict
    frequencies: Frequencies
    features: int
    reach: int | None = None
    adaptation: Adaptation = field(default_factory=dict)
    clipping: Clipping | None = None
    workers: Workers = ALONE
    memory: dict[tuple[str, Rows], Seen] | None = None

    def numbers(
        self, one: Pass, level: list[np.ndarray]
    ) -> tuple[np.ndarray, list[list[np.ndarray]]]:
        """The corrected numbers of all cells, and their bases, as in `Seen`."""
        bands = self.workers.map(
            lambda rows: self._corrected(one, level, rows), self.bands(level[0].shape)
        )
        if len(bands) == 1:
            return bands[0].numbers, bands[0].bases
        numbers = np.concatenate([band.numbers for band in bands], axis=2)
        all_bases = zip(*(band.bases for band in bands), strict=True)
        bases = [[np.concatenate(b, axis=1) for b in zip(*of, strict=True)] for of in all_bases]
        return numbers, bases

    def bands(self, shape: tuple[int, ...]) -> list[Rows]:
        """The rows of cells of planes (N, h, w) as bands; any cut leads to the same integers."""
        rows, columns = levels.cells(*shape[1:])
        if self.reach is None:
            return [(0, rows)]
        wanted = min(self.workers.count, rows * columns // LEAST_BAND_CELLS)
        count = max(1, wanted, -(-rows * columns // BAND_CELLS))
        each = -(-rows // count)
        return [(first, min(first + each, rows)) for first in range(0, rows, each)]

    def _corrected(self, one: Pass, level: list[np.ndarray], rows: Rows) -> Seen:
        seen = self.look(one, level, rows)
        if one.network not in self.adaptation:
            return seen
        numbers = seen.numbers.copy()
        self.adaptation[one.network].apply(numbers, seen.features, seen.inputs, one.network)
        return replace(seen, numbers=numbers)

    def look(self, one: Pass, level: list[np.ndarray], rows: Rows) -> Seen:
        """What the network of a pass makes of some rows of cells.

        Args:
            level: the planes (N, h, w) int16 that it sees.
        """
        if self.memory is not None and (one.network, rows) in self.memory:
            return self.memory[one.network, rows]
        last = levels.cells(*level[0].shape[1:])[0]
        reach = last if self.reach is None else self.reach
        first, end = max(rows[0] - reach, 0), min(rows[1] + reach, last)
        inputs, bases = one.see(*level, (first, end))
        outputs, features = self.predict(one.network, inputs)
        wanted = slice(rows[0] - first, rows[1] - first)
        seen = Seen(
            inputs[:, :, wanted],
            features[:, :, wanted],
            distribution.integers(outputs[:, :, wanted], one.units),
            [[base[:, wanted] for base in of_pixel] for of_pixel in bases],
        )
        if self.memory is not None:
            self.memory[one.network, rows] = seen
        return seen
