"""Measure settings on pictures: whole files on disk, each decoded through `Image.open`."""

import importlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from tools.bench.sizes import read, write
from tools.data.images import Picture, bpp
from tools.rate_distortion.metrics import Rgb, compare
from tools.rate_distortion.points import Point
from tools.rate_distortion.settings import Setting

WARM_UP_SIDE = 64


def flat_rgb(image: Image.Image) -> Image.Image:
    """As RGB without metadata, transparent parts over white: what every codec here can keep."""
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return Image.fromarray(np.asarray(image.convert("RGB")))


def through_file(
    setting: Setting, image: Image.Image, folder: Path
) -> tuple[Rgb, int, float, float]:
    """Encode and decode.

    Args:
        image: RGB.
        folder: where the file is written.

    Returns:
        The decoded picture (H, W, 3), the file's bytes, and the milliseconds to write and to read.

    Raises:
        ValueError: if what comes back has another size.
    """
    path = folder / ("picture" + setting.codec.suffix)
    begin = time.perf_counter()
    write(setting.codec, image, path)
    written = time.perf_counter()
    decoded = read(path)
    done = time.perf_counter()
    if decoded.size != image.size:
        raise ValueError(f"{setting}: {decoded.size} came back for {image.size}")
    rgb = np.asarray(decoded.convert("RGB"))
    return rgb, path.stat().st_size, 1000 * (written - begin), 1000 * (done - written)


def measure(setting: Setting, image: Image.Image, name: str, folder: Path) -> Point:
    """The point of RGB `image`; `name` stands for it in tables."""
    decoded, size_bytes, encode_ms, decode_ms = through_file(setting, image, folder)
    return Point(
        picture=name,
        curve=setting.curve,
        setting=setting.name,
        size_bytes=size_bytes,
        rate_bpp=bpp(size_bytes, image.width * image.height),
        encode_ms=encode_ms,
        decode_ms=decode_ms,
        **asdict(compare(np.asarray(image), decoded)),
    )


def measure_picture(picture: Picture, settings: list[Setting]) -> list[Point]:
    """All `settings` of one curve on one picture."""
    image = flat_rgb(picture.open())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        load(settings[0], image, folder)
        return [measure(setting, image, picture.path.name, folder) for setting in settings]


def load(setting: Setting, image: Image.Image, folder: Path) -> None:
    """Have the codec loaded, its networks too, so that no picture's time counts that."""
    if setting.codec.module:
        importlib.import_module(setting.codec.module)
    through_file(setting, image.crop((0, 0, WARM_UP_SIDE, WARM_UP_SIDE)), folder)


def measure_all(
    pictures: list[Picture], curves: Iterable[list[Setting]], jobs: int
) -> Iterator[Point]:
    """Each picture with each setting of `curves`; a bar on the terminal counts picture x curve.

    Args:
        jobs: processes; 1 stays in this one. Times are worth something only then.

    Raises:
        ValueError: what a codec says to a setting that it does not know.
    """
    tasks = list(product(pictures, curves))
    with tqdm(total=len(tasks), unit="curve", disable=None) as bar:
        if jobs == 1:
            for picture, settings in tasks:
                bar.set_postfix_str(f"{picture.path.name}, {settings[0].curve}")
                yield from measure_picture(picture, settings)
                bar.update()
            return
        # a forked child would share the threads' locks of onnxruntime and of the codecs
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            futures = [pool.submit(measure_picture, *task) for task in tasks]
            for future in as_completed(futures):
                yield from future.result()
                bar.update()
