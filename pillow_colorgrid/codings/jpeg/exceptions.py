"""Pixels that the coefficients do not render to, as bytes: the section JEXC.

zstd over: the number of exceptions (uint32), then for each the distance to the pixel before it
(uint32; the first: to -1), low bytes of all first, then second bytes and so on; then the residuals
of each channel (uint8, modulo 256).
"""

import numpy as np
import zstandard

from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.jpeg.exceptions import Exceptions

LEVEL = 19


def pack(exceptions: Exceptions) -> bytes:
    """The bytes of the section."""
    distances = np.diff(exceptions.positions, prepend=-1).astype("<u4")
    planes = distances.view(np.uint8).reshape(-1, 4).T
    residuals = exceptions.residuals.astype(np.uint8).T
    count = np.array([len(distances)], "<u4")
    raw = count.tobytes() + planes.tobytes() + residuals.tobytes()
    return zstandard.ZstdCompressor(level=LEVEL).compress(raw)


def unpack(data: bytes, shape: tuple[int, ...]) -> Exceptions:
    """The inverse of `pack`, for a picture of (H, W, C).

    Raises:
        DamagedError: naming what was found and what is allowed.
    """
    pixels, channels = shape[0] * shape[1], shape[2]
    largest = 4 + pixels * (4 + channels)
    raw = zstd.unpacked_up_to(data, largest, what="exceptions")
    if len(raw) < 4:
        raise DamagedError(f"exceptions of {len(raw)} bytes, allowed 4 to {largest}")
    count = int.from_bytes(raw[:4], "little")
    if len(raw) != 4 + count * (4 + channels):
        raise DamagedError(f"{count} exceptions in {len(raw)} bytes")
    planes = np.frombuffer(raw, np.uint8, 4 * count, 4).reshape(4, count)
    distances = np.ascontiguousarray(planes.T).view("<u4").reshape(-1).astype(np.int64)
    positions = np.cumsum(distances) - 1
    if count and (distances.min() < 1 or positions[-1] >= pixels):
        raise DamagedError(f"an exception at pixel {positions[-1]} of {pixels}")
    residuals = np.frombuffer(raw, np.uint8, count * channels, 4 + 4 * count)
    return Exceptions(positions, residuals.reshape(channels, count).T.astype(np.int16))
