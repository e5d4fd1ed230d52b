"""Near-lossless: whose file is smallest where no sample may be off by more than 1, 2, 4, 8?

    python -m tools.bench.near --images DIR... [--out tools/results/near.tsv]

A line for each picture, codec and error, written at once; a second run goes on where the first one
ended. Sizes are of whole files, and each file is decoded and compared before it counts. CGX is
`mode="near", origin="none"`: no exact file in its place, JPEG's or Photo CD's colour is not looked
for. JPEG-LS and WebP have such a mode of their own. JPEG XL and AVIF do not: theirs is the file of
the largest distance (lowest quality) found by bisection that keeps to the error, or the lossless
one where that is smaller. With --summary only the table of a file that is there is printed.

Every third picture of Kodak (`--every 3`) and all of clic2025, all codecs: half an hour of a core.
Seconds are of what the line took: what was tried for another error is not tried again.
"""

import argparse
import csv
import io
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image
from tqdm import tqdm

import pillow_colorgrid
from tools.bench import webp_near
from tools.data.images import bpp, pictures
from tools.rate_distortion.metrics import psnr_db

ERRORS = (1, 2, 4, 8)

JXL_DISTANCES, JXL_STEPS = (0.01, 3.0), 7
"""Between which it is looked for, on a logarithmic scale, and in how many steps."""

AVIF_LEVELS = (40, 99)

Coded = tuple[bytes, np.ndarray]
"""A file, and what it decodes to."""


@dataclass
class Original:
    """A picture (H, W, 3) uint8, and what codecs made of it so far."""

    rgb: np.ndarray
    tried: dict[tuple[str, float], Coded] = field(default_factory=dict)

    def through(self, codec: str, setting: float, encode: Callable[[], Coded]) -> Coded:
        """What `encode` gives, asked once for each setting."""
        if (codec, setting) not in self.tried:
            self.tried[codec, setting] = encode()
        return self.tried[codec, setting]


def worst(rgb: np.ndarray, shown: np.ndarray) -> int:
    """The largest error of a sample."""
    return int(np.abs(rgb.astype(np.int16) - shown).max())


def cgx(original: Original, most: int) -> Coded:
    file = io.BytesIO()
    image = Image.fromarray(original.rgb)
    pillow_colorgrid.save(image, file, mode="near", max_error=most, origin="none")
    file.seek(0)
    with Image.open(file) as decoded:
        return file.getvalue(), np.asarray(decoded)


def jpeg_ls(original: Original, most: int) -> Coded:
    data = imagecodecs.jpegls_encode(original.rgb, level=most)
    return data, imagecodecs.jpegls_decode(data)


def webp(original: Original, most: int) -> Coded:
    """The strongest level that keeps to the error."""
    for level in (0, 20, 40, 60, 80, 100):
        if level < 100 and 1 << (4 - level // 20) > most:
            continue  # so many bits are off by more
        data = webp_near.encode(original.rgb, level)
        with Image.open(io.BytesIO(data)) as image:
            shown = np.asarray(image.convert("RGB"))
        if worst(original.rgb, shown) <= most:
            return data, shown
    raise ValueError("lossless WebP is not lossless")


def jpeg_xl(original: Original, most: int) -> Coded:
    def encode(distance: float) -> Coded:
        how = {"lossless": True} if distance == 0 else {"distance": distance}
        data = imagecodecs.jpegxl_encode(original.rgb, effort=7, numthreads=1, **how)
        return data, imagecodecs.jpegxl_decode(data, numthreads=1)

    best = original.through("JPEG XL", 0, lambda: encode(0))
    low, high = np.log(JXL_DISTANCES)
    for _ in range(JXL_STEPS):
        middle = (low + high) / 2
        distance = float(np.exp(middle))
        found = original.through("JPEG XL", distance, lambda: encode(distance))  # noqa: B023
        if worst(original.rgb, found[1]) <= most:
            best, low = min(best, found, key=lambda one: len(one[0])), middle
        else:
            high = middle
    return best


def avif(original: Original, most: int) -> Coded:
    def encode(level: int) -> Coded:
        data = imagecodecs.avif_encode(
            original.rgb, level=level, speed=6, pixelformat="444", numthreads=1
        )
        return data, imagecodecs.avif_decode(data, numthreads=1)

    best = original.through("AVIF", 100, lambda: encode(100))
    low, high = AVIF_LEVELS
    while low <= high:
        middle = (low + high) // 2
        found = original.through("AVIF", middle, lambda: encode(middle))  # noqa: B023
        if worst(original.rgb, found[1]) <= most:
            best, high = min(best, found, key=lambda one: len(one[0])), middle - 1
        else:
            low = middle + 1
    return best


CODECS: dict[str, Callable[[Original, int], Coded]] = {
    "CGX near": cgx,
    "JPEG-LS": jpeg_ls,
    "WebP near-lossless": webp,
    "JPEG XL": jpeg_xl,
    "AVIF 4:4:4": avif,
}

COLUMNS = (
    "folder",
    "picture",
    "max_error",
    "codec",
    "size_bytes",
    "rate_bpp",
    "largest_error",
    "psnr_db",
    "seconds",
)


def opened(path: Path) -> Original:
    with Image.open(path) as image:
        return Original(np.ascontiguousarray(image.convert("RGB")))


def measure(path: Path, original: Original, most: int, codec: str) -> dict[str, object]:
    """One line. Raises AssertionError if the file does not keep to the error."""
    rgb = original.rgb
    begin = time.process_time()
    data, shown = CODECS[codec](original, most)
    seconds = time.process_time() - begin
    largest = worst(rgb, shown)
    if largest > most:
        raise AssertionError(f"{codec}: {path.name} is off by {largest}, allowed {most}")
    values = (
        path.parent.name,
        path.name,
        most,
        codec,
        len(data),
        f"{bpp(len(data), rgb.shape[0] * rgb.shape[1]):.4f}",
        largest,
        f"{psnr_db(rgb, shown):.2f}",
        f"{seconds:.2f}",
    )
    return dict(zip(COLUMNS, values, strict=True))


def summary(rows: list[dict[str, str]]) -> list[str]:
    """Bits per pixel of each folder, error and codec: bytes of all pictures by all pixels.

    Of each codec also how much larger CGX's files of the same pictures are.
    """
    found: dict[tuple[str, str], dict[str, dict[str, dict[str, str]]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for row in rows:
        found[row["folder"], row["max_error"]][row["codec"]][row["picture"]] = row
    lines = ["folder\tmax_error\tcodec\tpictures\trate_bpp\tpsnr_db\tCGX"]
    for (folder, most), by_codec in found.items():
        for codec, of_codec in by_codec.items():
            size = sum(int(row["size_bytes"]) for row in of_codec.values())
            pixels = sum(
                8 * int(row["size_bytes"]) / float(row["rate_bpp"]) for row in of_codec.values()
            )
            own = by_codec["CGX near"]
            same = [int(own[name]["size_bytes"]) for name in of_codec if name in own]
            beside = f"{sum(same) / size - 1:+.1%}" if len(same) == len(of_codec) else "-"
            psnr = np.mean([float(row["psnr_db"]) for row in of_codec.values()])
            lines.append(
                f"{folder}\t{most}\t{codec}\t{len(of_codec)}\t{8 * size / pixels:.3f}\t{psnr:.2f}"
                f"\t{beside}"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", nargs="+", type=Path, default=[], help="folders")
    parser.add_argument("--codecs", nargs="+", default=list(CODECS), choices=CODECS)
    parser.add_argument("--errors", nargs="+", type=int, default=ERRORS)
    parser.add_argument("--every", type=int, default=1, help="only each N-th picture")
    parser.add_argument("--out", type=Path, default=Path("tools/results/near.tsv"))
    parser.add_argument("--summary", action="store_true", help="print the table only")
    options = parser.parse_args()
    there: list[dict[str, str]] = []
    if options.out.exists():
        with options.out.open() as file:
            there = list(csv.DictReader(file, delimiter="\t"))
    done = {(r["folder"], r["picture"], int(r["max_error"]), r["codec"]) for r in there}
    todo = {
        path: jobs
        for folder in options.images
        for path in (picture.path for picture in pictures(folder)[:: options.every])
        if (
            jobs := [
                (most, codec)
                for codec in options.codecs
                for most in options.errors
                if (path.parent.name, path.name, most, codec) not in done
            ]
        )
    }
    if not options.summary:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with options.out.open("a", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, delimiter="\t")
            if not file.tell():
                writer.writeheader()
            for path, jobs in tqdm(todo.items()):
                original = opened(path)
                for most, codec in jobs:
                    writer.writerow(measure(path, original, most, codec))
                    file.flush()
    with options.out.open() as file:
        print(*summary(list(csv.DictReader(file, delimiter="\t"))), sep="\n")


if __name__ == "__main__":
    main()
