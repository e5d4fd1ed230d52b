"""Coefficients from pixels: a picture that once was a JPEG is recognised and rendered again."""

import io
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pillow_colorgrid.jpeg import render
from pillow_colorgrid.jpeg.exceptions import Exceptions, between
from pillow_colorgrid.jpeg.recover import band, downsampling, once_a_jpeg, recover, steps
from pillow_colorgrid.jpeg.recover.blocks import apart, forward, inverse, together
from pillow_colorgrid.jpeg.recover.components import of_rgb
from pillow_colorgrid.jpeg.upsampling import upsample
from tests.conftest import photograph

SIZE = (400, 328)
SUBSAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2)}


def _through_jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    size_bytes = file.tell()
    return np.asarray(Image.open(file)), size_bytes


def _picture(mode="RGB", name="coffee"):
    return photograph(name).convert(mode).resize(SIZE)


def _restored(found):
    pixels = render.pixels(found.picture)
    found.exceptions.apply(pixels)
    return pixels


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("quality", [30, 50, 75, 85, 90])
def test_coefficients_come_back(quality, subsampling):
    pixels, size_bytes = _through_jpeg(_picture(), quality=quality, subsampling=subsampling)
    assert once_a_jpeg(pixels)
    found = recover(pixels)
    assert found is not None
    assert np.array_equal(_restored(found), pixels)
    assert found.quality == quality
    down, across = SUBSAMPLINGS[subsampling]
    factors = [(one.horizontal, one.vertical) for one in found.picture.components]
    assert factors == [(across, down), (1, 1), (1, 1)]
    luminance, color = steps.standard(quality)
    assert np.array_equal(found.picture.components[0].table, luminance)
    assert np.array_equal(found.picture.components[2].table, color)
    assert len(found.exceptions.positions) < 0.01 * pixels.shape[0] * pixels.shape[1]
    assert found.exception_bytes < 0.05 * size_bytes
    assert 0.7 * size_bytes < found.coefficient_bytes < 1.3 * size_bytes


@pytest.mark.parametrize("quality", [50, 85, 92, 95])
def test_grey_comes_back(quality):
    pixels, size_bytes = _through_jpeg(_picture("L"), quality=quality)
    found = recover(pixels)
    assert found is not None
    assert found.picture.transform == "grey"
    assert np.array_equal(_restored(found)[..., 0], pixels)
    assert found.quality == quality
    assert found.exception_bytes < (0.05 if quality < 95 else 0.12) * size_bytes


def test_odd_sizes_come_back():
    for size in [(201, 155), (187, 200), (200, 133)]:
        image = _picture().crop((0, 0, *size))
        pixels, size_bytes = _through_jpeg(image, quality=80, subsampling="4:2:0")
        found = recover(pixels)
        assert found is not None
        assert np.array_equal(_restored(found), pixels)
        assert found.exception_bytes < 0.1 * size_bytes


def test_tables_of_others_come_back():
    """Tables that are no standard ones, as cameras have them."""
    rng = np.random.default_rng(0)
    frequency = np.add(*np.indices((8, 8)))
    luminance, color = (
        (np.rint(low + high * frequency + rng.integers(0, 3, (8, 8)))).astype(int).ravel()
        for low, high in ((3, 1.1), (4, 2.3))
    )
    tables = [luminance.tolist(), color.tolist()]
    pixels, size_bytes = _through_jpeg(
        _picture(name="chelsea"), qtables=tables, subsampling="4:2:0"
    )
    found = recover(pixels)
    assert found is not None
    assert found.quality == 0
    assert np.array_equal(_restored(found), pixels)
    # so small a picture has frequencies of colour that only a few blocks tell
    assert found.exception_bytes < 0.25 * size_bytes
    low = frequency.ravel() < 3
    for component, table in zip(found.picture.components, (luminance, color, color), strict=True):
        assert np.array_equal(component.table[low], table[low])
    assert np.mean(found.picture.components[0].table == luminance) > 0.9


def test_what_was_drawn_on_is_an_exception():
    pixels, _ = _through_jpeg(_picture(), quality=80, subsampling="4:2:0")
    image = Image.fromarray(pixels)
    ImageDraw.Draw(image).rectangle((100, 100, 139, 119), (20, 250, 90))
    pixels = np.asarray(image)
    found = recover(pixels)
    assert found is not None
    assert np.array_equal(_restored(found), pixels)
    rows, columns = np.divmod(found.exceptions.positions, pixels.shape[1])
    # next to it colour, of which a sample has blocks of 16 pixels, and interpolation
    assert len(rows) > 400
    near = (rows > 100 - 34) & (rows < 120 + 34) & (columns > 100 - 34) & (columns < 140 + 34)
    assert (~near).sum() < 0.01 * pixels[..., 0].size


@pytest.mark.parametrize("left", [1, 3, 4])
def test_another_grid_is_none(left):
    pixels, _ = _through_jpeg(_picture(), quality=75, subsampling="4:2:0")
    assert recover(np.ascontiguousarray(pixels[:, left:])) is None


def test_others_are_none_at_once():
    rng = np.random.default_rng(1)
    others = {
        "photograph": np.asarray(_picture()),
        "grey": np.asarray(_picture("L")),
        "noise": rng.integers(0, 256, (300, 300, 3), np.uint8),
        "flat": np.full((300, 300, 3), 77, np.uint8),
        "stripes": np.tile(np.repeat(np.uint8([0, 255]), 4), (300, 40)),
        "black": np.zeros((300, 300), np.uint8),
        "resized": np.asarray(
            Image.fromarray(_through_jpeg(_picture(), quality=75)[0]).resize((333, 301))
        ),
    }
    for name, pixels in others.items():
        start = time.process_time()
        assert not once_a_jpeg(pixels), name
        assert recover(pixels) is None, name
        assert time.process_time() - start < 0.5


def test_small_pictures_and_other_channels_are_none():
    pixels, _ = _through_jpeg(_picture(), quality=75)
    assert recover(pixels[:56, :64]) is None
    assert recover(pixels[:7]) is None
    assert recover(np.dstack([pixels, pixels[..., :1]])) is None


def test_steps_of_one_leave_no_trace():
    pixels, _ = _through_jpeg(_picture(), quality=100, subsampling="4:4:4")
    assert recover(pixels) is None


@pytest.mark.parametrize("quality", [5, 40, 75, 90, 96])
def test_standard_tables_are_pillows(quality):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
    tables = Image.open(file).quantization
    assert [table.tolist() for table in steps.standard(quality)] == [tables[0], tables[1]]


def test_components_are_exact_where_nothing_is_cut():
    rng = np.random.default_rng(2)
    y, cb, cr = rng.integers(0, 256, (3, 200, 200)).astype(np.uint8)
    cb, cr = cb // 3 + 85, cr // 3 + 85
    pixels = np.empty((200, 200, 3), np.uint8)
    render.colors.paint("ycc", [y, cb, cr], pixels)
    planes = of_rgb(pixels)
    assert np.array_equal(planes.sure, ~planes.clipped)
    assert planes.sure.mean() > 0.3
    for value, plane in zip(planes.values, (y, cb, cr), strict=True):
        assert np.array_equal(value[planes.sure] + 128, plane[planes.sure])


@pytest.mark.parametrize("ratio", [(1, 2), (2, 1), (2, 2)])
def test_downsampling_undoes_upsampling(ratio):
    rng = np.random.default_rng(3)
    samples = rng.integers(30, 200, (50, 60)).astype(np.uint8)
    context = np.pad(samples, ((1, 1), (0, 0)), mode="edge") if ratio[0] == 2 else samples
    pixels = upsample(context, ratio, 60 * ratio[1]).astype(np.float32)
    away = downsampling.undo(pixels, ratio) - samples
    assert np.abs(away.mean()) < 0.02
    assert np.abs(away).max() < 1.5
    assert away.std() < 0.3


def test_blocks_and_cosines_are_inverse():
    rng = np.random.default_rng(4)
    plane = rng.normal(size=(33, 50)).astype(np.float32)
    blocks = apart(plane)
    assert blocks.shape == (5, 7, 8, 8)
    back = together(inverse(forward(blocks)))[:33, :50]
    assert np.allclose(back, plane, atol=1e-5)
    # flat blocks: eight times the mean, as JPEG scales it
    assert np.allclose(forward(np.full((1, 8, 8), 3, np.float32))[0, 0], 24)


def test_search_finds_coefficients_that_were_rounded_wrongly():
    """Steps of 2, for which rounding noise is often large enough."""
    rng = np.random.default_rng(5)
    table = np.full(64, 2, np.uint16)
    quantised = (rng.integers(-8, 9, (20, 20, 64)) * (rng.random((20, 20, 64)) < 0.4)).astype("i2")
    component = render.Component(1, 1, table, quantised)
    pixels = render.pixels(render.JpegPicture(160, 160, (component,), "grey"))
    layout = band.Layout((1, 1), (table,))
    planes = band.Planes((pixels[..., 0] - np.float32(128),), np.ones((160, 160), bool), None)
    (found,) = band.recover(pixels, planes, layout)
    plain = np.rint(forward(apart(planes.values[0])) / 2)
    before = (plain != quantised).any(-1).mean()
    after = (found != quantised).any(-1).mean()
    assert after < before / 10
    assert before > 0.005


def test_exceptions_make_the_picture():
    rng = np.random.default_rng(6)
    actual = rng.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    rendered = actual.copy()
    rendered[rng.random((20, 30)) < 0.1] ^= 255
    exceptions = between(actual, rendered)
    assert 20 < len(exceptions.positions) < 120
    assert exceptions.cost_bytes() > len(exceptions.positions)
    exceptions.apply(rendered)
    assert np.array_equal(rendered, actual)
    none = between(actual, actual)
    assert none.cost_bytes() == 0
    none.apply(rendered)
    assert np.array_equal(rendered, actual)


def test_damaged_residuals_stay_bytes():
    rendered = np.full((1, 2, 1), 250, np.uint8)
    Exceptions(np.array([1]), np.array([[10]], np.int16)).apply(rendered)
    assert rendered.tolist() == [[[250], [4]]]
