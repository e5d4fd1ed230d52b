"""The colour grid: levels, cells, and that together they are the whole plane."""

import numpy as np
import pytest

from pillow_colorgrid.codings.lossless import levels

SIZES = [(1, 1), (1, 2), (2, 1), (3, 5), (64, 64), (65, 67), (1, 130)]


def test_intervals_halve_down_to_every_pixel():
    assert list(levels.intervals()) == [32, 16, 8, 4, 2, 1]


@pytest.mark.parametrize("size", SIZES)
def test_each_pixel_is_added_exactly_once(size):
    times = np.zeros((1, *size), int)
    levels.level(times, levels.COARSEST_INTERVAL)[...] += 1
    for interval in levels.intervals():
        level = levels.level(times, interval)
        for places in levels.PASSES:
            for place in places:
                levels.place(level, place)[...] += 1
    assert (times == 1).all()


@pytest.mark.parametrize("size", SIZES)
def test_cells_cover_all_pixels(size):
    plane = np.zeros((1, *size))
    rows, columns = levels.cells(*size)
    assert levels.place(plane, levels.KNOWN).shape == (1, rows, columns)
    for place in (levels.RIGHT, levels.BELOW, levels.DIAGONAL):
        height, width = levels.place(plane, place).shape[1:]
        assert rows - 1 <= height <= rows
        assert columns - 1 <= width <= columns


def test_places_of_a_cell():
    plane = np.array([[[0, 1], [2, 3]]])
    seen = [
        levels.place(plane, p).item()
        for p in (levels.KNOWN, levels.RIGHT, levels.BELOW, levels.DIAGONAL)
    ]
    assert seen == [0, 1, 2, 3]
