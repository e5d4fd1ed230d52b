"""The tools behind the published figures, on small pictures: they run, and they tell the truth."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import ROOT, noise, photograph
from tools.bench import sizes
from tools.data import images


def run(module: str, *arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures")
    photograph("coffee", 96, 64).save(path / "a.png")
    photograph("astronaut", 64, 96).save(path / "b.png")
    (path / "notes.txt").write_text("no picture")
    return path


def test_bench_measures_whole_files(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "bench.tsv"
    codecs = ["PNG", "WebP m4", "CGX decolorized+PNG", "JPEG XL e7"]
    done = run("tools.bench", "--images", folder, "--codecs", *codecs, "--memory", "--out", out)
    assert done.returncode == 0, done.stderr
    rows = {row["codec"]: row for row in rows_of(out)}
    assert set(rows) == set(codecs)
    bits = 0.0
    for name in ("a", "b"):
        with Image.open(folder / f"{name}.png") as image:
            image.load()
        image.save(tmp_path / "x.png")
        bits += 8 * (tmp_path / "x.png").stat().st_size / (96 * 64) / 2
    assert float(rows["PNG"]["rate_bpp"]) == pytest.approx(bits, abs=1e-3)
    assert rows["JPEG XL e7"]["encode_ratio"] == "1.00"
    assert int(rows["PNG"]["encode_peak_mb"]) > 10
    assert out.with_suffix(".png").stat().st_size > 1000


def test_bench_refuses_a_codec_that_loses_pixels(folder: Path, tmp_path: Path) -> None:
    lossy = sizes.Codec(".jpg", {}, modes=("RGB",))
    with pytest.raises(ValueError, match="does not give back the pixels"):
        sizes.measure(lossy, images.pictures(folder)[0], tmp_path, repeat=1)


def test_broken_promises_are_named() -> None:
    row = {"folder": "x", "codec": "CGX", "encode_ratio": "9.00", "decode_ratio": ""}
    row |= {"encode_peak_mb": 10, "decode_peak_mb": 10, "open_ms": 0.2}
    assert sizes.broken_promises([row]) == [
        f"x, CGX: encode_ratio is 9.00, promised {sizes.PROMISES[0].limit} at most"
    ]


def test_hidden_colour_counts_as_a_difference() -> None:
    image = noise("RGBA", (8, 8))
    image.putalpha(0)
    other = noise("RGBA", (8, 8), seed=2)
    other.putalpha(0)
    assert sizes.same_pixels(image, image.copy())
    assert not sizes.same_pixels(image, other)


def test_mosaic_has_the_size_asked_for(folder: Path, tmp_path: Path) -> None:
    images.mosaic(folder, (300, 200), tmp_path / "m.png")
    with Image.open(tmp_path / "m.png") as image:
        assert image.size == (300, 200)
        assert len(image.convert("L").getcolors() or ()) > 50


def test_roundtrip_tool_finds_all_equal(folder: Path, tmp_path: Path) -> None:
    done = run("tools.bench.roundtrip", "--images", folder, "--out", tmp_path / "r.tsv")
    assert done.returncode == 0, done.stderr
    assert all(row["equal"] == row["pictures"] == "2" for row in rows_of(tmp_path / "r.tsv"))


def test_share_tool_compares_three_files(folder: Path, tmp_path: Path) -> None:
    done = run(
        "tools.bench.share", "--images", folder, "--codecs", "png", "--out", tmp_path / "s.tsv"
    )
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(tmp_path / "s.tsv")
    assert float(row["ycocg_bpp"]) < float(row["rgb_bpp"])
    assert row["network_share"].endswith("%")
