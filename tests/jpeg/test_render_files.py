"""Files that Pillow writes: read, rendered, and compared with what Pillow shows."""

import io

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.jpeg import render
from pillow_colorgrid.jpeg.file import read
from tests.conftest import photograph


def _check(data):
    picture, _ = read(data)
    shown = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(render.pixels(picture), shown.reshape(*shown.shape[:2], -1))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_all_qualities(mode):
    rng = np.random.default_rng(0)
    image = photograph("coffee")
    for quality in range(1, 101):
        width, height = (int(side) for side in rng.integers(1, 90, 2))
        left, top = (int(side) for side in rng.integers(0, 300, 2))
        part = image.crop((left, top, left + width, top + height)).convert(mode)
        options = {} if mode == "L" else {"subsampling": int(rng.integers(0, 3))}
        file = io.BytesIO()
        part.save(file, "JPEG", quality=quality, progressive=quality % 3 == 0, **options)
        _check(file.getvalue())


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_photographs(subsampling):
    for name in ("coffee", "chelsea"):
        file = io.BytesIO()
        photograph(name).save(file, "JPEG", quality=88, subsampling=subsampling)
        _check(file.getvalue())


def test_rgb_that_was_not_converted():
    file = io.BytesIO()
    photograph("chelsea").save(file, "JPEG", quality=93, keep_rgb=True)
    picture, _ = read(file.getvalue())
    assert picture.transform == "rgb"
    _check(file.getvalue())


def test_fine_color_at_an_eighth_is_nearer_to_pillows_draft():
    """There libjpeg takes 2 x 2 coefficients of colour, too."""
    file = io.BytesIO()
    image = photograph("coffee")
    image.save(file, "JPEG", quality=92, subsampling="4:2:0")
    picture, _ = read(file.getvalue())
    draft = Image.open(file)
    draft.draft("RGB", (image.width // 8, image.height // 8))
    shown = np.asarray(draft, np.float64)
    fine, plain = (np.mean((render.pixels_scaled(picture, 1, way) - shown) ** 2) for way in (1, 0))
    assert fine < plain / 3


@pytest.mark.parametrize("eighths", [4, 2, 1])
def test_scaled_is_near_pillows_draft(eighths):
    """Same size, and as like the picture averaged over squares as Pillow's draft is, about."""
    file = io.BytesIO()
    image = photograph("coffee")
    image.save(file, "JPEG", quality=92, subsampling="4:4:4")
    found = render.pixels_scaled(read(file.getvalue())[0], eighths)
    draft = Image.open(file)
    draft.draft("RGB", (image.width * eighths // 8, image.height * eighths // 8))
    shown = np.asarray(draft)
    assert found.shape == shown.shape
    averaged = np.asarray(Image.open(file).reduce(8 // eighths), np.float64)
    ours, theirs = (np.mean((one - averaged) ** 2) for one in (found, shown))
    # what is missing are high frequencies
    assert ours < theirs + 8
