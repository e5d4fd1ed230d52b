"""Predicted bits <-> bytes, for codings that learn as they go: one lane, and sure bits together.

Most bits of a page are sure: what they are not has next to no probability. Of all that are coded
at once one symbol tells whether any of them surprises; only then, sure ones are coded, too.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from pillow_colorgrid.entropy import rans
from pillow_colorgrid.errors import DamagedError

ONE = rans.TOTAL
"""Probabilities are out of it."""

LEAST = 2
"""Neither value of a bit is less likely."""

INPUT = 2**12
"""Probabilities that are mixed are out of it."""

UNIT = 256
"""1 in the logistic domain."""

WIDEST = 9 * UNIT
"""Sums are cut to -WIDEST..WIDEST."""

STRETCHED = np.array(
    [round(UNIT * math.log((p + 0.5) / (INPUT - p - 0.5))) for p in range(INPUT)], np.int64
)
"""Probability, out of INPUT -> logistic domain."""

SQUASHED = np.array(
    [
        min(max(round(ONE / (1 + math.exp(-x / UNIT))), LEAST), ONE - LEAST)
        for x in range(-WIDEST, WIDEST + 1)
    ],
    np.int64,
)
"""The inverse, out of ONE; the first is that of -WIDEST."""

SURE = 64
"""A bit is sure where its other value has less than this of ONE."""

Code = Callable[[np.ndarray, np.ndarray | None], np.ndarray]
"""Probabilities of 1 out of ONE (n,), and if known the bits -> the bits."""


class Recorder:
    """Remembers bits that are known, for an encoder, which goes backwards."""

    def __init__(self) -> None:
        self.likely: list[np.ndarray] = []
        self.known: list[np.ndarray] = []

    def code(self, likely: np.ndarray, bits: np.ndarray | None) -> np.ndarray:
        assert bits is not None
        self.likely.append(likely)
        self.known.append(bits)
        return bits

    def finish(self) -> bytes:
        """The stream of all of them."""
        encoder = rans.Encoder(1)
        if self.known:
            likely, known = np.concatenate(self.likely), np.concatenate(self.known) != 0
            zeros = ONE - likely
            encoder.add_intervals(np.where(known, zeros, 0), np.where(known, ONE, zeros))
        return encoder.finish()


@contextmanager
def decoding(stream: bytes, coding: str) -> Iterator[Code]:
    """What finds the bits of a stream, which must end where they end.

    Raises:
        DamagedError: it does not, or holds what none does; by the name of the coding.
    """
    try:
        decoder = rans.Decoder(stream, 1)
        yield lambda likely, _: decoder.decode_bits(likely)
        decoder.finish()
    except rans.StreamError as error:
        raise DamagedError(f"{coding} coding: {error}") from error


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
