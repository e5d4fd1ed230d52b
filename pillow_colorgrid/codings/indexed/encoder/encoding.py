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
from pillow_colorgrid.codings.indexed.tiling import MOST_LINE, Tiling, whole
from pillow_colorgrid.codings.indexed.walk import Walk
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.pixels import LAYOUTS, Layout, Pixels

TILE = 256, 1024
"""Rows and columns of a tile. Of scans for development tiles took 0.6 % more bytes, and a third
less time."""

TILED_PIXELS, TILED_EFFORT = 2**19, 7
"""Larger pictures are in tiles, up to this effort."""

BUSY_VALUES, BUSY_TILE, BUSY_PIXELS = 64, (64, 512), 2**16
"""Pictures of more values, as dithered ones have, take more decisions for each pixel, and lose less
to smaller tiles: 0.7 % in pictures for development. So they have such ones, from this size on."""


def encode(picture: Picture, values: Pixels, options: Options) -> Encoded:
    """(H, W, C) samples -> one section; `values` are those of `order.values_of` the picture."""
    found = [
        _payload(picture.pixels, one, LAYOUTS[picture.mode], options.effort)
        for one in order.orders(picture, values)
    ]
    return Encoded([RANKS.section(min(found, key=len))])


def _payload(pixels: Pixels, values: Pixels, layout: Layout, effort: int) -> bytes:
    """The section's payload with the values (n, C) in this order."""
    flags, head = 0, b""
    plain = counted(len(values), layout)
    if plain is None or not np.array_equal(values, plain):
        flags, head = LISTED, values.tobytes()
    ranks = order.ranks_of(pixels, values)
    if ranks.shape[0] > ranks.shape[1]:  # lines are fewer, and longer
        flags, ranks = flags | TRANSPOSED, ranks.T
    height, width = ranks.shape
    tiling, tile = whole(height, width), _tile(height, width, len(values))
    if tile and len(values) > 1 and effort <= TILED_EFFORT:
        flags, tiling = flags | TILED, Tiling(height, width, *tile)
        head += SIDES.pack(*tile)
    head = HEAD.pack(flags, len(values) - 1) + head
    if len(values) == 1:
        return head
    recorder = Recorder()
    Walk(tiling, len(values), recorder.code, (ranks + 1).astype(np.int32)).all()
    return head + recorder.finish()


def _tile(height: int, width: int, values: int) -> tuple[int, int] | None:
    """Rows and columns of the tiles of such a picture; None where it is one."""
    pixels, busy = height * width, Tiling(height, width, *BUSY_TILE)
    if values > BUSY_VALUES and pixels > BUSY_PIXELS and busy.longest_line() <= MOST_LINE:
        return BUSY_TILE
    return TILE if pixels > TILED_PIXELS else None
