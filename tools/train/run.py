"""The one training loop: steps until the minutes are spent, checkpoints, resumption, a log as TSV.

What is particular to some networks (loss, optimisers, pictures) stands in their recipe: a subclass
of `Run`, and a function that calls `go_on`.
"""

import argparse
import csv
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

Row = Mapping[str, object]
"""A line of the log, by the names of its columns."""


class Settings(Protocol):
    """What each recipe's Config has; a dataclass."""

    out: str
    minutes: float
    checkpoint_minutes: float
    __dataclass_fields__: Any


class Run:
    """One training: networks, optimisers, the time spent so far, and where they are kept."""

    def __init__(
        self,
        config: Settings,
        networks: nn.Module,
        optimisers: Sequence[torch.optim.Optimizer],
        resume: bool,
        start: str = "",
        device: str = "cpu",
    ) -> None:
        """Begin, or go on from last.pt in the folder of the settings.

        Args:
            start: a checkpoint whose networks are where a fresh training begins.
        """
        self.config, self.networks, self.optimisers = config, networks, list(optimisers)
        self.folder = Path(config.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.step, self.seconds = 0, 0.0
        last = self.folder / "last.pt"
        if resume and last.exists():
            self.restore(torch.load(last, map_location=device, weights_only=True))
        elif start:
            begun = torch.load(start, map_location=device, weights_only=True)
            self.networks.load_state_dict(learned(begun))

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint was made."""
        self.networks.load_state_dict(state["networks"])
        for optimiser, its in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(its)
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self, name: str, **more: object) -> None:
        """Write a checkpoint whole or not at all."""
        state = {
            "networks": self.networks.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "config": asdict(self.config),
            "step": self.step,
            "seconds": self.seconds,
            **more,
        }
        unfinished = self.folder / (name + ".part")
        torch.save(state, unfinished)
        unfinished.replace(self.folder / name)

    @property
    def progress(self) -> float:
        """The part of the minutes that is spent, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.config.minutes))

    def share(self, warm_steps: int, cool_from: float = 0.0, least: float = 0.0) -> float:
        """Of the learning rate: a warm-up; from `cool_from` on half a cosine down to `least`."""
        cooled = max(0.0, self.progress - cool_from) / (1 - cool_from)
        cosine = (1 + math.cos(math.pi * cooled)) / 2
        return min(1.0, (self.step + 1) / warm_steps) * (least + (1 - least) * cosine)

    def descend(
        self, loss: torch.Tensor, learning_rates: Sequence[float], longest_gradient: float
    ) -> None:
        """A step of all optimisers, each by its learning rate."""
        for optimiser, learning_rate in zip(self.optimisers, learning_rates, strict=True):
            optimiser.zero_grad(set_to_none=True)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), longest_gradient)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1


def learned(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The weights that a checkpoint's training has come to: averaged, where it averages."""
    weights: Mapping[str, Any] = state.get("averaged", state["networks"])
    return weights


def go_on(
    run: Run,
    step: Callable[[], None],
    note: Callable[[], Row],
    resume: bool,
    clock: Callable[[], float] = time.monotonic,
    first_minutes: float | None = None,
) -> None:
    """Take steps until the minutes are spent, and notes meanwhile and at the end.

    Args:
        note: saves checkpoints; its row goes to log.tsv in the run's folder.
        resume: go on with the log that is there.
        clock: seconds, whose differences are spent.
        first_minutes: until the first note; 0: before the first step, too; default: as between all.
    """
    log = run.folder / "log.tsv"
    if not resume:
        log.unlink(missing_ok=True)
    between = 60 * run.config.checkpoint_minutes
    if first_minutes == 0:
        log_row(log, note())
    begin = clock() - run.seconds
    due = run.seconds + (60 * first_minutes if first_minutes else between)
    while run.progress < 1:
        step()
        run.seconds = clock() - begin
        if run.seconds >= due or run.progress == 1:
            due = run.seconds + between
            log_row(log, note())


def log_row(path: Path, row: Row) -> None:
    """Append to the TSV log; a fresh one begins with its heading."""
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row), delimiter="\t")
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def add_options(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """An option for each setting, and --resume."""
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    for field in fields(settings):
        value = getattr(settings, field.name)
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, type=type(value), default=value, help=" ")
