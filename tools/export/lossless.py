"""Export the networks of the lossless coding and learn their frequency tables.

    python -m tools.export.lossless runs/lossless/last.pt --data DIR --id 16

Takes about four minutes on one core. Proves that PyTorch, onnxruntime and numpy's int64 compute
the same integers, writes the ONNX files and the tables (`codings.lossless_model`) with their
entries in ``models/index.json``, and prints bits per pixel of the held-out crops: as the float
networks promise and as the integer tables cost (expect less than 0.5 % more).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pillow_colorgrid.codings.lossless.model import NAMES, TABLES
from pillow_colorgrid.codings.lossless.outputs import Seen
from pillow_colorgrid.codings.lossless.predict import Run
from pillow_colorgrid.runtime.heads import FEATURES as HEAD_SEES, PIXELS, head_of
from tools.export import frequencies as lossless_frequencies, heads
from tools.export.graph import OnnxOps
from tools.export.onnx_files import (
    MODELS,
    Exported,
    as_bytes,
    as_real,
    check_bits,
    register,
    register_group,
    session,
)
from tools.train.layers import TorchOps
from tools.train.lossless_data import KINDS
from tools.train.lossless_networks import FEATURES, INPUT, Predictor, predictors
from tools.train.lossless_training import Config, load_pictures
from tools.train.run import learned

HELD_OUT_PICTURES = 60
"""So many, at most, that were not trained on tell what the tables cost."""

SELF_TEST_SIDE = 8
"""Rows and columns of cells of the known answer that each session is asked for."""


def load(checkpoint: Path) -> tuple[nn.ModuleDict, dict[str, object]]:
    """The networks of a training and all else that its checkpoint holds."""
    state = torch.load(checkpoint, weights_only=True)
    config = Config(**state["config"])
    networks = predictors(config.width, config.depths)
    networks.load_state_dict(learned(state))
    return networks, state


@torch.no_grad()
def export(name: str, network: Predictor) -> Exported:
    """One network as a graph that was checked to the bit."""
    channels = network.join.weight.shape[1]
    ops = OnnxOps(name)
    features = network.features(ops, ops.input("inputs", channels, INPUT, SELF_TEST_SIDE))
    ops.output(features, "features")
    ops.output(ops.conv(network.head, features), "outputs")
    model = ops.model()
    network.double()

    def by_torch(given: dict[str, np.ndarray]) -> list[np.ndarray]:
        x = as_real(given["inputs"], INPUT).double()
        features = network.features(TorchOps(quantised=True), x)
        outputs = network(TorchOps(quantised=True), x)
        return [as_bytes(features, FEATURES), outputs.float().numpy()]

    rng = np.random.default_rng(1)
    near = rng.normal(INPUT.zero, 24, (1, channels, 16, 16)).clip(0, 255).astype(np.uint8)
    anything = rng.integers(0, 256, (2, channels, 9, 11), np.uint8)
    for inputs in (near, anything):
        check_bits(model, by_torch, {"inputs": inputs}, heads.without_head(model))
    macs = sum(p.numel() for p in network.parameters() if p.ndim == 4)
    shown = network.head.weight.shape[1]
    return Exported(name, "lossless", model, macs / 4, integer=True, features=shown)


def run_by(exported: dict[str, Exported]) -> Run:
    """Predictions of graphs that are not registered yet."""
    sessions = {name: session(one.of_file, optimised=True) for name, one in exported.items()}
    heads_of = {name: head_of(one) for name, one in sessions.items()}

    def run(name: str, inputs: np.ndarray) -> Seen:
        return Seen(heads_of[name], *sessions[name].run([HEAD_SEES, PIXELS], {"inputs": inputs}))

    return run


def write_tables(
    table: np.ndarray,
    members: list[dict[str, object]],
    number: int,
    trained: str,
    folder: Path,
    predictors: Sequence[Predictor],
) -> None:
    """Write the tables and their index entry; its hash covers the networks they were made for."""
    path = folder / f"lossless_tables_{number}.npz"
    with path.open("xb") as file:  # an id never changes its meaning
        np.savez_compressed(
            file,
            networks=np.array([entry["id"] for entry in members], np.uint16),
            frequencies=table,
        )
    register_group(
        "lossless_tables",
        TABLES,
        path,
        members,
        number,
        trained,
        more=table,
        features=max(network.head.weight.shape[1] for network in predictors),
        reach=max(len(network.blocks) for network in predictors),
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the crops of the training")
    parser.add_argument("--id", type=int, required=True, help="first id; the tables' is the last")
    parser.add_argument("--pictures", type=int, default=400, help="to learn the tables from")
    parser.add_argument(
        "--rendered", type=int, default=Config.rendered, help="rendered pictures among them"
    )
    parser.add_argument(
        "--only", choices=[*KINDS], default="", help="the kind that tables are for; default: all"
    )
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of index.json")
    options = parser.parse_args()
    networks, state = load(options.checkpoint)
    exported = {name: export("lossless_" + name, networks[name]) for name in NAMES}
    run = run_by(exported)
    rng = np.random.default_rng(1)
    config = Config(data=str(options.data), rendered=options.rendered)
    pictures, held_out = (load_pictures(config, apart) for apart in (False, True))
    seen = lossless_frequencies.count(pictures.draw(options.pictures, rng, options.only), run)
    table = lossless_frequencies.frequencies(seen)
    told_by = min(HELD_OUT_PICTURES, options.pictures)
    others = [*held_out.draw(told_by, rng, options.only)]
    pixels = sum(picture.shape[0] * picture.shape[1] for picture in others)
    bits = lossless_frequencies.ideal_bits(lossless_frequencies.count(others, run), table)
    trained = "{:.0f} minutes, {} steps, held-out {:.4f} bpp".format(
        state["seconds"] / 60, state["step"], bits / pixels
    )
    print(trained, state["losses"])
    members = [
        register(exported[name], options.id + number, trained, options.models)
        for number, name in enumerate(NAMES)
    ]
    used = [networks[name] for name in NAMES]
    write_tables(table, members, options.id + len(NAMES), trained, options.models, used)


if __name__ == "__main__":
    main()
