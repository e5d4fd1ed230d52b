"""How fast is the cgx command? Whole processes, from start to exit, as a user waits for them.

    python -m tools.bench.cli --images ../shared/data/eval/kodak --out tools/results/cli.tsv

48 pictures (those of the folder, again and again, each changed a little so that none is a copy) are
converted without --jobs (all cores for each), with --jobs 1 and with --jobs 2 (one core each);
each target is verified. About 10 minutes on 2 quiet cores; expect jobs 2 to be at least
1.7 times as fast as jobs 1, and ``cgx --version`` under 150 ms.

The table has a line for each measurement: name, value, unit, what it was measured on.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

PICTURES = 48

STARTS = 20
"""Of ``cgx --version``; the median counts."""

WANTED_SPEEDUP = 1.7
WANTED_START_MS = 150

COMMAND = (sys.executable, "-m", "pillow_colorgrid")


def fill(folder: Path, images: Path, count: int, size: tuple[int, int] | None) -> int:
    """Write `count` PNG files into `folder`; their pixels together.

    Args:
        size: (width, height) of the part from the middle; None: the whole pictures.
    """
    paths = sorted(path for path in images.iterdir() if path.suffix in (".png", ".jpg", ".webp"))
    if not paths:
        raise FileNotFoundError(f"no pictures in {images}")
    pixels = 0
    for number in range(count):
        with Image.open(paths[number % len(paths)]) as image:
            picture = image.convert("RGB")
        if size:
            picture = ImageOps.fit(picture, size)
        if number // len(paths) % 2:
            picture = ImageOps.mirror(picture)
        if number // len(paths) // 2 % 2:
            picture = ImageOps.flip(picture)
        picture.save(folder / f"{number:03}.png", compress_level=1)
        pixels += picture.width * picture.height
    return pixels


def seconds(*arguments: str) -> float:
    """How long a whole cgx command takes.

    Raises:
        CalledProcessError: it failed.
    """
    begin = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begin


def start_ms() -> float:
    """Median time of ``cgx --version``."""
    return 1000 * statistics.median(seconds("--version") for _ in range(STARTS))


def conversions(album: Path, effort: int) -> dict[int, float]:
    """Seconds to convert `album` by the number of --jobs; 0: without it."""
    found = {}
    for number in (0, 1, 2):
        with tempfile.TemporaryDirectory() as out:
            jobs = ("--jobs", str(number)) if number else ()
            options = ("-o", out, "--effort", str(effort), *jobs)
            found[number] = seconds("convert", str(album), *options)
    return found


def rows(images: Path, count: int, size: tuple[int, int] | None, effort: int) -> list[list[str]]:
    """Measure all; the lines of the table."""
    with tempfile.TemporaryDirectory() as album:
        pixels = fill(Path(album), images, count, size)
        took = conversions(Path(album), effort)
    on = f"{count} pictures, {pixels / 1e6:.1f} MP, effort {effort}, verified"
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    start = start_ms()
    speedup = took[1] / took[2]
    return [
        ["no --jobs: all cores for each", f"{took[0]:.2f}", "s", on],
        ["jobs 1", f"{took[1]:.2f}", "s", on],
        ["jobs 2", f"{took[2]:.2f}", "s", on],
        ["speedup of jobs 2", f"{speedup:.3f}", f"times, at least {WANTED_SPEEDUP}", on],
        ["throughput of one core", f"{pixels / 1e6 / took[1]:.3f}", "MP/s", on],
        ["throughput of two cores", f"{pixels / 1e6 / took[2]:.3f}", "MP/s", on],
        ["memory of the largest process", f"{memory:.0f}", "MiB", on],
        ["cgx --version", f"{start:.0f}", f"ms, under {WANTED_START_MS}", f"median of {STARTS}"],
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, help="table to write; default: print only")
    parser.add_argument("--count", type=int, default=PICTURES)
    parser.add_argument("--size", type=int, nargs=2, metavar=("W", "H"), help="cut pictures to it")
    parser.add_argument("--effort", type=int, default=5)
    options = parser.parse_args(arguments)
    size = tuple(options.size) if options.size else None
    found = rows(options.images, options.count, size, options.effort)
    lines = ["\t".join(row) for row in [["name", "value", "unit", "on"], *found]]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
