"""Bits of a page, the sure ones together.

Most bits of a page are sure: what they are not has next to no probability. Of all that are coded
at once one symbol tells whether any of them surprises; only then, sure ones are coded, too.
"""

import numpy as np

from pillow_colorgrid.codings.bits import ONE, Code

SURE = 64
"""A bit is sure where its other value has less than this of ONE."""


class Surprising:
    """Codes bits, the sure ones of each call together.

    How likely a surprise is: counts by what the probabilities say.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self.counts = [[1, 1] for _ in range(64)]

    def bits(self, likely: np.ndarray, known: np.ndarray | None) -> np.ndarray:
        """(n,) probabilities of 1, and if known the bits -> the bits, (n,) int64."""
        guesses = (likely >= ONE // 2).astype(np.int64)
        bits = guesses if known is None else known.astype(np.int64)
        doubt = np.minimum(likely, ONE - likely)
        asked = doubt >= SURE
        sure = ~asked
        if sure.any():
            wrong = None if known is None else (bits != guesses)[sure].any().reshape(1)
            asked |= self._surprise(int(doubt[sure].sum()), wrong)
        if asked.any():
            bits[asked] = self.code(likely[asked], None if known is None else bits[asked])
        return bits

    def _surprise(self, doubts: int, known: np.ndarray | None) -> bool:
        """Whether some sure bit is not what it seems.

        Args:
            doubts: the sum of what the other values of all sure bits have.
        """
        counts = self.counts[doubts.bit_length()]
        probability = min(max(ONE * counts[1] // sum(counts), 1), ONE - 1)
        surprise = int(self.code(np.array((probability,)), known)[0])
        counts[surprise] += 1
        return bool(surprise)
