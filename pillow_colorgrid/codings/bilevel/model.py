"""How likely a pixel is 1: by four contexts, from a dozen of the pixels around to 63, mixed.

Which weights, tells how often the two largest contexts have been seen: never, once, several times.
"""

import numpy as np

from pillow_colorgrid.codings.bilevel.surroundings import AROUND, BEGINS
from pillow_colorgrid.codings.mixing import SEEN, WEIGHT, Mixer, Told, inputs_of

TEMPLATES = (
    ((-4, -1), (-2, 2), (-1, 1)),
    ((-5, -1), (-3, 2), (-2, 2), (-1, 1)),
    ((-7, -1), (-6, 2), (-4, 4), (-3, 3)),
    AROUND,
)
"""Of each context the first and last pixel, as in AROUND."""

TABLE_BITS = (14, 18, 20, 20)
"""Each context has 2**k counts."""

MULTIPLIERS = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F, 0xBF58476D1CE4E5B9)
"""Of their hashes, modulo 2**64."""

FOLD = np.uint64(29)
"""Contexts are folded before: exclusive or with themselves, so many bits lower."""

WHOLE, FIRST = 5, 2
"""What a bit adds to a count, and what counts begin with: 0.4."""

OFTEN = 3
"""How often a context was seen counts up to here."""

SETS = (OFTEN + 1) ** 2

FIRST_WEIGHT = WEIGHT // 3
"""A third: four contexts tell a bit more than they say by themselves."""


def mask(template: tuple[tuple[int, int], ...]) -> int:
    """The bits of these pixels among those of AROUND."""
    found = 0
    for begin, (first, last), (_, end) in zip(BEGINS, template, AROUND, strict=False):
        found |= ((1 << last - first + 1) - 1) << begin + end - last
    return found


ALL_COUNTS = sum(1 << bits for bits in TABLE_BITS)

_MASKS = np.array([[mask(template)] for template in TEMPLATES], np.uint64)
_MULTIPLIERS = np.array(MULTIPLIERS, np.uint64)[:, None]
_SHIFTS = np.array([[64 - bits] for bits in TABLE_BITS], np.uint64)
_TABLES = np.array([[sum(1 << bits for bits in TABLE_BITS[:k])] for k in range(len(TABLE_BITS))])
_INPUTS = inputs_of(WHOLE, FIRST)
_OFTEN = np.minimum(SEEN, OFTEN).astype(np.int8)


class Model:
    """Of one page."""

    def __init__(self) -> None:
        weights = np.full((SETS, len(TEMPLATES)), float(FIRST_WEIGHT))
        self.mixer = Mixer(ALL_COUNTS, weights, _INPUTS)

    def told(self, surroundings: np.ndarray) -> Told:
        """Of pixels with these surroundings: (n,) uint64."""
        hashed = surroundings & _MASKS
        hashed ^= hashed >> FOLD
        hashed *= _MULTIPLIERS
        hashed >>= _SHIFTS
        places = hashed.view(np.int64)
        places += _TABLES
        pairs = self.mixer.pairs(places)
        often = _OFTEN.take(pairs[-2:])
        return self.mixer.told(places, pairs, often[0] * np.int64(OFTEN + 1) + often[1])
