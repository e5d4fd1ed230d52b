"""Fitted hints and slopes: nothing that interpolates comes closer to the picture."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.codings.crayon import hints as grid_hints, paint
from pillow_colorgrid.codings.crayon.description import KINDS
from pillow_colorgrid.codings.crayon.encoder import fit
from pillow_colorgrid.codings.crayon.hints import BASE_STEPS
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg
from tests.codings.crayon import dense
from tests.conftest import photograph

SIDES = st.one_of(st.sampled_from([1, 2, 65, 67]), st.integers(1, 67))
INTERVALS = st.integers(*grid_hints.INTERVALS)


def values_of(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-255, 256, (height, width)).astype(np.float32)


def weights(length: int, interval: int) -> np.ndarray:
    """(length, points): how interpolation mixes the grid points of one side, written out."""
    found = np.zeros((length, -(-length // interval)))
    last = found.shape[1] - 1
    for pixel in range(length):
        point, away = divmod(pixel, interval)
        found[pixel, point] += 1 - away / interval
        found[pixel, min(point + 1, last)] += away / interval
    return found


def squared_error(values: np.ndarray, hints: np.ndarray, interval: int) -> float:
    height, width = values.shape
    shown = weights(height, interval) @ hints @ weights(width, interval).T
    return float(np.square(shown - values).mean())


@settings(max_examples=60, deadline=None)
@given(height=SIDES, width=SIDES, interval=INTERVALS, seed=st.integers(0, 99))
def test_fitted_hints_are_the_least_squares(
    height: int, width: int, interval: int, seed: int
) -> None:
    """Against numpy's own solver."""
    values = values_of(height, width, seed)
    rows, columns = (np.linalg.pinv(weights(side, interval)) for side in values.shape)
    found = fit.fitted_hints(values, interval)
    assert found.shape == grid_hints.grid_size(height, width, interval)
    assert np.allclose(found, rows @ values @ columns.T, atol=0.02)


@settings(max_examples=60, deadline=None)
@given(height=SIDES, width=SIDES, interval=INTERVALS, seed=st.integers(0, 99))
def test_fitted_hints_are_never_worse_than_means(
    height: int, width: int, interval: int, seed: int
) -> None:
    values = values_of(height, width, seed)
    means = grid_hints.tent_means(values.astype(np.int16), interval)
    fitted = fit.fitted_hints(values, interval)
    error = squared_error(values, fitted, interval)
    assert error <= squared_error(values, means, interval) * (1 + 1e-5) + 1e-3


@settings(max_examples=40, deadline=None)
@given(
    height=SIDES,
    width=SIDES,
    interval=INTERVALS,
    value=st.integers(-255, 254),
    kind=st.sampled_from(KINDS),
)
def test_a_flat_plane_comes_back_to_the_step(
    height: int, width: int, interval: int, value: int, kind: str
) -> None:
    flat = np.full((height, width), value, np.int16)
    colour = dense.fit([flat, -flat], flat, interval, kind)
    for hints, sign in zip(colour.hints, (1, -1), strict=True):
        assert hints.shape == grid_hints.grid_size(height, width, interval)
        told = hints.astype(int) * colour.step
        assert np.abs(told - sign * value).max() <= colour.step / 2 + (kind == "mean") * 0.01
    if colour.slopes is not None:
        assert not np.any(colour.slopes)


@settings(max_examples=30, deadline=None)
@given(height=SIDES, width=SIDES, interval=INTERVALS, seed=st.integers(0, 99))
def test_slopes_stand_where_the_format_says(
    height: int, width: int, interval: int, seed: int
) -> None:
    planes = [values_of(height, width, seed + k).astype(np.int16) for k in range(3)]
    colour = dense.fit(planes[1:], np.abs(planes[0]), interval, "mean")
    assert colour.slope_factor == (2 if interval <= 24 else 1)
    assert colour.slopes is not None
    for slopes in colour.slopes:
        assert slopes.shape == grid_hints.grid_size(height, width, colour.slope_interval)
        assert np.abs(slopes.astype(int)).max() <= grid_hints.SLOPE_LIMIT


@pytest.mark.parametrize("interval", [6, 40])
def test_slopes_find_colour_that_follows_the_luminance(interval: int) -> None:
    """Co is half the luminance, Cg its negative: half and minus one are told as slopes."""
    luminance = np.abs(values_of(160, 130, 1)).astype(np.int16)
    colour = dense.fit([luminance // 2, -luminance], luminance, interval, "mean")
    assert colour.slopes is not None
    for slopes, exact in zip(colour.slopes, (0.5, -1), strict=True):
        assert np.abs(slopes / grid_hints.SLOPE_SENT - exact).max() < 0.2


@pytest.mark.parametrize("interval", [6, 20, 60])
def test_a_photograph_is_nearer_than_by_means(interval: int) -> None:
    """By one decibel at least (Kodak: by two to three)."""
    luminance, *planes = ycocg.forward(np.asarray(photograph("astronaut", 320, 320)))
    kept = Kept(luminance, dense.fit(planes, luminance, interval, "mean"))
    means = grid_hints.tent_means(luminance, interval, BASE_STEPS)
    seen = paint.see(kept, means, Tile(0, 0, 320, 320))
    for plane, shown in zip(planes, paint.unpainted(seen), strict=True):
        plain = squared_error(plane, grid_hints.tent_means(plane, interval), interval)
        assert np.square(shown.astype(float) - plane).mean() < plain / 10**0.1
