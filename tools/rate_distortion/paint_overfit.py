"""What Crayon's network gains where it was trained on the very picture that it paints.

    python -m tools.rate_distortion.paint_overfit --images DIR --every 8 --minutes 2 \\
        --start CHECKPOINT --out paint_overfit.tsv

A network that must serve all pictures can hardly do better than one that learned the answers. In
floats, at one n, exact luminance; sides of pictures must be multiples of 32. PSNR in dB before the
network, with it as it was, and after each quarter of the minutes (of processor time, each picture).
Not a bound in the strict sense: with more time it would learn more by heart.
"""

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from pillow_colorgrid.codings.crayon import network
from pillow_colorgrid.codings.crayon.description import EXACT_QUALITY
from pillow_colorgrid.codings.crayon.hints import BASE_STEPS
from pillow_colorgrid.color import ycocg
from tools.data.images import pictures
from tools.rate_distortion.measure import flat_rgb
from tools.rate_distortion.metrics import Rgb, psnr_db
from tools.train import crayon_recipe
from tools.train.crayon import INPUT
from tools.train.loop import LEARNING_RATE_SHARES, optimisers
from tools.train.lossless_training import FastOps

LEARNING_RATE, LEAST_SHARE = 2e-3, 0.02
"""Of Muon, falling in a straight line to so small a part."""

WINDOW = 128
"""Edge of what a step sees, in cells of 2 x 2 pixels."""

QUARTERS = 4


@dataclass(frozen=True)
class Known:
    """A picture as the network sees it, and what it is to paint: (..., H/2, W/2) by phase."""

    seen: Tensor
    base: Tensor
    detail: Tensor
    wanted: Tensor

    def part(self, top: int, left: int) -> "Known":
        at = np.s_[..., top : top + WINDOW, left : left + WINDOW]
        return Known(self.seen[at], self.base[at], self.detail[at], self.wanted[at])


def known(rgb: Rgb, n: int) -> Known:
    planes = ycocg.forward(rgb)
    seen, interval = crayon_recipe.see(planes, planes[0], n, "mean", EXACT_QUALITY)
    phases = crayon_recipe.phases
    return Known(
        torch.from_numpy(network.inputs(seen, interval, "mean")).float().sub(128)
        * 2.0**-INPUT.shift,
        torch.from_numpy(np.stack([phases(seen.co), phases(seen.cg)]) / BASE_STEPS).float(),
        torch.from_numpy(phases(seen.detail) / BASE_STEPS).float(),
        torch.from_numpy(np.stack([phases(planes[1]), phases(planes[2])])).float(),
    )


def painted(networks: nn.ModuleDict, picture: Known) -> Tensor:
    """Co and Cg (2, 4, H/2, W/2) in floats."""
    with torch.autocast("cpu", torch.bfloat16):
        x = picture.seen.contiguous(memory_format=torch.channels_last)
        out = networks["crayon"](FastOps(quantised=False), x).float()
    offset, slope = out[0].unflatten(0, (2, 2, 4))
    limit = network.SLOPE_LIMIT
    return picture.base + network.OFFSET_GAIN * offset + slope.clamp(-limit, limit) * picture.detail


def shown(rgb: Rgb, colour: Tensor) -> Rgb:
    """The picture's luminance with Co and Cg by phase, rounded."""
    luminance = ycocg.forward(rgb)[0]
    planes = np.empty((2, *luminance.shape), np.int16)
    whole = colour.round().clamp(-255, 255).to(torch.int16).numpy()
    for phase, (row, column) in enumerate(network.PHASES):
        planes[:, row::2, column::2] = whole[:, phase]
    return ycocg.inverse_clipped(luminance, *planes)


def overfitted(rgb: Rgb, n: int, start: Path, minutes: float) -> Iterator[float]:
    """PSNR without the network, with it, and after each quarter of the minutes."""
    picture = known(rgb, n)
    networks = crayon_recipe.build()
    begun = torch.load(start, map_location="cpu", weights_only=True)
    networks.load_state_dict(begun.get("networks", begun))
    networks = networks.to(memory_format=torch.channels_last)
    yield psnr_db(rgb, shown(rgb, picture.base))
    with torch.no_grad():
        yield psnr_db(rgb, shown(rgb, painted(networks, picture)))
    steps = optimisers(networks, LEARNING_RATE)
    rng = np.random.default_rng(1)
    begin, spent, quarter = time.process_time(), 0.0, 1
    high, wide = picture.detail.shape[-2:]
    while quarter <= QUARTERS:
        part = picture.part(
            int(rng.integers(0, max(1, high - WINDOW + 1))),
            int(rng.integers(0, max(1, wide - WINDOW + 1))),
        )
        error = (painted(networks, part) - part.wanted).square().mean((1, 2, 3))
        loss = (0.5 * error[0] + 0.75 * error[1]) / 3
        share = max(LEAST_SHARE, 1 - spent / (60 * minutes))
        for step, part_of in zip(steps, LEARNING_RATE_SHARES, strict=True):
            step.zero_grad(set_to_none=True)
            for group in step.param_groups:
                group["lr"] = LEARNING_RATE * share * part_of
        torch.log(loss).backward()
        for step in steps:
            step.step()
        spent = time.process_time() - begin
        if spent >= 60 * minutes * quarter / QUARTERS:
            quarter += 1
            with torch.no_grad():
                yield psnr_db(rgb, shown(rgb, painted(networks, picture)))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder")
    parser.add_argument("--every", type=int, default=8, help="only each N-th picture")
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=2.0, help="for each picture")
    parser.add_argument(
        "--start", type=Path, default=Path("tools/checkpoints/crayon_64.pt"), help="checkpoint"
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    parts = [f"after_{options.minutes * n / QUARTERS:g}_minutes" for n in range(1, QUARTERS + 1)]
    with options.out.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["picture", "without", "with", *parts])
        for picture in tqdm(pictures(options.images)[:: options.every], disable=None):
            rgb = np.asarray(flat_rgb(picture.open()))
            found = overfitted(rgb, options.n, options.start, options.minutes)
            row = [picture.path.name, *(f"{psnr:.3f}" for psnr in found)]
            writer.writerow(row)
            file.flush()
            print(*row, sep="\t")


if __name__ == "__main__":
    main()
