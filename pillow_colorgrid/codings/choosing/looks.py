"""Looks at pixels that tell photographs from drawings, without coding all of them.

The *probe* sees what repeats. A *contest* codes a few pieces both ways. *Soft* is what the probe
takes for a drawing, though networks may know it better.
"""

import numpy as np
import zstandard

from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.container import size_bytes
from pillow_colorgrid.pixels import Bytes

# -- the probe ------------------------------------------------------------------------------------

PROBE = zstandard.ZstdCompressionParameters.from_level(1, enable_ldm=True, window_log=27)
"""zstd's fastest, and repetitions up to 128 MiB away: some 10 milliseconds for each megapixel."""

DRAWING, UNCLEAR, PHOTOGRAPH = 0.06, 0.3, 0.65
"""Bounds for the probe's size as a part of the raw bytes. What makes it small is what stored codecs
live on: flat areas, few colours, repetitions. Below the first stands a drawing, below the second
likely one, above the third a photograph."""


WEBP_SEES = zstandard.ZstdCompressionParameters.from_level(1, enable_ldm=True, window_log=22)
"""The same, and only repetitions that WebP sees, too: up to 2**20 pixels away."""

WEBP_SEES_PIXELS = 2**20
"""In smaller pictures those are all."""


def probe(pixels: Bytes, parameters: zstandard.ZstdCompressionParameters = PROBE) -> float:
    """What is left of the raw bytes after a fast compressor, 0 to about 1."""
    raw = np.ascontiguousarray(pixels).data
    return len(zstandard.ZstdCompressor(compression_params=parameters).compress(raw)) / raw.nbytes


def seen_of(pixels: Bytes) -> Bytes:
    """(H, W, C) pixels; of RGBA those (1, n, 4) that are not hidden, if there are any."""
    if pixels.shape[2] < 4:
        return pixels
    seen = pixels[..., 3] != 0
    return pixels if seen.all() or not seen.any() else pixels[seen][None]


# -- soft pictures --------------------------------------------------------------------------------

SOFT = 0.25
"""Where so many blocks slope, the networks may be smaller by a third than what is stored, whatever
the probe says: it sees equal pixels, but not how little others differ. Of flat drawings hardly
one in a hundred does."""


def is_soft(pixels: Bytes) -> bool:
    """Whether most of a picture is smooth, but not of one colour: painted by soft brushes, say."""
    from pillow_colorgrid.codings.stored.encoder import gradient_blocks

    return gradient_blocks.glance(pixels) > SOFT


# -- the contest ----------------------------------------------------------------------------------

CONTEST_PIXELS = 2**20
"""For smaller pictures the contest would take nearly as long as the networks."""

CONTEST_EDGE = 256
"""Pixels along the sides of the pieces on which stored and lossless (effort 1) are compared."""

CONTEST_COLUMNS = (0, 2, 4, 1, 3)
"""There is one piece in each of five bands of rows; in which band of columns, for each of them."""

CONTEST_WON = 0.7
"""Stored has won if its pieces are that much smaller. On whole pictures, at higher efforts, the
networks did better by a quarter at most."""


def contest(pixels: Bytes) -> float:
    """The size of stored divided by that of lossless, on a few pieces spread over the picture."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    pieces = [Picture(piece, mode) for piece in pieces_of(pixels)]
    quick = Options(effort=1)
    return sum(size_bytes(stored.quick(piece).sections) for piece in pieces) / sum(
        size_bytes(lossless.encode(piece, quick).sections) for piece in pieces
    )


def pieces_of(pixels: Bytes) -> list[Bytes]:
    """Squares of CONTEST_EDGE pixels, spread over a picture that is not smaller."""
    bands = len(CONTEST_COLUMNS)
    tops, lefts = (
        np.linspace(0, side - CONTEST_EDGE, 2 * bands + 1).astype(int)[1::2]
        for side in pixels.shape[:2]
    )
    return [
        pixels[top : top + CONTEST_EDGE, left : left + CONTEST_EDGE]
        for top, left in zip(tops, lefts[list(CONTEST_COLUMNS)], strict=True)
    ]


def networks_lose(pixels: Bytes, gain: float = 1.0) -> bool:
    """Whether the networks surely lose against what is so many times smaller than stored."""
    return min(pixels.shape[:2]) >= CONTEST_EDGE and contest(pixels) < CONTEST_WON * gain


# -- all together ---------------------------------------------------------------------------------

ICON_PIXELS = 64 * 64
"""What is not larger, and transparent in places, is an icon."""


def is_drawing(pixels: Bytes, share: float) -> bool:
    """Whether stored is surely smaller, as far as `probe` (`share`) and the contest can tell."""
    height, width, channels = pixels.shape
    small = height * width <= ICON_PIXELS
    if small and channels == 4 and np.ptp(pixels[..., 3]):
        return True
    fair = height * width >= CONTEST_PIXELS and min(height, width) >= CONTEST_EDGE
    if share < DRAWING:
        return not (fair and is_soft(pixels)) or contest(pixels) < 1
    return share < UNCLEAR and fair and contest(pixels) < CONTEST_WON
