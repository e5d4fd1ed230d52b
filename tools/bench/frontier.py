"""The frontier of the lossless networks: bits against time, one line for each checkpoint.

    python -m tools.bench.frontier CHECKPOINT... --data DIR --note "MACHINE" \\
        --out tools/results/lossless_frontier.tsv

Bits are those of rounded networks on held-out squares of each kind (`lossless_data`), ideal code
lengths. Times are of the exported graphs alone on one thread: nanoseconds of the processor for each
pixel of a picture in colour, all passes of luminance and colour, each by its share of the cells.
Only checkpoints after equally long trainings can be compared; each line says how long its own was.
Lines are appended, so that later trainings add to the table: half a minute each.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from pillow_colorgrid.codings.lossless.model import NAMES
from pillow_colorgrid.runtime.heads import rounded_up
from tools.export.lossless import export, load
from tools.train.lossless_data import KINDS
from tools.train.lossless_training import (
    CONTEXTS,
    Config,
    FastOps,
    HeldOut,
    held_out_batches,
    loss,
)

SHARES = {"fine": 1 / 4, "second": 1 / 16, "coarse": 1 / 64 + 1 / 256 + 1 / 1024 + 1 / 4096}
"""Cells of the passes over a kind of level, for each pixel of a picture."""

SIDE = 128
"""Rows and columns of cells that are timed."""

REPEAT = 5

HEADING = (
    "checkpoint", "width", "depth_fine", "depth_second", "depth_coarse", "minutes", "step",
    "kmac_per_pixel", "ns_per_pixel", *(f"{kind}_bpp" for kind in KINDS), "note",
)  # fmt: skip


def share_of(name: str) -> float:
    """Cells for each pixel of the pass of a network "plane_level_pass"."""
    return SHARES[name.split("_")[1]]


def ns_per_cell(model: bytes, inputs: int) -> float:
    """Of the processor, on one thread; the best of REPEAT runs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    shape = (1, SIDE, rounded_up(inputs), SIDE)
    cells = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    times = []
    for _ in range(1 + REPEAT):
        begin = time.process_time()
        session.run(None, {"inputs": cells})
        times.append(time.process_time() - begin)
    return 1e9 * min(times) / SIDE**2


def cost(networks: nn.ModuleDict) -> tuple[float, float]:
    """Thousands of multiply-accumulates, and nanoseconds, for each pixel."""
    kmac = ns = 0.0
    for name in NAMES:
        network = networks[name]
        kmac += sum(p.numel() for p in network.parameters() if p.ndim == 4) * share_of(name) / 1000
        graph = export(name, network).of_file.SerializeToString()
        ns += ns_per_cell(graph, network.inputs) * share_of(name)
    return kmac, ns


@torch.no_grad()
def rates_bpp(networks: nn.ModuleDict, held_out: HeldOut) -> dict[str, float]:
    """Of each kind of picture, luminance and colour together."""
    ops = FastOps(quantised=True)
    return {
        kind: sum(
            float(np.mean([loss(networks, batch, plane, ops).item() for batch in batches]))
            for plane in CONTEXTS
        )
        for kind, batches in held_out.items()
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True, help="the crops of the training")
    parser.add_argument("--note", required=True, help="the machine")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    held_out = held_out_batches(Config(data=str(options.data)))
    fresh = not options.out.exists()
    with options.out.open("a", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        if fresh:
            writer.writerow(HEADING)
        for checkpoint in options.checkpoints:
            networks, state = load(checkpoint)
            config = Config(**state["config"])
            rates = rates_bpp(networks, held_out)
            kmac, ns = cost(networks)
            shape = [config.width, *config.depths.values()]
            trained = [f"{state['seconds'] / 60:.0f}", state["step"]]
            figures = [f"{kmac:.1f}", f"{ns:.0f}", *(f"{rate:.4f}" for rate in rates.values())]
            writer.writerow([checkpoint.name, *shape, *trained, *figures, options.note])
            file.flush()


if __name__ == "__main__":
    main()
