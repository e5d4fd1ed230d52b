"""Files of every released format decode to the same pixels for ever."""

import csv
import hashlib

import pytest
from PIL import Image

from tests.conftest import GOLDEN

FILES = list(csv.DictReader((GOLDEN / "files.tsv").read_text().splitlines(), delimiter="\t"))


@pytest.mark.parametrize("row", FILES, ids=lambda row: row["file"])
def test_golden_files_decode(row: dict[str, str]) -> None:
    with Image.open(GOLDEN / row["file"]) as image:
        image.load()
    assert image.mode == row["mode"]
    assert image.size == (int(row["width"]), int(row["height"]))
    assert hashlib.sha256(image.tobytes()).hexdigest() == row["sha256 of the pixels"]


FRAMES = list(csv.DictReader((GOLDEN / "frames.tsv").read_text().splitlines(), delimiter="\t"))


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: f"{row['file']} {row['frame']}")
def test_golden_frames_decode(row: dict[str, str]) -> None:
    with Image.open(GOLDEN / row["file"]) as image:
        image.seek(int(row["frame"]))
        image.load()
        assert image.n_frames == 1 + sum(other["file"] == row["file"] for other in FRAMES)
    assert image.mode == row["mode"]
    assert image.size == (int(row["width"]), int(row["height"]))
    assert str(image.info.get("duration", "")) == row["duration"]
    assert hashlib.sha256(image.tobytes()).hexdigest() == row["sha256"]


def test_every_golden_file_is_listed() -> None:
    assert {path.name for path in GOLDEN.glob("*.cgx")} == {row["file"] for row in FILES}
    assert len(FILES) >= 12


def test_golden_metadata_comes_back() -> None:
    (path,) = GOLDEN.glob("1.0-metadata.cgx")
    with Image.open(path) as image:
        assert image.info["exif"] == b"Exif\0\0golden"
        assert image.info["icc_profile"] == b"profile"
        assert image.info["xmp"] == b"<x/>"


def test_golden_other_metadata_comes_back() -> None:
    with Image.open(GOLDEN / "1.0-metadata-other.cgx") as image:
        info = {key: value for key, value in image.info.items() if key != "cgx"}
    assert info == {
        "gamma": 0.45455,
        "sizes": {(16, 16), (-1, 2**40)},
        "loop": None,
        "flags": [True, False],
        "Title": "gold",
        "resolution": 72,
        "nested": {b"\0\xff": "é", 1: {}},
    }
    assert (info["Title"].lang, info["Title"].tkey) == ("de", "Titel")
    with Image.open(GOLDEN / "1.0-metadata-other-deflated.cgx") as image:
        assert image.info["Description"] == "words " * 100
