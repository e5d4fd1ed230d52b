"""A rANS stream whose lanes cost half a byte each, not three: so it can have many.

numpy is fast where a step moves many lanes; but each lane of `rans` takes 4 bytes for the state it
begins with, of which about one is information. Two things make lanes cheaper here:

* The last symbols, the *tail*, are all in a few lanes. Before them the other lanes end, and not at
  LOWEST_STATE: the lower half of each one's state is a word that the lanes of the tail then read.
* A state is told by its length (4 bits) and the bits below its highest one.

Bytes of a stream (little-endian): number of lanes less one (1 or 2 bytes, as its `Form` says);
symbols before the tail (3 bytes); the states as a decoder begins: 4 bits for the length of each,
17 to 32 bits, then of each as many bits less one, the higher first, zeros to the end of the last
byte; the words (uint16) of all symbols before the tail.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.entropy import rans
from pillow_colorgrid.entropy.rans import LOWEST_STATE, Frequencies, InTurn, StreamError

LANE_BYTES = 0.6
"""What a lane costs, about."""

MOST_TAIL_SHARE = 4
"""The tail has at most one in so many symbols: where that is not enough for all lanes' words, there
are fewer lanes."""

LENGTH_BITS = 4
STATE_BITS = 2 * rans.WORD_BITS
SHORTEST_BITS = rans.WORD_BITS + 1
"""A state has 17 to 32 bits."""

BEGIN_BYTES = 3
"""Where the tail begins."""

_CONTENT_BITS = 8
"""What the state of a lane holds beyond its lowest one, on average."""


@dataclass(frozen=True)
class Form:
    """How a stream tells its lanes.

    Attributes:
        count_bytes: of their number less one.
        tail_shift: one in 2**tail_shift lanes has the tail, one at least.
        least: fewer lanes are refused: that would take long.
    """

    count_bytes: int
    tail_shift: int
    least: int = 1

    @property
    def head_bytes(self) -> int:
        return self.count_bytes + BEGIN_BYTES

    @property
    def most_lanes(self) -> int:
        return 1 << 8 * self.count_bytes

    def tail_lanes(self, lanes: int) -> int:
        return max(1, lanes >> self.tail_shift)


class Encoder(rans.Encoder):
    """Collects passes of symbols; `finish` turns them into the bytes of one stream.

    Args:
        lanes: the least of `form` to those that it can tell; where little is coded there are fewer.
    """

    def __init__(self, lanes: int, form: Form) -> None:
        super().__init__(lanes)
        self.form = form

    def finish(self, carried: bytes = b"") -> bytes:
        """Code all passes, the last symbol first: the lanes carry their own tail, nothing else.

        Raises:
            ValueError: something is to be carried.
        """
        if carried:
            raise ValueError(f"{len(carried)} bytes to carry, allowed none")
        lanes, begin, states, tail_words = self._tail()
        others = np.full(lanes - len(states), LOWEST_STATE, np.uint32)
        others[: len(tail_words)] |= tail_words
        states = np.concatenate([states, others])
        words = rans.encode_passes(self._between(0, begin), states)
        head = (lanes - 1).to_bytes(self.form.count_bytes, "little")
        head += begin.to_bytes(BEGIN_BYTES, "little")
        return head + _packed(states) + words.astype("<u2").tobytes()

    def _tail(self) -> tuple[int, int, np.ndarray, np.ndarray]:
        """The number of lanes, symbols before the tail, and its states and words."""
        total = self.symbols()
        lanes = self.lanes
        tail = self.form.tail_lanes(lanes)
        wanted = rans.WORD_BITS * (lanes - tail) + _CONTENT_BITS * tail
        count, bits = self._last(wanted, total // MOST_TAIL_SHARE)
        fill = int(bits) // rans.WORD_BITS
        lanes = min(lanes, max(self.form.least, fill + self.form.tail_lanes(fill + 1)))
        while True:
            states = np.full(self.form.tail_lanes(lanes), LOWEST_STATE, np.uint32)
            room = lanes - len(states)
            words = rans.encode_passes(self._between(total - count, total), states)
            if len(words) <= room:
                break
            count -= max(1, count * (len(words) - room) // len(words))
        if len(states) == 1:
            lanes = max(self.form.least, 1 + len(words))
        return lanes, total - count, states, words

    def _last(self, bits: float, most: int) -> tuple[int, float]:
        """How many of the last symbols take so many bits, `most` at most; and what they take."""
        count, found = 0, 0.0
        for counts, _ in reversed(self.passes):
            some = counts[max(0, len(counts) - (most - count)) :][::-1]
            lengths = rans.PRECISION_BITS - np.log2(some.astype(np.float64))
            reached = np.cumsum(lengths) + found
            taken = int(np.searchsorted(reached, bits))
            count += taken
            found = float(reached[taken - 1]) if taken else found
            if taken < len(some) or count == most:
                break
        return count, found

    def _between(self, first: int, end: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """The passes from their symbol `first` on, up to their symbol `end`."""
        found = []
        for counts, starts in self.passes:
            found.append((counts[first:end], starts[first:end]))
            first, end = (max(0, place - len(counts)) for place in (first, end))
        return found


class Decoder(rans.Decoder):
    """Takes the passes back out of a stream, in the order in which they were added."""

    def __init__(self, data: bytes, form: Form) -> None:
        """Raises StreamError if `data` cannot hold its states."""
        if len(data) < form.head_bytes:
            raise StreamError(f"stream of {len(data)} bytes, allowed: from {form.head_bytes}")
        count = int.from_bytes(data[: form.count_bytes], "little") + 1
        if count < form.least:
            raise StreamError(f"stream of {count} lanes, allowed from {form.least} on")
        states, begin = _unpacked(data, form.head_bytes, count)
        if (len(data) - begin) % rans.WORD_BYTES:
            raise StreamError(f"{len(data) - begin} bytes of words, allowed: even numbers")
        self._begin(states, np.frombuffer(data, "<u2", offset=begin).astype(np.uint16))
        self.tail_lanes = form.tail_lanes(count)
        self.until_tail = int.from_bytes(data[form.count_bytes : form.head_bytes], "little")
        self.in_tail = False

    def decode(self, frequencies: Frequencies, rows: np.ndarray) -> np.ndarray:
        """As `rans.Decoder.decode`."""
        whole = super().decode
        parts = [whole(frequencies, rows[part]) for part in self._parts(len(rows))]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def decode_in_turn(self, frequencies: Frequencies, rows: InTurn) -> int:
        """As `rans.Decoder.decode_in_turn`, before the tail. Raises StreamError."""
        count = super().decode_in_turn(frequencies, rows)
        self.until_tail -= count
        if self.until_tail < 0:
            raise StreamError(f"a tail that begins {-self.until_tail} symbols too early")
        return count

    def _parts(self, count: int) -> Iterator[slice]:
        """Of a pass: what is before the tail, what is in it. The lanes are those of each then."""
        if self.in_tail or count <= self.until_tail:
            self.until_tail -= count
            yield slice(None)
            return
        first = self.until_tail
        yield slice(first)
        self._begin_tail()
        yield slice(first, None)

    def _steps(self, count: int) -> Iterator[tuple[rans.Lanes, slice]]:
        """The lanes and the symbols of each step of a pass."""
        for part in self._parts(count):
            first, end, _ = part.indices(count)
            for lanes, step in super()._steps(end - first):
                yield lanes, slice(first + step.start, first + step.stop)

    def _begin_tail(self) -> None:
        """Let all lanes but those of the tail end, and give their words to these."""
        states, left = self.lanes.states, len(self.words) - self.next_word
        others = states[self.tail_lanes :]
        if left or (others >= 2 * LOWEST_STATE).any():
            raise StreamError(f"stream out of step at its tail, {left} words left")
        words = others.astype(np.uint16)  # the lower halves
        self._begin(states[: self.tail_lanes].copy(), words)
        self.in_tail = True

    def finish(self, zeros: bool = True) -> None:
        """Raises StreamError unless all was read and each lane is where encoding began.

        Args:
            zeros: words that are 0 may follow, of lanes that carry less than they could.
        """
        if not self.in_tail:
            if self.until_tail:
                raise StreamError(f"{self.until_tail} symbols left before the tail")
            self._begin_tail()
        super().finish(zeros)


def _packed(states: np.ndarray) -> bytes:
    """States (n,) uint32 as lengths and bits."""
    lengths = _lengths(states)
    told = np.unpackbits((lengths - SHORTEST_BITS).astype(np.uint8)[:, None], axis=1)
    bits = np.unpackbits(states.astype(">u4").view(np.uint8).reshape(-1, 4), axis=1)
    return np.packbits(
        np.concatenate([told[:, -LENGTH_BITS:].reshape(-1), bits[_below_highest(lengths)]])
    ).tobytes()


def _unpacked(data: bytes, begin: int, count: int) -> tuple[np.ndarray, int]:
    """So many states from byte `begin` on, and the byte behind them. Raises StreamError."""
    most = count * (LENGTH_BITS + STATE_BITS - 1)
    chosen = np.frombuffer(data, np.uint8, offset=begin)[: -(-most // 8)]
    told = np.unpackbits(chosen)
    if len(told) < count * LENGTH_BITS:
        raise StreamError(f"stream of {len(data)} bytes for {count} lanes")
    nibbles = told[: count * LENGTH_BITS].reshape(count, LENGTH_BITS)
    lengths = SHORTEST_BITS + (np.packbits(nibbles, axis=1)[:, 0] >> LENGTH_BITS).astype(np.int64)
    end = count * LENGTH_BITS + int((lengths - 1).sum())
    if len(told) < end:
        raise StreamError(f"stream of {len(data)} bytes for {count} lanes")
    whole = -(-end // 8)
    if told[end : 8 * whole].any():
        raise StreamError("bits behind the states of the lanes, allowed: zeros")
    bits = np.zeros((count, STATE_BITS), np.uint8)
    bits[_below_highest(lengths)] = told[count * LENGTH_BITS : end]
    bits[np.arange(count), STATE_BITS - lengths] = 1
    states = np.packbits(bits, axis=1).view(">u4").reshape(-1).astype(np.uint32)
    return states, begin + whole


def _lengths(states: np.ndarray) -> np.ndarray:
    """Bits of states (n,) uint32: int64."""
    # frexp: a state is below 2**length; exact, as float64 holds all states
    found: np.ndarray = np.frexp(states.astype(np.float64))[1].astype(np.int64)
    return found


def _below_highest(lengths: np.ndarray) -> np.ndarray:
    """(n, 32) bool: the bits of states of these lengths below the highest one."""
    below: np.ndarray = np.arange(STATE_BITS) > STATE_BITS - lengths[:, None]
    return below
