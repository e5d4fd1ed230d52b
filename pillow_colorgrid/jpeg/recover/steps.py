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

TELLING = 6
"""Places in a block, those with most large coefficients, where free steps are tried."""

EVIDENCE = 0.8
"""A table that is likelier by itself must gain so much of what others gain."""

FREE = 8.0
"""What the best of all steps gains by chance, being one of so many."""

USUAL = 50
"""Standard quality whose table gives unknown steps their proportions."""

RARE, RARE_UPSAMPLED = 0.003, 0.05
"""If fewer of the coefficients than this are large, but not clear, it is by noise."""

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
        gain: over no quantisation, by a sample of the coefficients, in nats.
    """

    table: Table
    quality: int
    gain: float


def find(blocks: Real, color: bool, noise: float, quality: int = 0) -> Steps:
    """Coefficients (n, 64) -> the steps that they were multiples of.

    Args:
        color: which standard table may fit.
        noise: NOISE or NOISE_UPSAMPLED.
        quality: of the other components' table, if not 0: it is likely here, too.
    """
    every, blocks = blocks, _busy(blocks)
    tables = np.stack([standard(number)[color] for number in range(1, 101)])
    gains, fitting = _of_tables(blocks, tables, noise)
    if quality and gains[quality - 1] > max(0.0, EVIDENCE * gains.max()):
        return Steps(tables[quality - 1], quality, float(gains[quality - 1]))
    if fitting.any():
        best = int(np.where(fitting, gains, -np.inf).argmax()) + 1
        if _as_good_as_free(blocks, tables[best - 1], noise):
            return Steps(tables[best - 1], best, float(gains[best - 1]))
    table = _free(blocks, every, tables[USUAL - 1], noise)
    gain = _of_tables(blocks, table[None], noise)[0]
    return Steps(table, 0, float(gain[0]))


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


def _as_good_as_free(blocks: Real, table: Table, noise: float) -> bool:
    """Whether at the places with most to tell no other steps gain much more: 1 fits everything."""
    often = (np.abs(blocks) > NEAR_ZERO * noise).sum(0)
    places = np.argsort(-often)[:TELLING]
    gains = np.stack([_gains(blocks[:, place], noise) for place in places])
    standard_gain = float(np.maximum(gains[np.arange(len(places)), table[places]], 0).sum())
    free_gain = float(np.maximum(gains.max(1) - FREE, 0).sum())
    return standard_gain > FREE and standard_gain >= EVIDENCE * free_gain


def _free(blocks: Real, every: Real, usual: Table, noise: float) -> Table:
    """Each step by itself; where nothing tells it, as `usual`, brought to the scale of the rest.

    Where coefficients are zero it is long enough to leave them zero. Of `every` block, nearly flat
    or not, what is clear counts (but for the first coefficient).
    """
    if not len(blocks):
        return usual
    size = np.abs(blocks)
    clear = size > CLEAR * noise
    unclear = (size > NEAR_ZERO * noise) & ~clear
    # few unclear ones are noise
    noisy = unclear.mean(0) < (RARE if noise == NOISE else RARE_UPSAMPLED)
    more = np.where(np.abs(every) > CLEAR * noise, every, 0)
    more[:, 0] = 0
    blocks = np.concatenate([np.where(unclear & noisy, 0, blocks), more])
    gains = np.stack([_gains(blocks[:, place], noise) for place in range(64)])
    unknown = gains.max(1) <= 0
    best = gains.argmax(1)
    scale = 1.0 if unknown.all() else float(np.median(best[~unknown] / usual[~unknown]))
    guess = np.maximum(np.rint(scale * usual), np.ceil(2 * np.abs(blocks).max(0) + 1))
    table: Table = np.where(unknown, np.clip(guess, 1, LONGEST), best).astype(np.uint16)
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
