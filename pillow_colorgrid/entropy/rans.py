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

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cached_property
from itertools import cycle

import numpy as np

from pillow_colorgrid.entropy.precision import PRECISION_BITS as PRECISION_BITS, TOTAL as TOTAL
from pillow_colorgrid.entropy.ranges import Bounds, Ranges

WORD_BITS = 16

LOWEST_STATE = 1 << WORD_BITS
"""Between two symbols a state is in 2**16..2**32-1."""

STATE_BYTES, WORD_BYTES = 4, 2

FEW_LANES = 12
"""So many are moved one by one, as Python's integers: a step of numpy takes about as long as 15."""

EDGES_AT_ONCE = 2**17
"""So many edges of symbols' ranges are asked for at a time, about: half a megabyte. Fewer take more
calls of numpy, between which several threads wait for Python's lock."""

_FULL_BITS = 2 * WORD_BITS - PRECISION_BITS
"""A state that is a symbol's frequency times 2**this would overflow by the symbol."""

_LIMIT_SHIFT = np.uint32(_FULL_BITS)
_WORD = np.uint32(WORD_BITS)
_LOWEST = np.uint32(LOWEST_STATE)


InTurn = Generator[int, int, None]
"""Gives the row of a symbol, then takes the symbol, one after the other."""


class StreamError(ValueError):
    """The bytes are no stream of the passes that were asked for."""


class Frequencies:
    """Rows of integer frequencies; each row is one probability distribution.

    Args:
        counts: (rows, symbols) integers >= 0, each row with sum 2**14 and at least two symbols.

    Shared by all streams of a process; what decoding needs is made at its first use (96 KiB a row).
    """

    def __init__(self, counts: np.ndarray) -> None:
        counts = np.ascontiguousarray(counts, np.uint32)
        if counts.ndim != 2 or (counts.sum(1, dtype=np.uint64) != TOTAL).any():
            raise ValueError(f"frequencies of each row must sum up to {TOTAL}")
        if counts.max() >= TOTAL:
            raise ValueError(f"a frequency is {counts.max()}, allowed 0..{TOTAL - 1}")
        self.counts = counts
        self.starts = (np.cumsum(counts, axis=1, dtype=np.uint32) - counts).astype(np.uint32)

    def places(self, rows: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """Where symbols are in all rows, one row after the other: of their shape."""
        found: np.ndarray = rows * np.intp(self.counts.shape[1]) + symbols
        return found

    @cached_property
    def bounds(self) -> np.ndarray:
        """(rows, symbols + 1) uint32: where each symbol begins, and where the last one ends."""
        ends = np.full((len(self.counts), 1), TOTAL, np.uint32)
        return np.concatenate([self.starts, ends], axis=1)

    def slots(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each slot 0..2**14-1 of each row: its symbol (uint16), and how a state goes on.

        The latter is ``frequency << 16 | slot - start`` (uint32). Only those of `rows` (n,), and of
        rows that were asked for before, are filled in: a small picture needs few.
        """
        tables = self._tables
        if not tables.filled.take(rows).all():
            asked = np.unique(rows)
            self._fill(tables, asked[~tables.filled[asked]])
        return tables.symbols, tables.steps

    @property
    def _tables(self) -> "_Tables":
        # setdefault: of several threads that come at once, all get the tables of one
        found: _Tables | None = vars(self).get("_made")
        return found or vars(self).setdefault("_made", _Tables(len(self.counts)))

    def _fill(self, tables: "_Tables", rows: np.ndarray) -> None:
        """Threads that fill the same rows write the same into them."""
        counts, starts = (table[rows].reshape(-1) for table in (self.counts, self.starts))
        symbols = np.tile(np.arange(self.counts.shape[1], dtype=np.uint16), len(rows))
        steps = np.repeat((counts << _WORD) - starts, counts).reshape(-1, TOTAL)
        steps += np.arange(TOTAL, dtype=np.uint32)
        tables.symbols.reshape(-1, TOTAL)[rows] = np.repeat(symbols, counts).reshape(-1, TOTAL)
        tables.steps.reshape(-1, TOTAL)[rows] = steps
        tables.filled[rows] = True


class _Tables:
    """What decoding by frequencies needs: of each slot of each row, as far as it is `filled`."""

    def __init__(self, rows: int) -> None:
        self.symbols = np.empty(rows * TOTAL, np.uint16)
        self.steps = np.empty(rows * TOTAL, np.uint32)
        self.filled = np.zeros(rows, bool)


class Lanes:
    """The states of the lanes, and what a step needs beside them: arrays made once, not each step.

    Constants are arrays too: numpy takes longer over a scalar than over a hundred numbers.
    """

    def __init__(self, states: np.ndarray) -> None:
        self.states = states
        self.low_words, self.high_words = states.view(np.uint16).reshape(-1, 2).T
        self.numbers = np.empty_like(states)
        self.flags = np.empty(states.shape, bool)
        self.slot_mask = np.full_like(states, TOTAL - 1)
        self.precision = np.full_like(states, PRECISION_BITS)
        self.word_bits = np.full_like(states, WORD_BITS)
        self.word_mask = np.full_like(states, LOWEST_STATE - 1)
        self.lowest = np.full_like(states, LOWEST_STATE)

    def first(self, count: int) -> "Lanes":
        """The first lanes alone: views, for the last step of a pass."""
        some = Lanes.__new__(Lanes)
        vars(some).update((name, array[:count]) for name, array in vars(self).items())
        return some


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
        self.add_places(frequencies, frequencies.places(rows, symbols))

    def add_places(self, frequencies: Frequencies, places: np.ndarray) -> None:
        """As `add`, of symbols at these `places` (n,) of their frequencies."""
        counts = frequencies.counts.reshape(-1).take(places)
        if counts.size and not counts.all():
            raise ValueError("a symbol of frequency 0 cannot be coded")
        self.passes.append((counts, frequencies.starts.reshape(-1).take(places)))

    def add_intervals(self, starts: np.ndarray, ends: np.ndarray) -> None:
        """Append a pass whose symbols take the range from `starts` (n,) to `ends` of 2**14.

        Raises:
            ValueError: a symbol takes nothing, or all, of the range.
        """
        starts, ends = starts.astype(np.uint32), ends.astype(np.uint32)
        counts = ends - starts  # what ends before it starts becomes more than TOTAL
        if counts.size and (counts.min() < 1 or counts.max() >= TOTAL or ends.max() > TOTAL):
            raise ValueError(
                f"a symbol takes {counts.min()}..{counts.max()} of {TOTAL}, allowed 1..{TOTAL - 1}"
            )
        self.passes.append((counts, starts))

    def symbols(self) -> int:
        """How many there are in all passes so far."""
        return sum(len(counts) for counts, _ in self.passes)

    def code_length_bits(self) -> float:
        """What all passes so far will cost, lanes left out."""
        return float(
            sum(
                PRECISION_BITS * len(c) - np.log2(c.astype(np.float32)).sum()
                for c, _ in self.passes
            )
        )

    def finish(self, carried: bytes = b"") -> bytes:
        """Code all passes, the last symbol first, as rANS wants it.

        Args:
            carried: bytes of something else, at most two for each lane: what the lanes' states
                begin with costs nothing, and is what a decoder ends with (`Decoder.carried`).
        """
        states = np.full(self.lanes, LOWEST_STATE, np.uint32)
        begin = np.frombuffer(carried, "<u2")
        states[: len(begin)] += begin
        words = encode_passes(self.passes, states)
        return states.astype("<u4").tobytes() + words.astype("<u2").tobytes()


Passes = Sequence[tuple[np.ndarray, np.ndarray]]
"""Frequencies and starts (n,) uint32 of the symbols of each pass."""


def encode_passes(passes: Passes, states: np.ndarray) -> np.ndarray:
    """Code passes backwards, from the last symbol on.

    Args:
        states: (lanes,) uint32, where a decoder shall end; becomes where it begins.

    Returns:
        (words,) uint16 in the order in which a decoder reads them.
    """
    if len(states) <= FEW_LANES:
        return _encode_one_by_one(passes, states)
    lanes = Lanes(states)
    blocks: list[np.ndarray] = []
    for counts, starts in reversed(passes):
        whole = len(counts) - len(counts) % len(states)
        _encode(lanes.first(len(counts) - whole), counts[whole:], starts[whole:], blocks)
        _encode(lanes, counts[:whole], starts[:whole], blocks)
    return np.concatenate([np.empty(0, np.uint16), *reversed(blocks)])


def _encode_one_by_one(passes: Passes, states: np.ndarray) -> np.ndarray:
    """As `encode_passes`, symbol by symbol."""
    now = states.tolist()
    words: list[int] = []
    for counts, starts in reversed(passes):
        lanes = cycle(range(len(now) - 1, -1, -1))
        for _ in range(-len(counts) % len(now)):
            next(lanes)
        for lane, count, start in zip(
            lanes, counts[::-1].tolist(), starts[::-1].tolist(), strict=False
        ):
            now[lane] = pushed(now[lane], count, start, words)
    states[:] = now
    return np.array(words[::-1], np.uint16)


def pushed(state: int, count: int, start: int, words: list[int]) -> int:
    """The state of a lane that took up one symbol; the word that it gave off for it is appended."""
    if state >= count << _FULL_BITS:
        words.append(state & 0xFFFF)
        state >>= WORD_BITS
    whole, rest = divmod(state, count)
    return (whole << PRECISION_BITS) + rest + start


def _encode(lanes: Lanes, counts: np.ndarray, starts: np.ndarray, blocks: list[np.ndarray]) -> None:
    """Whole steps of all `lanes`, from the last to the first; their words go to `blocks`."""
    states, low_words, high_words = lanes.states, lanes.low_words, lanes.high_words
    quotients, flags = lanes.numbers, lanes.flags
    limits, gaps = counts << _LIMIT_SHIFT, np.uint32(TOTAL) - counts
    for end in range(len(counts), 0, -max(1, len(states))):
        step = slice(end - len(states), end)
        np.greater_equal(states, limits[step], flags)
        full = flags.nonzero()[0]
        if len(full):
            blocks.append(low_words[full])
            low_words[full] = high_words[full]
            high_words[full] = 0
        # state // count * TOTAL + state % count + start, with one division
        np.floor_divide(states, counts[step], quotients)
        np.multiply(quotients, gaps[step], quotients)
        np.add(states, quotients, states)
        np.add(states, starts[step], states)


class Decoder:
    """Takes the passes back out of a stream, in the order in which they were added."""

    def __init__(self, data: bytes, lanes: int) -> None:
        """Raises StreamError if `data` cannot hold the states of `lanes` lanes."""
        size_bytes = lanes * STATE_BYTES
        if len(data) < size_bytes or (len(data) - size_bytes) % WORD_BYTES:
            raise StreamError(f"stream of {len(data)} bytes for {lanes} lanes")
        states = np.frombuffer(data, "<u4", lanes).astype(np.uint32)
        self._begin(states, np.frombuffer(data, "<u2", offset=size_bytes).astype(np.uint16))

    def _begin(self, states: np.ndarray, words: np.ndarray) -> None:
        self.lanes, self.words, self.next_word = Lanes(states), words, 0

    def decode(self, frequencies: Frequencies, rows: np.ndarray) -> np.ndarray:
        """The next pass: one symbol (uint16) for each of `rows` (n,).

        Raises:
            StreamError: the stream ends before the pass does.
        """
        symbol_of, step_of = frequencies.slots(rows)
        slots = rows.astype("<i8")
        slots <<= PRECISION_BITS
        if len(self.lanes.states) <= FEW_LANES:
            slots[:] = self._slots_one_by_one(slots.tolist(), step_of.data)
            return symbol_of.take(slots)
        width, count = len(self.lanes.states), len(slots)
        whole = count - count % width
        self._move(self.lanes, slots[:whole], step_of)
        if whole < count:
            self._move(self.lanes.first(count - whole), slots[whole:], step_of)
        return symbol_of.take(slots)

    def _move(self, lanes: Lanes, slots: np.ndarray, step_of: np.ndarray) -> None:
        """Whole steps of all `lanes`; `slots` (int64), given as each row's first, become the first
        ones of their symbols: few places, which stay in a processor's cache.

        `_advance` written out: a tenth of the time is in calls and in looking up names.
        """
        states, numbers, flags, width = lanes.states, lanes.numbers, lanes.flags, len(lanes.states)
        low_words, high_words, words = lanes.low_words, lanes.high_words, self.words
        slot_mask, word_mask, lowest = lanes.slot_mask, lanes.word_mask, lanes.lowest
        precision, word_bits, next_word = lanes.precision, lanes.word_bits, self.next_word
        both, add, subtract, multiply = np.bitwise_and, np.add, np.subtract, np.multiply
        less, shift_right, empty_lanes = np.less, np.right_shift, flags.nonzero
        step_at = step_of.take
        taken = np.empty_like(states)
        slot_words = slots.view(np.uint32)[::2]  # their low halves: no slot is beyond 2**32
        for first in range(0, len(slots), width):
            step = slice(first, first + width)
            here = slot_words[step]
            add(here, both(states, slot_mask, numbers), here)
            step_at(slots[step], None, taken, "clip")
            shift_right(taken, word_bits, numbers)
            both(taken, word_mask, taken)
            subtract(here, taken, here)
            shift_right(states, precision, states)
            multiply(states, numbers, states)
            add(states, taken, states)
            less(states, lowest, flags)
            empty = empty_lanes()[0]
            count = len(empty)
            if count:
                read = words[next_word : next_word + count]
                if len(read) < count:
                    raise StreamError(f"stream ends after {len(words)} words")
                high_words[empty] = low_words[empty]
                low_words[empty] = read
                next_word += count
        self.next_word = next_word

    def _slots_one_by_one(self, rows: list[int], steps: memoryview) -> list[int]:
        """The slots of a pass, each in its own row (given as its first slot)."""
        states, words = self.lanes.states.tolist(), self.words.data
        next_word = self.next_word
        slots = []
        try:
            for lane, row in zip(cycle(range(len(states))), rows, strict=False):
                state = states[lane]
                slot = row | state & (TOTAL - 1)
                slots.append(slot)
                step = steps[slot]
                state = (state >> PRECISION_BITS) * (step >> WORD_BITS) + (step & 0xFFFF)
                if state < LOWEST_STATE:
                    state = state << WORD_BITS | words[next_word]
                    next_word += 1
                states[lane] = state
        except IndexError:
            raise StreamError(f"stream ends after {len(words)} words") from None
        self.lanes.states[:], self.next_word = states, next_word
        return slots

    def decode_bits(self, ones: np.ndarray) -> np.ndarray:
        """The next pass, of bits: (n,) int64, 0 or 1. For one lane: it goes bit by bit.

        Args:
            ones: (n,) the probability of 1, 1..2**14 - 1 of 2**14; it has the upper part.

        Raises:
            ValueError: there are more lanes.
            StreamError: the stream ends before the pass does.
        """
        if len(self.lanes.states) > 1:
            raise ValueError(f"{len(self.lanes.states)} lanes, allowed 1 for bits")
        state, words, next_word = int(self.lanes.states[0]), self.words.data, self.next_word
        bits: list[int] = []
        add = bits.append
        try:
            for one in ones.tolist():
                slot, zero = state & (TOTAL - 1), TOTAL - one
                if slot >= zero:
                    state = (state >> PRECISION_BITS) * one + slot - zero
                    add(1)
                else:
                    state = (state >> PRECISION_BITS) * zero + slot
                    add(0)
                if state < LOWEST_STATE:
                    state = state << WORD_BITS | words[next_word]
                    next_word += 1
        except IndexError:
            raise StreamError(f"stream ends after {len(words)} words") from None
        self.lanes.states[0], self.next_word = state, next_word
        return np.array(bits, np.int64)

    def decode_joined(
        self,
        frequencies: Frequencies,
        rows: np.ndarray,
        kinds: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
    ) -> np.ndarray:
        """The next pass, where neighbouring symbols were coded as one.

        Args:
            rows: (n,) of `frequencies`.
            kinds: (n,) where the symbols of each begin in `low` and `high`, taken as flat.
            low, high: for each symbol of each kind the first that it was coded with, and the one
                behind the last.

        Returns:
            (n,) int32: a symbol of those that were coded as one.

        Raises:
            StreamError: the stream ends before the pass does.
        """
        symbol_of, bounds = frequencies.slots(rows)[0], frequencies.bounds.reshape(-1)
        low, high = low.reshape(-1), high.reshape(-1)
        first_slots = rows.astype(np.int64) << PRECISION_BITS
        first_bounds = rows.astype(np.int64) * frequencies.bounds.shape[1]
        kinds = kinds.astype(np.int64)
        found = np.empty(len(rows), np.int32)
        for lanes, step in self._steps(len(rows)):
            slots = np.bitwise_and(lanes.states, lanes.slot_mask, lanes.numbers)
            symbols = symbol_of.take(first_slots[step] + slots)
            found[step] = symbols
            joined = kinds[step] + symbols
            base = first_bounds[step]
            start = bounds.take(base + low.take(joined))
            size = bounds.take(base + high.take(joined)) - start
            self._advance(lanes, size, np.subtract(slots, start, slots))
        return found

    def decode_in_turn(self, frequencies: Frequencies, rows: InTurn) -> int:
        """Passes of one symbol each, whose row depends on the symbols before: all in lane 0.

        Args:
            rows: gives the row of each symbol in turn, and takes the symbol.

        Returns the number of symbols.

        Raises:
            StreamError: the stream ends before the passes do.
        """
        tables = frequencies._tables
        symbols, steps, filled = (
            table.data for table in (tables.symbols, tables.steps, tables.filled)
        )
        state, words, next_word = int(self.lanes.states[0]), self.words.data, self.next_word
        count = 0
        try:
            row = next(rows)
            while True:
                if not filled[row]:
                    frequencies.slots(np.array([row]))
                slot = row << PRECISION_BITS | state & (TOTAL - 1)
                step = steps[slot]
                state = (state >> PRECISION_BITS) * (step >> WORD_BITS) + (step & 0xFFFF)
                if state < LOWEST_STATE:
                    if next_word == len(words):
                        raise StreamError(f"stream ends after {len(words)} words")
                    state = state << WORD_BITS | words[next_word]
                    next_word += 1
                count += 1
                row = rows.send(symbols[slot])
        except StopIteration:
            self.lanes.states[0], self.next_word = state, next_word
        return count

    def decode_bounds(self, bounds: np.ndarray) -> np.ndarray:
        """The next pass, whose symbols' ranges are cut at places of their own.

        Args:
            bounds: (symbols - 1, n) uint16, rising: where symbol 1, 2 ... begin, of 2**14; at most
                256 symbols.

        Returns:
            (n,) int32 symbols, from 0.

        Raises:
            StreamError: the stream ends before the pass does.
        """
        inner, count = bounds.shape

        def some_bounds(some: slice) -> Bounds:
            inside = bounds[:, some]
            edges = np.empty((inner + 2, inside.shape[1]), np.uint16)
            edges[0], edges[1:-1], edges[-1] = 0, inside, TOTAL
            return Bounds(edges)

        return self.decode_ranges(count, inner + 1, some_bounds)

    def decode_ranges(
        self, count: int, symbols: int, ranges: Callable[[slice], Ranges]
    ) -> np.ndarray:
        """The next pass, of `count` symbols that have ranges of their own.

        Args:
            symbols: how many each could be, at most 256.
            ranges: of some of them. Asked of some steps at a time, which stay in a processor's
                cache.

        Returns:
            (n,) int32 symbols, from 0.

        Raises:
            StreamError: the stream ends before the pass does.
        """
        found = np.empty(count, np.uint8)
        first = end = width = 0
        for lanes, step in self._steps(count):
            slots = np.bitwise_and(lanes.states, lanes.slot_mask, lanes.numbers)
            if step.stop > end:
                steps = max(1, EDGES_AT_ONCE // symbols // len(slots))
                first, end = step.start, min(count, step.start + steps * len(slots))
                known = ranges(slice(first, end))
            if len(slots) != width:  # the last step may not need all lanes
                width = len(slots)
                search = known.search(width)
            found[step] = search.at(known, slice(step.start - first, step.stop - first), slots)
            self._advance(lanes, search.size, np.subtract(slots, search.begin, slots))
        return found.astype(np.int32)

    def decode_raw(self, bits: int | np.ndarray, count: int) -> np.ndarray:
        """The next pass: `count` numbers (int32) of 0..14 bits, all equally likely.

        Args:
            bits: of each number, or of all.

        Raises:
            StreamError: the stream ends before the pass does.
        """
        found = np.empty(count, np.int32)
        rests = np.uint32(PRECISION_BITS) - np.broadcast_to(np.asarray(bits, np.uint32), count)
        for lanes, step in self._steps(count):
            slots, rest = lanes.states & lanes.slot_mask, rests[step]
            found[step] = numbers = slots >> rest
            self._advance(lanes, np.uint32(1) << rest, slots - (numbers << rest))
        return found

    def _steps(self, count: int) -> Iterator[tuple[Lanes, slice]]:
        """The lanes and the symbols of each step of a pass."""
        width = len(self.lanes.states)
        for first in range(0, count - count % width, width):
            yield self.lanes, slice(first, first + width)
        if count % width:
            yield self.lanes.first(count % width), slice(count - count % width, count)

    def _advance(self, lanes: Lanes, counts: np.ndarray, offsets: np.ndarray) -> None:
        """Take a symbol of each lane: its share of the range, and the slot's place in it."""
        states = lanes.states
        np.right_shift(states, lanes.precision, states)
        np.multiply(states, counts, states)
        np.add(states, offsets, states)
        empty = np.less(states, lanes.lowest, lanes.flags).nonzero()[0]
        count = len(empty)
        if count:
            taken = self.words[self.next_word : self.next_word + count]
            if len(taken) < count:
                raise StreamError(f"stream ends after {len(self.words)} words")
            lanes.high_words[empty] = lanes.low_words[empty]
            lanes.low_words[empty] = taken
            self.next_word += count

    def finish(self, zeros: bool = False) -> None:
        """Raises StreamError unless all words are read and each lane is where encoding began.

        Args:
            zeros: words that are 0 may follow, as lanes have that carry less than they could.
        """
        left = self.words[self.next_word :]
        if (left.any() if zeros else len(left)) or (self.lanes.states != _LOWEST).any():
            raise StreamError(f"stream out of step at its end, {len(left)} words left")

    def carried(self) -> bytes:
        """At its end: two bytes of each lane that the stream carries, and all that follows it.

        Raises:
            StreamError: a lane is where no encoding begins.
        """
        if (self.lanes.high_words != 1).any():
            raise StreamError("stream out of step at its end")
        rest = self.words[self.next_word :]
        return np.concatenate([self.lanes.low_words, rest]).astype("<u2").tobytes()
