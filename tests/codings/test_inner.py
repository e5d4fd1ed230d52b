"""Inner codecs: every plane comes back, hidden colour too; damage is an error."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.codings import inner
from pillow_colorgrid.errors import DamagedError

NAMES = [*inner.CODECS, "auto"]


def picture(
    colored: int, alpha: int, size: tuple[int, int], seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return (
        rng.integers(0, 256, (colored, *size), np.uint8),
        rng.integers(0, 256, (*size, alpha), np.uint8),
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("colored", "alpha"), [(1, 0), (3, 0), (3, 1)])
@settings(max_examples=10, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 9))
def test_roundtrip(name: str, colored: int, alpha: int, height: int, width: int, seed: int) -> None:
    planes, transparency = picture(colored, alpha, (height, width), seed)
    data = inner.encode(planes, transparency, name)
    back, back_alpha = inner.decode(data, (height, width), colored + alpha)
    assert np.array_equal(back, planes)
    assert np.array_equal(back_alpha, transparency)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, 255])
def test_colour_under_constant_alpha_is_kept(name: str, value: int) -> None:
    planes, _ = picture(3, 1, (20, 30))
    alpha = np.full((20, 30, 1), value, np.uint8)
    back, back_alpha = inner.decode(inner.encode(planes, alpha, name), (20, 30), 4)
    assert np.array_equal(back, planes)
    assert np.array_equal(back_alpha, alpha)


def test_auto_is_the_smallest() -> None:
    planes, alpha = picture(3, 0, (30, 30))
    sizes = {name: len(inner.encode(planes, alpha, name)) for name in inner.CODECS}
    assert len(inner.encode(planes, alpha, "auto")) == min(sizes.values())


@pytest.mark.parametrize("axes", inner.FILTERS)
@given(data=st.data())
def test_filters_are_undone(axes: tuple[int, ...], data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    plane = picture(1, 0, (height, width), data.draw(st.integers(0, 99)))[0][0]
    assert np.array_equal(inner.unfilter_plane(inner.filter_plane(plane, axes), axes), plane)


@pytest.mark.parametrize("name", inner.CODECS)
def test_another_size_is_refused(name: str) -> None:
    data = inner.encode(*picture(3, 0, (20, 30)), name)
    with pytest.raises(DamagedError):
        inner.decode(data, (21, 30), 3)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x09abc", b"\x01abc", b"\x02abc", b"\x03abc"])
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedError):
        inner.decode(data, (4, 4), 3)
