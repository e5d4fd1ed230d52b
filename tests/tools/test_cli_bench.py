"""tools/bench/cli.py measures what it says."""

from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import noise, photograph
from tools.bench import cli


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    photograph("coffee", 60, 40).save(folder / "a.png")
    noise("RGB", (60, 40)).save(folder / "b.png")
    return folder


def test_no_picture_is_a_copy(images: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    assert cli.fill(album, images, 8, None) == 8 * 60 * 40
    pixels = set()
    for path in album.iterdir():
        with Image.open(path) as image:
            pixels.add(image.tobytes())
    assert len(pixels) == 8


def test_table(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "STARTS", 1)
    out = tmp_path / "cli.tsv"
    options = ["--count", "2", "--size", "48", "32", "--effort", "1", "--out", str(out)]
    assert cli.main(["--images", str(images), *options]) == 0
    head, *rows = (line.split("\t") for line in out.read_text().splitlines())
    assert head == ["name", "value", "unit", "on"]
    found = {name: float(value) for name, value, _, _ in rows}
    assert found["speedup of jobs 2"] == pytest.approx(found["jobs 1"] / found["jobs 2"], rel=0.02)
    assert found["cgx --version"] > 0
