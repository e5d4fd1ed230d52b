"""tools/rate_distortion/bilinear.py: the baseline without a network."""

import numpy as np
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from pillow_colorgrid.codings.crayon import hints as grid_hints
from pillow_colorgrid.color import ycocg
from tests.conftest import photograph
from tools.rate_distortion import bilinear, metrics


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_unite_restores_what_was_separated(rgb: np.ndarray) -> None:
    assert np.array_equal(ycocg.inverse_clipped(*ycocg.forward(rgb)), rgb)


def test_unite_clips() -> None:
    planes = [np.full((1, 1), value, np.int16) for value in (250, 200, -100)]
    assert ycocg.inverse_clipped(*planes).tolist() == [[[255, 200, 200]]]


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))), st.sampled_from([2, 7, 20])
)
def test_grey_needs_no_colour(grey: np.ndarray, interval: int) -> None:
    rgb = np.stack([grey] * 3, axis=-1)
    for kind in ("mean", "point"):
        assert np.array_equal(bilinear.paint(rgb, interval, kind), rgb)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(2, 40), st.integers(-255, 255))
def test_hints_of_a_flat_plane(height: int, width: int, interval: int, value: int) -> None:
    flat = np.full((height, width), value, np.int16)
    for kind in ("mean", "point"):
        hints = bilinear.hints_of(flat, interval, kind)
        assert hints.shape == grid_hints.grid_size(height, width, interval)
        assert (hints == min((value + 1) // 2, 127)).all()


def test_denser_hints_are_better() -> None:
    rgb = np.asarray(photograph("astronaut", 128, 96))
    psnrs = [metrics.psnr_db(rgb, bilinear.paint(rgb, n, "mean")) for n in (2, 6, 20, 100)]
    assert psnrs == sorted(psnrs, reverse=True)
    assert psnrs[0] > 38
    assert psnrs[-1] < 30
