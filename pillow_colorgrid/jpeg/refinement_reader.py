"""Progressive scans that tell one more bit of known coefficients.

Source: ITU-T T.81, annex G.2; ends of runs as in libjpeg's `jdphuff.c`.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.bits import unstuff, windows
from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.huffman import HuffmanTable
from pillow_colorgrid.jpeg.layout import ScanLayout
from pillow_colorgrid.jpeg.picture import Coefficients
from pillow_colorgrid.jpeg.segments import ScanHeader
from pillow_colorgrid.jpeg.zigzag import ORDER

STRIP = 8192
"""Blocks that are read at a time."""

END, ZEROS, NEW, INVALID = range(4)
"""Kinds of symbols: end of a run of blocks, sixteen zeros, a new coefficient, none."""


def bits_at(data: NDArray[np.uint8], positions: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The bits at these places, 0 or 1."""
    return data[positions >> 3] >> (7 - (positions & 7)).astype(np.uint8) & 1


def _intervals(
    data: NDArray[np.uint8], starts: NDArray[np.int64], layout: ScanLayout
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First blocks of the restart intervals (and the number of blocks), and their last bits."""
    intervals = layout.intervals()
    if len(starts) != len(intervals) - 1:
        raise UnsupportedJpegError(
            f"{len(starts)} restart intervals, {len(intervals) - 1} expected: damaged or cut off"
        )
    return intervals, np.append(starts[1:], len(data)) * 8


def read_dc(
    scan: bytes, header: ScanHeader, layout: ScanLayout, flat: Coefficients
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Read one more bit of the DC coefficients into `flat`.

    Returns:
        The scan's bytes, and for each restart interval its last bit and where its data end.

    Raises:
        UnsupportedJpegError: a broken scan.
    """
    data, starts = unstuff(scan)
    intervals, stops = _intervals(data, starts, layout)
    ends = starts * 8 + np.diff(intervals)
    if (ends > stops).any():
        raise UnsupportedJpegError("a scan ends before its last block: damaged or cut off")
    offset = np.repeat(starts * 8 - intervals[:-1], np.diff(intervals))
    each = STRIP * layout.per_mcu
    for first in range(0, layout.count, each):
        stop = min(first + each, layout.count)
        bits = bits_at(data, np.arange(first, stop) + offset[first:stop])
        flat[layout.blocks(first, stop)] |= bits.astype(np.int16) << header.low
    return data, stops, ends


@lru_cache(maxsize=8)
def _symbols(table: HuffmanTable) -> list[tuple[int, int, int]]:
    """For each 16 bits: bits used, run, and kind of the symbol."""
    result = [(1, 0, INVALID)] * (1 << 16)
    code = at = 0
    for length, count in enumerate(table.counts, 1):
        for symbol in table.symbols[at : at + count]:
            run, size = symbol >> 4, symbol & 15
            if size == 1:
                entry = (length + 1, run, NEW)
            elif size:
                entry = (length, 0, INVALID)
            elif run == 15:
                entry = (length, 15, ZEROS)
            else:
                entry = (length, run, END)
            shift = 16 - length
            result[code << shift : (code + 1) << shift] = [entry] * (1 << shift)
            code += 1
        at += count
        code <<= 1
    return result


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
        self.data, starts = unstuff(scan)
        self.intervals, self.stops = _intervals(self.data, starts, layout)
        self.starts = starts * 8
        self.ends = self.stops.copy()
        self.header = header
        self.layout = layout
        self.flat = flat
        self.band = ORDER[header.first : header.last + 1]
        self.window = windows(self.data, 0, len(self.data) + 16).data
        self.table = _symbols(table)
        self.symbols: list[int] = []
        self.histogram = np.zeros(256, np.int64)
        self.position = 0
        self.run = 0
        self.interval = 0
        has_neighbours = False
        for first in range(0, layout.count, STRIP):
            self._strip(first, min(first + STRIP, layout.count))
            symbols = np.array(self.symbols, np.int64)
            self.symbols.clear()
            self.histogram += np.bincount(symbols, minlength=256)
            has_neighbours |= bool(((symbols[1:] == 0) & (symbols[:-1] == 0)).any())
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
        log_place: list[int] = []
        log_passed: list[int] = []
        log_zero: list[int] = []
        block = first
        while block < stop:
            if block == self.intervals[self.interval]:
                self.position = int(self.starts[self.interval])
                self.run = 0
            end = min(int(self.intervals[self.interval + 1]), stop)
            self._blocks(
                block - first, end - first, zeros, starts, width, log_place, log_passed, log_zero
            )
            if end == self.intervals[self.interval + 1]:
                if self.run:
                    raise UnsupportedJpegError("a run of ends of blocks beyond the end of the scan")
                if self.position > self.stops[self.interval]:
                    raise UnsupportedJpegError("a scan ends before its last block")
                self.ends[self.interval] = self.position
                self.interval += 1
            block = end
        place = np.array(log_place, np.int64)
        passed = np.array(log_passed, np.int64)
        zero = np.array(log_zero, np.int64)
        one = 1 << self.header.low
        total = len(row) - len(zeros)
        follow = np.diff(passed, append=total)
        if (follow < 0).any():
            raise UnsupportedJpegError("a scan that goes back")
        at = np.repeat(place - passed, follow) + np.arange(total)
        if len(at) and at.max() >= len(self.data) * 8:
            raise UnsupportedJpegError("a scan ends before its last block")
        old = row[known]
        bits = bits_at(self.data, at).astype(np.int16) * np.int16(one)
        row[known] = old + np.where(old < 0, -bits, bits)
        is_new = zero >= 0
        sign = bits_at(self.data, np.minimum(place[is_new] - 1, len(self.data) * 8 - 1))
        row[zeros[zero[is_new]]] = np.where(sign == 1, one, -one)
        self.flat[places] = blocks

    def _blocks(
        self,
        block: int,
        stop: int,
        zeros: NDArray[np.int64],
        starts_array: NDArray[np.int64],
        width: int,
        log_place: list[int],
        log_passed: list[int],
        log_zero: list[int],
    ) -> None:
        """Find the symbols of blocks `block`..`stop` - 1 of a strip.

        Notes for each symbol the bit after it, the known coefficients before it, and the number
        of the coefficient that begins there, or -1.
        """
        window, table, symbols = self.window, self.table, self.symbols
        place = zeros.data
        starts = starts_array.data
        position = self.position
        limit = int(self.stops[self.interval])
        zero = starts[block]
        passed = block * width - zero
        if self.run:
            # The run of the strip before reaches in here.
            log_place.append(position)
            log_passed.append(passed)
            log_zero.append(-1)
            reached = min(block + self.run, stop)
            self.run -= reached - block
            block = reached
            zero = starts[block]
            now = block * width - zero
            position += now - passed
            passed = now
        while block < stop:
            if position > limit:
                raise UnsupportedJpegError("a scan ends before its last block")
            bits = window[position >> 3] >> (16 - (position & 7)) & 0xFFFF
            used, run, kind = table[bits]
            position += used
            if kind == NEW:
                zero += run
                symbols.append(run << 4 | 1)
                log_zero.append(zero)
            elif kind == END:
                symbols.append(run << 4)
                log_zero.append(-1)
                reached = block + 1
                if run:
                    bits = window[position >> 3] >> (16 - (position & 7)) & 0xFFFF
                    reached = block + (1 << run) + (bits >> (16 - run))
                    position += run
                log_place.append(position)
                log_passed.append(passed)
                if reached > stop:
                    self.run = reached - stop
                    reached = stop
                block = reached
                zero = starts[block]
                now = block * width - zero
                position += now - passed
                passed = now
                continue
            elif kind == ZEROS:
                zero += 15
                symbols.append(0xF0)
                log_zero.append(-1)
            else:
                raise UnsupportedJpegError("a code that is in no Huffman table")
            if zero >= starts[block + 1]:
                raise UnsupportedJpegError("a run of zeros beyond the end of a block")
            log_place.append(position)
            log_passed.append(passed)
            at = place[zero]
            now = at - zero
            position += now - passed
            passed = now
            zero += 1
            if at == (block + 1) * width - 1:
                block += 1
        self.position = position
