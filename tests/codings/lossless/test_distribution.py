"""From outputs to rows: integers, ranges, and the tables of FORMAT.md."""

import numpy as np
import pytest

from pillow_colorgrid.codings.lossless import distribution
from pillow_colorgrid.codings.lossless.distribution import Distribution


def outputs(*values):
    return np.array(values, np.int32).reshape(1, -1, 1, 1)


def base(value):
    return np.full((1, 1, 1), value, np.int16)


@pytest.mark.parametrize(
    ("output", "mean"), [(0, 800), (3, 800), (4, 801), (-4, 800), (-5, 799), (9999, 2040)]
)
def test_mean_in_eighths(output, mean):
    assert distribution.luminance(outputs(output, 0), base(100)).mean.item() == mean


@pytest.mark.parametrize(
    ("output", "found"), [(0, 22), (7, 22), (8, 23), (-9, 21), (9999, 47), (-9999, 0)]
)
def test_class_of_scale(output, found):
    assert distribution.luminance(outputs(0, output), base(0)).scale_class.item() == found


def test_means_stay_in_the_range_of_their_plane():
    low, high = outputs(-(10**6), 0, 0, 0, 0, 0), outputs(10**6, 0, 0, 0, 0, 0)
    assert distribution.co(low, base(0)).mean.item() == -255 * 8
    assert distribution.co(high, base(0)).mean.item() == 255 * 8
    assert distribution.luminance(low[:, :2], base(0)).mean.item() == 0


def test_rows_are_all_different():
    means, classes = np.meshgrid(np.arange(8), np.arange(48))
    rows = Distribution(means, classes).row
    assert rows.min() == 0
    assert rows.max() == distribution.ROWS - 1 == 215
    assert len(np.unique(rows)) == 216
    assert Distribution(np.array(13), np.array(2)).row == 21
    assert Distribution(np.array(13), np.array(24)).row == 192


def test_cg_follows_co():
    """Co is 3 above its mean of 10; with slope 8/16 the mean of Cg moves by 1.5."""
    known = Distribution(np.full((1, 1, 1), 80, np.int32), np.full((1, 1, 1), 22, np.int32))
    found = distribution.cg(outputs(0, 0, 0, 0, 8, 0), base(-5), known, base(13))
    assert found.mean.item() == 8 * -5 + 12
    assert found.scale_class.item() == 22


@pytest.mark.parametrize(
    ("distance", "classes"), [(3, -11), (4, -3), (8, 5), (16, 16), (31, 16), (32, 29), (-32, 29)]
)
def test_surprise(distance, classes):
    """At scale 1 the bounds are 4, 8, 16 and 32 eighths."""
    known = Distribution(np.full((1, 1, 1), 0, np.int32), np.full((1, 1, 1), 16, np.int32))
    assert distribution._SURPRISE[16, abs(distance)] == classes
    co = np.full((1, 1, 1), distance // 8, np.int16)
    if distance % 8 == 0:
        found = distribution.cg(outputs(0, 0, 0, 0, 0, 16), base(0), known, co)
        assert found.scale_class.item() == 22 + ((4 * classes + 8) >> 4)


def test_no_distance_is_beyond_the_table():
    """Co is 510 steps above its mean, at the smallest scale: the class rises by 29/16 octaves."""
    known = Distribution(np.full((1, 1, 1), -2040, np.int32), np.full((1, 1, 1), 0, np.int32))
    found = distribution.cg(outputs(0, 0, 0, 0, 16, 16), base(0), known, base(255))
    assert found.mean.item() == 255 * 8
    assert found.scale_class.item() == 22 + ((4 * 29 + 8) >> 4)
