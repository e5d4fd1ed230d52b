"""Training pictures: crops in memory, each batch cut and aged at random.

A batch is what users save: clean pictures, pictures that once were JPEG files,
and pictures whose chroma has half the resolution (Photo CD, video, cameras).
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

HELD_OUT_EVERY = 20
"""Every 20th crop (5 %) is never trained on; it chooses the checkpoint."""

SUFFIXES = {".webp", ".png", ".jpg", ".jpeg"}


def load_crops(folder: Path, held_out: bool = False) -> list[np.ndarray]:
    """Load all pictures of `folder` as (H, W, 3) uint8 arrays, in the order of their names.

    With `held_out` the 5 % that training leaves aside, else the other 95 %.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    if not paths:
        raise FileNotFoundError(f"no pictures ({', '.join(sorted(SUFFIXES))}) in {folder}")
    chosen = [
        path for number, path in enumerate(paths) if (number % HELD_OUT_EVERY == 0) == held_out
    ]
    return [np.asarray(Image.open(path).convert("RGB")) for path in chosen or paths]


def age(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a clean (H, W, 3) crop the past that many pictures of users have.

    Half of the crops stay clean, a quarter goes through JPEG (quality 75-98, chroma
    at full or half resolution), a quarter has its chroma halved and interpolated.
    """
    chance = rng.random()
    if chance < 0.5:
        return rgb
    picture = Image.fromarray(rgb)
    if chance < 0.75:
        file = io.BytesIO()
        quality = int(rng.integers(75, 99))
        picture.save(file, "JPEG", quality=quality, subsampling=2 * int(rng.integers(0, 2)))
        return np.asarray(Image.open(file).convert("RGB"))
    y, cb, cr = picture.convert("YCbCr").split()
    half = (max(1, picture.width // 2), max(1, picture.height // 2))
    way_up = Image.Resampling.BILINEAR if rng.random() < 0.5 else Image.Resampling.BICUBIC
    cb, cr = (plane.resize(half, Image.Resampling.BOX) for plane in (cb, cr))
    cb, cr = (plane.resize(picture.size, way_up) for plane in (cb, cr))
    return np.asarray(Image.merge("YCbCr", (y, cb, cr)).convert("RGB"))


def augment(rgb: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Cut a (size, size, 3) square at random out of an aged crop; flip and transpose it."""
    return cut(age(rgb, rng), size, rng)


def cut(rgb: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A (size, size, 3) square at random out of (H, W, 3), flipped and transposed at random."""
    top = int(rng.integers(0, max(1, rgb.shape[0] - size + 1)))
    left = int(rng.integers(0, max(1, rgb.shape[1] - size + 1)))
    square = rgb[top : top + size, left : left + size]
    short = (size - square.shape[0], size - square.shape[1])
    if max(short) > 0:
        square = np.pad(square, ((0, short[0]), (0, short[1]), (0, 0)), mode="reflect")
    if rng.random() < 0.5:
        square = square[:, ::-1]
    if rng.random() < 0.5:
        square = square[::-1]
    if rng.random() < 0.5:
        square = square.transpose(1, 0, 2)
    return square


def batches(crops: list[np.ndarray], size: int, count: int, seed: int) -> Iterator[np.ndarray]:
    """Yield (count, size, size, 3) uint8 batches for ever."""
    rng = np.random.default_rng(seed)
    while True:
        chosen = rng.integers(0, len(crops), count)
        yield np.stack([augment(crops[index], size, rng) for index in chosen])
