"""Train, measure and write the tables; whatever is done stays."""

import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.color import lab2rgb, rgb2lab
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.data.images import bpp, pictures
from tools.rate_distortion import bilinear, settings as rivals
from tools.rate_distortion.measure import flat_rgb, through_file
from tools.rate_distortion.metrics import Rgb, compare
from tools.rate_distortion.paper import RAW_BITS, raw_relative_size
from tools.reproduce.crayon.network import XiaoNet
from tools.reproduce.crayon.settings import Settings
from tools.reproduce.crayon.training import CHROMA_SCALE, scaled_lab, seen, train
from tools.reproduce.tables import Line, Measurements, markdown

KEY = ("set", "n", "way")

INTERPOLATED, EACH, ALL, OURS = "interpolated", "paper's, this n", "paper's, all n", "ours"
"""Ways to paint: hints alone; the paper's kind of network for this n, or for all; a .cgx file."""

RIVALS = ("JPEG 4:2:0", "WebP", "AVIF 4:2:0", "JPEG XL")


@torch.no_grad()
def painted(network: XiaoNet, rgb: Rgb, interval: int) -> Rgb:
    """The luminance of a picture with colour from the grid by the network."""
    chroma = network(*seen(scaled_lab(rgb[None]), interval))[0].permute(1, 2, 0).numpy()
    lab = np.concatenate([rgb2lab(rgb)[..., :1], CHROMA_SCALE * chroma], axis=-1)
    return np.rint(np.clip(lab2rgb(lab), 0, 1) * 255).astype(np.uint8)


def nearest_bytes(
    image: Image.Image, curve: Sequence[rivals.Setting], size_bytes: int, folder: Path
) -> tuple[Rgb, int]:
    """A rival's picture at the best quality whose file is no larger, and its bytes.

    The smallest that it has where even that is larger.
    """
    low, high = 0, len(curve) - 1
    best = through_file(curve[0], image, folder)
    while low < high:
        middle = (low + high + 1) // 2
        found = through_file(curve[middle], image, folder)
        if found[1] <= size_bytes:
            low, best = middle, found
        else:
            high = middle - 1
    return best[0], best[1]


def _line(originals: list[Rgb], shown: list[Rgb], **more: float) -> Line:
    """Means over the pictures; what is infinite is left out."""
    figures = [compare(*pair) for pair in zip(originals, shown, strict=True)]
    found = {"count": str(len(figures))}
    for name in ("rgb_psnr_db", "chroma_psnr_db", "ciede2000_mean", "ssim"):
        values = np.array([getattr(one, name) for one in figures])
        values = values[np.isfinite(values)]
        found[name] = f"{values.mean():.4f}" if len(values) else ""
    return {**found, **{name: f"{value:.6g}" for name, value in more.items()}}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make(settings: Settings, data: Path, test: Sequence[Path], out: Path) -> Path:
    """Do what is not yet done; the path of the tables."""
    out.mkdir(parents=True, exist_ok=True)
    measured = Measurements(out / "crayon.tsv", KEY)
    networks: dict[object, XiaoNet] = {}

    def network(intervals: tuple[int, ...]) -> XiaoNet:
        name = f"n{intervals[0]}" if len(intervals) == 1 else "all"
        if name not in networks:
            networks[name] = train(intervals, settings, data, out / name)
        return networks[name]

    for folder in test:
        images = [flat_rgb(one.open()) for one in pictures(folder)[: settings.pictures]]
        originals = [np.asarray(image) for image in images]
        raw_bytes = sum(rgb.size for rgb in originals)
        for interval in tqdm(settings.intervals, desc=folder.name, disable=None):
            ways: dict[str, Callable[[Rgb], Rgb]] = {
                INTERPOLATED: lambda rgb, n=interval: bilinear.paint(rgb, n, "point"),
                EACH: lambda rgb, n=interval: painted(network((n,)), rgb, n),
                ALL: lambda rgb, n=interval: painted(network(settings.intervals), rgb, n),
            }
            for way, paint in ways.items():
                if (folder.name, interval, way) not in measured:
                    begin = time.process_time()
                    shown = [paint(rgb) for rgb in originals]
                    seconds = (time.process_time() - begin) / len(shown)
                    line = _line(originals, shown, decode_ms=1000 * seconds)
                    measured.add((folder.name, interval, way), line)
            _measure_files(settings, measured, folder.name, interval, images, raw_bytes)
    path = out / "crayon.md"
    path.write_text("\n".join(_tables(measured, [folder.name for folder in test])), "utf-8")
    return path


def _measure_files(
    settings: Settings,
    measured: Measurements,
    name: str,
    interval: int,
    images: list[Image.Image],
    raw_bytes: int,
) -> None:
    """Our files of one n; where asked for, those of other codecs that are as large."""
    originals = [np.asarray(image) for image in images]
    ways = [OURS, *(RIVALS if interval in settings.equal_bytes else ())]
    if all((name, interval, way) in measured for way in ways):
        return
    own = rivals.grid(interval, rivals.EXACT_QUALITY, "mean", rivals.EXACT)
    known = rivals.curves()
    with tempfile.TemporaryDirectory() as temporary:
        files = [through_file(own, image, Path(temporary)) for image in images]
        encode_ms, decode_ms = (float(np.mean([f[place] for f in files])) for place in (2, 3))
        size_bytes = sum(file[1] for file in files)
        line = _line(
            originals,
            [file[0] for file in files],
            relative_size=size_bytes / raw_bytes,
            rate_bpp=bpp(size_bytes, raw_bytes // 3),
            encode_ms=encode_ms,
            decode_ms=decode_ms,
            peak_mib=_peak_mib(),
        )
        measured.add((name, interval, OURS), line)
        for rival in ways[1:]:
            found = [
                nearest_bytes(image, known[rival], file[1], Path(temporary))
                for image, file in zip(images, files, strict=True)
            ]
            share = sum(one[1] for one in found) / raw_bytes
            line = _line(originals, [one[0] for one in found], relative_size=share)
            measured.add((name, interval, rival), line)


def _tables(measured: Measurements, sets: Sequence[str]) -> Iterator[str]:
    """For each set: quality by n and way; then at equal bytes."""
    for name in sets:
        ways = [key[1:] for key in measured.lines if key[0] == name]
        intervals = sorted({int(n) for n, _ in ways})
        yield f"### {name}: RGB PSNR in dB (mean CIEDE2000)\n"
        heads = ["n", INTERPOLATED, EACH, ALL, OURS, "size as the paper counts", "our file",
                 "encode / decode, ms"]  # fmt: skip
        yield from markdown(heads, (_by_way(measured, name, n) for n in intervals))
        equal = [n for n in intervals if (name, n, RIVALS[0]) in measured]
        if equal:
            yield f"### {name}: at the bytes of our file, RGB PSNR in dB (mean CIEDE2000)\n"
            rows = (
                [str(n), *(_quality(measured[name, n, way]) for way in (OURS, *RIVALS))]
                for n in equal
            )
            yield from markdown(["n", OURS, *RIVALS], rows)


def _quality(line: Line) -> str:
    psnr = f"{float(line['rgb_psnr_db']):.2f}" if line["rgb_psnr_db"] else "exact"
    return f"{psnr} ({float(line['ciede2000_mean']):.2f})"


def _by_way(measured: Measurements, name: str, interval: int) -> list[str]:
    ours = measured[name, interval, OURS]
    return [
        str(interval),
        *(_quality(measured[name, interval, way]) for way in (INTERPOLATED, EACH, ALL, OURS)),
        f"{raw_relative_size(interval):.4f}",
        f"{float(ours['relative_size']):.4f} ({float(ours['relative_size']) * RAW_BITS:.2f} bpp)",
        f"{float(ours['encode_ms']):.0f} / {float(ours['decode_ms']):.0f}",
    ]
