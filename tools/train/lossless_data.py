"""Training planes of the lossless coding, of each kind that files have.

A picture that once was a JPEG file, or came from Photo CD, is coded as the luminance and chroma it
was rendered from (`codings.lossless.origin`); most others as Y, Co, Cg; some, rendered ones above
all, as one channel and the two others (`color.channels`). The networks must know them all. They are
not told which it is: their inputs show it (an input for the transform would be one more to each
pass of each file, for little).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pillow_colorgrid.color import ycocg
from pillow_colorgrid.color.channels import CHANNELS
from tools.data.crops import cut

CLEAN, JPEG = 0.6, 0.8
"""Below the first, a chance leaves a crop clean; below the second it becomes a JPEG file; else its
chroma is halved and interpolated, as Photo CD's and video's is."""

QUALITIES = (75, 99)

PHOTO_CD = (1 / 1.3584, 1.772 / 2.2179, 1.402 / 1.8215)
"""What a step of YCbCr is in Photo CD's YCC."""


KINDS = {"photograph": 0.72, "channels": 0.11, "rendered": 0.17}
"""Kinds of training pictures, and their shares: photographs as Y, Co, Cg or of an origin, clean
photographs as one channel and the others, rendered pictures as either."""

RENDERED_YCOCG = 0.25
"""The share of rendered pictures that are Y, Co, Cg."""


@dataclass(frozen=True)
class Pictures:
    """What to train on: crops of photographs and rendered pictures, (H, W, 3) uint8 each."""

    photographs: list[np.ndarray]
    rendered: list[np.ndarray]

    def planes(self, kind: str, rng: np.random.Generator) -> np.ndarray:
        """One of KINDS -> (H, W, 3) int16."""
        pictures = self.rendered if kind == "rendered" else self.photographs
        rgb = pictures[rng.integers(0, len(pictures))]
        if kind == "photograph":
            return planes(rgb, rng)
        if kind == "rendered" and rng.random() < RENDERED_YCOCG:
            return np.stack(ycocg.forward(rgb), axis=-1)
        return np.stack(CHANNELS[rng.integers(0, len(CHANNELS))].forward(rgb), axis=-1)

    def draw(self, count: int, rng: np.random.Generator, only: str = "") -> Iterator[np.ndarray]:
        """So many pictures of all kinds, or of one: (H, W, 3) int16 each."""
        for kind in rng.choice([*KINDS], count, p=[*KINDS.values()]):
            yield self.planes(only or kind, rng)


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
    pictures: Pictures, size: int, count: int, seed: int, kind: str | None = None
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield three planes (count, size, size) int16 for ever, of one kind or of all of KINDS."""
    rng = np.random.default_rng(seed)
    while True:
        kinds = [kind] * count if kind else rng.choice([*KINDS], count, p=[*KINDS.values()])
        squares = [cut(pictures.planes(one, rng), size, rng) for one in kinds]
        yield tuple(np.moveaxis(np.stack(squares), -1, 0))
