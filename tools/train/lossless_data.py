"""Training planes of the lossless coding: Y, Co, Cg of clean pictures, or the origin of aged ones.

A picture that once was a JPEG file, or came from Photo CD, is coded as the luminance and chroma it
was rendered from (`codings.lossless_origin`), so that is what the networks must know, too.
"""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from pillow_colorgrid.color import ycocg
from tools.data.crops import cut

CLEAN, JPEG = 0.6, 0.8
"""Below the first, a chance leaves a crop clean; below the second it becomes a JPEG file; else its
chroma is halved and interpolated, as Photo CD's and video's is."""

QUALITIES = (75, 99)

PHOTO_CD = (1 / 1.3584, 1.772 / 2.2179, 1.402 / 1.8215)
"""What a step of YCbCr is in Photo CD's YCC."""


def planes(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W, 3) int16: Y, Co, Cg, or luminance and chromas of an origin."""
    chance = rng.random()
    if chance < CLEAN:
        return np.stack(ycocg.forward(rgb), axis=-1)
    picture = Image.fromarray(rgb)
    if chance < JPEG:
        file = io.BytesIO()
        quality, subsampling = int(rng.integers(*QUALITIES)), 2 * int(rng.integers(0, 2))
        picture.save(file, "JPEG", quality=quality, subsampling=subsampling)
        picture = Image.open(file)
        picture.draft("YCbCr", picture.size)  # as the file holds it, not turned into RGB
        return np.asarray(picture.convert("YCbCr")).astype(np.int16) - np.int16([0, 128, 128])
    y, cb, cr = picture.convert("YCbCr").split()
    half = (max(1, picture.width // 2), max(1, picture.height // 2))
    way_up = Image.Resampling.BILINEAR if rng.random() < 0.5 else Image.Resampling.BICUBIC
    cb, cr = (plane.resize(half, Image.Resampling.BOX) for plane in (cb, cr))
    cb, cr = (plane.resize(picture.size, way_up) for plane in (cb, cr))
    found = np.stack([y, cb, cr], axis=-1).astype(np.float32) - np.float32([0, 128, 128])
    if rng.random() < 0.5:
        found *= np.float32(PHOTO_CD)
    return np.rint(found).astype(np.int16)


def batches(
    crops: list[np.ndarray], size: int, count: int, seed: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield three planes (count, size, size) int16 for ever."""
    rng = np.random.default_rng(seed)
    while True:
        chosen = rng.integers(0, len(crops), count)
        squares = [cut(planes(crops[index], rng), size, rng) for index in chosen]
        yield tuple(np.moveaxis(np.stack(squares), -1, 0))
