"""A network that is trained on the picture that it paints."""

import csv
from pathlib import Path

import pytest
import torch

from tests.conftest import photograph
from tests.tools.test_training import run
from tools.train import crayon_recipe


def test_it_learns_the_picture(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    photograph("coffee", 96, 64).save(tmp_path / "in" / "a.png")
    torch.manual_seed(1)
    torch.save(crayon_recipe.build().state_dict(), tmp_path / "start.pt")
    run(
        "tools.rate_distortion.paint_overfit", "--images", tmp_path / "in", "--n", "8",
        "--minutes", "0.05", "--start", tmp_path / "start.pt", "--out", tmp_path / "found.tsv",
    )  # fmt: skip
    with (tmp_path / "found.tsv").open(newline="") as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    values = {name: float(value) for name, value in row.items() if name != "picture"}
    assert values["after_0.05_minutes"] > values["with"]
    assert values["without"] == pytest.approx(36, abs=8)
