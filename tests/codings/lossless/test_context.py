"""What the networks see: known pixels only, at their places, also at the edges."""

import numpy as np
import pytest

from pillow_colorgrid.codings.lossless import context, levels
from pillow_colorgrid.runtime import heads

COUNTS = (*context.LUMINANCE_INPUTS, *context.COLOR_INPUTS)

SIZES = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (5, 4), (9, 12)]


def planes(size, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.integers(low, 256, (1, *size)).astype(np.int16) for low in (0, -255, -255)]


def passes(y, co, cg):
    """The inputs as planes, and the bases."""
    found = {
        "luminance_diagonal": context.luminance_diagonal(y),
        "luminance_cross": context.luminance_cross(y),
        "color_diagonal": context.color_diagonal(y, co, cg),
        "color_cross": context.color_cross(y, co, cg),
    }
    return {
        name: (context.as_planes(inputs, count), bases)
        for (name, (inputs, bases)), count in zip(found.items(), COUNTS, strict=True)
    }


@pytest.mark.parametrize("size", SIZES)
def test_shapes(size):
    cells = levels.cells(*size)
    inputs = [found.shape for found, _ in passes(*planes(size)).values()]
    assert inputs == [(1, count, *cells) for count in COUNTS]
    assert COUNTS == (37, 34, 83, 106)


def test_inputs_are_as_networks_take_them():
    y, co, cg = planes((9, 12))
    for inputs, count in (
        (context.luminance_diagonal(y)[0], 37),
        (context.luminance_cross(y)[0], 34),
        (context.color_diagonal(y, co, cg)[0], 83),
        (context.color_cross(y, co, cg)[0], 106),
    ):
        assert inputs.flags.c_contiguous
        assert np.array_equal(inputs, heads.as_rows(context.as_planes(inputs, count)))


@pytest.mark.parametrize("size", SIZES)
def test_unknown_pixels_are_not_seen(size):
    """What a decoder does not know yet changes neither inputs nor bases."""
    before = passes(*planes(size))
    for name, hidden in (
        ("diagonal", (levels.DIAGONAL, levels.RIGHT, levels.BELOW)),
        ("cross", (levels.RIGHT, levels.BELOW)),
    ):
        y, co, cg = planes(size)
        for place in hidden:
            for plane in (co, cg):
                levels.place(plane, place)[...] = 77
        after = passes(y, co, cg)
        assert_same(before[f"color_{name}"], after[f"color_{name}"])
        for place in hidden:
            levels.place(y, place)[...] = 77
        assert_same(before[f"luminance_{name}"], passes(y, co, cg)[f"luminance_{name}"])


def assert_same(a, b):
    assert np.array_equal(a[0], b[0])
    for bases_a, bases_b in zip(a[1], b[1], strict=True):
        assert all(map(np.array_equal, bases_a, bases_b))


def test_diagonal_by_hand():
    y = np.array([[[10, 0, 20], [0, 0, 0], [30, 0, 43]]], np.int16)
    rows, [[base]] = context.luminance_diagonal(y)
    inputs = context.as_planes(rows, 37)
    assert base[0, 0, 0] == (10 + 20 + 30 + 43 + 2) >> 2 == 26
    taps = dict(zip(context.LUMINANCE_DIAGONAL, inputs[0, :, 0, 0].astype(int) - 128, strict=False))
    assert [taps[away] for away in ((0, 0), (0, 1), (1, 0), (1, 1))] == [-16, -6, 4, 17]
    assert taps[-2, 3] == 20 - 26  # beyond the edge: the nearest known pixel
    assert inputs[0, -1, 0, 0] == 26  # the base itself


def test_differences_are_cut_to_a_byte():
    y = np.zeros((1, 4, 4), np.int16)
    y[0, 0, 0] = 255
    inputs, [[base]] = context.luminance_diagonal(y)
    assert base.max() == 64
    assert inputs.max() == 255
    assert inputs.min() >= 0


def test_flat_planes_give_no_differences():
    flat = [np.full((1, 9, 9), value, np.int16) for value in (100, -20, 7)]
    for name, (inputs, _) in passes(*flat).items():
        assert (inputs[:, : -1 if "luminance" in name else -3] == 128).all()


@pytest.mark.parametrize("size", SIZES)
def test_many_planes_at_once_are_each_as_alone(size):
    """As training has them."""
    some = [planes(size, seed) for seed in range(3)]
    together = passes(*(np.concatenate(of_plane) for of_plane in zip(*some, strict=True)))
    for number, alone in enumerate(some):
        for name, (inputs, bases) in passes(*alone).items():
            assert np.array_equal(together[name][0][number], inputs[0])
            for of_pixel, expected in zip(together[name][1], bases, strict=True):
                for base, single in zip(of_pixel, expected, strict=True):
                    assert np.array_equal(base[number], single[0])
