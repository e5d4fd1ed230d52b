"""Pictures for the tests: real photographs of scikit-image's wheel, and generated ones."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import skimage
from PIL import Image

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Picture, Work
from pillow_colorgrid.codings.choosing import choice
from pillow_colorgrid.codings.lossless import small
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.lossless.encoder import counting
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import CgxError

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


def damages_are_errors(header: container.Header, sections: Sequence[Section]) -> None:
    """Bits of the first section that turn over never show other pixels: here all are told."""
    wanted = codec.decode(header, sections).tobytes()
    rng = np.random.default_rng(3)
    errors = 0
    for _ in range(30):
        payload = bytearray(sections[0].payload)
        payload[rng.integers(0, len(payload))] ^= 1 << int(rng.integers(0, 8))
        try:
            found = codec.decode(header, [replace(sections[0], payload=bytes(payload))])
            assert found.tobytes() == wanted
        except CgxError:
            errors += 1
    assert errors == 30


def picture_of(pixels: np.ndarray) -> Picture:
    """What a coding is asked to encode: pixels (H, W, C) of mode L, RGB or RGBA."""
    return Picture(pixels, {1: "L", 3: "RGB"}.get(pixels.shape[2], "RGBA"))


def encoded(coding: Work, pixels: np.ndarray, options: object) -> list[Section]:
    """The sections that a coding makes of pixels."""
    return coding.encode(picture_of(pixels), options).sections


def chosen(pixels: np.ndarray, options: Options) -> tuple[str, list[Section]]:
    """The name of the exact coding that suits the pixels best, and its sections."""
    coding, encoded = choice.encode(picture_of(pixels), options)
    return coding.name, encoded.sections


@contextmanager
def coded_uncounted() -> Iterator[None]:
    """Colours are not counted: files of the lossless coding are as those of format 1.0."""
    with patch.object(counting, "may_pay", lambda *_: False):
        yield


@contextmanager
def coded_apart() -> Iterator[None]:
    """Small pictures are coded as large ones are, uncounted."""
    with coded_uncounted(), patch.object(small, "MOST_PIXELS", 0):
        yield


@pytest.fixture
def uncounted() -> Iterator[None]:
    with coded_uncounted():
        yield


@pytest.fixture
def streams_apart() -> Iterator[None]:
    with coded_apart():
        yield


@pytest.fixture(scope="session")
def astronaut() -> Image.Image:
    return photograph("astronaut")


@pytest.fixture(scope="session")
def small_photograph() -> Image.Image:
    return photograph("coffee", 96, 80)
