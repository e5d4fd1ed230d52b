"""tools/bench/loader.py measures what it says."""

from pathlib import Path

import pytest

from tests.conftest import photograph
from tools.bench import loader


def test_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    photograph("coffee", 60, 40).save(folder / "a.png")
    photograph("coffee", 20, 40).save(folder / "too narrow.png")
    out = tmp_path / "loader.tsv"
    options = ["--sides", "32", "--codecs", "PNG", "CGX e1", "--starts", "fork", "--rounds", "2"]
    monkeypatch.setattr("sys.argv", ["", "--images", str(folder), "--out", str(out), *options])
    loader.main()
    head, *rows = (line.split("\t") for line in out.read_text().splitlines())
    assert head == list(loader.COLUMNS)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["codec"], row["processes"]) for row in found] == [
        (codec, processes) for codec in ("PNG", "CGX e1") for processes in "12"
    ]
    assert all(float(row["crops_per_s"]) > 0 for row in found)
    assert {row["threads"] for row in found} == {"1"}


def test_only_pictures_that_are_large_enough(tmp_path: Path) -> None:
    photograph("coffee", 60, 40).save(tmp_path / "a.png")
    (part,) = loader.crops([tmp_path], 40, 5)
    assert part.tobytes() == photograph("coffee", 60, 40).crop((10, 0, 50, 40)).tobytes()
    assert loader.crops([tmp_path], 41, 5) == []
