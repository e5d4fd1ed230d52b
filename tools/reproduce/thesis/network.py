"""The thesis's autoencoder, with what it varies.

Figure 5 of the thesis is lost in the text that we have; here is what its text says: blocks of
convolution, ReLU, batch normalisation; five max-poolings by 2; transposed convolutions up; the
luminance has a way down of its own, merged with the bottleneck by concatenation or attention; skips
stay inside the A-decoder (here: from the luminance's way down to the way up).
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

HALVINGS = 5

HEADS = 4
"""Of the attention."""


@dataclass(frozen=True)
class Variant:
    """One network of the thesis.

    Attributes:
        channels: of the bottleneck.
        activation: "none", "tanh" or "sigmoid" before the bottleneck.
    """

    channels: int = 2
    activation: str = "tanh"
    attention: bool = False
    skips: bool = True

    @property
    def name(self) -> str:
        found = f"{self.activation} {self.channels}"
        return found + ", attention" * self.attention + ", no skips" * (not self.skips)

    @property
    def limits(self) -> tuple[float, float] | None:
        """Of the bottleneck's values; None: those of each picture."""
        return {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}.get(self.activation)


def block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(channels_out),
    )


class WayDown(nn.Module):
    """(N, channels, H, W) -> features at 1, 1/2, ... 1/16, and at 1/32 of the resolution."""

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(block(a, b) for a, b in pairwise((channels, *widths)))
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        kept = []
        for layer in self.blocks:
            x = layer(x)
            kept.append(x)
            x = self.pool(x)
        return kept, x


class Merge(nn.Module):
    """Luminance's features and the bottleneck's, (N, width, h, w) each, into one."""

    def __init__(self, width: int, attention: bool) -> None:
        super().__init__()
        self.attention = (
            nn.MultiheadAttention(width, HEADS, batch_first=True) if attention else None
        )
        self.joined = block((1 if attention else 2) * width, width)

    def forward(self, luminance: Tensor, hints: Tensor) -> Tensor:
        if self.attention is None:
            return self.joined(torch.cat([luminance, hints], 1))
        # each place of the luminance asks all places of the bottleneck
        asking, asked = (x.flatten(2).transpose(1, 2) for x in (luminance, hints))
        found, _ = self.attention(asking, asked, asked, need_weights=False)
        return self.joined(luminance + found.transpose(1, 2).reshape(luminance.shape))


class Autoencoder(nn.Module):
    """Chroma -> bottleneck -> chroma, the latter given luminance."""

    def __init__(self, variant: Variant, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.variant, width = variant, widths[-1]
        self.encoder = WayDown(2, widths)
        self.head = nn.Conv2d(width, variant.channels, 1)
        self.luminance = WayDown(1, widths)
        self.hints = block(variant.channels, width)
        self.merge = Merge(width, variant.attention)
        up = (*widths[::-1], widths[0])
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(up[n], up[n + 1], 2, stride=2) for n in range(HALVINGS)
        )
        beside = widths[::-1] if variant.skips else (0,) * HALVINGS
        self.way_up = nn.ModuleList(
            block(up[n + 1] + beside[n], up[n + 1]) for n in range(HALVINGS)
        )
        self.paint = nn.Conv2d(up[-1], 2, 1)
        nn.init.zeros_(self.paint.weight)

    def bottleneck(self, chroma: Tensor) -> Tensor:
        """(N, 2, H, W) -> (N, channels, H/32, W/32)."""
        found = self.head(self.encoder(chroma)[1])
        if self.variant.activation == "tanh":
            return torch.tanh(found)
        return torch.sigmoid(found) if self.variant.activation == "sigmoid" else found

    def painted(self, bottleneck: Tensor, luminance: Tensor) -> Tensor:
        """Bottleneck and luminance (N, 1, H, W) -> chroma (N, 2, H, W)."""
        kept, x = self.luminance(luminance)
        x = self.merge(x, self.hints(bottleneck))
        for enlarge, layer in zip(self.enlarge, self.way_up, strict=True):
            x, skip = enlarge(x), kept.pop()
            x = layer(torch.cat([x, skip], 1) if self.variant.skips else x)
        return self.paint(x)

    def forward(self, chroma: Tensor, luminance: Tensor) -> Tensor:
        return self.painted(self.bottleneck(chroma), luminance)


def quantised(bottleneck: Tensor, variant: Variant, levels: int | None) -> Tensor:
    """What a decoder sees of a bottleneck after so many uniform levels; None: all of it."""
    if levels is None:
        return bottleneck
    largest = float(bottleneck.abs().max()) or 1.0
    low, high = variant.limits or (-largest, largest)
    steps = (levels - 1) / (high - low)
    return torch.round((bottleneck - low) * steps) / steps + low
