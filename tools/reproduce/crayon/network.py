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

    def __init__(self, width: int) -> None:
        super().__init__()
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

    def forward(self, luminance: Tensor, hints: Tensor) -> Tensor:
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
        return torch.tanh(self.head(x))[..., :high, :wide]
