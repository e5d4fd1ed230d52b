"""Gradients: found to the last bit, told exactly in any part of the picture; damage is an error."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, features

import pillow_colorgrid
from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.stored import coding as stored, gradients as stored_gradients
from pillow_colorgrid.codings.stored.description import GRADIENTS, STORED
from pillow_colorgrid.codings.stored.encoder import gradients as encoder
from pillow_colorgrid.codings.stored.gradients import (
    MOST_SLOPE,
    MOST_START,
    Gradient,
    Gradients,
    Plane,
    pack,
    shaded_shape,
    unpack,
)
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.pixels import Bytes
from tests.codings.stored.gradient_pages import BAYER, gradient, slide
from tests.conftest import noise, photograph

UNIT = 2**stored_gradients.STEP_BITS


def pixels_of(image: Image.Image) -> Bytes:
    return np.asarray(image).reshape(image.height, image.width, -1)


def whole(pixels: Bytes) -> Tile:
    return Tile(0, 0, *pixels.shape[:2])


def saved(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "CGX", **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def sections_of(data: bytes) -> list[Section]:
    file = io.BytesIO(data)
    container.read_header(file)
    return list(container.read_sections(file))


# -- what the bytes mean --------------------------------------------------------------------------


def test_pattern_is_that_of_the_format() -> None:
    assert np.array_equal(stored_gradients.PATTERN, BAYER)


def test_known_payload() -> None:
    """FORMAT.md 3.4.2: a row of 4 grey pixels; the value rises by 20 from 10 on."""
    told = "0100 0000 00" * 2 + "01 00 07" + "000000000a000000 0000000014000000 0000000000000000"
    data = bytes.fromhex(told)
    found = unpack(data, (4, 1), 1)
    assert pack(found) == data
    pixels = np.array([[[7], [8], [7], [7]]], np.uint8)
    found.paint(pixels, whole(pixels))
    assert pixels.ravel().tolist() == [10, 8, 50, 70]


def test_shaded_blocks_are_told_from_their_gradient() -> None:
    planes = (Plane(100 * UNIT, UNIT, 0),)
    shaded = np.array([[1, 0]], np.uint8)
    found = Gradients((Gradient((7,), planes),), shaded=shaded)
    pixels = np.full((8, 16, 1), 7, np.uint8)
    pixels[0, :3, 0] = 4, 3, 0
    pixels[0, 9:12, 0] = 4, 7, 200
    found.paint(pixels, whole(pixels))
    assert pixels[0, :3, 0].tolist() == [97, 97, 95]
    assert pixels[0, 9:12, 0].tolist() == [4, 110, 200]


planes = st.builds(
    Plane,
    st.integers(1 - MOST_START, MOST_START - 1),
    st.integers(1 - MOST_SLOPE, MOST_SLOPE - 1),
    st.integers(1 - MOST_SLOPE, MOST_SLOPE - 1),
)


@st.composite
def runs(draw: st.DrawFn) -> stored_gradients.Runs:
    firsts = sorted(draw(st.sets(st.integers(1, 40), max_size=4)))
    return tuple((first, draw(st.integers(0, 7))) for first in (0, *firsts))


@st.composite
def told(draw: st.DrawFn, size: tuple[int, int], channels: int) -> Gradients:
    """Any gradients of a picture of `size` (width, height)."""
    marker = st.tuples(*[st.integers(0, 3)] * channels)
    markers = draw(st.lists(marker, min_size=1, max_size=3, unique=True))
    found = tuple(
        Gradient(one, tuple(draw(planes) for _ in range(channels)), draw(st.booleans()))
        for one in markers
    )
    shaded = None
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        shaded = rng.integers(0, len(found) + 1, shaded_shape(size), np.uint8)
    return Gradients(found, draw(runs()), draw(runs()), shaded)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_gradients_roundtrip_and_paint_alike_in_parts(data: st.DataObject) -> None:
    width, height = size = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    channels = data.draw(st.sampled_from([1, 3, 4]))
    gradients = data.draw(told(size, channels))
    read = unpack(pack(gradients), size, channels)
    assert read.found == gradients.found
    assert pack(read) == pack(gradients)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    marked = rng.integers(0, 4, (height, width, channels), np.uint8)
    painted = marked.copy()
    read.paint(painted, whole(painted))
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    box = Tile(top, left, height - top, width - left)
    part = marked[box.place].copy()
    read.paint(part, box)
    assert np.array_equal(part, painted[box.place])


def test_strips_paint_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = encoder.find(pixels_of(slide()))
    assert marked is not None
    painted = marked.pixels.copy()
    marked.gradients.paint(painted, whole(painted))
    monkeypatch.setattr(stored_gradients, "STRIP_PIXELS", 1)
    in_strips = marked.pixels.copy()
    marked.gradients.paint(in_strips, whole(in_strips))
    assert np.array_equal(painted, in_strips)


# -- what is found --------------------------------------------------------------------------------


@pytest.mark.parametrize("tile", [None, 62, 254])
def test_gradients_are_found_to_the_last_bit(tile: int | None) -> None:
    planes = [(40.3, 0.31, 0.07), (90.1, -0.16, 0.03), (7.0, 0.0, 0.0)]
    pixels = pixels_of(gradient((300, 220), planes, tile))
    marked = encoder.find(pixels)
    assert marked is not None
    assert len(marked.gradients.found) == 1
    assert marked.gradients.found[0].dithered == (tile is not None)
    told = marked.gradients.told(0, whole(pixels))
    assert np.mean(told == pixels) > 0.997
    if tile is not None:
        assert np.array_equal(told, pixels)
    if tile == 62:
        firsts = [first for first, _ in marked.gradients.columns]
        assert firsts == [0, 63, 125, 187, 249]


@pytest.mark.parametrize("tile", [None, 62])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_marks_are_exact(mode: str, tile: int | None) -> None:
    pixels = pixels_of(slide(tile).convert(mode))
    marked = encoder.find(pixels)
    assert marked is not None
    assert len(marked.gradients.found) == 2 or mode == "L"  # no plane: a mix of rounded channels
    painted = marked.pixels.copy()
    marked.gradients.paint(painted, whole(painted))
    assert np.array_equal(painted, pixels)
    read = unpack(pack(marked.gradients), (300, 220), pixels.shape[2])
    again = marked.pixels.copy()
    read.paint(again, whole(again))
    assert np.array_equal(again, pixels)


def test_grey_gradients_are_found() -> None:
    pixels = pixels_of(gradient((200, 160), [(30, 0.4, 0.3)], 62))
    marked = encoder.find(pixels)
    assert marked is not None
    painted = marked.pixels.copy()
    marked.gradients.paint(painted, whole(painted))
    assert np.array_equal(painted, pixels)


def test_grey_that_has_all_values_has_no_marker() -> None:
    pixels = pixels_of(gradient((200, 160), [(90, 0.3, 0.2)])).copy()
    pixels[140:150, :128, 0] = np.arange(256).reshape(2, 128).repeat(5, 0)
    assert encoder.find(pixels) is None


def test_shadows_are_told_from_the_gradient_below() -> None:
    marked = encoder.find(pixels_of(slide()))
    assert marked is not None
    assert marked.gradients.shaded is not None
    assert marked.calm(16).any()


@pytest.mark.parametrize(
    "image",
    [
        photograph("coffee", 200, 160),
        noise("RGB", (120, 90)),
        Image.new("RGB", (200, 160), (9, 8, 7)),
        Image.new("RGB", (40, 200)),
    ],
    ids=["photograph", "noise", "flat", "narrow"],
)
def test_nothing_is_found_where_there_is_none(image: Image.Image) -> None:
    assert encoder.find(pixels_of(image)) is None


@settings(deadline=None, max_examples=15)
@given(
    starts=st.lists(st.floats(-50, 300), min_size=3, max_size=3),
    slopes=st.lists(st.floats(-1.5, 1.5), min_size=6, max_size=6),
    tile=st.sampled_from([None, 30, 254]),
)
def test_any_gradient_is_exact(starts: list[float], slopes: list[float], tile: int | None) -> None:
    """Clipped or not, steep or flat, found or not: what comes back is the picture."""
    planes = list(zip(starts, slopes[:3], slopes[3:], strict=True))
    pixels = pixels_of(gradient((96, 80), planes, tile))
    marked = encoder.find(pixels)
    if marked is not None:
        painted = marked.pixels.copy()
        marked.gradients.paint(painted, whole(painted))
        assert np.array_equal(painted, pixels)


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.skipif(not features.check("webp"), reason="compares with WebP")
@pytest.mark.parametrize("effort", [1, 5, 9])
def test_slides_are_much_smaller_and_exact(effort: int) -> None:
    image = slide()
    data = saved(image, effort=effort)
    assert any(section.type == GRADIENTS.type for section in sections_of(data))
    assert np.array_equal(np.asarray(opened(data)), np.asarray(image))
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=True)
    assert len(data) < 0.5 * len(file.getvalue())


def test_a_photograph_on_a_gradient_has_both() -> None:
    image = slide()
    image.paste(photograph("coffee", 96, 80), (20, 110))
    data = saved(image, effort=2)
    assert [section.type for section in sections_of(data)] == [b"GRAD", b"STOR", b"RECT"]
    assert np.array_equal(np.asarray(opened(data)), np.asarray(image))


def test_a_region_is_the_part_of_the_whole() -> None:
    image = slide()
    data = saved(image, effort=1)
    box = (101, 37, 283, 199)
    with pillow_colorgrid.open_region(io.BytesIO(data), box) as part:
        assert np.array_equal(np.asarray(part), np.asarray(image.crop(box)))


def test_files_state_version_1_1() -> None:
    data = saved(slide(), effort=1)
    assert data[9] == 1
    found = container.read_header(io.BytesIO(data))
    with pytest.raises(DamagedError, match=r"version 1\.0 does not have all sections"):
        codec.decode(replace(found, minor=0), sections_of(data))


# -- damage ---------------------------------------------------------------------------------------

HEAD = "0100 0000 00" * 2
PLANES = "00" * 24


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "0 runs of columns or rows in 0 bytes"),
        ("0000", "0 runs"),
        ("0100 0000", "1 runs of columns or rows in 4 bytes"),
        ("0100 0100 00", "do not rise from 0"),
        ("0200 0000 00 0000 00", "do not rise from 0"),
        ("0100 0000 08", "shifted by more than 7"),
        (HEAD, "0 gradients in 0 bytes"),
        (HEAD + "00", "0 gradients"),
        (HEAD + "41" + "00" * 26 * 65, "65 gradients"),
        (HEAD + "01 00", "1 gradients in 2 bytes"),
        (HEAD + "01 02 07" + PLANES, "kind 2, allowed 0 and 1"),
        (HEAD + "02" + 2 * ("00 07" + PLANES), "2 gradients with 1 markers"),
        (HEAD + "01 00 07 0000000000000001" + "00" * 16, r"below 2\*\*56"),
        (HEAD + "01 00 07 0000000000000000 0000000000010000" + "00" * 8, r"below 2\*\*56"),
        (HEAD + "01 00 07" + PLANES + "00", "zstd data damaged"),
        (HEAD + "01 00 07" + PLANES + "28b52ffd 20 01 09 00 00 02", "gradient 2, allowed 1 to 1"),
    ],
)
def test_wrong_gradients_are_refused(payload: str, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        unpack(bytes.fromhex(payload), (4, 1), 1)


def test_damaged_gradients_are_errors() -> None:
    """With right CRCs: only CgxError comes out; what decodes, the pixels' checksum tells."""
    pixels = pixels_of(slide())
    marked = encoder.find(pixels)
    assert marked is not None
    packed = pack(marked.gradients)
    base = stored.quick(Picture(marked.pixels, "RGB")).sections
    header = Header(STORED.number, "RGB", (300, 220), container.UNSTATED, 1)
    shown = stored.decode(header, [GRADIENTS.section(packed), *base])
    assert np.array_equal(shown, pixels)
    rng = np.random.default_rng(1)
    for position in rng.integers(0, len(packed), 60):
        damaged = bytearray(packed)
        damaged[position] ^= rng.integers(1, 256)
        try:
            found = stored.decode(header, [GRADIENTS.section(bytes(damaged)), *base])
            assert found.shape == pixels.shape
        except CgxError:
            continue


def test_pages_without_gradients_stay_as_they_were() -> None:
    image = Image.new("RGB", (200, 160), "white")
    image.paste(photograph("coffee", 96, 80), (20, 30))
    types = {section.type for section in sections_of(saved(image, effort=2))}
    assert GRADIENTS.type not in types


def test_quick_is_never_exceeded() -> None:
    """As ever: not larger than WebP at once, even if gradients were found in vain."""
    image = slide()
    bare = container.size_bytes(stored.quick(Picture(pixels_of(image), "RGB")).sections)
    data = saved(image, effort=5)
    assert len(data) <= bare + 64


def test_what_tells_too_little_is_left() -> None:
    pixels = pixels_of(slide())
    marked = encoder.find(pixels)
    assert marked is not None
    told = marked.share(pixels)
    assert 0.3 < told < 1
    assert encoder.find(pixels, told - 0.01) is not None
    assert encoder.find(pixels, told + 0.01) is None
