"""Which edges the error of painted colour lies at."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import photograph
from tests.tools.test_training import run
from tools.rate_distortion.error_map import KINDS, kinds, shares


def test_edges_are_told_apart() -> None:
    rgb = np.full((32, 64, 3), 100, np.uint8)
    rgb[:, 16:] = (200, 200, 200)  # of luminance
    rgb[:, 32:] = (240, 200, 160)  # of colour: Y stays 200
    rgb[:, 48:] = (0, 0, 0)
    found = kinds(rgb)[16]
    assert [KINDS[found[x]] for x in (8, 16, 32, 48)] == [
        "flat", "luminance alone", "colour alone", "both",
    ]  # fmt: skip


def test_shares_add_up() -> None:
    found = shares([np.array([[3.0, 1.0]])], [np.array([[2, 0]])])
    assert [pixels for _, pixels, _ in found] == [0.5, 0, 0.5, 0]
    assert [error for *_, error in found] == pytest.approx([0.25, 0, 0.75, 0])


def test_command(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    photograph("coffee", 64, 48).save(tmp_path / "in" / "a.png")
    run(
        "tools.rate_distortion.error_map", "--images", tmp_path / "in", "--out",
        tmp_path / "maps.png",
    )  # fmt: skip
    with Image.open(tmp_path / "maps.png") as image:
        assert image.size == (960, 240)
    with (tmp_path / "maps.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    run(
        "tools.rate_distortion.error_map", "--images", tmp_path / "in", "--maps-only",
        "--out", tmp_path / "maps.png",
    )  # fmt: skip
    with Image.open(tmp_path / "maps.png") as image:
        assert image.size == (1600, 240)
    assert sum(float(row["share_of_error"]) for row in rows) == pytest.approx(1, abs=1e-3)
