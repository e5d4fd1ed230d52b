"""Which pictures were rendered from JPEG's YCbCr or Photo CD's YCC?

    python -m tools.data.origin_survey --out tools/results/origin.tsv \\
        ../shared/data/eval/kodak ../shared/data/eval/clic2025 ../shared/data/train

The table has a line for each folder: how many pictures it has, how many have colour, for how many
of these an origin was found, how many pixels of those are exceptions (parts per million, all
pictures together and in the worst), and the milliseconds of CPU that the search took for each
megapixel, by whether it found something. Each origin is rendered again and compared. A minute for
a thousand pictures; expect all of Kodak's to come from Photo CD.
"""

import argparse
import csv
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pillow_colorgrid.codings.lossless.encoder.origin import recognise
from pillow_colorgrid.color.renderings import ORIGINS
from tools.data.images import pictures

NAMES = {origin.number: type(origin).__name__ for origin in ORIGINS}


@dataclass
class Survey:
    """Of a folder; lists have an entry for each picture with an origin."""

    pictures: int = 0
    colored: int = 0
    found: Counter[str] = field(default_factory=Counter)
    exceptions: list[int] = field(default_factory=list)
    pixels: list[int] = field(default_factory=list)
    seconds: Counter[bool] = field(default_factory=Counter)
    megapixels: Counter[bool] = field(default_factory=Counter)

    def add(self, rgb: np.ndarray) -> None:
        """Look at a picture (H, W, 3) with colour.

        Raises:
            ValueError: what was found does not render to the picture.
        """
        count = rgb.shape[0] * rgb.shape[1]
        start = time.process_time()
        found = recognise(rgb)
        self.seconds[found is not None] += time.process_time() - start
        self.megapixels[found is not None] += count / 1e6
        self.colored += 1
        if found is None:
            return
        rendering, planes = found
        if not np.array_equal(rendering.join([p[0] for p in planes], rgb.shape[1]), rgb):
            raise ValueError("the origin that was found does not render to the picture")
        self.found[NAMES[rendering.origin.number]] += 1
        self.exceptions.append(rendering.positions.size)
        self.pixels.append(count)

    def row(self, folder: str) -> dict[str, object]:
        shares = np.array(self.exceptions) / np.maximum(self.pixels, 1)
        mean = sum(self.exceptions) / max(1, sum(self.pixels))
        speed = {
            found: 1000 * self.seconds[found] / self.megapixels[found]
            for found in (True, False)
            if self.megapixels[found]
        }
        return {
            "folder": folder,
            "pictures": self.pictures,
            "coloured": self.colored,
            **{name: self.found[name] for name in NAMES.values()},
            "exceptions_ppm": round(1e6 * mean, 1) if self.exceptions else "",
            "largest_exceptions_ppm": round(1e6 * shares.max(), 1) if self.exceptions else "",
            "found_ms_per_megapixel": round(speed[True], 1) if True in speed else "",
            "none_ms_per_megapixel": round(speed[False], 1) if False in speed else "",
        }


def survey(folder: Path) -> dict[str, object]:
    found = Survey()
    for picture in tqdm(pictures(folder), desc=folder.name, disable=not sys.stderr.isatty()):
        found.pictures += 1
        # any mode becomes RGBA, and colour hidden under alpha 0 is kept
        rgb = np.asarray(picture.open().convert("RGBA"))[..., :3]
        if np.ptp(rgb, axis=2).any():
            found.add(rgb)
    return found.row(folder.name)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = [survey(folder) for folder in options.folders]
    names = " ".join(folder.name for folder in options.folders)
    with options.out.open("w", newline="") as file:
        file.write(f"# python -m tools.data.origin_survey --out FILE {names}. {date.today()}\n")
        writer = csv.DictWriter(file, rows[0].keys(), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(options.out.read_text())


if __name__ == "__main__":
    main()
