"""The one way in which the sources' networks are trained here: Adam, equal minutes, resumable."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from tools.data.crops import cut, load_crops
from tools.reproduce.settings import Settings
from tools.train import run

COOL_FROM = 0.5
"""The part of the time after which steps shrink."""

WARM_STEPS, LEAST_SHARE = 50, 0.02
"""Of the learning rate: it rises over so many steps, and ends with this share."""

Loss = Callable[[np.ndarray, np.random.Generator], Tensor]
"""Squares (N, side, side, 3) uint8 -> what is to be small."""

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Config:
    """What `run.Run` asks for."""

    out: str
    minutes: float
    checkpoint_minutes: float = 1.0


def train(network: Network, loss: Loss, settings: Settings, data: Path, out: Path) -> Network:
    """Train for the settings' minutes, going on from a checkpoint in `out`; ready to be asked."""
    torch.set_num_threads(settings.threads)
    optimiser = torch.optim.Adam(network.parameters(), settings.learning_rate)
    this = run.Run(Config(str(out), settings.minutes), network, [optimiser], resume=True)
    if this.progress < 1:
        crops = load_crops(data)
        rng = np.random.default_rng(1 + this.step)
        losses: list[float] = []

        def step() -> None:
            chosen = rng.integers(0, len(crops), settings.batch)
            squares = np.stack([cut(crops[index], settings.side, rng) for index in chosen])
            found = loss(squares, rng)
            share = this.share(WARM_STEPS, COOL_FROM, LEAST_SHARE)
            this.descend(found, [settings.learning_rate * share], 1.0)
            losses.append(found.item())

        def note() -> run.Row:
            this.save("last.pt")
            mean = float(np.mean(losses or [np.nan]))
            losses.clear()
            return {"step": this.step, "minutes": f"{this.seconds / 60:.1f}", "loss": f"{mean:.6f}"}

        network.train()
        run.go_on(this, step, note, True, lambda: time.process_time() / settings.threads)
    return network.eval()
