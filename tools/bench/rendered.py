"""Sizes of rendered scenes beside JPEG XL and WebP: whole files, read back before they count.

    python -m tools.bench.rendered --out tools/results/rendered.tsv

Three minutes on one core. The scenes are those of `tools.data.scenes`, which nothing is trained on.
They showed that a first, more careful threshold of `encoder.channels` missed gains; the one in use
was then chosen by training photographs. No times: `tools.bench --images DIR` has them, for any
pictures.
"""

import argparse
import csv
import importlib
import io
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

import pillow_colorgrid
from pillow_colorgrid import container
from pillow_colorgrid.codings import registry
from tools.bench.sizes import CODECS, Codec, same_pixels
from tools.data.images import bpp
from tools.data.scenes import SCENES

NAMES = ("WebP m6", "JPEG XL e7", "JPEG XL e9", "CGX no origin", "CGX", "CGX e9")


def size_bytes(codec: Codec, image: Image.Image) -> int:
    """Of the file, which gives back all pixels."""
    if codec.module:
        importlib.import_module(codec.module)
    file = io.BytesIO()
    image.save(file, Image.registered_extensions()[codec.suffix], **codec.options)
    with Image.open(file) as saved:
        if not same_pixels(saved, image):
            raise ValueError(f"{codec} does not give back the pixels")
    return len(file.getvalue())


def how(image: Image.Image) -> str:
    """The coding that the default chose, and whether it has channels."""
    file = io.BytesIO()
    pillow_colorgrid.save(image, file)
    file.seek(0)
    coding = registry.of(container.read_header(file))
    types = {section.type for section in container.read_sections(file)}
    return coding.name + (", channels" if b"LCHN" in types else "")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="a TSV file")
    parser.add_argument("--note", required=True, help="networks and machine, for its first line")
    options = parser.parse_args()
    for name in NAMES:
        if CODECS[name].module:
            importlib.import_module(CODECS[name].module)
    rates = []
    with options.out.open("w", newline="") as file:
        file.write(f"# {options.note}; bits per pixel of whole files\n")
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["scene", *NAMES, "default"])
        for scene, render in tqdm(SCENES.items(), disable=None):
            image = Image.fromarray(render())
            pixels = image.width * image.height
            rates.append([bpp(size_bytes(CODECS[name], image), pixels) for name in NAMES])
            writer.writerow([scene, *(f"{rate:.3f}" for rate in rates[-1]), how(image)])
        writer.writerow(["mean", *(f"{rate:.3f}" for rate in np.mean(rates, axis=0)), ""])


if __name__ == "__main__":
    main()
