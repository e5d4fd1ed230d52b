"""Integers of wide ranges <-> symbols of the entropy coder, by their mixtures.

An integer is coded in one to three symbols:

1. *window*: buckets of 2**k integers around the mixture's center, two open ends beside them. k is 0
   unless the mixture is wide. Narrow mixtures have a window of 5 buckets, others one of 16.
2. *part* (k > 0): which eighth of the bucket, by the same mixture; then the bits below as they are.
3. *tail* (open ends): how far beyond, as a number's length and then its bits.

`Writer` and `Reader` have the same methods, so that the coding of a picture is written once.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from pillow_colorgrid.codings.jpeg.distribution import (
    CLASSES_PER_OCTAVE,
    TOTAL_BITS,
    UNIT_CLASS,
    Mixture,
)
from pillow_colorgrid.entropy.rans import TOTAL, Decoder, Encoder

NARROW_CLASS = UNIT_CLASS - 16
"""Mixtures up to this width (a quarter of a step) have the small window."""

UNIT_WINDOW_CLASS = UNIT_CLASS
"""Mixtures up to this width (one step) have buckets of one integer."""

NARROW_BUCKETS, BUCKETS = 5, 16
"""Symbols of the two windows; the first and the last are open ends."""

PART_BITS = 3
"""A bucket is parted in up to eight."""

TAIL_LENGTHS = 14
"""Numbers of bits that a distance beyond a window may have."""

TAIL_ROW = np.array([1 << (13 - n) for n in range(TAIL_LENGTHS - 1)] + [2], np.int64)
"""Frequencies of those lengths: each half of the one before, of 2**14."""


class Coder(Protocol):
    """A writer or a reader of one stream."""

    def integers(self, key: str, mixture: Mixture, values: np.ndarray | None) -> np.ndarray:
        """Code the (n,) integers of a pass `key`; a reader is given None. Returns them as int32."""

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Code (n,) bools, each true in `frequencies` of 2**14."""

    def raw(self, bits: int, values: np.ndarray | None, count: int) -> np.ndarray:
        """Code `count` numbers of so many bits, all equally likely."""


def _scaled(mass: np.ndarray, symbols: int) -> np.ndarray:
    """Mass in 2**-28 -> part of ``TOTAL - symbols``, rounded down (int32)."""
    mass >>= np.int32(TOTAL_BITS - 16)
    mass *= np.int32(TOTAL - symbols)
    mass >>= np.int32(16)
    return mass


class _Window:
    """Where the buckets of a set of mixtures lie."""

    def __init__(self, mixture: Mixture, buckets: int) -> None:
        self.mixture, self.buckets = mixture, buckets
        self.shift = bucket_shift(mixture.width()) if buckets == BUCKETS else None
        center = mixture.center()
        inner = buckets - 2
        if self.shift is None:
            self.first = center - np.int32(inner // 2)
        else:
            self.first = ((center >> self.shift) - np.int32(inner // 2)) << self.shift

    def start(self, bucket: np.ndarray | int) -> np.ndarray:
        """Lowest integer of an inner bucket (1 ... buckets - 2), or the first beyond them."""
        offset = np.asarray(bucket, np.int32) - np.int32(1)
        return self.first + (offset if self.shift is None else offset << self.shift)

    def bounds(self) -> np.ndarray:
        """(buckets - 1, n) uint16: where the coder's range is cut, ends left out."""
        inner = np.arange(1, self.buckets, dtype=np.int32)[:, None]
        places = self.start(inner)
        cuts = _scaled(self.mixture.below(places), self.buckets)
        cuts += inner
        return cuts.astype(np.uint16)

    def interval(self, bucket: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the range of each of (n,) buckets starts, and where it ends (int32)."""
        ends = np.stack([bucket, bucket + np.int32(1)])
        cuts = _scaled(self.mixture.below(self.start(ends)), self.buckets)
        cuts += ends
        cuts[0][bucket == 0] = 0
        cuts[1][bucket == self.buckets - 1] = TOTAL
        return cuts[0], cuts[1]

    def bucket_of(self, values: np.ndarray) -> np.ndarray:
        offset = values - self.first
        if self.shift is not None:
            offset >>= self.shift
        result: np.ndarray = np.clip(offset + np.int32(1), 0, self.buckets - 1)
        return result


def bucket_shift(width: np.ndarray) -> np.ndarray:
    """(n,) scale class -> logarithm of the number of integers in a bucket."""
    over = np.maximum(width - np.int32(UNIT_WINDOW_CLASS), 0)
    return (over + np.int32(CLASSES_PER_OCTAVE - 1)) // np.int32(CLASSES_PER_OCTAVE)


class _Parts:
    """Eighths of buckets: conditional masses of the mixture."""

    def __init__(self, mixture: Mixture, start: np.ndarray, bits: int, shift: np.ndarray) -> None:
        self.count = 1 << bits
        self.mixture, self.start = mixture, start
        self.step = shift - np.int32(bits)
        self.low = mixture.below(start).astype(np.int64)
        end = start + (np.int32(self.count) << self.step)
        self.whole = np.maximum(mixture.below(end) - self.low, 0) + self.count

    def cut(self, part: np.ndarray | int) -> np.ndarray:
        """Where the range of each part starts (int64); part `count` is its end."""
        offset = np.asarray(part, np.int32)
        mass = self.mixture.below(self.start + (offset << self.step)) - self.low
        result: np.ndarray = (mass + offset) * (TOTAL - self.count) // self.whole + offset
        return result

    def bounds(self) -> np.ndarray:
        inner = np.arange(1, self.count, dtype=np.int32)[:, None]
        return self.cut(inner).astype(np.uint16)

    def interval(self, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        start, end = self.cut(part), self.cut(part + np.int32(1))
        return start, np.where(part == self.count - 1, TOTAL, end)


class _Shared:
    """What writer and reader do alike.

    Attributes:
        corrections: scale classes that the file adds to all mixtures of a pass, by its key.
    """

    def __init__(self, corrections: Mapping[str, int]) -> None:
        self.corrections = corrections

    def integers(self, key: str, mixture: Mixture, values: np.ndarray | None) -> np.ndarray:
        """Code (n,) integers in the order: narrow mixtures, then the others."""
        mixture = mixture.wider(self.corrections.get(key, 0))
        coded = np.empty(len(mixture), np.int32)
        narrow = mixture.width() <= NARROW_CLASS
        for chosen, buckets in ((narrow, NARROW_BUCKETS), (~narrow, BUCKETS)):
            places = np.flatnonzero(chosen)
            if len(places):
                given = None if values is None else values[places].astype(np.int32)
                coded[places] = self._integers(mixture.some(places), buckets, given)
        return coded

    def _integers(self, mixture: Mixture, buckets: int, values: np.ndarray | None) -> np.ndarray:
        window = _Window(mixture, buckets)
        bucket = self._window(window, values)
        coded = window.start(bucket)
        if window.shift is not None and window.shift.any():
            inner = (bucket > 0) & (bucket < buckets - 1)
            for bits in range(1, PART_BITS + 1):
                last = bits == PART_BITS
                wide = (window.shift >= bits) if last else (window.shift == bits)
                chosen = np.flatnonzero(wide & inner)
                if len(chosen):
                    coded[chosen] = self._parted(
                        mixture.some(chosen),
                        coded[chosen],
                        bits,
                        window.shift[chosen],
                        None if values is None else values[chosen],
                    )
        for end, sign in ((0, -1), (buckets - 1, 1)):
            chosen = np.flatnonzero(bucket == end)
            if len(chosen):
                # the first integer beyond the window, and how far the value is from there
                edge = window.start(1 if end == 0 else end)
                edge = edge[chosen] - np.int32(end == 0)
                far = None if values is None else (values[chosen] - edge) * np.int32(sign)
                coded[chosen] = edge + np.int32(sign) * self._tail(far, len(chosen))
        return coded

    def _parted(
        self,
        mixture: Mixture,
        start: np.ndarray,
        bits: int,
        shift: np.ndarray,
        values: np.ndarray | None,
    ) -> np.ndarray:
        parts = _Parts(mixture, start, bits, shift)
        rest = parts.step
        part = self._part(parts, None if values is None else (values - start) >> rest)
        coded: np.ndarray = start + (part << rest)
        for length in np.unique(rest[rest > 0]):
            chosen = np.flatnonzero(rest == length)
            low = None
            if values is not None:
                low = values[chosen] - coded[chosen]
            coded[chosen] += self.raw(int(length), low, len(chosen))
        return coded

    def _tail(self, far: np.ndarray | None, count: int) -> np.ndarray:
        """Distances 0 ... 2**14 - 2, as the length of distance + 1 and its bits below the first."""
        length = None
        if far is not None:
            if far.size and far.max() >= (1 << TAIL_LENGTHS) - 1:
                raise ValueError(f"a coefficient lies {far.max()} beyond its window")
            length = np.frexp((far + 1).astype(np.float64))[1].astype(np.int32) - np.int32(1)
        length = self._tail_length(length, count)
        found = np.int32(1) << length
        for bits in np.unique(length[length > 0]):
            chosen = np.flatnonzero(length == bits)
            low = None if far is None else (far + 1)[chosen] - found[chosen]
            found[chosen] += self.raw(int(bits), low, len(chosen))
        return found - np.int32(1)

    def _window(self, window: _Window, values: np.ndarray | None) -> np.ndarray:
        raise NotImplementedError

    def _part(self, parts: _Parts, part: np.ndarray | None) -> np.ndarray:
        raise NotImplementedError

    def _tail_length(self, length: np.ndarray | None, count: int) -> np.ndarray:
        raise NotImplementedError

    def raw(self, bits: int, values: np.ndarray | None, count: int) -> np.ndarray:
        raise NotImplementedError


_TAIL_STARTS = np.concatenate([[0], np.cumsum(TAIL_ROW)])


def shown_to_writer(values: np.ndarray | None) -> np.ndarray:
    """What a coder that writes was given. Raises ValueError if that is nothing."""
    if values is None:
        raise ValueError("a writer is shown what it codes")
    return values


class Writer(_Shared):
    """Integers -> a stream."""

    def __init__(self, corrections: Mapping[str, int]) -> None:
        super().__init__(corrections)
        self.encoder = Encoder(1)

    def _add(self, start: np.ndarray, end: np.ndarray) -> None:
        self.encoder.add_intervals(start, end)

    def _window(self, window: _Window, values: np.ndarray | None) -> np.ndarray:
        bucket = window.bucket_of(shown_to_writer(values))
        self._add(*window.interval(bucket))
        return bucket

    def _part(self, parts: _Parts, part: np.ndarray | None) -> np.ndarray:
        shown = shown_to_writer(part)
        self._add(*parts.interval(shown))
        return shown

    def _tail_length(self, length: np.ndarray | None, count: int) -> np.ndarray:
        shown = shown_to_writer(length)
        self._add(_TAIL_STARTS[shown], _TAIL_STARTS[shown + 1])
        return shown

    def raw(self, bits: int, values: np.ndarray | None, count: int) -> np.ndarray:
        """Numbers of up to 14 bits, each bit pattern equally likely."""
        size = np.int32(TOTAL >> bits)
        shown = shown_to_writer(values).astype(np.int32)
        self._add(shown * size, (shown + np.int32(1)) * size)
        return shown

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Bools; the range of true begins at 0."""
        cut = frequencies.astype(np.int32)
        shown = shown_to_writer(flags)
        self._add(np.where(shown, 0, cut), np.where(shown, cut, TOTAL))
        return shown

    def finish(self, lanes: int) -> bytes:
        """The bytes of the stream."""
        self.encoder.lanes = lanes
        return self.encoder.finish()


class Reader(_Shared):
    """A stream -> integers."""

    def __init__(self, data: bytes, lanes: int, corrections: Mapping[str, int]) -> None:
        super().__init__(corrections)
        self.decoder = Decoder(data, lanes)

    def _window(self, window: _Window, values: np.ndarray | None) -> np.ndarray:
        return self.decoder.decode_bounds(window.bounds())

    def _part(self, parts: _Parts, part: np.ndarray | None) -> np.ndarray:
        return self.decoder.decode_bounds(parts.bounds())

    def _tail_length(self, length: np.ndarray | None, count: int) -> np.ndarray:
        row = _TAIL_STARTS[1:-1].astype(np.uint16)[:, None]
        return self.decoder.decode_bounds(np.broadcast_to(row, (len(row), count)))

    def raw(self, bits: int, values: np.ndarray | None, count: int) -> np.ndarray:
        """Numbers of up to 14 bits."""
        return self.decoder.decode_raw(bits, count)

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Bools."""
        result: np.ndarray = self.decoder.decode_bounds(frequencies[None].astype(np.uint16)) == 0
        return result

    def finish(self) -> None:
        """Raises StreamError unless the stream ends here."""
        self.decoder.finish()
