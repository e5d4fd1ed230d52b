"""Animations for the tests, small, each for what makes it hard."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from tests.conftest import photograph


def saved(frames: list[Image.Image], **keywords: Any) -> bytes:
    """All frames in one .cgx file."""
    file = io.BytesIO()
    frames[0].save(file, "CGX", save_all=True, append_images=frames[1:], **keywords)
    return file.getvalue()


def opened(data: bytes) -> Any:
    """A file of several frames, open."""
    return Image.open(io.BytesIO(data))


def shown(image: Image.Image) -> list[Image.Image]:
    """All frames, each loaded."""
    return [frame.copy() for frame in ImageSequence.Iterator(image)]


def sprite(count: int = 6, background: Image.Image | None = None) -> list[Image.Image]:
    """A box that wanders over a photograph, and changes its colour."""
    background = background or photograph("coffee", 120, 90)
    frames = []
    for number in range(count):
        frame = background.copy()
        frame.paste((255, 10 * number, 0), (5 + 9 * number, 20, 21 + 9 * number, 40))
        frames.append(frame)
    return frames


def scroll(count: int = 5, step: int = 11) -> list[Image.Image]:
    """A photograph that scrolls up below a bar that stays."""
    long = photograph("astronaut", 140, 100 + count * step)
    frames = []
    for number in range(count):
        frame = Image.new("RGB", (140, 100), "white")
        frame.paste(long.crop((0, number * step, 140, number * step + 80)), (0, 20))
        frames.append(frame)
    return frames


def noise_over(count: int = 3) -> list[Image.Image]:
    """A photograph with a little other noise in each frame: all pixels change."""
    still = np.asarray(photograph("coffee", 64, 48)).astype(np.int16)
    rng = np.random.default_rng(5)
    return [
        Image.fromarray(np.clip(still + rng.integers(-1, 2, still.shape), 0, 255).astype(np.uint8))
        for _ in range(count)
    ]


def entries(data: bytes) -> Any:
    """The index of a file, frame by frame."""
    with opened(data) as image:
        return image._directory.index.entries
