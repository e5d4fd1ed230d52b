"""Do all providers of this machine's onnxruntime compute the reference integers?

    python -m tools.export.check_providers --out tools/results/providers.tsv

Each integer network of models/ on random bytes, with each provider, with and without graph
optimisation, on one thread and on several: equal to numpy's int64 (tools/export/evaluate.py) in
every bit, or exit status 1. Half a minute on the CPU. Run it on a machine with CUDA to have CUDA in
the table.
"""

import argparse
import csv
import itertools
import platform
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from pillow_colorgrid.runtime import networks
from tools.export import evaluate
from tools.export.onnx_files import MODELS

THREADS = (1, 2, 4)
RUNS = 3
"""Random inputs for each network."""

SCALE = 4
"""Sides of the inputs, as a multiple of the self-test's."""


def open_session(
    model: onnx.ModelProto, provider: str, optimised: bool, threads: int
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = (
        levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    )
    options.intra_op_num_threads = threads
    chosen = (provider, dict(networks.PROVIDER_OPTIONS.get(provider, {})))
    fallback = [] if provider == networks.CPU else [networks.CPU]
    return onnxruntime.InferenceSession(
        model.SerializeToString(),
        options,
        providers=[chosen, *fallback],
        disabled_optimizers=list(networks.DISABLED_OPTIMIZERS),
    )


def random_inputs(model: onnx.ModelProto, seed: int) -> dict[str, np.ndarray]:
    sides = {entry.key: int(entry.value) for entry in model.metadata_props}
    rng = np.random.default_rng(seed)
    inputs = {}
    for value in model.graph.input:
        side = SCALE * sides[f"side_{value.name}"]
        channels = value.type.tensor_type.shape.dim[1].dim_value
        inputs[value.name] = rng.integers(0, 256, (1, channels, side, side), np.uint8)
    return inputs


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cases = []
    for network in networks.index().values():
        if network.integer:
            model = evaluate.load(MODELS / network.file)
            of_file = evaluate.load_file(MODELS / network.file)
            for seed in range(RUNS):
                inputs = random_inputs(model, seed)
                cases.append((of_file, inputs, evaluate.run(model, inputs)))
    rows = []
    available = [p for p in onnxruntime.get_available_providers() if "Azure" not in p]
    for provider, optimised, threads in itertools.product(available, (True, False), THREADS):
        equal = 0
        for model, inputs, expected in cases:
            opened = open_session(model, provider, optimised, threads)
            found = networks.answers(opened, inputs)
            equal += all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
        rows.append([provider, optimised, threads, len(cases), equal])
        print(*rows[-1], sep="\t", flush=True)
    with options.out.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        file.write(f"# onnxruntime {onnxruntime.__version__}, {platform.machine()}\n")
        writer.writerow(["provider", "optimised", "threads", "runs", "equal_to_int64"])
        writer.writerows(rows)
    return int(any(row[3] != row[4] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
