"""How likely a bit is 1: counts of several contexts, mixed; all learned from what was coded.

For each context counts of zeros and ones tell a probability; in the logistic domain all are added
up with weights, which follow the error. A caller tells the contexts, as places of their counts, and
which set of weights is asked. All is integer arithmetic, some of it in float64, which holds all of
these integers exactly. For the bilevel and the indexed coding.

Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.bits import INPUT, ONE, SQUASHED, STRETCHED, WIDEST

COUNT_BITS = 16
"""How often a bit was 0 is in the lower bits of a count, how often 1 above them."""

STEPS = np.array([1, 1 << COUNT_BITS], np.int32)
"""What 0 and 1 add to a count."""

MOST_COUNT = 127
"""Counts of which one is greater behind a line are halved, both, until neither is."""

TOO_MANY = np.int32(~(MOST_COUNT | MOST_COUNT << COUNT_BITS))
"""The bits of a count of which one is set where it is too great."""

HALVES = np.int32((2**15 - 1) | (2**15 - 1) << COUNT_BITS)
"""The bits of a count that stay when it was moved by one."""

WEIGHT = 2**14
"""1 as a weight."""

MOST_WEIGHT = 2.0**24
"""Weights are cut to it, so that float64 holds all sums."""

RATE_BITS = 16
"""A weight changes by input times error, divided by 2**RATE_BITS."""

_ONES, _ZEROS = np.divmod(np.arange((MOST_COUNT + 1) ** 2), MOST_COUNT + 1)
_TO_ONES, _ZEROS_MASK = np.int32(COUNT_BITS - MOST_COUNT.bit_length()), np.int32(MOST_COUNT)

SEEN = _ONES + _ZEROS
"""Of pairs: how often a context was seen."""


def inputs_of(whole: int, first: int) -> np.ndarray:
    """Of pairs: what counts say (float32), if a bit counts `whole`, and both begin with `first`."""
    likely = (_ONES * whole + first) * INPUT // (SEEN * whole + 2 * first)
    found: np.ndarray = STRETCHED[likely].astype(np.float32)
    return found


@dataclass(frozen=True)
class Told:
    """What was told of some bits, to learn from.

    Attributes:
        places: (contexts, n) of their counts.
        inputs: (contexts, n) float32: what those say.
        sets: (n,) of weights.
        likely: (n,) int64: how likely they are 1, of ONE.
    """

    places: np.ndarray
    inputs: np.ndarray
    sets: np.ndarray
    likely: np.ndarray

    def only(self, which: np.ndarray) -> "Told":
        """Of the bits `which` (indices)."""
        return Told(
            self.places.take(which, axis=1),
            self.inputs.take(which, axis=1),
            self.sets.take(which),
            self.likely.take(which),
        )


def joined(some: Sequence[Told]) -> Told:
    """All of them, one behind the other."""
    if len(some) == 1:
        return some[0]
    return Told(
        np.concatenate([one.places for one in some], axis=1),
        np.concatenate([one.inputs for one in some], axis=1),
        np.concatenate([one.sets for one in some]),
        np.concatenate([one.likely for one in some]),
    )


class Mixer:
    """The counts and weights of one picture.

    Args:
        counts: how many there are.
        weights: (sets, contexts) float64, of which each is whole; they change.
        inputs: of pairs, as `inputs_of` tells.
    """

    def __init__(self, counts: int, weights: np.ndarray, inputs: np.ndarray) -> None:
        self.counts = np.zeros(counts, np.int32)
        self.weights, self.inputs = weights, inputs
        self.set_numbers = np.arange(len(weights))[:, None]

    def pairs(self, places: np.ndarray) -> np.ndarray:
        """Both counts at `places` in one number, for tables of pairs."""
        counts = self.counts.take(places)
        pairs = counts >> _TO_ONES
        counts &= _ZEROS_MASK
        pairs |= counts
        return pairs

    def told(self, places: np.ndarray, pairs: np.ndarray, sets: np.ndarray) -> Told:
        """How likely bits are 1: (contexts, n) places and pairs, (n,) sets of weights."""
        inputs = self.inputs.take(pairs)
        total = np.add.reduce(self.weights.take(sets, axis=0).T * inputs, 0)
        total *= 1 / WEIGHT
        total += WIDEST
        np.floor(total, out=total)
        likely = SQUASHED.take(total.astype(np.int64), mode="clip")
        return Told(places, inputs, sets, likely)

    def learn(self, told: Told, bits: np.ndarray) -> None:
        """What the bits (n,) were: 0 or 1."""
        errors = (bits.astype(np.int64) * ONE - told.likely).astype(np.float64)
        sums = (told.sets == self.set_numbers).astype(np.float64) @ (told.inputs * errors).T
        sums *= 2.0**-RATE_BITS
        sums += 0.5
        self.weights += np.floor(sums, out=sums)
        np.maximum(self.weights, -MOST_WEIGHT, out=self.weights)
        np.minimum(self.weights, MOST_WEIGHT, out=self.weights)
        steps = np.empty(told.places.shape, np.int32)
        steps[...] = STEPS.take(bits)
        places = told.places.reshape(-1)
        np.add.at(self.counts, places, steps.reshape(-1))
        large = (self.counts.take(places) & TOO_MANY).nonzero()[0]
        while len(large):
            places = places.take(large)
            counts = (self.counts.take(places) >> 1) & HALVES
            self.counts[places] = counts
            large = (counts & TOO_MANY).nonzero()[0]
