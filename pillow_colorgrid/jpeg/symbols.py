"""Symbols of a scan on their way to bits.

A *symbol* here is one Huffman code with the bits that follow it, as four numbers in arrays of
their own:

    key     uint16: table << 8 | symbol, `table` being class << 4 | slot; or BITS: no code, the
            extra bits alone; or ALIGN: fill the byte, a restart interval ends
    extra   uint16: the bits after the code
    size    uint8: their number, 0..16
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.bits import BitWriter, stuff
from pillow_colorgrid.jpeg.huffman import HuffmanTable

BITS = 0x2000
ALIGN = 0x2001
KEYS = 0x2002
"""Tables are 0x00..0x03 and 0x10..0x13, so that all keys are below BITS."""


@dataclass(frozen=True)
class Symbols:
    """Some symbols in a row; (N,) each."""

    key: NDArray[np.uint16]
    extra: NDArray[np.uint16]
    size: NDArray[np.uint8]


def histograms(strips: Iterable[Symbols]) -> NDArray[np.int64]:
    """(tables, 256) how often each symbol of each table occurs."""
    total = np.zeros(KEYS, np.int64)
    for strip in strips:
        total += np.bincount(strip.key, minlength=KEYS)
    return total[:BITS].reshape(-1, 256)


def encode(strips: Iterable[Symbols], tables: dict[int, HuffmanTable], ones: bool) -> bytes:
    """The entropy-coded data of a scan.

    Args:
        strips: its symbols; the last one is ALIGN.
        tables: Huffman tables by class << 4 | slot.
        ones: bytes are filled with ones, else zeros.

    Raises:
        ValueError: a symbol has no code.
    """
    codes = np.zeros(KEYS, np.uint64)
    lengths = np.zeros(KEYS, np.int64)
    known = np.zeros(KEYS, bool)
    known[BITS:] = True
    for place, table in tables.items():
        some_codes, some_lengths = table.codes()
        part = slice(place << 8, (place + 1) << 8)
        codes[part], lengths[part], known[part] = some_codes, some_lengths, some_lengths > 0
    writer = BitWriter()
    result: list[bytes] = []
    ends: list[NDArray[np.int64]] = []
    offset = 0
    for strip in strips:
        key = strip.key
        size = strip.size.astype(np.int64)
        if not known[key].all():
            missing = int(key[~known[key]][0])
            raise ValueError(
                f"symbol {missing & 255:#04x} has no code in table {missing >> 8:#04x}"
            )
        length = lengths[key] + size
        code = codes[key] << size.astype(np.uint64)
        code |= strip.extra
        align = np.flatnonzero(key == ALIGN)
        if len(align):
            through = np.cumsum(length)
            each = np.diff(through[align] + offset, prepend=0)
            each[0] = through[align[0]] + offset
            free = -each % 8
            length[align] = free
            code[align] = (1 << free) - 1 if ones else 0
            filled = np.cumsum(each + free)
            ends.append(filled)
            tail = int(through[-1] - through[align[-1]])
        else:
            filled = np.empty(0, np.int64)
            tail = offset + int(length.sum())
        writer.put(code, length)
        offset = tail
    data = writer.align(True)
    total = 0
    previous = 0
    number = 0
    for some in ends:
        for end in (total + some).tolist():
            stop = end >> 3
            if previous:
                result.append(bytes((0xFF, 0xD0 + (number - 1) % 8)))
            result.append(stuff(data[previous:stop]))
            previous = stop
            number += 1
        total += int(some[-1])
    return b"".join(result)
