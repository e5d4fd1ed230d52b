"""Tiles: they cover each pixel once, are bounded, and begin on the preview's grid."""

import numpy as np
import pytest

from pillow_colorgrid.codings.tiles import ALIGNMENT, MAX_EDGE, Tile, tiles

SIZES = [(1, 1), (65, 67), (768, 512), (1024, 1024), (1025, 7), (4000, 6000), (1, 30000)]


@pytest.mark.parametrize("size", SIZES)
def test_tiles_cover_each_pixel_once(size):
    times = np.zeros(size, np.uint8)
    for tile in tiles(*size):
        times[tile.place] += 1
    assert (times == 1).all()


@pytest.mark.parametrize("size", SIZES)
def test_tiles_are_bounded_and_aligned(size):
    for tile in tiles(*size):
        assert 1 <= tile.height <= MAX_EDGE
        assert 1 <= tile.width <= MAX_EDGE
        assert tile.top % ALIGNMENT == tile.left % ALIGNMENT == 0


def test_no_slivers_are_left_over():
    heights = {tile.height for tile in tiles(1100, 8)}
    assert heights == {552, 548}


def test_the_same_tile_on_the_preview():
    assert Tile(8, 16, 9, 8).place_at(8) == (slice(1, 3), slice(2, 3))
