"""How likely a pixel is 1: counts of four contexts, mixed; all learned from what was coded.

For each context counts of zeros and ones tell a probability; in the logistic domain the four are
added up with weights, which follow the error. Which weights, tells how often the two largest
contexts have been seen: never, once, several times. All is integer arithmetic.

Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005.
"""

import numpy as np

from pillow_colorgrid.codings.bilevel.templates import ALL_CONTEXTS, TEMPLATES
from pillow_colorgrid.codings.bits import INPUT, ONE, SQUASHED, STRETCHED, WIDEST

WEIGHT = 2**14
"""1 as a weight."""

RATE_BITS = 16
"""A weight changes by input times error, divided by 2**RATE_BITS."""

MOST_COUNT = 255
"""Counts that are greater after a step are halved."""

SEEN = 3
"""How often a context was seen counts up to here."""

SETS = (SEEN + 1) ** 2


class Model:
    """The counts and weights of one page."""

    def __init__(self) -> None:
        self.counts = np.zeros(2 * ALL_CONTEXTS, np.int32)
        self.weights = np.full((SETS, len(TEMPLATES)), WEIGHT // 3, np.int64)

    def predict(self, contexts: np.ndarray) -> np.ndarray:
        """(templates, n) contexts -> (n,) int64: the probability of 1."""
        self.places = contexts * 2
        zeros, ones = self.counts.take(self.places), self.counts.take(self.places + 1)
        seen = zeros + ones
        likely = ((ones * 5 + 2) * INPUT) // (seen * 5 + 4)
        self.inputs = STRETCHED.take(likely)
        often = np.minimum(seen[-2:], SEEN)
        self.sets = often[0] * (SEEN + 1) + often[1]
        total = (self.weights.take(self.sets, axis=0).T * self.inputs).sum(0) // WEIGHT
        likely_ones: np.ndarray = SQUASHED.take(np.clip(total, -WIDEST, WIDEST) + WIDEST)
        self.probability = likely_ones
        return likely_ones

    def learn(self, bits: np.ndarray) -> None:
        """What the pixels (n,) of the last prediction were: 0 or 1."""
        errors = bits * ONE - self.probability
        for number, changes in enumerate(self.inputs * errors):
            # float64 holds such sums exactly
            sums = np.bincount(self.sets, changes, SETS).astype(np.int64)
            self.weights[:, number] += (sums + 2 ** (RATE_BITS - 1)) >> RATE_BITS
        np.add.at(self.counts, self.places + bits, 1)
        zeros, ones = self.counts.take(self.places), self.counts.take(self.places + 1)
        large = np.maximum(zeros, ones) > MOST_COUNT
        if large.any():
            places = self.places[large]
            self.counts[places] = zeros[large] >> 1
            self.counts[places + 1] = ones[large] >> 1
