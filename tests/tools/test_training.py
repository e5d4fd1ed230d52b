"""Training and export, as the documented commands run them, for some seconds on few pictures."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import ROOT, photograph
from tools.data import crops as data, rendered
from tools.train import layers, loop, lossless_data, lossless_training
from tools.train.layers import Coded, QConv, TorchOps


def run(module: str, *arguments: str | Path) -> str:
    command = [
        sys.executable,
        "-W",
        "error::DeprecationWarning",
        "-m",
        module,
        *map(str, arguments),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name in ("astronaut", "chelsea", "coffee"):
        photograph(name, 200, 180).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run(
        "tools.train", "autoencoder", "--data", pictures, "--out", folder, "--minutes", "0.15",
        "--size", "64", "--batch", "2", "--checkpoint-minutes", "0.05", "--threads", "1",
        "--quantise-from", "0.3",
    )  # fmt: skip
    return folder


def test_training_writes_checkpoints_and_a_log(trained: Path) -> None:
    log = (trained / "log.tsv").read_text().splitlines()
    rows = list(csv.DictReader(log, delimiter="\t"))
    assert len(rows) >= 3
    assert rows[-1]["quantised"] == "1"
    assert all(np.isfinite(float(row["held_out_loss"])) for row in rows)
    state = torch.load(trained / "best.pt", weights_only=True)
    assert state["config"]["size"] == 64
    assert state["step"] > 0


def test_training_resumes_where_it_was(trained: Path, pictures: Path) -> None:
    config = loop.Config(**torch.load(trained / "last.pt", weights_only=True)["config"])
    recipe = loop.RECIPES["autoencoder"]
    resumed = loop.Run(recipe, config, resume=True)
    fresh = loop.Run(recipe, config, resume=False)
    assert resumed.step > 0 == fresh.step
    assert resumed.seconds > 5
    kept = torch.load(trained / "last.pt", weights_only=True)["networks"]
    assert all(
        torch.equal(kept[name], value) for name, value in resumed.networks.state_dict().items()
    )


def test_export_registers_proven_networks(trained: Path, tmp_path: Path) -> None:
    run("tools.export", "autoencoder", trained / "best.pt", "--id", "7", "--models", tmp_path)
    entries = json.loads((tmp_path / "index.json").read_text())["networks"]
    assert [(entry["id"], entry["name"]) for entry in entries] == [
        (7, "a_decoder"),
        (8, "a_encoder"),
    ]
    assert all(
        (tmp_path / entry["file"]).stat().st_size == entry["size_bytes"] for entry in entries
    )
    command = [sys.executable, "-m", "tools.export", "autoencoder", str(trained / "best.pt")]
    again = subprocess.run(
        [*command, "--id", "8", "--models", str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert again.returncode != 0
    assert "id 8 is taken" in again.stderr


def test_lossless_networks_train_and_export(pictures: Path, tmp_path: Path) -> None:
    run(
        "tools.train", "lossless", "--data", pictures, "--out", tmp_path, "--minutes", "0.1",
        "--size", "64", "--batch", "1", "--width", "8", "--depth-fine", "1", "--depth-second", "1",
        "--depth-coarse", "1", "--quantise-from", "0.3", "--rendered", "4",
    )  # fmt: skip
    log = (tmp_path / "log.tsv").read_text().splitlines()
    assert np.isfinite([float(value) for value in log[-1].split("\t")]).all()
    run(
        "tools.export.lossless", tmp_path / "last.pt", "--data", pictures, "--id", "100",
        "--pictures", "1", "--rendered", "4", "--models", tmp_path,
    )  # fmt: skip
    entries = json.loads((tmp_path / "index.json").read_text())["networks"]
    assert [entry["id"] for entry in entries] == list(range(100, 113))
    assert entries[-1]["name"] == "lossless_tables"
    assert {entry["features"] for entry in entries} == {8}


def test_lossless_training_goes_on_from_a_checkpoint_elsewhere(
    pictures: Path, tmp_path: Path
) -> None:
    small = {"size": 64, "batch": 1, "width": 8, "rendered": 2, "data": str(pictures)}
    config = lossless_training.Config(**small, out=str(tmp_path / "here"), minutes=0.01)
    lossless_training.train(config)
    begun = torch.load(tmp_path / "here" / "last.pt", weights_only=True)
    elsewhere = replace(
        config, out=str(tmp_path / "there"), start=str(tmp_path / "here" / "last.pt"), minutes=0.02
    )
    run = lossless_training.Run(elsewhere, resume=True)
    assert (run.step, run.seconds) == (begun["step"], begun["seconds"])
    kept = run.optimisers[0].state_dict()["state"][0]["average"]
    assert torch.equal(kept, begun["optimisers"][0]["state"][0]["average"])
    # what was averaged is not what the last step left
    for kept, found in ((begun["averaged"], run.learned), (begun["networks"], run.networks)):
        assert all(torch.equal(kept[key], value) for key, value in found.state_dict().items())
    assert any(
        not torch.equal(begun["averaged"][key], value) for key, value in begun["networks"].items()
    )
    # its own checkpoint comes first, once there is one
    run.step += 7
    run.save("last.pt", losses={})
    assert lossless_training.Run(elsewhere, resume=True).step == begun["step"] + 7
    # and a fresh training only begins with the networks, averaged
    fresh = lossless_training.Run(elsewhere, resume=False)
    assert fresh.step == 0
    assert all(
        torch.equal(begun["averaged"][key], value)
        for key, value in fresh.networks.state_dict().items()
    )


def test_lossless_weights_are_averaged_over_the_last_steps(tmp_path: Path) -> None:
    config = lossless_training.Config(width=8, out=str(tmp_path), average_steps=2)
    run = lossless_training.Run(config, resume=False)
    weight = next(run.networks.parameters())
    seen = []
    assert run.learned is run.networks
    for value in (4.0, 6.0, 10.0):
        with torch.no_grad():
            weight.fill_(value)
        assert run.averaged is not None
        run.averaged.update_parameters(run.networks)
        seen.append(next(run.learned.parameters()).mean().item())
    assert seen == [4, 5, 7.5]
    plain = lossless_training.Run(replace(config, average_steps=0), resume=False)
    assert plain.averaged is None
    assert plain.learned is plain.networks


def test_lossless_steps_shrink_to_nothing_at_the_end(tmp_path: Path) -> None:
    config = lossless_training.Config(width=8, out=str(tmp_path), minutes=10, cool_from=0.5)
    run = lossless_training.Run(config, resume=False)
    run.step = 1000
    shares = []
    for run.seconds in (0, 299, 450, 600):
        shares.append(run.share(100, config.cool_from))
    assert shares == pytest.approx([1, 1, 0.5, 0], abs=1e-3)


def test_planes_to_train_on_fit_the_networks(pictures: Path) -> None:
    config = lossless_training.Config(data=str(pictures), rendered=3)
    some = lossless_training.load_pictures(config, held_out=False)
    rng = np.random.default_rng(5)
    for kind in lossless_data.KINDS:
        for _ in range(12):
            planes = some.planes(kind, rng)
            assert planes.dtype == np.int16
            assert planes[..., 0].min() >= 0
            assert np.abs(planes).max() <= 255


def test_rendered_pictures_repeat_with_their_seed_and_have_no_noise() -> None:
    one, two = (rendered.pictures(6, seed=4) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    others = rendered.pictures(6, seed=5)
    assert not any(np.array_equal(a, b) for a in one for b in others)
    # most neighbours differ by a step at most, which photographs' do not
    steps = [np.abs(np.diff(picture.astype(int), axis=1)) <= 1 for picture in one]
    assert np.mean(steps) > 0.5


def test_held_out_pictures_are_never_trained_on(pictures: Path) -> None:
    kept = data.load_crops(pictures, held_out=True)
    used = data.load_crops(pictures)
    assert (len(kept), len(used)) == (1, 2)
    assert not any(np.array_equal(a, b) for a in kept for b in used)


def test_batches_repeat_with_their_seed(pictures: Path) -> None:
    crops = data.load_crops(pictures)
    one, two = (next(data.batches(crops, 96, 6, seed=3)) for _ in range(2))
    assert one.shape == (6, 96, 96, 3)
    assert np.array_equal(one, two)
    small = next(data.batches([crops[0][:40, :40]], 96, 2, seed=3))
    assert small.shape == (2, 96, 96, 3)


def test_integer_weights_stay_in_seven_bits() -> None:
    layer = QConv(8, 16, 3, Coded(5), Coded(5))
    layer.weight.data *= 37
    weight, bias, shifts = layer.integers()
    assert weight.abs().max() <= layers.WEIGHT_LIMIT
    assert weight.abs().amax((1, 2, 3)).min() >= layers.WEIGHT_LIMIT / 2
    assert torch.equal(weight, weight.round())
    assert torch.equal(bias, bias.round())
    real, _ = layer.rounded()
    step = torch.exp2(-shifts).reshape(-1, 1, 1, 1)
    assert ((real - layer.weight).abs() <= step / 2 + 1e-7).all()


def test_rounding_passes_the_gradient_through() -> None:
    x = torch.tensor([0.3, 9.0, -1.0], requires_grad=True)
    TorchOps(quantised=True).keep(x, Coded(2)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 1, 0]  # 9.0 lies within 0..63.75; -1 is cut
