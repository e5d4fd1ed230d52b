"""How large WebP's lossless file of a photograph is at least, without making it. Encoder only.

Of a small picture WebP makes a file nearly at its fastest, in a sixth of the time. Of a larger one
it makes a file of some pieces, side by side: from the calmest to the most restless, so that all
kinds of places have their share. How restless they are, beside the whole, tells how much more or
less the rest of the picture takes. What WebP would gain by repetitions, which pieces cannot show, a
fast compressor sees in the whole.

For training pictures (`tools/results/webp_size.tsv`) WebP's file was at least 0.937 of what 81
estimates by pieces said, 0.905 where a picture holds copies of itself (11 estimates), and at least
0.906 of the file of 74 scouts, of thumbnails 0.882 (of 862 more thumbnails and corners one was
0.83); the shares below leave room under that.
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
"""At least, but where the picture has fewer."""

SAMPLE = (6, 2**17), (16, 2**19)
"""Pixels of all pieces: this part of the picture's, but no more than so many; the larger counts."""

COSTS = np.rint(256 * np.log2(1 + 2.0 * np.arange(4 * 512))).astype(np.int32)
"""By the distance from what neighbours let expect: 1/256 bits."""


def least_bytes(pixels: Bytes, probe: Callable[[Bytes], float], share: float) -> float:
    """WebP's file (QUICK) of a photograph (H, W, C) is not smaller.

    Args:
        probe: what a fast compressor leaves of pixels, as a part of them.
        share: what one leaves of this picture that sees repetitions no farther away than WebP.
    """
    count = pixels.shape[0] * pixels.shape[1]
    if count < LEAST_PIXELS or pixels.shape[2] != 3:
        return (TINY_SHARE if count < TINY_PIXELS else SCOUT_SHARE) * len(webp(pixels, *SCOUT))
    return PIECES_SHARE * by_pieces(pixels, probe, share)


def by_pieces(rgb: Bytes, probe: Callable[[Bytes], float], share: float) -> float:
    """About the bytes of WebP's file (H, W, 3), as above."""
    pieces = _Pieces(rgb)
    chosen = pieces.chosen()
    sample = pieces.joined(chosen)
    repetitions = min(1.0, share / probe(sample))
    restless = pieces.restless.mean() / max(pieces.restless[chosen].mean(), 1e-9)
    found = len(webp(sample, *QUICK)) * (rgb.size / sample.size) * restless * repetitions
    return float(found)


class _Pieces:
    """A picture (H, W, 3) cut into pieces.

    Attributes:
        restless: (pieces,) the mean cost of green, and of red and blue less green, beside their
            neighbours; row by row.
    """

    def __init__(self, rgb: Bytes) -> None:
        self.rgb = rgb
        height, width = rgb.shape[:2]
        self.across = max(1, width // PIECE_COLUMNS)
        self.rows = height // max(1, height // PIECE_ROWS)
        self.columns = width // self.across
        tops = range(0, height - self.rows + 1, self.rows)
        self.restless = np.concatenate([self._restless(rgb[top:][: self.rows]) for top in tops])

    def _restless(self, band: Bytes) -> np.ndarray:
        """Of the pieces of some rows: so few stay in a processor's cache."""
        wide = band.astype(np.int16)
        green = wide[..., 1]
        costs = np.zeros(band.shape[1] - 1, np.int64)
        for plane in (green, wide[..., 0] - green, wide[..., 2] - green):
            steps = plane[:, 1:] - plane[:, :-1]
            costs += COSTS.take(np.abs(steps[1:] - steps[:-1])).sum(axis=0, dtype=np.int64)
        lefts = np.arange(self.across) * self.columns
        sizes = np.diff(np.append(lefts, len(costs))) * 3 * max(1, len(band) - 1)
        found: np.ndarray = np.add.reduceat(costs, lefts) / sizes
        return found

    def chosen(self) -> np.ndarray:
        """The numbers of some, evenly spread from the calmest to the most restless."""
        pixels = self.rgb.shape[0] * self.rgb.shape[1]
        wanted = max(min(pixels // part, most) for part, most in SAMPLE)
        count = max(1, wanted // (self.rows * self.columns))
        order = np.argsort(self.restless, kind="stable")
        return np.sort(order[(2 * np.arange(count) + 1) * len(order) // (2 * count)])

    def joined(self, numbers: np.ndarray) -> Bytes:
        """Pieces, one below the other."""
        corners = ((n // self.across * self.rows, n % self.across * self.columns) for n in numbers)
        return np.concatenate(
            [self.rgb[top : top + self.rows, left : left + self.columns] for top, left in corners]
        )
