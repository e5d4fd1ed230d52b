"""How much could a network that paints colour from luminance gain? Upper bounds with hindsight.

    python -m tools.rate_distortion.paint_oracle --images DIR --n 20 --out paint_oracle.tsv

From luminance a network can tell where colour ends, and which of the stored colours around a pixel
is its own. Here an oracle that knows the original says so, for nothing: each pixel, or each block
of 2 x 2 to 16 x 16, takes the best of its four surrounding stored colours and of what is painted
without the network. It does so everywhere, or only near edges of luminance, where a network has
something to go by. Last, all error near such edges is taken away. PSNR in dB, means over ten
pictures; a minute.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pillow_colorgrid.codings.crayon import paint
from pillow_colorgrid.codings.crayon.coding import CRAYON_ID
from pillow_colorgrid.codings.crayon.encoder import budget
from pillow_colorgrid.codings.crayon.encoder.encoding import best_gain
from pillow_colorgrid.codings.crayon.hints import BASE_STEPS, ColorGrid
from pillow_colorgrid.codings.crayon.network import GAIN_STEPS
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.runtime import networks
from tools.data.images import pictures
from tools.rate_distortion.error_map import PICTURES, near_edge
from tools.rate_distortion.measure import flat_rgb
from tools.rate_distortion.metrics import Rgb, psnr_db

BLOCKS = (1, 2, 4, 8, 16)

WEIGHTS = np.array([0.5, 0.75])[:, None, None]
"""Of squared errors of Co and Cg in those of red, green and blue, luminance being exact."""


def surrounding(colour: ColorGrid, height: int, width: int) -> list[np.ndarray]:
    """The stored colours above left, above right, below left, below right: (2, H, W) each."""
    stored = np.stack(colour.stored) // BASE_STEPS
    last_row, last_column = stored.shape[1] - 1, stored.shape[2] - 1
    rows, columns = (np.arange(length) // colour.stored_interval for length in (height, width))
    return [
        stored[:, np.minimum(rows + down, last_row)][:, :, np.minimum(columns + right, last_column)]
        for down in (0, 1)
        for right in (0, 1)
    ]


def block_sums(values: np.ndarray, block: int) -> np.ndarray:
    """(H, W) -> the same, each pixel with the sum over its block; blocks at the ends may be cut."""
    starts = [np.arange(0, length, block) for length in values.shape]
    sums = np.add.reduceat(np.add.reduceat(values, starts[0], axis=0), starts[1], axis=1)
    wide = sums.repeat(block, axis=0).repeat(block, axis=1)
    found: np.ndarray = wide[: values.shape[0], : values.shape[1]]
    return found


def chosen(wanted: np.ndarray, ways: list[np.ndarray], block: int) -> np.ndarray:
    """(2, H, W) of Co and Cg: of the ways the best for each block."""
    errors = [(WEIGHTS * np.square(way - wanted, dtype=np.float64)).sum(axis=0) for way in ways]
    best = np.argmin([block_sums(error, block) for error in errors], axis=0)
    found: np.ndarray = np.choose(best[None], ways)
    return found


def measure(original: Rgb, n: int) -> dict[tuple[str, str], float]:
    """PSNR by what is done and by block."""
    luminance, *planes = ycocg.forward(original)
    wanted = np.stack(planes)
    fitted = budget.fit(planes, luminance, n, "mean")
    crayon, moves = networks.index()[CRAYON_ID], {}
    plain, all_of_it = (
        paint.paint(Kept(luminance, fitted.followed(gain)), crayon, moves)
        for gain in (0, GAIN_STEPS)
    )
    gain = best_gain(plain, all_of_it, original)
    written = paint.paint(Kept(luminance, fitted.followed(gain)), crayon, moves)
    _, *of_plain = ycocg.forward(plain)
    # what was clipped on its way through RGB is not the painted colour any more, but is what counts
    painted = np.stack(of_plain)
    near = near_edge(luminance)

    def psnr(colour: np.ndarray) -> float:
        return psnr_db(original, ycocg.inverse_clipped(luminance, *colour))

    found = {
        ("without the network", ""): psnr_db(original, plain),
        ("with it, as written", ""): psnr_db(original, written),
        ("no error near edges of luminance", ""): psnr(np.where(near, wanted, painted)),
        ("no error elsewhere", ""): psnr(np.where(near, painted, wanted)),
    }
    ways = [painted, *surrounding(fitted, *luminance.shape)]
    for block in BLOCKS:
        best = chosen(wanted, ways, block)
        name = f"{block} x {block}"
        found["best of stored colours", name] = psnr(best)
        found["best of stored colours near edges of luminance", name] = psnr(
            np.where(near, best, painted)
        )
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder")
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for picture in tqdm(pictures(options.images)[:PICTURES], disable=None):
        original = np.asarray(flat_rgb(picture.open()))
        for way, psnr in measure(original, options.n).items():
            values[way].append(psnr)
    plain = np.mean(next(iter(values.values())))
    with options.out.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["oracle", "block", "rgb_psnr_db", "gain_db"])
        for way, of_way in values.items():
            row = [*way, f"{np.mean(of_way):.2f}", f"{np.mean(of_way) - plain:+.2f}"]
            writer.writerow(row)
            print(*row, sep="\t")


if __name__ == "__main__":
    main()
