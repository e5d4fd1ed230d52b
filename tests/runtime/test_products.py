"""Weighted sums of bytes: exact, whatever onnxruntime does with its 16 bits in between."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from pillow_colorgrid.errors import NetworkError
from pillow_colorgrid.runtime import networks, products
from tools.export.products import model


@given(
    st.tuples(st.integers(1, 2), st.integers(1, 9), st.integers(1, 9)),
    st.integers(1, 170),
    st.integers(1, 40),
    st.integers(0, 99),
)
def test_sums_are_exact(cells, values, sums, seed):
    rng = np.random.default_rng(seed)
    seen = rng.integers(0, 256, (*cells, values), np.uint8)
    seen[rng.random(seen.shape) < 0.3] = 255
    weights = rng.integers(-products.LARGEST, products.LARGEST + 1, (values, sums), np.int8)
    expected = np.einsum("nrcv,vs->nsrc", seen.astype(np.int64), weights.astype(np.int64))
    assert np.array_equal(products.weighted(seen, weights), expected)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_largest_sums_are_exact(sign):
    seen = np.full((1, 3, 50, 154), 255, np.uint8)
    weights = np.full((154, 9), sign * products.LARGEST, np.int8)
    assert np.all(products.weighted(seen, weights) == sign * 154 * 255 * products.LARGEST)


def test_the_file_is_what_the_tool_writes():
    written = model().SerializeToString(deterministic=True)
    assert networks.model_bytes(products.FILE) == written


def test_wrong_sums_are_refused(monkeypatch):
    monkeypatch.setattr(networks, "_sessions", {})
    monkeypatch.setattr(products, "answer", lambda values, weights: np.zeros(1))
    with pytest.raises(NetworkError, match="wrongly here"):
        products.weighted(*products.question())
