"""Integer networks: one forward pass, written once, trained by PyTorch and exported to ONNX.

A network's `forward(ops, ...)` is written against `ops`. `TorchOps` computes in PyTorch,
`OnnxOps` (graph.py) writes the same computation as a QDQ graph. The scheme:

- An activation is one unsigned byte. Its value is ``(byte - zero) * 2**-shift``; `zero` is 0
  behind a ReLU and 128 for signed values.
- A weight is one signed byte of at most 7 bits, ``|w| <= 64``, times a power of two that each
  output channel chooses for itself. (Beyond 64 the sum of two products overflows 16 bits on
  processors without VNNI.)
- A bias is an integer in units of the accumulator.

Every accumulator stays below 2**24 (checked at export), so float32 holds it exactly, in any
order of additions, and rescaling by a power of two is exact: CPU, CUDA and numpy agree.

Source: Ballé, Johnston & Minnen, "Integer Networks for Data Compression with Latent-Variable
Models", ICLR 2019, for the idea; the powers of two are ours.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

WEIGHT_LIMIT = 64
"""Largest magnitude of an integer weight."""

SIGNED_ZERO = 128
"""Zero point of signed activations."""


@dataclass(frozen=True)
class Coded:
    """How real values are kept in a byte: ``value = (byte - zero) * 2**-shift``."""

    shift: int
    signed: bool = False

    @property
    def zero(self) -> int:
        return SIGNED_ZERO if self.signed else 0

    @property
    def limits(self) -> tuple[float, float]:
        scale = 2.0**-self.shift
        return -self.zero * scale, (255 - self.zero) * scale


def weight_shifts(weight: Tensor) -> Tensor:
    """Per output channel the largest k (integer) so that ``|w| * 2**k <= WEIGHT_LIMIT``.

    In float64 always: beside a power of two float32 may come to another k than the check in float64
    at export does.
    """
    largest = weight.detach().abs().flatten(1).amax(1).double().clamp_min(1e-8)
    return torch.floor(torch.log2(WEIGHT_LIMIT / largest)).clamp(-8, 14).to(weight.dtype)


def straight_through(exact: Tensor, rounded: Tensor) -> Tensor:
    """`rounded` in the forward pass, the gradient of `exact` in the backward pass."""
    return exact + (rounded - exact).detach()


class QConv(nn.Module):
    """A convolution with integer weights; `out` tells how its result is kept.

    Args:
        coded: how the input is kept, for the unit of the bias.
        out: how the output is kept (unsigned: behind a ReLU); None leaves the accumulator.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        size: int,
        coded: Coded,
        out: Coded | None,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.coded, self.out, self.stride, self.padding = coded, out, stride, size // 2
        self.weight = nn.Parameter(torch.empty(channels_out, channels_in, size, size))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        if out is None or out.signed:
            self.weight.data *= 0.3

    def integers(self) -> tuple[Tensor, Tensor, Tensor]:
        """Integer weights, integer biases and the shift of each output channel."""
        shifts = weight_shifts(self.weight)
        weight = torch.round(self.weight * torch.exp2(shifts).reshape(-1, 1, 1, 1))
        bias = torch.round(self.bias * torch.exp2(shifts + self.coded.shift))
        return weight, bias, shifts

    def rounded(self) -> tuple[Tensor, Tensor]:
        """Weights and biases as the integers hold them, with straight-through gradients."""
        weight, bias, shifts = self.integers()
        weight = weight * torch.exp2(-shifts).reshape(-1, 1, 1, 1)
        bias = bias * torch.exp2(-shifts - self.coded.shift)
        return straight_through(self.weight, weight), straight_through(self.bias, bias)


class TorchOps:
    """The operations of a network, computed by PyTorch.

    Activations are always clamped to the range of their byte; with `quantised` they and the
    weights are also rounded, as the exported graph does.
    """

    def __init__(self, quantised: bool) -> None:
        self.quantised = quantised

    def keep(self, x: Tensor, out: Coded) -> Tensor:
        low, high = out.limits
        if self.quantised:
            x = straight_through(x, torch.round(x * 2.0**out.shift) * 2.0**-out.shift)
        return x.clamp(low, high)

    def conv(self, layer: QConv, x: Tensor) -> Tensor:
        weight, bias = layer.rounded() if self.quantised else (layer.weight, layer.bias)
        x = functional.conv2d(x, weight, bias, layer.stride, layer.padding)
        return x if layer.out is None else self.keep(x, layer.out)

    def add(self, x: Tensor, y: Tensor, out: Coded) -> Tensor:
        return self.keep(x + y, out)

    def multiply(self, x: Tensor, y: Tensor, out: Coded) -> Tensor:
        return self.keep(x * y, out)

    def concat(self, *parts: Tensor) -> Tensor:
        return torch.cat(parts, 1)

    def upsample(self, x: Tensor) -> Tensor:
        """Twice the size, each value repeated."""
        return functional.interpolate(x, scale_factor=2, mode="nearest")


Ops = Any
"""TorchOps, or graph.OnnxOps with the same methods."""
