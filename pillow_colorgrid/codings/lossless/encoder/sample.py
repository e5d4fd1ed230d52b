"""Which cells of a picture an adaptation is fitted to (`regression`). Encoder only.

Of a picture of one tile some rows of all cells, evenly spread; the networks must look at all of
them anyway. Of a larger one some blocks of rows from all over it, so that the work does not grow
with the picture. A quarter is kept back: it tells whether what was fitted helps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless.adaptation import BIAS, PASSES
from pillow_colorgrid.codings.lossless.context import ZERO, Rows
from pillow_colorgrid.codings.lossless.levels import level as level_of, place as place_of
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
    """

    level: list[np.ndarray]
    rows: Rows
    drawn: np.ndarray
    groups: np.ndarray
    width: int


@dataclass(frozen=True)
class Draw:
    """The spots of one pass; `total` is the number of its cells in the whole picture."""

    pass_: Pass
    spots: list[Spot]
    total: int

    def band(self, spot: Spot, predictor: Predictor) -> Band:
        """What the network makes of a spot."""
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

    def of_pixel(self, place: int) -> np.ndarray:
        """The outputs of one pixel of the pass: (1, outputs, 1, cells), a view."""
        count = len(self.outputs) // len(self.bases)
        return self.outputs[None, place * count : (place + 1) * count, None]


def draws(
    parts: Sequence[list[np.ndarray]], refinement: Refinement, cells: int, predictor: Predictor
) -> list[Draw]:
    """What to look at, of all passes of a refinement that can be adapted.

    Args:
        parts: the tiles of a picture: Y, or Y, Co, Cg, (1, H, W) int16 each.
        cells: about so many for each pass.
    """
    found = []
    passes = [(pass_, 1) for pass_ in luminance_passes(refinement.networks)]
    if len(parts[0]) > 1:
        passes += [(pass_, 3) for pass_ in color_passes(refinement.networks)]
    for pass_, planes in passes:
        if pass_.network not in PASSES:
            continue
        seen = [[level_of(p, refinement.interval) for p in part[:planes]] for part in parts]
        total = sum(height * width for height, width in (_whole(pass_, level) for level in seen))
        if total >= MIN_CELLS:
            if len(seen) == 1:
                spots = _bands(pass_, seen[0], cells, predictor)
            else:
                spots = _blocks(pass_, seen, cells)
            found.append(Draw(pass_, spots, total))
    return found


def _whole(pass_: Pass, level: list[np.ndarray]) -> tuple[int, int]:
    """Rows and columns of cells that have all pixels of the pass."""
    shapes = [place_of(level[0], place).shape[1:] for place in pass_.places]
    height, width = np.min(shapes, axis=0).tolist()
    return height, width


def _bands(pass_: Pass, level: list[np.ndarray], cells: int, predictor: Predictor) -> list[Spot]:
    """All bands of the only tile, as coding it will need them; of each some rows."""
    height, width = _whole(pass_, level)
    every = max(1, round(height * width / cells))
    drawn = np.arange(every // 2, height, every)
    groups = _groups(np.arange(len(drawn)) % KEPT_BACK_OF == KEPT_BACK_OF - 1)
    spots = []
    for rows in predictor.bands(level[0].shape):
        here = (drawn >= rows[0]) & (drawn < rows[1])
        spots.append(Spot(level, rows, drawn[here], groups[here], width))
    return spots


def _groups(kept_back: np.ndarray) -> np.ndarray:
    """The group of each row, however rows are cut into bands afterwards."""
    groups = np.cumsum(~kept_back) % 2
    return np.where(kept_back, 2, 1 - groups)


def _blocks(pass_: Pass, of_tiles: list[list[np.ndarray]], cells: int) -> list[Spot]:
    """Blocks of rows, evenly spread over the rows of all tiles."""
    shapes = [_whole(pass_, level) for level in of_tiles]
    ends = np.cumsum([height for height, _ in shapes])
    blocks = min(max(BLOCKS[0], 2 * len(of_tiles)), BLOCKS[1])
    spots = []
    for number in range(blocks):
        middle = (2 * number + 1) * ends[-1] // (2 * blocks)
        tile = int(np.searchsorted(ends, middle, side="right"))
        height, width = shapes[tile]
        count = min(height, -(-cells // (blocks * width)))
        first = int(np.clip(middle - (ends[tile] - height) - count // 2, 0, height - count))
        groups = _groups(np.full(count, number % KEPT_BACK_OF == KEPT_BACK_OF - 1))
        rows = np.arange(first, first + count)
        spots.append(Spot(of_tiles[tile], (first, first + count), rows, groups, width))
    return spots


def sample(draw: Draw, bands: Sequence[Band]) -> Sample:
    """The cells of a draw; `bands` are what the network makes of each of its spots."""
    groups = [
        [
            (spot, band, spot.drawn[spot.groups == group])
            for spot, band in zip(draw.spots, bands, strict=True)
        ]
        for group in range(3)
    ]
    sizes = [sum(len(rows) * spot.width for spot, _, rows in group) for group in groups]
    chosen = [part for group in groups for part in group]

    def cells(of: str) -> np.ndarray:
        """(planes, cells) of features, inputs or outputs."""
        found = [
            getattr(band, of)[0][:, rows - spot.rows[0], : spot.width]
            for spot, band, rows in chosen
        ]
        return np.concatenate([part.reshape(len(part), -1) for part in found], axis=1)

    features, inputs = cells("features"), cells("inputs")
    count = len(features) + len(inputs) + 1
    columns = np.empty((count, features.shape[1]), np.float32)
    columns[: len(features)] = features
    np.subtract(inputs, np.float32(ZERO), out=columns[len(features) : -1])
    columns[-1] = BIAS
    planes = range(max(0, len(draw.spots[0].level) - 2), len(draw.spots[0].level))
    return Sample(
        columns,
        sizes[0],
        sizes[0] + sizes[1],
        cells("outputs"),
        [
            [
                _flat([b.bases[p][k][0][rows - s.rows[0], : s.width] for s, b, rows in chosen])
                for k in range(len(planes))
            ]
            for p in range(len(draw.pass_.places))
        ],
        [
            [
                _flat([place_of(s.level[k], place)[0][rows, : s.width] for s, _, rows in chosen])
                for k in planes
            ]
            for place in draw.pass_.places
        ],
        draw.total / columns.shape[1],
    )


def _flat(parts: list[np.ndarray]) -> np.ndarray:
    """Values of many rows as (1, 1, cells)."""
    return np.concatenate([part.reshape(-1) for part in parts])[None, None]
