"""Export a trained network: ``python -m tools.export crayon runs/crayon/best.pt --id 64``.

Writes the ONNX files and their entries in ``models/index.json``, after proving that PyTorch,
onnxruntime (with and without optimisation) and numpy's int64 compute the same integers.
Takes some seconds. A registered id is never overwritten: `--id` must be new.
"""

import argparse
import datetime
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import zstandard
from torch import nn

from pillow_colorgrid.codings.crayon import network as grid_crayon
from pillow_colorgrid.runtime import networks
from tools.export import evaluate, heads
from tools.export.graph import FloatGraph, OnnxOps
from tools.train import autoencoder, autoencoder_recipe, crayon, crayon_recipe
from tools.train.layers import Coded, Ops, QConv, TorchOps

ZSTD_LEVEL = 19

MODELS = Path(__file__).resolve().parents[2] / "models"

EDGE = 96
"""Edge, in pixels, of the picture on which multiply-accumulates are counted."""


@dataclass(frozen=True)
class Exported:
    """One ONNX graph and what the index says of it.

    Attributes:
        features: that its head sees, which a file has beside the graph (`heads`); 0: it does not.
    """

    name: str
    role: str
    model: onnx.ModelProto
    mac_per_pixel: float
    integer: bool
    features: int = 0

    @property
    def of_file(self) -> onnx.ModelProto:
        """The graph as a file holds it."""
        return heads.without_head(self.model) if self.features else self.model


def session(model: onnx.ModelProto, optimised: bool) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = (
        levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    )
    options.intra_op_num_threads = 2 if optimised else 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def check_bits(
    model: onnx.ModelProto,
    torch_outputs: Callable[[dict[str, np.ndarray]], list[np.ndarray]],
    inputs: dict[str, np.ndarray],
    of_file: onnx.ModelProto | None = None,
) -> None:
    """Raise ValueError unless PyTorch, onnxruntime and int64 agree on `inputs` to the bit.

    Args:
        of_file: how the file holds it, which onnxruntime computes; default: as it is.
    """
    exact = evaluate.run(model, inputs)
    asked = of_file or model
    results = {
        "PyTorch": torch_outputs(inputs),
        "onnxruntime, optimised": networks.answers(session(asked, True), inputs),
        "onnxruntime, plain": networks.answers(session(asked, False), inputs),
    }
    for name, outputs in results.items():
        for number, (output, expected) in enumerate(zip(outputs, exact, strict=True)):
            if not np.array_equal(output, expected):
                wrong = np.mean(output != expected)
                raise ValueError(f"{name}: output {number} differs in {wrong:.2%} of its values")


def as_real(values: np.ndarray, coded: Coded) -> torch.Tensor:
    return (torch.from_numpy(values).float() - coded.zero) * 2.0**-coded.shift


def as_bytes(values: torch.Tensor, coded: Coded) -> np.ndarray:
    return (values * 2.0**coded.shift + coded.zero).round().to(torch.uint8).numpy()


@torch.no_grad()
def export_autoencoder(checkpoint: Path) -> list[Exported]:
    """The A-decoder (integer) and the A-encoder (float) of a training."""
    trained = autoencoder_recipe.build()
    trained.load_state_dict(torch.load(checkpoint, weights_only=True)["networks"])
    a_encoder, a_decoder = trained["a_encoder"], trained["a_decoder"]
    ops = OnnxOps("a_decoder")
    bottleneck = ops.input(
        "bottleneck", autoencoder.BOTTLENECK_CHANNELS, autoencoder.BOTTLENECK, side=2
    )
    luminance = ops.input("luminance", 1, autoencoder.PIXELS, side=64)
    ops.output(a_decoder(ops, bottleneck, luminance), "chroma")
    model = ops.model()
    rng = np.random.default_rng(1)
    inputs = {
        "bottleneck": rng.integers(0, 256, (2, 2, 3, 2), np.uint8),
        "luminance": rng.integers(0, 256, (2, 1, 96, 64), np.uint8),
    }

    def by_torch(given: dict[str, np.ndarray]) -> list[np.ndarray]:
        predicted = a_decoder.double()(
            TorchOps(quantised=True),
            as_real(given["bottleneck"], autoencoder.BOTTLENECK).double(),
            as_real(given["luminance"], autoencoder.PIXELS).double(),
        )
        return [as_bytes(predicted, autoencoder.PIXELS)]

    check_bits(model, by_torch, inputs)
    kind = next(a_encoder.parameters())
    blocks = EDGE // autoencoder.BLOCK

    def decode(ops: Ops) -> object:
        coded = kind.new_zeros(1, autoencoder.BOTTLENECK_CHANNELS, blocks, blocks)
        return a_decoder.to(kind)(ops, coded, kind.new_zeros(1, 1, EDGE, EDGE))

    def encode(_: Ops) -> object:
        return a_encoder(kind.new_zeros(1, autoencoder.PICTURE_CHANNELS, EDGE, EDGE))

    return [
        Exported("a_decoder", "a_decoder", model, mac_per_pixel(a_decoder, decode), integer=True),
        Exported(
            "a_encoder",
            "a_encoder",
            a_encoder_graph(a_encoder),
            mac_per_pixel(a_encoder, encode),
            integer=False,
        ),
    ]


@torch.no_grad()
def export_crayon(checkpoint: Path) -> list[Exported]:
    """Crayon (integer): its outputs are accumulators, exact multiples of powers of two."""
    trained = crayon_recipe.build()
    trained.load_state_dict(torch.load(checkpoint, weights_only=True)["networks"])
    network = trained["crayon"]
    ops = OnnxOps("crayon")
    cells = grid_crayon.ALIGNMENT // 2
    ops.output(
        network(ops, ops.input("inputs", grid_crayon.INPUTS, crayon.INPUT, side=2 * cells)),
        "outputs",
    )
    model = ops.model()
    inputs = {
        "inputs": np.random.default_rng(1).integers(
            0, 256, (2, grid_crayon.INPUTS, 3 * cells, 2 * cells), np.uint8
        )
    }

    def by_torch(given: dict[str, np.ndarray]) -> list[np.ndarray]:
        seen = as_real(given["inputs"], crayon.INPUT).double()
        return [network.double()(TorchOps(quantised=True), seen).float().numpy()]

    check_bits(model, by_torch, inputs)

    def paint(ops: Ops) -> object:
        seen = torch.zeros(1, grid_crayon.INPUTS, EDGE // 2, EDGE // 2, dtype=torch.double)
        return network(ops, seen)

    return [Exported("crayon", "crayon", model, mac_per_pixel(network, paint), integer=True)]


def a_encoder_graph(network: autoencoder.AEncoder) -> onnx.ModelProto:
    """As AEncoder.forward."""
    graph = FloatGraph("a_encoder", "picture", autoencoder.PICTURE_CHANNELS)
    x = "picture"
    for layer in network.way_down:
        x = graph.node("Relu", [graph.conv(layer, x)])
    block = [autoencoder.BLOCK] * 2
    means = graph.node("AveragePool", ["picture"], kernel_shape=block, strides=block)
    first, last = graph.constant("first", np.array([1])), graph.constant("last", np.array([3]))
    chroma = graph.node("Slice", [means, first, last, graph.constant("axis", np.array([1]))])
    graph.node("Tanh", [graph.node("Add", [graph.conv(network.head, x), chroma])])
    return graph.model()


def mac_per_pixel(network: nn.Module, run: Callable[[Ops], object]) -> float:
    """Multiply-accumulates for each pixel; `run` is `network` on a picture of EDGE x EDGE."""
    total = 0

    def count(layer: nn.Module, _: object, out: torch.Tensor) -> None:
        nonlocal total
        total += layer.weight[0].numel() * out.numel()

    class CountingOps(TorchOps):
        def conv(self, layer: QConv, x: torch.Tensor) -> torch.Tensor:
            out = super().conv(layer, x)
            count(layer, None, out)
            return out

    hooks = [m.register_forward_hook(count) for m in network.modules() if type(m) is nn.Conv2d]
    run(CountingOps(quantised=False))
    for hook in hooks:
        hook.remove()
    return total / EDGE**2


EXPORTS: dict[str, Callable[[Path], list[Exported]]] = {
    "autoencoder": export_autoencoder,
    "crayon": export_crayon,
}


def add_to_index(entry: dict[str, object], folder: Path) -> None:
    """Append an entry to ``index.json``; refuse an id that is taken."""
    path = folder / "index.json"
    index = json.loads(path.read_text()) if path.exists() else {"networks": []}
    if entry["id"] in {other["id"] for other in index["networks"]}:
        raise ValueError(f"network id {entry['id']} is taken; an id never changes its meaning")
    index["networks"].append(entry)
    path.write_text(json.dumps(index, indent=1) + "\n")


def register_group(
    name: str,
    role: str,
    file: Path,
    members: list[dict[str, object]],
    number: int,
    trained: str,
    more: np.ndarray | None = None,
    **facts: int,
) -> None:
    """Register a file, written already, that names networks which belong together.

    Args:
        more: integers that are in the file as well; its hash covers them and the networks.
        facts: of the networks, for the index (`networks.Network`): features, reach.
    """
    data = file.read_bytes()
    digest = hashlib.sha256("".join(str(entry["hash"]) for entry in members).encode())
    if more is not None:
        digest.update(more.astype("<u2").tobytes())
    entry = {
        "id": number,
        "name": name,
        "role": role,
        **facts,
        "file": file.name,
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "hash": digest.hexdigest()[:16],
        "integer": False,  # no graph: nothing to compute, nothing to test
        "parameters": 0 if more is None else int(np.count_nonzero(more)),
        "mac_per_pixel": 0,
        "self_test": "",
        "trained": trained,
        "date": members[0]["date"],
    }
    add_to_index(entry, file.parent)


def register(exported: Exported, network_id: int, trained: str, folder: Path) -> dict[str, object]:
    """Write the graph and its index entry; refuse an id that is taken."""
    data = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(
        exported.of_file.SerializeToString(deterministic=True)
    )
    file = f"{exported.name}_{network_id}.onnx{networks.PACKED}"
    entry = {
        "id": network_id,
        "name": exported.name,
        "role": exported.role,
        **({"features": exported.features} if exported.features else {}),
        "file": file,
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "hash": evaluate.integer_hash(exported.model)[:16],
        "integer": exported.integer,
        "self_test": networks.self_test(session(exported.of_file, True))
        if exported.integer
        else "",
        "parameters": sum(
            int(np.prod(t.dims))
            for t in exported.model.graph.initializer
            if t.name.startswith(("weight_", "bias_")) and not t.name.split("_")[1].isalpha()
        ),
        "mac_per_pixel": round(exported.mac_per_pixel),
        "trained": trained,
        "date": datetime.date.today().isoformat(),
    }
    add_to_index(entry, folder)
    (folder / file).write_bytes(data)
    return entry


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("network", choices=sorted(EXPORTS))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--id", type=int, required=True, help="first id; others follow it")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of index.json")
    options = parser.parse_args()
    state = torch.load(options.checkpoint, weights_only=True)
    trained = "{} minutes, {} steps, seed {}, held-out loss {:.4f}".format(
        round(state["seconds"] / 60), state["step"], state["config"]["seed"], state["best"]
    )
    print(trained)
    for number, exported in enumerate(EXPORTS[options.network](options.checkpoint)):
        print(
            json.dumps(register(exported, options.id + number, trained, options.models), indent=1)
        )


if __name__ == "__main__":
    main()
