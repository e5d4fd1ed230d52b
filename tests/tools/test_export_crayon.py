"""Crayon's way from PyTorch to a file: the same integers in PyTorch, onnxruntime and numpy."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from pillow_colorgrid.codings.crayon import network
from tools.export import evaluate, onnx_files
from tools.train import crayon_recipe


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an untrained network."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("run") / "last.pt"
    torch.save({"networks": crayon_recipe.build().state_dict()}, path)
    return path


@pytest.fixture(scope="module")
def exported(checkpoint: Path) -> onnx_files.Exported:
    """`export_crayon` compares their bits; it raises where they differ."""
    (found,) = onnx_files.export_crayon(checkpoint)
    return found


def test_size_and_cost_are_bounded(exported: onnx_files.Exported) -> None:
    assert exported.name == "crayon"
    assert exported.integer
    assert len(exported.model.SerializeToString()) <= 2 * 2**20
    assert 10_000 < exported.mac_per_pixel <= 120_000


def test_outputs_are_multiples_of_powers_of_two(exported: onnx_files.Exported) -> None:
    """float32 holds them exactly, so that rounding them has one result everywhere."""
    rng = np.random.default_rng(1)
    shape = (1, network.INPUTS, 16, 16)
    (outputs,) = evaluate.run(exported.model, {"inputs": rng.integers(0, 256, shape, np.uint8)})
    assert outputs.shape == (1, network.OUTPUTS, 16, 16)
    assert np.array_equal(outputs * 2**24, np.rint(outputs.astype(np.float64) * 2**24))


def test_a_changed_output_is_found(exported: onnx_files.Exported) -> None:
    inputs = {"inputs": np.full((1, network.INPUTS, 16, 16), 200, np.uint8)}
    expected = evaluate.run(exported.model, inputs)
    with pytest.raises(ValueError, match="PyTorch: output 0 differs"):
        onnx_files.check_bits(exported.model, lambda _: [expected[0] + 1], inputs)


def test_it_is_registered_once(exported: onnx_files.Exported, tmp_path: Path) -> None:
    entry = onnx_files.register(exported, 64, "not at all", tmp_path)
    assert json.loads((tmp_path / "index.json").read_text())["networks"] == [entry]
    onnx.checker.check_model(evaluate.load(tmp_path / "crayon_64.onnx.zst"))
    with pytest.raises(ValueError, match="network id 64 is taken"):
        onnx_files.register(exported, 64, "not at all", tmp_path)
