"""How many small pictures a second a loader decodes: .cgx beside PNG, WebP and JPEG XL.

    python -m tools.bench.loader --images DIR... [--out tools/results/loader.tsv]

Crops from the middle of the pictures are written to files, read back and compared in every pixel;
then processes, as a DataLoader has them, decode all of them in turn. What the first crop of a
process costs (imports, networks) is left out. `threads` is the most that one process had at a time
while it decoded; with as many processes as cores more than one each would be too many. CPU time
counts what the wall hides. About two minutes for 24 crops on two cores.
"""

import argparse
import csv
import io
import multiprocessing
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from PIL import Image
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.bench.sizes import CODECS
from tools.data.images import pictures

NAMES = ("PNG", "WebP m4", "JPEG XL e7", "CGX e1", "CGX")
"""Of `sizes.CODECS`."""

COLUMNS = ("side", "codec", "start", "processes", "bytes", "crops_per_s", "cpu_ms", "threads")


def crops(folders: Sequence[Path], side: int, count: int) -> list[Image.Image]:
    """Squares from the middle of the first pictures that are large enough."""
    found = []
    for picture in (one for folder in folders for one in pictures(folder)):
        if min(picture.size) >= side and len(found) < count:
            left, top = ((length - side) // 2 for length in picture.size)
            with Image.open(picture.path) as image:
                box = (left, top, left + side, top + side)
                found.append(image.convert("RGB").crop(box))
    return found


def encoded(images: Sequence[Image.Image], name: str) -> list[bytes]:
    """Files of one codec, each verified."""
    codec = CODECS[name]
    if codec.module:
        import_module(codec.module)
    options = {**codec.options, **({"jpeg": "never"} if codec.suffix == ".cgx" else {})}
    files = []
    for image in images:
        file = io.BytesIO()
        image.save(file, Image.registered_extensions()[codec.suffix], **options)
        with Image.open(io.BytesIO(file.getvalue())) as back:
            assert back.convert("RGB").tobytes() == image.tobytes(), f"{name} is not lossless"
        files.append(file.getvalue())
    return files


class _Watch:
    """The most threads of this process while it decoded."""

    def __init__(self) -> None:
        self.most = 1
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(0.001):
            self.most = max(self.most, threading.active_count() - 1)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def work(module: str, files: Sequence[bytes], rounds: int, begin: object, results: object) -> None:
    """A process of the loader: decode all files, `rounds` times; tell seconds, CPU and threads."""
    if module:
        import_module(module)

    def decode(data: bytes) -> None:
        with Image.open(io.BytesIO(data)) as image:
            image.load()

    decode(files[0])
    begin.wait()
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    with _Watch() as watch:
        for _ in range(rounds):
            for data in files:
                decode(data)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    results.put((seconds, cpu, watch.most))


def measure(
    module: str, files: Sequence[bytes], start: str, processes: int, rounds: int
) -> tuple[float, float, int]:
    """Crops per second of all processes together, CPU seconds for one, most threads in one."""
    context = multiprocessing.get_context(start)
    begin, results = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=work, args=(module, files, rounds, begin, results))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    told = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    count = len(files) * rounds
    slowest = max(seconds for seconds, _, _ in told)
    cpu = sum(cpu for _, cpu, _ in told) / (count * processes)
    return count * processes / slowest, cpu, max(threads for _, _, threads in told)


def rows(
    images: Sequence[Image.Image], names: Sequence[str], starts: Sequence[str], rounds: int
) -> Iterator[tuple[object, ...]]:
    """One for each codec, way to start processes, and number of them."""
    for name in tqdm(names):
        files = encoded(images, name)
        size = sum(map(len, files)) // len(files)
        for start in starts:
            for processes in (1, 2):
                speed, cpu, threads = measure(
                    CODECS[name].module or "pillow_colorgrid", files, start, processes, rounds
                )
                yield (
                    images[0].width,
                    name,
                    start,
                    processes,
                    size,
                    f"{speed:.1f}",
                    f"{1000 * cpu:.2f}",
                    threads,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", nargs="+", type=Path, required=True)
    parser.add_argument("--sides", nargs="+", type=int, default=[64, 256])
    parser.add_argument("--count", type=int, default=24, help="crops")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--codecs", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--starts", nargs="+", default=["fork", "spawn"])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    table = [
        row
        for side in options.sides
        for row in rows(
            crops(options.images, side, options.count),
            options.codecs,
            options.starts,
            options.rounds,
        )
    ]
    for row in (COLUMNS, *table):
        print(*row, sep="\t")
    if options.out:
        with options.out.open("w", newline="") as file:
            csv.writer(file, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *table])


if __name__ == "__main__":
    main()
