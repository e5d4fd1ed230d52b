"""One rANS stream of values: of each its bucket, by the distribution that a network predicts, then
its place in the bucket, all equally likely.

Bytes as in `lossless.stream`; an escape is the value itself.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.stream import (
    CENTER,
    ESCAPE,
    ESCAPE_BITS,
    SYMBOLS,
    EscapesDecoder,
    pack_stream,
    prices,
)
from pillow_colorgrid.entropy import compact, rans

RAW_BITS = 8
"""Seeds are told in two parts: so many bits, then the others."""


@dataclass(frozen=True)
class Buckets:
    """Where values lie, (1, rows, columns) each: base, zoom, and how likely each bucket is."""

    base: np.ndarray
    zoom: np.ndarray
    distribution: Distribution

    def symbols(self, values: np.ndarray) -> np.ndarray:
        """Of each value its symbol; ESCAPE where that is none of the coder's."""
        bucket = (values - self.base) >> self.zoom
        found: np.ndarray = bucket - self.distribution.floor + CENTER
        found[(found < 0) | (found >= SYMBOLS)] = ESCAPE
        return found


class Stream(Protocol):
    """What the walk over a picture needs to know of a stream."""

    def code(self, plane: np.ndarray, where: Where, buckets: Buckets) -> None:
        """Take note of some pixels of a plane (1, H, W) int32, or fill them in."""

    def code_evenly(self, plane: np.ndarray, where: Where) -> None:
        """The same, where all values 0..top are equally likely."""


class StreamEncoder:
    """Collects pixels; `finish` gives the bytes."""

    def __init__(self, frequencies: rans.Frequencies, entropy: rans.Encoder, top: int) -> None:
        self.frequencies, self.entropy = frequencies, entropy
        self.escapes: list[np.ndarray] = []
        self.bits = top.bit_length()

    def code(self, plane: np.ndarray, where: Where, buckets: Buckets) -> None:
        values = plane[:, *where]
        symbols = buckets.symbols(values).reshape(-1)
        rows = buckets.distribution.row.reshape(-1)
        escaped = self.frequencies.counts[rows, symbols] == 0
        escaped |= symbols == ESCAPE
        flat = values.reshape(-1)
        self.escapes.append(flat[escaped])
        symbols[escaped] = ESCAPE
        self.entropy.add(self.frequencies, rows, symbols)
        zoom = buckets.zoom.reshape(-1)
        rest = np.flatnonzero(~escaped & (zoom > 0))
        self._raw((flat - buckets.base.reshape(-1))[rest], zoom[rest])

    def code_evenly(self, plane: np.ndarray, where: Where) -> None:
        values = plane[:, *where].reshape(-1)
        self._raw(values, np.full_like(values, min(self.bits, RAW_BITS)))
        if self.bits > RAW_BITS:
            self._raw(values >> RAW_BITS, np.full_like(values, self.bits - RAW_BITS))

    def _raw(self, numbers: np.ndarray, bits: np.ndarray) -> None:
        """The lowest `bits` (n,) of numbers."""
        low, left = numbers & ((1 << bits) - 1), rans.PRECISION_BITS - bits
        self.entropy.add_intervals(low << left, (low + 1) << left)

    def finish(self) -> bytes:
        return pack_stream(self.escapes, self.entropy)


class Price:
    """A stream that neither reads nor writes, but adds up ideal code lengths."""

    def __init__(self, frequencies: rans.Frequencies, top: int) -> None:
        self.prices = prices(frequencies)
        self.value_bits = top.bit_length()
        self.bits = 0.0

    def code(self, plane: np.ndarray, where: Where, buckets: Buckets) -> None:
        symbols = buckets.symbols(plane[:, *where])
        cost = self.prices[buckets.distribution.row, symbols]
        rest = np.where(symbols == ESCAPE, ESCAPE_BITS, buckets.zoom)
        self.bits += float(cost.sum(dtype=np.float64)) + float(rest.sum())

    def code_evenly(self, plane: np.ndarray, where: Where) -> None:
        self.bits += self.value_bits * plane[:, *where].size


class StreamDecoder(EscapesDecoder):
    """Fills pixels in, in the order in which they were coded."""

    def __init__(
        self, data: bytes, frequencies: rans.Frequencies, lanes: compact.Form, top: int
    ) -> None:
        """As `EscapesDecoder`; `top`: the largest value."""
        super().__init__(data, frequencies, lanes)
        self.top = top

    def code(self, plane: np.ndarray, where: Where, buckets: Buckets) -> None:
        rows = buckets.distribution.row.reshape(-1)
        symbols = self.entropy.decode(self.frequencies, rows).astype(np.int32)
        floor, base, zoom = (
            part.reshape(-1) for part in (buckets.distribution.floor, buckets.base, buckets.zoom)
        )
        escaped = symbols == ESCAPE
        values = base + ((symbols - CENTER + floor) << zoom)
        rest = np.flatnonzero(~escaped & (zoom > 0))
        if rest.size:
            values[rest] += self.entropy.decode_raw(zoom[rest], rest.size)
        places = np.flatnonzero(escaped)
        if places.size:
            values[places] = self.take_escapes(places.size)
        self._fill(plane, where, values, buckets.base.shape)

    def code_evenly(self, plane: np.ndarray, where: Where) -> None:
        shape, bits = plane[:, *where].shape, self.top.bit_length()
        count = int(np.prod(shape))
        values = self.entropy.decode_raw(min(bits, RAW_BITS), count)
        if bits > RAW_BITS:
            values |= self.entropy.decode_raw(bits - RAW_BITS, count) << RAW_BITS
        self._fill(plane, where, values, shape)

    def _fill(
        self, plane: np.ndarray, where: Where, values: np.ndarray, shape: tuple[int, ...]
    ) -> None:
        if values.size and (values.min() < 0 or values.max() > self.top):
            raise rans.StreamError(
                f"values {values.min()} to {values.max()}, allowed 0 to {self.top}"
            )
        plane[:, *where] = values.reshape(shape)
