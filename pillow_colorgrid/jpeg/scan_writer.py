"""The symbols of sequential scans.

Source: ITU-T T.81, annex F.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.layout import ScanLayout
from pillow_colorgrid.jpeg.picture import Coefficients
from pillow_colorgrid.jpeg.segments import ScanHeader
from pillow_colorgrid.jpeg.symbols import ALIGN, Symbols
from pillow_colorgrid.jpeg.zigzag import ORDER

STRIP = 4096
"""Blocks that are turned into symbols at a time."""


def bit_length(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits of numbers 0..2**24."""
    return np.frexp(values.astype(np.float32))[1].astype(np.int64)


def differences(flat: Coefficients, layout: ScanLayout, place: int, low: int) -> NDArray[np.int64]:
    """What a scan tells of all DC coefficients of one component, in coding order."""
    values = flat[layout.dc_order(place)].astype(np.int64) >> low
    result = np.diff(values, prepend=0)
    if layout.restart:
        each = layout.restart * layout.owners.count(place)
        result[::each] = values[::each]
    return result


def value_bits(values: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bits that tell numbers of `size` bits: negative ones less one."""
    bits: NDArray[np.int64] = (values + (values >> 63)) & ((1 << size) - 1)
    return bits


def sequential(flat: Coefficients, header: ScanHeader, layout: ScanLayout) -> Iterator[Symbols]:
    """The symbols of a sequential scan, some thousand blocks at a time."""
    per_mcu = layout.per_mcu
    owners = np.array(layout.owners)
    parts = [differences(flat, layout, place, 0) for place in range(len(header.components))]
    mcus = layout.count // per_mcu
    each = max(1, STRIP // per_mcu)
    dc_keys = np.array([slots >> 4 << 8 for slots in header.tables])[owners]
    ac_keys = np.array([(16 | slots & 15) << 8 for slots in header.tables])[owners]
    for first in range(0, mcus, each):
        stop = min(first + each, mcus)
        count = stop - first
        start = layout.mcus(first, stop).reshape(-1)
        blocks = flat[start[:, None] + ORDER]
        blocks[:, 0] = 0
        difference = np.empty((count, per_mcu), np.int64)
        for place, part in enumerate(parts):
            mine = np.flatnonzero(owners == place)
            difference[:, mine] = part[first * len(mine) : stop * len(mine)].reshape(count, -1)
        aligned = np.zeros(count * per_mcu, np.int64)
        last_mcus = np.arange(first, stop) + 1
        ends = last_mcus == mcus
        if layout.restart:
            ends |= last_mcus % layout.restart == 0
        aligned[per_mcu - 1 :: per_mcu] = ends
        yield block_symbols(
            blocks,
            np.tile(ac_keys, count),
            difference.reshape(-1),
            np.tile(dc_keys, count),
            aligned,
        )


def block_symbols(
    blocks: NDArray[np.int16],
    ac_keys: NDArray[np.int64],
    difference: NDArray[np.int64],
    dc_keys: NDArray[np.int64],
    aligned: NDArray[np.int64],
) -> Symbols:
    """Symbols of whole blocks.

    Args:
        blocks: (N, 64) in zigzag order, DC zeroed.
        ac_keys: (N,) table << 8 of each block's AC symbols.
        difference: (N,) what is told of the DC.
        dc_keys: (N,) table << 8 of each block's DC symbol.
        aligned: (N,) 1 where a restart interval ends after the block.
    """
    number = len(blocks)
    coefficients = nonzeros(blocks)
    highest = np.zeros(number, np.int64)
    highest[coefficients.owner] = coefficients.k
    eob = (highest < 63).astype(np.int64)
    tail = eob + aligned
    inside = coefficients.inside(number)
    # Places in the row of symbols: of each block's end, before that its coefficients and its DC.
    end = np.cumsum(inside + tail) - tail + np.arange(1, number + 1)
    total = number + int(inside.sum()) + int(tail.sum())
    symbols = blank(total)
    coefficients.put(symbols, end, ac_keys)
    put_dc(symbols, end - inside - 1, difference, dc_keys)
    ending = np.flatnonzero(eob)
    symbols.key[end[ending]] = ac_keys[ending]
    ending = np.flatnonzero(aligned)
    symbols.key[end[ending] + eob[ending]] = ALIGN
    return symbols


def blank(total: int) -> Symbols:
    """So many symbols without extra bits, to be filled."""
    return Symbols(
        np.empty(total, np.uint16), np.zeros(total, np.uint16), np.zeros(total, np.uint8)
    )


def put_dc(
    symbols: Symbols,
    place: NDArray[np.int64],
    difference: NDArray[np.int64],
    keys: NDArray[np.int64],
) -> None:
    """Write DC symbols to their places.

    Raises:
        ValueError: a difference of more than 15 bits.
    """
    bits = bit_length(np.abs(difference))
    if bits.max() > 15:
        raise ValueError(f"a DC difference of {bits.max()} bits, at most 15")
    symbols.key[place] = keys | bits
    symbols.extra[place] = value_bits(difference, bits)
    symbols.size[place] = bits


@dataclass(frozen=True)
class NonZeros:
    """AC coefficients that are not 0, in coding order; (M,) each.

    Attributes:
        owner: their block.
        k: their place in zigzag order.
        value: themselves.
        run: zeros before them in the block, below 16.
        zeros: sixteens of zeros before that.
    """

    owner: NDArray[np.int64]
    k: NDArray[np.int64]
    value: NDArray[np.int64]
    run: NDArray[np.int64]
    zeros: NDArray[np.int64]

    def inside(self, number: int) -> NDArray[np.int64]:
        """(number,) symbols of each block's coefficients."""
        return np.bincount(self.owner, self.zeros + 1, number).astype(np.int64)

    def put(self, symbols: Symbols, end: NDArray[np.int64], keys: NDArray[np.int64]) -> None:
        """Write the symbols so that those of block n end before end[n].

        Raises:
            ValueError: a coefficient of more than 15 bits.
        """
        through = np.cumsum(self.zeros + 1)
        last = np.zeros(len(end), np.int64)
        last[self.owner] = through
        place = end[self.owner] - (last[self.owner] - through) - 1
        bits = bit_length(np.abs(self.value))
        if len(bits) and bits.max() > 15:
            raise ValueError(f"a coefficient of {bits.max()} bits, at most 15")
        key = keys[self.owner]
        symbols.key[place] = key | self.run << 4 | bits
        symbols.extra[place] = value_bits(self.value, bits)
        symbols.size[place] = bits
        for n in (1, 2, 3):
            long = np.flatnonzero(self.zeros >= n)
            symbols.key[place[long] - n] = key[long] | 0xF0


def nonzeros(blocks: NDArray[np.int16], first: int = 1) -> NonZeros:
    """The coefficients that are not 0 of (N, 64) blocks in zigzag order.

    Args:
        blocks: zero before `first`.
        first: where runs of zeros begin.
    """
    where = np.flatnonzero(blocks)
    owner = where >> 6
    k = where & 63
    before = np.empty_like(k)
    before[:1] = first - 1
    before[1:] = np.where(owner[1:] == owner[:-1], k[:-1], first - 1)
    run = k - before - 1
    value = blocks.reshape(-1)[where].astype(np.int64)
    return NonZeros(owner, k, value, run & 15, run >> 4)
