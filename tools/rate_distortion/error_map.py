"""Where painted colour is wrong: a heat map of each picture, and which edges its error lies at.

    python -m tools.rate_distortion.error_map --images DIR --n 20 --out maps.png

A row for each of ten pictures: original, what the grid coding shows, mean square error of Co and Cg
(black 0, white `WHITE` and more). Then a table: pixels are told apart by whether colour, luminance,
both or neither has an edge there, each with its share of the pixels and of the squared error. Error
at edges of colour alone no network can paint from luminance. Half a minute.
"""

import argparse
import csv
import io
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

import pillow_colorgrid
from pillow_colorgrid.color import ycocg
from tools.data.images import pictures
from tools.rate_distortion.measure import flat_rgb
from tools.rate_distortion.metrics import Rgb

PICTURES, WIDTH, WHITE = 10, 320, 400.0

EDGE = 12.0
"""A gradient (Gaussian, `BLUR` pixels, in steps of the plane for each pixel) that is an edge."""

BLUR = 1.0

KINDS = ("flat", "luminance alone", "colour alone", "both")


def shown(image: Image.Image, interval: int) -> Rgb:
    """What a grid file of exact luminance shows."""
    file = io.BytesIO()
    pillow_colorgrid.save(image, file, mode="grid", n=interval)
    with Image.open(file) as decoded:
        return np.asarray(decoded.convert("RGB"))


def squared_error(original: Rgb, decoded: Rgb) -> np.ndarray:
    """(H, W): the mean over Co and Cg."""
    planes = [np.stack(ycocg.forward(rgb)[1:]).astype(float) for rgb in (original, decoded)]
    found: np.ndarray = np.square(planes[0] - planes[1]).mean(axis=0)
    return found


def is_edge(plane: np.ndarray) -> np.ndarray:
    """(H, W) -> where it is steep."""
    steep: np.ndarray = ndimage.gaussian_gradient_magnitude(plane.astype(np.float64), BLUR) > EDGE
    return steep


def kinds(original: Rgb) -> np.ndarray:
    """(H, W): the number in KINDS of each pixel."""
    luminance, *color = ycocg.forward(original)
    of_color = is_edge(color[0]) | is_edge(color[1])
    found: np.ndarray = is_edge(luminance) + 2 * of_color
    return found


def shares(errors: list[np.ndarray], places: list[np.ndarray]) -> list[tuple[str, float, float]]:
    """Of each kind: its name, and its share of pixels and of the squared error."""
    error, place = (np.concatenate([one.ravel() for one in many]) for many in (errors, places))
    return [
        (name, float((place == kind).mean()), float(error[place == kind].sum() / error.sum()))
        for kind, name in enumerate(KINDS)
    ]


def row(original: Rgb, decoded: Rgb, error: np.ndarray) -> Image.Image:
    """The three pictures beside each other, each WIDTH wide."""
    heat = np.rint(255 * np.sqrt(np.clip(error / WHITE, 0, 1))).astype(np.uint8)
    size = (WIDTH, round(WIDTH * original.shape[0] / original.shape[1]))
    made = Image.new("RGB", (3 * WIDTH, size[1]))
    for place, pixels in enumerate((original, decoded, heat)):
        made.paste(Image.fromarray(pixels).convert("RGB").resize(size), (place * WIDTH, 0))
    return made


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder")
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--out", type=Path, required=True, help="a picture; the table beside it")
    options = parser.parse_args()
    rows, errors, places = [], [], []
    for picture in pictures(options.images)[:PICTURES]:
        image = flat_rgb(picture.open())
        original, decoded = np.asarray(image), shown(image, options.n)
        errors.append(squared_error(original, decoded))
        places.append(kinds(original))
        rows.append(row(original, decoded, errors[-1]))
    sheet = Image.new("RGB", (3 * WIDTH, sum(one.height for one in rows)))
    top = 0
    for one in rows:
        sheet.paste(one, (0, top))
        top += one.height
    sheet.save(options.out)
    with options.out.with_suffix(".tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["edges of", "share_of_pixels", "share_of_error"])
        for name, of_pixels, of_error in shares(errors, places):
            writer.writerow([name, f"{of_pixels:.4f}", f"{of_error:.4f}"])
            print(f"{name}: {of_pixels:.1%} of the pixels, {of_error:.1%} of the error")


if __name__ == "__main__":
    main()
