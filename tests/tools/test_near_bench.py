"""tools.bench.near: files that do not keep to the error do not count; a second run goes on."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import photograph

near = pytest.importorskip("tools.bench.near", reason="needs imagecodecs")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    for number in range(2):
        photograph("coffee", 40 + number, 30).save(made / f"{number}.png")
    return made


def run(folder: Path, out: Path, *codecs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["near", "--images", str(folder), "--errors", "2", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [*arguments, "--codecs", *codecs])
    near.main()


def test_a_second_run_goes_on(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "near.tsv"
    run(folder, out, "CGX near", monkeypatch=monkeypatch)
    run(folder, out, "CGX near", "JPEG-LS", monkeypatch=monkeypatch)
    with out.open() as file:
        rows = sorted(csv.DictReader(file, delimiter="\t"), key=lambda row: row["codec"])
    assert [(row["codec"], row["picture"]) for row in rows] == [
        ("CGX near", "0.png"),
        ("CGX near", "1.png"),
        ("JPEG-LS", "0.png"),
        ("JPEG-LS", "1.png"),
    ]
    sizes = [int(row["size_bytes"]) for row in rows]
    change = (sizes[0] + sizes[1]) / (sizes[2] + sizes[3]) - 1
    table = capsys.readouterr().out.splitlines()
    assert table[-1].startswith("pictures\t2\tJPEG-LS\t2\t")
    assert table[-1].endswith(f"\t{change:+.1%}")


def test_what_is_off_by_more_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(original: near.Original, most: int) -> tuple[bytes, np.ndarray]:
        return b"x", original.rgb ^ 8

    monkeypatch.setitem(near.CODECS, "JPEG-LS", wrong)
    with pytest.raises(AssertionError, match="off by 8, allowed 2"):
        near.measure(folder / "0.png", near.opened(folder / "0.png"), 2, "JPEG-LS")


@pytest.mark.parametrize("codec", ["JPEG XL", "AVIF 4:4:4"])
def test_what_was_tried_for_one_error_serves_the_next(folder: Path, codec: str) -> None:
    original = near.opened(folder / "0.png")
    sizes = [near.measure(folder / "0.png", original, most, codec)["size_bytes"] for most in (1, 8)]
    tried = dict(original.tried)
    assert sizes[1] <= sizes[0]
    assert near.measure(folder / "0.png", original, 8, codec)["size_bytes"] == sizes[1]
    assert original.tried == tried
