"""The one way in which the sources' networks are trained here: Muon, equal steps, resumable."""

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from tools.data.crops import cut
from tools.reproduce.settings import Settings
from tools.train import run
from tools.train.muon import Muon

COOL_FROM = 0.5
"""The part of the steps after which they shrink."""

WARM_STEPS, LEAST_SHARE = 50, 0.02
"""Of the learning rate: it rises over so many steps, and ends with this share."""

LONGEST_GRADIENT = 1.0

SETTLING = 32
"""Batches over which normalisation's statistics are averaged when weights are final: the running
ones of small batches are so noisy that a network may be worse for it than before its training."""

CHECKPOINTS = 4
"""Of one training."""

Loss = Callable[[np.ndarray, np.random.Generator], Tensor]
"""Squares (N, side, side, 3) uint8 -> what is to be small."""

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Config:
    """What `run.Run` asks for. Its clock counts steps: a machine that is busy changes nothing."""

    out: str
    minutes: float
    checkpoint_minutes: float


def optimisers(network: nn.Module, settings: Settings) -> list[torch.optim.Optimizer]:
    """Muon for 3 x 3 convolutions, Adam for all else."""
    of_muon = [
        layer.weight
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)
    ]
    taken = {id(weight) for weight in of_muon}
    others = [weight for weight in network.parameters() if id(weight) not in taken]
    return [
        Muon(of_muon, settings.muon_rate),
        torch.optim.Adam(others, settings.learning_rate),
    ]


def train(
    network: Network,
    loss: Loss,
    settings: Settings,
    load: Callable[[], Sequence[np.ndarray]],
    out: Path,
) -> Network:
    """Train for the settings' steps, going on from a checkpoint in `out`; ready to be asked.

    Args:
        load: gives the pictures that squares are cut out of; not asked where all is done.
    """
    torch.set_num_threads(settings.threads)
    # a third faster here than planes one after the other
    network = network.to(memory_format=torch.channels_last)
    minutes = settings.steps / 60
    config = Config(str(out), minutes, minutes / CHECKPOINTS)
    this = run.Run(config, network, optimisers(network, settings), resume=True)
    if this.progress < 1:
        crops = load()
        rng = np.random.default_rng(1 + this.step)
        losses: list[float] = []
        noted = time.process_time()

        def drawn() -> Tensor:
            chosen = rng.integers(0, len(crops), settings.batch)
            squares = np.stack([cut(crops[index], settings.cut, rng) for index in chosen])
            return loss(squares, rng)

        def step() -> None:
            found = drawn()
            share = this.share(WARM_STEPS, COOL_FROM, LEAST_SHARE)
            rates = (settings.muon_rate, settings.learning_rate)
            this.descend(found, [rate * share for rate in rates], LONGEST_GRADIENT)
            losses.append(found.item())

        def note() -> run.Row:
            nonlocal noted
            if this.progress == 1:
                settle(network, drawn)
            this.save("last.pt")
            mean = float(np.mean(losses or [np.nan]))
            losses.clear()
            spent, noted = time.process_time() - noted, time.process_time()
            return {"step": this.step, "processor_seconds": f"{spent:.1f}", "loss": f"{mean:.6f}"}

        network.train()
        run.go_on(this, step, note, True, lambda: float(this.step))
    return network.eval()


@torch.no_grad()
def settle(network: nn.Module, ask: Callable[[], object]) -> None:
    """Average the statistics of batch normalisation; `ask` shows the network a batch."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None
    for _ in range(SETTLING):
        ask()


def spent_minutes(out: Path) -> float:
    """Processor time of a training, of all its sessions."""
    with (out / "log.tsv").open(newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return sum(float(row["processor_seconds"]) for row in rows) / 60
