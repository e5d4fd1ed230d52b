"""Train one variant: L2 loss on chroma, as the thesis; the same minutes for each."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tools.data.crops import cut, load_crops
from tools.reproduce.thesis.network import Autoencoder, Variant
from tools.reproduce.thesis.settings import Settings
from tools.reproduce.thesis.spaces import Space
from tools.train import run

COOL_FROM = 0.5
"""The part of the time after which steps shrink."""


@dataclass(frozen=True)
class Config:
    """What `run.Run` asks for."""

    out: str
    minutes: float
    checkpoint_minutes: float = 1.0


def tensors(space: Space, pictures: np.ndarray) -> tuple[Tensor, Tensor]:
    """(N, H, W, 3) uint8 -> chroma (N, 2, H, W) and luminance (N, 1, H, W) as the network's."""
    luminance, chroma = zip(*(space.planes(rgb) for rgb in pictures), strict=True)
    return (
        torch.from_numpy(np.stack(chroma)).permute(0, 3, 1, 2) / space.chroma_scale,
        torch.from_numpy(np.stack(luminance)).unsqueeze(1) / space.luminance_scale,
    )


def train(variant: Variant, space: Space, settings: Settings, data: Path, out: Path) -> Autoencoder:
    """The trained network; goes on from a checkpoint in `out`, and only reads one that is done."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(1)
    network = Autoencoder(variant, settings.widths)
    optimiser = torch.optim.Adam(network.parameters(), settings.learning_rate)
    config = Config(str(out), settings.minutes)
    this = run.Run(config, network, [optimiser], resume=True)
    if this.progress < 1:
        crops = load_crops(data)
        rng = np.random.default_rng(1 + this.step)
        losses: list[float] = []

        def step() -> None:
            chosen = rng.integers(0, len(crops), settings.batch)
            squares = np.stack([cut(crops[index], settings.side, rng) for index in chosen])
            chroma, luminance = tensors(space, squares)
            loss = (network(chroma, luminance) - chroma).square().mean()
            this.descend(loss, [settings.learning_rate * this.share(50, COOL_FROM, 0.02)], 1.0)
            losses.append(loss.item() * space.chroma_scale**2)

        def note() -> run.Row:
            this.save("last.pt")
            mean = float(np.mean(losses or [np.nan]))
            losses.clear()
            return {"step": this.step, "minutes": f"{this.seconds / 60:.1f}", "mse": f"{mean:.2f}"}

        network.train()
        run.go_on(this, step, note, True, lambda: time.process_time() / settings.threads)
    return network.eval()
