"""Train the networks of the jpeg coding.

    nice python -m tools.train jpeg --data DIR --minutes 360 --out runs/jpeg --resume

The loss is the file's own size: bits that an ideal coder would write, each picture weighted so that
coarse and fine tables count alike. Weights and activations are rounded in the last part; networks
that were rounded before go on so (`--quantise-from 0`). Minutes are the processor's.

Matrices are trained by Muon: after 250 equal steps from the same numbers 4.0 % fewer bits than by
Adam, and 2.8 % fewer than those were before AC coefficients had a peak at zero instead of a second
logistic (jpeg_candidates).
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pillow_colorgrid.codings.jpeg import dc_context, features, layout, side
from tools.data.crops import load_crops
from tools.data.jpeg_files import Batch, batches
from tools.train import run
from tools.train.jpeg_networks import EXCHANGED, TABLE_INPUT, networks, real
from tools.train.layers import QConv, TorchOps
from tools.train.lossless_training import FastOps
from tools.train.muon import Muon


@dataclass(frozen=True)
class Config:
    """The settings of a training; they are kept in each checkpoint."""

    data: str = ""
    out: str = "runs/jpeg"
    start: str = ""  # a checkpoint whose networks are where a fresh training begins
    minutes: float = 360.0
    seed: int = 1
    size: int = 256  # edge of a training square
    batch: int = 3
    learning_rate: float = 4e-3  # of Muon
    head_learning_rate: float = 1.2e-3  # of Adam: heads and biases
    cool_from: float = 0.0  # part of the time after which steps shrink, to nothing at the end
    quantise_from: float = 0.7  # part of the time after which weights and activations are rounded
    checkpoint_minutes: float = 5.0


class Ops(FastOps):
    """FastOps whose 1x1 convolutions are products: PyTorch's own are slow where rows are few."""

    def conv(self, layer: QConv, x: Tensor) -> Tensor:
        if layer.padding:
            return super().conv(layer, x)
        weight, bias = layer.rounded() if self.quantised else (layer.weight, layer.bias)
        y = functional.linear(x.permute(0, 2, 3, 1), weight[:, :, 0, 0], bias).permute(0, 3, 1, 2)
        return y if layer.out is None else self.keep(y, layer.out)


SMALLEST_LOG2_SCALE, LARGEST_LOG2_SCALE = -5.0, 10.0


Mass = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""What `ac_mass` is: mass of integers under the distributions that a head tells."""


def ac_mass(value: Tensor, out: Tensor, gain: Tensor, log2_scale: Tensor) -> Tensor:
    """Mass of integers under a logistic and a point at zero.

    Args:
        value: (...) integers.
        out: (..., 3) of the head.
        gain: what a mean of 1 is, in quantised steps.
        log2_scale: what a scale of 0 is.
    """
    mass = logistic_mass(value, out[..., 0] * gain, out[..., 1] + log2_scale)
    zero = torch.sigmoid(out[..., 2])
    return (1 - zero) * mass + zero * (value == 0)


def dc_mass(value: Tensor, out: Tensor, mean: Tensor, gain: Tensor, log2_scale: Tensor) -> Tensor:
    """Mass of integers under a mixture of two logistics.

    Args:
        value: (...) integers.
        out: (..., 5) of the network.
        mean: what means are relative to, in quantised steps.
        gain: what a mean of 1 is, in quantised steps.
        log2_scale: what a scale of 0 is.
    """
    one, other = (
        logistic_mass(value, mean + out[..., j] * gain, out[..., 2 + j] + log2_scale)
        for j in range(2)
    )
    weight = torch.sigmoid(out[..., 4])
    return weight * one + (1 - weight) * other


def logistic_mass(value: Tensor, mean: Tensor, log2_scale: Tensor) -> Tensor:
    """Mass of integers under a logistic, all in quantised steps."""
    inverse = torch.exp2(-log2_scale.clamp(SMALLEST_LOG2_SCALE, LARGEST_LOG2_SCALE))
    distance = -(value - mean).abs()
    return torch.sigmoid((distance + 0.5) * inverse) - torch.sigmoid((distance - 0.5) * inverse)


def bits(mass: Tensor) -> Tensor:
    """What the coder spends: nothing is less likely than once in 2**15."""
    return -torch.log2(mass * (1 - 2**-9) + 2**-15)


def group_bits(
    out: Tensor, coefficients: Tensor, group: layout.Group, gain: Tensor, log2_gain: Tensor
) -> Tensor:
    """Bits of each picture.

    Args:
        out: (N, outputs, h, w) of the head.
        coefficients: (N, n, h, w) quantised.
        gain: (N, n) usual size in quantised steps; log2_gain: its logarithm.
    """
    count = len(group.frequencies)
    pictures = out.shape[0]
    mixture = out[:, : layout.OUTPUTS * count]
    mixture = mixture.reshape(pictures, layout.OUTPUTS, count, -1).permute(0, 2, 3, 1)
    value = coefficients.reshape(pictures, count, -1)
    if group.flagged:
        zero = (value == 0).all(1)  # (N, blocks)
        flag = out[:, -1].reshape(pictures, -1)
        flag_bits = functional.softplus(torch.where(zero, -flag, flag)) / np.log(2)
        total = flag_bits.sum(1)
        picture, block = (~zero).nonzero(as_tuple=True)
        spent = bits(
            ac_mass(
                value[picture, :, block],
                mixture[picture, :, block],
                gain[picture],
                log2_gain[picture],
            )
        )
        return total.index_add(0, picture, spent.sum(1))
    shape = value.shape
    mass = ac_mass(
        value, mixture, gain[..., None].expand(shape), log2_gain[..., None].expand(shape)
    )
    return bits(mass).sum((1, 2))


def dc_bits(
    nets: nn.ModuleDict,
    ops: TorchOps,
    name: str,
    dc: np.ndarray,
    quantiser: np.ndarray,
    known: list[np.ndarray],
) -> Tensor:
    """Bits of each picture's DC coefficients (N, H, W), quantised."""
    values = dc.astype(np.int32) * quantiser[:, None, None]
    rows, columns = dc.shape[1:]
    total = torch.full((len(dc),), 11.0 * len(dc_context.coarsest(rows, columns)[0]))
    step_size = torch.from_numpy(quantiser.astype(np.float32))[:, None]
    for step in dc_context.passes(rows, columns):
        inputs, base, spread = dc_context.inputs(values, quantiser, known, step)
        out = nets[f"dc_{name}_{step.kind}"](ops, real(torch.from_numpy(inputs))[:, :, None])
        out = out[:, :, 0].transpose(1, 2)  # (N, m, DC_OUTPUTS)
        gain = torch.from_numpy((spread / 16).astype(np.float32)) / step_size
        mean = torch.from_numpy(base.astype(np.float32)) / step_size
        value = torch.from_numpy(dc[:, step.rows, step.columns].astype(np.float32))
        total = total + bits(dc_mass(value, out, mean, gain, torch.log2(gain))).sum(1)
    return total


def ac_bits(
    nets: nn.ModuleDict,
    ops: TorchOps,
    plane: str,
    planes: list[np.ndarray],
    tables: np.ndarray,
    known: np.ndarray | None,
) -> Tensor:
    """Bits of each picture's AC coefficients.

    Args:
        planes: components as (N, 64, H, W) quantised.
        tables: (N, components, 64).
        known: luminance at this resolution, (N, 64, H, W) dequantised, for colour.
    """
    pictures, _, rows, columns = planes[0].shape
    values = [features.dequantised(p, tables[:, i]) for i, p in enumerate(planes)]
    table = (
        nets[f"{plane}_table"](
            ops,
            real(
                torch.from_numpy(features.of_tables(tables).reshape(pictures, -1, 1, 1)),
                TABLE_INPUT,
            ),
        )
        .clamp(max=EXCHANGED.limits[1])
        .expand(-1, -1, rows, columns)
    )
    inside = np.broadcast_to(features.inside(rows, columns), (pictures, 8, rows, columns))
    near = [inside] + [features.of_dc(v[:, 0]) for v in values]
    side_inputs = None
    if known is not None:
        near.append(features.of_dc(known[:, 0]))
        every = np.arange(64)
        side_inputs = real(
            torch.from_numpy(
                features.of_coefficients(np.abs(known) >> 3, known, "luminance", every)
            )
        )
    near_real = torch.cat([real(torch.from_numpy(np.concatenate(near, 1))), table], 1)
    state = nets[f"{plane}_start"](ops, near_real, side_inputs)
    total = torch.zeros(pictures)
    last = len(layout.GROUPS[plane]) - 1
    for number, group in enumerate(layout.GROUPS[plane]):
        chosen = planes[group.component][:, group.frequencies]
        seen = features.of_coefficients(
            chosen, values[group.component][:, group.frequencies], plane, group.frequencies
        )
        coefficients = torch.from_numpy(chosen.astype(np.float32))
        standard = features.STANDARD[plane][group.frequencies]
        gain = torch.from_numpy(
            (standard / tables[:, group.component, group.frequencies]).astype(np.float32)
        )
        log2_gain = torch.log2(gain)
        head = nets[f"{plane}_head_{number}"]
        if not group.steps:
            total = total + group_bits(head(ops, state), coefficients, group, gain, log2_gain)
        else:
            coded = np.zeros((rows, columns), bool)
            for phases in group.steps:
                around, around_known = features.around(seen, coded)
                for y, x in phases:
                    here = (..., slice(y, None, 2), slice(x, None, 2))
                    taps = real(torch.from_numpy(np.ascontiguousarray(around[here])))
                    flag = real(torch.from_numpy(np.ascontiguousarray(around_known[here])))
                    taps = torch.cat([taps, flag.expand(pictures, -1, -1, -1)], 1)
                    out = head(ops, state[here], taps)
                    total = total + group_bits(out, coefficients[here], group, gain, log2_gain)
                for y, x in phases:
                    coded[y::2, x::2] = True
        if number < last:
            state = nets[f"{plane}_update_{number}"](
                ops, state, real(torch.from_numpy(seen)), table
            )
    return total


def picture_bits(nets: nn.ModuleDict, batch: Batch, ops: TorchOps) -> dict[str, Tensor]:
    """Bits of each picture of a batch, by part: luminance and colour, DC and AC."""
    y, cb, cr = batch.planes
    rows, columns = cb.shape[2:]
    values = features.dequantised(y, batch.tables[:, 0])
    at_color = side.at_color(values, rows, columns, batch.down, batch.across)
    dc_side = side.dc_at_color(values[:, 0], rows, columns, batch.down, batch.across)
    cb_dc = features.dequantised(cb, batch.tables[:, 1])[:, 0]
    return {
        "y_dc": dc_bits(nets, ops, "luminance", y[:, 0], batch.tables[:, 0, 0], []),
        "y_ac": ac_bits(nets, ops, "luminance", [y], batch.tables[:, :1], None),
        "c_dc": dc_bits(nets, ops, "cb", cb[:, 0], batch.tables[:, 1, 0], [dc_side])
        + dc_bits(nets, ops, "cr", cr[:, 0], batch.tables[:, 2, 0], [dc_side, cb_dc]),
        "c_ac": ac_bits(nets, ops, "color", [cb, cr], batch.tables[:, 1:], at_color),
    }


def optimisers_of(
    nets: nn.Module, learning_rate: float, head_learning_rate: float
) -> list[torch.optim.Optimizer]:
    """Muon for matrices; Adam for biases and for what tells distributions."""
    layers = [module for module in nets.modules() if isinstance(module, QConv)]
    matrices = [layer.weight for layer in layers if layer.out is not None]
    others: list[nn.Parameter] = [layer.bias for layer in layers]
    others += [layer.weight for layer in layers if layer.out is None]
    return [
        Muon(matrices, learning_rate),
        torch.optim.Adam(others, head_learning_rate, betas=ADAM_BETAS),
    ]


ADAM_BETAS = (0.9, 0.98)


class Run(run.Run):
    """A training of these networks."""

    def __init__(self, config: Config, resume: bool) -> None:
        torch.manual_seed(config.seed)
        nets = networks().to(memory_format=torch.channels_last)
        optimisers = optimisers_of(nets, config.learning_rate, config.head_learning_rate)
        super().__init__(config, nets, optimisers, resume, config.start)

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One step; the bits per luminance pixel of each part."""
        ops = Ops(self.progress >= self.config.quantise_from)
        parts = picture_bits(self.networks, batch, ops)
        total = sum(parts.values())
        pixels = batch.planes[0][0].size
        # a picture of twice the bits counts 1.4 times
        loss = (total / (total.detach() / pixels).sqrt()).mean() / pixels
        share = self.share(100, self.config.cool_from, least=0.01)
        rates = self.config.learning_rate, self.config.head_learning_rate
        self.descend(loss, [rate * share for rate in rates], 1.0)
        return {name: float(part.detach().mean()) / pixels for name, part in parts.items()}


@torch.no_grad()
def held_out_bits(nets: nn.ModuleDict, held_out: list[Batch], quantised: bool) -> dict[str, float]:
    """Bits per luminance pixel on pictures that were not trained on."""
    ops = Ops(quantised)
    parts: dict[str, list[float]] = {}
    for batch in held_out:
        for name, part in picture_bits(nets, batch, ops).items():
            parts.setdefault(name, []).append(float(part.mean()) / batch.planes[0][0].size)
    return {name: float(np.mean(values)) for name, values in parts.items()}


PARTS = ("y_dc", "y_ac", "c_dc", "c_ac")


def train(config: Config, resume: bool = False) -> Path:
    """Train until `config.minutes` are spent; return the last checkpoint."""
    torch.set_num_threads(1)
    this = Run(config, resume)
    source = batches(
        load_crops(Path(config.data)), config.size, config.batch, config.seed + this.step
    )
    apart = batches(load_crops(Path(config.data), held_out=True), config.size, 4, 0)
    held_out = [next(apart) for _ in range(8)]
    recent: dict[str, list[float]] = {part: [] for part in PARTS}

    def step() -> None:
        for name, spent in this.train_step(next(source)).items():
            recent[name].append(spent)

    def note() -> run.Row:
        exact = held_out_bits(this.networks, held_out, quantised=False)
        rounded = sum(held_out_bits(this.networks, held_out, quantised=True).values())
        this.save("last.pt", losses={**exact, "rounded": rounded})
        figures = {part: float(np.mean(recent[part] or [np.nan])) for part in PARTS}
        figures |= {f"{part}_held_out": exact[part] for part in PARTS}
        figures |= {"held_out": sum(exact.values()), "rounded": rounded}
        for spent in recent.values():
            spent.clear()
        return {
            "step": this.step,
            "minutes": f"{this.seconds / 60:.1f}",
            **{name: f"{figure:.4f}" for name, figure in figures.items()},
        }

    run.go_on(this, step, note, resume, time.process_time, first_minutes=1.0)
    return this.folder / "last.pt"


def main() -> None:
    """Read the command line: as ``python -m tools.train jpeg``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    run.add_options(parser, Config())
    given = vars(parser.parse_args())
    resume = given.pop("resume")
    print(train(Config(**given), resume))


if __name__ == "__main__":
    main()
