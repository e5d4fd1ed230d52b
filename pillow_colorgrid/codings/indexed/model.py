"""How likely a decision is yes: counts of nine contexts, mixed; all learned from what was coded.

As in the bilevel coding: for each context counts of no and yes tell a probability; in the logistic
domain all are added up with weights, which follow the error. Which weights, tell the kind of the
decision and the largest context that was seen before. All is integer arithmetic, some of it in
float64, which holds all of these integers exactly.

Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005.
"""

from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.bits import INPUT, ONE, SQUASHED, STRETCHED, WIDEST
from pillow_colorgrid.codings.indexed.contexts import CONTEXTS, GOLDEN, NESTED, OF_FEW

KINDS = 3
"""Decisions: is it the first candidate? The second? Otherwise, is its rank in the upper half?"""

LEAST_TABLE_BITS, MOST_TABLE_BITS = 12, 22
"""Each context has 2**k counts; k depends on how many pixels there are, and values."""

FEWEST_TABLE_BITS = 10
"""Contexts of few numbers have at most 2**(this + 2 v) counts, of ranks of v bits."""

FOLD = np.uint32(15)
"""A hash is folded: exclusive or with itself, so many bits lower."""

NUMBER = np.uint32(pow(GOLDEN, 32, 2**32))
"""What a decision's number is multiplied by: a power that no neighbour has."""

COUNT_BITS = 16
"""How often no was right is in the lower bits of a count, how often yes above them."""

STEPS = np.array([1, 1 << COUNT_BITS], np.int32)
"""What no and yes add to a count."""

MOST_COUNT = 127
"""Counts of which one is greater behind a line are halved, both, until neither is."""

TOO_MANY = np.int32(~(MOST_COUNT | MOST_COUNT << COUNT_BITS))
"""The bits of a count of which one is set where it is too great."""

HALVES = np.int32((2**15 - 1) | (2**15 - 1) << COUNT_BITS)
"""The bits of a count that stay when it was moved by one."""

SEEN = 2
"""A context that was seen less often does not count as seen."""

WEIGHT = 2**14
"""1 as a weight."""

FIRST_WEIGHT = WEIGHT / 8
"""All begin with it: then the nine contexts tell about their mean."""

MOST_WEIGHT = 2.0**24
"""Weights are cut to it, so that float64 holds all sums."""

RATE_BITS = 16
"""A weight changes by input times error, divided by 2**RATE_BITS."""

SETS_EACH = NESTED + 1
"""Sets of weights of a kind of decisions: by how many of the nested contexts were seen."""

SETS = KINDS * SETS_EACH
"""Of all kinds."""

_GOLDEN = np.uint32(GOLDEN)
_SETS = np.arange(SETS)[:, None]
_LARGER = np.arange(1, NESTED + 1, dtype=np.int8)[:, None]
_YES, _NO = np.divmod(np.arange((MOST_COUNT + 1) ** 2), MOST_COUNT + 1)
# in twentieths; both counts begin with 0.15
_INPUTS = STRETCHED[(_YES * 20 + 3) * INPUT // ((_YES + _NO) * 20 + 6)].astype(np.float64)
_SEEN = (_YES + _NO >= SEEN).view(np.int8)
_TO_YES, _NO_MASK = np.int32(COUNT_BITS - MOST_COUNT.bit_length()), np.int32(MOST_COUNT)


def table_bits(pixels: int, values: int) -> np.ndarray:
    """(CONTEXTS,) of a picture of so many pixels of so many values: where there are many contexts,
    eight to sixteen counts for each pixel."""
    many = min(max(pixels.bit_length() + 3, LEAST_TABLE_BITS), MOST_TABLE_BITS)
    found = np.full(CONTEXTS, many)
    found[list(OF_FEW)] = min(many, FEWEST_TABLE_BITS + 2 * (values - 1).bit_length())
    return found


@dataclass(frozen=True)
class Told:
    """What was told of some decisions, to learn from.

    Attributes:
        places: (CONTEXTS, n) of their counts.
        inputs: (CONTEXTS, n) float64: what those say.
        sets: (n,) of weights.
        likely: (n,) int64: how likely they are yes, of ONE.
    """

    places: np.ndarray
    inputs: np.ndarray
    sets: np.ndarray
    likely: np.ndarray

    def only(self, which: np.ndarray) -> "Told":
        """Of the decisions `which` (indices)."""
        return Told(
            self.places.take(which, axis=1),
            self.inputs.take(which, axis=1),
            self.sets.take(which),
            self.likely.take(which),
        )


class Model:
    """The counts and weights of one picture of so many pixels of so many values."""

    def __init__(self, pixels: int, values: int) -> None:
        bits = table_bits(pixels, values)
        ends = np.cumsum(1 << bits)
        self.shifts = (32 - bits).astype(np.uint32)[:, None]
        self.tables = (ends - (1 << bits))[:, None]
        self.counts = np.zeros(ends[-1], np.int32)
        self.weights = np.full((SETS, CONTEXTS), FIRST_WEIGHT)
        self.told: list[tuple[Told, np.ndarray]] = []

    def predict(self, contexts: np.ndarray, numbers: np.ndarray | np.uint32, first: int) -> Told:
        """How likely decisions are yes.

        Args:
            contexts: (CONTEXTS, ...) of their pixels.
            numbers: (...) uint32 of the decisions, or of all, times NUMBER; n in all.
            first: the first set of weights of their kind.
        """
        hashed = contexts + numbers
        hashed ^= hashed >> FOLD
        hashed *= _GOLDEN
        hashed = hashed.reshape(CONTEXTS, -1)
        hashed >>= self.shifts
        places = hashed.astype(np.int64)
        places += self.tables
        counts = self.counts.take(places)
        pairs = counts >> _TO_YES
        pairs |= counts & _NO_MASK
        inputs = _INPUTS.take(pairs)
        sets = (_SEEN.take(pairs[:NESTED]) * _LARGER).max(0) + first
        total = np.add.reduce(self.weights.take(sets, axis=0).T * inputs, 0)
        total *= 1 / WEIGHT
        total += WIDEST
        np.floor(total, out=total)
        likely = SQUASHED.take(total.astype(np.int64), mode="clip")
        return Told(places, inputs, sets, likely)

    def remember(self, told: Told, bits: np.ndarray) -> None:
        """What decisions were (n,): 0 or 1."""
        self.told.append((told, bits))

    def learn(self) -> None:
        """From all that is remembered."""
        if not self.told:
            return
        all_told, all_bits = zip(*self.told, strict=True)
        self.told = []
        bits = np.concatenate(all_bits)
        likely, sets = (
            np.concatenate([getattr(t, n) for t in all_told]) for n in ("likely", "sets")
        )
        inputs = np.concatenate([told.inputs for told in all_told], axis=1)
        places = np.concatenate([told.places for told in all_told], axis=1)
        errors = bits * ONE - likely
        sums = (sets == _SETS).astype(np.float64) @ (inputs * errors).T
        sums *= 2.0**-RATE_BITS
        sums += 0.5
        self.weights += np.floor(sums, out=sums)
        np.maximum(self.weights, -MOST_WEIGHT, out=self.weights)
        np.minimum(self.weights, MOST_WEIGHT, out=self.weights)
        steps = np.empty(places.shape, np.int32)
        steps[...] = STEPS.take(bits)
        places = places.reshape(-1)
        np.add.at(self.counts, places, steps.reshape(-1))
        large = (self.counts.take(places) & TOO_MANY).nonzero()[0]
        while len(large):
            places = places.take(large)
            counts = (self.counts.take(places) >> 1) & HALVES
            self.counts[places] = counts
            large = (counts & TOO_MANY).nonzero()[0]
