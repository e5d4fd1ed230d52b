"""The symbols of progressive scans.

Source: ITU-T T.81, annex G.1; limits of runs and of waiting correction bits as in libjpeg's
`jcphuff.c`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.layout import ScanLayout
from pillow_colorgrid.jpeg.picture import Coefficients
from pillow_colorgrid.jpeg.scan_writer import STRIP, blank, differences, nonzeros, put_dc
from pillow_colorgrid.jpeg.segments import ScanHeader
from pillow_colorgrid.jpeg.symbols import ALIGN, BITS, Symbols
from pillow_colorgrid.jpeg.zigzag import ORDER

MAX_RUN = 0x7FFF
"""Blocks whose ends one symbol tells."""

MAX_WAITING = 937
"""Correction bits that wait for the end of a run: with more, libjpeg ends it."""


def progressive(
    flat: Coefficients, header: ScanHeader, layout: ScanLayout, single_ends: bool
) -> Iterator[Symbols]:
    """The symbols of a progressive scan, some thousand blocks at a time."""
    if header.first > 0:
        scan = _Refinement if header.high else _First
        return scan(flat, header, layout).symbols(single_ends)
    if header.high:
        return _dc_refinement(flat, header, layout)
    return _dc_first(flat, header, layout)


def _interval_ends(layout: ScanLayout) -> NDArray[np.bool_]:
    """(blocks,): True where a restart interval ends after the block."""
    ends = np.zeros(layout.count, bool)
    ends[layout.intervals()[1:] - 1] = True
    return ends


def _dc_first(flat: Coefficients, header: ScanHeader, layout: ScanLayout) -> Iterator[Symbols]:
    owners = np.array(layout.owners)
    keys = np.array([slots >> 4 << 8 for slots in header.tables])[owners]
    difference = np.empty((layout.count // layout.per_mcu, layout.per_mcu), np.int64)
    for component in range(len(header.components)):
        mine = np.flatnonzero(owners == component)
        told = differences(flat, layout, component, header.low)
        difference[:, mine] = told.reshape(-1, len(mine))
    ends = _interval_ends(layout)
    each = STRIP * layout.per_mcu
    row = difference.reshape(-1)
    for first in range(0, layout.count, each):
        aligned = ends[first : first + each]
        part = row[first : first + each]
        place = np.arange(len(part)) + np.cumsum(aligned) - aligned
        symbols = blank(len(part) + int(aligned.sum()))
        put_dc(symbols, place, part, np.tile(keys, len(part) // layout.per_mcu))
        symbols.key[place[aligned] + 1] = ALIGN
        yield symbols


def _dc_refinement(flat: Coefficients, header: ScanHeader, layout: ScanLayout) -> Iterator[Symbols]:
    ends = _interval_ends(layout)
    each = STRIP * layout.per_mcu
    for first in range(0, layout.count, each):
        stop = min(first + each, layout.count)
        aligned = ends[first:stop]
        place = np.arange(stop - first) + np.cumsum(aligned) - aligned
        symbols = blank(stop - first + int(aligned.sum()))
        symbols.key[place] = BITS
        symbols.extra[place] = flat[layout.blocks(first, stop)] >> header.low & 1
        symbols.size[place] = 1
        symbols.key[place[aligned] + 1] = ALIGN
        yield symbols


@dataclass(frozen=True)
class _Runs:
    """Symbols that tell the ends of several blocks; (N,) each.

    Attributes:
        block: the first of the blocks.
        length: their number, 1..MAX_RUN.
        bits: correction bits that follow the symbol.
    """

    block: NDArray[np.int64]
    length: NDArray[np.int64]
    bits: NDArray[np.int64]

    def within(self, first: int, stop: int) -> "_Runs":
        """Those that begin in these blocks, counted from the first of them."""
        part = slice(*np.searchsorted(self.block, (first, stop)).tolist())
        return _Runs(self.block[part] - first, self.length[part], self.bits[part])

    def put(self, symbols: Symbols, place: NDArray[np.int64], table: int) -> None:
        """Write the symbols to their places."""
        size = np.frexp(self.length.astype(np.float32))[1].astype(np.int64) - 1
        symbols.key[place] = table | size << 4
        symbols.extra[place] = self.length - (1 << size)
        symbols.size[place] = size


def _runs(
    has_symbols: NDArray[np.bool_],
    is_open: NDArray[np.bool_],
    ends: NDArray[np.bool_],
    waiting: NDArray[np.int64],
    single: bool,
) -> _Runs:
    """Join the ends of blocks.

    Args:
        has_symbols: (blocks,) the block has coefficients to tell.
        is_open: (blocks,) coefficients are left after them, so that an end has to be told.
        ends: (blocks,) a restart interval ends after the block.
        waiting: (blocks,) correction bits that follow the block's end.
        single: tell each end alone.
    """
    count = len(is_open)
    if single:
        block = np.flatnonzero(is_open)
        return _Runs(block, np.ones(len(block), np.int64), waiting[block])
    after_closed = np.ones(count, bool)
    after_closed[1:] = ~is_open[:-1] | ends[:-1]
    cuts = np.flatnonzero(has_symbols | ~is_open | after_closed)
    length = np.diff(cuts, append=count)
    opens = is_open[cuts]
    cuts, length = cuts[opens], length[opens]
    through = np.concatenate([np.zeros(1, np.int64), np.cumsum(waiting)])
    bits = through[cuts + length] - through[cuts]
    long = np.flatnonzero((length > MAX_RUN) | (bits > MAX_WAITING))
    if len(long) == 0:
        return _Runs(cuts, length, bits)
    short = np.ones(len(cuts), bool)
    short[long] = False
    starts = [cuts[short]]
    lengths = [length[short]]
    for at, left in zip(cuts[long].tolist(), length[long].tolist(), strict=True):
        stop = at + left
        some, some_lengths = [], []
        while at < stop:
            full = int(np.searchsorted(through, through[at] + MAX_WAITING, side="right"))
            end = min(full, at + MAX_RUN, stop)
            some.append(at)
            some_lengths.append(end - at)
            at = end
        starts.append(np.array(some))
        lengths.append(np.array(some_lengths))
    block, length = np.concatenate(starts), np.concatenate(lengths)
    order = np.argsort(block)
    block, length = block[order], length[order]
    return _Runs(block, length, through[block + length] - through[block])


class _Ac:
    """A scan of AC coefficients of one component."""

    def __init__(self, flat: Coefficients, header: ScanHeader, layout: ScanLayout) -> None:
        self.flat = flat
        self.header = header
        self.layout = layout
        self.table = (16 | header.tables[0] & 15) << 8
        self.band = ORDER[header.first : header.last + 1]
        self.ends = _interval_ends(layout)
        self.strips = [
            (first, min(first + STRIP, layout.count)) for first in range(0, layout.count, STRIP)
        ]

    def blocks(self, first: int, stop: int) -> NDArray[np.int16]:
        """(stop - first, 64) in zigzag order: the band, less its lowest bits; 0 elsewhere."""
        header = self.header
        blocks = np.zeros((stop - first, 64), np.int16)
        told = self.flat[self.layout.blocks(first, stop)[:, None] + self.band]
        if header.low:
            # Towards 0: negative numbers are shifted as positive ones.
            told += (told < 0) * np.int16((1 << header.low) - 1)
            told >>= header.low
        blocks[:, header.first : header.last + 1] = told
        return blocks


def _last(blocks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(N,) the last true element of each row of (N, 64), 0 if there is none."""
    from_behind = blocks[:, ::-1].argmax(1)
    return np.where(blocks[np.arange(len(blocks)), 63 - from_behind], 63 - from_behind, 0)


class _First(_Ac):
    """Coefficients are told for the first time."""

    def symbols(self, single_ends: bool) -> Iterator[Symbols]:
        last = np.concatenate([_last(self.blocks(*strip) != 0) for strip in self.strips])
        nothing = np.zeros(len(last), np.int64)
        all_runs = _runs(last > 0, last < self.header.last, self.ends, nothing, single_ends)
        for first, stop in self.strips:
            number = stop - first
            coefficients = nonzeros(self.blocks(first, stop), self.header.first)
            runs = all_runs.within(first, stop)
            aligned = np.flatnonzero(self.ends[first:stop])
            inside = coefficients.inside(number)
            ended = np.bincount(runs.block, minlength=number)
            tail = ended + self.ends[first:stop]
            end = np.cumsum(inside + tail) - tail
            symbols = blank(int(inside.sum()) + int(tail.sum()))
            coefficients.put(symbols, end, np.full(number, self.table))
            runs.put(symbols, end[runs.block] + _rank(runs.block), self.table)
            symbols.key[end[aligned] + ended[aligned]] = ALIGN
            yield symbols


def _rank(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each element among the equal ones before and after it; `owners` is sorted."""
    return np.arange(len(owners)) - np.searchsorted(owners, owners)


class _Refinement(_Ac):
    """Coefficients that are known get one bit more, and others become 1 or -1.

    A symbol is followed by the correction bits of the known coefficients that it passes over. So
    the correction bits of a scan are one row, of which each symbol takes some.
    """

    def symbols(self, single_ends: bool) -> Iterator[Symbols]:
        last_new, waiting, corrections = [], [], []
        for strip in self.strips:
            size = np.abs(self.blocks(*strip))
            last = _last(size == 1)
            known = size > 1
            waiting.append((known & (np.arange(64) > last[:, None])).sum(1))
            last_new.append(last)
            corrections.append((size[known] & 1).astype(np.uint8))
        last = np.concatenate(last_new)
        bits = np.concatenate(corrections)
        all_runs = _runs(
            last > 0, last < self.header.last, self.ends, np.concatenate(waiting), single_ends
        )
        taken = 0
        for first, stop in self.strips:
            events = self._events(first, stop, last[first:stop], all_runs.within(first, stop))
            key, extra, size, followers = events
            count = int(followers.sum())
            place = np.arange(len(key)) + np.cumsum(followers) - followers
            symbols = blank(len(key) + count)
            is_bit = np.ones(len(key) + count, bool)
            is_bit[place] = False
            symbols.key[is_bit] = BITS
            symbols.extra[is_bit] = bits[taken : taken + count]
            symbols.size[is_bit] = 1
            symbols.key[place] = key
            symbols.extra[place] = extra
            symbols.size[place] = size
            taken += count
            yield symbols

    def _events(
        self, first: int, stop: int, last: NDArray[np.int64], runs: _Runs
    ) -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint8], NDArray[np.int64]]:
        """Symbols of some blocks without correction bits, and how many of these follow each."""
        number = stop - first
        blocks = self.blocks(first, stop)
        where = np.flatnonzero(blocks)
        owner = where >> 6
        k = where & 63
        value = blocks.reshape(-1)[where]
        is_new = np.abs(value) == 1
        index = np.arange(len(where))
        begin = np.searchsorted(owner, np.arange(number))
        rank = index - begin[owner]
        # Zeros of the block before each coefficient, and before the new one before it.
        zeros = k - self.header.first - rank
        previous = np.maximum.accumulate(np.where(is_new, index, -1))
        previous = np.concatenate([np.full(1, -1), previous[:-1]])[: len(index)]
        in_block = previous >= begin[owner]
        span = zeros - np.where(in_block, zeros[previous], 0)
        sixteens = span >> 4
        # What coefficients of the same span, known ones, have told of them already.
        told = np.zeros_like(sixteens)
        if len(index):
            follows = (rank[1:] > 0) & ~is_new[:-1]
            told[1:] = np.where(follows, sixteens[:-1], 0)
        # Nothing is told of the zeros after the last new coefficient.
        sixteens_told = np.where(k <= last[owner], sixteens - told, 0)
        count = sixteens_told + is_new
        known_before = np.cumsum(~is_new) - ~is_new
        # Correction bits that no symbol before took.
        has_event = np.flatnonzero(count)
        event_owner = owner[has_event]
        base = known_before[np.minimum(begin[event_owner], len(index) - 1)]
        if len(has_event) > 1:
            same = event_owner[1:] == event_owner[:-1]
            base[1:] = np.where(same, known_before[has_event[:-1]], base[1:])
        takes = known_before[has_event] - base
        per_block = np.bincount(owner, count, number).astype(np.int64)
        ended = np.bincount(runs.block, minlength=number)
        aligned = self.ends[first:stop]
        tail = ended + aligned
        end = np.cumsum(per_block + tail) - tail
        start = end - per_block
        total = int(per_block.sum()) + int(tail.sum())
        # All that is not set below is sixteen zeros.
        events = Symbols(
            np.full(total, self.table | 0xF0, np.uint16),
            np.zeros(total, np.uint16),
            np.zeros(total, np.uint8),
        )
        followers = np.zeros(total, np.int64)
        through = np.cumsum(count)
        before_block = np.concatenate([np.zeros(1, np.int64), through])[begin]
        place = start[owner] + through - before_block[owner] - count
        followers[place[has_event]] = takes
        new = np.flatnonzero(is_new)
        at = place[new] + sixteens_told[new]
        events.key[at] = self.table | (span[new] & 15) << 4 | 1
        events.extra[at] = value[new] > 0
        events.size[at] = 1
        at = end[runs.block] + _rank(runs.block)
        runs.put(events, at, self.table)
        followers[at] = runs.bits
        ending = np.flatnonzero(aligned)
        events.key[end[ending] + ended[ending]] = ALIGN
        return events.key, events.extra, events.size, followers
