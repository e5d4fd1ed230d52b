"""Coefficients of a band of a picture from its pixels, steps and subsampling being known.

Samples by the pixels, their cosines, rounded to multiples of the steps. Where a pixel is
clipped to 0 or 255 its sample is not known: at first it is estimated, then what the coefficients
say takes the estimate's place, pulled towards the pixel where both disagree, some times over. At
last blocks that do not render to their pixels are searched.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.jpeg import colors
from pillow_colorgrid.jpeg.inverse_transform import samples
from pillow_colorgrid.jpeg.recover import downsampling
from pillow_colorgrid.jpeg.recover.blocks import apart, forward, inverse, together
from pillow_colorgrid.jpeg.recover.components import Mask, Planes
from pillow_colorgrid.jpeg.recover.search import Places, improve
from pillow_colorgrid.jpeg.upsampling import needs_context, upsample
from pillow_colorgrid.pixels import Bytes

Real = npt.NDArray[np.float32]
Quantised = npt.NDArray[np.int16]
Table = npt.NDArray[np.uint16]

Item = TypeVar("Item", bound=np.generic)

ROUNDS = 8
"""So often estimates of clipped pixels are renewed."""

SLOW = 0.97
"""It ends when wrong ones get fewer by less than this, or no coefficient changes."""

HOPELESS = 0.5
"""If more of a component's blocks are wrong than this, none is searched: the steps are wrong."""


@dataclass(frozen=True)
class Layout:
    """What is known of the JPEG before its coefficients.

    Attributes:
        ratio: pixels a sample of colour, down and across.
        tables: (64,) steps of each component.
    """

    ratio: tuple[int, int]
    tables: tuple[Table, ...]

    def ratios(self) -> list[tuple[int, int]]:
        """Of each component."""
        return [(1, 1), self.ratio, self.ratio][: len(self.tables)]


def recover(pixels: Bytes, planes: Planes, layout: Layout) -> list[Quantised]:
    """A band (h, w, 1 or 3) -> of each component coefficients (rows, columns, 64), quantised."""
    work = [plane.copy() for plane in planes.values]
    unsure = ~planes.sure
    reals, found = _quantise(work, layout)
    if unsure.any():
        before = unsure.size
        for _ in range(ROUNDS):
            wrong = _renew(work, pixels, unsure, found, layout)
            if not wrong or wrong > SLOW * before:
                break
            before, last = wrong, found
            reals, found = _quantise(work, layout)
            if all(np.array_equal(one, other) for one, other in zip(found, last, strict=True)):
                break
    for number in range(len(found)):
        _search(number, reals[number], found[number], planes, layout)
    return found


def _quantise(work: list[Real], layout: Layout) -> tuple[list[Real], list[Quantised]]:
    """Planes -> coefficients, real and quantised."""
    reals, found = [], []
    for plane, ratio, table in zip(work, layout.ratios(), layout.tables, strict=True):
        real = forward(apart(downsampling.undo(plane, ratio)))
        reals.append(real)
        found.append(np.rint(real / table.astype(np.float32)).astype(np.int16))
    return reals, found


def _renew(
    work: list[Real], pixels: Bytes, unsure: Mask, found: list[Quantised], layout: Layout
) -> int:
    """Renew what is not sure of `work` by the coefficients; returns how many pixels are wrong."""
    high, wide = unsure.shape
    real = []
    for quantised, ratio, table in zip(found, layout.ratios(), layout.tables, strict=True):
        plane = together(inverse((quantised * table.astype(np.float32)).astype(np.float32)))
        true = plane[: -(-high // ratio[0]), : -(-wide // ratio[1])]
        real.append(downsampling.redo(true, ratio)[:high, :wide])
    shown = _rendered(found, layout, (high, wide))
    rows, columns = np.nonzero(unsure)
    difference = pixels[rows, columns].astype(np.float32) - shown[rows, columns]
    wrong = int(np.count_nonzero(difference.any(1)))
    if not wrong:
        return 0
    if len(work) == 1:
        pull = [difference[:, 0]]
    else:
        y = difference @ np.array([0.299, 0.587, 0.114], np.float32)
        pull = [
            y,
            (difference[:, 2] - y) / np.float32(1.772),
            (difference[:, 0] - y) / np.float32(1.402),
        ]
    for plane, said, by in zip(work, real, pull, strict=True):
        plane[rows, columns] = said[rows, columns] + by
    return wrong


def _sample_planes(found: list[Quantised], layout: Layout) -> list[Bytes]:
    return [samples(one, table) for one, table in zip(found, layout.tables, strict=True)]


def _spread(plane: Bytes, ratio: tuple[int, int], size: tuple[int, int]) -> Bytes:
    """Samples of a component -> (h, w)."""
    high, wide = -(-size[0] // ratio[0]), -(-size[1] // ratio[1])
    plane = plane[:high, :wide]
    if needs_context(ratio, wide):
        plane = np.pad(plane, ((1, 1), (0, 0)), mode="edge")
    return upsample(plane, ratio, size[1])[: size[0]]


def _rendered(found: list[Quantised], layout: Layout, size: tuple[int, int]) -> Bytes:
    """The pixels (h, w, channels) of coefficients."""
    planes = [
        _spread(plane, ratio, size)
        for plane, ratio in zip(_sample_planes(found, layout), layout.ratios(), strict=True)
    ]
    pixels = np.empty((*size, len(found)), np.uint8)
    colors.paint("grey" if len(found) == 1 else "ycc", planes, pixels)
    return pixels


def _search(number: int, real: Real, quantised: Quantised, planes: Planes, layout: Layout) -> None:
    """Improve one component's blocks where they do not render to its sure samples."""
    table, ratio = layout.tables[number], layout.ratios()[number]
    known = (planes.values[number] + 128).astype(np.float32)
    size = known.shape
    down, across = 8 * ratio[0], 8 * ratio[1]
    rows, columns = quantised.shape[:2]
    wide = ((0, rows * down - size[0]), (0, columns * across - size[1]))

    def windows(plane: npt.NDArray[Item]) -> npt.NDArray[Item]:
        """(h, w) -> (n, down * across): of each block its pixels, those that do not exist zero."""
        blocks = np.pad(plane, wide).reshape(rows, down, columns, across).swapaxes(1, 2)
        return blocks.reshape(-1, down * across)

    of_block, weight = windows(known), windows(planes.sure)
    plane = samples(quantised, table)
    shown = windows(_spread(plane, ratio, size).astype(np.float32))
    todo = np.flatnonzero(((shown != of_block) & weight).any(1))
    if todo.size > HOPELESS * len(of_block):
        return
    edged = np.pad(plane[: -(-size[0] // ratio[0]), : -(-size[1] // ratio[1])], 1, mode="edge")
    edged = np.pad(
        edged, ((0, rows * 8 + 2 - edged.shape[0]), (0, columns * 8 + 2 - edged.shape[1]))
    )

    def wrongness(which: Places, tried: Quantised) -> Real:
        block = samples(tried[None], table).reshape(8, -1, 8).swapaxes(0, 1)
        if ratio != (1, 1):
            block = _with_neighbours(block, which, edged, columns, ratio)
        flat = block.reshape(len(which), -1)
        away = np.abs(flat.astype(np.float32) - of_block[which])
        wrong: Real = (away * weight[which]).sum(1)
        return wrong

    improve(
        real.reshape(-1, 64), quantised.reshape(-1, 64), table.astype(np.float32), wrongness, todo
    )


def _with_neighbours(
    blocks: Bytes, which: Places, edged: Bytes, columns: int, ratio: tuple[int, int]
) -> Bytes:
    """Blocks (n, 8, 8) -> pixels (n, 8 down, 8 across), next to the samples of `edged`."""
    top, left = np.divmod(which, columns)
    span = np.arange(10)
    window = edged[(8 * top)[:, None, None] + span[:, None], (8 * left)[:, None, None] + span]
    window[:, 1:9, 1:9] = blocks
    n = len(blocks)
    if ratio[0] == 2:
        wide = window.swapaxes(0, 1).reshape(10, n * 10)
        spread = upsample(wide, (ratio[0], ratio[1]), n * 10 * ratio[1])
    else:
        spread = upsample(window[:, 1:9].swapaxes(0, 1).reshape(8, n * 10), ratio, n * 20)
    spread = spread.reshape(8 * ratio[0], n, 10 * ratio[1]).swapaxes(0, 1)
    return spread[:, :, ratio[1] : 9 * ratio[1]]
