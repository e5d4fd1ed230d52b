"""What an adaptation saves of a tile, seen while that is coded by it. Encoder only.

It was fitted to a sample. Where the rest of the picture is of another kind it may harm, and then a
great deal; so what it saves is added up over the whole picture, by a third of the rows of cells.
Clipped pixels are left aside: the clipping tells them, whatever networks say.
"""

import numpy as np

from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.adaptation import PASSES
from pillow_colorgrid.codings.lossless.clipping import around, masks
from pillow_colorgrid.codings.lossless.context import Rows
from pillow_colorgrid.codings.lossless.encoder.regression import doing
from pillow_colorgrid.codings.lossless.encoder.sample import passes_over
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.pieces import Piece
from pillow_colorgrid.codings.lossless.predict import Band, Pass, Predictor
from pillow_colorgrid.codings.lossless.walk import outputs_of_pixels

RUN, EVERY = 8, 3
"""Of so many runs of so many rows one is looked at: in single rows enlarged pictures would show
always the same."""

FEW_CELLS = 2**15
"""Of passes over fewer cells all rows are."""


class Verifying(Predictor):
    """Another one at work, on one tile, that adds up what its model's adaptation saves there.

    It looks at what the networks are asked for while the tile is coded: remembered until then, a
    tile of a megapixel would take 200 MB.

    Args:
        planes: of the tile, (1, h, w) int16 each.
    """

    def __init__(self, planes: list[np.ndarray], piece: Piece, other: Predictor) -> None:
        super().__init__(other.model, other.workers, other.run, other.memory)
        self.planes, self.piece = planes, piece
        self._checks: dict[str, _Check] = {}
        self._saved_bits: dict[str, dict[Rows, float]] = {}

    def corrected(self, pass_: Pass, rows: Rows, band: Band) -> np.ndarray:
        """As that of others; takes note of what it saves."""
        outputs = super().corrected(pass_, rows, band)
        if pass_.network in self.model.adaptation:
            saved = self._check(pass_).saved_bits(rows, band, outputs)
            self._saved_bits.setdefault(pass_.network, {})[rows] = saved
        return outputs

    def _check(self, pass_: Pass) -> "_Check":
        if pass_.network not in self._checks:
            (interval,) = (
                step.interval
                for step in self.piece.refinements
                if pass_.network in (one.network for one in passes_over(step, len(self.planes)))
            )
            seen = self.planes if pass_.network.startswith("color") else self.planes[:1]
            level = [levels.level(plane, interval) for plane in seen]
            held = self.piece.held and self.piece.held.level(interval)
            self._checks[pass_.network] = _Check(pass_, level, held, self.model)
        return self._checks[pass_.network]

    def saved_bytes(self) -> np.ndarray:
        """(2,): the bytes that the adaptation saved of luminance and of colour so far, about."""
        saved = np.zeros(2)
        for network in PASSES:
            bits = self._saved_bits.get(network, {})
            saved[int(network.startswith("color"))] += sum(bits[rows] for rows in sorted(bits))
        return saved / 8


class _Check:
    """A pass over the cells of a tile's level: the planes (1, h, w) that its network sees."""

    def __init__(
        self, pass_: Pass, level: list[np.ndarray], held: Held | None, model: Model
    ) -> None:
        self.pass_, self.level, self.model = pass_, level, model
        self.before = level if held is None else held.before(pass_.places, level)
        self.counts = [self._counted(place, held) for place in pass_.places]
        self.every = EVERY if level[0].size > 4 * FEW_CELLS else 1

    def _counted(self, place: levels.Place, held: Held | None) -> np.ndarray | None:
        """(h, w) bool, the pixels at a place that count; None: all do."""
        counted = None if held is None else levels.place(held.pixels, place)[0]
        if len(self.level) == 1 or self.model.clipping is None:
            return counted
        clipped = around(masks(*self.before), self.pass_.places, place)[0] != 0
        height, width = levels.place(self.level[0], place).shape[1:]
        free: np.ndarray = ~clipped[:height, :width]
        return free if counted is None else free & counted

    def saved_bits(self, rows: Rows, band: Band, adapted: np.ndarray) -> float:
        """What `adapted` outputs of some rows save beside those of their band."""
        some = np.flatnonzero(np.arange(*rows) // RUN % self.every == 0)
        outputs = band.outputs(rows=some), adapted[:, :, some]
        now, then = (self._bits(of_some, band, rows, some) for of_some in outputs)
        return self.every * (now - then)

    def _bits(
        self, outputs: np.ndarray, band: Band, rows: tuple[int, int], some: np.ndarray
    ) -> float:
        """What the pixels in `some` rows of a band cost by these outputs."""
        frequencies = self.model.frequencies
        total = 0.0
        for place, counted, of_pixel, bases in zip(
            self.pass_.places,
            self.counts,
            outputs_of_pixels(outputs, self.pass_.places),
            band.bases,
            strict=True,
        ):
            of_place = [levels.place(plane, place)[:, slice(*rows)] for plane in self.level[-2:]]
            height, width = of_place[0].shape[1:]
            there = some[some < height]  # the last cells may lack this pixel
            values = [plane[:, there] for plane in of_place]
            base = [one[:, there, :width] for one in bases]
            of_pixel = of_pixel[:, :, : len(there), :width]
            chosen = counted if counted is None else counted[slice(*rows)][there].reshape(-1)
            for find in doing(of_pixel, base, values):
                bits = find().bits(frequencies)
                total += float((bits if chosen is None else bits[chosen]).sum(dtype=np.float64))
        return total
