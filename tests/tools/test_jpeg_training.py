"""The training of the jpeg coding's networks: batches, a step, a checkpoint; and its names."""

import csv
from pathlib import Path

import numpy as np
import torch

from pillow_colorgrid.codings.jpeg import keys, layout, model
from tests.conftest import photograph
from tools.data import jpeg_files
from tools.train import jpeg_networks, jpeg_training


def test_batches_hold_what_files_hold() -> None:
    crops = [np.asarray(photograph("coffee", 96, 96))]
    batch = next(jpeg_files.batches(crops, 64, 2, seed=3))
    assert batch.planes[0].shape == (2, 64, 8, 8)
    rows, columns = batch.planes[1].shape[2:]
    assert (rows * batch.down, columns * batch.across) == (8, 8)
    assert batch.tables.shape == (2, 3, 64)
    assert batch.tables.min() >= 1


def test_a_short_training_writes_checkpoint_and_log(tmp_path: Path) -> None:
    for number in range(21):
        photograph("coffee", 80, 80).save(tmp_path / f"{number}.png")
    config = jpeg_training.Config(
        data=str(tmp_path), out=str(tmp_path / "run"), minutes=0.02, size=64, batch=1
    )
    jpeg_training.train(config, resume=False)
    state = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    assert state["step"] >= 1
    assert 0 < state["losses"]["rounded"] < 20
    log = (tmp_path / "run" / "log.tsv").read_text().splitlines()
    rows = list(csv.DictReader(log, delimiter="\t"))
    assert int(rows[-1]["step"]) == state["step"]


def test_networks_are_those_that_a_set_names() -> None:
    assert set(jpeg_networks.networks()) == set(model.NAMES)


def test_kinds_of_passes_are_those_of_the_layout() -> None:
    assert len(layout.LUMINANCE) == keys.LUMINANCE_GROUPS
    assert len(layout.COLOR) == keys.COLOR_GROUPS
