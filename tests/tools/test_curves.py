"""Tables, means, BD-rates and equal bytes of tools/rate_distortion, of made-up points."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tools.rate_distortion import curves, points as rd_points
from tools.rate_distortion.points import Point

POINT = Point(
    picture="a.png",
    curve="JPEG 4:2:0",
    setting="quality=50",
    size_bytes=1000,
    rate_bpp=1.0,
    encode_ms=2.0,
    decode_ms=1.0,
    rgb_psnr_db=30.0,
    chroma_psnr_db=40.0,
    ciede2000_mean=2.0,
    ciede2000_p95=5.0,
    ssim=0.9,
)


def along(
    curve: str, rates: list[float], psnrs: list[float], picture: str = "a.png"
) -> list[Point]:
    return [
        replace(POINT, picture=picture, curve=curve, setting=f"{number}", rate_bpp=r, rgb_psnr_db=q)
        for number, (r, q) in enumerate(zip(rates, psnrs, strict=True))
    ]


# Tables of points


def test_table_holds_the_points(tmp_path: Path) -> None:
    points = [
        POINT,
        replace(POINT, size_bytes=12345678, rgb_psnr_db=math.inf, ciede2000_mean=0.1234567),
    ]
    rd_points.write(points, tmp_path / "t.tsv")
    assert rd_points.read(tmp_path / "t.tsv") == [
        points[0],
        replace(points[1], ciede2000_mean=0.123457),
    ]


def test_foreign_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(ValueError, match=r"columns \['a', 'b'\], wanted \('picture'"):
        rd_points.read(tmp_path / "t.tsv")


def test_means_are_over_pictures() -> None:
    other = replace(POINT, picture="b.png", rate_bpp=3.0, rgb_psnr_db=math.inf)
    (mean,) = rd_points.means([POINT, other])
    assert mean.picture == "mean"
    assert mean.rate_bpp == 2.0
    assert mean.rgb_psnr_db == 30.0  # of what is finite


def test_means_of_different_pictures_are_refused() -> None:
    points = [POINT, replace(POINT, picture="b.png"), replace(POINT, setting="quality=60")]
    with pytest.raises(ValueError, match="quality=60: 1 points of 2 pictures"):
        rd_points.means(points)


def test_means_of_nothing_finite() -> None:
    assert rd_points.finite_mean(np.array([math.inf, math.inf])) == math.inf
    assert math.isnan(rd_points.finite_mean(np.array([math.nan])))


# Curves

LADDERS = st.lists(
    st.tuples(st.floats(0.01, 20), st.floats(1, 60) | st.just(math.inf)), min_size=1, max_size=12
)


@given(LADDERS, st.sampled_from(["rgb_psnr_db", "ciede2000_mean"]))
def test_front_rises_and_nothing_beats_it(ladder: list[tuple[float, float]], metric: str) -> None:
    points = [replace(POINT, rate_bpp=rate) for rate, _ in ladder]
    points = [
        replace(point, **{metric: value}) for point, (_, value) in zip(points, ladder, strict=True)
    ]
    curve = curves.curve_of(points, metric)
    assert (np.diff(curve.rates) > 0).all()
    assert (np.diff(curve.values) > 0).all()
    sign = -1 if metric == "ciede2000_mean" else 1
    for rate, value in ladder:
        if math.isfinite(value):
            assert any(
                r <= rate and v >= sign * value
                for r, v in zip(curve.rates, curve.values, strict=True)
            )


@given(LADDERS)
def test_hull_is_above_every_point_and_bends_down(ladder: list[tuple[float, float]]) -> None:
    points = [replace(POINT, rate_bpp=rate, rgb_psnr_db=value) for rate, value in ladder]
    hull = curves.hull_of(points, "rgb_psnr_db")
    rates, values = np.array([(p.rate_bpp, p.rgb_psnr_db) for p in hull]).reshape(-1, 2).T
    slopes = np.diff(values) / np.diff(rates)
    assert (np.diff(slopes) < 0).all()
    for rate, value in ladder:
        if math.isfinite(value):
            assert value <= np.interp(rate, rates, values) + 1e-9


def test_settings_that_another_n_makes_pointless_are_not_best() -> None:
    points = along("CGX n=20", [0.2, 0.4], [30, 33]) + along("CGX n=8", [0.3, 0.6], [30.1, 35])
    best = curves.best_settings(points, "best", "rgb_psnr_db")
    assert [point.rate_bpp for point in best] == [0.2, 0.4, 0.6]


@pytest.mark.parametrize("factor", [0.8, 1.0, 3.0])
def test_bd_rate_of_a_constant_factor(factor: float) -> None:
    rates, psnrs = np.array([0.2, 0.5, 1, 2, 4]), np.array([28, 31, 34, 36, 41.0])
    anchor, test = curves.Curve(rates, psnrs), curves.Curve(factor * rates, psnrs)
    found = curves.bd_rate(anchor, test)
    assert found == curves.BdRate(pytest.approx(100 * (factor - 1)), 28, 41, 1)


def test_bd_rate_is_over_the_overlap_only() -> None:
    # straight in log rate, so what it finds follows from any part of them
    psnrs = np.arange(20.0, 41.0, 2)
    anchor = curves.Curve(2 ** (psnrs / 6), psnrs)
    test = curves.Curve(1.5 * 2 ** (psnrs[6:] / 6), psnrs[6:])
    assert curves.bd_rate(anchor, test) == curves.BdRate(pytest.approx(50), 32, 40, 0.4)


def test_part_of_a_curve_between_two_rates() -> None:
    curve = curves.Curve(np.array([1.0, 4, 16]), np.array([20.0, 30, 40]))
    part = curve.between(2, 8)
    assert part.rates.tolist() == [2, 4, 8]
    assert part.values == pytest.approx([25, 30, 35])
    assert curve.between(0, math.inf).rates.tolist() == [1, 4, 16]
    assert not len(curve.between(17, 20).rates)


def test_bd_rate_of_a_band_looks_at_nothing_else() -> None:
    anchor = along("AVIF", [1, 2, 4, 8], [20, 30, 40, 50])
    test = along("CGX", [2, 4, 8, 8.1], [20, 30, 40, 50])  # twice as large, but at the best end
    row = curves.mean_bd_rate(anchor, test, "rgb_psnr_db", (1, 4))
    assert (row["bd_rate_percent"], row["from"], row["to"]) == ("+100.0", "20", "40")


@pytest.mark.parametrize("psnrs", [[50, 55], [30], [10, 20]])
def test_no_overlap_is_no_figure(psnrs: list[float]) -> None:
    anchor = along("JPEG", [1, 2, 3], [20, 30, 40])
    test = along("CGX", [1.0, 2.0][: len(psnrs)], psnrs)
    row = curves.mean_bd_rate(anchor, test, "rgb_psnr_db")
    assert row["bd_rate_percent"] == "no overlap"
    assert (row["overlapping"], row["pictures"]) == (0, 1)


def test_a_level_curve_has_no_bd_rate() -> None:
    # colour hardly depends on the rate of the luminance: equal colour compares nothing
    anchor = along("JPEG", [1, 2, 3], [20, 30, 40])
    row = curves.mean_bd_rate(anchor, along("CGX", [1, 9], [33, 33.1]), "rgb_psnr_db")
    assert (row["bd_rate_percent"], row["overlapping"]) == ("overlap < 10%", 0)


def test_mean_bd_rate_counts_pictures_that_overlap() -> None:
    anchor = along("JPEG", [1, 2, 4], [30, 35, 40]) + along("JPEG", [1, 2, 4], [30, 35, 40], "b")
    test = along("CGX", [2, 4, 8], [30, 35, 40]) + along("CGX", [2, 4, 8], [50, 55, 60], "b")
    row = curves.mean_bd_rate(anchor, test, "rgb_psnr_db")
    assert row == {
        "bd_rate_percent": "+100.0",
        "overlapping": 1,
        "pictures": 2,
        "overlap_percent": "100",
        "from": "30",
        "to": "40",
    }


def test_bd_rate_of_colour_differences_saves_where_they_are_smaller() -> None:
    anchor = [replace(POINT, rate_bpp=r, ciede2000_mean=d) for r, d in ((1, 4), (2, 3), (4, 2))]
    test = [replace(point, rate_bpp=point.rate_bpp / 2) for point in anchor]
    row = curves.mean_bd_rate(anchor, test, "ciede2000_mean")
    assert (row["bd_rate_percent"], row["from"], row["to"]) == ("-50.0", "4", "2")


def test_equal_bytes() -> None:
    # between 0.1 and 1.6 bpp a doubling is worth 3 dB: 0.4 bpp is half way from 0.2 to 0.8
    anchor = along("AVIF", [0.1, 0.2, 0.8, 1.6], [20, 23, 29, 32])
    test = along("CGX", [0.2, 0.8], [24, 28])
    found = curves.at_equal_bytes(anchor, test, "rgb_psnr_db", [0.2, 0.4, 1.0])
    assert [(row["rate_bpp"], row["gain"], row["compared"]) for row in found] == [
        (0.2, "+1.000", 1),
        (0.4, "+0.000", 1),
        (1.0, "not reached", 0),
        ("0.2-1", "+0.500", 2),
    ]


def test_best_settings_are_the_same_for_all_pictures() -> None:
    points = []
    for picture, gain in (("a", 0.0), ("b", 4.0)):
        points += along("CGX n=4", [1, 2, 4], [30 + gain, 33, 36], picture)
        points += along("CGX n=20", [1, 2, 4], [31, 34, 35], picture)
    best = curves.best_settings(points, "best", "rgb_psnr_db")
    assert [point.picture for point in best] == ["a"] * 3 + ["b"] * 3
    # by the mean n=4 is best at 1 bpp; for picture "a" alone n=20 would be
    assert [point.rgb_psnr_db for point in best] == [30, 36, 34, 34, 36, 34]
    assert {point.curve for point in best} == {"best"}
