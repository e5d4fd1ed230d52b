"""Size, time and memory of .cgx beside its rivals, on the same pictures in the same run.

    python -m tools.bench --images DIR... [--codecs NAME...] [--out tools/results/NAME.tsv]

Each picture is written to a file, read back and compared in every pixel before it is timed. The
bpp of a folder is the mean over its pictures, of whole files. Times are the best of `--repeat`
runs; memory is the peak of a process that codes the folder's largest picture and nothing else.
Kodak with all codecs takes about ten minutes on two cores (JPEG XL's effort 9 most of it).
"""

import argparse
import csv
import importlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.data.images import Picture, bpp, mosaic, pictures

MEGABYTE = 10**6
"""Also a megapixel."""


@dataclass(frozen=True)
class Codec:
    """How a codec is called.

    Attributes:
        suffix: of its files.
        options: keywords of `Image.save`.
        module: import it first (it registers the format).
        modes: Pillow modes it keeps.
    """

    suffix: str
    options: dict[str, object]
    module: str = ""
    modes: tuple[str, ...] = ("RGB", "RGBA", "L")


COLOURED = ("RGB", "RGBA")

CODECS = {
    "PNG": Codec(".png", {}),
    "PNG optimize": Codec(".png", {"optimize": True}),
    "QOI": Codec(".qoi", {}, modes=COLOURED),
    "JPEG 2000": Codec(".jp2", {"irreversible": False, "mct": 1}),
    "AVIF lossless": Codec(".avif", {}, module="tools.bench.avif", modes=COLOURED),
    "WebP m4": Codec(".webp", {"lossless": True, "exact": True, "method": 4}, modes=COLOURED),
    "WebP m6": Codec(".webp", {"lossless": True, "exact": True, "method": 6}, modes=COLOURED),
    "JPEG XL e3": Codec(".jxl", {"lossless": True, "effort": 3}, module="pillow_jxl"),
    "JPEG XL e7": Codec(".jxl", {"lossless": True, "effort": 7}, module="pillow_jxl"),
    "JPEG XL e9": Codec(".jxl", {"lossless": True, "effort": 9}, module="pillow_jxl"),
    "CGX e1": Codec(".cgx", {"effort": 1}),
    "CGX e4": Codec(".cgx", {"effort": 4}),
    "CGX": Codec(".cgx", {}),
    "CGX e9": Codec(".cgx", {"effort": 9}),
    "CGX no origin": Codec(".cgx", {"origin": "none"}),
    "CGX e9 no origin": Codec(".cgx", {"effort": 9, "origin": "none"}),
    "CGX decolorized": Codec(".cgx", {"mode": "decolorized"}),
    "CGX decolorized+PNG": Codec(
        ".cgx", {"mode": "decolorized", "inner": "png", "predict": "always"}
    ),
    "CGX decolorized+WebP": Codec(
        ".cgx", {"mode": "decolorized", "inner": "webp", "predict": "always"}
    ),
    "CGX decolorized+zstd": Codec(
        ".cgx", {"mode": "decolorized", "inner": "zstd", "predict": "always"}
    ),
}
"""Adding a codec or a coding is one entry."""

REFERENCE = "JPEG XL e7"
"""Times are also given as ratios to this one, where it took part."""


@dataclass(frozen=True)
class Promise:
    """A figure of the README that `--check` holds a codec to."""

    codec: str
    figure: str
    limit: float


PROMISES = (
    Promise("CGX", "encode_ratio", 1.7),
    Promise("CGX", "decode_ratio", 8.0),
    Promise("CGX", "encode_peak_mb", 2500),
    Promise("CGX", "decode_peak_mb", 2500),
    Promise("CGX e9", "encode_ratio", 4.5),
    Promise("CGX decolorized", "encode_peak_mb", 2000),
    Promise("CGX decolorized", "decode_peak_mb", 2000),
    Promise("CGX", "open_ms", 1.0),
)


@dataclass
class Result:
    """The figures of one codec on one picture."""

    rate_bpp: float
    encode_ms: float
    decode_ms: float
    open_ms: float


def write(codec: Codec, image: Image.Image, path: Path) -> None:
    image.save(path, **codec.options)


def read(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


def same_pixels(one: Image.Image, other: Image.Image) -> bool:
    if (one.mode, one.size) != (other.mode, other.size):
        return False
    return ImageChops.difference(one, other).getbbox(alpha_only=False) is None


def best_ms(repeat: int, action: Callable[[], object]) -> float:
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        action()
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)


def measure(codec: Codec, picture: Picture, folder: Path, repeat: int) -> Result | None:
    """Verify, then time; None where the codec cannot keep the picture's mode."""
    if picture.mode not in codec.modes:
        return None
    image = picture.open()
    path = folder / ("picture" + codec.suffix)
    write(codec, image, path)  # warm-up as well
    if not same_pixels(read(path), image):
        raise ValueError(f"{codec} does not give back the pixels of {picture.path}")
    return Result(
        bpp(path.stat().st_size, image.width * image.height),
        best_ms(repeat, lambda: write(codec, image, path)),
        best_ms(repeat, lambda: read(path)),
        best_ms(10, lambda: Image.open(path).close()),
    )


def _peak_bytes(codec: Codec, source: Path, path: Path, decode: bool) -> int:
    """Peak resident memory of this (fresh) process after coding one picture; Linux only."""
    if codec.module:
        importlib.import_module(codec.module)
    if decode:
        read(path)
    else:
        write(codec, read(source), path)
    # Not getrusage: after exec its peak still counts the parent's memory.
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return 1024 * int(kilobytes)


def peak_megabytes(codec: Codec, picture: Picture, folder: Path) -> tuple[float, float]:
    """Peak memory of encoding and of decoding, each in a process of its own."""
    path = folder / ("memory" + codec.suffix)
    context = multiprocessing.get_context("spawn")
    peaks = []
    for decode in (False, True):
        with context.Pool(1) as pool:
            peaks.append(pool.apply(_peak_bytes, (codec, picture.path, path, decode)) / MEGABYTE)
    return peaks[0], peaks[1]


def bench_folder(
    folder: Path, names: list[str], repeat: int, memory: bool, every: int
) -> list[dict[str, object]]:
    """One row for each codec."""
    shown = pictures(folder)[::every]
    results: dict[str, list[Result]] = {name: [] for name in names}
    largest = max(shown, key=lambda picture: picture.size[0] * picture.size[1])
    with tempfile.TemporaryDirectory() as temporary:
        for picture in tqdm(shown, desc=folder.name, disable=None):
            for name in names:
                result = measure(CODECS[name], picture, Path(temporary), repeat)
                if result:
                    results[name].append(result)
        peaks = {
            name: peak_megabytes(CODECS[name], largest, Path(temporary))
            for name in names
            if memory and largest.mode in CODECS[name].modes
        }
    rows = []
    for name, values in results.items():
        if not values:
            continue
        rate, encode, decode, opened = np.mean(
            [(v.rate_bpp, v.encode_ms, v.decode_ms, v.open_ms) for v in values], axis=0
        )
        rows.append(
            {
                "folder": folder.name,
                "codec": name,
                "pictures": len(values),
                "rate_bpp": round(float(rate), 4),
                "encode_ms": round(float(encode), 1),
                "decode_ms": round(float(decode), 1),
                "open_ms": round(float(opened), 3),
                "encode_peak_mb": round(peaks[name][0]) if name in peaks else "",
                "decode_peak_mb": round(peaks[name][1]) if name in peaks else "",
            }
        )
    add_ratios(rows)
    return rows


def add_ratios(rows: list[dict[str, object]]) -> None:
    reference = next((row for row in rows if row["codec"] == REFERENCE), None)
    for row in rows:
        for kind in ("encode", "decode"):
            ratio = (
                f"{float(row[f'{kind}_ms']) / float(reference[f'{kind}_ms']):.2f}"
                if reference
                else ""
            )
            row[f"{kind}_ratio"] = ratio


def broken_promises(rows: list[dict[str, object]]) -> list[str]:
    """What `PROMISES` are not kept by the figures that were measured."""
    broken = []
    for promise in PROMISES:
        for row in rows:
            figure = row[promise.figure]
            if row["codec"] == promise.codec and figure and float(figure) > promise.limit:
                broken.append(
                    f"{row['folder']}, {promise.codec}: {promise.figure} is {figure}, "
                    f"promised {promise.limit} at most"
                )
    return broken


def plot(rows: list[dict[str, object]], path: Path) -> None:
    """Draw bpp against encoding time, one panel for each folder."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    folders = list(dict.fromkeys(row["folder"] for row in rows))
    figure, axes = pyplot.subplots(
        1, len(folders), figsize=(7 * len(folders), 5), squeeze=False, layout="constrained"
    )
    for axis, folder in zip(axes[0], folders, strict=True):
        for row in (row for row in rows if row["folder"] == folder):
            own = str(row["codec"]).startswith("CGX")
            axis.scatter(row["encode_ms"], row["rate_bpp"], c="tab:red" if own else "tab:blue")
            axis.annotate(
                row["codec"],
                (row["encode_ms"], row["rate_bpp"]),
                xytext=(4, 4),
                textcoords="offset points",
                fontsize=8,
            )
        axis.set(
            xscale="log",
            xlabel="encoding, ms a picture",
            ylabel="bits per pixel (smaller is better)",
            title=folder,
        )
    figure.savefig(path, dpi=110)


def large(folder: Path, megapixels: int, temporary: str) -> Path:
    """A folder with one mosaic of the photographs in `folder`."""
    made = Path(temporary) / f"{folder.name}-{megapixels}-megapixels"
    made.mkdir()
    edge = round((megapixels * MEGABYTE / 6) ** 0.5)
    mosaic(folder, (3 * edge, 2 * edge), made / "mosaic.png")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", nargs="+", type=Path, required=True, help="folders")
    parser.add_argument("--codecs", nargs="+", default=list(CODECS), choices=CODECS)
    parser.add_argument("--repeat", type=int, default=1, help="timed runs of each; best counts")
    parser.add_argument("--check", action="store_true", help="exit status 1 if PROMISES break")
    parser.add_argument("--every", type=int, default=1, help="only each N-th picture")
    parser.add_argument("--memory", action="store_true", help="measure peak memory too")
    parser.add_argument(
        "--megapixels",
        type=int,
        help="instead of the folders' pictures, one mosaic of them with so many megapixels (3:2)",
    )
    parser.add_argument("--out", type=Path, help="TSV file; a plot is written beside it")
    options = parser.parse_args()
    for name in options.codecs:
        if CODECS[name].module:
            importlib.import_module(CODECS[name].module)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for folder in options.images:
            shown = large(folder, options.megapixels, temporary) if options.megapixels else folder
            found = bench_folder(
                shown, options.codecs, options.repeat, options.memory, options.every
            )
            for row in found:
                print("\t".join(map(str, row.values())), flush=True)
            rows += found
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with options.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t")
            writer.writeheader()
            writer.writerows(rows)
        plot(rows, options.out.with_suffix(".png"))
    broken = broken_promises(rows) if options.check else []
    print(*broken, sep="\n", end="\n" if broken else "")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
