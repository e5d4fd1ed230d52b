"""How large WebP's file is beside what `codings.stored.encoder.webp_size` estimates.

    python -m tools.bench.webp_size --images DIR --out tools/results/webp_size.tsv

For SCOUT_SHARE, TINY_SHARE and PIECES_SHARE; only pictures for training may decide on constants. Of
each kind of picture some, where the probe does not see a drawing: whole crops; their upper left
corners, and thumbnails, for the scout; mosaics of six crops; enlarged crops; crops beside four
copies of another. Some minutes.
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pillow_colorgrid.codings.choosing import looks
from pillow_colorgrid.codings.stored.encoder.parts import QUICK, webp
from pillow_colorgrid.codings.stored.encoder.webp_size import LEAST_PIXELS, SCOUT, by_pieces
from pillow_colorgrid.pixels import Bytes
from tools.data.images import pictures

COLUMNS = (
    "kind", "picture", "width", "height", "probe", "estimate", "webp", "webp_of_estimate",
    "estimate_ms", "webp_ms",
)  # fmt: skip

EVERY = 19
SCOUTED_EDGES = (64, 160)
MOSAIC, ENLARGED = (3, 2), (880, 600)


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """What work returns, and the milliseconds of the processor that it took."""
    started = time.process_time()
    found = work()
    return found, 1000 * (time.process_time() - started)


def examples(crops: list[tuple[str, Bytes]]) -> Iterator[tuple[str, str, Bytes]]:
    """Kind, name, pixels."""
    columns, rows = MOSAIC
    for number in range(5, len(crops) - columns * rows, EVERY):
        name, crop = crops[number]
        yield "crop", name, crop
        for edge in SCOUTED_EDGES:
            yield f"corner {edge}", name, crop[:edge, :edge]
            small = Image.fromarray(crop).resize((edge, edge), Image.Resampling.BICUBIC)
            yield f"thumbnail {edge}", name, np.asarray(small)
        if number % 2:
            parts = [Image.fromarray(part).resize((352, 352)) for _, part in crops[number:][:6]]
            whole = Image.new("RGB", (352 * columns, 352 * rows))
            for place, part in enumerate(parts):
                whole.paste(part, (352 * (place % columns), 352 * (place // columns)))
            yield "mosaic", name, np.asarray(whole)
            large = Image.fromarray(crop).resize(ENLARGED, Image.Resampling.BICUBIC)
            yield "enlarged", name, np.asarray(large)
        if number % 4 == 1:
            left = Image.fromarray(crop).resize((ENLARGED[0] // 2, ENLARGED[1]))
            copies = np.tile(crops[number - 1][1], (2, 2, 1))[: ENLARGED[1], : ENLARGED[0] // 2]
            yield "copies", name, np.hstack([np.asarray(left), copies])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    crops = [
        (picture.path.stem, np.asarray(picture.open().convert("RGB")))
        for picture in pictures(options.images)
    ]
    with options.out.open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for kind, name, pixels in tqdm(examples(crops), disable=None):
            height, width, _ = pixels.shape
            share = looks.probe(pixels)
            small = height * width < LEAST_PIXELS
            if share < (looks.PHOTOGRAPH if small else looks.UNCLEAR):
                continue
            if small:
                estimate, spent = timed(lambda p=pixels: len(webp(p, *SCOUT)))
            else:
                estimate, spent = timed(lambda p=pixels, s=share: by_pieces(p, looks.probe, s))
            size, longer = timed(lambda p=pixels: len(webp(p, *QUICK)))
            figures = [f"{share:.3f}", round(estimate), size, f"{size / estimate:.3f}"]
            times = [f"{spent:.1f}", f"{longer:.1f}"]
            table.writerow([kind, name, width, height, *figures, *times])


if __name__ == "__main__":
    main()
