"""Integers of wide ranges <-> symbols of the entropy coder, by their distributions.

An integer is coded in one to three symbols:

1. *window*: buckets of 2**k integers around the center of the distribution, two open ends beside
   them. k is 0 unless the distribution is wide. Narrow distributions have a window of 5 or 8
   buckets, others one of 12.
2. *part* (k > 0): which half or quarter of the bucket, by the same distribution; then the bits
   below as they are.
3. *tail* (open ends): how far beyond, as a number's length and then its bits.

`Writer` and `Reader` have the same methods, so that the coding of a picture is written once.

What is coded may be cut in two streams where a group of coefficients begins (`group`). The first
bytes of the second lie where the lanes of the first end, which would hold nothing otherwise: two
bytes a lane. So the first has many lanes, and the second only some of what comes last.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from pillow_colorgrid.codings.jpeg.distribution import Distribution
from pillow_colorgrid.codings.jpeg.windows import (
    BUCKETS,
    WINDOW_OF_WIDTH,
    Parts,
    Window,
)
from pillow_colorgrid.entropy.rans import TOTAL, Decoder, Encoder, StreamError

LANES = struct.Struct("<H")
"""Number of lanes, in front of a stream."""

CUT = struct.Struct("<B")
"""Number of the group with which the second stream begins, in front of both."""

NO_CUT = 255
"""There is no second stream."""

TAIL_LENGTHS = 14
"""Numbers of bits that a distance beyond a window may have."""

TAIL_ROW = np.array([1 << (13 - n) for n in range(TAIL_LENGTHS - 1)] + [2], np.int64)
"""Frequencies of those lengths: each half of the one before, of 2**14."""


class Coder(Protocol):
    """A writer or a reader of one stream."""

    def integers(self, key: str, likely: Distribution, values: np.ndarray | None) -> np.ndarray:
        """Code the (n,) integers of a pass `key`; a reader is given None. Returns them as int32."""

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Code (n,) bools, each true in `frequencies` of 2**14."""

    def raw(self, bits: int | np.ndarray, values: np.ndarray | None, count: int) -> np.ndarray:
        """Code `count` numbers of so many bits (each), all equally likely."""

    def group(self) -> None:
        """A group of AC coefficients begins."""


class _Shared:
    """What writer and reader do alike.

    Attributes:
        corrections: scale classes that the file adds to all distributions of a pass, by its key.
    """

    def __init__(self, corrections: Mapping[str, int]) -> None:
        self.corrections = corrections

    def integers(self, key: str, likely: Distribution, values: np.ndarray | None) -> np.ndarray:
        """Code (n,) integers: all windows (small ones first), then all parts, then all tails."""
        likely = likely.wider(self.corrections.get(key, 0))
        kind = WINDOW_OF_WIDTH.take(likely.width())
        order = kind.argsort(kind="stable")
        likely = likely.some(order)
        shown = None if values is None else values.take(order)
        coded = np.empty(len(order), np.int32)
        outside: list[np.ndarray] = []
        signs: list[np.ndarray] = []
        first = 0
        for count, buckets in zip(np.bincount(kind, minlength=len(BUCKETS)), BUCKETS, strict=True):
            if not count:
                continue
            here = slice(first, first + int(count))
            window = Window(likely.some(here), buckets)
            bucket = self._window(window, None if shown is None else shown[here])
            coded[here] = window.nearest(bucket)
            is_outside = (bucket == 0) | (bucket == buckets - 1)
            if window.shift is not None:
                inside = first + np.flatnonzero((window.shift > 0) & ~is_outside)
                if len(inside):
                    parts = Parts(likely.some(inside), coded[inside], window.shift[inside - first])
                    coded[inside] += self._parted(parts, None if shown is None else shown[inside])
            places = np.flatnonzero(is_outside)
            outside.append(first + places)
            signs.append(np.where(bucket[places] == 0, np.int32(-1), np.int32(1)))
            first += int(count)
        places = np.concatenate(outside) if outside else order
        if len(places):
            sign = np.concatenate(signs)
            far = None if shown is None else (shown[places] - coded[places]) * sign
            coded[places] += sign * self._tail(far, len(places))
        result = np.empty_like(coded)
        result[order] = coded
        return result

    def _parted(self, parts: Parts, values: np.ndarray | None) -> np.ndarray:
        """How far integers are from the starts of their buckets."""
        far = None if values is None else values - parts.start
        found: np.ndarray = self._part(parts, None if far is None else far >> parts.step)
        found = found << parts.step
        wide = np.flatnonzero(parts.step)
        if len(wide):
            low = None if far is None else (far - found)[wide]
            found[wide] += self.raw(parts.step[wide], low, len(wide))
        return found

    def _tail(self, far: np.ndarray | None, count: int) -> np.ndarray:
        """Distances 0 ... 2**14 - 2, as the length of distance + 1 and its bits below the first."""
        length = None
        if far is not None:
            if far.size and far.max() >= (1 << TAIL_LENGTHS) - 1:
                raise ValueError(f"a coefficient lies {far.max()} beyond its window")
            length = np.frexp((far + 1).astype(np.float64))[1].astype(np.int32) - np.int32(1)
        length = self._tail_length(length, count)
        found = np.int32(1) << length
        long = np.flatnonzero(length)
        if len(long):
            low = None if far is None else (far + 1 - found)[long]
            found[long] += self.raw(length[long], low, len(long))
        return found - np.int32(1)

    def _window(self, window: Window, values: np.ndarray | None) -> np.ndarray:
        raise NotImplementedError

    def _part(self, parts: Parts, part: np.ndarray | None) -> np.ndarray:
        raise NotImplementedError

    def _tail_length(self, length: np.ndarray | None, count: int) -> np.ndarray:
        raise NotImplementedError

    def raw(self, bits: int | np.ndarray, values: np.ndarray | None, count: int) -> np.ndarray:
        raise NotImplementedError


_TAIL_STARTS = np.concatenate([[0], np.cumsum(TAIL_ROW)])


def shown_to_writer(values: np.ndarray | None) -> np.ndarray:
    """What a coder that writes was given. Raises ValueError if that is nothing."""
    if values is None:
        raise ValueError("a writer is shown what it codes")
    return values


class Writer(_Shared):
    """Integers -> two streams, or one.

    Attributes:
        parts: what was written before the first group, and of each group.
    """

    def __init__(self, corrections: Mapping[str, int]) -> None:
        super().__init__(corrections)
        self.parts = [Encoder(1)]

    def _add(self, start: np.ndarray, end: np.ndarray) -> None:
        self.parts[-1].add_intervals(start, end)

    def _window(self, window: Window, values: np.ndarray | None) -> np.ndarray:
        bucket = window.bucket_of(shown_to_writer(values))
        self._add(*window.interval(bucket))
        return bucket

    def _part(self, parts: Parts, part: np.ndarray | None) -> np.ndarray:
        shown = shown_to_writer(part)
        self._add(*parts.interval(shown))
        return shown

    def _tail_length(self, length: np.ndarray | None, count: int) -> np.ndarray:
        shown = shown_to_writer(length)
        self._add(_TAIL_STARTS[shown], _TAIL_STARTS[shown + 1])
        return shown

    def raw(self, bits: int | np.ndarray, values: np.ndarray | None, count: int) -> np.ndarray:
        """Numbers of so many bits each, up to 14; each bit pattern equally likely."""
        size = np.int32(TOTAL) >> np.asarray(bits, np.int32)
        shown = shown_to_writer(values).astype(np.int32)
        self._add(shown * size, (shown + np.int32(1)) * size)
        return shown

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Bools; the range of true begins at 0."""
        cut = frequencies.astype(np.int32)
        shown = shown_to_writer(flags)
        self._add(np.where(shown, 0, cut), np.where(shown, cut, TOTAL))
        return shown

    def group(self) -> None:
        """A group of AC coefficients begins."""
        self.parts.append(Encoder(1))

    def finish(self, lanes: Sequence[int], cut: int = NO_CUT) -> bytes:
        """The bytes of the streams.

        Args:
            lanes: of each stream.
            cut: number of the group with which the second stream begins.
        """
        parts = [self.parts] if cut == NO_CUT else [self.parts[: cut + 1], self.parts[cut + 1 :]]
        data = b""
        for count, some in reversed(list(zip(lanes, parts, strict=True))):
            encoder = Encoder(count)
            encoder.passes = [one for part in some for one in part.passes]
            data = LANES.pack(count) + encoder.finish(data[: 2 * count]) + data[2 * count :]
        return CUT.pack(cut) + data


class Reader(_Shared):
    """Two streams, or one -> integers."""

    def __init__(self, data: bytes, corrections: Mapping[str, int]) -> None:
        if len(data) < CUT.size:
            raise StreamError("stream of 0 bytes")
        super().__init__(corrections)
        self.cut = CUT.unpack_from(data)[0]
        self.groups = 0
        self.decoder = _decoder(data[CUT.size :])

    def _window(self, window: Window, values: np.ndarray | None) -> np.ndarray:
        return self.decoder.decode_bounds(window.bounds())

    def _part(self, parts: Parts, part: np.ndarray | None) -> np.ndarray:
        return self.decoder.decode_bounds(parts.bounds())

    def _tail_length(self, length: np.ndarray | None, count: int) -> np.ndarray:
        row = _TAIL_STARTS[1:-1].astype(np.uint16)[:, None]
        return self.decoder.decode_bounds(np.broadcast_to(row, (len(row), count)))

    def raw(self, bits: int | np.ndarray, values: np.ndarray | None, count: int) -> np.ndarray:
        """Numbers of so many bits each, up to 14."""
        return self.decoder.decode_raw(bits, count)

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Bools."""
        result: np.ndarray = self.decoder.decode_bounds(frequencies[None].astype(np.uint16)) == 0
        return result

    def group(self) -> None:
        """A group of AC coefficients begins."""
        if self.groups == self.cut:
            self.decoder = _decoder(self.decoder.carried())
        self.groups += 1

    def finish(self) -> None:
        """Raises StreamError unless the streams end here."""
        if self.groups <= self.cut != NO_CUT:
            raise StreamError(f"the second stream begins with group {self.cut} of {self.groups}")
        self.decoder.finish(zeros=self.cut != NO_CUT)


def _decoder(data: bytes) -> Decoder:
    lanes = LANES.unpack_from(data)[0] if len(data) >= LANES.size else 0
    if not lanes:
        raise StreamError(f"stream of {len(data)} bytes and 0 lanes")
    return Decoder(data[LANES.size :], lanes)
