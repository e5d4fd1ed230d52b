"""What an adaptation saves of a tile. Encoder only.

It was fitted to a sample. Where the rest of the picture is of another kind it may harm, and then a
great deal; so what it saves is added up over the whole picture, by a third of the rows of cells.
Clipped pixels are left aside: the clipping tells them, whatever networks say.
"""

import numpy as np

from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.adaptation import Correction
from pillow_colorgrid.codings.lossless.clipping import around, masks
from pillow_colorgrid.codings.lossless.encoder.regression import doing
from pillow_colorgrid.codings.lossless.encoder.sample import passes_over
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.pieces import Piece
from pillow_colorgrid.codings.lossless.predict import Band, Pass, Predictor
from pillow_colorgrid.codings.lossless.walk import outputs_of_pixels

RUN, EVERY = 8, 3
"""Of so many runs of so many rows one is looked at: in single rows enlarged pictures would show
always the same."""

FEW_CELLS = 2**15
"""Of passes over fewer cells all rows are."""


def saved_bytes(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> np.ndarray:
    """(2,): the bytes that the model's adaptation saves of luminance and of colour, about.

    Args:
        planes: of the tile, (1, h, w) int16 each.
        predictor: remembers what networks say of the tile, or will have to compute it.
    """
    saved = np.zeros(2)
    for refinement in piece.refinements:
        level = [levels.level(plane, refinement.interval) for plane in planes]
        held = piece.held and piece.held.level(refinement.interval)
        for pass_ in passes_over(refinement, len(planes)):
            correction = predictor.model.adaptation.get(pass_.network)
            if correction is not None and (held is None or held.any_at(pass_.places)):
                is_color = pass_.network.startswith("color")
                seen = level if is_color else level[:1]
                saved[int(is_color)] += _Check(pass_, seen, held, predictor).saved_bits(correction)
    return saved / 8


class _Check:
    """A pass over the cells of a tile's level: the planes (1, h, w) that its network sees."""

    def __init__(
        self, pass_: Pass, level: list[np.ndarray], held: Held | None, predictor: Predictor
    ) -> None:
        self.pass_, self.level, self.predictor = pass_, level, predictor
        self.before = level if held is None else held.before(pass_.places, level)
        self.counts = [self._counted(place, held) for place in pass_.places]
        self.every = EVERY if level[0].size > 4 * FEW_CELLS else 1

    def _counted(self, place: levels.Place, held: Held | None) -> np.ndarray | None:
        """(h, w) bool, the pixels at a place that count; None: all do."""
        counted = None if held is None else levels.place(held.pixels, place)[0]
        if len(self.level) == 1 or self.predictor.model.clipping is None:
            return counted
        clipped = around(masks(*self.before), self.pass_.places, place)[0] != 0
        height, width = levels.place(self.level[0], place).shape[1:]
        free: np.ndarray = ~clipped[:height, :width]
        return free if counted is None else free & counted

    def saved_bits(self, correction: Correction) -> float:
        bands = self.predictor.bands(self.before[0].shape)
        return sum(self._of_rows(rows, correction) for rows in bands)

    def _of_rows(self, rows: tuple[int, int], correction: Correction) -> float:
        band = self.predictor.band(self.pass_, self.before, rows)
        numbers = np.arange(*rows)
        some = np.flatnonzero(numbers // RUN % self.every == 0)
        plain, adapted = band.outputs(rows=some), band.outputs(correction, some)
        now, then = (self._bits(outputs, band, rows, some) for outputs in (plain, adapted))
        return self.every * (now - then)

    def _bits(
        self, outputs: np.ndarray, band: Band, rows: tuple[int, int], some: np.ndarray
    ) -> float:
        """What the pixels in `some` rows of a band cost by these outputs."""
        frequencies = self.predictor.model.frequencies
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
