"""What `cgx info` tells of a JPEG file."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.codings.jpeg import details
from pillow_colorgrid.commands.info import facts
from pillow_colorgrid.jpeg import geometry
from tests.conftest import photograph


def told_of(
    folder: Path, tail: bytes = b"", mode: str = "RGB", **options: object
) -> dict[str, object]:
    made = BytesIO()
    photograph("coffee", 96, 64).convert(mode).save(made, "JPEG", **options)
    data = made.getvalue() + tail
    with Image.open(BytesIO(data)) as image:
        image.save(folder / "a.cgx", jpeg=data)
    told = facts(folder / "a.cgx", deep=False).told
    del told["origin"], told["jpeg restorable"]
    return told


def test_of_an_ordinary_file(tmp_path: Path) -> None:
    assert told_of(tmp_path, quality=83) == {
        "subsampling": "4:2:0",
        "quality": "83",
        "scans": "1 sequential",
        "metadata in it": "none",
        "Huffman tables": "standard",
    }


def test_of_a_progressive_file_with_restarts_and_a_tail(tmp_path: Path) -> None:
    options = {"quality": 70, "progressive": True, "subsampling": 1, "restart_marker_blocks": 3}
    assert told_of(tmp_path, b"behind", **options) == {
        "subsampling": "4:2:2",
        "quality": "70",
        "scans": "10 progressive",
        "restart interval": 3,
        "metadata in it": "none",
        "Huffman tables": "optimal",
        "bytes behind the picture": 6,
    }


@pytest.mark.parametrize(("mode", "expected"), [("L", "none"), ("CMYK", "4:4:4")])
def test_subsampling(tmp_path: Path, mode: str, expected: str) -> None:
    assert told_of(tmp_path, mode=mode)["subsampling"] == expected


def test_a_table_of_no_quality_is_about_one() -> None:
    table = geometry.quality_table(geometry.LUMINANCE, 90).copy()
    assert details.quality(table) == "90"
    table[5] += 1
    assert details.quality(table) == "about 90"
    assert details.quality(np.full(64, 254)) == "about 1"


def test_a_file_kept_as_it_is_tells_nothing(tmp_path: Path) -> None:
    assert told_of(tmp_path, quality=80, progressive=True)["quality"] == "80"
    data = BytesIO()
    Image.new("RGB", (1, 1)).save(data, "JPEG")
    with Image.open(BytesIO(data.getvalue())) as image:
        image.save(tmp_path / "a.cgx", jpeg=data.getvalue())
    assert facts(tmp_path / "a.cgx", deep=False).told["jpeg restorable"]
