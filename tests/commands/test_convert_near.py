"""cgx convert --mode near: what was lost is told, and originals stay."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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


NEAR = ("--mode", "near", "--max-error", "3", "--effort", "1")


def test_the_summary_tells_what_was_lost(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(source), *NEAR]) == 0
    assert "pixels were changed: no sample is off by more than 3 (PSNR " in capsys.readouterr().out
    with Image.open(source) as image, Image.open(source.with_suffix(".cgx")) as written:
        found = sameness.loss_between(image, written)
    assert found.most == 3
    assert 0 < found.squared < 9


def test_info_tells_the_error(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(source), *NEAR]) == 0
    found = info.facts(source.with_suffix(".cgx"))
    assert (found.coding, found.lossless, found.told) == ("near", False, {"max_error": 3})
    assert {"rounding", "luminance", "colour", "alpha"} <= set(found.spent)
    assert main(["info", str(source.with_suffix(".cgx"))]) == 0
    assert "coding near (lossy, max_error 3)" in capsys.readouterr().out


def test_a_second_run_skips(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(source), *NEAR]) == 0
    assert main(["convert", str(source), *NEAR]) == 0
    assert "0 converted, 1 skipped, 0 failed" in capsys.readouterr().out


def test_exact_targets_are_called_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (80, 60), (1, 2, 3)).save(tmp_path / "flat.png", compress_level=0)
    assert main(["convert", str(tmp_path / "flat.png"), *NEAR]) == 0
    assert "pixels: every sample is exact" in capsys.readouterr().out


def test_targets_are_verified(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sameness, "loss_between", lambda *_: sameness.Loss(4, 1.0))
    assert main(["convert", str(source), *NEAR]) == 1
    assert "would hold samples off by 4, allowed 3" in capsys.readouterr().err
    assert not source.with_suffix(".cgx").exists()


def test_what_counts_as_different() -> None:
    image = photograph("coffee", 40, 30).convert("RGBA")
    pixels = np.asarray(image).copy()
    pixels[3, 4, 1] ^= 2
    changed = Image.fromarray(pixels)
    assert sameness.difference_of_near(image, changed, 2) == ""
    assert sameness.difference_of_near(image, changed, 1) == "samples off by 2, allowed 1"
    assert sameness.difference_of_near(image, image.convert("RGB"), 9) == "mode RGB, not RGBA"
    changed.putalpha(7)
    assert sameness.difference_of_near(image, changed, 9) == "other alpha"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--mode", "near", "--delete-originals"], "loses exact values, so originals stay"),
        (["--max-error", "2"], "--max-error is for --mode near"),
        (["--mode", "near", "--max-error", "17"], "max_error=17, allowed: integers 1 to 16"),
    ],
)
def test_bad_usage_is_status_2(
    source: Path, arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(source), *arguments]) == 2
    assert named in capsys.readouterr().err
    assert not source.with_suffix(".cgx").exists()
