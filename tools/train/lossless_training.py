"""Train the probability networks of the lossless coding.

    nice python -m tools.train lossless --data DIR --minutes 85 --out runs/lossless
    python -m tools.export.lossless runs/lossless/last.pt

Luminance and colour take turns. The loss is the file's own size: bits per pixel that an ideal coder
would write. Steps that shrink to nothing at the end bring the last percents, so plan `--minutes`
for the whole training; `--resume` goes on from the last checkpoint, a few minutes old at most.

One core (Zen 5), 88 minutes beside other work, 12,600 steps: 3.35 bits of luminance and 4.25 of
colour on held-out crops, rounded (before rounding began, at 70 minutes: 3.44 and 4.35). That was
with all crops as Y, Co, Cg: tools/checkpoints/lossless_28.pt. Another 104 minutes from there
(`--start`), the last 35 with the planes of `lossless_data`: 3.50 and 3.92, that is 1.9 % less than
where those 35 began (lossless_60.pt, networks 48 to 59).
"""

import csv
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pillow_colorgrid.codings.lossless import context as lossless_context, distribution, levels
from tools.data.crops import load_crops
from tools.train.layers import Coded, QConv, TorchOps, straight_through
from tools.train.lossless_data import batches
from tools.train.lossless_networks import INPUT, predictors
from tools.train.muon import Muon


@dataclass(frozen=True)
class Config:
    """The settings of a training; they are kept in each checkpoint."""

    data: str = ""
    out: str = "runs/lossless"
    start: str = ""  # a checkpoint whose networks are where a fresh training begins
    minutes: float = 85.0
    threads: int = 1
    seed: int = 1
    size: int = 128  # edge of a training square
    batch: int = 8
    width: int = 48
    depth_fine: int = 3
    depth_second: int = 3
    depth_coarse: int = 3
    learning_rate: float = 4e-3  # of Muon
    head_learning_rate: float = 2e-3  # of AdamW: heads and biases
    quantise_from: float = 0.8  # part of the time after which weights and activations are rounded
    checkpoint_minutes: float = 4.0

    @property
    def depths(self) -> dict[str, int]:
        return {"fine": self.depth_fine, "second": self.depth_second, "coarse": self.depth_coarse}


class Rounded(torch.autograd.Function):
    """An activation as its byte holds it; the gradient passes inside of the byte's range."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, out: Coded) -> Tensor:
        low, high = out.limits
        ctx.save_for_backward((x >= low) & (x <= high))
        return (x * 2.0**out.shift).round_().mul_(2.0**-out.shift).clamp_(low, high)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple[Tensor, None]:
        (inside,) = ctx.saved_tensors
        return grad * inside, None


class FastOps(TorchOps):
    """TorchOps with fewer passes over memory, for training in bfloat16."""

    def keep(self, x: Tensor, out: Coded) -> Tensor:
        if self.quantised:
            return Rounded.apply(x, out)
        return functional.hardtanh(x, *out.limits, inplace=True)


def code_length(value: Tensor, mean: Tensor, log2_scale: Tensor) -> Tensor:
    """Bits of integers `value` under a logistic distribution, integrated over each step.

    A sliver of uniform distribution stands for the frequency tables, where nothing is impossible.
    """
    scale = torch.exp2(log2_scale.clamp(-4, 7.75))
    above, below = (value + 0.5 - mean) / scale, (value - 0.5 - mean) / scale
    probability = torch.sigmoid(above) - torch.sigmoid(below)
    return -torch.log2(probability * (1 - 2**-10) + 2**-19)


def mean_of(base: Tensor, output: Tensor) -> Tensor:
    return base + distribution.MEAN_GAIN * output


START = (distribution.START_CLASS - distribution.UNIT_CLASS) / distribution.CLASSES_PER_OCTAVE
"""log2 of the scale that an output of 0 means."""


def luminance_bits(out: Tensor, base: list[Tensor], value: list[Tensor]) -> Tensor:
    return code_length(value[0], mean_of(base[0], out[:, 0]), START + out[:, 1]).sum()


def color_bits(out: Tensor, base: list[Tensor], value: list[Tensor]) -> Tensor:
    """As `lossless_distribution.co` and `.cg`, in floats."""
    mean, log2_scale = mean_of(base[0], out[:, 0]), START + out[:, 1]
    bits = code_length(value[0], mean, log2_scale).sum()
    # a gradient also from beyond the limits: a clamp alone would never let go
    slope, weight = (straight_through(x, x.clamp(-1, 1)) for x in (out[:, 4], out[:, 5]))
    distance = value[0] - mean
    kind = torch.bucketize(
        (distance.abs() * torch.exp2(-log2_scale)).detach().contiguous(),
        torch.tensor(distribution.SURPRISE_BOUNDS, dtype=torch.float32),
        right=True,
    )
    surprise = torch.tensor(distribution.SURPRISE_CLASSES)[kind] / 16
    mean = mean_of(base[1], out[:, 2]) + slope * distance
    return bits + code_length(value[1], mean, START + out[:, 3] + weight * surprise).sum()


BITS = {"luminance": luminance_bits, "color": color_bits}

CONTEXTS = {
    "luminance": (lossless_context.luminance_diagonal, lossless_context.luminance_cross),
    "color": (lossless_context.color_diagonal, lossless_context.color_cross),
}


def level_name(interval: int) -> str:
    return {1: "fine", 2: "second"}.get(interval, "coarse")


def loss(
    networks: nn.ModuleDict, planes: tuple[np.ndarray, ...], plane: str, ops: TorchOps
) -> Tensor:
    """Bits per pixel of "luminance" or "color", the latter two of three planes (N, H, W) int16."""
    total = torch.zeros(())
    for interval in levels.intervals():
        pixels = [levels.level(p, interval) for p in planes]
        coded = pixels[:1] if plane == "luminance" else pixels[1:]
        seen = pixels[:1] if plane == "luminance" else pixels
        for places, context, name in zip(
            levels.PASSES, CONTEXTS[plane], ("diagonal", "cross"), strict=True
        ):
            inputs, bases = context(*seen)
            x = torch.from_numpy(inputs).to(torch.bfloat16).sub_(128).mul_(2.0**-INPUT.shift)
            x = x.to(memory_format=torch.channels_last)
            network = networks[f"{plane}_{level_name(interval)}_{name}"]
            with torch.autocast("cpu", torch.bfloat16):
                out = network(ops, x)
            for part, base, place in zip(
                out.float().chunk(len(places), 1), bases, places, strict=True
            ):
                value = [torch.from_numpy(levels.place(p, place).astype(np.float32)) for p in coded]
                base_ = [torch.from_numpy(b.astype(np.float32)) for b in base]
                total = total + BITS[plane](part, base_, value)
    return total / planes[0].size


class Run:
    """One training: networks, optimisers, the time spent so far, and where they are kept."""

    def __init__(self, config: Config, resume: bool) -> None:
        self.config, self.folder = config, Path(config.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed)
        self.networks = predictors(config.width, config.depths).to(
            memory_format=torch.channels_last
        )
        layers = [m for m in self.networks.modules() if isinstance(m, QConv)]
        matrices = [layer.weight for layer in layers if layer.out is not None]
        others = [layer.bias for layer in layers]
        others += [layer.weight for layer in layers if layer.out is None]
        self.optimisers = (
            (Muon(matrices, config.learning_rate), config.learning_rate),
            (
                torch.optim.AdamW(others, config.head_learning_rate, weight_decay=1e-4),
                config.head_learning_rate,
            ),
        )
        self.step, self.seconds = 0, 0.0
        if config.start:
            begin = torch.load(config.start, weights_only=True)
            self.networks.load_state_dict(begin["networks"])
        last = self.folder / "last.pt"
        if resume and last.exists():
            state = torch.load(last, weights_only=True)
            self.networks.load_state_dict(state["networks"])
            for (optimiser, _), kept in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(kept)
            self.step, self.seconds = state["step"], state["seconds"]

    def save(self, name: str, losses: dict[str, float]) -> None:
        """Write a checkpoint whole or not at all."""
        state = {
            "networks": self.networks.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser, _ in self.optimisers],
            "config": asdict(self.config),
            "step": self.step,
            "seconds": self.seconds,
            "losses": losses,
        }
        unfinished = self.folder / (name + ".part")
        torch.save(state, unfinished)
        unfinished.replace(self.folder / name)

    @property
    def progress(self) -> float:
        return min(1.0, self.seconds / (60 * self.config.minutes))

    def train_step(self, planes: tuple[np.ndarray, ...]) -> tuple[str, float]:
        """One step for luminance or for colour, in turn."""
        plane = ("color", "luminance")[self.step % 2]
        share = min(1.0, (self.step + 1) / 100) * (1 - self.progress)
        for optimiser, learning_rate in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate * share
            optimiser.zero_grad(set_to_none=True)
        bits = loss(
            self.networks, planes, plane, FastOps(self.progress >= self.config.quantise_from)
        )
        bits.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), 100.0)
        for optimiser, _ in self.optimisers:
            optimiser.step()
        self.step += 1
        return plane, bits.item()

    @torch.no_grad()
    def held_out_losses(
        self, held_out: list[tuple[np.ndarray, ...]], quantised: bool
    ) -> dict[str, float]:
        """Bits per pixel on crops that were not trained on."""
        ops = FastOps(quantised)
        return {
            plane: float(np.mean([loss(self.networks, b, plane, ops).item() for b in held_out]))
            for plane in CONTEXTS
        }


def train(config: Config, resume: bool = False) -> Path:
    """Train until `config.minutes` are spent; return the last checkpoint."""
    torch.set_num_threads(config.threads)
    run = Run(config, resume)
    crops = load_crops(Path(config.data))
    source = batches(crops, config.size, config.batch, config.seed + run.step)
    apart = batches(load_crops(Path(config.data), held_out=True), config.size, 16, seed=0)
    held_out = [next(apart) for _ in range(4)]
    log = log_rows(run.folder / "log.tsv", resume)
    recent: dict[str, list[float]] = {plane: [] for plane in CONTEXTS}
    begin, next_checkpoint = time.monotonic() - run.seconds, run.seconds + 60
    while run.progress < 1:
        plane, bits = run.train_step(next(source))
        recent[plane].append(bits)
        run.seconds = time.monotonic() - begin
        if run.seconds < next_checkpoint and run.progress < 1:
            continue
        next_checkpoint = run.seconds + 60 * config.checkpoint_minutes
        losses = {
            f"{plane}{suffix}": value
            for suffix, quantised in (("", False), ("_rounded", True))
            for plane, value in run.held_out_losses(held_out, quantised).items()
        }
        run.save("last.pt", losses)
        trained = [float(np.mean(recent[plane] or [np.nan])) for plane in CONTEXTS]
        row = [run.step, f"{run.seconds / 60:.1f}", *(f"{x:.4f}" for x in trained)]
        next(log).writerow([*row, *(f"{x:.4f}" for x in losses.values())])
        recent = {plane: [] for plane in CONTEXTS}
    log.close()
    return run.folder / "last.pt"


def log_rows(path: Path, resume: bool) -> Iterator["csv._writer"]:
    """Yield a writer of the TSV log for each row; a fresh log begins with its heading."""
    fresh = not (resume and path.exists())
    with path.open("w" if fresh else "a", buffering=1, newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        if fresh:
            planes = list(CONTEXTS)
            held_out = [f"{p}_held_out" for p in planes] + [f"{p}_rounded" for p in planes]
            writer.writerow(["step", "minutes", *planes, *held_out])
        while True:
            yield writer
