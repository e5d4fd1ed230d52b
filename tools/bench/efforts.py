"""Is each effort smaller and slower than the one before? On average over each folder.

    python -m tools.bench.efforts --images DIR... [--count 10] [--edge 384] \\
        --out tools/results/efforts.tsv

Squares from the middle of some pictures of each folder, lossless, without origin, on one thread;
each is decoded and compared before times count. Times are of the processor, the least of REPEAT.
"""

import argparse
import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pillow_colorgrid.runtime import execution
from tools.data.images import pictures

EFFORTS = range(1, 10)
REPEAT = 2
COLUMNS = (
    "folder", "pictures", "effort", "rate_bpp", "against_before", "encode_ms_per_mp",
    "decode_ms_per_mp",
)  # fmt: skip


def middle(image: Image.Image, edge: int) -> Image.Image:
    """A square of at most `edge` pixels."""
    width, height = (min(edge, side) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def encoded(image: Image.Image, effort: int) -> bytes:
    """The file of a picture."""
    file = io.BytesIO()
    image.save(file, "CGX", effort=effort, origin="none")
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    """The pixels of a file."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least of REPEAT times."""
    times = []
    for _ in range(REPEAT):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def measured(images: list[Image.Image], effort: int) -> np.ndarray:
    """Bits, and seconds to encode and decode, over all pictures."""
    total = np.zeros(3)
    for image in images:
        data = encoded(image, effort)
        assert np.array_equal(decoded(data), np.asarray(image)), "not the picture that was saved"
        total += (
            8 * len(data),
            cpu_seconds(lambda i=image: encoded(i, effort)),
            cpu_seconds(lambda d=data: decoded(d)),
        )
    return total


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--edge", type=int, default=384)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    execution.choose(threads=1)
    with options.out.open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for folder in options.images:
            found = pictures(folder)[: options.count]
            images = [middle(picture.open().convert("RGB"), options.edge) for picture in found]
            pixels = sum(image.width * image.height for image in images)
            before = 0.0
            for effort in tqdm(EFFORTS, folder.name, disable=None):
                bits, encoding, decoding = measured(images, effort)
                gain = f"{bits / before - 1:+.2%}" if before else ""
                times = [f"{1e9 * seconds / pixels:.0f}" for seconds in (encoding, decoding)]
                table.writerow(
                    [folder.name, len(images), effort, f"{bits / pixels:.4f}", gain, *times]
                )
                file.flush()
                before = bits


if __name__ == "__main__":
    main()
