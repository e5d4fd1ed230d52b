"""XiaoNet as the paper describes it, narrower: luminance and a sparse grid of colour -> colour."""

import torch
from torch import Tensor, nn
from torch.nn import functional

ALIGNMENT = 8
"""Three halvings."""


def block(channels_in: int, channels_out: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    """Two 3x3 convolutions, the first with the stride; ReLU; batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride, dilation, dilation),
        nn.ReLU(),
        nn.Conv2d(channels_out, channels_out, 3, 1, dilation, dilation),
        nn.ReLU(),
        nn.BatchNorm2d(channels_out),
    )


class XiaoNet(nn.Module):
    """L (N, 1, H, W), A and B on the grid and 0 elsewhere, and where they are (N, 3, H, W).

    Gives A and B (N, 2, H, W), -1..1.
    """

    def __init__(self, width: int, start_interpolated: bool = False) -> None:
        """Random weights.

        Args:
            start_interpolated: paint what interpolating the grid leaves, beginning with nothing.
                Not the paper's, but it need not learn to interpolate first.
        """
        super().__init__()
        self.start_interpolated = start_interpolated
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.hints = nn.Conv2d(3, width, 3, padding=1)
        self.first = block(width, 2 * width)
        self.down = nn.ModuleList(
            block(2**n * width, 2 ** (n + 1) * width, stride=2) for n in (1, 2)
        )
        deepest = 8 * width
        self.bottom = nn.Sequential(
            block(deepest, deepest, stride=2),
            block(deepest, deepest, dilation=2),
            block(deepest, deepest, dilation=2),
            block(deepest, deepest),
        )
        self.beside = nn.ModuleList(nn.Conv2d(n * width, n * width, 1) for n in (8, 4, 2))
        self.up = nn.ModuleList(block(a * width, b * width) for a, b in ((8, 4), (4, 2), (2, 2)))
        self.head = nn.Conv2d(2 * width, 2, 1)
        if start_interpolated:
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def forward(self, luminance: Tensor, hints: Tensor, interval: int) -> Tensor:
        start = interpolated(hints[:, :2], interval) if self.start_interpolated else 0
        high, wide = luminance.shape[-2:]
        beyond = (0, -wide % ALIGNMENT, 0, -high % ALIGNMENT)
        luminance, hints = (functional.pad(x, beyond, "replicate") for x in (luminance, hints))
        x = self.first(functional.relu(self.stem(luminance) + self.hints(hints)))
        kept = [x]
        for layer in self.down:
            x = layer(x)
            kept.append(x)
        x = self.bottom(x)
        for layer, beside in zip(self.up, self.beside, strict=True):
            x = functional.interpolate(x, scale_factor=2, mode="nearest")
            x = layer(x + beside(kept.pop()))
        painted: Tensor = torch.tanh(self.head(x))[..., :high, :wide]
        return start + painted


def interpolated(hints: Tensor, interval: int) -> Tensor:
    """A and B on the grid (N, 2, H, W) -> everywhere, bilinear; beyond the last points theirs."""
    high, wide = hints.shape[-2:]
    points = hints[..., ::interval, ::interval]
    size = [(count - 1) * interval + 1 for count in points.shape[-2:]]
    inner = functional.interpolate(points, size, mode="bilinear", align_corners=True)
    return functional.pad(inner, (0, wide - size[1], 0, high - size[0]), "replicate")
