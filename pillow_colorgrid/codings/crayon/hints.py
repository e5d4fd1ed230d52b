"""Hints: the colour that a grid file keeps, one Co and Cg for every n-th pixel of every n-th row.

A hint is either the pixel's own colour ("point") or stands for what lies around it ("mean",
`fit`). Between hints colour is interpolated bilinearly (*base*). A file may hold slopes, too:
how much of the luminance's *detail*, what it has beyond its own tent means, colour has as well
(*shading*). Crayon, the network, adds what the luminance tells it (`network`).

All that a decoder repeats is exact integer arithmetic. Planes are (H, W), hints (rows, columns)
with ``rows = ceil(H / n)``: the first hint is at the first pixel; beyond the last one it holds on.
int32 holds all of it: no interpolated value times ``interval**2`` exceeds ``8192 * 128**2``.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.codings.crayon.description import EXACT_QUALITY, INTERVAL

Plane = npt.NDArray[np.int16]
Hints = npt.NDArray[np.int8]
Exact = npt.NDArray[np.int32]

Integer = TypeVar("Integer", np.int16, np.int32, np.int64)

INTERVALS = (INTERVAL.lowest, INTERVAL.highest)
"""n, the pixels from one hint to the next: least and largest."""

SLOPE_FACTORS = (0, 1, 2)
"""How many intervals lie from slope to slope; 0: there are no slopes."""

STEPS = (2, 8)
"""A hint is told in steps, least and largest: from 2 on Co and Cg fit a signed byte."""

FINE_STEP, COARSE_STEP = 3, 4
"""Steps of new files' samples. With 4 they cost a quarter less than with 2 and PSNR falls by 0.04
dB at n = 20 (Kodak), by 0.2 dB at n = 6: so near ones are told more finely."""

LOSSY_STEP, LOSSY_UP_TO = 6, 80
"""Theirs up to this quality of the luminance, whose error hides that of colour: on crops of the
training's pictures, n and quality chosen together for each rate, files of equal RGB PSNR are 2.6 %
smaller than with 4. With 8 no smaller, and the differences of colour are seen."""

FINE_UP_TO = 10
"""The largest interval with FINE_STEP."""

HINT_LIMITS = (-128, 127)

BASE_STEPS = 8
"""The base is told in eighths."""

STORED_LIMITS = (-(2**13), 2**13 - 1)
"""Of what hints and finer ones add up to, in eighths: it bounds what is interpolated."""

SLOPE_SENT, SLOPE_LIMIT = 16, 32
"""A slope of colour over the luminance's detail is sent in sixteenths, -2..2."""

SLOPE_BITS = 6
"""Interpolated slopes are told in 1/64."""

STRIP_ROWS = 256
"""So many rows of a plane are summed up at a time: it bounds the memory."""


@dataclass(frozen=True)
class Finer:
    """Colour between the hints (`finer`).

    Attributes:
        wider: hints stand at every ``n << wider``-th pixel.
        slope_unit: slopes are told in ``2**slope_unit`` sixteenths.
        steps: what the unit of each level is.
        levels: for each level values of Co and of Cg, in steps; each has half the interval of the
            one before it.
    """

    wider: int
    slope_unit: int
    steps: tuple[int, ...]
    levels: tuple[tuple[Hints, Hints], ...]


@dataclass(frozen=True)
class ColorGrid:
    """The colour that a grid file keeps.

    Attributes:
        interval: n, pixels from hint to hint where there are no finer ones.
        kind: what a hint tells, of `description.KINDS`.
        step: what a hint's unit is. hints: of Co and of Cg, in steps.
        slope_factor: of SLOPE_FACTORS.
        slopes: of Co and of Cg over the luminance's detail; None where the factor is 0.
        gain: how far Crayon is followed, in eighths, 0 to 8.
        finer: what stands between the hints.
    """

    interval: int
    kind: str
    step: int
    hints: tuple[Hints, Hints]
    slope_factor: int = 0
    slopes: tuple[Hints, Hints] | None = None
    gain: int = 8
    finer: Finer | None = None

    @property
    def hint_interval(self) -> int:
        """Pixels from hint to hint."""
        return self.interval << (self.finer.wider if self.finer else 0)

    @property
    def stored_interval(self) -> int:
        """Pixels between the values of `stored`."""
        return self.hint_interval >> (len(self.finer.levels) if self.finer else 0)

    @cached_property
    def stored(self) -> tuple[Exact, Exact]:
        """Co and Cg at the finest points that the file tells of, in 1/BASE_STEPS."""
        co, cg = (self._stored(number) for number in range(2))
        return co, cg

    def _stored(self, number: int) -> Exact:
        values = self.hints[number].astype(np.int32) * (self.step * BASE_STEPS)
        if self.finer:
            for step, level in zip(self.finer.steps, self.finer.levels, strict=True):
                added = level[number].astype(np.int32) * (step * BASE_STEPS)
                values = added + rounded(interpolate(values, 2, *added.shape), 2)
                values = np.clip(values, *STORED_LIMITS)
        return values

    @property
    def slope_interval(self) -> int:
        """Pixels from slope to slope."""
        return self.slope_factor * self.interval

    @cached_property
    def sent_slopes(self) -> tuple[Exact, Exact] | None:
        """Slopes in 1/SLOPE_SENT."""
        if self.slopes is None:
            return None
        unit = self.finer.slope_unit if self.finer else 0
        co, cg = (slopes.astype(np.int32) << unit for slopes in self.slopes)
        return co, cg

    def followed(self, gain: int) -> "ColorGrid":
        """The same with another gain."""
        return replace(self, gain=gain)


def grid_size(height: int, width: int, interval: int) -> tuple[int, int]:
    """Rows and columns of the hints of a picture."""
    return -(-height // interval), -(-width // interval)


# -- from planes to hints -------------------------------------------------------------------------


def tent_sums(values: npt.NDArray[Integer], interval: int) -> npt.NDArray[Integer]:
    """Along the last axis: sums of `values` (..., length) weighted by the tent of each grid point.

    The weight of a pixel is ``interval - distance``. Returns (..., ceil(length / interval)).
    """
    length = values.shape[-1]
    points = -(-length // interval)
    missing = points * interval - length
    cells = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])
    cells = cells.reshape(*values.shape[:-1], points, interval)
    # a cell's pixels belong to the tents of the grid points on either side
    away = np.arange(interval, dtype=values.dtype)
    of_left, of_right = np.moveaxis(cells @ np.stack([interval - away, away], axis=1), -1, 0)
    of_left[..., 1:] += of_right[..., :-1]
    sums: npt.NDArray[Integer] = of_left
    return sums


def tent_means(plane: Plane, interval: int, scale: int = 1) -> Exact:
    """(H, W) -> (rows, columns): ``scale`` times the mean under each tent, halves rounded up.

    Tents at the edges count only the pixels there are.
    """
    height, width = plane.shape
    strips = (plane[first : first + STRIP_ROWS] for first in range(0, height, STRIP_ROWS))
    along_rows = np.concatenate([tent_sums(strip.astype(np.int32), interval) for strip in strips])
    sums = tent_sums(np.ascontiguousarray(along_rows.T, np.int64), interval).T
    rows = tent_sums(np.ones(height, np.int64), interval)
    columns = tent_sums(np.ones(width, np.int64), interval)
    weights = rows[:, None] * columns
    means: Exact = ((2 * scale * sums + weights) // (2 * weights)).astype(np.int32)
    return means


def points(plane: npt.NDArray[Any], interval: int) -> npt.NDArray[Any]:
    """(H, W) -> (rows, columns): every `interval`-th pixel of every such row."""
    return plane[::interval, ::interval]


def step_of(interval: int, quality: int = EXACT_QUALITY) -> int:
    """The step of the samples of a new file, whose luminance has this quality."""
    if quality <= LOSSY_UP_TO:
        return LOSSY_STEP
    return FINE_STEP if interval <= FINE_UP_TO else COARSE_STEP


def stepped(values: npt.NDArray[Any], step: int) -> Hints:
    """Colours at the grid points as hints, in steps; halves rounded to even, which is no bias."""
    hints: Hints = np.clip(np.rint(values / step), *HINT_LIMITS).astype(np.int8)
    return hints


# -- from hints to planes -------------------------------------------------------------------------


def interpolate(
    values: npt.NDArray[Any],
    interval: int,
    height: int,
    width: int,
    top: int = 0,
    left: int = 0,
) -> Exact:
    """Grid values (rows, columns) -> (height, width) of the values times ``interval**2``.

    Bilinear; rows and columns beyond the last grid point repeat it.

    Args:
        top: the row of the picture where the result begins. left: the column.
    """
    # the few rows of the grid first, then all rows of pixels: the second step copies whole rows
    between_columns = _along_first(values.astype(np.int32).T, interval, left, width)
    return _along_first(np.ascontiguousarray(between_columns.T), interval, top, height)


def _along_first(values: Exact, interval: int, start: int, length: int) -> Exact:
    """(points, m) -> (length, m), times `interval`."""
    first, away = np.divmod(np.arange(start, start + length, dtype=np.int32), np.int32(interval))
    first = np.minimum(first, len(values) - 1)
    result: Exact = np.diff(values, axis=0, append=values[-1:])[first]
    result *= away[:, None]
    result += (values * np.int32(interval))[first]
    return result


def shading(
    slopes: Hints | Exact, interval: int, detail: Exact, top: int = 0, left: int = 0
) -> Exact:
    """What slopes (rows, columns), one every `interval` pixels, add to the base: (height, width).

    Args:
        detail: (height, width) of the luminance, in 1/BASE_STEPS, as is the result.
    """
    finer = slopes.astype(np.int32) * ((1 << SLOPE_BITS) // SLOPE_SENT)
    height, width = detail.shape
    wide = interpolate(finer, interval, height, width, top, left)
    return (rounded(wide, interval) * detail + (1 << (SLOPE_BITS - 1))) >> SLOPE_BITS


def luminance_base(luminance: Plane, interval: int) -> Exact:
    """The luminance (H, W) as its own tent means would be interpolated: what its *detail* is
    measured from. In 1/BASE_STEPS."""
    means = tent_means(luminance, interval, BASE_STEPS)
    return rounded(interpolate(means, interval, *luminance.shape), interval)


def rounded(wide: Exact, interval: int) -> Exact:
    """What `interpolate` gives, divided by ``interval**2``, halves rounded up."""
    area = interval * interval
    return (2 * wide + np.int32(area)) // np.int32(2 * area)
