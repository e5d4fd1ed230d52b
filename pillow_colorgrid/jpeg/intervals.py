"""A scan's bytes and its restart intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.bits import unstuff
from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.layout import ScanLayout


@dataclass(frozen=True)
class Intervals:
    """Where the restart intervals of a scan lie; a scan without restarts is one of them.

    Attributes:
        data: the scan's bytes, without stuffed zeros and restart markers.
        starts: of each the first byte.
        stops: of each the bit behind its last byte.
        blocks: of each the first block, and the number of all blocks.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    blocks: NDArray[np.int64]


def intervals_of(scan: bytes, layout: ScanLayout) -> Intervals:
    """The intervals that a scan's blocks need; more of them are left out, as decoders do.

    Raises:
        UnsupportedJpegError: there are fewer.
    """
    data, starts = unstuff(scan)
    blocks = layout.intervals()
    needed = len(blocks) - 1
    if len(starts) < needed:
        raise UnsupportedJpegError(
            f"{len(starts)} restart intervals, {needed} expected: damaged or cut off"
        )
    if len(starts) > needed:
        data, starts = data[: starts[needed]], starts[:needed]
    return Intervals(data, starts, np.append(starts[1:], len(data)) * 8, blocks)
