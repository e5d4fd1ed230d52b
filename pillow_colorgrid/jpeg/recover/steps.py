"""Quantisation steps from cosine coefficients: on which grids do they lie?

Samples were rounded, which moves each coefficient by NOISE (standard deviation). A step fits where
the coefficients that it does not make zero are near its multiples: the gain of "multiples of q, and
noise" over "anywhere" is log(q / (noise sqrt(2 pi))) - r^2 / (2 noise^2) with r the distance. Steps
that divide the true one fit as well, but gain less.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float32]
Table = npt.NDArray[np.uint16]

NOISE = 0.29
"""Of a coefficient whose samples were rounded to whole numbers."""

NOISE_UPSAMPLED = 0.42
"""The same, where samples are known by the rounded ones that were interpolated from them."""

LONGEST = 255

WORST = -6.0
"""The least that a coefficient adds: there are always some that do not fit."""

SAMPLE = 400
"""Coefficients looked at for each place in a block."""

NEAR_ZERO = 4
"""So many times the noise a coefficient may be away from zero and yet be zero."""

CLEAR = 8
"""So many times the noise away from zero, a coefficient is surely none that was zero."""

CONSISTENT = 0.85
"""So many of the clear coefficients must be multiples of a standard table's steps."""

RARE = 0.003
"""A step by fewer of the coefficients than this, none of them clear, is not believed."""

BUSY = 256.0
"""Squares of all coefficients but the first: blocks with less are nearly flat, and the rounding of
their samples does not look like noise (all may be rounded the same way)."""

ENOUGH = 200
"""If fewer blocks than this are busy, so many of the busiest are taken."""

LUMINANCE = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
])  # fmt: skip
"""(8, 8) ITU-T T.81, table K.1."""

COLOR = np.full((8, 8), 99)
COLOR[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
"""(8, 8) table K.2."""


@cache
def standard(quality: int) -> tuple[Table, Table]:
    """The tables for luminance and colour, (64,) each, that libjpeg makes for quality 1 to 100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    luminance, color = (
        np.clip((table.reshape(64) * scale + 50) // 100, 1, LONGEST).astype(np.uint16)
        for table in (LUMINANCE, COLOR)
    )
    return luminance, color


@dataclass(frozen=True)
class Steps:
    """A quantisation table.

    Attributes:
        table: (64,).
        quality: of the standard table that it is, or 0.
    """

    table: Table
    quality: int


def find(blocks: Real, color: bool, noise: float, quality: int = 0) -> Steps:
    """Coefficients (n, 64) -> the steps that they were multiples of.

    Args:
        color: which standard table may fit.
        noise: NOISE or NOISE_UPSAMPLED.
        quality: tried first, if not 0.
    """
    blocks = _busy(blocks)
    tables = np.stack([standard(number)[color] for number in range(1, 101)])
    gains, fitting = _of_tables(blocks, tables, noise)
    if fitting.any():
        best = int(np.where(fitting, gains, -np.inf).argmax()) + 1
        if quality and fitting[quality - 1]:
            best = quality
        return Steps(tables[best - 1], best)
    return Steps(_free(blocks, tables[(quality or int(gains.argmax()) + 1) - 1], noise), 0)


def _of_tables(
    blocks: Real, tables: Table, noise: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Of tables (m, 64) their gains, and whether clear coefficients are multiples, but for some."""
    rows, places = np.nonzero(np.abs(blocks) > NEAR_ZERO * noise)
    some = slice(None, None, max(1, rows.size // (10 * SAMPLE)))
    values = np.abs(blocks[rows[some], places[some]])
    step = tables[:, places[some]].astype(np.float32)
    each, multiple = _each(values, step, noise)
    clear = values > CLEAR * noise
    right = (each > np.log(step / noise) - NEAR_ZERO**2 / 2 - 1) & (multiple > 0)
    fitting = right[:, clear].mean(1) >= CONSISTENT if clear.any() else np.zeros(len(tables), bool)
    return each.sum(1, dtype=np.float64), fitting


def _free(blocks: Real, standard_table: Table, noise: float) -> Table:
    """Each step by itself; where all coefficients are zero, one that leaves them zero."""
    gains = np.stack([_gains(blocks[:, place], noise) for place in range(64)])
    size = np.abs(blocks)
    rare = (size > NEAR_ZERO * noise).mean(0) < RARE
    unknown = (gains.max(1) <= 0) | (rare & ~(size > CLEAR * noise).any(0))
    zero = np.clip(np.maximum(standard_table, np.ceil(2 * size.max(0) + 1)), 1, LONGEST)
    table: Table = np.where(unknown, zero, gains.argmax(1)).astype(np.uint16)
    return table


def _each(values: Real, step: Real, noise: float) -> tuple[Real, Real]:
    """What each of the values gains, and of which multiple of the step it is."""
    multiple = np.rint(values / step)
    away = (values - multiple * step) / np.float32(noise)
    each = np.log(step * np.float32(1 / (noise * np.sqrt(2 * np.pi)))) - away * away / 2
    np.maximum(each, WORST, out=each)
    each[multiple == 0] = 0
    each[(multiple == 0) & (values > CLEAR * noise)] = WORST
    return each, multiple


def _busy(blocks: Real) -> Real:
    """Those of blocks (n, 64) that are not nearly flat."""
    energy = (blocks[:, 1:] ** 2).sum(1)
    least = BUSY
    if (energy >= BUSY).sum() < ENOUGH < len(blocks):
        least = np.partition(energy, -ENOUGH)[-ENOUGH]
    busy: Real = blocks[energy >= least]
    return busy


def looks_quantised(blocks: Real) -> bool:
    """Whether coefficients (n, 64) of rounded samples lie on grids: a quick look.

    Only low frequencies are looked at, and steps that enough of them are multiples of.
    """
    low = [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4]
    found = [_gains(blocks[:, place], NOISE, 120, 6, SAMPLE // 4).max() for place in low]
    return bool(sum(gain > 15 for gain in found) >= 2 and sum(found) > 60)


def _gains(
    values: Real, noise: float, longest: int = LONGEST, fewest: int = 1, sample: int = SAMPLE
) -> npt.NDArray[np.float64]:
    """For each step 0 to `longest` its gain by `values` (n,).

    Steps of which fewer than `fewest` values are multiples (other than zero) gain nothing.
    """
    gains = np.zeros(longest + 1)
    size = np.abs(values)
    some = size[size > NEAR_ZERO * noise]
    if not some.size:
        return gains
    some = some[:: -(-some.size // sample)]
    steps = np.arange(1, longest + 1, dtype=np.float32)[:, None]
    each, multiple = _each(some, steps, noise)
    gains[1:] = each.sum(1)
    gains[1:][(multiple > 0).sum(1) < fewest] = 0
    return gains
