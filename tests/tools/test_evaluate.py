"""The int64 evaluator against arithmetic by hand."""

import numpy as np
from hypothesis import given, strategies as st

from tools.export.evaluate import Exact, convolve, quantise, shift_right_half_even


@given(st.integers(-(2**24), 2**24), st.integers(1, 20))
def test_shift_rounds_half_to_even(value: int, shift: int) -> None:
    found = shift_right_half_even(np.array([value]), shift)[0]
    assert found == round(value / 2**shift)  # exact in double; Python rounds half to even


def test_convolution_by_hand() -> None:
    x = Exact(np.arange(9).reshape(1, 1, 3, 3), 4)
    weight = Exact(np.ones((1, 1, 3, 3), np.int64), np.array([2]))
    found = convolve(x, weight, Exact(np.array([100]), 6), stride=1, padding=1)
    assert found.values[0, 0].tolist() == [[108, 115, 112], [121, 136, 127], [120, 133, 124]]
    assert found.shift.tolist() == [6]


def test_quantise_saturates() -> None:
    x = Exact(np.array([[[[-1000, -1, 0, 3, 1000]]]]), 1)
    assert quantise(x, 0, 128).tolist() == [[[[0, 128, 128, 130, 255]]]]
