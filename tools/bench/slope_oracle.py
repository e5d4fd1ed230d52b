"""Could any network help an inner codec? An upper bound with hindsight.

    python -m tools.bench.slope_oracle --images DIR --out tools/results/slope_oracle.tsv

The bottleneck holds two numbers for each 32 x 32 pixels. What is left of colour once the inner
codec has predicted it from its neighbours can follow the luminance: chroma = slope * luminance.
Here each block gets the best slopes by least squares, for nothing, and keeps them only where they
promise to help. If the inner codec's file still does not shrink, a network that must send its
slopes will not shrink it either. Half a minute for every fourth Kodak picture.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from pillow_colorgrid.codings import inner
from pillow_colorgrid.color import ycocg_bytes
from tools.data.images import bpp, pictures

BLOCKS = (32, 16, 8)
SURROUNDINGS = 9
"""The luminance counts relative to the mean of so many pixels squared."""

LEAST_GAIN_BITS = 0.03
"""A block keeps its slopes if they promise to save this much for each value."""

CODECS = ("png", "zstd")


def unpredicted(plane: np.ndarray) -> np.ndarray:
    """What the mean of the western and northern neighbours leaves."""
    return plane - (np.roll(plane, 1, axis=1) + np.roll(plane, 1, axis=0)) / 2


def block_means(plane: np.ndarray, block: int) -> np.ndarray:
    height, width = plane.shape
    return plane.reshape(height // block, block, width // block, block).mean((1, 3))


def spread(means: np.ndarray, block: int) -> np.ndarray:
    return means.repeat(block, axis=0).repeat(block, axis=1)


def promised_bits(left: np.ndarray, block: int) -> np.ndarray:
    """Mean log of the local magnitude: bits of an adaptive coder, up to a constant."""
    return block_means(np.log2(ndimage.uniform_filter(np.abs(left), 5) + 0.3), block)


def predicted(luminance: np.ndarray, chroma: np.ndarray, block: int) -> np.ndarray:
    """The chroma that the best slopes of each block foresee, in whole steps."""
    detail = luminance - ndimage.uniform_filter(luminance, SURROUNDINGS)
    left_y, left_c = unpredicted(luminance), unpredicted(chroma)
    weight = 1 / (ndimage.uniform_filter(np.abs(left_c), 5) + 0.5)
    slope = block_means(weight * left_c * left_y, block)
    slope = slope / (block_means(weight * left_y**2, block) + 0.5)
    slope = np.round(np.clip(slope, -1, 1) * 64) / 64
    painted = np.round(spread(slope, block) * detail)
    gain = promised_bits(left_c, block) - promised_bits(unpredicted(chroma - painted), block)
    return painted * spread(gain > LEAST_GAIN_BITS, block)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder; sides multiples of 32")
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rates = defaultdict(list)
    for picture in tqdm(pictures(options.images)[:: options.every], disable=None):
        planes = ycocg_bytes.forward_modular(np.asarray(picture.open().convert("RGB")))
        signed = planes.astype(np.float64) - ycocg_bytes.CHROMA_ZERO
        no_alpha = np.zeros((*planes.shape[1:], 0), np.uint8)
        for block in (0, *BLOCKS):
            changed = planes.copy()
            for channel in (1, 2) if block else ():
                painted = predicted(signed[0], signed[channel], block)
                changed[channel] -= painted.astype(np.int64).astype(np.uint8)
            for codec in CODECS:
                size = len(inner.encode(changed, no_alpha, codec))
                rates[codec, block].append(bpp(size, planes[0].size))
    with options.out.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["inner", "block", "rate_bpp", "against_no_slopes"])
        for (codec, block), values in rates.items():
            rate, plain = np.mean(values), np.mean(rates[codec, 0])
            row = [codec, block or "none", f"{rate:.4f}", f"{rate / plain - 1:+.3%}"]
            writer.writerow(row)
            print(*row, sep="\t")


if __name__ == "__main__":
    main()
