"""Where the bytes of a lossless file went: luminance against colour, preview against tiles.

Both are in one stream; so the picture is decoded, and what each plane cost is added up.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.lossless import (
    COLOR,
    GREY,
    decode_planes,
    model_of,
    tile_of,
)
from pillow_colorgrid.codings.lossless_distribution import ROWS, Distribution
from pillow_colorgrid.codings.lossless_planes import TILE_REFINEMENTS, preview_of, walk_preview
from pillow_colorgrid.codings.lossless_stream import CENTER, ESCAPE, LUMINANCE
from pillow_colorgrid.codings.lossless_walk import walk
from pillow_colorgrid.container import Section
from pillow_colorgrid.entropy import TOTAL, Frequencies
from pillow_colorgrid.tiles import tiles

ESCAPE_BITS = 16


class _Bill:
    """A stream that adds up what pixels cost, in bits."""

    def __init__(self, frequencies: Frequencies) -> None:
        counts = frequencies.counts.astype(np.float64)
        escaped = counts[:, ESCAPE : ESCAPE + 1] * 2.0**-ESCAPE_BITS
        self.bits = -np.log2(np.where(counts == 0, escaped, counts) / TOTAL)
        self.spent: Counter[str] = Counter()

    def code(self, plane: int, pixels: np.ndarray, distribution: Distribution) -> None:
        cost = self.bits[distribution.row + plane * ROWS, pixels - distribution.floor + CENTER]
        self.spent["luminance" if plane == LUMINANCE else "colour"] += float(cost.sum())


def account(sections: Sequence[Section], size: tuple[int, int], channels: int) -> dict[str, float]:
    """Bytes by name: "preview luminance", "preview colour", "luminance", "colour".

    Ideal code lengths, without the entropy coder's overhead (about 0.1 %).

    Raises:
        CgxError: as `lossless.decode`.
    """
    by = model_of(sections)
    planes = decode_planes(sections, size, GREY if channels == 1 else COLOR)
    first, rest = _Bill(by.frequencies), _Bill(by.frequencies)
    walk_preview(preview_of(planes), by, first)
    for tile in tiles(size[1], size[0]):
        walk(tile_of(planes, tile), TILE_REFINEMENTS, by, rest)
    spent = {f"preview {name}": bits / 8 for name, bits in first.spent.items()}
    return spent | {name: bits / 8 for name, bits in rest.spent.items()}
