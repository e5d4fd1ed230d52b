"""How much smaller than its scout WebP's file is, and whether the networks would have lost.

    python -m tools.bench.webp_scout --images DIR [--every 13] [--out tools/results/webp_scout.tsv]

For `codings.choose.SCOUT_SHARE`; only pictures for training may decide on a constant. Of each
picture the first 256 x 256 pixels: what the probe leaves of it, the sizes of the scout, of WebP as
it is tried, and of the networks (effort 4, no origin), and the CPU time of each in milliseconds.
"""

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pillow_colorgrid.codings import choose
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored.encoder.parts import QUICK, SCOUT, webp
from tools.data.images import pictures

COLUMNS = ("picture", "probe", "scout", "webp", "networks", "scout_ms", "webp_ms", "networks_ms")


def timed(work: Callable[[], int]) -> tuple[int, str]:
    """A size, and the CPU time that it took."""
    started = time.process_time()
    size = work()
    return size, f"{1000 * (time.process_time() - started):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--every", type=int, default=13, help="take each so many-th picture")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    with options.out.open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for picture in pictures(options.images)[5 :: options.every]:
            pixels = np.asarray(picture.open().convert("RGB"))[:256, :256]
            sizes, times = zip(
                timed(lambda p=pixels: len(webp(p, *SCOUT))),
                timed(lambda p=pixels: len(webp(p, *QUICK))),
                timed(lambda p=pixels: choose.size_bytes(_networks(p))),
                strict=True,
            )
            probe = f"{choose.probe(pixels):.3f}"
            table.writerow([picture.path.stem, probe, *sizes, *times])


def _networks(pixels: np.ndarray) -> list:
    encoded = lossless.encode(Picture(pixels, "RGB"), Options(effort=4, origin="none"))
    return encoded.sections


if __name__ == "__main__":
    main()
