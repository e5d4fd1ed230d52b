"""Huffman tables: as a DHT segment holds them, as codes, the standard ones, the optimal ones.

Source: ITU-T T.81, annex C (codes), K.2 (optimal tables), K.3 (typical tables).
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.errors import UnsupportedJpegError

MAX_CODE_BITS = 16


@dataclass(frozen=True)
class HuffmanTable:
    """A table as in a DHT segment.

    Attributes:
        counts: 16 bytes, the number of codes of 1..16 bits.
        symbols: the symbols in the order of their codes.
    """

    counts: bytes
    symbols: bytes

    def pack(self) -> bytes:
        """The bytes of a DHT segment after the class and slot."""
        return self.counts + self.symbols

    def check(self) -> None:
        """Refuse tables that no prefix code has.

        Raises:
            UnsupportedJpegError: more codes than fit, or a symbol twice.
        """
        room = 1
        for bits, count in enumerate(self.counts, 1):
            room = 2 * room - count
            if room < 0:
                raise UnsupportedJpegError(f"Huffman table with too many codes of {bits} bits")
        if len(set(self.symbols)) != len(self.symbols):
            raise UnsupportedJpegError("Huffman table with a symbol twice")

    def _assigned(self) -> Iterator[tuple[int, int, int]]:
        """Symbol, code and its length in bits, in the order of the codes (T.81 annex C)."""
        code = at = 0
        for bits, count in enumerate(self.counts, 1):
            for symbol in self.symbols[at : at + count]:
                yield symbol, code, bits
                code += 1
            at += count
            code <<= 1

    def codes(self) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Code and its length in bits for every symbol 0..255; length 0: no code."""
        codes = np.zeros(256, np.uint32)
        lengths = np.zeros(256, np.uint8)
        for symbol, code, bits in self._assigned():
            codes[symbol], lengths[symbol] = code, bits
        return codes, lengths

    def windows(self) -> Iterator[tuple[int, int, slice]]:
        """Symbol, its bits, and which of all numbers of 16 bits begin with its code."""
        for symbol, code, bits in self._assigned():
            shift = MAX_CODE_BITS - bits
            yield symbol, bits, slice(code << shift, (code + 1) << shift)


def optimal(histogram: NDArray[np.int64]) -> HuffmanTable:
    """The shortest table for these numbers of symbols, as T.81 K.2 and libjpeg make it.

    Args:
        histogram: (256,) how often each symbol occurs.

    One more symbol of frequency 1 takes the code of all ones, which no file may use. Of equal
    frequencies the larger symbol comes first.
    """
    used = np.flatnonzero(histogram)
    heap = [(int(histogram[s]), -int(s), [int(s)]) for s in used] + [(1, -256, [256])]
    heapq.heapify(heap)
    depth = [0] * 257
    while len(heap) > 1:
        low, first, below = heapq.heappop(heap)
        high, _, others = heapq.heappop(heap)
        below = below + others
        for symbol in below:
            depth[symbol] += 1
        heapq.heappush(heap, (low + high, first, below))
    counts = [0] * 258
    for symbol in (*used, 256):
        counts[depth[symbol]] += 1
    if len(used) == 0:
        counts[0], counts[1] = 0, 1
    for bits in range(257, MAX_CODE_BITS, -1):
        while counts[bits] > 0:
            shorter = bits - 2
            while counts[shorter] == 0:
                shorter -= 1
            counts[bits] -= 2
            counts[bits - 1] += 1
            counts[shorter + 1] += 2
            counts[shorter] -= 1
    longest = max(bits for bits in range(1, MAX_CODE_BITS + 1) if counts[bits])
    counts[longest] -= 1
    symbols = sorted((int(s) for s in used), key=lambda symbol: (depth[symbol], symbol))
    return HuffmanTable(bytes(counts[1 : MAX_CODE_BITS + 1]), bytes(symbols))


def _standard(counts: str, symbols: str) -> HuffmanTable:
    return HuffmanTable(bytes.fromhex(counts), bytes.fromhex(symbols))


STANDARD = (
    (
        _standard("00010501010101010100000000000000", "000102030405060708090a0b"),
        _standard("00030101010101010101010000000000", "000102030405060708090a0b"),
    ),
    (
        _standard(
            "0002010303020403050504040000017d",
            "01020300041105122131410613516107227114328191a1082342b1c11552d1f0"
            "2433627282090a161718191a25262728292a3435363738393a43444546474849"
            "4a535455565758595a636465666768696a737475767778797a83848586878889"
            "8a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5"
            "c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8"
            "f9fa",
        ),
        _standard(
            "00020102040403040705040400010277",
            "000102031104052131061241510761711322328108144291a1b1c109233352f0"
            "156272d10a162434e125f11718191a262728292a35363738393a434445464748"
            "494a535455565758595a636465666768696a737475767778797a828384858687"
            "88898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3"
            "c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8"
            "f9fa",
        ),
    ),
)
"""T.81 K.3: [class (0 DC, 1 AC)][0 luminance, 1 chrominance]."""
