"""tools/rate_distortion/plots.py and rd_sheet.py: what people look at."""

import itertools
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from hypothesis import given, strategies as st
from PIL import Image

from tests.conftest import noise, photograph
from tools.rate_distortion import bilinear, metrics, plots, sheet
from tools.rate_distortion.points import Point


@given(st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=30), st.floats(0.01, 0.2))
def test_labels_do_not_overlap(places: list[float], distance: float) -> None:
    moved = plots.spread(places, distance)
    assert min(moved) >= -1e-9
    assert max(moved) <= 1 + 1e-9
    distance = min(distance, 1 / max(len(places) - 1, 1))
    assert all(b - a >= distance - 1e-9 for a, b in itertools.pairwise(sorted(moved)))
    assert [places[n] for n in np.argsort(moved, kind="stable")] == sorted(places)


def test_labels_with_room_stay() -> None:
    assert plots.spread([0.9, 0.1, 0.5], 0.1) == [0.9, 0.1, 0.5]


def test_own_curves_are_warm() -> None:
    found = plots.colours(["JPEG XL", "CGX n=4", "WebP"])
    assert found == {"JPEG XL": "tab:blue", "CGX n=4": "tab:red", "WebP": "tab:cyan"}


def test_plot_of_a_curve_without_points(tmp_path: Path) -> None:
    quality = metrics.Distortion(math.inf, math.inf, 0.0, 0.0, 1.0)
    times = {"size_bytes": 100, "encode_ms": 1, "decode_ms": 1}
    point = Point(**asdict(quality), **times, picture="mean", curve="CGX", setting="", rate_bpp=1)
    rival = replace(point, curve="JPEG", rgb_psnr_db=30, chroma_psnr_db=40)
    plots.draw([point, rival, replace(rival, rate_bpp=2)], "grey", tmp_path / "p.png")
    with Image.open(tmp_path / "p.png") as image:
        assert len(image.convert("RGB").getcolors(1 << 20) or ()) > 20


def test_best_and_worst() -> None:
    gains = {"a": 1.0, "b": -1.0, "c": 3.0, "d": 0.0}
    assert sheet.best_and_worst(gains, 1) == ["c", "b"]
    assert sheet.best_and_worst(gains, 3) == ["c", "a", "d", "b"]


def test_difference_is_amplified() -> None:
    original = np.full((2, 2, 3), 100, np.uint8)
    other = original.copy()
    other[0, 0] = (103, 90, 0)
    found = sheet.difference(original, other)
    assert found[0, 0].tolist() == [24, 80, 255]
    assert not found[1].any()


def test_gain_of_a_picture_without_error() -> None:
    rgb = np.asarray(noise("RGB", (16, 16)))
    assert sheet.Row("x", rgb, rgb, rgb).gain_db == 0


def test_sheet_has_five_columns() -> None:
    rgb = np.asarray(photograph("coffee", 72, 60))
    row = sheet.Row("x", rgb, bilinear.paint(rgb, 20, "mean"), rgb)
    made = sheet.sheet([row, row], 20, "mean")
    width, height = sheet.CELL
    margin = sheet.MARGIN
    assert made.size == (
        5 * (width + margin) + margin,
        2 * (height + sheet.CAPTION_HEIGHT + margin) + margin,
    )
    cell = made.crop((margin, margin, margin + width, margin + height))
    assert cell.tobytes() == Image.fromarray(rgb).resize((width, height)).tobytes()
    # exact Crayon: the difference is black
    last = made.crop((made.width - margin - width, margin, made.width - margin, margin + height))
    assert last.getcolors() == [(width * height, (0, 0, 0))]


def test_hints_stand_where_they_belong() -> None:
    rgb = np.full((40, 40, 3), (200, 40, 40), np.uint8)
    made = np.asarray(sheet.grey_with_hints(rgb, 20, "point", (80, 80)))
    coloured = made.max(axis=2) != made.min(axis=2)
    rows, columns = np.nonzero(coloured)
    side = round(sheet.DOT_SHARE * 20 * 2)
    assert set(rows) == set(columns) == {*range(side), *range(40, 40 + side)}
    assert (made[coloured][:, 0] > made[coloured][:, 1]).all()  # red


def test_crowded_hints_are_thinned() -> None:
    assert sheet.shown_of(20, 1.0) == 1
    assert sheet.shown_of(20, 0.15) == 3
    rgb = np.full((90, 90, 3), (200, 40, 40), np.uint8)
    made = np.asarray(sheet.grey_with_hints(rgb, 2, "point", (45, 45)))
    rows = np.nonzero((made.max(axis=2) != made.min(axis=2)).any(axis=1))[0]
    assert rows.tolist() == [0, 1, 8, 9, 16, 17, 24, 25, 32, 33, 40, 41]
