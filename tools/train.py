"""Train a network: ``python -m tools.train autoencoder --data DIR --minutes 75``.

The time each takes on one core, and the loss to expect, stand with its recipe (RECIPES). Stop it
when you like: the last checkpoint is at most a few minutes old, and ``--resume`` goes on from it.

    python -m tools.train autoencoder --data DIR --minutes 75 --out runs/autoencoder
    python -m tools.export autoencoder runs/autoencoder/best.pt --id 1
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from tools import autoencoder_recipe
from tools.data import batches, load_crops


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
    learning_rate: float = 1e-3
    quantise_from: float = 0.6  # part of the time after which weights and activations are rounded
    checkpoint_minutes: float = 3.0


@dataclass(frozen=True)
class Recipe:
    """What is particular to one network."""

    build: Callable[[], nn.Module]
    loss: Callable[[nn.Module, Tensor, bool], Tensor]
    """(networks, (N, H, W, 3) uint8 pictures, quantised) -> scalar to minimise."""
    config: Config


RECIPES = {
    "autoencoder": Recipe(
        autoencoder_recipe.build,
        autoencoder_recipe.loss,
        # One core: 75 minutes. Expect a held-out loss of TODO bits per chroma value.
        Config(),
    ),
}


def held_out_batches(config: Config) -> list[np.ndarray]:
    crops = load_crops(Path(config.data), held_out=True)
    source = batches(crops, config.size, config.batch, seed=0)
    return [next(source) for _ in range(max(1, min(8, len(crops) // config.batch + 1)))]


class Run:
    """One training: networks, optimiser, the time spent so far, and where they are kept."""

    def __init__(self, recipe: Recipe, config: Config, resume: bool) -> None:
        self.recipe, self.config = recipe, config
        self.folder = Path(config.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed)
        self.networks = recipe.build().to(config.device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(
            self.networks.parameters(), config.learning_rate, weight_decay=1e-4
        )
        self.step, self.seconds, self.best = 0, 0.0, float("inf")
        last = self.folder / "last.pt"
        if resume and last.exists():
            self.restore(torch.load(last, map_location=config.device, weights_only=True))

    def restore(self, state: dict[str, object]) -> None:
        self.networks.load_state_dict(state["networks"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]

    def save(self, name: str) -> None:
        """Write a checkpoint whole or not at all."""
        state = {
            "networks": self.networks.state_dict(),
            "optimiser": self.optimiser.state_dict(),
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
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate()
        self.optimiser.zero_grad(set_to_none=True)
        # bfloat16 is twice as fast; float32 once rounding to bytes has to be exact
        with torch.autocast(self.config.device, torch.bfloat16, enabled=not self.quantised):
            batch = torch.from_numpy(pictures).to(self.config.device)
            loss = self.recipe.loss(self.networks, batch, self.quantised)
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return loss.item()

    @torch.no_grad()
    def held_out_loss(self, held_out: list[np.ndarray]) -> float:
        """The loss of the rounded networks on crops that were not trained on."""
        losses = [
            self.recipe.loss(self.networks, torch.from_numpy(b).to(self.config.device), True)
            for b in held_out
        ]
        return torch.stack(losses).mean().item()


def log_rows(path: Path, resume: bool) -> Iterator[csv.writer]:
    """Open the TSV log, once with its heading."""
    fresh = not (resume and path.exists())
    with path.open("w" if fresh else "a", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        if fresh:
            writer.writerow(["step", "minutes", "train_loss", "held_out_loss", "quantised"])
        while True:
            yield writer
            file.flush()


def train(recipe: Recipe, config: Config, resume: bool = False) -> Path:
    """Train until `config.minutes` are spent; return the best checkpoint by held-out loss.

    Only checkpoints made while rounding is on can be the best: they are what is exported.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    run = Run(recipe, config, resume)
    source = batches(load_crops(Path(config.data)), config.size, config.batch, config.seed + run.step)
    held_out = held_out_batches(config)
    log = log_rows(run.folder / "log.tsv", resume)
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
        next(log).writerow([run.step, f"{minutes:.1f}", f"{mean:.4f}", f"{loss:.4f}", int(run.quantised)])
        bar.set_postfix_str(f"loss {mean:.3f}, held-out {loss:.3f}")
        recent = []
    log.close()
    return run.folder / "best.pt"


def main() -> None:
    """Read the command line; each field of Config is an option."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("network", choices=sorted(RECIPES))
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    for name, value in asdict(Config()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=None)
    options = vars(parser.parse_args())
    recipe, resume = RECIPES[options.pop("network")], options.pop("resume")
    given = {name: value for name, value in options.items() if value is not None}
    print(train(recipe, replace(recipe.config, **given), resume))


if __name__ == "__main__":
    main()
