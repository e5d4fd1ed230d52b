"""Where painted colour is wrong: a heat map of each picture, and which edges its error lies at.

    python -m tools.rate_distortion.error_map --images DIR --n 20 --out maps.png [--maps-only]

A row for each of ten pictures: original, what the grid coding shows, mean square error of Co and Cg
(black 0, brightest `WHITE` and more; warm near edges of luminance, else cold). With --maps-only
just the latter, `COLUMNS` in a row. Then a table: pixels are told apart by whether an edge of
colour, of luminance, of both or of neither is near, each with its share of the pixels and of the
squared error. Error at edges of colour alone no network can paint from luminance. Half a minute.
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

REACH = 3
"""So many pixels from an edge are near it."""

WARM, COLD = (255, 170, 60), (70, 160, 255)
"""The brightest colours of a map."""

COLUMNS = 5

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


def near_edge(plane: np.ndarray) -> np.ndarray:
    """(H, W) -> where it is steep, and around there."""
    steep = ndimage.gaussian_gradient_magnitude(plane.astype(np.float64), BLUR) > EDGE
    found: np.ndarray = ndimage.binary_dilation(steep, iterations=REACH)
    return found


def kinds(original: Rgb) -> np.ndarray:
    """(H, W): the number in KINDS of each pixel."""
    luminance, *color = ycocg.forward(original)
    of_color = near_edge(color[0]) | near_edge(color[1])
    found: np.ndarray = near_edge(luminance) + 2 * of_color
    return found


def shares(errors: list[np.ndarray], places: list[np.ndarray]) -> list[tuple[str, float, float]]:
    """Of each kind: its name, and its share of pixels and of the squared error."""
    error, place = (np.concatenate([one.ravel() for one in many]) for many in (errors, places))
    return [
        (name, float((place == kind).mean()), float(error[place == kind].sum() / error.sum()))
        for kind, name in enumerate(KINDS)
    ]


def heat(error: np.ndarray, kind: np.ndarray) -> Image.Image:
    """The map of a picture, WIDTH wide."""
    warmth = np.where((kind % 2 == 1)[..., None], WARM, COLD)
    bright = np.sqrt(np.clip(error / WHITE, 0, 1))[..., None]
    return narrow(np.rint(bright * warmth).astype(np.uint8))


def narrow(rgb: Rgb) -> Image.Image:
    return Image.fromarray(rgb).resize((WIDTH, round(WIDTH * rgb.shape[0] / rgb.shape[1])))


def sheet(images: list[Image.Image], columns: int) -> Image.Image:
    """Row by row, each row as high as its highest."""
    rows = [images[first : first + columns] for first in range(0, len(images), columns)]
    heights = [max(image.height for image in row) for row in rows]
    made = Image.new("RGB", (columns * WIDTH, sum(heights)))
    for number, row in enumerate(rows):
        for column, image in enumerate(row):
            made.paste(image, (column * WIDTH, sum(heights[:number])))
    return made


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder")
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--out", type=Path, required=True, help="a picture; the table beside it")
    parser.add_argument("--maps-only", action="store_true", help="no pictures beside the maps")
    options = parser.parse_args()
    images, errors, places = [], [], []
    for picture in pictures(options.images)[:PICTURES]:
        image = flat_rgb(picture.open())
        original, decoded = np.asarray(image), shown(image, options.n)
        errors.append(squared_error(original, decoded))
        places.append(kinds(original))
        if not options.maps_only:
            images += [narrow(original), narrow(decoded)]
        images.append(heat(errors[-1], places[-1]))
    sheet(images, COLUMNS if options.maps_only else 3).save(options.out)
    with options.out.with_suffix(".tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["edges near", "share_of_pixels", "share_of_error"])
        for name, of_pixels, of_error in shares(errors, places):
            writer.writerow([name, f"{of_pixels:.4f}", f"{of_error:.4f}"])
            print(f"{name}: {of_pixels:.1%} of the pixels, {of_error:.1%} of the error")


if __name__ == "__main__":
    main()
