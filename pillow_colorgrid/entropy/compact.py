"""A rANS stream whose lanes cost half a byte each, not three: for small pictures.

numpy is fast where a step moves many lanes; but each lane of `rans` takes 4 bytes for the state it
begins with, of which about one is information. Two things make lanes cheaper here:

* The last symbols, the *tail*, are all in lane 0. Before them the other lanes end, and not at
  LOWEST_STATE: the lower half of each one's state is a word that lane 0 then reads.
* A state is told by its length (4 bits) and the bits below its highest one.

Bytes of a stream: number of lanes less one (uint8); symbols before the tail (3 bytes,
little-endian); the states as a decoder begins, lane by lane, 4 bits for a length of 17 to 32 bits,
then as many bits less one, the higher first, zeros to the end of the last byte; the words (uint16,
little-endian) of all symbols before the tail.
"""

import numpy as np

from pillow_colorgrid.entropy import rans
from pillow_colorgrid.entropy.rans import LOWEST_STATE, Frequencies, InTurn, StreamError

MOST_LANES = 256

MOST_TAIL_SHARE = 4
"""The tail has at most one in so many symbols: where that is not enough for all lanes' words, there
are fewer lanes."""

LENGTH_BITS = 4
SHORTEST_BITS = rans.WORD_BITS + 1
"""A state has 17 to 32 bits."""

LANE_BYTES = 0.5
"""What a lane costs, about."""

HEAD_BYTES = 4


class Encoder:
    """Collects passes of symbols; `finish` turns them into the bytes of one stream.

    Args:
        lanes: 1 to MOST_LANES; there may be fewer.
    """

    def __init__(self, lanes: int) -> None:
        self.rans = rans.Encoder(lanes)

    def add(self, frequencies: Frequencies, rows: np.ndarray, symbols: np.ndarray) -> None:
        """As `rans.Encoder.add`."""
        self.rans.add(frequencies, rows, symbols)

    def finish(self) -> bytes:
        """Code all passes, the last symbol first."""
        total = self.rans.symbols()
        state, tail, tail_words = self._tail(total // MOST_TAIL_SHARE)
        states = np.array([state, *(LOWEST_STATE | word for word in tail_words)], np.uint32)
        words = rans.encode_passes([*self._until(total - tail)], states)
        head = bytes([len(states) - 1]) + (total - tail).to_bytes(HEAD_BYTES - 1, "little")
        return head + _packed(states.tolist()) + words.astype("<u2").tobytes()

    def _tail(self, most: int) -> tuple[int, int, list[int]]:
        """State of lane 0 before the tail, the tail's symbols, its words in order of reading."""
        state, done = LOWEST_STATE, 0
        words: list[int] = []
        for counts, starts in reversed(self.rans.passes):
            for count, start in zip(counts[::-1].tolist(), starts[::-1].tolist(), strict=True):
                if len(words) == self.rans.lanes - 1 or done == most:
                    return state, done, words[::-1]
                state = rans.pushed(state, count, start, words)
                done += 1
        return state, done, words[::-1]

    def _until(self, end: int) -> rans.Passes:
        """The passes up to their symbol `end`."""
        some = []
        for counts, starts in self.rans.passes:
            some.append((counts[:end], starts[:end]))
            end = max(0, end - len(counts))
        return some


class Decoder:
    """Takes the passes back out of a stream, in the order in which they were added."""

    def __init__(self, data: bytes) -> None:
        """Raises StreamError if `data` cannot hold its states."""
        if len(data) < HEAD_BYTES:
            raise StreamError(f"stream of {len(data)} bytes, allowed: from {HEAD_BYTES}")
        states, begin = _unpacked(data, HEAD_BYTES, data[0] + 1)
        if (len(data) - begin) % rans.WORD_BYTES:
            raise StreamError(f"{len(data) - begin} bytes of words, allowed: even numbers")
        words = np.frombuffer(data, "<u2", offset=begin).astype(np.uint16)
        self.rans = rans.Decoder.of(np.array(states, np.uint32), words)
        self.until_tail = int.from_bytes(data[1:HEAD_BYTES], "little")
        self.in_tail = False

    def decode(self, frequencies: Frequencies, rows: np.ndarray) -> np.ndarray:
        """The next pass: one symbol (uint16) for each of `rows` (n,). Raises StreamError."""
        if self.in_tail or len(rows) <= self.until_tail:
            self.until_tail -= len(rows)
            return self.rans.decode(frequencies, rows)
        first, rest = rows[: self.until_tail], rows[self.until_tail :]
        before = self.rans.decode(frequencies, first)
        self._begin_tail()
        return np.concatenate([before, self.rans.decode(frequencies, rest)])

    def decode_in_turn(self, frequencies: Frequencies, rows: InTurn) -> None:
        """As `rans.Decoder.decode_in_turn`, before the tail."""
        self.until_tail -= self.rans.decode_in_turn(frequencies, rows)
        if self.until_tail < 0:
            raise StreamError(f"a tail that begins {-self.until_tail} symbols too early")

    def _begin_tail(self) -> None:
        """Let all lanes but the first end, and give their words to it."""
        states, left = self.rans.lanes.states, len(self.rans.words) - self.rans.next_word
        if left or (states[1:] >= 2 * LOWEST_STATE).any():
            raise StreamError(f"stream out of step at its tail, {left} words left")
        words = states[1:].astype(np.uint16)  # the lower halves
        self.rans, self.in_tail = rans.Decoder.of(states[:1].copy(), words), True

    def finish(self) -> None:
        """Raises StreamError unless all was read and each lane is where encoding began."""
        if not self.in_tail and self.until_tail:
            raise StreamError(f"{self.until_tail} symbols left before the tail")
        self.rans.finish()


def _packed(states: list[int]) -> bytes:
    """States as lengths and bits."""
    bits, size = 0, 0
    for state in states:
        length = state.bit_length()
        told = (length - SHORTEST_BITS) << (length - 1) | state ^ 1 << (length - 1)
        size += LENGTH_BITS + length - 1
        bits = bits << (LENGTH_BITS + length - 1) | told
    padding = -size % 8
    return (bits << padding).to_bytes((size + padding) // 8, "big")


def _unpacked(data: bytes, begin: int, count: int) -> tuple[list[int], int]:
    """So many states from byte `begin` on, and the byte behind them. Raises StreamError."""
    most = count * (LENGTH_BITS + 2 * rans.WORD_BITS - 1)
    chosen = data[begin : begin + -(-most // 8)]
    bits, left = int.from_bytes(chosen, "big"), 8 * len(chosen)
    states = []
    for _ in range(count):
        left -= LENGTH_BITS
        if left < 0:
            break
        length = SHORTEST_BITS + (bits >> left & (1 << LENGTH_BITS) - 1)
        left -= length - 1
        if left < 0:
            break
        states.append(1 << (length - 1) | bits >> left & (1 << (length - 1)) - 1)
    if len(states) < count:
        raise StreamError(f"stream of {len(data)} bytes for {count} lanes")
    if bits >> left // 8 * 8 & (1 << left % 8) - 1:
        raise StreamError("bits behind the states of the lanes, allowed: zeros")
    return states, begin + len(chosen) - left // 8
