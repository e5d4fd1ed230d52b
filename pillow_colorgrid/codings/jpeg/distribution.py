"""How likely each integer is: a mixture of two logistics, in integers only.

A head tells for each coefficient two means, two scales and a weight. All that follows is exact
integer arithmetic, so that every machine cuts the coder's range at the same places:

- a mean in 1/32 of a quantised step,
- a scale as a class, eight to an octave: ``2 ** ((class - 40) / 8)`` quantised steps,
- the weight of the first logistic in 1/64.

`Mixture.below` is the mass under a boundary, in 2**-28.
"""

from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.jpeg import dc_context, features

MEAN_UNIT = 32
"""Steps of a mean to one quantised step."""

OUTPUT_UNIT = 64
"""Steps of the head's means to 1.0."""

LARGEST_OUTPUT = 32 * OUTPUT_UNIT - 1

GAIN_BITS = 10
"""Fraction bits of a gain: what a mean of 1.0 is, in quantised steps."""

GAIN_SHIFT = GAIN_BITS + 1
"""``OUTPUT_UNIT << GAIN_BITS`` is ``MEAN_UNIT << GAIN_SHIFT``."""

CLASSES_PER_OCTAVE = 8

UNIT_CLASS = 40
"""The class of a scale of one quantised step."""

CLASSES = 121
"""Scales of 2**-5 ... 2**10 quantised steps."""

WEIGHT_BITS = 6

MASS_BITS = 22
"""The whole of one logistic is 2**22."""

TOTAL_BITS = MASS_BITS + WEIGHT_BITS
"""The whole of a mixture is 2**28."""

ARGUMENT_UNIT = 64
"""Steps of `LOGISTIC` to one scale."""

LARGEST_ARGUMENT = 800
"""`LOGISTIC` reaches to 12.5 scales on either side."""

INVERSE_BITS = 15

_scale = np.exp2((np.arange(CLASSES) - UNIT_CLASS) / CLASSES_PER_OCTAVE)

INVERSE = np.rint(ARGUMENT_UNIT / MEAN_UNIT / _scale * (1 << INVERSE_BITS)).astype(np.int32)
"""(121,) steps of LOGISTIC to one step of a mean, with INVERSE_BITS fraction bits."""

REACH = ((LARGEST_ARGUMENT << INVERSE_BITS) // INVERSE).astype(np.int32)
"""(121,) distances beyond which nothing changes."""

_argument = np.concatenate([np.arange(LARGEST_ARGUMENT + 1), np.arange(-LARGEST_ARGUMENT - 1, 0)])

LOGISTIC = np.rint((1 << MASS_BITS) / (1 + np.exp(-_argument / ARGUMENT_UNIT))).astype(np.int32)
"""Mass of a logistic below an argument, in 2**-22; below zero the arguments count from the end."""

WEIGHT_STEPS = 8
"""Steps of the head's weight to 1.0."""

LARGEST_WEIGHT = 5 * WEIGHT_STEPS

WEIGHTS = np.rint(
    (1 << WEIGHT_BITS)
    / (1 + np.exp(-np.arange(-LARGEST_WEIGHT, LARGEST_WEIGHT + 1) / WEIGHT_STEPS))
).astype(np.int32)
"""Weight of the first logistic in 1/64."""


def place_of(integers: np.ndarray) -> np.ndarray:
    """Where integers begin, half a step below them: int32 in 1/32 of a step."""
    place = integers * np.int32(MEAN_UNIT)
    place -= np.int32(MEAN_UNIT // 2)
    return place


@dataclass(frozen=True)
class Mixture:
    """Distributions of n integers: means (2, n), scale classes (2, n), weights (n,), all int32."""

    means: np.ndarray
    classes: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    def some(self, chosen: np.ndarray | slice) -> "Mixture":
        """Those at some places."""
        if isinstance(chosen, slice):
            return Mixture(self.means[:, chosen], self.classes[:, chosen], self.weights[chosen])
        return Mixture(
            self.means.take(chosen, axis=1),
            self.classes.take(chosen, axis=1),
            self.weights.take(chosen),
        )

    def wider(self, classes: int) -> "Mixture":
        """The same with so many scale classes more (or less)."""
        if not classes:
            return self
        changed = np.clip(self.classes + np.int32(classes), 0, CLASSES - 1)
        return Mixture(self.means, changed, self.weights)

    def below(self, boundaries: np.ndarray) -> np.ndarray:
        """(..., n) integers x -> (..., n) int32: mass of all integers less than x, in 2**-28."""
        return self.mass(place_of(boundaries))

    def mass(self, place: np.ndarray) -> np.ndarray:
        """(..., n) places in 1/32 of a step -> (..., n) int32: mass below them, in 2**-28."""
        mass = self._logistic(0, place)
        mass -= (other := self._logistic(1, place))
        mass *= self.weights
        other <<= np.int32(WEIGHT_BITS)
        mass += other
        return mass

    def _logistic(self, index: int, place: np.ndarray) -> np.ndarray:
        scale = self.classes[index]
        reach = REACH.take(scale)
        distance = place - self.means[index]
        np.minimum(distance, reach, out=distance)
        np.maximum(distance, -reach, out=distance)
        distance *= INVERSE.take(scale)
        distance >>= np.int32(INVERSE_BITS)
        result: np.ndarray = LOGISTIC.take(distance)
        return result

    def center(self) -> np.ndarray:
        """(n,) int32 the integer nearest to the mean of the mixture."""
        first, second = self.means
        mean = (((first - second) * self.weights) >> np.int32(WEIGHT_BITS)) + second
        result: np.ndarray = (mean + np.int32(MEAN_UNIT // 2)) >> np.int32(
            MEAN_UNIT.bit_length() - 1
        )
        return result

    def width(self) -> np.ndarray:
        """(n,) int32 class of the wider logistic, or of the other one where that hardly counts."""
        first, second = self.classes
        weight = self.weights
        hardly = np.int32(RARE_WEIGHT)
        wide = np.where(weight >= hardly, first, 0)
        return np.maximum(wide, np.where(weight <= (1 << WEIGHT_BITS) - hardly, second, 0))


RARE_WEIGHT = 3
"""A logistic of a smaller weight (in 1/64) does not widen a window."""


def gains(table: np.ndarray, plane: str, frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What outputs of 1.0 and of 0.0 mean at some frequencies.

    Args:
        table: (64,) quantisation steps.

    Returns:
        (n,) int32 gain with GAIN_BITS fraction bits; (n,) int32 class of a scale of 0.0.
    """
    standard, step = features.STANDARD[plane][frequencies], table[frequencies].astype(np.int64)
    gain = ((standard << GAIN_BITS) + step // 2) // step
    classes = UNIT_CLASS + ((features.log2(standard) - features.log2(step) + 1) >> 1)
    return np.maximum(gain, 1).astype(np.int32), classes.astype(np.int32)


def of_group(outputs: np.ndarray, gain: np.ndarray, classes: np.ndarray) -> Mixture:
    """Outputs of a head -> distributions of all coefficients.

    Args:
        outputs: (5, n, ...) float32: means, scales, weight; exact multiples of a power of two.
        gain: (n, ...) or broadcast, of `gains`.
        classes: likewise.
    """
    count = outputs[0].size
    means = _means(outputs[:2], gain)
    widths, weights = _widths(outputs[2:4], classes), _weights(outputs[4])
    return Mixture(means.reshape(2, count), widths.reshape(2, count), weights.reshape(count))


def _means(outputs: np.ndarray, gain: np.ndarray) -> np.ndarray:
    mean = np.rint(outputs * np.float32(OUTPUT_UNIT)).clip(-LARGEST_OUTPUT, LARGEST_OUTPUT)
    result: np.ndarray = (mean.astype(np.int32) * gain) >> np.int32(GAIN_SHIFT)
    return result


LARGEST_MEAN = 1 << 20
"""DC means are cut here, in 1/32 of a quantised step."""


def of_dc(outputs: np.ndarray, base: np.ndarray, spread: np.ndarray, step: int) -> Mixture:
    """Outputs of a lattice network -> distributions of the DC coefficients of a pass.

    Args:
        outputs: (5, m) float32.
        base: (m,) dequantised (dc_context.inputs), float64, as all here: exact below 2**53.
        spread: (m,) in 1/16.
        step: quantisation step of DC.
    """
    # spread / 16 / step, with GAIN_BITS fraction bits
    gain = np.floor(spread * (1 << (GAIN_BITS - 4)) / step)
    shift = np.rint(outputs[:2].astype(np.float64) * OUTPUT_UNIT)
    shift = shift.clip(-LARGEST_OUTPUT, LARGEST_OUTPUT)
    shift *= gain
    shift *= 1 / (1 << GAIN_SHIFT)
    means = np.floor(MEAN_UNIT * base / step) + np.floor(shift, shift)
    means = means.clip(-LARGEST_MEAN, LARGEST_MEAN).astype(np.int32)
    zero = (dc_context.log2_16(spread) - 64 - int(features.log2(np.array(step))) + 1) >> 1
    classes = (zero + UNIT_CLASS).astype(np.int32)
    return Mixture(means, _widths(outputs[2:4], classes), _weights(outputs[4]))


def _widths(outputs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    steps = np.rint(outputs * np.float32(CLASSES_PER_OCTAVE)).clip(-512, 512)
    result: np.ndarray = np.clip(steps.astype(np.int32) + classes, 0, CLASSES - 1)
    return result


def _weights(outputs: np.ndarray) -> np.ndarray:
    steps = np.rint(outputs * np.float32(WEIGHT_STEPS)).clip(-LARGEST_WEIGHT, LARGEST_WEIGHT)
    return WEIGHTS.take(steps.astype(np.int32) + LARGEST_WEIGHT)


# -- flags ----------------------------------------------------------------------------------------

FLAG_STEPS = 16
"""Steps of the head's flag to 1.0."""

LARGEST_FLAG = 9 * FLAG_STEPS

FLAG_BITS = 14

FLAGS = (
    np.rint(
        (1 << FLAG_BITS) / (1 + np.exp(-np.arange(-LARGEST_FLAG, LARGEST_FLAG + 1) / FLAG_STEPS))
    )
    .astype(np.uint16)
    .clip(1, (1 << FLAG_BITS) - 1)
)
"""How often, of 2**14, a block's group is all zero."""


def of_flags(outputs: np.ndarray) -> np.ndarray:
    """(...) float32 -> uint16 frequency of "all zero"."""
    step = np.rint(outputs * np.float32(FLAG_STEPS)).clip(-LARGEST_FLAG, LARGEST_FLAG)
    return FLAGS.take(step.astype(np.int32) + LARGEST_FLAG)
