"""tools/rate_distortion/metrics.py: each figure against a value known from elsewhere."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage.color import deltaE_ciede2000

from tests.conftest import noise, photograph
from tools.rate_distortion import metrics

PICTURES = arrays(np.uint8, (13, 12, 3))


def filled(*rgb: int) -> np.ndarray:
    return np.full((16, 16, 3), rgb, np.uint8)


def test_same_pixels() -> None:
    rgb = np.asarray(photograph("coffee", 40, 30))
    found = metrics.compare(rgb, rgb.copy())
    assert found == metrics.Distortion(math.inf, math.inf, 0, 0, 1)


def test_psnr_of_one_step_everywhere() -> None:
    found = metrics.compare(filled(100, 100, 100), filled(101, 101, 101))
    assert found.rgb_psnr_db == pytest.approx(20 * math.log10(255))
    # a grey that becomes lighter has no error of colour, only one of rounding
    assert found.chroma_psnr_db > 200


def test_psnr_is_of_all_channels_together() -> None:
    found = metrics.compare(filled(10, 20, 30), filled(13, 20, 30))
    assert found.rgb_psnr_db == pytest.approx(10 * math.log10(255**2 / (9 / 3)))


def test_chroma_is_that_of_jpeg() -> None:
    image = noise("RGB", (40, 30))
    ours = metrics.chroma(np.asarray(image))
    theirs = np.moveaxis(np.asarray(image.convert("YCbCr"), np.float64), -1, 0)[1:] - 128
    assert np.abs(ours - theirs).max() <= 1


def test_pure_colours_have_the_largest_chroma() -> None:
    blue, red = metrics.chroma(filled(0, 0, 255)), metrics.chroma(filled(255, 0, 0))
    assert blue[0, 0, 0] == pytest.approx(127.5)
    assert red[1, 0, 0] == pytest.approx(127.5)


def test_ciede2000_is_the_published_one() -> None:
    # Sharma, Wu & Dalal, supplementary test data, pairs 1, 7 and 25: the library, not our colours
    one = [(50, 2.6772, -79.7751), (50, 0, 0), (60.2574, -34.0099, 36.2677)]
    other = [(50, 0, -82.7485), (50, -1, 2), (60.4626, -34.1751, 39.4387)]
    expected = [2.0425, 2.3669, 1.2644]
    assert deltaE_ciede2000(one, other) == pytest.approx(expected, abs=1e-4)


def test_ciede2000_of_black_and_white() -> None:
    found = metrics.compare(filled(0, 0, 0), filled(255, 255, 255))
    assert found.ciede2000_mean == pytest.approx(100, abs=0.01)


def test_percentile_is_of_pixels() -> None:
    original = filled(90, 120, 60)
    few, many = original.copy(), original.copy()
    few.reshape(-1, 3)[:10] += 40  # 4 % of 256 pixels
    many.reshape(-1, 3)[:18] += 40  # 7 %
    assert metrics.compare(original, few).ciede2000_p95 == 0
    assert metrics.compare(original, many).ciede2000_p95 > 5


def test_ssim_of_constant_pictures() -> None:
    # without variance only the luminance term is left: (2ab + C1) / (a² + b² + C1)
    constant = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + constant) / (100**2 + 150**2 + constant)
    assert metrics.ssim(filled(100, 100, 100), filled(150, 150, 150)) == pytest.approx(expected)


def test_ssim_needs_its_window() -> None:
    small = np.zeros((10, 40, 3), np.uint8)
    assert math.isnan(metrics.compare(small, small).ssim)
    assert metrics.ssim(np.zeros((11, 11, 3), np.uint8), np.zeros((11, 11, 3), np.uint8)) == 1


@settings(deadline=None, max_examples=30)
@given(PICTURES, PICTURES)
def test_figures_are_numbers_and_symmetric(one: np.ndarray, other: np.ndarray) -> None:
    there, back = metrics.compare(one, other), metrics.compare(other, one)
    for name in metrics.NAMES:
        assert not math.isnan(getattr(there, name))
        assert getattr(there, name) == pytest.approx(getattr(back, name), rel=1e-4, abs=1e-4)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 60))
def test_a_coarser_picture_is_worse(strength: int) -> None:
    rgb = np.asarray(photograph("astronaut", 64, 64))
    error = np.random.default_rng(3).uniform(-1, 1, rgb.shape)
    spoilt = [
        np.clip(rgb + factor * error, 0, 255).astype(np.uint8)
        for factor in (strength, strength * 2)
    ]
    little, much = (metrics.compare(rgb, picture) for picture in spoilt)
    for name in metrics.NAMES:
        sign = -1 if name in metrics.SMALLER_IS_BETTER else 1
        assert sign * getattr(little, name) > sign * getattr(much, name), name


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (np.zeros((4, 4), np.uint8), r"shape \(4, 4\), allowed: uint8, \(H, W, 3\)"),
        (np.zeros((4, 4, 3), np.float32), "float32 of shape"),
        (np.zeros((4, 5, 3), np.uint8), r"sizes differ: \(5, 4\) and \(4, 4\)"),
    ],
)
def test_other_arrays_are_refused(one: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.compare(one, np.zeros((4, 4, 3), np.uint8))


def test_names_are_the_fields() -> None:
    found = metrics.compare(filled(1, 2, 3), filled(3, 2, 1))
    assert tuple(dataclasses.asdict(found)) == metrics.NAMES
    assert set(metrics.SMALLER_IS_BETTER) < set(metrics.NAMES)


def test_a_blurred_photograph_is_what_two_libraries_say() -> None:
    image = photograph("coffee", 64, 64)
    blurred = image.resize((16, 16)).resize((64, 64), Image.Resampling.BICUBIC)
    error = np.asarray(image, np.float64) - np.asarray(blurred, np.float64)
    expected = 10 * math.log10(255**2 / np.mean(error**2))
    found = metrics.compare(np.asarray(image), np.asarray(blurred))
    assert found.rgb_psnr_db == pytest.approx(expected)
