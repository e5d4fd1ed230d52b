"""Upper bounds of what a network could gain: they are bounds, and blocks are blocks."""

import csv
from pathlib import Path

import numpy as np

from pillow_colorgrid.codings.crayon.hints import ColorGrid
from tests.conftest import photograph
from tests.tools.test_training import run
from tools.rate_distortion.paint_oracle import block_sums, chosen, surrounding


def test_blocks_at_the_ends_may_be_cut() -> None:
    found = block_sums(np.arange(15.0).reshape(3, 5), 2)
    assert found[0].tolist() == [12, 12, 20, 20, 13]
    assert found[2].tolist() == [21, 21, 25, 25, 14]


def test_the_best_way_is_chosen_for_each_block() -> None:
    wanted = np.zeros((2, 2, 4), np.int16)
    ways = [wanted + 3, wanted + np.int16([1, 1, 4, 0])]
    assert chosen(wanted, ways, 1)[0, 0].tolist() == [1, 1, 3, 0]
    assert chosen(wanted, ways, 2)[0, 0].tolist() == [1, 1, 4, 0]


def test_stored_colours_around_a_pixel() -> None:
    hints = np.arange(6, dtype=np.int8).reshape(2, 3)
    colour = ColorGrid(2, "mean", 4, (hints, -hints))
    above_left, _, _, below_right = surrounding(colour, 4, 6)
    assert above_left[0, 0].tolist() == [0, 0, 4, 4, 8, 8]
    assert below_right[1, 3].tolist() == [-16, -16, -20, -20, -20, -20]


def test_more_freedom_is_never_worse(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    photograph("coffee", 64, 48).save(tmp_path / "in" / "a.png")
    out = tmp_path / "oracle.tsv"
    run(
        "tools.rate_distortion.paint_oracle", "--images", tmp_path / "in", "--n", "8",
        "--out", out,
    )  # fmt: skip
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    gains = {(row["oracle"], row["block"]): float(row["gain_db"]) for row in rows}
    assert gains["without the network", ""] == 0
    name = "best of stored colours"
    assert gains[name, "1 x 1"] >= gains[name, "2 x 2"] >= gains[name, "16 x 16"] >= 0
    assert gains[name, "2 x 2"] >= gains[f"{name} near edges of luminance", "2 x 2"]
