"""Train the probability networks of the lossless coding.

    nice python -m tools.train lossless --data DIR --minutes 85 --out runs/lossless
    python -m tools.export.lossless runs/lossless/last.pt

Luminance and colour take turns. The loss is the file's own size: bits per pixel that an ideal coder
would write. Steps that shrink to nothing at the end bring the last percents (`--cool-from`); until
then they keep their size, so that `--minutes` may still be changed when a training goes on:
`--resume` takes the last checkpoint of `--out`, a few minutes old at most, or else that of
`--start` with its optimisers and the minutes it has had, if it holds them. Minutes are the
processor's, not the clock's, so a training that only takes what others leave keeps its plan.

A training goes on, on any machine and as often as you like, from a last.pt by `--resume --start`.

What does not work: going on from lossless_60.pt at a learning rate of 3e-3 (heads 1.5e-3) with
channels and rendered pictures among the photographs. After 108 minutes (8,868 steps,
tools/results/lossless_training_wide.tsv) rounded photographs cost 3.404 + 4.017 bits instead of
3.398 + 3.868, 2 % more; colour rose all the while, from 3.92 at 20 minutes. Rendered pictures came
to 3.24 from 3.53, channels to 9.29 from 9.33. So none of these networks is exported. Try a third of
these steps, photographs alone, networks of their own for what is rendered, and rounding from the
first step on (`--quantise-from 0`): as floats, rounded networks begin 4 % worse than they are.

Nor does a third of these steps (1e-3, heads 5e-4) on photographs alone, rounded from the first one:
after 48 of 115 minutes, a third of the cooling behind it, 3.460 + 3.928
(tools/results/lossless_training_wide_third.tsv). Networks that had cooled down need more than an
hour to go up and down again. From there cooling from 27 of 135 minutes on (--minutes 135
--cool-from 0.2) it came to 3.395 + 3.840, 0.4 % less than lossless_60.pt (lossless_226.pt,
lossless_training_wide_third.tsv); half of that in the last three minutes. Averaged over the last
three checkpoints, four minutes from one to the next, it was as good as that at 112 minutes already
(7.255 bits, where the last one alone cost 7.275), at the end no better: hence `average_steps`.

Networks of a middle width, 48, two blocks at the finest level (`lossless_narrower`,
tools/checkpoints/lossless_162.pt), cost 3.43 + 3.91 bits after 88 minutes on photographs alone
(12,183 steps, tools/results/lossless_training_middle.tsv): 1.0 % more than the wide ones.
Another 86 minutes from there, from a learning rate of 2e-3 (heads 1e-3) down to nothing, rounded
from the first step on: 3.42 + 3.90, that is 0.3 % less (lossless_training_middle_continued.tsv).
All of it came in the last two minutes: until then the steps' noise cost what was learned.

The small ones, 32 wide, cut out of those of the middle width (lossless_188.pt,
lossless_training_small.tsv), cost 3.44 + 3.97 bits after 52 minutes (13,246 steps, rounded for the
last 20, cooling from 15 on), 1.2 % more than those and 2.2 % less than the first small ones.
Another 95 minutes from there at half the steps, rounded from the first one, cooling from 28 on, did
not pay: 3.43 + 3.99 (lossless_training_small_continued.tsv); so 188 stays.

Quick ones, for effort 1 and large pictures, have one block at the two finest levels, two at the
coarse ones: 32 wide, cut out of 188 (lossless_213.pt). Measured once, by themselves, their layers
took 93 nanoseconds where those of the small ones took 168, of the middle ones 262. After 92 minutes
(--learning-rate 4e-3 --head-learning-rate 2e-3 --cool-from 0.3 --quantise-from 0.5 --only
photograph --depth-fine 1 --depth-second 1 --depth-coarse 2; lossless_training_quick.tsv) they cost
3.48 + 4.05 bits, 1.7 % more than 188. Rounding, at 55 minutes, made them 2 % worse than they were,
and the last four minutes gave half of that back. From there at half the steps, rounded from the
first one, cooling from 93 minutes on (--minutes 155 --cool-from 0.6 --learning-rate 2e-3
--head-learning-rate 1e-3 --quantise-from 0; lossless_training_quick_going_on.tsv), they came to
3.48 + 4.04, 0.2 % less; all of it in the last three minutes, again.

Given up: such 48 wide, cut out of 162 (141 nanoseconds; lossless_training_quick_middle.tsv): 3.47 +
3.99 bits after 92 minutes, but on four photographs files of effort 5 were only 0.6 % smaller than
by those 32 wide, for an eighth more time. And such 16 wide: onnxruntime takes 0.7 of the time for
them; after 20 minutes they cost 3.58 + 4.21 bits, and after 32, ten of them rounded, 3.63 + 4.32,
6 % more (lossless_training_quickest.tsv).

What does not work there: blocks that are not residual, but convolutions whose weights hold the
identity, which saves an addition (a tenth of the time). Beside a 1 the other weights have few bits:
rounding made them 1.9 % worse, and they did not recover in 6 minutes; residual ones lost 0.7 %.

One core (Zen 5), 88 minutes beside other work, 12,600 steps: 3.35 bits of luminance and 4.25 of
colour on held-out crops, rounded (before rounding began, at 70 minutes: 3.44 and 4.35). That was
with all crops as Y, Co, Cg: tools/checkpoints/lossless_28.pt. Another 104 minutes from there
(`--start`), the last 35 with origins: 3.50 and 3.92, that is 1.9 % less than where those 35 began
(lossless_60.pt, networks 48 to 59).
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pillow_colorgrid.codings.lossless import context as lossless_context, distribution, levels
from tools.data import rendered
from tools.data.crops import load_crops
from tools.train import run
from tools.train.layers import Coded, QConv, TorchOps, straight_through
from tools.train.lossless_data import KINDS, Pictures, batches
from tools.train.lossless_networks import INPUT, predictors
from tools.train.muon import Muon


@dataclass(frozen=True)
class Config:
    """The settings of a training; they are kept in each checkpoint."""

    data: str = ""
    out: str = "runs/lossless"
    start: str = ""  # a checkpoint whose networks are where a fresh training begins
    minutes: float = 85.0  # of the processor, all threads together by their number
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
    cool_from: float = 0.7  # part of the time after which steps shrink, to nothing at the end
    quantise_from: float = 0.8  # part of the time after which weights and activations are rounded
    checkpoint_minutes: float = 4.0
    rendered: int = 400  # rendered pictures
    average_steps: int = 1000  # over about so many of the last steps weights are averaged; 0: none
    only: str = ""  # one kind of pictures (lossless_data.KINDS); else all, by their shares
    bfloat16: int = 0  # 1: train in bfloat16; faster only where the processor has AMX

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
    networks: nn.ModuleDict,
    planes: tuple[np.ndarray, ...],
    plane: str,
    ops: TorchOps,
    kept_in: torch.dtype = torch.float32,
) -> Tensor:
    """Bits per pixel of "luminance" or "color", the latter two of three planes (N, H, W) int16.

    Args:
        kept_in: what the networks compute in.
    """
    total = torch.zeros(())
    for interval in levels.intervals():
        pixels = [levels.level(p, interval) for p in planes]
        coded = pixels[:1] if plane == "luminance" else pixels[1:]
        seen = pixels[:1] if plane == "luminance" else pixels
        for places, context, name in zip(
            levels.PASSES, CONTEXTS[plane], ("diagonal", "cross"), strict=True
        ):
            inputs, bases = context(*seen)
            network = networks[f"{plane}_{level_name(interval)}_{name}"]
            inputs = lossless_context.as_planes(inputs, network.inputs)
            x = torch.from_numpy(inputs).to(kept_in).sub_(128).mul_(2.0**-INPUT.shift)
            x = x.to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=kept_in == torch.bfloat16):
                out = network(ops, x)
            for part, base, place in zip(
                out.float().chunk(len(places), 1), bases, places, strict=True
            ):
                value = [torch.from_numpy(levels.place(p, place).astype(np.float32)) for p in coded]
                base_ = [torch.from_numpy(b.astype(np.float32)) for b in base]
                total = total + BITS[plane](part, base_, value)
    return total / planes[0].size


HeldOut = dict[str, list[tuple[np.ndarray, ...]]]
"""Batches that are not trained on, by the kind of their pictures."""


class Run(run.Run):
    """A training of these networks, luminance and colour in turn."""

    def __init__(self, config: Config, resume: bool) -> None:
        torch.manual_seed(config.seed)
        networks = predictors(config.width, config.depths).to(memory_format=torch.channels_last)
        layers = [m for m in networks.modules() if isinstance(m, QConv)]
        matrices = [layer.weight for layer in layers if layer.out is not None]
        others = [layer.bias for layer in layers]
        others += [layer.weight for layer in layers if layer.out is None]
        optimisers = (
            Muon(matrices, config.learning_rate),
            torch.optim.AdamW(others, config.head_learning_rate, weight_decay=1e-4),
        )
        self.averaged: AveragedModel | None = None
        if config.average_steps:
            keeps = 1 - 1 / config.average_steps
            self.averaged = AveragedModel(networks, multi_avg_fn=get_ema_multi_avg_fn(keeps))
        super().__init__(config, networks, optimisers, resume, config.start)
        if resume and not (self.folder / "last.pt").exists() and Path(config.start).is_file():
            begun = torch.load(config.start, weights_only=True)
            if "optimisers" in begun:  # what is kept of finished trainings has none
                self.restore(begun)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint was made, also of one that was not averaged."""
        super().restore(state)
        if self.averaged is not None and "averaged" in state:
            self.averaged.module.load_state_dict(state["averaged"])
            self.averaged.n_averaged.fill_(1)  # the next step is one of many, not the first

    @property
    def learned(self) -> nn.ModuleDict:
        """What a training has come to: networks that are averaged, once there is a step."""
        if self.averaged is None or not self.averaged.n_averaged:
            return self.networks
        return self.averaged.module

    @property
    def rounds(self) -> bool:
        return self.progress >= self.config.quantise_from

    @property
    def kept_in(self) -> torch.dtype:
        return torch.bfloat16 if self.config.bfloat16 else torch.float32

    def train_step(self, planes: tuple[np.ndarray, ...]) -> tuple[str, float]:
        """One step for luminance or for colour, in turn."""
        plane = ("color", "luminance")[self.step % 2]
        bits = loss(self.networks, planes, plane, FastOps(self.rounds), self.kept_in)
        share = self.share(100, self.config.cool_from)
        rates = (self.config.learning_rate, self.config.head_learning_rate)
        self.descend(bits, [share * rate for rate in rates], 100.0)
        if self.averaged is not None:
            self.averaged.update_parameters(self.networks)
        return plane, bits.item()

    @torch.no_grad()
    def held_out_losses(
        self, held_out: dict[str, list[tuple[np.ndarray, ...]]]
    ) -> dict[str, float]:
        """Bits per pixel of each kind of picture, of those that were not trained on.

        Rounded once training is.
        """
        ops = FastOps(self.rounds)
        return {
            f"{kind}_{plane}": float(
                np.mean([loss(self.learned, b, plane, ops, self.kept_in).item() for b in batches])
            )
            for kind, batches in held_out.items()
            for plane in CONTEXTS
        }


def load_pictures(config: Config, held_out: bool) -> Pictures:
    """What is trained on, or what is not."""
    photographs = load_crops(Path(config.data), held_out)
    count = min(HELD_OUT_RENDERED, config.rendered) if held_out else config.rendered
    return Pictures(photographs, rendered.pictures(count, seed=int(held_out)))


HELD_OUT_RENDERED = 64
"""At most: not more than are trained on."""

HELD_OUT_BATCHES = 3
"""Of 16 squares, for each kind of picture."""


def held_out_batches(config: Config) -> HeldOut:
    """By kind; the same in each training with squares of one size."""
    pictures = load_pictures(config, held_out=True)
    sources = {kind: batches(pictures, config.size, 16, 0, kind) for kind in KINDS}
    return {
        kind: [next(source) for _ in range(HELD_OUT_BATCHES)] for kind, source in sources.items()
    }


def train(config: Config, resume: bool = False) -> Path:
    """Train until `config.minutes` are spent; return the last checkpoint."""
    torch.set_num_threads(config.threads)
    this = Run(config, resume)
    pictures = load_pictures(config, held_out=False)
    seed = config.seed + this.step
    source = batches(pictures, config.size, config.batch, seed, config.only or None)
    held_out = held_out_batches(config)
    recent: dict[str, list[float]] = {plane: [] for plane in CONTEXTS}

    def step() -> None:
        plane, bits = this.train_step(next(source))
        recent[plane].append(bits)

    def note() -> run.Row:
        losses = this.held_out_losses(held_out)
        this.save("last.pt", losses=losses, averaged=this.learned.state_dict())
        figures = {plane: float(np.mean(bits or [np.nan])) for plane, bits in recent.items()}
        for bits in recent.values():
            bits.clear()
        return {
            "step": this.step,
            "minutes": f"{this.seconds / 60:.1f}",
            "rounded": int(this.rounds),
            **{name: f"{bits:.4f}" for name, bits in {**figures, **losses}.items()},
        }

    run.go_on(this, step, note, resume, lambda: time.process_time() / config.threads, 0)
    return this.folder / "last.pt"
