"""Export the networks of the jpeg coding.

    python -m tools.export.jpeg runs/jpeg/last.pt --id 100

Proves for each that PyTorch, onnxruntime and numpy's int64 compute the same integers, writes the
ONNX files and the set that names them (`codings.jpeg.model`), with entries in models/index.json.
The set gets `--id`, its networks the ids behind it. Takes a minute on one core.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pillow_colorgrid.codings.jpeg import features, layout
from pillow_colorgrid.codings.jpeg.model import NAMES, SET
from tools.export.graph import OnnxOps
from tools.export.onnx_files import (
    MODELS,
    Exported,
    as_bytes,
    as_real,
    check_bits,
    register,
    register_group,
)
from tools.train import jpeg_networks
from tools.train.jpeg_networks import EXCHANGED, TABLE_INPUT, TABLE_OUTPUT, TABLE_WIDTH
from tools.train.layers import Coded, TorchOps

SELF_TEST_SIDE = 4
"""Rows and columns of blocks of the known answer that each session is asked for."""

Inputs = dict[str, tuple[int, Coded]]
"""Channels, and how their bytes are kept, by the name of an input."""


def inputs_of(name: str, network: nn.Module) -> Inputs:
    """What a network takes, in the order of its `forward`."""
    plane = name.split("_")[0]
    width = jpeg_networks.STATE.get(plane, 0)
    if isinstance(network, jpeg_networks.Table):
        return {"tables": (network.conv.weight.shape[1], TABLE_INPUT)}
    if isinstance(network, jpeg_networks.Start):
        given = {"near": (network.join.weight.shape[1], EXCHANGED)}
        if plane == "color":
            given["side"] = (features.FEATURES * layout.FREQUENCIES, EXCHANGED)
        return given
    if isinstance(network, jpeg_networks.Update):
        return {
            "state": (width, EXCHANGED),
            "group": (network.group.weight.shape[1], EXCHANGED),
            "table": (TABLE_WIDTH, EXCHANGED),
        }
    if isinstance(network, jpeg_networks.Head):
        given = {"state": (width, EXCHANGED)}
        if hasattr(network, "around"):
            given["around"] = (network.around.weight.shape[1], EXCHANGED)
        return given
    return {"inputs": (network.join.weight.shape[1], EXCHANGED)}


def output_of(network: nn.Module) -> Coded | None:
    """How the output is kept; None: accumulators."""
    if isinstance(network, jpeg_networks.Table):
        return TABLE_OUTPUT
    states = (jpeg_networks.Start, jpeg_networks.Update)
    return EXCHANGED if isinstance(network, states) else None


@torch.no_grad()
def export(name: str, network: nn.Module) -> Exported:
    """One network as a graph that was checked to the bit."""
    given = inputs_of(name, network)
    ops = OnnxOps("jpeg_" + name)
    values = [
        ops.input(key, channels, coded, SELF_TEST_SIDE) for key, (channels, coded) in given.items()
    ]
    ops.output(network(ops, *values), "output")
    model = ops.model()
    network.double()
    kept = output_of(network)

    def by_torch(shown: dict[str, np.ndarray]) -> list[np.ndarray]:
        real = [as_real(shown[key], coded).double() for key, (_, coded) in given.items()]
        output = network(TorchOps(quantised=True), *real)
        return [output.float().numpy() if kept is None else as_bytes(output, kept)]

    rng = np.random.default_rng(1)
    for spread in (12, 60):
        check_bits(
            model,
            by_torch,
            {
                key: rng.normal(coded.zero, spread, (2, channels, 7, 5))
                .clip(0, 255)
                .astype(np.uint8)
                for key, (channels, coded) in given.items()
            },
        )
    return Exported("jpeg_" + name, "jpeg", model, 0.0, integer=True)


def register_set(members: list[dict[str, object]], number: int, trained: str, folder: Path) -> None:
    """Write the set's file and its index entry; its hash covers the networks."""
    path = folder / f"{SET}_{number}.json"
    with path.open("x") as file:  # an id never changes its meaning
        file.write(json.dumps({"networks": [entry["id"] for entry in members]}) + "\n")
    register_group(SET, SET, path, members, number, trained)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--id", type=int, required=True, help="of the set")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of index.json")
    options = parser.parse_args()
    index = json.loads((options.models / "index.json").read_text())
    taken = {entry["id"] for entry in index["networks"]}
    wanted = range(options.id, options.id + len(NAMES) + 1)
    if not taken.isdisjoint(wanted):
        raise ValueError(f"ids {sorted(taken & set(wanted))} are taken")
    state = torch.load(options.checkpoint, weights_only=True)
    nets = jpeg_networks.networks()
    nets.load_state_dict(state["networks"])
    trained = "{:.0f} minutes, {} steps, held-out {:.4f} bpp, rounded {:.4f}".format(
        state["seconds"] / 60,
        state["step"],
        sum(v for k, v in state["losses"].items() if k != "rounded"),
        state["losses"]["rounded"],
    )
    members = []
    for number, name in enumerate(NAMES):
        exported = export(name, nets[name])
        members.append(register(exported, options.id + 1 + number, trained, options.models))
    register_set(members, options.id, trained, options.models)
    print(f"{trained}; {sum(int(m['size_bytes']) for m in members):,} bytes")


if __name__ == "__main__":
    main()
