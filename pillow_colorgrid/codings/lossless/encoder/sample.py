"""Which cells of a picture an adaptation is fitted to (`regression`). Encoder only.

Of a picture of one tile some rows of all cells, evenly spread; the networks must look at all of
them anyway. Of a larger one some blocks of rows from all over it, so that the work does not grow
with the picture. A quarter is kept back: it tells whether what was fitted helps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pillow_colorgrid.codings.lossless.adaptation import BIAS, PASSES
from pillow_colorgrid.codings.lossless.context import ZERO, Rows
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.levels import level as level_of, place as place_of
from pillow_colorgrid.codings.lossless.outputs import Seen
from pillow_colorgrid.codings.lossless.predict import (
    Band,
    Pass,
    Predictor,
    color_passes,
    luminance_passes,
)
from pillow_colorgrid.codings.lossless.walk import Refinement

MIN_CELLS = 4_000
"""Passes with fewer cells are not adapted: the coefficients would cost more than they gain."""

BLOCKS = (8, 24)
"""Fewest and most blocks of rows of a picture of several tiles; between them two for a tile."""

CHUNK_CELLS = 2048
"""So many change from pixel by pixel to plane by plane at a time."""

KEPT_BACK_OF = 4
"""One row, or block, in so many is kept back."""


@dataclass(frozen=True)
class Spot:
    """Some rows of cells of one tile.

    Attributes:
        level: the planes (1, h, w) that the network sees.
        rows: that it looks at.
        drawn: the rows among them that the sample gets.
        groups: what each of them is for: 0 the regression and how the code length bends; 1 the
            regression; 2 kept back.
        width: cells of a row that have all pixels of the pass.
        truth: the planes as they are, which differs where pixels are hidden, or were rounded.
        held: (cells' rows, width) bool, the cells whose pixels streams hold; None: all of them.
    """

    level: list[np.ndarray]
    rows: Rows
    drawn: np.ndarray
    groups: np.ndarray
    width: int
    truth: list[np.ndarray]
    held: np.ndarray | None = None

    def cells(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Of (..., len(rows), columns) `values` of these rows the cells that count: (..., n)."""
        values = values[..., : self.width]
        if self.held is not None:
            return values[..., self.held[rows]]
        return values.reshape(*values.shape[:-2], -1)

    def values(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The same of (len(rows), columns, values): (n, values)."""
        values = values[:, : self.width]
        whole = values.reshape(-1, values.shape[-1])
        return whole if self.held is None else whole[self.held[rows].reshape(-1)]

    def count(self, rows: np.ndarray) -> int:
        """How many cells count in these rows."""
        whole = len(rows) * self.width
        return whole if self.held is None else int(np.count_nonzero(self.held[rows]))


@dataclass(frozen=True)
class _Looked:
    """What the networks see of a tile in a pass, what is there, and the cells that count."""

    level: list[np.ndarray]
    truth: list[np.ndarray]
    shape: tuple[int, int]
    held: np.ndarray | None

    @property
    def total(self) -> int:
        height, width = self.shape
        return height * width if self.held is None else int(np.count_nonzero(self.held))

    def spot(self, rows: Rows, drawn: np.ndarray, groups: np.ndarray) -> Spot:
        return Spot(self.level, rows, drawn, groups, self.shape[1], self.truth, self.held)


@dataclass(frozen=True)
class Draw:
    """The spots of one pass; `total` is the number of its cells in the whole picture."""

    pass_: Pass
    spots: list[Spot]
    total: int

    def band(self, spot: Spot, predictor: Predictor) -> Band:
        """What the network sees of a spot."""
        return predictor.band(self.pass_, spot.level, spot.rows)


@dataclass
class Sample:
    """Cells of one pass.

    Attributes:
        columns: (columns, cells) float32: features, inputs around 0, bias.
        bent: so many of the cells, every second row, tell how the code length bends.
        fitted: so many are for the regression; the others tell whether it helped.
        outputs: (outputs, cells) int32, corrected in place.
        bases, values: for each pixel of the pass, of each plane it codes: (1, 1, cells) int16.
        weight: cells of the picture that one of the sample stands for.
    """

    columns: np.ndarray
    bent: int
    fitted: int
    outputs: np.ndarray
    bases: list[list[np.ndarray]]
    values: list[list[np.ndarray]]
    weight: float

    @property
    def weight_kept_back(self) -> float:
        """Cells of the picture that one of those kept back stands for."""
        cells = int(self.columns.shape[1])
        return self.weight * cells / (cells - self.fitted)

    def of_pixel(self, place: int) -> np.ndarray:
        """The outputs of one pixel of the pass: (1, outputs, 1, cells), a view."""
        count = len(self.outputs) // len(self.bases)
        return self.outputs[None, place * count : (place + 1) * count, None]


def passes_over(refinement: Refinement, planes: int) -> list[Pass]:
    """The passes over a refinement of a picture of 1 or 3 planes."""
    luminance = luminance_passes(refinement.networks)
    return [*luminance, *color_passes(refinement.networks)] if planes > 1 else [*luminance]


def draws(
    parts: Sequence[list[np.ndarray]],
    passes: Sequence[Pass],
    interval: int,
    cells: int,
    predictor: Predictor,
    held: Sequence[Held | None],
    exact: Sequence[list[np.ndarray]] | None = None,
) -> list[Draw]:
    """What to look at, of those of a refinement's passes that can be adapted.

    Args:
        parts: the tiles of a picture: its luminance, or Y, Co, Cg, (1, H, W) each.
        passes: over the refinement to the grid of `interval`.
        cells: about so many for each pass.
        held: of each tile.
        exact: the tiles before they were rounded, if they were; then held is None of each.
    """
    found = []
    for pass_ in passes:
        planes = 3 if pass_.network.startswith("color") else 1
        if pass_.network not in PASSES:
            continue
        looked = [
            _look(pass_, [level_of(p, interval) for p in part[:planes]], one)
            for part, one in zip(parts, (one and one.level(interval) for one in held), strict=True)
        ]
        if exact is not None:
            levels = ([level_of(p, interval) for p in part[:planes]] for part in exact)
            looked = [replace(one, truth=level) for one, level in zip(looked, levels, strict=True)]
        total = sum(one.total for one in looked)
        if total >= MIN_CELLS:
            if len(looked) == 1:
                spots = _bands(looked[0], cells, predictor)
            else:
                spots = _blocks(looked, cells)
            found.append(Draw(pass_, spots, total))
    return found


def _look(pass_: Pass, level: list[np.ndarray], held: Held | None) -> _Looked:
    """A tile's level, in a pass."""
    height, width = shape = _whole(pass_, level)
    if held is None:
        return _Looked(level, level, shape, None)
    kept = np.ones(shape, bool)
    for place in pass_.places:
        kept &= place_of(held.pixels, place)[0, :height, :width]
    return _Looked(held.before(pass_.places, level), level, shape, kept)


def _whole(pass_: Pass, level: list[np.ndarray]) -> tuple[int, int]:
    """Rows and columns of cells that have all pixels of the pass."""
    shapes = [place_of(level[0], place).shape[1:] for place in pass_.places]
    height, width = np.min(shapes, axis=0).tolist()
    return height, width


def _bands(looked: _Looked, cells: int, predictor: Predictor) -> list[Spot]:
    """All bands of the only tile, as coding it will need them; of each some rows."""
    every = max(1, round(looked.total / cells))
    drawn = np.arange(every // 2, looked.shape[0], every)
    groups = _groups(np.arange(len(drawn)) % KEPT_BACK_OF == KEPT_BACK_OF - 1)
    spots = []
    for rows in predictor.bands(looked.level[0].shape):
        here = (drawn >= rows[0]) & (drawn < rows[1])
        spots.append(looked.spot(rows, drawn[here], groups[here]))
    return spots


def _groups(kept_back: np.ndarray) -> np.ndarray:
    """The group of each row, however rows are cut into bands afterwards."""
    groups = np.cumsum(~kept_back) % 2
    return np.where(kept_back, 2, 1 - groups)


def _blocks(of_tiles: list[_Looked], cells: int) -> list[Spot]:
    """Blocks of rows, evenly spread over the rows of all tiles."""
    ends = np.cumsum([looked.shape[0] for looked in of_tiles])
    blocks = min(max(BLOCKS[0], 2 * len(of_tiles)), BLOCKS[1])
    whole = sum(height * width for height, width in (looked.shape for looked in of_tiles))
    # where not all cells count, so many more are looked at
    cells = cells * whole // sum(looked.total for looked in of_tiles)
    spots = []
    for number in range(blocks):
        middle = (2 * number + 1) * ends[-1] // (2 * blocks)
        tile = int(np.searchsorted(ends, middle, side="right"))
        height, width = of_tiles[tile].shape
        count = min(height, -(-cells // (blocks * width)))
        first = int(np.clip(middle - (ends[tile] - height) - count // 2, 0, height - count))
        groups = _groups(np.full(count, number % KEPT_BACK_OF == KEPT_BACK_OF - 1))
        rows = np.arange(first, first + count)
        spots.append(of_tiles[tile].spot((first, first + count), rows, groups))
    return spots


def sample(draw: Draw, bands: Sequence[Band]) -> Sample:
    """The cells of a draw; `bands` are what the network sees of each of its spots."""
    groups = [
        [
            (spot, band, spot.drawn[spot.groups == group])
            for spot, band in zip(draw.spots, bands, strict=True)
        ]
        for group in range(3)
    ]
    sizes = [sum(spot.count(rows) for spot, _, rows in group) for group in groups]
    chosen = [part for group in groups for part in group]

    columns = _columns(bands[0].seen, chosen, sum(sizes))
    planes = range(max(0, len(draw.spots[0].level) - 2), len(draw.spots[0].level))
    return Sample(
        columns,
        sizes[0],
        sizes[0] + sizes[1],
        np.concatenate(
            [s.cells(b.outputs(rows=rows - s.rows[0])[0], rows) for s, b, rows in chosen], axis=1
        ),
        [
            [
                _flat([s.cells(b.bases[p][k][0][rows - s.rows[0]], rows) for s, b, rows in chosen])
                for k in range(len(bands[0].bases[p]))
            ]
            for p in range(len(draw.pass_.places))
        ],
        [
            [
                _flat([s.cells(place_of(s.truth[k], at)[0][rows], rows) for s, _, rows in chosen])
                for k in planes
            ]
            for at in draw.pass_.places
        ],
        draw.total / columns.shape[1],
    )


def _columns(seen: Seen, chosen: Sequence[tuple[Spot, Band, np.ndarray]], cells: int) -> np.ndarray:
    """`Sample.columns` of so many cells: of some rows of bands, which all saw as much as `seen`."""
    features, inputs = seen.features.shape[-1], seen.head.inputs
    columns = np.empty((features + inputs + 1, cells), np.float32)
    first = 0
    for spot, band, rows in chosen:
        end = first + spot.count(rows)
        here = rows - spot.rows[0]
        _transpose(spot.values(band.seen.features[0, here], rows), columns[:features, first:end])
        of_inputs = band.seen.inputs[0, here, :, :inputs]
        _transpose(spot.values(of_inputs, rows), columns[features:-1, first:end])
        first = end
    columns[features:-1] -= np.float32(ZERO)
    columns[-1] = BIAS
    return columns


def _transpose(values: np.ndarray, into: np.ndarray) -> None:
    """(cells, values) into (values, cells), by chunks that stay in a processor's cache."""
    for first in range(0, len(values), CHUNK_CELLS):
        some = slice(first, first + CHUNK_CELLS)
        into[:, some] = values[some].T


def _flat(parts: list[np.ndarray]) -> np.ndarray:
    """Values of many rows as (1, 1, cells)."""
    return np.concatenate(parts)[None, None]
