"""Scans that tell coefficients for the first time: sequential ones, and progressive first ones.

Source: ITU-T T.81, annexes F.2 and G.2.
"""

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.huffman import HuffmanTable
from pillow_colorgrid.jpeg.intervals import intervals_of
from pillow_colorgrid.jpeg.layout import ScanLayout
from pillow_colorgrid.jpeg.picture import Coefficients
from pillow_colorgrid.jpeg.segments import ScanHeader
from pillow_colorgrid.jpeg.trace import END, Machine, Piece, trace
from pillow_colorgrid.jpeg.zigzag import ORDER

PIECE = 1 << 15
"""Symbols whose values are read at a time: their arrays stay in the processor's cache."""

Histograms = dict[int, NDArray[np.int64]]
"""How often each symbol occurs, by class << 4 | slot of the Huffman table."""


def read(
    scan: bytes,
    header: ScanHeader,
    tables: dict[int, HuffmanTable],
    layout: ScanLayout,
    flat: Coefficients,
    progressive: bool,
) -> tuple[Histograms, bool, tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]]:
    """Read a scan into `flat`, whose coefficients of this band are 0 before.

    Args:
        scan: entropy-coded data.
        header: the scan's header.
        tables: Huffman tables by class << 4 | slot.
        layout: the scan's blocks.
        flat: all coefficients, changed in place.
        progressive: the frame is progressive.

    Returns:
        The numbers of symbols; whether ends of neighbouring blocks are told one by one, never as
        runs (progressive); and the scan's bytes, and for each restart interval its last bit and
        where its data end.

    Raises:
        UnsupportedJpegError: a broken scan.
    """
    found = intervals_of(scan, layout)
    data, starts, stops = found.data, found.starts, found.stops
    if (stops <= starts * 8).any():
        raise UnsupportedJpegError("an empty restart interval")
    has_dc, has_ac = header.first == 0, header.last > 0
    blocks: list[tuple[int | None, int | None]] = []
    for owner in layout.owners:
        slots = header.tables[owner]
        blocks.append((slots >> 4 if has_dc else None, 16 | slots & 15 if has_ac else None))
    machine = Machine.build(blocks, tables, header.first, header.last, progressive)
    reader = _Reader(machine, layout, flat, header, starts * 8, stops, found.blocks)
    for piece in trace(data, starts, machine):
        for at in range(0, len(piece.positions), PIECE):
            reader.read(piece, slice(at, at + PIECE))
        if reader.complete == len(starts):
            break  # what follows may be megabytes of nothing
    if reader.complete != len(starts):
        raise UnsupportedJpegError("a scan ends before its last block: damaged or cut off")
    if has_dc:
        for place in range(len(header.components)):
            add_up(flat, layout, place, header.low)
    histograms = dict(zip(machine.places, reader.histograms, strict=True))
    single_ends = False
    if header.first > 0 and reader.has_neighbours:
        single_ends = not reader.histograms[0, 0x10:0xF0:0x10].any()
    return histograms, single_ends, (data, stops, reader.ends)


def add_up(flat: Coefficients, layout: ScanLayout, place: int, low: int) -> None:
    """Turn the differences of DC coefficients into the coefficients, in place.

    Raises:
        UnsupportedJpegError: a coefficient is beyond 16 bits.
    """
    order = layout.dc_order(place)
    values = np.cumsum(flat[order], dtype=np.int64)
    if layout.restart:
        each = layout.restart * layout.owners.count(place)
        before = np.concatenate([np.zeros(1, np.int64), values[each - 1 :: each]])
        values -= np.repeat(before, each)[: len(values)]
    values <<= low
    if len(values) and (values.max() > 32767 or values.min() < -32767):
        raise UnsupportedJpegError("a DC coefficient beyond 16 bits")
    flat[order] = values


class _Reader:
    """Values of symbols, written to where they belong.

    Attributes:
        complete: number of restart intervals whose last block was found.
        ends: for each interval the bit after its last symbol.
        histograms: (tables, 256) how often each symbol occurred.
        has_neighbours: two symbols in a row are ends of one block each.
    """

    def __init__(
        self,
        machine: Machine,
        layout: ScanLayout,
        flat: Coefficients,
        header: ScanHeader,
        starts: NDArray[np.int64],
        stops: NDArray[np.int64],
        intervals: NDArray[np.int64],
    ) -> None:
        self.machine = machine
        self.layout = layout
        self.flat = flat
        self.low = header.low
        self.starts = starts
        self.stops = stops
        self.first_block = intervals[:-1]
        self.block_count = np.diff(intervals)
        self.interval = 0
        self.block = 0
        self.complete = 0
        self.has_neighbours = False
        self.ends = stops.copy()
        self.histograms = np.zeros((len(machine.places), 256), np.int64)

    def read(self, piece: Piece, part: slice) -> None:
        """Read the values of some symbols.

        Raises:
            UnsupportedJpegError: an invalid code, a run beyond the band, or blocks too many.
        """
        machine = self.machine
        positions, states = piece.positions[part], piece.states[part]
        bits = piece.window[positions >> 3]
        bits <<= (positions & 7).astype(np.uint32)
        bits >>= 16
        table = machine.select[states]
        table += bits
        entry = machine.lookup[table].astype(np.int64)
        step = entry >> 5 & 127
        length = entry >> 12 & 31
        size = (entry & 31) - length
        place = positions + length
        value = piece.window[place >> 3]
        value <<= (place & 7).astype(np.uint32)
        value >>= 1
        value >>= (31 - size).astype(np.uint32)
        number = value.astype(np.int64)
        last_k = (states & 63) + step
        is_end = step == END
        ended = last_k > machine.last
        advance = np.where(is_end, (1 << size) + number, ended)
        block, valid = self._blocks(piece, part, advance, positions, entry)
        if valid is not None:
            entry, last_k, is_end, size = entry[valid], last_k[valid], is_end[valid], size[valid]
            number, block, table = number[valid], block[valid], table[valid]
        if len(entry) == 0:
            return
        if not (entry >> 25).all():
            raise UnsupportedJpegError("a code that is in no Huffman table")
        if ((last_k > machine.last + 1) & ~is_end).any():
            raise UnsupportedJpegError("a run of zeros beyond the end of a block")
        key = table >> 16 << 8 | (entry >> 17 & 255)
        count = np.bincount(key, minlength=self.histograms.size)
        self.histograms += count.reshape(self.histograms.shape)
        if machine.first > 0 and not self.has_neighbours:
            alone = is_end & (size == 0)
            self.has_neighbours = bool((alone[1:] & alone[:-1]).any())
        told = np.flatnonzero((size > 0) & ~is_end)
        number, size, block = number[told], size[told], block[told]
        number += np.where(number >> (size - 1), 0, 1 - (1 << size))
        first = self.layout.blocks(int(block[0]), int(block[-1]) + 1) if len(block) else block
        coefficient = last_k[told] - 1
        if machine.last == 0:
            self.flat[first[block - block[0]] if len(block) else block] = number
            return
        if self.low:
            number <<= self.low
            if len(number) and (number.max() > 32767 or number.min() < -32767):
                raise UnsupportedJpegError("a coefficient beyond 16 bits")
        if len(block):
            # DC symbols stand at coefficient 0, where `step` is 1 too: last_k - 1 is 0.
            self.flat[first[block - block[0]] + ORDER[coefficient]] = number

    def _blocks(
        self,
        piece: Piece,
        part: slice,
        advance: NDArray[np.int64],
        positions: NDArray[np.int64],
        entry: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """The block of the scan of each symbol, and which symbols count (None: all).

        What follows an interval's last block is padding and does not count.
        """
        through = np.cumsum(advance)
        total = int(through[-1])
        before = through - advance
        begin, end = int(positions[0]) + piece.base, int(positions[-1]) + piece.base
        # Intervals that begin here: all of their first symbols are in positions.
        lowest = int(np.searchsorted(self.starts, begin))
        highest = int(np.searchsorted(self.starts, end, side="right"))
        if highest == lowest:
            before += self.block
            self.block += total
            number = np.int64(max(lowest - 1, 0))
            limit: NDArray[np.int64] | np.int64 = self.block_count[number]
            last_limit = int(limit)
            add: NDArray[np.int64] | np.int64 = self.first_block[number]
            which: NDArray[np.int64] | None = None
        else:
            first = np.searchsorted(positions, self.starts[lowest:highest] - piece.base)
            mark = np.zeros(len(positions), np.int64)
            mark[first] = 1
            which = np.cumsum(mark) + (lowest - 1)
            offset = np.concatenate([np.array([-self.block]), before[first]])
            before -= offset[which - (lowest - 1)]
            self.block = total - int(offset[-1])
            which = np.maximum(which, 0)
            limit = self.block_count[which]
            add = self.first_block[which]
            number = np.int64(highest - 1)
            last_limit = int(self.block_count[number])
        after = before + advance
        if ((before < limit) & (after > limit)).any():
            raise UnsupportedJpegError("a run of ends of blocks beyond the end of the scan")
        done = np.flatnonzero((after == limit) & (advance > 0))
        if len(done):
            numbers = which[done] if which is not None else np.full(len(done), number)
            ends = positions[done] + piece.base + (entry[done] & 31)
            if (ends > self.stops[numbers]).any():
                raise UnsupportedJpegError("a scan ends within its last block: damaged or cut off")
            self.ends[numbers] = ends
            self.complete += len(done)
        valid = None
        if which is not None or after[-1] >= last_limit:
            valid = np.flatnonzero(before < limit)
            if len(valid) == len(before):
                valid = None
        return before + add, valid
