"""Finer hints: what is written comes back, and each value is worth its bits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.codings.crayon import finer as finer_hints, hint_stream, paint
from pillow_colorgrid.codings.crayon.encoder import budget, finer as choosing
from pillow_colorgrid.codings.crayon.hints import BASE_STEPS, ColorGrid, Finer, tent_means
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.lossless.model import SMALL, model
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.entropy import rans
from tests.codings.crayon import dense
from tests.conftest import photograph


def random_finer(height: int, width: int, interval: int, levels: int, seed: int) -> ColorGrid:
    """Mostly zeros, and now and then a value that only an escape can tell."""
    rng = np.random.default_rng(seed)

    def plane(rows: int, columns: int) -> np.ndarray:
        values = rng.integers(-128, 128, (rows, columns)) * (rng.random((rows, columns)) < 0.1)
        return values.astype(np.int8)

    sizes = finer_hints.shapes(height, width, 2 * interval, levels)
    told = tuple((plane(*size), plane(*size)) for size in sizes)
    shape = finer_hints.grid_size(height, width, 2 * interval)
    between = Finer(1, 2, tuple(range(5, 5 + levels)), told)
    return ColorGrid(interval, "mean", 4, (plane(*shape), plane(*shape)), finer=between)


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    quarter=st.integers(1, 32),
    levels=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_roundtrip(height: int, width: int, quarter: int, levels: int, seed: int) -> None:
    colour = random_finer(height, width, 4 * quarter, levels, seed)
    assert colour.finer is not None
    data = finer_hints.encode(colour.finer, colour.hints)
    head = finer_hints.read_head(data, colour.interval)
    back = finer_hints.decode(data, head, height, width, colour.interval, colour.hints)
    assert (back.wider, back.slope_unit, back.steps) == (1, 2, colour.finer.steps)
    for ours, theirs in zip(back.levels, colour.finer.levels, strict=True):
        assert np.array_equal(ours, theirs)


def test_frequencies() -> None:
    """Each row by hand: 0, then both signs of 1 to 8, the rest is the escape's."""
    counts = finer_hints.frequencies().counts
    assert counts.shape == (len(finer_hints.BOUNDS) + 1, 1024)
    assert (counts.sum(axis=1) == rans.TOTAL).all()
    assert (counts[:, 0] > 0).all()
    assert counts[-1, 510:515].tolist() == [1457, 1913, 327, 1913, 1457]


def test_zeros_cost_next_to_nothing() -> None:
    colour = random_finer(512, 512, 16, 3, 1)
    assert colour.finer is not None
    nothing = tuple((0 * co, 0 * cg) for co, cg in colour.finer.levels)
    flat = tuple(0 * plane for plane in colour.hints)
    data = finer_hints.encode(replace(colour.finer, levels=nothing), (flat[0], flat[1]))
    assert len(data) < 60


def error_and_bytes(colour: ColorGrid, planes: list[np.ndarray]) -> tuple[float, int]:
    """Squared error of colour in RGB, without a network, and bytes of the colour."""
    luminance, *wanted = planes
    kept = Kept(luminance, colour)
    means = tent_means(luminance, colour.interval, BASE_STEPS)
    shown = paint.unpainted(paint.see(kept, means, Tile(0, 0, *luminance.shape)))
    error = sum(
        weight * float(np.square(one.astype(float) - other).sum())
        for weight, one, other in zip(choosing.ERROR_WEIGHTS, shown, wanted, strict=True)
    )
    size = len(hint_stream.encode(*colour.hints, model(SMALL)))
    assert colour.slopes is not None
    size += len(hint_stream.encode(*colour.slopes, model(SMALL)))
    if colour.finer:
        size += len(finer_hints.encode(colour.finer, colour.hints))
    return error, size


@pytest.mark.parametrize("n", [6, 20])
def test_nearer_than_hints_everywhere_of_as_many_bytes(n: int) -> None:
    """By half a decibel at least (crops: by 1.3 to 1.5)."""
    planes = ycocg.forward(np.asarray(photograph("astronaut", 320, 320)))
    error, size = error_and_bytes(budget.fit(planes[1:], planes[0], n, "mean"), planes)
    for denser in range(n, 1, -1):
        other = error_and_bytes(dense.fit(planes[1:], planes[0], denser, "mean"), planes)
        if other[1] >= size:
            break
    assert other[1] >= size
    assert error < other[0] / 10**0.05


def test_a_dearer_bit_takes_fewer_bytes() -> None:
    _, *planes = ycocg.forward(np.asarray(photograph("coffee", 160, 160)))
    targets = [plane.astype(np.float32) for plane in planes]
    sizes = []
    for price in (100, 1000, 10_000):
        hints, levels = choosing.choose(targets, 16, (4, 8, 16), price)
        sizes.append(len(finer_hints.encode(Finer(1, 0, (8, 16), levels), hints)))
    assert sizes[0] > sizes[1] > sizes[2]


def test_every_n_has_a_price() -> None:
    prices = [budget.price_of(n) for n in range(2, 129)]
    assert prices == sorted(prices)
    assert prices[0] == pytest.approx(1.2)
    assert all(budget.interval_of(n) % 4 == 0 for n in range(2, 129))
    assert {budget.interval_of(n) for n in (2, 5, 6, 128)} == {4, 8, 128}
