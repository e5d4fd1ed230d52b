"""Train a network of the paper's kind: for one n, or for all of them."""

from pathlib import Path

import numpy as np
import torch
from skimage.color import rgb2lab
from torch import Tensor

from tools.reproduce import training
from tools.reproduce.crayon.network import XiaoNet
from tools.reproduce.crayon.settings import Settings
from tools.reproduce.pictures import trained_on

CHROMA_SCALE, LUMINANCE_SCALE = 110.0, 100.0


def seen(lab: Tensor, interval: int) -> tuple[Tensor, Tensor]:
    """L, A, B (N, 3, H, W), scaled -> what a network sees: L; A and B on the grid, and a mask."""
    mask = torch.zeros_like(lab[:, :1])
    mask[..., ::interval, ::interval] = 1
    return lab[:, :1], torch.cat([lab[:, 1:] * mask, mask], 1)


def scaled_lab(rgb: np.ndarray) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W): L in 0..1, A and B in about -1..1."""
    lab = rgb2lab(rgb).astype(np.float32)
    scales = np.float32([LUMINANCE_SCALE, CHROMA_SCALE, CHROMA_SCALE])
    return torch.from_numpy(lab / scales).permute(0, 3, 1, 2)


def train(
    intervals: tuple[int, ...], as_written: bool, settings: Settings, data: Path, out: Path
) -> XiaoNet:
    """A network for these n, one of them drawn for each step. MSE, as the paper.

    Args:
        as_written: without our start, interpolated colour.
    """
    torch.manual_seed(1)
    network = XiaoNet(settings.width, start_interpolated=not as_written)

    def loss(squares: np.ndarray, rng: np.random.Generator) -> Tensor:
        lab = scaled_lab(squares)
        interval = intervals[int(rng.integers(len(intervals)))]
        return (network(*seen(lab, interval), interval) - lab[:, 1:]).square().mean()

    return training.train(network, loss, settings, lambda: trained_on(data, settings.side), out)
