"""Progressive scans that tell one more bit of known coefficients.

Source: ITU-T T.81, annex G.2; ends of runs as in libjpeg's `jdphuff.c`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.bits import windows
from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.huffman import HuffmanTable
from pillow_colorgrid.jpeg.intervals import intervals_of
from pillow_colorgrid.jpeg.layout import ScanLayout
from pillow_colorgrid.jpeg.picture import Coefficients
from pillow_colorgrid.jpeg.segments import ScanHeader
from pillow_colorgrid.jpeg.zigzag import ORDER

STRIP = 8192
"""Blocks that are read at a time."""

ZEROS, INVALID, ENDS = 16, 17, 31
"""What a symbol is beside zeros and a new coefficient: see `_symbols`."""

SIXTEEN = 1 << 40
"""Added in the log to the numbers of coefficients that are the last of sixteen zeros."""

SEGMENT = 1 << 18
"""Bytes of a scan whose symbols are looked up at a time."""

SLACK = 512
"""Bytes after a segment that the last block of it may need: 63 symbols of at most 33 bits."""


def bits_at(data: NDArray[np.uint8], positions: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The bits at these places, 0 or 1."""
    bits: NDArray[np.uint8] = data[positions >> 3] >> (7 - (positions & 7)).astype(np.uint8) & 1
    return bits


def read_dc(
    scan: bytes, header: ScanHeader, layout: ScanLayout, flat: Coefficients
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Read one more bit of the DC coefficients into `flat`.

    Returns:
        The scan's bytes, and for each restart interval its last bit and where its data end.

    Raises:
        UnsupportedJpegError: a broken scan.
    """
    found = intervals_of(scan, layout)
    data, starts, stops = found.data, found.starts * 8, found.stops
    counts = np.diff(found.blocks)
    ends = starts + counts
    if (ends > stops).any():
        raise UnsupportedJpegError("a scan ends before its last block: damaged or cut off")
    offset = np.repeat(starts - found.blocks[:-1], counts)
    each = STRIP * layout.per_mcu
    for first in range(0, layout.count, each):
        stop = min(first + each, layout.count)
        bits = bits_at(data, np.arange(first, stop) + offset[first:stop])
        flat[layout.blocks(first, stop)] |= bits.astype(np.int16) << header.low
    return data, stops, ends


@lru_cache(maxsize=8)
def _symbols(table: HuffmanTable) -> NDArray[np.int32]:
    """For each 16 bits the symbol at their beginning.

    Bits used | what << 5. What: 0..15 zeros and a new coefficient, whose sign is the last bit used;
    `ZEROS`; `INVALID`; or `ENDS` + r, the end of a run of blocks, told by r more bits.
    """
    result = np.full(1 << 16, 1 | INVALID << 5, np.int32)
    for symbol, length, begun in table.windows():
        run, size = symbol >> 4, symbol & 15
        if size == 1:
            result[begun] = length + 1 | run << 5
        elif size:
            result[begun] = length | INVALID << 5
        elif run == 15:
            result[begun] = length | ZEROS << 5
        else:
            result[begun] = length | ENDS + run << 5
    return result


def _at_each_bit(data: NDArray[np.uint8], first: int, stop: int, table: HuffmanTable) -> memoryview:
    """The symbol that begins at each bit of some bytes, if one does.

    As `_symbols`, but ends of runs are `ENDS` + the number of blocks, 1 to 32767.
    """
    entries = _symbols(table)
    window = windows(data, first, stop + 4)
    result = np.empty((stop - first, 8), np.int32)
    for bit in range(8):
        column = entries[(window[:-4] << bit) >> 16]
        ends = np.flatnonzero(column >= ENDS << 5)
        if len(ends):
            length = column[ends] & 31
            size = (column[ends] >> 5) - ENDS
            # The code may end in any of the next bytes.
            place = length + bit
            more = window[ends + (place >> 3)] << (place & 7).astype(np.uint32)
            extra = (more >> 1 >> (31 - size).astype(np.uint32)).astype(np.int32)
            column[ends] = length + size | (ENDS + (1 << size) + extra) << 5
        result[:, bit] = column
    return result.reshape(-1).data


class AcRefinement:
    """One more bit of the AC coefficients of a component, and the coefficients that begin here.

    The scan cannot be cut into lanes: how many correction bits follow a symbol depends on the
    block. But each symbol passes over all of them at once: with the coefficients that are 0 so
    far numbered through, number g has `place[g] - g` known ones before it.

    Attributes:
        data: the scan's bytes.
        stops: last bit of each restart interval.
        ends: where the interval's data end.
        histogram: (256,) how often each symbol occurred.
        has_single_ends: ends of neighbouring blocks are told one by one, never as runs.
    """

    def __init__(
        self,
        scan: bytes,
        header: ScanHeader,
        table: HuffmanTable,
        layout: ScanLayout,
        flat: Coefficients,
    ) -> None:
        """Read a scan into `flat`.

        Raises:
            UnsupportedJpegError: a broken scan.
        """
        found = intervals_of(scan, layout)
        self.data, self.stops = found.data, found.stops
        self.starts, self.intervals = found.starts * 8, found.blocks
        self.ends = self.stops.copy()
        self.header = header
        self.layout = layout
        self.flat = flat
        self.band = ORDER[header.first : header.last + 1]
        self.table = table
        self._look_up(0)
        self._has_neighbours = False
        self.histogram = np.zeros(256, np.int64)
        self.position = 0
        self.run = 0
        self.interval = 0
        has_neighbours = False
        for first in range(0, layout.count, STRIP):
            self._strip(first, min(first + STRIP, layout.count))
            has_neighbours |= self._has_neighbours
        self.has_single_ends = has_neighbours and not self.histogram[0x10:0xF0:0x10].any()

    def _strip(self, first: int, stop: int) -> None:
        """Read some blocks."""
        places = self.layout.blocks(first, stop)[:, None] + self.band
        blocks = self.flat[places]
        row = blocks.reshape(-1)
        known = row != 0
        zeros = np.flatnonzero(~known)
        width = len(self.band)
        starts = np.searchsorted(zeros, np.arange(stop - first + 1) * width)
        log = _Log([], [], [])
        block = first
        while block < stop:
            if block == self.intervals[self.interval]:
                self.position = int(self.starts[self.interval])
                self.run = 0
            end = min(int(self.intervals[self.interval + 1]), stop)
            self._blocks(block - first, end - first, zeros, starts, width, log)
            if end == self.intervals[self.interval + 1]:
                if self.run:
                    raise UnsupportedJpegError("a run of ends of blocks beyond the end of the scan")
                if self.position > self.stops[self.interval]:
                    raise UnsupportedJpegError("a scan ends before its last block")
                self.ends[self.interval] = self.position
                self.interval += 1
            block = end
        zero, begin, is_new = self._count(log, zeros, starts, width)
        one = 1 << self.header.low
        total = len(row) - len(zeros)
        at = np.repeat(begin, np.diff(zero, append=total)) + np.arange(total)
        if len(at) and at.max() >= len(self.data) * 8:
            raise UnsupportedJpegError("a scan ends before its last block")
        old = row[known]
        bits = bits_at(self.data, at).astype(np.int16) * np.int16(one)
        row[known] = old + np.where(old < 0, -bits, bits)
        sign = bits_at(self.data, (begin + zero)[is_new] - 1)
        row[zeros[np.array(log.zeros, np.int64)[is_new]]] = np.where(sign == 1, one, -one)
        self.flat[places] = blocks

    def _count(
        self,
        log: "_Log",
        zeros: NDArray[np.int64],
        starts: NDArray[np.int64],
        width: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """What the symbols of a strip were.

        Returns:
            Of each symbol: the known coefficients before its correction bits; the first of these
            bits less this number; whether it is a new coefficient.
        """
        begin = np.array(log.begins, np.int64)
        zero = np.array(log.zeros, np.int64)
        ends = np.array(log.ends, np.int64)
        is_end = zero < 0
        is_sixteen = zero >= SIXTEEN
        is_new = ~is_end & ~is_sixteen
        zero = np.where(is_sixteen, zero - SIXTEEN, zero)
        # The coefficient (of those that are 0) after each symbol, and the known ones before it.
        block = -zero[is_end] - 1
        after = zero + 1
        after[is_end] = starts[block]
        passed = zeros[np.where(is_end, 0, zero)] - zero if len(zeros) else np.zeros_like(zero)
        passed[is_end] = block * width - starts[block]
        before = np.concatenate([np.zeros(1, np.int64), passed[:-1]])[: len(passed)]
        run = zero[1:] - after[:-1]
        run = np.concatenate([zero[:1], run])[is_new]
        self.histogram += np.bincount(run << 4 | 1, minlength=256)
        self.histogram[0xF0] += int(is_sixteen.sum())
        told = ends[ends > 0]
        size = np.frexp(told.astype(np.float32))[1].astype(np.int64) - 1
        self.histogram += np.bincount(size << 4, minlength=256)
        single = np.zeros(len(zero), bool)
        single[is_end] = ends == 1
        self._has_neighbours = bool((single[1:] & single[:-1]).any())
        return before, begin, is_new

    def _look_up(self, position: int) -> None:
        """Look up the symbols from a bit on; `segment` is the first bit of those bytes."""
        first = position >> 3
        stop = max(first, min(first + SEGMENT, len(self.data))) + SLACK
        self.segment = first * 8
        self.entries = _at_each_bit(self.data, first, stop, self.table)

    def _blocks(
        self,
        block: int,
        stop: int,
        zeros: NDArray[np.int64],
        starts_array: NDArray[np.int64],
        width: int,
        log: "_Log",
    ) -> None:
        """Find the symbols of blocks `block`..`stop` - 1 of a strip, and note them in `log`.

        `ahead` is position - known coefficients that are passed: what a symbol passes over need
        not be counted, the next position follows from where the decoder stands.
        """
        places, starts = zeros.data, starts_array.data
        note_begin, note_zero, note_end = log.begins.append, log.zeros.append, log.ends.append
        position = self.position
        limit = int(self.stops[self.interval])
        zero = starts[block]
        ahead = position - (block * width - zero)
        if self.run:
            # The run of the strip before reaches in here.
            reached = min(block + self.run, stop)
            self.run -= reached - block
            block = reached
            note_begin(ahead)
            note_zero(-block - 1)
            note_end(0)
            zero = starts[block]
            position = ahead + block * width - zero
        while block < stop:
            if position > limit:
                raise UnsupportedJpegError("a scan ends before its last block")
            if not self.segment <= position < self.segment + SEGMENT * 8:
                self._look_up(position)
            entries, segment = self.entries, self.segment
            safe = min(segment + SEGMENT * 8, limit + 1)
            zero_end = starts[block + 1]
            ahead -= segment
            position -= segment
            safe -= segment
            while True:
                entry = entries[position]
                what = entry >> 5
                ahead += entry & 31
                if what < ENDS:
                    if what < ZEROS:
                        zero += what
                        note_zero(zero)
                    elif what == ZEROS:
                        zero += 15
                        note_zero(zero + SIXTEEN)
                    else:
                        raise UnsupportedJpegError("a code that is in no Huffman table")
                    note_begin(ahead + segment)
                    if zero >= zero_end:
                        raise UnsupportedJpegError("a run of zeros beyond the end of a block")
                    at = places[zero]
                    position = ahead + at - zero
                    zero += 1
                    if zero < zero_end or at < (block + 1) * width - 1:
                        continue
                    block += 1
                else:
                    count = what - ENDS
                    block += count
                    if block > stop:
                        self.run = block - stop
                        block = stop
                    note_end(count)
                    note_zero(-block - 1)
                    note_begin(ahead + segment)
                    zero = starts[block]
                    position = ahead + block * width - zero
                if block == stop or position >= safe:
                    break
                zero_end = starts[block + 1]
            ahead += segment
            position += segment
        self.position = position


@dataclass(frozen=True)
class _Log:
    """Symbols of a strip in order.

    Attributes:
        begins: the bit after it, less the known coefficients before it.
        zeros: number of the coefficient that begins here or (plus `SIXTEEN`) is the last of
            sixteen zeros; or -1 - the first block after the end of a run.
        ends: only of the ends of runs: the number of blocks; 0 for the rest of a run.
    """

    begins: list[int]
    zeros: list[int]
    ends: list[int]
