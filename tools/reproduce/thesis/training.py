"""Train one variant: L2 loss on chroma, as the thesis."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tools.reproduce import training
from tools.reproduce.pictures import trained_on
from tools.reproduce.thesis.network import Autoencoder, Variant
from tools.reproduce.thesis.settings import Settings
from tools.reproduce.thesis.spaces import Space


def tensors(space: Space, pictures: np.ndarray) -> tuple[Tensor, Tensor]:
    """(N, H, W, 3) uint8 -> chroma (N, 2, H, W) and luminance (N, 1, H, W) as the network's."""
    luminance, chroma = zip(*(space.planes(rgb) for rgb in pictures), strict=True)
    return (
        torch.from_numpy(np.stack(chroma)).permute(0, 3, 1, 2) / space.chroma_scale,
        torch.from_numpy(np.stack(luminance)).unsqueeze(1) / space.luminance_scale,
    )


def train(variant: Variant, space: Space, settings: Settings, data: Path, out: Path) -> Autoencoder:
    """The trained network; goes on from a checkpoint in `out`, and only reads one that is done."""
    torch.manual_seed(1)
    network = Autoencoder(variant, settings.widths)

    def loss(squares: np.ndarray, _: np.random.Generator) -> Tensor:
        chroma, luminance = tensors(space, squares)
        return (network(chroma, luminance) - chroma).square().mean()

    return training.train(network, loss, settings, lambda: trained_on(data, settings.side), out)
