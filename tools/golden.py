"""Make the golden files of a release: ``python -m tools.golden --release 1.0``.

Writes small .cgx files of every coding into tests/golden/ and a line for each into files.tsv.
Nothing that exists is ever overwritten: files of old releases are what later releases must read.
"""

import argparse
import csv
import hashlib
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

import pillow_colorgrid  # noqa: F401  registers .cgx

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"
PHOTOGRAPHS = Path(skimage.__file__).parent / "data"


def photograph(name: str, box: tuple[int, int, int, int]) -> Image.Image:
    with Image.open(PHOTOGRAPHS / name) as image:
        return Image.fromarray(np.asarray(image.crop(box)))


def transparent(image: Image.Image) -> Image.Image:
    """With a gradient of alpha from 0 to 255: hidden colour included."""
    alpha = Image.linear_gradient("L").resize(image.size)
    return Image.merge("RGBA", (*image.split(), alpha))


def subjects() -> dict[str, tuple[Image.Image, dict[str, object]]]:
    """Name -> picture and options of save."""
    astronaut = photograph("astronaut.png", (150, 60, 247, 137))
    coffee = photograph("coffee.png", (200, 150, 270, 231))
    drawing = coffee.quantize(5).convert("RGB").resize((140, 162), Image.Resampling.NEAREST)
    return {
        "lossless-rgb-effort5": (astronaut, {"effort": 5}),
        "lossless-rgb-effort9": (astronaut, {"effort": 9}),
        "lossless-l": (coffee.convert("L"), {}),
        "lossless-rgba": (transparent(coffee), {}),
        "stored-rgb": (drawing, {}),
        "decolorized-png": (
            astronaut,
            {"mode": "decolorized", "inner": "png", "predict": "always"},
        ),
        "decolorized-webp": (
            transparent(coffee),
            {"mode": "decolorized", "inner": "webp", "predict": "always"},
        ),
        "decolorized-zstd": (
            astronaut,
            {"mode": "decolorized", "inner": "zstd", "predict": "always", "levels": 31},
        ),
        "decolorized-l": (
            coffee.convert("L"),
            {"mode": "decolorized", "inner": "zstd", "predict": "always"},
        ),
        "planes-p": (coffee.quantize(31), {}),
        "planes-i16": (
            Image.fromarray(np.asarray(coffee.convert("L")).astype(np.uint16) * 257),
            {},
        ),
        "metadata": (
            coffee.crop((0, 0, 9, 7)),
            {"exif": b"Exif\0\0golden", "icc_profile": b"profile", "xmp": b"<x/>"},
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--release", required=True, help="version of the format, for instance 1.0")
    release = parser.parse_args().release
    table = GOLDEN / "files.tsv"
    fresh = not table.exists()
    with table.open("a", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        if fresh:
            writer.writerow(["file", "mode", "width", "height", "sha256 of the pixels"])
        for name, (image, options) in subjects().items():
            path = GOLDEN / f"{release}-{name}.cgx"
            if path.exists():
                print(f"{path.name} exists: kept")
                continue
            image.save(path, **options)
            digest = hashlib.sha256(image.tobytes()).hexdigest()
            writer.writerow([path.name, image.mode, *image.size, digest])
            print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
