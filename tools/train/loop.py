"""Train a network: ``python -m tools.train autoencoder --data DIR --minutes 75``.

The time each takes on one core, and the loss to expect, stand with its recipe (RECIPES). Stop it
when you like: the last checkpoint is at most a few minutes old, and ``--resume`` goes on from it.

    python -m tools.train autoencoder --data DIR --minutes 75 --out runs/autoencoder
    python -m tools.export autoencoder runs/autoencoder/best.pt --id 1
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from tools.data.crops import batches, load_crops
from tools.train import autoencoder_recipe, crayon_recipe, jpeg_training, lossless_training, run
from tools.train.muon import Muon


@dataclass(frozen=True)
class Config:
    """The settings of a training; they are kept in each checkpoint."""

    data: str = ""
    out: str = "runs"
    start: str = ""  # a checkpoint whose networks are where a fresh training begins
    minutes: float = 60.0  # of the processor, all threads together by their number
    device: str = "cpu"
    threads: int = 0  # 0: PyTorch's own choice
    seed: int = 1
    size: int = 160  # edge of a training square, a multiple of 32
    batch: int = 8
    learning_rate: float = 5e-3  # of Muon; AdamW's is a share of it
    quantise_from: float = 0.6  # part of the time after which weights and activations are rounded
    checkpoint_minutes: float = 3.0


@dataclass(frozen=True)
class Recipe:
    """What is particular to one network."""

    build: Callable[[], nn.Module]
    loss: Callable[[nn.Module, Tensor, bool], Tensor]
    """(networks, (N, H, W, 3) uint8 pictures, quantised) -> scalar to minimise."""
    config: Config
    bfloat16_when_rounded: bool = False
    """Train in bfloat16 to the end; else in float32 once weights and activations are rounded."""


RECIPES = {
    "autoencoder": Recipe(
        autoencoder_recipe.build,
        autoencoder_recipe.loss,
        # One core shared with other work: 60 minutes, 17,000 steps; best after 36. Expect 0.24:
        # 73 % of the energy of the chroma foreseen, at 0.11 bits more for each of its values.
        Config(),
    ),
    "crayon": Recipe(
        crayon_recipe.build,
        crayon_recipe.loss,
        # One core: 95 minutes from crayon_64.pt, 2,780 steps. Expect 12.99 (that is a PSNR of
        # 35.1 dB over n = 6, 20, 50, 100): 0.07 dB better than hints and slopes alone.
        Config(minutes=60.0, size=352, batch=4, quantise_from=0.75),
        bfloat16_when_rounded=True,
    ),
}


def held_out_batches(config: Config) -> list[np.ndarray]:
    crops = load_crops(Path(config.data), held_out=True)
    source = batches(crops, config.size, config.batch, seed=0)
    return [next(source) for _ in range(max(1, min(8, len(crops) // config.batch + 1)))]


LEARNING_RATE_SHARES = (1.0, 0.4)
"""Of Config.learning_rate, for Muon and for AdamW."""

MUON_LEAST_CHANNELS = 8
"""Convolutions with fewer channels on either side stay with AdamW."""


def optimisers(networks: nn.Module, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the weights between features, AdamW for first layers, heads and biases."""
    matrices, others = [], []
    for parameter in networks.parameters():
        wide = parameter.ndim == 4 and min(parameter.shape[:2]) >= MUON_LEAST_CHANNELS
        (matrices if wide else others).append(parameter)
    return [
        Muon(matrices, learning_rate),
        torch.optim.AdamW(others, LEARNING_RATE_SHARES[1] * learning_rate, weight_decay=1e-4),
    ]


class Run(run.Run):
    """The training of one of RECIPES."""

    def __init__(self, recipe: Recipe, config: Config, resume: bool) -> None:
        self.recipe, self.best = recipe, float("inf")
        torch.manual_seed(config.seed)
        networks = recipe.build().to(config.device, memory_format=torch.channels_last)
        steps = optimisers(networks, config.learning_rate)
        super().__init__(config, networks, steps, resume, config.start, config.device)

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self.best = state["best"]

    def save(self, name: str, **more: object) -> None:
        super().save(name, best=self.best, **more)

    @property
    def quantised(self) -> bool:
        return self.progress >= self.config.quantise_from

    def train_step(self, pictures: np.ndarray) -> float:
        """One step; the loss."""
        # bfloat16 is twice as fast; float32 once rounding to bytes has to be exact
        fast = not self.quantised or self.recipe.bfloat16_when_rounded
        with torch.autocast(self.config.device, torch.bfloat16, enabled=fast):
            batch = torch.from_numpy(pictures).to(self.config.device)
            loss = self.recipe.loss(self.networks, batch, self.quantised)
        learning_rate = self.config.learning_rate * self.share(200, least=0.02)
        self.descend(loss, [share * learning_rate for share in LEARNING_RATE_SHARES], 1.0)
        return loss.item()

    @torch.no_grad()
    def held_out_loss(self, held_out: list[np.ndarray]) -> float:
        """The loss of the rounded networks on crops that were not trained on."""
        self.networks.eval()
        with torch.autocast(
            self.config.device, torch.bfloat16, enabled=self.recipe.bfloat16_when_rounded
        ):
            losses = [
                self.recipe.loss(self.networks, torch.from_numpy(b).to(self.config.device), True)
                for b in held_out
            ]
        self.networks.train()
        return torch.stack(losses).mean().item()


def train(recipe: Recipe, config: Config, resume: bool = False) -> Path:
    """Train until `config.minutes` are spent; return the best checkpoint by held-out loss.

    Only checkpoints made while rounding is on can be the best: they are what is exported.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    this = Run(recipe, config, resume)
    source = batches(
        load_crops(Path(config.data)), config.size, config.batch, config.seed + this.step
    )
    held_out = held_out_batches(config)
    bar = tqdm(
        total=round(60 * config.minutes), initial=round(this.seconds), unit="s", disable=None
    )
    recent: list[float] = []

    def step() -> None:
        recent.append(this.train_step(next(source)))
        bar.update(round(this.seconds) - bar.n)

    def note() -> run.Row:
        loss, mean = this.held_out_loss(held_out), float(np.mean(recent))
        if this.quantised and loss < this.best:
            this.best = loss
            this.save("best.pt")
        this.save("last.pt")
        bar.set_postfix_str(f"loss {mean:.3f}, held-out {loss:.3f}")
        recent.clear()
        return {
            "step": this.step,
            "minutes": f"{this.seconds / 60:.1f}",
            "train_loss": f"{mean:.4f}",
            "held_out_loss": f"{loss:.4f}",
            "quantised": int(this.quantised),
        }

    run.go_on(this, step, note, resume, lambda: time.process_time() / torch.get_num_threads())
    return this.folder / "best.pt"


TRAININGS: dict[str, tuple[run.Settings, Callable[..., Path]]] = {
    **{name: (recipe.config, partial(train, recipe)) for name, recipe in RECIPES.items()},
    "lossless": (lossless_training.Config(), lossless_training.train),
    "jpeg": (jpeg_training.Config(), jpeg_training.train),
}
"""Network -> its settings (each field is an option) and what trains it."""


def main() -> None:
    """Read the command line; print the checkpoint to export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    networks = parser.add_subparsers(dest="network", required=True)
    for name, (settings, _) in TRAININGS.items():
        options = networks.add_parser(name, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        run.add_options(options, settings)
    given = vars(parser.parse_args())
    settings, start = TRAININGS[given.pop("network")]
    resume = given.pop("resume")
    print(start(replace(settings, **given), resume))


if __name__ == "__main__":
    main()
