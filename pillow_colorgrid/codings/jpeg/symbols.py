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

from pillow_colorgrid.codings.jpeg.distribution import Mixture
from pillow_colorgrid.codings.jpeg.windows import (
    BUCKETS,
    NARROW_BUCKETS,
    NARROW_CLASS,
    Parts,
    Window,
    bucket_shift,
)
from pillow_colorgrid.entropy.rans import TOTAL, Decoder, Encoder

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

    def raw(self, bits: int | np.ndarray, values: np.ndarray | None, count: int) -> np.ndarray:
        """Code `count` numbers of so many bits (each), all equally likely."""


class _Shared:
    """What writer and reader do alike.

    Attributes:
        corrections: scale classes that the file adds to all mixtures of a pass, by its key.
    """

    def __init__(self, corrections: Mapping[str, int]) -> None:
        self.corrections = corrections

    def integers(self, key: str, mixture: Mixture, values: np.ndarray | None) -> np.ndarray:
        """Code (n,) integers: all windows (small ones first), then all parts, then all tails."""
        mixture = mixture.wider(self.corrections.get(key, 0))
        width = mixture.width()
        narrow = width <= NARROW_CLASS
        coded = np.empty(len(mixture), np.int32)
        side = np.empty(len(mixture), np.int32)  # -1 below the window, 1 beyond it
        for chosen, buckets in ((narrow, NARROW_BUCKETS), (~narrow, BUCKETS)):
            places = np.flatnonzero(chosen)
            if len(places):
                window = Window(mixture.some(places), width[places], buckets)
                bucket = self._window(window, None if values is None else values[places])
                below = bucket == 0
                # of an open end the integer next to the window
                coded[places] = window.start(np.where(below, 1, bucket)) - below
                side[places] = (bucket == buckets - 1) - below.astype(np.int32)
        shift = bucket_shift(width)
        places = np.flatnonzero((shift > 0) & (side == 0))
        if len(places):
            parts = Parts(mixture.some(places), coded[places], shift[places])
            coded[places] += self._parted(parts, None if values is None else values[places])
        places = np.flatnonzero(side)
        if len(places):
            sign, far = side[places], None
            if values is not None:
                far = (values[places] - coded[places]) * sign
            coded[places] += sign * self._tail(far, len(places))
        return coded

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
    """Integers -> a stream."""

    def __init__(self, corrections: Mapping[str, int]) -> None:
        super().__init__(corrections)
        self.encoder = Encoder(1)

    def _add(self, start: np.ndarray, end: np.ndarray) -> None:
        self.encoder.add_intervals(start, end)

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

    def finish(self, lanes: int) -> bytes:
        """The bytes of the stream."""
        self.encoder.lanes = lanes
        return self.encoder.finish()


class Reader(_Shared):
    """A stream -> integers."""

    def __init__(self, data: bytes, lanes: int, corrections: Mapping[str, int]) -> None:
        super().__init__(corrections)
        self.decoder = Decoder(data, lanes)

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

    def finish(self) -> None:
        """Raises StreamError unless the stream ends here."""
        self.decoder.finish()
