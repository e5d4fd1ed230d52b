"""Train and measure what the tables need; whatever is done stays."""

import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.color import lab2rgb, rgb2lab
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.data.images import bpp
from tools.rate_distortion import bilinear, settings as rivals
from tools.rate_distortion.measure import load, through_file
from tools.rate_distortion.metrics import Rgb, compare
from tools.reproduce.crayon import memory
from tools.reproduce.crayon.network import XiaoNet, interpolated
from tools.reproduce.crayon.plot import draw
from tools.reproduce.crayon.report import (
    ALL,
    EACH,
    INTERPOLATED,
    INTERPOLATED_LAB,
    KEY,
    OURS,
    RIVALS,
    WRITTEN,
    tables,
)
from tools.reproduce.crayon.settings import Settings
from tools.reproduce.crayon.training import CHROMA_SCALE, scaled_lab, seen, train
from tools.reproduce.pictures import of_folder
from tools.reproduce.tables import Line, Measurements
from tools.reproduce.training import spent_minutes

FLOAT_BYTES = 4


@torch.no_grad()
def painted(network: XiaoNet | None, rgb: Rgb, interval: int) -> Rgb:
    """The luminance of a picture with colour from the grid: by the network, or interpolated."""
    luminance, hints = seen(scaled_lab(rgb[None]), interval)
    if network is None:
        chroma = interpolated(hints[:, :2], interval)
    else:
        chroma = network(luminance, hints, interval)
    scaled = CHROMA_SCALE * chroma[0].permute(1, 2, 0).numpy()
    lab = np.concatenate([rgb2lab(rgb)[..., :1], scaled], axis=-1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Conversion from CIE-LAB")  # of no colour: clipped
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
    exact = sum(np.array_equal(*pair) for pair in zip(originals, shown, strict=True))
    found = {"count": str(len(figures)), "exact": str(exact)}
    for name in ("rgb_psnr_db", "chroma_psnr_db", "ciede2000_mean", "ssim"):
        values = np.array([getattr(one, name) for one in figures])
        values = values[np.isfinite(values)]
        found[name] = f"{values.mean():.4f}" if len(values) else ""
    return {**found, **{name: f"{value:.6g}" for name, value in more.items()}}


def make(settings: Settings, data: Path, test: Sequence[Path], out: Path) -> Path:
    """Do what is not yet done; the path of the tables."""
    out.mkdir(parents=True, exist_ok=True)
    measured = Measurements(out / "crayon.tsv", KEY)
    networks: dict[str, XiaoNet] = {}

    def network(intervals: tuple[int, ...], as_written: bool = False) -> XiaoNet:
        name = _folder_name(intervals, as_written)
        if name not in networks:
            networks[name] = train(intervals, as_written, settings, data, out / name)
        return networks[name]

    def painter(interval: int, way: str) -> tuple[Callable[[Rgb], Rgb], dict[str, float]]:
        """What paints a picture, and what it took to train that."""
        if way == INTERPOLATED:
            return partial(bilinear.paint, interval=interval, kind="point"), {}
        if way == INTERPOLATED_LAB:
            return partial(painted, None, interval=interval), {}
        intervals = settings.intervals if way == ALL else (interval,)
        found = network(intervals, way == WRITTEN)
        weights = sum(parameter.numel() for parameter in found.parameters())
        minutes = spent_minutes(out / _folder_name(intervals, way == WRITTEN))
        took = {"weights_mb": FLOAT_BYTES * weights / 1e6, "minutes": minutes}
        return partial(painted, found, interval=interval), took

    for folder in test:
        originals = of_folder(folder, settings.side, settings.pictures)
        for interval in tqdm(settings.intervals, desc=folder.name, disable=None):
            ways = [INTERPOLATED, INTERPOLATED_LAB, EACH, ALL]
            ways += [WRITTEN] if interval in settings.as_written else []
            for way in ways:
                if (folder.name, interval, way) in measured:
                    continue
                paint, took = painter(interval, way)
                begin = time.process_time()
                shown = [paint(rgb) for rgb in originals]
                decode_ms = 1000 * (time.process_time() - begin) / len(shown)
                line = _line(originals, shown, decode_ms=decode_ms, **took)
                measured.add((folder.name, interval, way), line)
            _measure_files(settings, measured, folder.name, interval, originals)
    _measure_memory(settings, out, test[0])
    path = out / "crayon.md"
    path.write_text("\n".join(tables(measured, [folder.name for folder in test])), "utf-8")
    draw(measured, test[0].name, out / "crayon.png")
    return path


def _folder_name(intervals: tuple[int, ...], as_written: bool) -> str:
    name = f"n{intervals[0]}" if len(intervals) == 1 else "all"
    return name + "-as-written" * as_written


def _measure_files(
    settings: Settings, measured: Measurements, name: str, interval: int, originals: list[Rgb]
) -> None:
    """Our files of one n; where asked for, those of other codecs that are as large."""
    ways = [OURS, *(RIVALS if interval in settings.equal_bytes else ())]
    if all((name, interval, way) in measured for way in ways):
        return
    images = [Image.fromarray(rgb) for rgb in originals]
    raw_bytes = sum(rgb.size for rgb in originals)
    own = rivals.grid(interval, rivals.EXACT_QUALITY, "mean", rivals.EXACT)
    known = rivals.curves()
    with tempfile.TemporaryDirectory() as temporary:
        load(own, images[0], Path(temporary))
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
        )
        measured.add((name, interval, OURS), line)
        for rival in ways[1:]:
            load(known[rival][0], images[0], Path(temporary))
            found = [
                nearest_bytes(image, known[rival], file[1], Path(temporary))
                for image, file in zip(images, files, strict=True)
            ]
            share = sum(one[1] for one in found) / raw_bytes
            line = _line(originals, [one[0] for one in found], relative_size=share)
            measured.add((name, interval, rival), line)


def _measure_memory(settings: Settings, out: Path, folder: Path) -> None:
    """Peak of a process that shows one picture, in memory.tsv."""
    measured = Measurements(out / "memory.tsv", ("way", "n", "side"))
    interval, side = settings.equal_bytes[0], settings.side
    if (OURS, interval, side) not in measured:
        (rgb,) = of_folder(folder, side, 1)
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "picture.cgx"
            Image.fromarray(rgb).save(path, mode="grid", n=interval)
            line = {"peak_mib": f"{memory.peak_mib('open', path):.0f}"}
        measured.add((OURS, interval, side), line)
    if (EACH, interval, side) not in measured:
        peak = memory.peak_mib("paint", settings.width, side, interval)
        measured.add((EACH, interval, side), {"peak_mib": f"{peak:.0f}"})
