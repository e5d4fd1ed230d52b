"""Train a network: ``python -m tools.train autoencoder --data DIR --minutes 75``.

The time each takes on one core, and the loss to expect, stand with its recipe (RECIPES). Stop it
when you like: the last checkpoint is at most a few minutes old, and ``--resume`` goes on from it.

    python -m tools.train autoencoder --data DIR --minutes 75 --out runs/autoencoder
    python -m tools.export autoencoder runs/autoencoder/best.pt --id 1
"""

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from tools.data.crops import batches, load_crops
from tools.train import autoencoder_recipe, crayon_recipe, lossless_training
from tools.train.muon import Muon


@dataclass(frozen=True)
class Config:
    """The settings of a training; they are kept in each checkpoint."""

    data: str = ""
    out: str = "runs"
    minutes: float = 60.0
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
        # One core shared with other work: 96 minutes in two parts, 6,500 steps. Expect 13.8 (that
        # is a PSNR of 34.3 dB over n = 6, 20, 50, 100): 0.1 dB better than hints and slopes alone.
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


class Run:
    """One training: networks, optimisers, the time spent so far, and where they are kept."""

    def __init__(self, recipe: Recipe, config: Config, resume: bool) -> None:
        self.recipe, self.config = recipe, config
        self.folder = Path(config.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed)
        self.networks = recipe.build().to(config.device, memory_format=torch.channels_last)
        self.optimisers = optimisers(self.networks, config.learning_rate)
        self.step, self.seconds, self.best = 0, 0.0, float("inf")
        last = self.folder / "last.pt"
        if resume and last.exists():
            self.restore(torch.load(last, map_location=config.device, weights_only=True))

    def restore(self, state: dict[str, object]) -> None:
        self.networks.load_state_dict(state["networks"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]

    def save(self, name: str) -> None:
        """Write a checkpoint whole or not at all."""
        state = {
            "networks": self.networks.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "config": asdict(self.config),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
        }
        unfinished = self.folder / (name + ".part")
        torch.save(state, unfinished)
        unfinished.replace(self.folder / name)

    @property
    def progress(self) -> float:
        return min(1.0, self.seconds / (60 * self.config.minutes))

    @property
    def quantised(self) -> bool:
        return self.progress >= self.config.quantise_from

    def learning_rate(self) -> float:
        """Warm-up, then half a cosine down to 2 %."""
        cosine = 0.51 + 0.49 * float(np.cos(np.pi * self.progress))
        return self.config.learning_rate * min(1.0, (self.step + 1) / 200) * cosine

    def train_step(self, pictures: np.ndarray) -> float:
        for optimiser, share in zip(self.optimisers, LEARNING_RATE_SHARES, strict=True):
            optimiser.zero_grad(set_to_none=True)
            for group in optimiser.param_groups:
                group["lr"] = share * self.learning_rate()
        # bfloat16 is twice as fast; float32 once rounding to bytes has to be exact
        fast = not self.quantised or self.recipe.bfloat16_when_rounded
        with torch.autocast(self.config.device, torch.bfloat16, enabled=fast):
            batch = torch.from_numpy(pictures).to(self.config.device)
            loss = self.recipe.loss(self.networks, batch, self.quantised)
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
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


def log_row(path: Path, row: dict[str, object], fresh: bool) -> None:
    """Append to the TSV log; a `fresh` one begins with its heading."""
    with path.open("w" if fresh else "a", newline="") as file:
        writer = csv.DictWriter(file, list(row), delimiter="\t")
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def train(recipe: Recipe, config: Config, resume: bool = False) -> Path:
    """Train until `config.minutes` are spent; return the best checkpoint by held-out loss.

    Only checkpoints made while rounding is on can be the best: they are what is exported.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    run = Run(recipe, config, resume)
    source = batches(
        load_crops(Path(config.data)), config.size, config.batch, config.seed + run.step
    )
    held_out = held_out_batches(config)
    log = run.folder / "log.tsv"
    if not resume:
        log.unlink(missing_ok=True)
    bar = tqdm(total=round(60 * config.minutes), initial=round(run.seconds), unit="s", disable=None)
    recent: list[float] = []
    begin, next_checkpoint = time.monotonic() - run.seconds, run.seconds
    while run.progress < 1:
        recent.append(run.train_step(next(source)))
        before, run.seconds = run.seconds, time.monotonic() - begin
        bar.update(round(run.seconds) - round(before))
        if run.seconds < next_checkpoint + 60 * config.checkpoint_minutes and run.progress < 1:
            continue
        next_checkpoint = run.seconds
        loss = run.held_out_loss(held_out)
        if run.quantised and loss < run.best:
            run.best = loss
            run.save("best.pt")
        run.save("last.pt")
        minutes, mean = run.seconds / 60, float(np.mean(recent))
        row = {
            "step": run.step,
            "minutes": f"{minutes:.1f}",
            "train_loss": f"{mean:.4f}",
            "held_out_loss": f"{loss:.4f}",
            "quantised": int(run.quantised),
        }
        log_row(log, row, fresh=not log.exists())
        bar.set_postfix_str(f"loss {mean:.3f}, held-out {loss:.3f}")
        recent = []
    return run.folder / "best.pt"


TRAININGS: dict[str, tuple[object, Callable[..., Path]]] = {
    **{name: (recipe.config, partial(train, recipe)) for name, recipe in RECIPES.items()},
    "lossless": (lossless_training.Config(), lossless_training.train),
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
        options.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
        for field in fields(settings):
            value = getattr(settings, field.name)
            options.add_argument(
                "--" + field.name.replace("_", "-"), type=type(value), default=value, help=" "
            )
    given = vars(parser.parse_args())
    settings, start = TRAININGS[given.pop("network")]
    resume = given.pop("resume")
    print(start(replace(settings, **given), resume))


if __name__ == "__main__":
    main()
