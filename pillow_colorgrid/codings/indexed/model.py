"""How likely a decision is yes: counts of nine contexts, mixed.

Which weights, tell the kind of the decision and the largest context that was seen before.
"""

import numpy as np

from pillow_colorgrid.codings.indexed.contexts import CONTEXTS, GOLDEN, NESTED, OF_FEW
from pillow_colorgrid.codings.mixing import SEEN as OFTEN, WEIGHT, Mixer, Told, inputs_of, joined

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

SEEN = 2
"""A context that was seen less often does not count as seen."""

WHOLE, FIRST = 20, 3
"""What a decision adds to a count, and what counts begin with: 0.15."""

FIRST_WEIGHT = WEIGHT / 8
"""All begin with it: then the nine contexts tell about their mean."""

SETS_EACH = NESTED + 1
"""Sets of weights of a kind of decisions: by how many of the nested contexts were seen."""

SETS = KINDS * SETS_EACH
"""Of all kinds."""

_GOLDEN = np.uint32(GOLDEN)
_LARGER = np.arange(1, NESTED + 1, dtype=np.int8)[:, None]
_INPUTS = inputs_of(WHOLE, FIRST)
_SEEN = (OFTEN >= SEEN).view(np.int8)


def table_bits(pixels: int, values: int) -> np.ndarray:
    """(CONTEXTS,) of a picture of so many pixels of so many values: where there are many contexts,
    eight to sixteen counts for each pixel."""
    many = min(max(pixels.bit_length() + 3, LEAST_TABLE_BITS), MOST_TABLE_BITS)
    found = np.full(CONTEXTS, many)
    found[list(OF_FEW)] = min(many, FEWEST_TABLE_BITS + 2 * (values - 1).bit_length())
    return found


class Model:
    """The counts and weights of one picture of so many pixels of so many values."""

    def __init__(self, pixels: int, values: int) -> None:
        bits = table_bits(pixels, values)
        ends = np.cumsum(1 << bits)
        self.shifts = (32 - bits).astype(np.uint32)[:, None]
        self.tables = (ends - (1 << bits))[:, None]
        self.mixer = Mixer(int(ends[-1]), np.full((SETS, CONTEXTS), FIRST_WEIGHT), _INPUTS)
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
        pairs = self.mixer.pairs(places)
        sets = (_SEEN.take(pairs[:NESTED]) * _LARGER).max(0).astype(np.int64)
        sets += first
        return self.mixer.told(places, pairs, sets)

    def remember(self, told: Told, bits: np.ndarray) -> None:
        """What decisions were (n,): 0 or 1."""
        self.told.append((told, bits))

    def learn(self) -> None:
        """From all that is remembered."""
        if not self.told:
            return
        told, bits = zip(*self.told, strict=True)
        self.told = []
        self.mixer.learn(joined(told), np.concatenate(bits))
