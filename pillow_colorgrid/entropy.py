"""Symbols and integer frequencies <-> bytes: an entropy coder with many lanes.

Range asymmetric numeral systems (rANS): a *lane* is a 32-bit state that takes up one symbol after
the other; its low 16-bit words go to the stream whenever it would overflow. Symbol i of a pass
belongs to lane ``i % lanes``, so that numpy moves all lanes at once. Lanes carry over from pass to
pass: a pass costs no bytes of its own.

Bytes of a stream: the lanes' states (uint32, little-endian) as the decoder begins, then words
(uint16, little-endian) in the order in which the decoder reads them. A decoder that has taken all
passes has all words read and all lanes at LOWEST_STATE: anything else is a damaged stream.

Source: J. Duda, "Asymmetric numeral systems", arXiv 1311.2540; interleaved as in F. Giesen,
"Interleaved entropy coders", arXiv 1402.3392.
"""

from collections.abc import Iterator

import numpy as np

PRECISION_BITS = 14
"""The frequencies of a row sum up to 2**14."""

TOTAL = 1 << PRECISION_BITS

WORD_BITS = 16

LOWEST_STATE = 1 << WORD_BITS
"""Between two symbols a state is in 2**16..2**32-1."""

STATE_BYTES, WORD_BYTES = 4, 2

_PRECISION = np.uint32(PRECISION_BITS)
_SLOT_MASK = np.uint32(TOTAL - 1)
_LIMIT_SHIFT = np.uint32(2 * WORD_BITS - PRECISION_BITS)
_WORD = np.uint32(WORD_BITS)
_WORD_MASK = np.uint32(LOWEST_STATE - 1)
_LOWEST = np.uint32(LOWEST_STATE)


class StreamError(ValueError):
    """The bytes are no stream of the passes that were asked for."""


class Frequencies:
    """Rows of integer frequencies; each row is one probability distribution.

    Args:
        counts: (rows, symbols) integers >= 0, each row with sum 2**14 and at least two symbols.

    Shared by all streams of a process; what decoding needs is made at its first use (64 KiB a row).
    """

    def __init__(self, counts: np.ndarray) -> None:
        counts = np.ascontiguousarray(counts, np.uint32)
        if counts.ndim != 2 or (counts.sum(1, dtype=np.uint64) != TOTAL).any():
            raise ValueError(f"frequencies of each row must sum up to {TOTAL}")
        if counts.max() >= TOTAL:
            raise ValueError(f"a frequency is {counts.max()}, allowed 0..{TOTAL - 1}")
        self.counts = counts
        self.starts = (np.cumsum(counts, axis=1, dtype=np.uint32) - counts).astype(np.uint32)
        self._slots: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def slots(self) -> tuple[np.ndarray, np.ndarray]:
        """For each slot 0..2**14-1 of each row: its symbol (uint16), and how a state goes on.

        The latter is ``frequency << 16 | slot - start`` (uint32).
        """
        if self._slots is None:
            rows, symbols = self.counts.shape
            counts = self.counts.reshape(-1)
            symbol = np.repeat(np.tile(np.arange(symbols, dtype=np.uint16), rows), counts)
            steps = np.repeat((counts << _WORD) - self.starts.reshape(-1), counts)
            steps += np.tile(np.arange(TOTAL, dtype=np.uint32), rows)
            self._slots = symbol, steps
        return self._slots


def _steps(count: int, lanes: int) -> Iterator[tuple[int, int]]:
    """The (first, end) symbols of each step of a pass of `count` symbols."""
    for first in range(0, count, lanes):
        yield first, min(first + lanes, count)


class Encoder:
    """Collects passes of symbols; `finish` turns them into the bytes of one stream."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.passes: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, frequencies: Frequencies, rows: np.ndarray, symbols: np.ndarray) -> None:
        """Append a pass: `symbols` (n,), each by its own row of `frequencies`.

        Raises:
            ValueError: a symbol has frequency 0 in its row.
        """
        index = rows * frequencies.counts.shape[1] + symbols
        counts = frequencies.counts.reshape(-1)[index]
        if counts.size and not counts.all():
            raise ValueError("a symbol of frequency 0 cannot be coded")
        self.passes.append((counts, frequencies.starts.reshape(-1)[index]))

    def finish(self) -> bytes:
        """Code all passes, the last symbol first, as rANS wants it."""
        states = np.full(self.lanes, LOWEST_STATE, np.uint32)
        low_words = states.view(np.uint16)[:: STATE_BYTES // WORD_BYTES]
        blocks: list[np.ndarray] = []
        for counts, starts in reversed(self.passes):
            limits = counts << _LIMIT_SHIFT
            gaps = np.uint32(TOTAL) - counts
            for first, end in reversed(list(_steps(len(counts), self.lanes))):
                state = states[: end - first]
                full = np.flatnonzero(state >= limits[first:end])
                if full.size:
                    blocks.append(low_words[full])
                    state[full] >>= _WORD
                # state // count * TOTAL + state % count + start, with one division
                step = state // counts[first:end]
                step *= gaps[first:end]
                state += step
                state += starts[first:end]
        words = np.concatenate([np.empty(0, np.uint16), *reversed(blocks)])
        return states.astype("<u4").tobytes() + words.astype("<u2").tobytes()


class Decoder:
    """Takes the passes back out of a stream, in the order in which they were added."""

    def __init__(self, data: bytes, lanes: int) -> None:
        """Raises StreamError if `data` cannot hold the states of `lanes` lanes."""
        size_bytes = lanes * STATE_BYTES
        if len(data) < size_bytes or (len(data) - size_bytes) % WORD_BYTES:
            raise StreamError(f"stream of {len(data)} bytes for {lanes} lanes")
        self.lanes = lanes
        self.states = np.frombuffer(data, "<u4", lanes).astype(np.uint32)
        self.words = np.frombuffer(data, "<u2", offset=size_bytes).astype(np.uint32)
        self.next_word = 0

    def decode(self, frequencies: Frequencies, rows: np.ndarray) -> np.ndarray:
        """The next pass: one symbol (uint16) for each of `rows` (n,).

        Raises:
            StreamError: the stream ends before the pass does.
        """
        symbol_of, step_of = frequencies.slots
        slots = rows.astype(np.intp)
        slots <<= PRECISION_BITS
        words, word = self.words, self.next_word
        for first, end in _steps(len(slots), self.lanes):
            state, slot = self.states[: end - first], slots[first:end]
            slot += state & _SLOT_MASK
            step = step_of.take(slot)
            state >>= _PRECISION
            state *= step >> _WORD
            step &= _WORD_MASK
            state += step
            empty = np.flatnonzero(state < _LOWEST)
            if empty.size:
                if word + empty.size > len(words):
                    raise StreamError(f"stream ends after {len(words)} words")
                state[empty] = (state[empty] << _WORD) | words[word : word + empty.size]
                word += empty.size
        self.next_word = word
        return symbol_of.take(slots)

    def finish(self) -> None:
        """Raises StreamError unless all words are read and each lane is where encoding began."""
        left = len(self.words) - self.next_word
        if left or (self.states != _LOWEST).any():
            raise StreamError(f"stream out of step at its end, {left} words left")
