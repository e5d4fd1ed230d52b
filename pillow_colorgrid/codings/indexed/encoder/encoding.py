"""Pixels of few colours -> the section of the indexed coding. Encoder only."""

import numpy as np

from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.bits import Recorder
from pillow_colorgrid.codings.indexed.coding import (
    HEAD,
    LISTED,
    SIDES,
    TILED,
    TRANSPOSED,
    counted,
)
from pillow_colorgrid.codings.indexed.description import RANKS
from pillow_colorgrid.codings.indexed.encoder import order
from pillow_colorgrid.codings.indexed.tiling import Tiling, whole
from pillow_colorgrid.codings.indexed.walk import Walk
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.pixels import LAYOUTS, Layout, Pixels

TILE = 256, 1024
"""Rows and columns of a tile. Of scans for development tiles took 0.6 % more bytes, and a third
less time."""

TILED_PIXELS, TILED_EFFORT = 2**19, 7
"""Larger pictures are in tiles, up to this effort."""


def encode(picture: Picture, values: Pixels, options: Options) -> Encoded:
    """(H, W, C) samples -> one section; `values` are those of `order.values_of` the picture."""
    height, width = picture.pixels.shape[:2]
    tiled = height * width > TILED_PIXELS and options.effort <= TILED_EFFORT
    found = [
        _payload(picture.pixels, one, LAYOUTS[picture.mode], tiled)
        for one in order.orders(picture, values)
    ]
    return Encoded([RANKS.section(min(found, key=len))])


def _payload(pixels: Pixels, values: Pixels, layout: Layout, tiled: bool) -> bytes:
    """The section's payload with the values (n, C) in this order."""
    flags, head = 0, b""
    plain = counted(len(values), layout)
    if plain is None or not np.array_equal(values, plain):
        flags, head = LISTED, values.tobytes()
    ranks = order.ranks_of(pixels, values)
    if ranks.shape[0] > ranks.shape[1]:  # lines are fewer, and longer
        flags, ranks = flags | TRANSPOSED, ranks.T
    height, width = ranks.shape
    tiling = whole(height, width)
    if tiled and len(values) > 1:
        flags, tiling = flags | TILED, Tiling(height, width, *TILE)
        head += SIDES.pack(*TILE)
    head = HEAD.pack(flags, len(values) - 1) + head
    if len(values) == 1:
        return head
    recorder = Recorder()
    Walk(tiling, len(values), recorder.code, (ranks + 1).astype(np.int32)).all()
    return head + recorder.finish()
