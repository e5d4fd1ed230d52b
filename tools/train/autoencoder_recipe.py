"""How the autoencoder is trained: chroma in, chroma out, paid by the size of the residual."""

import torch
from torch import Tensor, nn

from tools.train.autoencoder import (
    CHROMA_SHIFT,
    PIXELS,
    ADecoder,
    AEncoder,
    l2_loss,
    quantise_bottleneck,
    rate_loss,
    unpredicted,
)
from tools.train.layers import TorchOps

LEVELS = (16, 32, 64, 128, 256)
"""The bottleneck's number of levels is drawn at random: one network serves `levels` 8..256."""

L2_WEIGHT = 0.0003
"""The share of the thesis's loss beside the rate.

It is what makes the network paint: slopes fitted to each block with hindsight and sent for nothing
did not make PNG's or zstd's file smaller (tools/results/slope_oracle.tsv), so the rate alone
teaches it to predict nothing. The rate's part keeps what it paints free of noise that the inner
codec would pay for.
"""


def build() -> nn.ModuleDict:
    return nn.ModuleDict({"a_encoder": AEncoder(), "a_decoder": ADecoder()})


def ycocg_modular(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """(N, H, W, 3) uint8 -> luminance (N, 1, H, W), chroma (N, 2, H, W), both -128..127 (int32).

    The same modular lifting as `pillow_colorgrid.color.forward_modular`.
    """
    red, green, blue = rgb.to(torch.int32).permute(3, 0, 1, 2)
    co = wrap(red - blue)
    t = (blue + (co >> 1)) & 255
    cg = wrap(green - t)
    y = (t + (cg >> 1)) & 255
    return (y - 128).unsqueeze(1), torch.stack([co, cg], 1)


def wrap(x: Tensor) -> Tensor:
    """Modulo 256 into -128..127."""
    return ((x + 128) & 255) - 128


def loss(networks: nn.ModuleDict, pictures: Tensor, quantised: bool) -> Tensor:
    luminance, chroma = (plane * 2.0**-CHROMA_SHIFT for plane in ycocg_modular(pictures))
    levels = LEVELS[int(torch.randint(len(LEVELS), ()))] if networks.training else 128
    found = networks["a_encoder"](torch.cat([luminance, chroma], 1))
    bottleneck = quantise_bottleneck(found.float(), levels)
    predicted = networks["a_decoder"](TorchOps(quantised), bottleneck, luminance)
    low, high = PIXELS.limits
    residual = chroma - predicted.float().clamp(low, high)
    before, left = unpredicted(chroma), unpredicted(residual)
    return rate_loss(left) - rate_loss(before) + L2_WEIGHT * l2_loss(residual)
