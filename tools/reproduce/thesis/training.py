"""Train one variant: L2 loss on chroma, as the thesis."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pillow_colorgrid.pixels import Bytes
from tools.data.crops import load_crops
from tools.reproduce import training
from tools.reproduce.thesis.network import Autoencoder, Variant
from tools.reproduce.thesis.settings import Settings
from tools.reproduce.thesis.spaces import Space


def squares(rgb: Iterable[Bytes], side: int) -> list[Bytes]:
    """The middle square of each picture, scaled to the thesis's size: as Places365's were."""
    found = []
    for one in rgb:
        edge = min(one.shape[:2])
        top, left = (one.shape[0] - edge) // 2, (one.shape[1] - edge) // 2
        square = Image.fromarray(one[top : top + edge, left : left + edge])
        found.append(np.asarray(square.resize((side, side), Image.Resampling.LANCZOS)))
    return found


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

    def load() -> list[np.ndarray]:
        return squares(load_crops(data), settings.side)

    return training.train(network, loss, settings, load, out)
