"""tools/rd*.py: the rate-distortion bench measures what it says, with a stand-in for Crayon."""

import csv
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from PIL import Image

from tests.conftest import noise, photograph
from tools.bench.sizes import Codec
from tools.data.images import pictures
from tools.rate_distortion import (
    bilinear,
    measure as rd_measure,
    metrics,
    paper,
    points as rd_points,
    report,
    settings as rd_settings,
    sheet,
)
from tools.rate_distortion.points import Point
from tools.rate_distortion.settings import Setting


def save_without_crayon(image: Image.Image, file: IO[bytes], _: str) -> None:
    """Stands in for mode="grid": bilinear colour; the luminance through WebP."""
    options = image.encoderinfo
    assert options["mode"] == "grid"
    rgb = bilinear.paint(np.asarray(image), options["n"], options["hints"])
    quality = options["quality"]
    Image.fromarray(rgb).save(file, "WEBP", lossless=quality == 100, exact=True, quality=quality)


@pytest.fixture
def _no_crayon(monkeypatch: pytest.MonkeyPatch) -> None:
    Image.init()
    monkeypatch.setitem(Image.SAVE, "CGX", save_without_crayon)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures")
    photograph("coffee", 96, 64).save(path / "a.png")
    photograph("astronaut", 64, 96).save(path / "b.png")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))


# What is compared


def test_grid_is_called_as_documented() -> None:
    setting = rd_settings.grid(20, 100, "mean", "CGX")
    assert setting.codec == Codec(
        ".cgx", {"mode": "grid", "n": 20, "quality": 100, "hints": "mean"}
    )
    assert setting.name == "n=20"
    assert rd_settings.grid(8, 50, "point", "CGX").name == "n=8 quality=50"


def test_each_setting_is_there_once() -> None:
    found = [
        (each.curve, each.name) for settings in rd_settings.curves().values() for each in settings
    ]
    assert len(found) == len(set(found)) > 100
    assert {name for name, _ in found} == set(rd_settings.curves())
    assert set(paper.INTERVALS) <= set(rd_settings.EXACT_INTERVALS)


@pytest.mark.parametrize("name", [name for name in rd_settings.curves() if "CGX" not in name])
def test_rivals_grow_with_quality(name: str, folder: Path) -> None:
    settings = rd_settings.curves()[name]
    points = rd_measure.measure_picture(pictures(folder)[0], [settings[1], settings[-1]])
    assert points[0].rate_bpp < points[1].rate_bpp
    assert points[0].rgb_psnr_db < points[1].rgb_psnr_db < math.inf


def test_subsampling_is_what_the_name_says(folder: Path, tmp_path: Path) -> None:
    image = pictures(folder)[0].open()
    for name, factors in (("JPEG 4:2:0", (2, 2)), ("JPEG 4:4:4", (1, 1))):
        codec = rd_settings.curves()[name][5].codec
        image.save(tmp_path / "x.jpg", **codec.options)
        with Image.open(tmp_path / "x.jpg") as file:
            assert file.layer[0][1:3] == factors


# Measuring


def test_point_is_of_the_whole_file(folder: Path, tmp_path: Path) -> None:
    picture = pictures(folder)[0]
    setting = Setting("JPEG", "quality=70", Codec(".jpg", {"quality": 70}))
    (point,) = rd_measure.measure_picture(picture, [setting])
    picture.open().save(tmp_path / "x.jpg", quality=70)
    size = (tmp_path / "x.jpg").stat().st_size
    assert (point.picture, point.size_bytes) == ("a.png", size)
    assert point.rate_bpp == 8 * size / (96 * 64)
    with Image.open(tmp_path / "x.jpg") as decoded:
        found = metrics.compare(np.asarray(picture.open()), np.asarray(decoded))
    for name in metrics.NAMES:
        assert getattr(point, name) == getattr(found, name)
    assert point.encode_ms > 0
    assert point.decode_ms > 0


def test_metadata_does_not_count() -> None:
    image = noise("RGB", (8, 8))
    image.info["icc_profile"] = b"x" * 1000
    assert rd_measure.flat_rgb(image).info == {}


def test_transparent_parts_become_white() -> None:
    image = noise("RGBA", (8, 8))
    image.putalpha(0)
    assert rd_measure.flat_rgb(image).getcolors() == [(64, (255, 255, 255))]
    image.putalpha(255)
    assert rd_measure.flat_rgb(image).tobytes() == image.convert("RGB").tobytes()


def test_another_size_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def halve(image: Image.Image, file: IO[bytes], _: str) -> None:
        image.reduce(2).save(file, "PNG")

    monkeypatch.setitem(Image.SAVE, "CGX", halve)
    setting = rd_settings.grid(20, 100, "mean", "CGX")
    with pytest.raises(ValueError, match=r"\(4, 4\) came back for \(8, 8\)"):
        rd_measure.through_file(setting, noise("RGB", (8, 8)), tmp_path)


def test_processes_find_the_same(folder: Path) -> None:
    settings = [rd_settings.curves()["JPEG XL"][:2]]
    alone, together = (
        sorted(
            (replace(p, encode_ms=0, decode_ms=0) for p in found),
            key=lambda p: p.picture + p.setting,
        )
        for found in (
            list(rd_measure.measure_all(pictures(folder), settings, jobs)) for jobs in (1, 2)
        )
    )
    assert len(alone) == 4
    assert alone == together


def test_paper_counts_numbers() -> None:
    assert paper.raw_relative_size(6) == pytest.approx(0.3611, abs=1e-4)
    assert paper.raw_relative_size(20) == pytest.approx(0.3358, abs=1e-4)


def test_paper_row() -> None:
    quality = metrics.Distortion(40.0, 42.0, 1.0, 2.0, 0.9)
    first = Point(
        **asdict(quality),
        picture="a.png",
        curve=rd_settings.EXACT,
        setting="n=6",
        size_bytes=600,
        rate_bpp=6.0,
        encode_ms=1,
        decode_ms=1,
    )
    points = [first, replace(first, rate_bpp=3.0, rgb_psnr_db=38, picture="b.png")]
    (row,) = paper.rows(points, {("a.png", 6): 37.0, ("b.png", 6): 36.0})
    assert row["relative_size_file"] == "0.1875"  # 4.5 of 24 bits
    figures = ("rgb_psnr_db", "bilinear_rgb_psnr_db", "gain_db")
    assert [row[name] for name in figures] == ["39.00", "36.50", "+2.50"]
    # a picture that the baseline keeps, and Crayon does not, is counted and has no gain
    (row,) = paper.rows(points, {("a.png", 6): 37.0, ("b.png", 6): math.inf})
    assert [row[name] for name in figures] == ["39.00", "37.00", "+3.00"]
    assert (row["pictures"], row["exact"], row["bilinear_exact"]) == (2, 0, 1)
    (row,) = paper.rows(points[1:], {("b.png", 6): math.inf})
    assert [row[name] for name in figures] == ["38.00", "inf", ""]


def test_grid_files_are_smaller_and_worse_with_coarser_grids(folder: Path) -> None:
    # the real coding, no stand-in
    settings = rd_settings.exact_grids((2, 32), "mean")
    dense, sparse = rd_measure.measure_picture(pictures(folder)[0], settings)
    assert dense.size_bytes > sparse.size_bytes
    assert dense.rgb_psnr_db > sparse.rgb_psnr_db > 15


# The command


@pytest.mark.usefixtures("_no_crayon")
def test_curves_from_pictures_to_comparisons(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(rd_settings, "QUALITIES", (5, 50, 95))
    monkeypatch.setattr(rd_settings, "EXACT_INTERVALS", (2, 20))
    monkeypatch.setattr(rd_settings, "LOSSY_INTERVALS", (4,))
    monkeypatch.setattr(rd_settings, "LOSSY_QUALITIES", (10, 50, 90))
    measure = ["curves", "--images", str(folder), "--out", str(tmp_path)]
    assert report.main([*measure, "--curves", "AVIF 4:2:0", "JPEG 4:4:4"]) == 0
    assert report.main([*measure, "--curves", "CGX n=4", rd_settings.EXACT]) == 0
    name = f"rd_{folder.name}"
    points = rd_points.read(tmp_path / f"{name}.tsv")
    curves = ["JPEG 4:4:4", "AVIF 4:2:0", rd_settings.EXACT, "CGX n=4"]
    assert list(dict.fromkeys(point.curve for point in points)) == curves
    assert len(points) == 2 * (3 + 3 + 2 + 3)
    with Image.open(tmp_path / f"{name}.png") as plot:
        assert plot.width > 1000
    bd = rows_of(tmp_path / f"{name}_bd.tsv")
    assert len(bd) == 4 * 3 * 2  # metrics, ours with the best, rivals
    equal = rows_of(tmp_path / f"{name}_equal_bytes.tsv")
    assert {row["curve"] for row in equal} == {*curves, report.BEST} - {"AVIF 4:2:0"}
    assert "CGX best n" in capsys.readouterr().out

    rd_points.write([replace(points[0], picture="z.png")], tmp_path / f"{name}.tsv")
    with pytest.raises(ValueError, match="is of other pictures"):
        report.main([*measure, "--curves", "AVIF 4:2:0"])
    assert report.main([*measure, "--curves", "AVIF 4:2:0", "--every", "2"]) == 0
    assert len(rd_points.read(tmp_path / f"{name}_every2.tsv")) == 3


@pytest.mark.usefixtures("_no_crayon")
def test_paper_table(folder: Path, tmp_path: Path) -> None:
    arguments = ["--images", str(folder), "--intervals", "6", "20", "--out", str(tmp_path)]
    assert report.main(["paper", *arguments]) == 0
    rows = rows_of(tmp_path / f"rd_paper_table_{folder.name}.tsv")
    assert [row["n"] for row in rows] == ["6", "20"]
    assert {row["gain_db"] for row in rows} == {"+0.00"}  # the stand-in is the baseline
    assert rows[0]["pictures"] == "2"


@pytest.mark.usefixtures("_no_crayon")
def test_contact_sheet(folder: Path, tmp_path: Path) -> None:
    assert report.main(["sheet", "--images", str(folder), "--out", str(tmp_path)]) == 0
    with Image.open(tmp_path / f"rd_sheet_{folder.name}_n20.png") as image:
        assert image.width == 5 * (sheet.CELL[0] + sheet.MARGIN) + sheet.MARGIN


def test_help_names_the_curves(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        report.main(["curves", "--help"])
    text = capsys.readouterr().out
    for name in rd_settings.curves():
        assert name in text
