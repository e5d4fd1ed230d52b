"""Hints and what lies between them: exact integers, those that the network was trained with."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.codings.crayon import hints as grid_hints

SIZES = st.integers(1, 70)
INTERVALS = st.integers(*grid_hints.INTERVALS)


STEPS = st.integers(*grid_hints.STEPS)


def plane(height: int, width: int, lowest: int = -255, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(lowest, 256, (height, width)).astype(np.int16)


def tent(interval: int, distance: int) -> int:
    return max(0, interval - abs(distance))


def plain_mean(values: np.ndarray, interval: int, row: int, column: int) -> Fraction:
    """The mean under one tent, pixel by pixel."""
    total, weights = 0, 0
    for (y, x), value in np.ndenumerate(values):
        weight = tent(interval, y - row * interval) * tent(interval, x - column * interval)
        total += weight * int(value)
        weights += weight
    return Fraction(total, weights)


def plain_between(values: np.ndarray, interval: int, y: int, x: int) -> Fraction:
    """The bilinear value of one pixel; beyond the last grid point it holds on."""
    (row, down), (column, right) = divmod(y, interval), divmod(x, interval)
    last_row, last_column = values.shape[0] - 1, values.shape[1] - 1
    total = Fraction(0)
    for row_weight, at_row in ((interval - down, row), (down, row + 1)):
        for column_weight, at_column in ((interval - right, column), (right, column + 1)):
            value = int(values[min(at_row, last_row), min(at_column, last_column)])
            total += Fraction(row_weight * column_weight * value, interval**2)
    return total


def base(hints: np.ndarray, step: int, interval: int, *place: int) -> np.ndarray:
    """What lies between hints (rows, columns) that a file tells in steps; `place` as of
    `interpolate`: in 1/BASE_STEPS."""
    stored, _ = grid_hints.ColorGrid(interval, "mean", step, (hints, hints)).stored
    return grid_hints.rounded(grid_hints.interpolate(stored, interval, *place), interval)


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


@pytest.mark.parametrize("interval", [2, 3, 7, 20, 128])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (14, 21), (23, 20)])
@pytest.mark.parametrize("scale", [1, 8])
def test_tent_means_are_the_plain_formula(size: tuple[int, int], interval: int, scale: int) -> None:
    values = plane(*size)
    found = grid_hints.tent_means(values, interval, scale)
    assert found.shape == grid_hints.grid_size(*size, interval)
    for (row, column), mean in np.ndenumerate(found):
        assert mean == half_up(scale * plain_mean(values, interval, row, column))


@pytest.mark.parametrize("interval", [2, 5, 20, 128])
@pytest.mark.parametrize("size", [(1, 1), (13, 22), (41, 7)])
def test_base_is_the_plain_formula(size: tuple[int, int], interval: int) -> None:
    rows, columns = grid_hints.grid_size(*size, interval)
    hints = plane(rows, columns).clip(-128, 127).astype(np.int8)
    # wider than the picture, as padding makes it
    found = base(hints, 3, interval, size[0] + 33, size[1] + 2)
    for (y, x), value in np.ndenumerate(found):
        assert value == half_up(3 * grid_hints.BASE_STEPS * plain_between(hints, interval, y, x))


@pytest.mark.parametrize("interval", [2, 5, 20, 128])
@pytest.mark.parametrize("size", [(1, 1), (13, 22), (41, 7)])
def test_shading_is_the_plain_formula(size: tuple[int, int], interval: int) -> None:
    rng = np.random.default_rng(4)
    limit = grid_hints.SLOPE_LIMIT
    slopes = rng.integers(-limit, limit + 1, grid_hints.grid_size(*size, interval)).astype(np.int8)
    detail = rng.integers(-2040, 2041, (size[0] + 33, size[1] + 2)).astype(np.int32)
    found = grid_hints.shading(slopes, interval, detail)
    finer = 64 // grid_hints.SLOPE_SENT
    for (y, x), value in np.ndenumerate(found):
        slope = half_up(finer * plain_between(slopes, interval, y, x))
        assert value == (slope * int(detail[y, x]) + 32) // 64


def test_long_pictures_are_summed_in_strips() -> None:
    values = plane(3 * grid_hints.STRIP_ROWS + 5, 3)
    whole = grid_hints.tent_means(values, 20, 8)
    for row in (0, 12, 13, 38):  # some lie across two strips
        assert whole[row, 0] == half_up(8 * plain_mean(values, 20, row, 0))


@settings(max_examples=40, deadline=None)
@given(height=SIZES, width=SIZES, interval=INTERVALS, top=st.integers(0, 40), left=SIZES)
def test_a_part_is_cut_out_of_the_whole(
    height: int, width: int, interval: int, top: int, left: int
) -> None:
    rows, columns = grid_hints.grid_size(top + height, left + width, interval)
    hints = plane(rows, columns).clip(-128, 127).astype(np.int8)
    whole = base(hints, 2, interval, top + height, left + width)
    part = base(hints, 2, interval, height, width, top, left)
    assert np.array_equal(part, whole[top:, left:])
    detail = plane(top + height, left + width).astype(np.int32)
    slopes = hints // 4
    shaded = grid_hints.shading(slopes, interval, detail)
    part = grid_hints.shading(slopes, interval, detail[top:, left:], top, left)
    assert np.array_equal(part, shaded[top:, left:])


@given(step=STEPS)
def test_hints_are_the_nearest_steps(step: int) -> None:
    values = np.arange(-255, 256)
    told = grid_hints.stepped(values, step).astype(int) * step
    assert np.abs(told - values)[values < 254].max() <= step / 2
    # only the step of 2 has to cut: 255 would be 128 steps
    assert told[-1] == 254 if step == 2 else abs(told[-1] - 255) <= step / 2


@given(step=STEPS)
def test_halves_are_no_bias(step: int) -> None:
    """A bias of half a step would shift the colour of whole pictures."""
    values = np.arange(20 * step)
    assert (grid_hints.stepped(values, step).astype(int) * step).sum() == values.sum()


def test_luminance_base_of_a_flat_plane_has_no_detail() -> None:
    flat = np.full((50, 61), 77, np.int16)
    assert (grid_hints.luminance_base(flat, 20) == 77 * grid_hints.BASE_STEPS).all()


@pytest.mark.parametrize("interval", grid_hints.INTERVALS)
@pytest.mark.parametrize("value", [-255, 255])
def test_nothing_overflows(interval: int, value: int) -> None:
    flat = np.full((300, 300), value, np.int16)
    assert (grid_hints.tent_means(flat, interval, 8) == 8 * value).all()
    hints = np.full(grid_hints.grid_size(300, 300, interval), -128, np.int8)
    step = grid_hints.STEPS[1]
    assert (base(hints, step, interval, 300, 300) == -128 * step * 8).all()
    steepest = np.full_like(hints, grid_hints.SLOPE_LIMIT)
    detail = np.full((300, 300), 8 * value, np.int32)
    shaded = grid_hints.shading(steepest[:1, :1], 2 * interval, detail)
    assert (shaded == 2 * detail).all()
