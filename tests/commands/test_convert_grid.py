"""cgx convert --mode grid: what it promises of a lossy target, and that originals stay."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings.crayon.description import CRAYON
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.commands import info, sameness
from pillow_colorgrid.commands.cli import main
from tests.conftest import noise, photograph


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    image = photograph("coffee", 64, 48).convert("RGBA")
    image.putalpha(noise("L", image.size))
    image.save(path)
    return path


def test_options_reach_the_file(source: Path, tmp_path: Path) -> None:
    options = ["--mode", "grid", "--grid", "7", "--hints", "point", "--effort", "1"]
    assert main(["convert", str(source), "-o", str(tmp_path / "out"), *options]) == 0
    with Image.open(source) as image:
        image.save(tmp_path / "b.cgx", mode="grid", n=7, hints="point", effort=1)
    assert (tmp_path / "out" / "a.cgx").read_bytes() == (tmp_path / "b.cgx").read_bytes()


@pytest.mark.parametrize("quality", [[], ["--quality", "60"]])
def test_a_second_run_skips(
    quality: list[str], source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", str(source), "--mode", "grid", *quality]
    assert main(command) == 0
    assert main(command) == 0
    assert "0 converted, 1 skipped, 0 failed" in capsys.readouterr().out
    noise("RGBA", (64, 48), 9).save(source)
    assert main(command) == 1
    assert "holds another picture" in capsys.readouterr().err


def test_targets_are_verified(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sameness, "difference_of_grid", lambda *_: "other luminance")
    assert main(["convert", str(source), "--mode", "grid"]) == 1
    assert "would hold other luminance" in capsys.readouterr().err
    assert not source.with_suffix(".cgx").exists()


def test_what_counts_as_different() -> None:
    image = photograph("coffee", 40, 30).convert("RGBA")
    pixels = np.asarray(image).copy()
    assert sameness.difference_of_grid(image, image, True) == ""
    assert sameness.difference_of_grid(image, image.convert("RGB"), True) == "mode RGB, not RGBA"
    assert sameness.difference_of_grid(image, image.crop((0, 0, 9, 9)), True).startswith("size")
    pixels[3, 4] = (90, 90, 90, 255)
    changed = Image.fromarray(pixels)
    assert sameness.difference_of_grid(image, changed, True) == "other luminance"
    assert sameness.difference_of_grid(image, changed, False) == ""
    recoloured = np.asarray(image).copy()
    same_luminance = (np.array([[value]], np.int16) for value in (120, 30, -8))
    recoloured[3, 4, :3] = ycocg.inverse(*same_luminance)
    image.putpixel((4, 3), (120, 120, 120, 255))
    assert sameness.difference_of_grid(image, Image.fromarray(recoloured), True) == ""
    changed.putalpha(7)
    assert sameness.difference_of_grid(image, changed, False) == "other alpha"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--mode", "grid", "--delete-originals"], "loses colour, so originals stay"),
        (["--grid", "9"], "--grid is for --mode grid"),
        (["--quality", "9", "--mode", "lossless"], "--quality is for --mode grid"),
        (["--mode", "grid", "--grid", "1"], "n=1, allowed: integers 2 to 128"),
        (["--to", "png", "--grid", "9"], "--grid is for --to cgx"),
    ],
)
def test_bad_usage_is_status_2(
    source: Path, arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(source), *arguments]) == 2
    assert named in capsys.readouterr().err
    assert not source.with_suffix(".cgx").exists()


@pytest.mark.parametrize("quality", [100, 60])
def test_info_tells_the_parts(quality: int, source: Path) -> None:
    path = source.with_suffix(".cgx")
    with Image.open(source) as image:
        image.save(path, mode="grid", quality=quality)
    found = info.facts(path)
    assert (found.coding, found.lossless) == (CRAYON.name, False)
    exact = {"quality": 100} if quality == 100 else {}
    assert found.told == {"n": 20, "hints": "mean", **exact}
    assert [network["name"] for network in found.networks][1] == "crayon"
    parts = {"hints", "luminance", "alpha", info.OVERHEAD}
    assert parts | ({"preview luminance"} if quality == 100 else set()) <= set(found.spent)
    assert sum(found.spent.values()) == found.size_bytes == path.stat().st_size
    with path.open("rb") as file:
        container.read_header(file)
        (hints,) = (s for s in container.read_sections(file) if s.type == b"GRID")
    assert found.spent["hints"] == len(hints.payload)


def test_inspect_shows_a_grid_file(source: Path, tmp_path: Path) -> None:
    path = source.with_suffix(".cgx")
    with Image.open(source) as image:
        image.save(path, mode="grid")
    assert main(["inspect", str(path), "-o", str(tmp_path / "r.html")]) == 0
    assert ", grid (lossy, n 20, hints mean" in (tmp_path / "r.html").read_text("utf-8")
