"""Bits of a scan: bytes stuffed after FF, windows of 32 bits, codes laid side by side."""

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.errors import UnsupportedJpegError

PIECE = 1 << 16
"""Codes that are laid side by side at a time: their arrays stay in the processor's cache."""


def unstuff(scan: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of a scan without stuffed zeros and restart markers.

    Args:
        scan: entropy-coded data of one scan.

    Returns:
        The bytes, and where its restart intervals begin in them; the first at 0.

    Raises:
        UnsupportedJpegError: restart markers that do not count 0, 1, ... 7, 0, ...
    """
    raw = np.frombuffer(scan, np.uint8)
    marks = np.flatnonzero(raw[:-1] == 0xFF)
    after = raw[marks + 1]
    restarts = marks[after != 0]
    found = raw[restarts + 1]
    if (found != 0xD0 + np.arange(len(found)) % 8).any():
        raise UnsupportedJpegError("restart markers out of order")
    drop = np.concatenate([marks + 1, restarts])
    starts = restarts - np.searchsorted(np.sort(drop), restarts)
    if len(drop):
        keep = np.ones(len(raw), bool)
        keep[drop] = False
        raw = raw[keep]
    return raw, np.concatenate([np.zeros(1, np.int64), starts])


def stuff(data: NDArray[np.uint8]) -> bytes:
    """The bytes with a zero after each FF."""
    return data.tobytes().replace(b"\xff", b"\xff\x00")


def windows(data: NDArray[np.uint8], start: int, stop: int) -> NDArray[np.uint32]:
    """For each byte of data[start:stop] the 32 bits that begin there; ones follow the end."""
    part = data[start : stop + 3]
    filled = np.full(stop - start + 3, 255, np.uint32)
    filled[: len(part)] = part
    result = np.left_shift(filled[:-3], 24, dtype=np.uint32)
    result |= filled[1:-2] << 16
    result |= filled[2:-1] << 8
    result |= filled[3:]
    return result


def padding_is_ones(
    data: NDArray[np.uint8], stops: NDArray[np.int64], ends: NDArray[np.int64]
) -> bool:
    """Whether the bits after the intervals' ends are ones; told by the first that has any."""
    free = np.flatnonzero((stops - ends > 0) & (stops - ends < 8))
    if len(free) == 0:
        return True
    return bool(data[(stops[free[0]] >> 3) - 1] & 1)


class BitWriter:
    """Lays codes side by side, most significant bit first."""

    def __init__(self) -> None:
        """Begin on a byte."""
        self._chunks: list[NDArray[np.uint8]] = []
        self._rest = 0
        self._rest_bits = 0

    def put(self, codes: NDArray[np.uint64], lengths: NDArray[np.int64]) -> None:
        """Append codes.

        Args:
            codes: (N,) uint64, below 2**length.
            lengths: (N,) int64, 0..57 bits.
        """
        for at in range(0, len(codes), PIECE):
            self._put_piece(codes[at : at + PIECE], lengths[at : at + PIECE])

    def _put_piece(self, codes: NDArray[np.uint64], lengths: NDArray[np.int64]) -> None:
        ends = np.cumsum(lengths)
        ends += self._rest_bits
        total = int(ends[-1])
        starts = ends - lengths
        word = starts >> 6
        shift = 64 - (starts & 63) - lengths
        words = np.zeros((total >> 6) + 2, np.uint64)
        spill = np.flatnonzero(shift < 0)
        spilled, over = codes[spill], -shift[spill]
        shift[spill] = 0
        placed = codes << shift.astype(np.uint64)
        placed[spill] = spilled >> over.astype(np.uint64)
        first = np.flatnonzero(word[1:] != word[:-1]) + 1
        first = np.concatenate([np.zeros(1, np.int64), first])
        words[word[first]] = np.bitwise_or.reduceat(placed, first)
        words[word[spill] + 1] |= spilled << (64 - over).astype(np.uint64)
        words[0] |= np.uint64(self._rest << (64 - self._rest_bits))
        data = words.astype(">u8").view(np.uint8)
        whole = total >> 3
        self._chunks.append(data[:whole])
        self._rest_bits = total & 7
        self._rest = int(data[whole]) >> (8 - self._rest_bits)

    def align(self, ones: bool) -> NDArray[np.uint8]:
        """Fill the last byte with ones or zeros; all bytes since the last call."""
        if self._rest_bits:
            free = 8 - self._rest_bits
            last = self._rest << free | ((1 << free) - 1 if ones else 0)
            self._chunks.append(np.array([last], np.uint8))
        data = np.concatenate(self._chunks) if self._chunks else np.empty(0, np.uint8)
        self._chunks = []
        self._rest = self._rest_bits = 0
        return data
