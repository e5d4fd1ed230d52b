"""Predicted bits <-> bytes, in one lane, for codings that learn as they go.

What several contexts say of a bit is mixed in the logistic domain (STRETCHED, SQUASHED).
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
