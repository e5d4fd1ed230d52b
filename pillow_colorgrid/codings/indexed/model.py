"""How likely a decision is yes: counts of ten contexts, mixed; all learned from what was coded.

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

TABLE_BITS = 18
"""Each context has 2**TABLE_BITS counts."""

FOLD = np.uint64(29)
"""A hash is folded: exclusive or with itself, so many bits lower."""

NUMBER = np.uint64(pow(GOLDEN, 32, 2**64))
"""What a decision's number is multiplied by: a power that no neighbour has."""

COUNT_BITS, COUNT_MASK = 16, 0xFFFF
"""How often no was right is in the lower bits of a count, how often yes above them."""

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

_GOLDEN, _SHIFT = np.uint64(GOLDEN), np.uint64(64 - TABLE_BITS)
_TABLES = (np.arange(CONTEXTS) << TABLE_BITS)[:, None]
_INPUTS = np.arange(CONTEXTS)[:, None]
_LARGER = np.arange(1, NESTED + 1, dtype=np.int8)[:, None]


class Model:
    """The counts and weights of one picture."""

    def __init__(self) -> None:
        self.counts = np.zeros(CONTEXTS << TABLE_BITS, np.int32)
        self.weights = np.full((SETS, CONTEXTS), WEIGHT // 5, np.int64)

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
        hashed >>= _SHIFT
        self.places = hashed.view(np.int64)
        self.places += _TABLES
        counts = self.counts.take(self.places)
        yes = counts >> COUNT_BITS
        seen = (counts & COUNT_MASK) + yes
        self.inputs = STRETCHED.take((yes * 10 + 2) * INPUT // (seen * 10 + 4))
        largest = ((seen[:NESTED] >= SEEN) * _LARGER).max(0)
        self.sets = largest.astype(np.int64) + kind * (NESTED + 1)
        total = (self.weights.take(self.sets, axis=0).T * self.inputs).sum(0) // WEIGHT
        self.probability: np.ndarray = SQUASHED.take(np.clip(total, -WIDEST, WIDEST) + WIDEST)
        return self.probability

    def learn(self, bits: np.ndarray) -> None:
        """What the decisions (n,) of the last prediction were: 0 or 1."""
        changes = self.inputs * (bits * ONE - self.probability)
        # float64 holds such sums exactly
        where = (self.sets * CONTEXTS + _INPUTS).reshape(-1)
        sums = np.bincount(where, changes.reshape(-1), SETS * CONTEXTS).astype(np.int64)
        self.weights += ((sums + 2 ** (RATE_BITS - 1)) >> RATE_BITS).reshape(self.weights.shape)
        steps = 1 + bits.astype(np.int32) * COUNT_MASK
        np.add.at(self.counts, self.places.reshape(-1), np.tile(steps, CONTEXTS))
        counts = self.counts.take(self.places)
        large = (counts & COUNT_MASK > MOST_COUNT) | (counts > (MOST_COUNT + 1 << COUNT_BITS) - 1)
        if large.any():
            counts = counts[large]
            halved = (counts & COUNT_MASK) >> 1 | counts >> COUNT_BITS + 1 << COUNT_BITS
            self.counts[self.places[large]] = halved
