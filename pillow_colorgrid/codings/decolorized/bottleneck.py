"""The bottleneck: two numbers for each 32 x 32 pixels, as levels, bytes, and networks see them."""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import zstandard

from pillow_colorgrid.codings.decolorized.description import LEVELS
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError

CHANNELS = 2

HEAD = struct.Struct("<HB")
"""Number of levels, how the indices are kept."""

PACKED, ZSTD = 0, 1
"""Indices at ceil(log2(levels)) bits each, most significant first; the same through zstd."""

NETWORK_STEPS = 256
"""The A-decoder sees -1..1 as bytes: ``byte = 128 + round(128 * value)``, at most 255."""


@dataclass(frozen=True)
class Bottleneck:
    """Level indices (2, rows, columns) uint8, each below `levels`."""

    indices: npt.NDArray[np.uint8]
    levels: int

    @classmethod
    def from_real(cls, values: npt.NDArray[np.float32], levels: int) -> "Bottleneck":
        """Round -1..1 to the nearest of `levels` uniform levels."""
        steps = np.float32((levels - 1) / 2)
        rounded = np.rint((values + np.float32(1)) * steps)
        return cls(np.clip(rounded, 0, levels - 1).astype(np.uint8), levels)

    def network_bytes(self) -> npt.NDArray[np.uint8]:
        """What the A-decoder sees, in integers: ``min(255, (512 i + L - 1) // (2 (L - 1)))``.

        That is ``256 * i / (L - 1)`` rounded half up, for index i of L levels.
        """
        wide = self.indices.astype(np.int64)
        last = self.levels - 1
        rounded = (2 * NETWORK_STEPS * wide + last) // (2 * last)
        return np.minimum(rounded, 255).astype(np.uint8)

    @property
    def bits(self) -> int:
        return (self.levels - 1).bit_length()

    def pack(self) -> bytes:
        """Bytes: HEAD, then the indices, channel by channel and row by row."""
        places = np.arange(self.bits - 1, -1, -1, dtype=np.uint8)
        bits = (self.indices.reshape(-1, 1) >> places) & 1
        packed = np.packbits(bits.astype(bool)).tobytes()
        squeezed = zstandard.ZstdCompressor(level=19).compress(packed)
        kind, data = min((PACKED, packed), (ZSTD, squeezed), key=lambda pair: len(pair[1]))
        return HEAD.pack(self.levels, kind) + data

    @classmethod
    def unpack(cls, data: bytes, blocks: tuple[int, int]) -> "Bottleneck":
        """The inverse of `pack`, for a tile of `blocks` (rows, columns).

        Raises:
            DamagedError: impossible levels, kind, length or index.
        """
        if len(data) < HEAD.size:
            raise DamagedError(f"bottleneck of {len(data)} bytes, allowed {HEAD.size} at least")
        levels, kind = HEAD.unpack_from(data)
        if not LEVELS.lowest <= levels <= LEVELS.highest:
            raise DamagedError(
                f"{levels} bottleneck levels, allowed {LEVELS.lowest} to {LEVELS.highest}"
            )
        if kind not in (PACKED, ZSTD):
            raise DamagedError(f"bottleneck kept as {kind}, allowed {PACKED} and {ZSTD}")
        shape = (CHANNELS, *blocks)
        bits = (levels - 1).bit_length()
        size = -(-int(np.prod(shape)) * bits // 8)
        packed = data[HEAD.size :]
        if kind == ZSTD:
            packed = zstd.unpacked(packed, size)
        if len(packed) != size:
            raise DamagedError(f"bottleneck of {len(packed)} bytes, needs {size}")
        unpacked = np.unpackbits(np.frombuffer(packed, np.uint8))
        flags, filling = np.split(unpacked, [int(np.prod(shape)) * bits])
        weights = np.left_shift(1, np.arange(bits - 1, -1, -1))
        indices = flags.reshape(-1, bits) @ weights
        if indices.max() >= levels:
            raise DamagedError(f"bottleneck index {indices.max()}, allowed below {levels}")
        if filling.any():
            raise DamagedError("bits behind the last bottleneck index are set, allowed: 0")
        return cls(indices.astype(np.uint8).reshape(shape), levels)
