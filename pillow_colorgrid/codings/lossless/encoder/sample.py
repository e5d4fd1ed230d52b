"""Which cells of a picture an adaptation is fitted to (`regression`). Encoder only.

Of a picture of one tile some rows of all cells, evenly spread; the networks must look at all of
them anyway. Of a larger one some blocks of rows from all over it, so that the work does not grow
with the picture. A quarter is kept back: it tells whether what was fitted helps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless import levels as grid
from pillow_colorgrid.codings.lossless.adaptation import BIAS, PASSES
from pillow_colorgrid.codings.lossless.context import ZERO, Rows
from pillow_colorgrid.codings.lossless.predict import (
    Model,
    Pass,
    Seen,
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

    one: Pass
    spots: list[Spot]
    total: int

    def look(self, spot: Spot, by: Model) -> Seen:
        return by.look(self.one, spot.level, spot.rows)


@dataclass
class Sample:
    """Cells of one pass.

    Attributes:
        columns: (columns, cells) float32: features, inputs around 0, bias.
        bent: so many of the cells, every second row, tell how the code length bends.
        fitted: so many are for the regression; the others tell whether it helped.
        numbers: (outputs, cells) int32, corrected in place.
        bases, values: for each pixel of the pass, of each plane it codes: (1, 1, cells) int16.
        weight: cells of the picture that one of the sample stands for.
    """

    columns: np.ndarray
    bent: int
    fitted: int
    numbers: np.ndarray
    bases: list[list[np.ndarray]]
    values: list[list[np.ndarray]]
    weight: float

    def of_pixel(self, place: int) -> np.ndarray:
        """The numbers of one pixel of the pass: (1, outputs, 1, cells), a view."""
        count = len(self.numbers) // len(self.bases)
        return self.numbers[None, place * count : (place + 1) * count, None]


def draws(
    parts: Sequence[list[np.ndarray]], refinement: Refinement, cells: int, by: Model
) -> list[Draw]:
    """What to look at, of all passes of a refinement that can be adapted.

    Args:
        parts: the tiles of a picture: Y, or Y, Co, Cg, (1, H, W) int16 each.
        cells: about so many for each pass.
    """
    found = []
    levels = [[grid.level(plane, refinement.interval) for plane in part] for part in parts]
    passes = [(one, 1) for one in luminance_passes(refinement.networks)]
    if len(levels[0]) > 1:
        passes += [(one, 3) for one in color_passes(refinement.networks)]
    for one, planes in passes:
        if one.network not in PASSES:
            continue
        seen = [level[:planes] for level in levels]
        total = sum(height * width for height, width in (_whole(one, level) for level in seen))
        if total >= MIN_CELLS:
            spots = _bands(one, seen[0], cells, by) if len(seen) == 1 else _blocks(one, seen, cells)
            found.append(Draw(one, spots, total))
    return found


def _whole(one: Pass, level: list[np.ndarray]) -> tuple[int, int]:
    """Rows and columns of cells that have all pixels of the pass."""
    shapes = [grid.place(level[0], place).shape[1:] for place in one.places]
    height, width = np.min(shapes, axis=0).tolist()
    return height, width


def _bands(one: Pass, level: list[np.ndarray], cells: int, by: Model) -> list[Spot]:
    """All bands of the only tile, as coding it will need them; of each some rows."""
    height, width = _whole(one, level)
    every = max(1, round(height * width / cells))
    drawn = np.arange(every // 2, height, every)
    groups = _groups(np.arange(len(drawn)) % KEPT_BACK_OF == KEPT_BACK_OF - 1)
    spots = []
    for rows in by.bands(level[0].shape):
        here = (drawn >= rows[0]) & (drawn < rows[1])
        spots.append(Spot(level, rows, drawn[here], groups[here], width))
    return spots


def _groups(kept_back: np.ndarray) -> np.ndarray:
    """The group of each row, however rows are cut into bands afterwards."""
    groups = np.cumsum(~kept_back) % 2
    return np.where(kept_back, 2, 1 - groups)


def _blocks(one: Pass, levels: list[list[np.ndarray]], cells: int) -> list[Spot]:
    """Blocks of rows, evenly spread over the rows of all tiles."""
    shapes = [_whole(one, level) for level in levels]
    ends = np.cumsum([height for height, _ in shapes])
    blocks = min(max(BLOCKS[0], 2 * len(levels)), BLOCKS[1])
    spots = []
    for number in range(blocks):
        middle = (2 * number + 1) * ends[-1] // (2 * blocks)
        tile = int(np.searchsorted(ends, middle, side="right"))
        height, width = shapes[tile]
        count = min(height, -(-cells // (blocks * width)))
        first = int(np.clip(middle - (ends[tile] - height) - count // 2, 0, height - count))
        groups = _groups(np.full(count, number % KEPT_BACK_OF == KEPT_BACK_OF - 1))
        rows = np.arange(first, first + count)
        spots.append(Spot(levels[tile], (first, first + count), rows, groups, width))
    return spots


def sample(draw: Draw, seen: Sequence[Seen]) -> Sample:
    """The cells of a draw; `seen` is what the network makes of each of its spots."""
    groups = [
        [
            (spot, one, spot.drawn[spot.groups == group])
            for spot, one in zip(draw.spots, seen, strict=True)
        ]
        for group in range(3)
    ]
    sizes = [sum(len(rows) * spot.width for spot, _, rows in group) for group in groups]
    chosen = [part for group in groups for part in group]

    def cells(of: str) -> np.ndarray:
        """(planes, cells) of features, inputs or numbers."""
        found = [
            getattr(one, of)[0][:, rows - spot.rows[0], : spot.width] for spot, one, rows in chosen
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
        cells("numbers"),
        [
            [
                _flat([s.bases[p][k][0][rows - o.rows[0], : o.width] for o, s, rows in chosen])
                for k in range(len(planes))
            ]
            for p in range(len(draw.one.places))
        ],
        [
            [
                _flat([grid.place(o.level[k], place)[0][rows, : o.width] for o, _, rows in chosen])
                for k in planes
            ]
            for place in draw.one.places
        ],
        draw.total / columns.shape[1],
    )


def _flat(parts: list[np.ndarray]) -> np.ndarray:
    """Values of many rows as (1, 1, cells)."""
    return np.concatenate([part.reshape(-1) for part in parts])[None, None]
