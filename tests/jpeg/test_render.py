"""Pixels from coefficients against Pillow's, on files of every kind that Pillow shows."""

import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.jpeg import inverse_transform, render, upsampling
from pillow_colorgrid.jpeg.picture import Component, JpegPicture
from tests.jpeg import plain_render
from tests.jpeg.jpeg_writing import write

SAMPLINGS = {
    1: [[(1, 1)], [(2, 2)], [(4, 3)], [(1, 2)]],
    3: [
        [(1, 1), (1, 1), (1, 1)],
        [(2, 1), (1, 1), (1, 1)],
        [(2, 2), (1, 1), (1, 1)],
        [(1, 2), (1, 1), (1, 1)],
        [(4, 1), (1, 1), (1, 1)],
        [(1, 4), (1, 1), (1, 1)],
        [(4, 2), (1, 1), (1, 1)],
        [(3, 1), (1, 1), (1, 1)],
        [(1, 3), (1, 1), (1, 1)],
        [(4, 1), (2, 1), (1, 1)],
        [(2, 2), (1, 2), (2, 1)],
        [(2, 2), (2, 1), (1, 1)],
        [(2, 2), (2, 2), (1, 1)],
        [(1, 1), (2, 2), (1, 1)],
        [(2, 1), (1, 2), (1, 1)],
        [(1, 2), (1, 1), (1, 2)],
        [(1, 1), (1, 2), (2, 1)],
    ],
    4: [
        [(1, 1), (1, 1), (1, 1), (1, 1)],
        [(2, 2), (1, 1), (1, 1), (2, 2)],
        [(2, 1), (1, 1), (1, 1), (2, 1)],
        [(1, 2), (1, 1), (2, 1), (1, 1)],
        [(2, 2), (1, 1), (1, 1), (1, 1)],
    ],
}
TRANSFORMS = {1: ["grey"], 3: ["ycc", "rgb"], 4: ["cmyk", "ycck"]}

KINDS = {
    # largest coefficient, largest step, share of coefficients that are not zero
    "quiet": (60, 12, 0.1),
    "loud": (800, 3, 0.4),
    "wild": (16383, 3, 0.5),
    "long_steps": (30, 65535, 0.3),
    "flat": (2000, 8, 0.0),
}


def _picture(rng, kind, channels=None, size=None, factors=None, transform=None):
    """A JPEG picture of noise."""
    most, longest, share = KINDS[kind]
    channels = channels or int(rng.choice([1, 3, 3, 3, 4]))
    factors = factors or SAMPLINGS[channels][rng.integers(len(SAMPLINGS[channels]))]
    transform = transform or TRANSFORMS[channels][rng.integers(len(TRANSFORMS[channels]))]
    width, height = size or (int(side) for side in rng.integers(1, rng.choice([5, 20, 70]), 2))
    widest, tallest = max(h for h, _ in factors), max(v for _, v in factors)
    components = []
    for horizontal, vertical in factors:
        rows = ceil(ceil(height * vertical / tallest) / 8)
        columns = ceil(ceil(width * horizontal / widest) / 8)
        shape = (rows, columns, 64)
        coefficients = rng.integers(-most, most + 1, shape) * (rng.random(shape) < share)
        coefficients[..., 0] = rng.integers(-most, most + 1, shape[:2])
        # whole rows of zeros take another way in libjpeg
        coefficients[..., int(rng.choice([64, 64, 64, 8, 1])) :] = 0
        table = rng.integers(1, longest + 1, 64).astype(np.uint16)
        components.append(Component(horizontal, vertical, table, coefficients.astype(np.int16)))
    return JpegPicture(width, height, tuple(components), transform)


def _shown(picture, adobe):
    """Pillow's pixels (H, W, C)."""
    image = Image.open(io.BytesIO(write(picture, adobe)))
    return np.asarray(image).reshape(picture.height, picture.width, -1)


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_pillows(kind):
    rng = np.random.default_rng(list(KINDS).index(kind))
    for number in range(440):
        picture = _picture(rng, kind)
        # without Adobe's marker three components are YCbCr, and four CMYK
        adobe = picture.transform in ("rgb", "ycck") or number % 2 == 0
        if picture.transform == "grey":
            adobe = False
        found = render.pixels(picture)
        expected = _shown(picture, adobe)
        factors = [(one.horizontal, one.vertical) for one in picture.components]
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected), (number, picture.transform, factors, found.shape)


@pytest.mark.parametrize("factors", SAMPLINGS[3], ids=str)
def test_every_small_size_is_pillows(factors):
    rng = np.random.default_rng(1)
    for size in np.ndindex(9, 9):
        picture = _picture(rng, "quiet", 3, (size[0] + 1, size[1] + 1), factors, "ycc")
        assert np.array_equal(render.pixels(picture), _shown(picture, False)), size


@pytest.mark.parametrize("factors", [[(3, 1), (2, 1), (1, 1)], [(1, 3), (1, 2), (1, 1)]], ids=str)
def test_ratios_that_are_not_whole_are_refused_as_by_pillow(factors):
    picture = _picture(np.random.default_rng(2), "quiet", 3, (40, 40), factors, "ycc")
    with pytest.raises(ValueError, match="sampling factors"):
        render.pixels(picture)
    with pytest.raises(OSError, match="broken data stream"):
        _shown(picture, False)


def test_unknown_transforms_and_scales_are_refused():
    picture = _picture(np.random.default_rng(3), "quiet", 3)
    strange = JpegPicture(picture.width, picture.height, picture.components, "lab")
    with pytest.raises(ValueError, match="'lab'"):
        render.pixels(strange)
    with pytest.raises(ValueError, match="3 eighths"):
        render.pixels_scaled(picture, 3)
    with pytest.raises(ValueError, match="strips 0 to 99"):
        render.strip(picture, 0, 99)


@pytest.mark.parametrize("eighths", [8, 4, 2, 1])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_strips_are_the_picture(channels, eighths):
    rng = np.random.default_rng(channels)
    for factors in SAMPLINGS[channels]:
        picture = _picture(rng, "quiet", channels, (45, 150), factors)
        whole = render.pixels_scaled(picture, eighths)
        count, high = render.strip_count(picture), render.strip_height(picture, eighths)
        edges = [0, 1, *sorted(rng.integers(1, count, 2)), count]
        pairs = [(a, b) for a, b in pairwise(edges) if a < b]
        with ThreadPoolExecutor(2) as pool:
            tasks = [pool.submit(render.strip, picture, *pair, eighths) for pair in pairs]
            parts = [task.result() for task in tasks]
        assert len(whole) == -(-150 * eighths // 8)
        assert np.array_equal(np.concatenate(parts), whole)
        for (first, _), part in zip(pairs, parts, strict=True):
            assert np.array_equal(whole[first * high : first * high + len(part)], part)


def test_a_strip_needs_only_its_own_blocks_and_the_next():
    picture = _picture(np.random.default_rng(4), "quiet", 3, (50, 200), SAMPLINGS[3][2], "ycc")
    expected = render.strip(picture, 4, 7)
    cut = []
    for component in picture.components:
        coefficients = np.full_like(component.coefficients, 77)
        v = component.vertical
        kept = slice(4 * v - 1, 7 * v + 1)
        coefficients[kept] = component.coefficients[kept]
        cut.append(Component(component.horizontal, v, component.table, coefficients))
    strange = JpegPicture(picture.width, picture.height, tuple(cut), "ycc")
    assert np.array_equal(render.strip(strange, 4, 7), expected)


def test_the_matrix_is_its_definition():
    """Each entry is near its cosine; libjpeg's sums of constants are not quite those."""
    y, v = np.indices((8, 8))
    cosines = 8192 * np.where(v == 0, 1, np.sqrt(2) * np.cos((2 * y + 1) * v * np.pi / 16))
    assert np.abs(inverse_transform.matrix(8) - cosines).max() < 1.6
    assert inverse_transform.matrix(8)[0].tolist() == [
        8192, 11363, 10703, 9633, 8192, 6437, 4433, 2260,
    ]  # fmt: skip
    assert inverse_transform.matrix(2).tolist() == [[8192, 7423], [8192, -7423]]
    assert inverse_transform.matrix(1).tolist() == [[8192]]


def test_whole_numbers_give_the_same():
    """float64 against the definition in int64."""
    rng = np.random.default_rng(5)
    picture = _picture(rng, "loud", 1, (64, 48), [(1, 1)])
    component = picture.components[0]
    m = inverse_transform.matrix(8).astype(np.int64)
    x = (component.coefficients.astype(np.int64) * component.table).reshape(6, 8, 8, 8)
    x //= 8  # within the bounds of the plain definition
    w = (m @ x + 1024) >> 11
    s = (w @ m.T + 131072) >> 18
    expected = np.clip(s + 128, 0, 255).transpose(0, 2, 1, 3).reshape(48, 64)
    ones = np.ones(64, np.uint16)
    assert np.abs(w).max() <= inverse_transform.MOST
    found = inverse_transform.samples(x.reshape(6, 8, 64).astype(np.int16), ones)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("eighths", [8, 4, 2, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_those_of_the_format(kind, eighths):
    """Against Python's integers, written down from FORMAT.md, wild blocks included."""
    rng = np.random.default_rng(10)
    for _ in range(12):
        picture = _picture(rng, kind, size=tuple(int(side) for side in rng.integers(1, 34, 2)))
        expected = np.array(plain_render.render(picture, eighths), np.uint8)
        assert np.array_equal(render.pixels_scaled(picture, eighths), expected)


def test_both_ways_agree_where_nothing_overflows():
    rng = np.random.default_rng(6)
    product = (rng.integers(-90, 91, (4, 500, 64))).astype(np.int16)
    expected = inverse_transform.samples(product, np.ones(64, np.uint16))
    found = inverse_transform.beyond(product.reshape(-1, 64), product.reshape(-1, 64))
    found = found.reshape(4, 500, 8, 8).transpose(0, 2, 1, 3).reshape(32, 4000)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("eighths", [4, 2, 1])
def test_scaled_looks_at_low_coefficients_only(eighths):
    rng = np.random.default_rng(7)
    picture = _picture(rng, "quiet", 3, (61, 83), SAMPLINGS[3][2], "ycc")
    low = (np.indices((8, 8)) < eighths).all(0).reshape(64)
    other = JpegPicture(
        picture.width,
        picture.height,
        tuple(
            Component(c.horizontal, c.vertical, c.table, np.where(low, c.coefficients, 99))
            for c in picture.components
        ),
        "ycc",
    )
    found = render.pixels_scaled(picture, eighths)
    assert found.shape == (-(-83 * eighths // 8), -(-61 * eighths // 8), 3)
    assert np.array_equal(render.pixels_scaled(other, eighths), found)


def test_an_eighth_of_grey_is_pillows_draft():
    picture = _picture(np.random.default_rng(8), "quiet", 1, (333, 201), [(1, 1)])
    image = Image.open(io.BytesIO(write(picture)))
    image.draft("L", (333 // 8, 201 // 8))
    assert np.array_equal(render.pixels_scaled(picture, 1)[..., 0], np.asarray(image))


def test_upsampling_by_hand():
    row = np.array([[10, 20, 41]], np.uint8)
    assert upsampling.upsample(row, (1, 2), 6).tolist() == [[10, 13, 17, 25, 36, 41]]
    rows = np.array([[10, 20, 41]] * 2 + [[50, 60, 81]] * 2, np.uint8)
    across = upsampling.upsample(rows, (2, 2), 6)
    assert across[0].tolist() == [10, 12, 18, 25, 36, 41]
    assert across[1].tolist() == [20, 22, 28, 35, 46, 51]


@pytest.mark.parametrize("channels", [1, 3])
def test_memory_of_a_large_picture_is_bounded(channels):
    """Six megapixels: beside the result there are only a strip and what is computed of it."""
    factors = SAMPLINGS[channels][0 if channels == 1 else 2]
    picture = _picture(np.random.default_rng(9), "flat", channels, (3000, 2000), factors)
    tracemalloc.start()
    found = render.pixels(picture)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - found.nbytes < 24 * 2**20
