"""How large WebP's lossless file of a photograph is at least, without making it. Encoder only.

Of a small picture WebP makes a file nearly at its fastest, in a sixth of the time. Of a larger one
it makes a file of some pieces from all over the picture, side by side. How restless the pieces are,
beside the whole, tells how much more or less the rest of the picture takes. What WebP would gain by
repetitions, which pieces cannot show, a fast compressor sees in the whole.

For training pictures (`tools/results/webp_size.tsv`) WebP's file was at least 0.917 of what 92
estimates by pieces said, and at least 0.906 of the file of 74 scouts, of thumbnails 0.882 (of 862
more thumbnails and corners one was 0.83); the shares below leave room under that.
"""

from collections.abc import Callable

import numpy as np

from pillow_colorgrid.codings.stored.encoder.parts import QUICK, webp
from pillow_colorgrid.pixels import Bytes

SCOUT = (1, 25)
"""WebP's method and "quality", which for lossless means effort: nearly its fastest."""

TINY_PIXELS, TINY_SHARE = 2**14, 0.82
"""Thumbnails vary more."""

SCOUT_SHARE, PIECES_SHARE = 0.86, 0.88

LEAST_PIXELS = 2**16
"""In smaller pictures the pieces would be too few, or most of the picture."""

PIECE_ROWS, PIECE_COLUMNS = 16, 256

SAMPLE = (6, 2**16), (32, 2**17)
"""Pixels of all pieces: this part of the picture's, but no more than so many; the larger counts."""

GOLDEN_SECTION = (5**0.5 - 1) / 2

COSTS = np.rint(256 * np.log2(1 + 2.0 * np.arange(4 * 512))).astype(np.int32)
"""By the distance from what neighbours let expect: 1/256 bits."""

STRIP_ROWS = 32
"""So many rows at a time stay in a processor's cache."""


def least_bytes(pixels: Bytes, probe: Callable[[Bytes], float], share: float) -> float:
    """WebP's file (QUICK) of a photograph (H, W, C) is not smaller.

    Args:
        probe: what a fast compressor leaves of pixels, as a part of them.
        share: what it leaves of this picture.
    """
    count = pixels.shape[0] * pixels.shape[1]
    if count < LEAST_PIXELS or pixels.shape[2] != 3:
        return (TINY_SHARE if count < TINY_PIXELS else SCOUT_SHARE) * len(webp(pixels, *SCOUT))
    return PIECES_SHARE * by_pieces(pixels, probe, share)


def by_pieces(rgb: Bytes, probe: Callable[[Bytes], float], share: float) -> float:
    """About the bytes of WebP's file (H, W, 3), as above."""
    pieces = _pieces(rgb)
    sample = np.concatenate(pieces)
    repetitions = min(1.0, share / probe(sample))
    restless = _restlessness([rgb]) / max(_restlessness(pieces), 1e-9)
    area = rgb.size / sample.size
    return len(webp(sample, *QUICK)) * area * restless * repetitions


def _pieces(rgb: Bytes) -> list[Bytes]:
    """One in each of many bands of rows, in columns that differ from band to band."""
    height, width = rgb.shape[:2]
    columns = min(PIECE_COLUMNS, width)
    rows = min(PIECE_ROWS, height)
    pixels = max(min(height * width // part, most) for part, most in SAMPLE)
    count = max(1, pixels // (rows * columns))
    tops = (2 * np.arange(count) + 1) * (height - rows) // (2 * count)
    lefts = ((np.arange(count) + 0.5) * GOLDEN_SECTION % 1 * (width - columns)).astype(int)
    return [
        rgb[top : top + rows, left : left + columns]
        for top, left in zip(tops.tolist(), lefts.tolist(), strict=True)
    ]


def _restlessness(parts: list[Bytes]) -> float:
    """The mean cost of green, and of red and blue less green, beside their neighbours."""
    total, count = 0, 0
    for part in parts:
        for first in range(0, len(part) - 1, STRIP_ROWS):
            wide = part[first : first + STRIP_ROWS + 1].astype(np.int16)
            green = wide[..., 1]
            for plane in (green, wide[..., 0] - green, wide[..., 2] - green):
                steps = plane[:, 1:] - plane[:, :-1]
                distances = np.abs(steps[1:] - steps[:-1])
                total += int(COSTS.take(distances).sum(dtype=np.int64))
                count += distances.size
    return total / max(count, 1)
