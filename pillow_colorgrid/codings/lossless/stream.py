"""One rANS stream of pixel values, each coded by the distribution that a network predicts for it.

`StreamEncoder` and `StreamDecoder` have the same method `code`: one reads the pixels it is given,
the other fills them in. So the walk over a picture is written once, for both directions.

Bytes of a stream: number of escapes (uint32), escapes (uint16 each), the rANS stream (`entropy`).
All little-endian. The rANS stream has the lanes that its place asks for, or tells them itself
(`entropy.compact`).
"""

import struct
from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import ROWS, Distribution
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.entropy import compact, rans

CENTER = 512
"""The symbol of a value that equals its mean rounded down; differences are in -511..511."""

SYMBOLS = 1024

ESCAPE = 0
"""The symbol of a difference whose frequency is 0 in its row; it stands among the escapes."""

LUMINANCE, CO, CG = range(3)
"""Planes; each has ROWS rows of the frequency table, one plane after the other."""

ESCAPES = 3 * ROWS
"""The row behind those of the planes: all symbols are equally likely (in small pictures)."""

_COUNT = struct.Struct("<I")

ESCAPE_BITS = 16
"""What an escape costs beside its symbol."""


@cache
def prices(frequencies: rans.Frequencies) -> np.ndarray:
    """(rows, symbols) float32: bits of each symbol in each row, without the coder's overhead."""
    counts = frequencies.counts.astype(np.float32)
    escaped = counts[:, ESCAPE : ESCAPE + 1] * np.float32(2.0**-ESCAPE_BITS)
    likely: np.ndarray = np.where(counts == 0, escaped, counts) / np.float32(rans.TOTAL)
    bits: np.ndarray = -np.log2(likely)
    return bits


def symbols_of(
    number: int, pixels: np.ndarray, distribution: Distribution
) -> tuple[np.ndarray, np.ndarray]:
    """The row and the symbol of each of `pixels` of a plane, as arrays of their shape."""
    return distribution.row + number * ROWS, pixels - distribution.floor + CENTER


class Stream(Protocol):
    """What the walk over a picture needs to know of a stream."""

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Take note of some pixels of a plane, or fill them in.

        Args:
            number: of the plane: LUMINANCE, CO or CG.
            plane: (1, H, W) int16; where: which of its pixels.
            distribution: of each of them.
        """


class StreamEncoder:
    """Collects pixels; `finish` gives the bytes.

    Args:
        entropy: what codes their symbols.
    """

    def __init__(self, frequencies: rans.Frequencies, entropy: rans.Encoder) -> None:
        self.frequencies, self.entropy = frequencies, entropy
        self.escapes: list[np.ndarray] = []

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Append the pixels."""
        pairs = symbols_of(number, plane[:, *where], distribution)
        self.add(*(part.reshape(-1) for part in pairs))

    def add(self, rows: np.ndarray, symbols: np.ndarray) -> None:
        """Append (n,) symbols, each by its row."""
        places = self.frequencies.places(rows, symbols)
        counts = self.frequencies.counts.reshape(-1).take(places)
        if not counts.all():
            escaped = counts == 0
            self.escapes.append(symbols[escaped])
            places[escaped] += ESCAPE - symbols[escaped]
        self.entropy.add_places(self.frequencies, places)

    def finish(self) -> bytes:
        return pack_stream(self.escapes, self.entropy)


def pack_stream(escapes: Sequence[np.ndarray], entropy: rans.Encoder) -> bytes:
    """The bytes of a stream of these escapes, (n,) each, and symbols."""
    told = b"".join(part.astype("<u2").tobytes() for part in escapes)
    return _COUNT.pack(len(told) // 2) + told + entropy.finish()


class Price:
    """A stream that neither reads nor writes, but adds up ideal code lengths, plane by plane."""

    def __init__(self, frequencies: rans.Frequencies) -> None:
        self.prices = prices(frequencies)
        self.bits = [0.0, 0.0, 0.0]

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Add what the pixels cost."""
        cost = self.cost(number, plane, where, distribution)
        self.bits[number] += float(cost.sum(dtype=np.float64))

    def cost(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> np.ndarray:
        """(n,) float32: bits of the pixels."""
        found: np.ndarray = self.prices[symbols_of(number, plane[:, *where], distribution)]
        return found.reshape(-1)


def decoder_of(data: bytes, lanes: int | compact.Form) -> rans.Decoder:
    """Of a rANS stream of so many lanes, or of one that tells them. Raises StreamError."""
    if isinstance(lanes, compact.Form):
        return compact.Decoder(data, lanes)
    return rans.Decoder(data, lanes)


class EscapesDecoder:
    """The escapes of a stream, and the symbols behind them (`pack_stream`)."""

    def __init__(
        self, data: bytes, frequencies: rans.Frequencies, lanes: int | compact.Form
    ) -> None:
        """Args: lanes: their number, or how the stream tells them.

        Raises StreamError if `data` cannot hold its escapes and the states of its lanes.
        """
        if len(data) < _COUNT.size:
            raise rans.StreamError(f"stream of {len(data)} bytes")
        count = _COUNT.unpack_from(data)[0]
        end = _COUNT.size + 2 * count
        if len(data) < end:
            raise rans.StreamError(f"stream of {len(data)} bytes with {count} escapes")
        self.frequencies = frequencies
        self.escapes = np.frombuffer(data, "<u2", count, _COUNT.size).astype(np.int32)
        self.next_escape = 0
        self.entropy = decoder_of(data[end:], lanes)

    def take_escapes(self, count: int) -> np.ndarray:
        """The next so many escapes, (count,) int32. Raises StreamError if there are fewer."""
        end = self.next_escape + count
        if end > len(self.escapes):
            raise rans.StreamError(f"more than {len(self.escapes)} escapes")
        taken: np.ndarray = self.escapes[self.next_escape : end]
        self.next_escape = end
        return taken

    def finish(self) -> None:
        """Raises StreamError unless everything was used up."""
        if self.next_escape != len(self.escapes):
            raise rans.StreamError(f"{len(self.escapes) - self.next_escape} escapes left")
        self.entropy.finish()


class StreamDecoder(EscapesDecoder):
    """Fills pixels in, in the order in which they were coded."""

    def __init__(
        self, data: bytes, frequencies: rans.Frequencies, lanes: int | compact.Form
    ) -> None:
        """As `EscapesDecoder`; an escape is a symbol."""
        super().__init__(data, frequencies, lanes)
        if self.escapes.size and self.escapes.max() >= SYMBOLS:
            raise rans.StreamError(f"escape {self.escapes.max()}, allowed below {SYMBOLS}")

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Fill the pixels in."""
        plane[:, *where] = self.decoded(number, distribution)

    def decoded(self, number: int, distribution: Distribution) -> np.ndarray:
        """The next values (int32), of the shape of their distribution."""
        rows = (distribution.row + number * ROWS).reshape(-1)
        symbols = self.entropy.decode(self.frequencies, rows).astype(np.int32)
        escaped = np.flatnonzero(symbols == ESCAPE)
        if escaped.size:
            symbols[escaped] = self.take_escapes(escaped.size)
        floor = distribution.floor
        found: np.ndarray = symbols.reshape(floor.shape) - CENTER + floor
        return found
