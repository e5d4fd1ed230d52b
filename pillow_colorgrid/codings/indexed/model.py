"""How likely a decision is yes: counts of twelve contexts, mixed; all learned from what was coded.

As in the bilevel coding: for each context counts of no and yes tell a probability; in the logistic
domain all are added up with weights, which follow the error. Which weights, tell the kind of the
decision and the largest context that was seen before. All is integer arithmetic.

Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005.
"""

import numpy as np

from pillow_colorgrid.codings.bits import INPUT, ONE, SQUASHED, STRETCHED, WIDEST
from pillow_colorgrid.codings.indexed.contexts import CONTEXTS, GOLDEN, NESTED

KINDS = 3
"""Decisions: is it the first candidate? The second? Otherwise, is its rank in the upper half?"""

LEAST_TABLE_BITS, MOST_TABLE_BITS = 12, 22
"""Each context has 2**k counts, where k depends on how many pixels there are."""

FOLD = np.uint64(29)
"""A hash is folded: exclusive or with itself, so many bits lower."""

NUMBER = np.uint64(pow(GOLDEN, 32, 2**64))
"""What a decision's number is multiplied by: a power that no neighbour has."""

COUNT_BITS, COUNT_MASK = 16, 0xFFFF
"""How often no was right is in the lower bits of a count, how often yes above them."""

STEPS = np.array([1, 1 << COUNT_BITS], np.int32)
"""What no and yes add to a count."""

MOST_COUNT = 127
"""Counts that are greater after a line are halved."""

SEEN = 2
"""A context that was seen less often does not count as seen."""

WEIGHT = 2**14
"""1 as a weight."""

RATE_BITS = 17
"""A weight changes by input times error, divided by 2**RATE_BITS."""

SETS = KINDS * (NESTED + 1)
"""Of weights: for each kind of decision and number of nested contexts that were seen."""

_GOLDEN = np.uint64(GOLDEN)
_INPUTS = np.arange(CONTEXTS)[:, None]
_LARGER = np.arange(1, NESTED + 1, dtype=np.int8)[:, None]


def table_bits(pixels: int) -> int:
    """Of a picture of so many pixels: four to eight counts of each context for a pixel."""
    return min(max(pixels.bit_length() + 2, LEAST_TABLE_BITS), MOST_TABLE_BITS)


class Model:
    """The counts and weights of one picture of so many pixels."""

    def __init__(self, pixels: int) -> None:
        bits = table_bits(pixels)
        self.shift, self.tables = np.uint64(64 - bits), (np.arange(CONTEXTS) << bits)[:, None]
        self.counts = np.zeros(CONTEXTS << bits, np.int32)
        self.weights = np.full((SETS, CONTEXTS), WEIGHT // 8, np.int64)

    def predict(self, contexts: np.ndarray, numbers: np.ndarray | int, kind: int) -> np.ndarray:
        """How likely decisions are yes.

        Args:
            contexts: (CONTEXTS, n) of their pixels.
            numbers: (n,) of the decisions: 0, 1, or what `walk` numbers from 2 on.

        Returns:
            (n,) int64, of ONE.
        """
        hashed = contexts + np.asarray(numbers, np.uint64) * NUMBER
        hashed ^= hashed >> FOLD
        hashed *= _GOLDEN
        hashed >>= self.shift
        self.places = hashed.view(np.int64)
        self.places += self.tables
        counts = self.counts.take(self.places)
        yes = counts >> COUNT_BITS
        seen = (counts & COUNT_MASK) + yes
        self.inputs = STRETCHED.take((yes * 10 + 2) * INPUT // (seen * 10 + 4))
        largest = ((seen[:NESTED] >= SEEN) * _LARGER).max(0)
        self.sets = largest.astype(np.int64) + kind * (NESTED + 1)
        total = (self.weights.take(self.sets, axis=0).T * self.inputs).sum(0) // WEIGHT
        cut = np.minimum(np.maximum(total, -WIDEST), WIDEST)
        likely: np.ndarray = SQUASHED.take(cut + WIDEST)
        self.probability = likely
        return likely

    def learn(self, bits: np.ndarray) -> None:
        """What the decisions (n,) of the last prediction were: 0 or 1."""
        changes = self.inputs * (bits * ONE - self.probability)
        # float64 holds such sums exactly
        where = (self.sets * CONTEXTS + _INPUTS).reshape(-1)
        sums = np.bincount(where, changes.reshape(-1), SETS * CONTEXTS).astype(np.int64)
        self.weights += ((sums + 2 ** (RATE_BITS - 1)) >> RATE_BITS).reshape(self.weights.shape)
        steps = np.empty(self.places.shape, np.int32)
        steps[...] = STEPS.take(bits)
        np.add.at(self.counts, self.places.reshape(-1), steps.reshape(-1))
        counts = self.counts.take(self.places)
        large = (counts & COUNT_MASK > MOST_COUNT) | (counts > (MOST_COUNT + 1 << COUNT_BITS) - 1)
        if large.any():
            counts = counts[large]
            halved = (counts & COUNT_MASK) >> 1 | counts >> COUNT_BITS + 1 << COUNT_BITS
            self.counts[self.places[large]] = halved
