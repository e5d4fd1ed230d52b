"""Find a picture's adaptation (`lossless_adaptation`): regression on its own pixels. Encoder only.

For each output of a pass: which weighted sum of features and inputs, added to it, would have
shortened the code most? Steps of Newton's method on the code length of a logistic distribution
tell; the sums are then rounded as coarsely as pays. Floats are allowed here: what they find is sent
as integers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid import grid
from pillow_colorgrid.codings import lossless_context as context
from pillow_colorgrid.codings import lossless_distribution as distribution
from pillow_colorgrid.codings.lossless_adaptation import (
    BIAS,
    LIMIT,
    MAX_SHIFT,
    PASSES,
    Adaptation,
    Correction,
)
from pillow_colorgrid.codings.lossless_context import ZERO
from pillow_colorgrid.codings.lossless_distribution import Distribution
from pillow_colorgrid.codings.lossless_walk import Model, Refinement

MIN_CELLS = 4_000
"""Passes with fewer cells are not adapted: the coefficients would cost more than they gain."""

RIDGE = 1e-3
"""How much the regression distrusts, as a part of each column's own weight."""

PRUNE_BITS = (1.0, 3.0, 6.0, 9.0, 9.0, 0.0)
"""A coefficient leaves if it gains less, in rounds; about 10 bits is what it costs."""

SCALE_STEPS = 2
"""Newton steps for the scale (for the mean, one is enough)."""

LN2 = float(np.log(2))

Pair = tuple[np.ndarray, np.ndarray]

Find = Callable[[], Pair]
"""() -> residuals and scales of the sample, (cells,) each."""

Direction = Callable[[np.ndarray, np.ndarray], Pair]
"""Residuals, scales -> slope and curvature of the code length."""


@dataclass
class _Sample:
    """Some rows of the cells of one pass, evenly spread.

    Attributes:
        columns: (cells, columns) float32: features, inputs around 0, bias.
        numbers: (outputs, cells) int32, corrected in place.
        place: the rows and columns of the cells.
        weight: cells of the picture that one of the sample stands for.
    """

    columns: np.ndarray
    numbers: np.ndarray
    place: tuple[slice, slice]
    weight: float

    def of(self, plane: np.ndarray) -> np.ndarray:
        """The sampled values of a (1, rows, columns) plane, as (1, 1, cells)."""
        sampled: np.ndarray = plane[0][self.place]
        return sampled.reshape(1, 1, -1)

    def of_pixel(self, place: int, pixels: int) -> np.ndarray:
        """The numbers of one pixel of the pass: (1, outputs, 1, cells), a view."""
        count = len(self.numbers) // pixels
        return self.numbers[None, place * count : (place + 1) * count, None]


def _scale(found: Distribution) -> np.ndarray:
    octaves = (found.scale_class.reshape(-1) - distribution.UNIT_CLASS) / np.float32(
        distribution.CLASSES_PER_OCTAVE
    )
    return np.exp2(octaves, dtype=np.float32)


def _residual(found: Distribution, value: np.ndarray) -> np.ndarray:
    mean = found.mean.reshape(-1).astype(np.float32) / distribution.MEAN_STEPS
    return value.reshape(-1).astype(np.float32) - mean


def _logistic(residual: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of a value's step: its probability, and above and below it distribution and density."""
    above, below = (residual + 0.5) / scale, (residual - 0.5) / scale
    top, bottom = 0.5 + 0.5 * np.tanh(above / 2), 0.5 + 0.5 * np.tanh(below / 2)
    probability = np.maximum(top - bottom, 1e-6)
    return probability, above, below, top * (1 - top), bottom * (1 - bottom)


def code_bits(residual: np.ndarray, scale: np.ndarray) -> float:
    """Ideal code length in bits of residuals (cells,) with logistic scales (cells,)."""
    return float(-np.log2(_logistic(residual, scale)[0]).sum())


def _mean_direction(residual: np.ndarray, scale: np.ndarray) -> Pair:
    """Slope and curvature (nats) of the code length where means move by one step."""
    probability, _, _, top, bottom = _logistic(residual, scale)
    return (top - bottom) / (probability * scale), 1 / (3 * scale * scale + 0.25)


def _scale_direction(residual: np.ndarray, scale: np.ndarray) -> Pair:
    """Slope and curvature (nats) of the code length where scales grow by one octave."""
    probability, above, below, top, bottom = _logistic(residual, scale)
    slope = (above * top - below * bottom) / probability
    return LN2 * np.clip(slope, -6, 1), np.full_like(scale, 1.43 * LN2 * LN2)


def _curvature_matrix(columns: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """How the code length (nats) bends where coefficients change: (columns, columns)."""
    even = bool((curvature == curvature[0]).all())
    matrix: np.ndarray = columns.T @ (columns if even else columns * curvature[:, None])
    return matrix.astype(np.float64) * (float(curvature[0]) if even else 1.0)


def _step(matrix: np.ndarray, gradient: np.ndarray, bits: float) -> np.ndarray:
    """The coefficients (columns,) that shorten the code; those that gain too little are 0.

    Args:
        bits: of the picture, for one nat of the sample.

    A coefficient gains what leaving it out would cost ("optimal brain surgeon"); the weakest leave
    first, because what they did is then shared out among the others.
    """
    kept = np.flatnonzero(np.diag(matrix) > 0)
    step = np.zeros(len(gradient))
    for least in PRUNE_BITS:
        part = matrix[np.ix_(kept, kept)]
        ridge = RIDGE * np.diag(part) + 1e-9
        inverse = np.linalg.inv(part + np.diag(ridge))
        wanted = -inverse @ gradient[kept]
        gains = wanted * wanted / (2 * np.diag(inverse)) * bits
        step[:] = 0
        step[kept] = np.where(gains >= least, wanted, 0)
        kept = kept[gains >= least]
        if not kept.size:
            break
    return step


def _rounded(step: np.ndarray, matrix: np.ndarray, weight: float) -> tuple[np.ndarray, int]:
    """Coefficients (columns,) int8 and their shift: as coarse as pays.

    Args:
        step: wanted change, in 1/64, by one unit of each column.
        matrix: curvature (nats) of the sample for changes in units of 64.
    """

    def total_bits(shift: int) -> float:
        wrong = (_integers(step, shift) / 2.0**shift - step) / distribution.MEAN_FINE
        lost = 0.5 * float(wrong @ matrix @ wrong) * weight / LN2
        return lost + float(np.log2(1 + 2.0 * np.abs(_integers(step, shift))).sum())

    fitting = [k for k in range(MAX_SHIFT + 1) if np.abs(step).max() * 2**k <= LIMIT] or [0]
    best = min(fitting, key=total_bits)
    return _integers(step, best).astype(np.int8), best


def _integers(step: np.ndarray, shift: int) -> np.ndarray:
    return np.clip(np.rint(step * 2.0**shift), -LIMIT, LIMIT)


def _correct(
    numbers: np.ndarray, columns: np.ndarray, chosen: tuple[np.ndarray, int]
) -> np.ndarray:
    """(cells,) numbers with the correction that the decoder will apply."""
    coefficients, shift = chosen
    total = np.rint(columns @ coefficients.astype(np.float32)).astype(np.int32)
    corrected: np.ndarray = numbers + ((total + ((1 << shift) >> 1)) >> shift)
    return corrected


class _PassFit:
    """The regression of one pass, output by output."""

    def __init__(self, sample: _Sample, corrected: int) -> None:
        self.sample = sample
        count = sample.columns.shape[1]
        self.coefficients = np.zeros((corrected, count), np.int8)
        self.shifts = np.zeros(corrected, np.uint8)
        self.row = 0
        self.even: np.ndarray | None = None

    def fit(self, output: int, find: Find, direction: Direction, steps: int) -> None:
        """Correct `output` of the sample's numbers, if it pays.

        Args:
            find: gives residuals and scales from the numbers as they are.
        """
        sample = self.sample
        numbers = sample.numbers[output]
        start = numbers.copy()
        before = code_bits(*find())
        wanted = np.zeros(sample.columns.shape[1])
        for _ in range(steps):
            slope, curvature = direction(*find())
            matrix = self.matrix_of(curvature)
            gradient = (sample.columns.T @ slope).astype(np.float64)
            if wanted.any():
                # only what the first step chose, from where it led
                chosen_columns = wanted != 0
                matrix = matrix * np.outer(chosen_columns, chosen_columns)
                gradient = gradient * chosen_columns
            wanted += _step(matrix, gradient, sample.weight / LN2) * distribution.MEAN_FINE
            numbers[...] = start + np.rint(sample.columns @ wanted.astype(np.float32)).astype(
                np.int32
            )
        chosen = _rounded(wanted, matrix, sample.weight)
        numbers[...] = _correct(start, sample.columns, chosen)
        gain = (before - code_bits(*find())) * sample.weight
        price = float(np.log2(1 + 2.0 * np.abs(chosen[0].astype(np.float64))).sum()) + 16
        if gain > price:
            self.coefficients[self.row], self.shifts[self.row] = chosen
        else:
            numbers[...] = start
        self.row += 1

    def matrix_of(self, curvature: np.ndarray) -> np.ndarray:
        """The curvature matrix; where curvature is the same in all cells, made only once."""
        if (curvature != curvature[0]).any():
            return _curvature_matrix(self.sample.columns, curvature)
        if self.even is None:
            self.even = _curvature_matrix(self.sample.columns, curvature)
        return self.even

    def correction(self) -> Correction | None:
        if not self.coefficients.any():
            return None
        return Correction(self.coefficients, self.shifts)


@dataclass(frozen=True)
class Care:
    """How much work goes into an adaptation.

    Attributes:
        refinements: the levels whose networks are adapted; () for none.
        cells: so many cells of each pass are looked at.
    """

    refinements: tuple[Refinement, ...] = ()
    cells: int = 24_000


def fit(planes: list[np.ndarray], care: Care, by: Model) -> Adaptation:
    """The adaptation to Y, or Y, Co, Cg, (1, H, W) int16 each."""
    found: dict[str, Correction] = {}
    for refinement in care.refinements:
        level = [grid.level(plane, refinement.interval) for plane in planes]
        for plane, seen, coded in (
            ("luminance", level[:1], level[:1]),
            ("color", level, level[1:]),
        ):
            if not coded:
                continue
            for name in grid.PASS_NAMES:
                network = f"{plane}_{refinement.networks}_{name}"
                if network in PASSES:
                    correction = _fit_pass(network, plane, name, seen, coded, by, care.cells)
                    if correction is not None:
                        found[network] = correction
    return found


SEE: dict[tuple[str, str], Callable[..., context.Context]] = {
    ("luminance", "diagonal"): context.luminance_diagonal,
    ("luminance", "cross"): context.luminance_cross,
    ("color", "diagonal"): context.color_diagonal,
    ("color", "cross"): context.color_cross,
}


def _fit_pass(
    network: str,
    plane: str,
    name: str,
    seen: list[np.ndarray],
    coded: list[np.ndarray],
    by: Model,
    cells: int,
) -> Correction | None:
    places = dict(zip(grid.PASS_NAMES, grid.PASSES, strict=True))[name]
    height = min(grid.place(coded[0], place).shape[1] for place in places)
    width = min(grid.place(coded[0], place).shape[2] for place in places)
    if height * width < MIN_CELLS:
        return None
    inputs, bases = SEE[plane, name](*seen)
    outputs, features = by.predict(network, inputs)
    every = max(1, round(height * width / cells))
    sample = _draw(
        outputs, features, inputs, plane, (slice(every // 2, height, every), slice(width))
    )
    fitted = _PassFit(sample, len(PASSES[network].corrected))
    for number, (place, base) in enumerate(zip(places, bases, strict=True)):
        numbers = sample.of_pixel(number, len(places))
        base = [sample.of(plane_base) for plane_base in base]
        values = [sample.of(grid.place(pixels, place)) for pixels in coded]
        first = number * numbers.shape[1]
        if plane == "luminance":
            _fit_luminance(fitted, first, numbers, base, values)
        else:
            _fit_color(fitted, first, numbers, base, values)
    return fitted.correction()


def _fit_luminance(
    fitted: _PassFit,
    first: int,
    numbers: np.ndarray,
    base: list[np.ndarray],
    values: list[np.ndarray],
) -> None:
    def find() -> Pair:
        found = distribution.luminance(numbers, base[0])
        return _residual(found, values[0]), _scale(found)

    fitted.fit(first, find, _mean_direction, 1)
    fitted.fit(first + 1, find, _scale_direction, SCALE_STEPS)


def _fit_color(
    fitted: _PassFit,
    first: int,
    numbers: np.ndarray,
    base: list[np.ndarray],
    values: list[np.ndarray],
) -> None:
    def find_co() -> Pair:
        found = distribution.co(numbers, base[0])
        return _residual(found, values[0]), _scale(found)

    def find_cg() -> Pair:
        known = distribution.co(numbers, base[0])
        found = distribution.cg(numbers, base[1], known, values[0])
        return _residual(found, values[1]), _scale(found)

    fitted.fit(first, find_co, _mean_direction, 1)
    fitted.fit(first + 1, find_co, _scale_direction, SCALE_STEPS)
    fitted.fit(first + 2, find_cg, _mean_direction, 1)
    fitted.fit(first + 3, find_cg, _scale_direction, SCALE_STEPS)


def _draw(
    outputs: np.ndarray,
    features: np.ndarray,
    inputs: np.ndarray,
    plane: str,
    place: tuple[slice, slice],
) -> _Sample:
    """Draw the rows and columns of cells at `place`."""

    def cells(planes: np.ndarray) -> np.ndarray:
        drawn: np.ndarray = planes[0][:, *place]
        return drawn.reshape(len(drawn), -1).astype(np.float32)

    of_features, of_inputs = cells(features), cells(inputs) - np.float32(ZERO)
    bias = np.full((1, of_inputs.shape[1]), BIAS, np.float32)
    columns = np.concatenate([of_features, of_inputs, bias]).T
    units = distribution.LUMINANCE_UNITS if plane == "luminance" else distribution.COLOR_UNITS
    numbers = distribution.integers(cells(outputs)[None, :, None], units)[0, :, 0]
    rows, _ = place
    return _Sample(np.ascontiguousarray(columns), numbers, place, float(rows.step))
