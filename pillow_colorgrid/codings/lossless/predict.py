"""What pixels of a pass are expected to be: one call of a network, and its outputs.

The cells of a pass are computed in *bands* of rows: that bounds the memory, and lets several
workers share a pass. A network looks only some rows far, so with those around it a band's integers
are the same as if all cells were computed at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless import context, distribution, levels
from pillow_colorgrid.codings.lossless.adaptation import PASSES, Correction
from pillow_colorgrid.codings.lossless.context import Rows
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.outputs import Seen
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.heads import FEATURES, PIXELS
from pillow_colorgrid.runtime.workers import ALONE, Workers

Run = Callable[[str, np.ndarray], Seen]
"""Network name, inputs (N, rows, inputs rounded up, columns) uint8 -> what its head sees."""

ALL = slice(None)

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
class Band:
    """What the network of a pass saw in some rows of cells.

    Attributes:
        bases: for each pixel of the pass, of each plane: (N, rows, columns) int16.
    """

    pass_: Pass
    seen: Seen
    bases: list[list[np.ndarray]]

    def outputs(
        self, correction: Correction | None = None, rows: slice | np.ndarray = ALL
    ) -> np.ndarray:
        """(N, outputs, rows, columns) int32 of some rows of the band, adapted to a picture."""
        adaptable = PASSES.get(self.pass_.network)
        corrected = () if adaptable is None else adaptable.corrected
        return self.seen.rows(rows).outputs(self.pass_.units, correction, corrected)


Memory = dict[tuple[str, tuple[int, ...], Rows], Band]
"""Bands of one picture or tile by network, shape of the level, and rows: computed once, used
often."""


def sessions(model: Model) -> Run:
    """Runs the networks of a model by onnxruntime."""

    def run(name: str, inputs: np.ndarray) -> Seen:
        network = networks.index()[model.networks[name]]
        session = networks.session(network, threads=1)
        features, pixels = session.run([FEATURES, PIXELS], {"inputs": inputs})
        return Seen(networks.head(network, threads=1), features, pixels)

    return run


class Predictor:
    """A model at work.

    Args:
        model: by which it predicts.
        workers: share the cells of a pass among them, in bands of rows.
        run: computes the networks; default: `sessions`.
        memory: of the one tile that is coded several times; None remembers nothing.
    """

    def __init__(
        self,
        model: Model,
        workers: Workers = ALONE,
        run: Run | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.model, self.workers, self.memory = model, workers, memory
        self.run = run or sessions(model)

    def by(self, model: Model) -> "Predictor":
        """The same at work for a model with other adaptation or clipping."""
        return Predictor(model, self.workers, self.run, self.memory)

    def alone(self) -> "Predictor":
        """The same in the calling thread, for one of many tiles."""
        return Predictor(self.model, ALONE, self.run)

    def sharing(self, among: int) -> "Predictor":
        """The same for one of so many tiles, which are shared among the workers."""
        return Predictor(self.model, self.workers.sharing(among), self.run)

    def remembering(self) -> "Predictor":
        """The same with a memory, for one tile that will be coded several times."""
        return self if self.memory is not None else self._with_memory({})

    def forgetting(self) -> "Predictor":
        """The same without a memory, for another piece than that which it remembers."""
        return self._with_memory(None)

    def _with_memory(self, memory: Memory | None) -> "Predictor":
        return Predictor(self.model, self.workers, self.run, memory)

    def predict(
        self, pass_: Pass, level: list[np.ndarray]
    ) -> tuple[np.ndarray, list[list[np.ndarray]]]:
        """The outputs of all cells, adapted to the picture, and their bases, as of a `Band`."""

        def told(rows: Rows) -> tuple[np.ndarray, list[list[np.ndarray]]]:
            band = self.band(pass_, level, rows)
            # inputs and features, which are larger, are not kept
            return self.corrected(pass_, rows, band), band.bases

        bands = self.workers.map(told, self.bands(level[0].shape))
        if len(bands) == 1:
            return bands[0]
        outputs = np.concatenate([of_band for of_band, _ in bands], axis=2)
        all_bases = zip(*(bases for _, bases in bands), strict=True)
        bases = [[np.concatenate(b, axis=1) for b in zip(*of, strict=True)] for of in all_bases]
        return outputs, bases

    def bands(self, shape: tuple[int, ...]) -> list[Rows]:
        """The rows of cells of planes (N, h, w) as bands; any bounds lead to the same integers."""
        rows, columns = levels.cells(*shape[1:])
        if self.model.reach is None:
            return [(0, rows)]
        wanted = min(self.workers.count, rows * columns // LEAST_BAND_CELLS)
        count = max(1, wanted, -(-rows * columns // BAND_CELLS))
        each = -(-rows // count)
        return [(first, min(first + each, rows)) for first in range(0, rows, each)]

    def corrected(self, pass_: Pass, rows: Rows, band: Band) -> np.ndarray:
        """The outputs of some rows, which are a band's, adapted to the picture."""
        return band.outputs(self.model.adaptation.get(pass_.network))

    def band(self, pass_: Pass, level: list[np.ndarray], rows: Rows) -> Band:
        """What the network of a pass sees in some rows of cells.

        Args:
            level: the planes (N, h, w) int16 that it sees.
        """
        key = (pass_.network, level[0].shape, rows)
        if self.memory is not None and key in self.memory:
            return self.memory[key]
        last = levels.cells(*level[0].shape[1:])[0]
        reach = last if self.model.reach is None else self.model.reach
        first, end = max(rows[0] - reach, 0), min(rows[1] + reach, last)
        inputs, bases = pass_.see(*level, (first, end))
        seen = self.run(pass_.network, inputs)
        wanted = slice(rows[0] - first, rows[1] - first)
        band = Band(
            pass_,
            seen.rows(wanted),
            [[base[:, wanted] for base in of_pixel] for of_pixel in bases],
        )
        if self.memory is not None:
            self.memory[key] = band
        return band
