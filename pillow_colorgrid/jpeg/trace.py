"""Where the symbols of a Huffman-coded scan begin: many places decoded in lock step.

Huffman codes synchronise themselves: a decoder that begins at a wrong bit soon stands where the
right one stands. So the scan is cut into lanes of some thousand bits, each begins with a guess,
all decode one symbol at a time together, and a lane whose guess was wrong is decoded again from
the place where the lane before ended, until it meets what it had found before. What resists that
is decoded symbol by symbol, so that the time is linear in the worst case.

A decoder's *state* is block of the MCU * 64 + next coefficient in zigzag order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.bits import windows
from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.huffman import HuffmanTable

END = 64
"""Step of the symbols that end a block."""

CHUNK_BITS = 1 << 23
"""Bits of a scan that are decoded at a time."""

LANE_BITS = (1024, 4096)
"""Length of a lane in small and in large scans."""

STEPS = 32
"""Symbols of a lane between two looks whether it has come to its end."""

ROUNDS = 6
"""Rounds in lock step; what still disagrees then is decoded symbol by symbol."""

FEW = 16
"""So few lanes are decoded symbol by symbol at once."""

Positions = NDArray[np.int64]
States = NDArray[np.int64]


@lru_cache(maxsize=16)
def entries(table: HuffmanTable, is_ac: bool, has_runs: bool) -> NDArray[np.uint32]:
    """For each 16 bits the symbol at their beginning.

    Args:
        table: Huffman table.
        is_ac: AC symbols hold a run of zeros too.
        has_runs: symbols 0x10, 0x20, ... 0xE0 are runs of ends of blocks (progressive).

    Returns:
        (65536,) uint32: bits of code and value | step << 5 | code length << 12 | symbol << 17 |
        valid << 25. `step` is the distance to the next coefficient, or `END`.
    """
    result = np.full(1 << 16, 1 | END << 5, np.uint32)
    for symbol, length, begun in table.windows():
        size = symbol & 15 if is_ac else symbol
        step = 1
        valid = size <= 15
        if is_ac:
            step = (symbol >> 4) + 1
            if size == 0 and symbol != 0xF0:
                step = END
                size = symbol >> 4 if has_runs else 0
                valid = has_runs or symbol == 0
        bits = length + min(size, 15)
        result[begun] = bits | step << 5 | length << 12 | symbol << 17 | valid << 25
    return result


@dataclass(frozen=True)
class Machine:
    """The decoder of a scan as tables.

    Attributes:
        places: class << 4 | slot of its Huffman tables.
        lookup: uint32, the `entries` of all tables one after the other.
        light: int64, of each the bits, and the step times the number of states << 5.
        select: (states,) where in `lookup` the table of a state begins.
        advance: (65 * states,) the next state, by step * states + state.
        first: coefficient at which blocks begin.
        last: coefficient at which blocks end.
    """

    places: list[int]
    lookup: NDArray[np.uint32]
    light: NDArray[np.int64]
    select: NDArray[np.int64]
    advance: NDArray[np.int64]
    first: int
    last: int

    @classmethod
    def build(
        cls,
        blocks: list[tuple[int | None, int | None]],
        tables: dict[int, HuffmanTable],
        first: int,
        last: int,
        has_runs: bool,
    ) -> "Machine":
        """The decoder of a scan.

        Args:
            blocks: for each block of an MCU the places of its DC and AC table in `tables`; None
                where the scan has no such symbols.
            tables: Huffman tables by class << 4 | slot.
            first: first coefficient of the scan's band.
            last: last coefficient of the band.
            has_runs: see `entries`.

        Raises:
            UnsupportedJpegError: a table was not defined.
        """
        used = sorted({place for pair in blocks for place in pair if place is not None})
        for place in used:
            if place not in tables:
                raise UnsupportedJpegError(f"a scan uses the undefined Huffman table {place:#04x}")
        start = {place: number << 16 for number, place in enumerate(used)}
        lookups = [entries(tables[place], place >= 16, has_runs) for place in used]

        select = np.zeros(len(blocks) * 64, np.int64)
        advance = np.zeros((65, len(blocks), 64), np.int64)
        through = np.arange(65)[:, None] + np.arange(64)
        for block, (dc, ac) in enumerate(blocks):
            following = (block + 1) % len(blocks) * 64 + first
            if dc is not None:
                select[block * 64] = start[dc]
            if ac is not None:
                select[block * 64 + max(first, 1) : block * 64 + 64] = start[ac]
            advance[:, block] = np.where(through > last, following, block * 64 + through)
        lookup = np.concatenate(lookups)
        light = (lookup & 31 | (lookup >> 5 & 127) * len(select) << 5).astype(np.int64)
        return cls(used, lookup, light, select, advance.reshape(-1), first, last)


@dataclass(frozen=True)
class Piece:
    """The symbols of a part of a scan.

    Attributes:
        window: the 32 bits at each byte of the part, see `bits.windows`.
        base: first bit of the part, a multiple of 8.
        positions: (N,) int64, first bit of each symbol, counted from `base`.
        states: (N,) int64, state of the decoder before each symbol.
    """

    window: NDArray[np.uint32]
    base: int
    positions: Positions
    states: States


def trace(data: NDArray[np.uint8], starts: NDArray[np.int64], machine: Machine) -> Iterator[Piece]:
    """Find all symbols of a scan.

    Args:
        data: bytes of the scan, see `bits.unstuff`.
        starts: first byte of each restart interval.
        machine: the scan's decoder.

    Yields:
        The parts of the scan in order. After the last block of an interval they hold whatever
        its padding bits decode to.
    """
    total = len(data) * 8
    lane_bits = min(LANE_BITS[1], max(LANE_BITS[0], total >> 10 & -8))
    regular = np.arange(0, total, lane_bits)
    known = starts * 8
    begins = np.union1d(regular, known)
    begins = begins[begins < total]
    is_known = np.isin(begins, known)
    # Intervals and parts of them shorter than a lane are lanes of their own: that is well.
    carried: tuple[int, int] | None = None
    at = 0
    while at < len(begins):
        upto = int(np.searchsorted(begins, begins[at] + CHUNK_BITS))
        stop = int(begins[upto]) if upto < len(begins) else total
        piece, carried = _chunk(data, begins[at:upto], is_known[at:upto], stop, carried, machine)
        yield piece
        at = upto


def _chunk(
    data: NDArray[np.uint8],
    begins: NDArray[np.int64],
    is_known: NDArray[np.bool_],
    stop: int,
    carried: tuple[int, int] | None,
    machine: Machine,
) -> tuple[Piece, tuple[int, int]]:
    """One part of a scan; also the bit and state in which it ends."""
    base = int(begins[0])
    window = windows(data, base >> 3, -(-stop // 8) + 16)
    lanes = _Lanes(window, begins - base, is_known.copy(), stop - base, machine)
    if carried is not None and not is_known[0]:
        lanes.set_start(carried[0] - base, carried[1])
    lanes.run()
    end = int(lanes.end_position[-1]) + base, int(lanes.end_state[-1])
    positions = np.flatnonzero(lanes.seen[: stop - base])
    return Piece(window, base, positions, lanes.seen[positions].astype(np.int64) - 1), end


def _near(window: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """For each bit the 16 bits that begin there."""
    near = np.empty((len(window), 8), np.uint16)
    for bit in range(8):
        near[:, bit] = window >> (16 - bit)
    return near.reshape(-1)


class _Lanes:
    """The lanes of one part of a scan, decoded until each begins where the one before ends."""

    def __init__(
        self,
        window: NDArray[np.uint32],
        begins: NDArray[np.int64],
        is_known: NDArray[np.bool_],
        stop: int,
        machine: Machine,
    ) -> None:
        self.near = _near(window)
        """The 16 bits that begin at each bit."""
        self.machine = machine
        self.is_known = is_known
        self.limit = np.append(begins[1:], stop)
        self.start_position = begins.copy()
        self.start_state = np.full(len(begins), machine.first, np.int64)
        self.end_position = self.limit.copy()
        self.end_state = np.full(len(begins), -1, np.int64)
        self.nothing = stop
        """A place in `seen` behind the end, for what is not to be noted."""
        self.seen = np.zeros(stop + 1, np.uint16)
        """For each bit 1 + the state of the decoder if a symbol begins there, or 0."""

    def set_start(self, position: int, state: int) -> None:
        """The first lane begins where the part before ended."""
        self.start_position[0] = position
        self.start_state[0] = state
        self.is_known[0] = True

    def run(self) -> None:
        every = np.arange(len(self.limit))
        self._first_round(every)
        todo = self._disagreeing(every[:-1])
        rounds = 1
        while len(todo) > FEW and rounds < ROUNDS:
            rounds += 1
            changed = self._again(todo)
            todo = self._disagreeing(changed[changed < len(every) - 1])
        if len(todo):
            self._one_by_one(todo)

    def _disagreeing(self, ended: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lanes after `ended` that began elsewhere; they begin there from now on."""
        after = ended + 1
        wrong = ~self.is_known[after] & (
            (self.start_position[after] != self.end_position[ended])
            | (self.start_state[after] != self.end_state[ended])
        )
        after, ended = after[wrong], ended[wrong]
        self.start_position[after] = self.end_position[ended]
        self.start_state[after] = self.end_state[ended]
        result: NDArray[np.int64] = after
        return result

    def _steps(self, position: Positions, state: States, count: int) -> tuple[Positions, States]:
        """(count + 1, lanes) positions and states of the next symbols of some lanes."""
        window, machine = self.near, self.machine
        light, select, advance = machine.light, machine.select, machine.advance
        positions = np.empty((count + 1, len(position)), np.int64)
        states = np.empty((count + 1, len(position)), np.int64)
        positions[0] = position
        states[0] = state
        bits = np.empty(len(position), np.uint16)
        entry = np.empty(len(position), np.int64)
        other = np.empty(len(position), np.int64)
        # "clip": lanes at the end of the part may look beyond it; what they find is not used.
        for i in range(count):
            position, state = positions[i], states[i]
            window.take(position, out=bits, mode="clip")
            select.take(state, out=entry, mode="clip")
            np.add(entry, bits, out=entry)
            light.take(entry, out=other, mode="clip")
            np.bitwise_and(other, 31, out=entry)
            np.add(position, entry, out=positions[i + 1])
            np.right_shift(other, 5, out=other)
            np.add(other, state, out=other)
            advance.take(other, out=states[i + 1], mode="clip")
        return positions, states

    def _first_round(self, lanes: NDArray[np.int64]) -> None:
        """Decode all lanes from their guesses to their ends."""
        position, state = self.start_position, self.start_state
        late = position >= self.limit
        # A symbol may be longer than a short lane: it has nothing to decode.
        self.end_position[late] = position[late]
        self.end_state[late] = state[late]
        lanes, position, state = lanes[~late], position[~late], state[~late]
        while len(lanes):
            positions, states = self._steps(position, state, STEPS)
            limit = self.limit[lanes]
            inside = positions[:-1] < limit
            self.seen[np.where(inside, positions[:-1], self.nothing)] = states[:-1] + 1
            position, state = positions[-1], states[-1]
            ended = position >= limit
            where = np.flatnonzero(ended)
            if len(where):
                first = (positions[:, where] >= limit[where]).argmax(0)
                self.end_position[lanes[where]] = positions[first, where]
                self.end_state[lanes[where]] = states[first, where]
                go = ~ended
                lanes, position, state = lanes[go], position[go], state[go]
        self.seen[self.nothing] = 0

    def _again(self, todo: NDArray[np.int64]) -> NDArray[np.int64]:
        """Decode lanes from new starts until they meet what they found before.

        Returns the lanes whose end changed.
        """
        begins = np.where(todo > 0, self.limit[todo - 1], 0)
        met = np.empty(len(todo), np.int64)
        found: list[tuple[Positions, States]] = []
        changed = []
        index = np.arange(len(todo))
        position, state = self.start_position[todo], self.start_state[todo]
        while len(index):
            positions, states = self._steps(position, state, STEPS)
            lanes = todo[index]
            limit = self.limit[lanes]
            over = positions >= limit
            same = self.seen[np.where(over, self.nothing, positions)] == states + 1
            done = over | same
            first = done.argmax(0)
            ended = done[-1] | (first > 0) | done[0]
            first = np.where(ended, first, STEPS)
            keep = np.arange(STEPS + 1)[:, None] < first
            found.append((positions[keep], states[keep]))
            where = np.flatnonzero(ended)
            at = positions[first[where], where]
            met[index[where]] = np.minimum(at, limit[where])
            beyond = at >= limit[where]
            where, at = where[beyond], at[beyond]
            self.end_position[lanes[where]] = at
            self.end_state[lanes[where]] = states[first[where], where]
            changed.append(lanes[where])
            go = ~ended
            index, position, state = index[go], positions[-1][go], states[-1][go]
        for begin, end in zip(begins.tolist(), met.tolist(), strict=True):
            self.seen[begin:end] = 0
        for some_positions, some_states in found:
            self.seen[some_positions] = some_states + 1
        return np.sort(np.concatenate(changed))

    def _one_by_one(self, todo: NDArray[np.int64]) -> None:
        """Decode lanes symbol by symbol, in order, until all agree."""
        window = self.near.data
        light = self.machine.light.data
        select = self.machine.select.tolist()
        advance = self.machine.advance.data
        seen = self.seen
        waiting = set(todo.tolist())
        for lane in range(int(todo[0]), len(self.limit)):
            if lane not in waiting:
                continue
            position = int(self.start_position[lane])
            state = int(self.start_state[lane])
            limit = int(self.limit[lane])
            begin = int(self.limit[lane - 1]) if lane else 0
            old = seen[begin:limit].copy().data
            seen[begin:limit] = 0
            positions, states = [], []
            merged = False
            while position < limit:
                if old[position - begin] == state + 1:
                    merged = True
                    break
                positions.append(position)
                states.append(state + 1)
                entry = light[select[state] + window[position]]
                position += entry & 31
                state = advance[(entry >> 5) + state]
            seen[positions] = states
            if merged:
                seen[position:limit] = old[position - begin :]
                continue
            self.end_position[lane] = position
            self.end_state[lane] = state
            if lane + 1 < len(self.limit) and not self.is_known[lane + 1]:
                changed = (
                    self.start_position[lane + 1] != position or self.start_state[lane + 1] != state
                )
                if changed:
                    self.start_position[lane + 1] = position
                    self.start_state[lane + 1] = state
                    waiting.add(lane + 1)
