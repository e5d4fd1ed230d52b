"""One channel and the two others: back to the same pixels, in the ranges that files allow."""

from itertools import product

import numpy as np
import pytest

from pillow_colorgrid.color.channels import CHANNELS, Channels

CORNERS = np.array([*product((0, 1, 127, 128, 254, 255), repeat=3)], np.uint8)[None]


@pytest.mark.parametrize("channels", CHANNELS, ids=lambda one: str(one.number))
def test_roundtrip(channels: Channels) -> None:
    anything = np.random.default_rng(channels.number).integers(0, 256, (40, 30, 3), np.uint8)
    for rgb in (anything, CORNERS):
        planes = channels.forward(rgb)
        assert all(plane.dtype == np.int16 for plane in planes)
        assert planes[0].min() >= 0
        assert np.abs(planes).max() <= 255
        assert np.array_equal(channels.inverse(*planes), rgb)


def test_planes_of_each_number() -> None:
    rgb = np.array([[[10, 200, 30]]], np.uint8)
    planes = {c.number: [int(plane[0, 0]) for plane in c.forward(rgb)] for c in CHANNELS}
    assert planes == {
        1: [10, 200 - 128, 30 - 128],
        2: [10, 30 - 128, 200 - 128],
        3: [200, 10 - 128, 30 - 128],
        4: [200, 30 - 128, 10 - 128],
        5: [30, 10 - 128, 200 - 128],
        6: [30, 200 - 128, 10 - 128],
        7: [10, 190, 20],
        8: [10, 20, 190],
        9: [200, -190, -170],
        10: [200, -170, -190],
        11: [30, -20, 170],
        12: [30, 170, -20],
    }


def test_planes_that_no_picture_has_give_bytes() -> None:
    wrong = [np.full((2, 2), value, np.int16) for value in (-200, 900, 3)]
    for channels in CHANNELS:
        assert channels.inverse(*wrong).dtype == np.uint8
