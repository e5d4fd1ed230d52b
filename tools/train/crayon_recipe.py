"""How Crayon is trained: over random grids, for the mean PSNR of RGB.

The luminance is exact, so an error of Cg moves all three channels by half of it, and one of Co
moves red and blue by half of it: the mean square error of RGB is (0.75 Cg^2 + 0.5 Co^2) / 3. The
logarithm of each square's error is minimised, because that is what a mean of decibels measures.
"""

import io
import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from pillow_colorgrid.codings.crayon import network, paint
from pillow_colorgrid.codings.crayon.encoder import budget
from pillow_colorgrid.codings.crayon.hints import BASE_STEPS, tent_means
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg
from tools.train.crayon import INPUT, Crayon
from tools.train.lossless_training import FastOps

HELD_OUT_INTERVALS = (6, 20, 50, 100)
"""The grids of the held-out squares, in turn: those that the README reports."""

OFTEN_INTERVALS, OFTEN_CHANCE = (10, 60), 0.6
"""Between these so many of the grids are drawn; all others between 2 and 128."""

POINT_CHANCE, LOSSY_CHANCE = 0.2, 0.2
"""How often hints are point samples, and how often the luminance has lost something."""

LOSSY_QUALITIES = (15, 90)

NOISE_FLOOR = 0.3
"""Added to the mean square error: beyond 53 dB nobody sees a gain."""


def build() -> nn.ModuleDict:
    return nn.ModuleDict({"crayon": Crayon()})


def lossy(luminance: np.ndarray, quality: int) -> np.ndarray:
    """(H, W) as a grey JPEG file leaves it."""
    file = io.BytesIO()
    Image.fromarray(luminance.astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(np.int16)


def see(
    planes: list[np.ndarray], luminance: np.ndarray, n: int, kind: str, quality: int
) -> tuple[network.Surroundings, int]:
    """What the network sees of Y, Co, Cg (H, W) int16, and the grid's interval.

    Args:
        luminance: what the decoder has, of this quality.
    """
    colour = budget.fit(planes[1:], luminance, n, kind, quality)
    means = tent_means(luminance, colour.interval, BASE_STEPS)
    seen = paint.see(Kept(luminance, colour), means, Tile(0, 0, *luminance.shape))
    return seen, colour.interval


def _drawn() -> tuple[int, str, int]:
    """n, kind and the luminance's quality of a training square."""
    often = float(torch.rand(())) < OFTEN_CHANCE
    least, most = map(math.log, OFTEN_INTERVALS if often else (2, 128))
    n = round(math.exp(least + (most - least) * float(torch.rand(()))))
    kind = "point" if float(torch.rand(())) < POINT_CHANCE else "mean"
    quality = 100
    if float(torch.rand(())) < LOSSY_CHANCE:
        quality = int(torch.randint(*LOSSY_QUALITIES, ()))
    return n, kind, quality


def recoloured(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 with its channels exchanged (in half of all cases) and another gamma.

    What a colour *is* the hints tell; so the network shall learn where it ends, not that skies are
    blue: without this it did well on pictures like those it had seen, and badly on Kodak's.
    """
    if float(torch.rand(())) < 0.5:
        rgb = rgb[..., torch.randperm(3).numpy()]
    gamma = 2 ** float(torch.empty(()).uniform_(-0.5, 0.5))
    levels = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return levels[rgb]


def phases(plane: np.ndarray) -> np.ndarray:
    """(H, W) -> (4, H/2, W/2), the pixels of each phase."""
    return np.stack([plane[row::2, column::2] for row, column in network.PHASES])


def loss(networks: nn.ModuleDict, pictures: Tensor, quantised: bool) -> Tensor:
    """Mean of 10 log10 of the mean square error of (N, H, W, 3) uint8 pictures: 48.13 - PSNR."""
    inputs, bases, details, wanted = [], [], [], []
    for number, rgb in enumerate(pictures.numpy()):
        planes = ycocg.forward(recoloured(rgb) if networks.training else rgb)
        n, kind, quality = HELD_OUT_INTERVALS[number % len(HELD_OUT_INTERVALS)], "mean", 100
        if networks.training:
            n, kind, quality = _drawn()
        luminance = planes[0] if quality == 100 else lossy(planes[0], quality)
        seen, interval = see(planes, luminance, n, kind, quality)
        inputs.append(network.inputs(seen, interval, kind)[0])
        bases.append(np.stack([phases(seen.co), phases(seen.cg)]) / BASE_STEPS)
        details.append(phases(seen.detail)[None] / BASE_STEPS)
        wanted.append(np.stack([phases(planes[1]), phases(planes[2])]))
    x = torch.from_numpy(np.stack(inputs)).to(torch.bfloat16).sub_(128).mul_(2.0**-INPUT.shift)
    x = x.contiguous(memory_format=torch.channels_last)
    out = networks["crayon"](FastOps(quantised), x).float()
    offset, slope = out.unflatten(1, (2, 2, 4)).unbind(1)  # each (N, 2 colours, 4 phases, h, w)
    bases_, details_, wanted_ = (
        torch.from_numpy(np.stack(part).astype(np.float32)) for part in (bases, details, wanted)
    )
    limit = network.SLOPE_LIMIT
    painted = bases_ + network.OFFSET_GAIN * offset + slope.clamp(-limit, limit) * details_
    error = (painted - wanted_).square().mean((2, 3, 4))
    of_rgb = (0.5 * error[:, 0] + 0.75 * error[:, 1]) / 3
    return (10 * torch.log10(of_rgb + NOISE_FLOOR)).mean()
