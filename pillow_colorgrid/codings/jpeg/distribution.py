"""How likely each integer is, in integers only.

All of it is exact integer arithmetic, so that every machine cuts the coder's range at the same
places:

- a mean in 1/32 of a quantised step,
- a scale as a class, eight to an octave: ``2 ** ((class - 40) / 8)`` quantised steps,
- a weight in 1/64 or 1/1024.

`Distribution.below` is the mass under a boundary, in 2**-28. DC coefficients have a `Mixture` of
two logistics, AC coefficients one that is `Peaked` at zero: more of them are zero than any logistic
would have (tools/results/jpeg_candidates.tsv).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

MEAN_UNIT = 32
"""Steps of a mean to one quantised step."""

CLASSES_PER_OCTAVE = 8

UNIT_CLASS = 40
"""The class of a scale of one quantised step."""

CLASSES = 121
"""Scales of 2**-5 ... 2**10 quantised steps."""

TOTAL_BITS = 28
"""The whole of a distribution is 2**28."""

WEIGHT_BITS = 6
"""Of the first logistic of a mixture."""

ZERO_BITS = 10
"""Of the peak at zero."""

ARGUMENT_UNIT = 64
"""Steps of a logistic's table to one scale."""

LARGEST_ARGUMENT = 800
"""The tables reach to 12.5 scales on either side."""

INVERSE_BITS = 15

_scale = np.exp2((np.arange(CLASSES) - UNIT_CLASS) / CLASSES_PER_OCTAVE)

INVERSE = np.rint(ARGUMENT_UNIT / MEAN_UNIT / _scale * (1 << INVERSE_BITS)).astype(np.int32)
"""(121,) steps of a logistic's table to one step of a mean, with INVERSE_BITS fraction bits."""

REACH = ((LARGEST_ARGUMENT << INVERSE_BITS) // INVERSE).astype(np.int32)
"""(121,) distances beyond which nothing changes."""


def _logistic_table(bits: int) -> np.ndarray:
    argument = np.concatenate(
        [np.arange(LARGEST_ARGUMENT + 1), np.arange(-LARGEST_ARGUMENT - 1, 0)]
    )
    return np.rint((1 << bits) / (1 + np.exp(-argument / ARGUMENT_UNIT))).astype(np.int32)


IN_MIXTURE = _logistic_table(TOTAL_BITS - WEIGHT_BITS)
"""Mass of a logistic below an argument, in 2**-22; below zero the arguments count from the end."""

BESIDE_PEAK = _logistic_table(TOTAL_BITS - ZERO_BITS)
"""The same in 2**-18."""


def place_of(integers: np.ndarray) -> np.ndarray:
    """Where integers begin, half a step below them: int32 in 1/32 of a step."""
    place = integers * np.int32(MEAN_UNIT)
    place -= np.int32(MEAN_UNIT // 2)
    return place


def _nearest_integer(mean: np.ndarray) -> np.ndarray:
    result: np.ndarray = (mean + np.int32(MEAN_UNIT // 2)) >> np.int32(MEAN_UNIT.bit_length() - 1)
    return result


def _logistic(
    mean: np.ndarray, scale: np.ndarray, place: np.ndarray, table: np.ndarray
) -> np.ndarray:
    """Mass of logistics below places, by one of the tables; (n,) and (..., n) -> (..., n)."""
    reach = REACH.take(scale)
    distance = place - mean
    np.minimum(distance, reach, out=distance)
    np.maximum(distance, -reach, out=distance)
    distance *= INVERSE.take(scale)
    distance >>= np.int32(INVERSE_BITS)
    result: np.ndarray = table.take(distance)
    return result


@dataclass(frozen=True)
class Distribution(ABC):
    """Distributions of n integers, all int32.

    Attributes:
        means: (..., n) of logistics, in 1/32 of a quantised step.
        classes: (..., n) of their scales.
        weights: (n,) of one part beside the other; which, and in what, a subclass tells.
    """

    means: np.ndarray
    classes: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    def some(self, chosen: np.ndarray | slice) -> Self:
        """Those at some places."""
        parts = (self.means, self.classes, self.weights)
        if isinstance(chosen, slice):
            return type(self)(*(part[..., chosen] for part in parts))
        return type(self)(*(part.take(chosen, axis=-1) for part in parts))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One behind the other."""
        return cls(
            np.concatenate([part.means for part in parts], axis=-1),
            np.concatenate([part.classes for part in parts], axis=-1),
            np.concatenate([part.weights for part in parts]),
        )

    def wider(self, classes: int) -> Self:
        """The same with so many scale classes more (or less)."""
        if not classes:
            return self
        changed = np.clip(self.classes + np.int32(classes), 0, CLASSES - 1)
        return type(self)(self.means, changed, self.weights)

    @abstractmethod
    def mass(self, place: np.ndarray) -> np.ndarray:
        """(..., n) places in 1/32 of a step -> (..., n) int32: mass below them, in 2**-28."""

    @abstractmethod
    def center(self) -> np.ndarray:
        """(n,) int32 the integer nearest to the mean."""

    @abstractmethod
    def width(self) -> np.ndarray:
        """(n,) int32 the scale class that most of the mass lies within."""

    def below(self, boundaries: np.ndarray) -> np.ndarray:
        """(..., n) integers x -> (..., n) int32: mass of all integers less than x, in 2**-28."""
        return self.mass(place_of(boundaries))


class Mixture(Distribution):
    """Two logistics each, (2, n); weights of the first in 1/64."""

    def mass(self, place: np.ndarray) -> np.ndarray:
        mass = _logistic(self.means[0], self.classes[0], place, IN_MIXTURE)
        mass -= (other := _logistic(self.means[1], self.classes[1], place, IN_MIXTURE))
        mass *= self.weights
        other <<= np.int32(WEIGHT_BITS)
        mass += other
        return mass

    def center(self) -> np.ndarray:
        first, second = self.means
        return _nearest_integer(
            (((first - second) * self.weights) >> np.int32(WEIGHT_BITS)) + second
        )

    def width(self) -> np.ndarray:
        """The wider logistic's, or that of the other one where it hardly counts."""
        first, second = self.classes
        weight = self.weights
        hardly = np.int32(RARE_WEIGHT)
        wide = np.where(weight >= hardly, first, 0)
        return np.maximum(wide, np.where(weight <= (1 << WEIGHT_BITS) - hardly, second, 0))


RARE_WEIGHT = 3
"""A logistic of a smaller weight (in 1/64) does not widen a window."""


class Peaked(Distribution):
    """A logistic each, (n,), and a peak at zero; weights of the peak in 1/1024."""

    def mass(self, place: np.ndarray) -> np.ndarray:
        mass = _logistic(self.means, self.classes, place, BESIDE_PEAK)
        mass *= np.int32(1 << ZERO_BITS) - self.weights
        mass += (place > 0) * (self.weights << np.int32(TOTAL_BITS - ZERO_BITS))
        return mass

    def center(self) -> np.ndarray:
        beside = np.int32(1 << ZERO_BITS) - self.weights
        return _nearest_integer((self.means * beside) >> np.int32(ZERO_BITS))

    def width(self) -> np.ndarray:
        """The logistic's, or 0 where it hardly counts."""
        result: np.ndarray = np.where(self.weights <= RARELY_NOT_ZERO, self.classes, 0)
        return result


RARELY_NOT_ZERO = (1 << ZERO_BITS) - 48
"""A logistic beside a larger peak (in 1/1024) does not widen a window."""
