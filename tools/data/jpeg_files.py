"""Training pictures of the jpeg coding: JPEG files as people have them, made on the fly.

Qualities and tables of many programs (cameras' with steps of 1 among them), all usual subsamplings,
pictures that were resized or sharpened before, and second-generation JPEGs.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from pillow_colorgrid.jpeg.file import read
from pillow_colorgrid.jpeg.geometry import CHROMINANCE, LUMINANCE

ORDINARY_TABLES = 0.6
"""Chance of a quality; else tables that no quality gives."""

SUBSAMPLINGS = {2: 0.62, 0: 0.25, 1: 0.13}
"""Pillow's numbers for 4:2:0, 4:4:4 and 4:2:2, and how often."""


@dataclass(frozen=True)
class Batch:
    """Coefficients of pictures of one geometry.

    Attributes:
        planes: Y, Cb, Cr as (N, 64, rows, columns) int16.
        tables: (N, 3, 64) quantisation steps.
        down, across: luminance blocks that a colour block covers.
    """

    planes: tuple[np.ndarray, np.ndarray, np.ndarray]
    tables: np.ndarray
    down: int
    across: int


def tables(rng: np.random.Generator) -> dict[str, object]:
    """Settings of Pillow's JPEG encoder: a quality, or a pair of tables."""
    chance = rng.random()
    if chance < ORDINARY_TABLES:
        return {"quality": int(rng.integers(30, 101) if chance < 0.2 else rng.integers(70, 98))}
    # tables between flat and the standard's, as mozjpeg's, cameras' and editors' are
    flatness = rng.uniform(0.3, 1.2)
    if chance < 0.75:  # a camera's best: small steps, many of 1
        scale = np.exp(rng.uniform(np.log(0.005), np.log(0.12)))
    else:
        scale = np.exp(rng.uniform(np.log(0.05), np.log(1.0)))
    scale *= 40 ** (1 - flatness)
    color_scale = scale * np.exp(rng.normal() * 0.35)
    given = LUMINANCE**flatness * scale, CHROMINANCE**flatness * color_scale
    return {"qtables": [np.clip(np.rint(t), 1, 255).astype(int).tolist() for t in given]}


def history(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """What happened to a picture before it was saved."""
    chance = rng.random()
    if chance < 0.12:
        return picture.filter(
            ImageFilter.UnsharpMask(rng.uniform(0.5, 2.5), int(rng.integers(30, 160)), 0)
        )
    if chance < 0.18:
        return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    if chance < 0.30:
        file = io.BytesIO()
        picture.save(
            file, "JPEG", quality=int(rng.integers(60, 98)), subsampling=int(rng.integers(0, 3))
        )
        again = Image.open(file).convert("RGB")
        left, top = rng.integers(0, 9, 2) * int(rng.random() < 0.7)
        return again.crop((left, top, again.width, again.height))
    if chance < 0.36:
        return ImageEnhance.Contrast(picture).enhance(rng.uniform(0.6, 1.5))
    if chance < 0.40:
        noise = rng.normal(0, rng.uniform(1, 6), (picture.height, picture.width, 1))
        return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
    return picture


def square(crop: np.ndarray, size: int, rng: np.random.Generator) -> Image.Image:
    """A square of `size` out of (H, W, 3): cut, sometimes shrunk or enlarged, turned."""
    picture = Image.fromarray(crop)
    if rng.random() < 0.3:
        factor = rng.uniform(0.75, 1.6)
        factor = max(factor, (size + 10) / min(picture.size))
        ways = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BILINEAR)
        picture = picture.resize(
            (round(picture.width * factor), round(picture.height * factor)),
            ways[int(rng.integers(0, 3))],
        )
    picture = history(picture, rng)
    left = int(rng.integers(0, picture.width - size + 1))
    top = int(rng.integers(0, picture.height - size + 1))
    picture = picture.crop((left, top, left + size, top + size))
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.2:
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if rng.random() < 0.35:
        picture = picture.transpose(Image.Transpose.TRANSPOSE)
    return picture


def batch(crops: list[np.ndarray], size: int, count: int, rng: np.random.Generator) -> Batch:
    """`count` squares as JPEG files of one subsampling."""
    subsampling = int(rng.choice(list(SUBSAMPLINGS), p=list(SUBSAMPLINGS.values())))
    planes, steps = [], []
    for index in rng.integers(0, len(crops), count):
        file = io.BytesIO()
        square(crops[index], size, rng).save(file, "JPEG", subsampling=subsampling, **tables(rng))
        found = read(file.getvalue())[0].components
        planes.append([component.coefficients for component in found])
        steps.append([component.table.astype(np.int32) for component in found])
    stacked = tuple(
        np.ascontiguousarray(np.stack(component).transpose(0, 3, 1, 2))
        for component in zip(*planes, strict=True)
    )
    down, across = {2: (2, 2), 1: (1, 2), 0: (1, 1)}[subsampling]
    return Batch(stacked, np.stack(steps), down, across)


def batches(crops: list[np.ndarray], size: int, count: int, seed: int) -> Iterator[Batch]:
    """Batches for ever; crops that are too small for a square are left out."""
    rng = np.random.default_rng(seed)
    large = [crop for crop in crops if min(crop.shape[:2]) >= size + 10]
    while True:
        yield batch(large, size, count, rng)
