"""The sources' tables measured again: the whole way in seconds, and what must hold of its parts."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from tests.conftest import photograph
from tests.tools.test_training import run
from tools.reproduce.crayon.network import XiaoNet
from tools.reproduce.crayon.training import seen
from tools.reproduce.thesis.measuring import bottleneck_bytes, entropy
from tools.reproduce.thesis.spaces import Integer, Lab
from tools.reproduce.thesis.tables import TABLES, variants


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reproduce")
    for name in ("data", "test"):
        (folder / name).mkdir()
    for number, name in enumerate(("astronaut", "chelsea", "coffee")):
        photograph(name, 96, 80).save(folder / ("test" if number == 2 else "data") / f"{name}.png")
    return folder


def make(folder: Path, source: str) -> Path:
    out = folder / source
    run(
        "tools.reproduce", source, "--quick", "--data", folder / "data", "--test",
        folder / "test", "--out", out,
    )  # fmt: skip
    return out


@pytest.fixture(scope="module")
def thesis(pictures: Path) -> Path:
    return make(pictures, "thesis")


@pytest.fixture(scope="module")
def crayon(pictures: Path) -> Path:
    return make(pictures, "crayon")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_our_colours_come_back_and_theirs_do_not(thesis: Path) -> None:
    found = {row["space"]: float(row["exact"]) for row in rows(thesis / "thesis.tsv")}
    assert found == {"LAB": 0.0, "YCoCg-R": 1.0}


def test_the_tables_have_the_printed_figures(thesis: Path) -> None:
    text = (thesis / "thesis.md").read_text("utf-8")
    assert "### Table 10: Levels of the bottleneck" in text
    assert '| thesis, "PNG" | 9,614 | 21,920 | 55,233 | 2.28, 5.75 |' in text
    assert "| tanh 2 | 128 | LAB | 52.3 |" in text


def test_what_is_done_is_not_done_again(thesis: Path, pictures: Path) -> None:
    results = thesis / "thesis.tsv"
    before = results.read_text()
    lines = before.splitlines(keepends=True)
    results.write_text("".join(lines[:-1]))  # its network is trained
    checkpoint = thesis / "lab-tanh-2" / "last.pt"
    changed = checkpoint.stat().st_mtime_ns
    make(pictures, "thesis")
    after = results.read_text()
    assert checkpoint.stat().st_mtime_ns == changed
    assert after.splitlines(keepends=True)[:-1] == lines[:-1]
    assert len(after.splitlines()) == len(lines)


def test_crayon_by_n_and_at_equal_bytes(crayon: Path) -> None:
    found = {(row["n"], row["way"]): row for row in rows(crayon / "crayon.tsv")}
    assert {n for n, _ in found} == {"6", "20"}
    ours = found["20", "ours"]
    assert float(ours["rgb_psnr_db"]) > float(found["20", "interpolated"]["rgb_psnr_db"])
    for rival in ("JPEG 4:2:0", "WebP", "AVIF 4:2:0", "JPEG XL"):
        assert 0 < float(found["20", rival]["relative_size"]) <= float(ours["relative_size"])
    assert "| 6 |" in (crayon / "crayon.md").read_text("utf-8")


@pytest.mark.parametrize("size", [(8, 8), (37, 50), (1, 1)])
def test_the_papers_network_takes_any_size(size: tuple[int, int]) -> None:
    lab = torch.zeros((1, 3, *size))
    network = XiaoNet(4).eval()
    found = network(*seen(lab, 6), 6)
    assert found.shape == (1, 2, *size)
    assert found.abs().max() <= 1


def test_what_the_network_sees_of_colour_is_the_grid() -> None:
    lab = torch.rand((1, 3, 13, 14))
    luminance, hints = seen(lab, 6)
    assert torch.equal(luminance, lab[:, :1])
    assert hints[:, 2].sum() == 3 * 3
    assert torch.equal(hints[:, :2, ::6, ::6], lab[:, 1:, ::6, ::6])
    assert (hints[:, :2].count_nonzero() == 2 * 3 * 3).item()


@given(st.integers(0, 2**32 - 1), st.floats(0, 1000))
def test_integers_restore_whatever_was_predicted(seed: int, wild: float) -> None:
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (5, 7, 3), np.uint8)
    predicted = rng.normal(0, wild, (5, 7, 2)).astype(np.float32)
    space = Integer()
    decolorized = space.decolorized(rgb, predicted)
    assert np.array_equal(space.restored(decolorized, lambda _: predicted), rgb)
    chroma = space.planes(rgb)[1]
    assert np.array_equal(space.rendered(rgb, chroma).shape, rgb.shape)


def test_grey_that_was_foreseen_is_lost_by_nobody() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    nothing = np.zeros((256, 1, 2), np.float32)
    for space in (Lab(), Integer()):
        restored = space.restored(space.decolorized(grey, nothing), lambda _: nothing)
        assert np.array_equal(restored, grey), space.name


@pytest.mark.parametrize(("levels", "size_bytes"), [(256, 128), (128, 112), (32, 80), (None, 512)])
def test_bottlenecks_of_the_thesis(levels: int | None, size_bytes: int) -> None:
    assert bottleneck_bytes(2 * 8 * 8, levels) == size_bytes


def test_entropy() -> None:
    assert entropy(np.repeat(np.arange(16), 3)) == pytest.approx(4)


def test_all_tables_are_there_and_networks_are_told_apart() -> None:
    assert [table.number for table in TABLES] == list(range(1, 16))
    names = [variant.name for variant in variants()]
    assert len(names) == len(set(names)) == 15
