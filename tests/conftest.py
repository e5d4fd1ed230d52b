"""Pictures for the tests: real photographs of scikit-image's wheel, and generated ones."""

from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

import pillow_colorgrid  # noqa: F401  registers .cgx

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
GOLDEN = ROOT / "tests" / "format" / "golden"

PHOTOGRAPHS = Path(skimage.__file__).parent / "data"


def photograph(name: str, width: int | None = None, height: int | None = None) -> Image.Image:
    """A photograph of scikit-image, or its part from the middle."""
    with Image.open(PHOTOGRAPHS / f"{name}.png") as image:
        image.load()
    width, height = width or image.width, height or image.height
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def noise(mode: str, size: tuple[int, int], seed: int = 1) -> Image.Image:
    """A picture of random bytes: every value of every channel occurs."""
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], *channels), np.uint8))


@pytest.fixture(scope="session")
def astronaut() -> Image.Image:
    return photograph("astronaut")


@pytest.fixture(scope="session")
def small_photograph() -> Image.Image:
    return photograph("coffee", 96, 80)
