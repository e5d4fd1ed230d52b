"""Find a picture's adaptation (`adaptation`): regression on its own pixels. Encoder only.

For each output of a pass: which weighted sum of features and inputs, added to it, would have
shortened the code most? Steps of Newton's method on the code length of a logistic distribution
tell; the sums are then rounded as coarsely as pays. Floats are allowed here: what they find is sent
as integers.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from pillow_colorgrid.codings.lossless import distribution
from pillow_colorgrid.codings.lossless.adaptation import (
    LIMIT,
    MAX_SHIFT,
    PASSES,
    Adaptation,
    Correction,
    pack,
)
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.encoder.sample import (
    Draw,
    Sample,
    draws,
    passes_over,
    sample,
)
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.predict import Band, Pass, Predictor
from pillow_colorgrid.codings.lossless.stream import CG, CO, LUMINANCE, prices, symbols_of
from pillow_colorgrid.codings.lossless.walk import Refinement
from pillow_colorgrid.entropy.rans import Frequencies
from pillow_colorgrid.runtime.blas import one_thread

RIDGE = 1e-3
"""How much the regression distrusts, as a part of each column's own weight."""

LIKELY = 0.02
"""Coefficients are about so large (steps, or octaves, for one unit of a column): it holds back
those of columns that hardly vary in the sample, and may do so elsewhere in the picture."""

PRUNE_BITS = (1.0, 3.0, 6.0, 9.0, 9.0, 0.0)
"""A coefficient leaves if it gains less, in rounds; about 10 bits is what it costs."""

OUTPUT_BITS = 16
"""What a corrected output costs beside its coefficients, about: its shift, and where they stand."""

LN2 = float(np.log(2))


Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Coded:
    """Values of a plane and the distributions by which they are coded, (1, 1, cells) each."""

    plane: int
    values: np.ndarray
    distribution: Distribution

    def residuals_and_scales(self) -> Pair:
        octaves = (
            self.distribution.scale_class.reshape(-1) - distribution.UNIT_CLASS
        ) / np.float32(distribution.CLASSES_PER_OCTAVE)
        mean = self.distribution.mean.reshape(-1).astype(np.float32) / distribution.MEAN_STEPS
        return self.values.reshape(-1).astype(np.float32) - mean, np.exp2(octaves, dtype=np.float32)

    def bits(self, frequencies: Frequencies) -> np.ndarray:
        """What each value costs, (cells,)."""
        cost: np.ndarray = prices(frequencies)[
            symbols_of(self.plane, self.values, self.distribution)
        ]
        return cost.reshape(-1)


Find = Callable[[], Coded]
"""How a plane of the sample is coded by the outputs as they are."""

Finds = Callable[[np.ndarray, list[np.ndarray], list[np.ndarray]], tuple[Find, ...]]
"""Outputs, bases and values of one pixel of a pass -> how each of its planes is doing."""

Direction = Callable[[np.ndarray, np.ndarray], Pair]
"""Residuals and scales, (cells,) each -> slope and curvature of the code length."""


def _logistic(residual: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of a value's step: its probability, and above and below it distribution and density."""
    above, below = (residual + 0.5) / scale, (residual - 0.5) / scale
    top, bottom = 0.5 + 0.5 * np.tanh(above / 2), 0.5 + 0.5 * np.tanh(below / 2)
    probability = np.maximum(top - bottom, 1e-6)
    return probability, above, below, top * (1 - top), bottom * (1 - bottom)


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
    """How the code length (nats) bends where coefficients change: (columns, columns).

    Args:
        columns: (columns, cells); curvature: (cells,), not negative.
    """
    even = bool((curvature == curvature[0]).all())
    weighted = columns if even else columns * np.sqrt(curvature)
    # numpy computes only one half of a product of a matrix with itself
    matrix: np.ndarray = (weighted @ weighted.T).astype(np.float64)
    return matrix * (float(curvature[0]) if even else 1.0)


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
        ridge = RIDGE * np.diag(part) + LN2 / (bits * LIKELY * LIKELY)
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

    best = min(range(MAX_SHIFT + 1), key=total_bits)
    return _integers(step, best).astype(np.int8), best


def _integers(step: np.ndarray, shift: int) -> np.ndarray:
    return np.clip(np.rint(step * 2.0**shift), -LIMIT, LIMIT)


def _moved(output: np.ndarray, wanted: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(cells,) an output with a change that is not rounded yet."""
    change = (wanted * distribution.MEAN_FINE).astype(np.float32) @ columns
    moved: np.ndarray = output + np.rint(change).astype(np.int32)
    return moved


def _correct(
    output: np.ndarray, columns: np.ndarray, coefficients: np.ndarray, shift: int
) -> np.ndarray:
    """(cells,) an output with the correction that the decoder will apply."""
    total = np.rint(coefficients.astype(np.float32) @ columns).astype(np.int32)
    corrected: np.ndarray = output + ((total + ((1 << shift) >> 1)) >> shift)
    return corrected


def _price_of(coefficients: np.ndarray) -> float:
    """About the bits of an output's coefficients."""
    if not coefficients.any():
        return 0.0
    return float(np.log2(1 + 2.0 * np.abs(coefficients.astype(np.float64))).sum()) + OUTPUT_BITS


@dataclass(frozen=True)
class _Target:
    """One output that is corrected: its number, how it is doing, and where it should move."""

    output: int
    find: Find
    direction: Direction

    def bend(self, cells: int) -> Pair:
        """Slope and curvature of the code length of the first `cells`, as the output is now."""
        residual, scale = (values[:cells] for values in self.find().residuals_and_scales())
        return self.direction(residual, scale)


class _PassFit:
    """The regression of one pass, output by output."""

    def __init__(self, sample: Sample, corrected: int, frequencies: Frequencies) -> None:
        self.sample, self.frequencies = sample, frequencies
        count, cells = sample.columns.shape
        self.columns = sample.columns[:, : sample.fitted]
        self.weight = sample.weight * cells / sample.fitted
        self.coefficients = np.zeros((corrected, count), np.int8)
        self.shifts = np.zeros(corrected, np.uint8)
        self.even: np.ndarray | None = None
        self.plain: dict[int, np.ndarray] = {}

    def fit(self, row: int, target: _Target) -> None:
        """Correct an output of the sample, if it pays; the row of its coefficients.

        Called again, it goes on from there.
        """
        sample, fitted, bits = self.sample, self.sample.fitted, self.weight / LN2
        output = sample.outputs[target.output]
        known, now = self.wanted(row), output.copy()
        start = self.plain.setdefault(row, now)
        before, price = self.bits(target.find), _price_of(self.coefficients[row])
        slope, curvature = target.bend(fitted)
        matrix = self.matrix_of(curvature)  # it hardly changes until the next step
        step = _step(matrix, (self.columns @ slope).astype(np.float64), bits)
        # from now on only what the first step chose, from where it leads
        wanted = known + step
        some = wanted.nonzero()[0]
        wanted, columns, matrix = wanted[some], sample.columns[some], matrix[np.ix_(some, some)]
        output[...] = _moved(start, wanted, columns)
        slope, _ = target.bend(fitted)
        wanted += _step(matrix, (columns[:, :fitted] @ slope).astype(np.float64), bits)
        output[...] = _moved(start, wanted, columns)
        chosen, shift = _rounded(wanted * distribution.MEAN_FINE, matrix, self.weight)
        output[...] = _correct(start, columns, chosen, shift)
        if before - self.bits(target.find) > _price_of(chosen) - price:
            self.coefficients[row] = 0
            self.coefficients[row, some], self.shifts[row] = chosen, shift
        else:
            output[...] = now

    def wanted(self, row: int) -> np.ndarray:
        """(columns,) the correction of an output so far."""
        units: np.ndarray = self.coefficients[row] / np.float64(
            distribution.MEAN_FINE << int(self.shifts[row])
        )
        return units

    def bits(self, find: Find) -> float:
        """The code length of all the picture, by the cells that are fitted."""
        cost = find().bits(self.frequencies)[: self.sample.fitted]
        return float(cost.sum(dtype=np.float64)) * float(self.weight)

    def matrix_of(self, curvature: np.ndarray) -> np.ndarray:
        """The curvature matrix; where curvature is the same in all cells, made only once.

        Half of the cells are enough for it: it only tells how long a step is.
        """
        bent, fitted = self.sample.bent, self.sample.fitted
        columns, curvature = self.columns[:, :bent], curvature[:bent]
        if (curvature != curvature[0]).any():
            return _curvature_matrix(columns, curvature) * (fitted / bent)
        if self.even is None:
            self.even = _curvature_matrix(columns, curvature) * (fitted / bent)
        return self.even

    def correction(self) -> Correction | None:
        if not self.coefficients.any():
            return None
        return Correction(self.coefficients, self.shifts)


@dataclass(frozen=True)
class Fitting:
    """How much work goes into an adaptation.

    Attributes:
        refinements: the levels whose networks are adapted; () for none.
        cells: so many cells of each pass are looked at.
        all_bend: how the code length bends is told by all of them, not by half.
        rounds: how often each output is corrected, beside the others as they are then.
    """

    refinements: tuple[Refinement, ...] = ()
    cells: int = 24_000
    all_bend: bool = False
    rounds: int = 1


def fit(
    parts: list[list[np.ndarray]],
    fitting: Fitting,
    predictor: Predictor,
    held: Sequence[Held | None] | None = None,
    exact: Sequence[list[np.ndarray]] | None = None,
    passes_of: Callable[[Refinement], Sequence[Pass]] | None = None,
    finds: Finds | None = None,
) -> Adaptation:
    """The adaptation to a picture.

    Args:
        parts: its tiles: Y, or Y, Co, Cg, (1, H, W) int16 each.
        predictor: by a model without adaptation.
        held: of each tile; None: all of all.
        exact: the tiles before they were rounded, if they were.
        passes_of: the passes over a refinement, and `finds` how their pixels are coded, where
            that is not as in the lossless coding.
    """
    passes_of = passes_of or partial(passes_over, planes=len(parts[0]))
    held = [None] * len(parts) if held is None else held
    to_draw = [
        draw
        for step in fitting.refinements
        for draw in draws(
            parts, passes_of(step), step.interval, fitting.cells, predictor, held, exact
        )
    ]
    # what the networks say, band by band; then the regressions, pass by pass
    spots = [(draw, spot) for draw in to_draw for spot in draw.spots]
    bands = iter(predictor.workers.map(lambda job: job[0].band(job[1], predictor), spots))
    jobs = [(draw, [next(bands) for _ in draw.spots]) for draw in to_draw]
    frequencies = predictor.model.frequencies
    with one_thread():
        found = predictor.workers.map(
            lambda job: _fit_pass(*job, finds or doing, frequencies, fitting), jobs
        )
    kept: dict[str, Correction] = {}
    for draw, (correction, gain) in zip(to_draw, found, strict=True):
        if correction is None:
            continue
        one = {draw.pass_.network: correction}
        # of several tiles it would take all networks once more to do without what does not pay
        price = 8 * len(pack(one)) if len(parts) > 1 else 0
        if gain > price:
            kept |= one
    return kept


def _fit_pass(
    draw: Draw, bands: list[Band], finds: Finds, frequencies: Frequencies, fitting: Fitting
) -> tuple[Correction | None, float]:
    """The correction of a pass, and the bits that it saves of the picture, by what is kept back."""
    drawn = sample(draw, bands)
    if fitting.all_bend:
        drawn.bent = drawn.fitted
    if not 0 < drawn.bent <= drawn.fitted < drawn.columns.shape[1]:
        return None, 0.0  # what counts lies elsewhere
    fitted = _PassFit(drawn, len(PASSES[draw.pass_.network].corrected), frequencies)
    targets = _targets(drawn, finds)
    before = _kept_back_bits(drawn, targets, frequencies)
    for row, target in fitting.rounds * list(enumerate(targets)):
        fitted.fit(row, target)
    gain = before - _kept_back_bits(drawn, targets, frequencies)
    return fitted.correction(), gain * drawn.weight_kept_back


def _kept_back_bits(drawn: Sample, targets: list[_Target], frequencies: Frequencies) -> float:
    """The code length of the cells that the regression does not see; of all values, each once."""
    return math.fsum(
        target.find().bits(frequencies)[drawn.fitted :].sum(dtype=np.float64)
        for target in targets
        if target.direction is _mean_direction
    )


def _targets(drawn: Sample, finds: Finds) -> list[_Target]:
    """The corrected outputs of a pass, in the order of `Adaptable.corrected`."""
    targets = []
    for place, (base, values) in enumerate(zip(drawn.bases, drawn.values, strict=True)):
        outputs = drawn.of_pixel(place)
        first = place * outputs.shape[1]
        for plane, find in enumerate(finds(outputs, base, values)):
            targets.append(_Target(first + 2 * plane, find, _mean_direction))
            targets.append(_Target(first + 2 * plane + 1, find, _scale_direction))
    return targets


def doing(
    outputs: np.ndarray, base: list[np.ndarray], values: list[np.ndarray]
) -> tuple[Find, ...]:
    """Of one pixel of a pass: how luminance, or Co and Cg, are doing."""

    def luminance() -> Coded:
        return Coded(LUMINANCE, values[0], distribution.luminance(outputs, base[0]))

    def co() -> Coded:
        return Coded(CO, values[0], distribution.co(outputs, base[0]))

    def cg() -> Coded:
        known = distribution.co(outputs, base[0])
        return Coded(CG, values[1], distribution.cg(outputs, base[1], known, values[0]))

    return (luminance,) if len(values) == 1 else (co, cg)
