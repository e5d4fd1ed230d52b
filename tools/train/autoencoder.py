"""The colour autoencoder of the decolorized coding: A-encoder and A-decoder.

The A-encoder (float; its output is sent) reduces the chroma of a picture to a *bottleneck* of
two numbers for each block of 32 x 32 pixels. The A-decoder (integer) paints the chroma back from
the bottleneck and the luminance. Skips stay inside the A-decoder.

Source: M. Borras Sans, bachelor thesis, UPC 2021; the integer arithmetic, the widths and the loss
that follows the coded size are ours.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.layers import Coded, Ops, QConv

BLOCK = 32
"""One bottleneck value for each BLOCK x BLOCK pixels: five halvings."""

BOTTLENECK_CHANNELS = 2

PICTURE_CHANNELS = 3
"""The A-encoder sees Y, Co and Cg. (The thesis shows it the chroma alone.)"""

CARRIED = 8
"""Features of the bottleneck that every layer of the way up sees."""

CHROMA_SHIFT = 6
"""One step of chroma is 2**-6 in the network, so that -128..127 becomes -2..1.98."""

PIXELS = Coded(shift=CHROMA_SHIFT, signed=True)
"""Luminance (minus 128) and predicted chroma."""

BOTTLENECK = Coded(shift=7, signed=True)
"""tanh's -1..1."""

FEATURES = Coded(shift=5)
"""Between layers: 0..7.97."""


class AEncoder(nn.Module):
    """(N, 3, H, W) Y, Co, Cg in -2..1.98 -> (N, 2, H/32, W/32) in -1..1, by five halvings."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64, 64)) -> None:
        super().__init__()
        channels = (PICTURE_CHANNELS, *widths)
        self.way_down = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(channels)
        )
        self.head = nn.Conv2d(widths[-1], BOTTLENECK_CHANNELS, 1)
        nn.init.zeros_(self.head.weight)  # begin with the mean chroma of each block

    def forward(self, picture: Tensor) -> Tensor:
        x = picture
        for layer in self.way_down:
            x = functional.relu(layer(x))
        mean = functional.avg_pool2d(picture[:, -2:], BLOCK)
        return torch.tanh(self.head(x) + mean)


class ADecoder(nn.Module):
    """Bottleneck (N, 2, H/32, W/32) + luminance (N, 1, H, W) -> chroma (N, 2, H, W).

    A U-Net whose way down sees the luminance alone and whose way up begins at the bottleneck. At
    a quarter of the resolution it ends in two maps, the *slope* of chroma over luminance and an
    *offset*. They are enlarged smoothly, and ``chroma = slope * (luminance - its surroundings) +
    offset``: what is left of colour once an inner codec has predicted it from its neighbours is
    the shading and the edges that it shares with the luminance, and a smooth offset adds no noise
    that the inner codec would have to pay for.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64, 64)) -> None:
        super().__init__()
        self.way_down = nn.ModuleList(
            QConv(a, b, 3, FEATURES if a > 1 else PIXELS, FEATURES, stride=2)
            for a, b in zip((1, *widths), widths, strict=False)
        )
        self.hints = QConv(BOTTLENECK_CHANNELS, 32, 3, BOTTLENECK, FEATURES)
        self.carry = QConv(BOTTLENECK_CHANNELS, CARRIED, 3, BOTTLENECK, FEATURES)
        self.join = QConv(widths[4] + 32, widths[4], 3, FEATURES, FEATURES)
        self.way_up = nn.ModuleList(
            QConv(widths[level + 1] + widths[level] + CARRIED, widths[level], 3, FEATURES, FEATURES)
            for level in (3, 2, 1)
        )
        self.refine = QConv(widths[1], widths[1], 3, FEATURES, FEATURES)
        self.slope = Map(widths[1])
        self.offset = Map(widths[1])
        self.detail = QConv(1, 2, 5, PIXELS, PIXELS)
        with torch.no_grad():  # begin with luminance minus the mean of its surroundings
            self.detail.weight.fill_(-1 / 25)[:, :, 2, 2] += 1

    def forward(self, ops: Ops, bottleneck: Tensor, luminance: Tensor) -> Tensor:
        x, skips = luminance, []
        for layer in self.way_down:
            x = ops.conv(layer, x)
            skips.append(x)  # (N, 16, H/2, W/2) to (N, 64, H/32, W/32)
        skips.pop()
        x = ops.conv(self.join, ops.concat(x, ops.conv(self.hints, bottleneck)))
        carried = ops.conv(self.carry, bottleneck)
        for layer in self.way_up:
            carried = ops.upsample(carried)
            x = ops.conv(layer, ops.concat(ops.upsample(x), skips.pop(), carried))
        x = ops.conv(self.refine, x)  # (N, 32, H/4, W/4)
        slope, offset = self.slope(ops, x), self.offset(ops, x)  # (N, 2, H, W)
        shading = ops.multiply(slope, ops.conv(self.detail, luminance), out=PIXELS)
        return ops.add(shading, offset, out=PIXELS)


class Map(nn.Module):
    """Features at a quarter of the resolution -> two smooth channels at full resolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.head = QConv(channels, 2, 1, FEATURES, PIXELS)
        self.head.weight.data *= 0.1  # begin with next to no prediction, which costs nothing
        self.smooth = nn.ModuleList(QConv(2, 2, 3, PIXELS, PIXELS) for _ in range(2))
        tent = torch.tensor([1.0, 2.0, 1.0]) / 4
        with torch.no_grad():
            for layer in self.smooth:
                layer.weight.copy_(torch.eye(2).reshape(2, 2, 1, 1) * torch.outer(tent, tent))

    def forward(self, ops: Ops, x: Tensor) -> Tensor:
        x = ops.conv(self.head, x)
        for layer in self.smooth:
            x = ops.conv(layer, ops.upsample(x))
        return x


def quantise_bottleneck(bottleneck: Tensor, levels: int) -> Tensor:
    """What the A-decoder sees of -1..1 after `levels` uniform levels, gradient passed through."""
    steps = (levels - 1) / 2
    sent = torch.round((bottleneck + 1) * steps) / steps - 1
    seen = (torch.round(sent * 128) / 128).clamp(*BOTTLENECK.limits)
    return bottleneck + (seen - bottleneck).detach()


def l2_loss(residual: Tensor) -> Tensor:
    """The thesis's loss: the mean square of the residual, in steps of chroma."""
    return (residual * 2**CHROMA_SHIFT).square().mean()


def unpredicted(residual: Tensor) -> Tensor:
    """What is left of a residual behind the mean of its western and northern neighbours.

    The inner codec (PNG, WebP) pays for this, not for the residual itself. In steps of chroma.
    """
    west, north = residual[..., 1:, :-1], residual[..., :-1, 1:]
    return (residual[..., 1:, 1:] - (west + north) / 2) * 2**CHROMA_SHIFT


def rate_loss(left: Tensor) -> Tensor:
    """Bits per chroma value of an adaptive Laplace coder, of what is left unpredicted.

    The code length of a Laplace distribution whose scale is the mean magnitude around each value
    (5 x 5).
    """
    scale = functional.avg_pool2d(left.abs(), 5, stride=1, padding=2, count_include_pad=False)
    return torch.log2(2 * torch.e * (scale + 0.3)).mean()
