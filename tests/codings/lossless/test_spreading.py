"""Pixels that do not matter: filled by what is known, which stays."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.codings.lossless.encoder.spreading import along_columns, along_rows


def test_known_rows() -> None:
    values = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 6]], np.uint8)[..., None]
    known = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]], bool)
    expected = [[6, 6, 6, 8]] * 3
    assert along_rows(values, known)[..., 0].tolist() == expected
    assert along_columns(values.swapaxes(0, 1), known.T)[..., 0].T.tolist() == expected


@pytest.mark.parametrize("spread", [along_rows, along_columns])
@settings(deadline=None)
@given(height=st.integers(1, 12), width=st.integers(1, 12), seed=st.integers(0, 99))
def test_what_is_known_stays(spread, height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 256, (height, width, 3), np.uint8)
    known = rng.random((height, width)) < rng.choice([0.05, 0.5])
    known[rng.integers(height), rng.integers(width)] = True
    found = spread(values, known)
    assert np.array_equal(found[known], values[known])
    # all others are one of the known ones
    assert {tuple(pixel) for pixel in found.reshape(-1, 3)} == {tuple(p) for p in values[known]}
