"""The bilevel coding: pages of black and white come back, and are small."""

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.bilevel import coding, model
from pillow_colorgrid.codings.bilevel.description import BILEVEL, PAGE
from pillow_colorgrid.codings.bilevel.templates import (
    ALL_CONTEXTS,
    TABLE_BITS,
    TEMPLATES,
    Rows,
    steps,
)
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from tests.conftest import GOLDEN, PHOTOGRAPHS, damages_are_errors
from tests.format import plain_bilevel_decoder


def text(box: tuple[int, int, int, int]) -> np.ndarray:
    """A part of a page of text: (h, w) bool, white."""
    with Image.open(PHOTOGRAPHS / "page.png") as image:
        found: np.ndarray = np.asarray(image.convert("L").crop(box)) > 120
    return found


def written(white: np.ndarray) -> tuple[Header, list[Section]]:
    pixels = (white * np.uint8(255))[..., None]
    sections = coding.encode(Picture(pixels, "1"), Options()).sections
    checksum = container.pixel_checksum(pixels.tobytes())
    return Header(BILEVEL.number, "1", pixels.shape[1::-1], checksum, 1), sections


def assert_comes_back(white: np.ndarray) -> None:
    header, sections = written(white)
    assert np.array_equal(codec.decode(header, sections)[..., 0] == 255, white)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (2, 2), (60, 41), (8, 130), (130, 5)])
@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.98, 1.0])
def test_roundtrip(size: tuple[int, int], part: float) -> None:
    rng = np.random.default_rng(1)
    assert_comes_back(rng.random(size) < part)


@settings(max_examples=30, deadline=None)
@given(
    arrays.arrays(
        bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.booleans()
    )
)
def test_any_page_comes_back(white: np.ndarray) -> None:
    assert_comes_back(white)


def test_text_is_smaller_than_rivals() -> None:
    page = Image.fromarray(text((0, 0, 384, 191)))
    sizes = {}
    for name, options in (("CGX", {}), ("TIFF", {"compression": "group4"}), ("PNG", {})):
        file = io.BytesIO()
        page.save(file, name, **options)
        sizes[name] = file.tell()
        if name == "CGX":
            with Image.open(file) as found:
                assert found.info["cgx"]["coding"] == "bilevel"
                assert found.tobytes() == page.tobytes()
    assert sizes["CGX"] < 0.8 * min(sizes["TIFF"], sizes["PNG"])


def test_fastest_efforts_take_planes() -> None:
    file = io.BytesIO()
    Image.fromarray(text((0, 0, 100, 60))).save(file, "CGX", effort=2)
    with Image.open(file) as found:
        assert found.info["cgx"]["coding"] == "planes"


def test_plain_decoder_agrees() -> None:
    path = GOLDEN / "1.1-bilevel.cgx"
    with Image.open(path) as picture:
        wanted = np.asarray(picture)
    assert np.array_equal(plain_bilevel_decoder.decode(path.read_bytes()), wanted)


def test_plain_decoder_agrees_where_counts_are_halved() -> None:
    white = np.ones((24, 300), bool)
    white[5:20, 40:260:17] = False
    header, sections = written(white)
    file = container.pack(header, sections)
    assert np.array_equal(plain_bilevel_decoder.decode(file), white)


def test_contexts_see_what_is_told() -> None:
    """By the registers of rows the same as pixel by pixel, at all edges."""
    bits = (np.random.default_rng(2).random((9, 23)) < 0.5).astype(np.int64)
    rows = Rows(9)
    offsets = np.cumsum([0, *(2**k for k in TABLE_BITS)])
    for first, end, start in steps(*bits.shape):
        places = [(y, start - 3 * y) for y in range(first, end)]
        found = rows.contexts(first, end)
        for number in range(len(TEMPLATES)):
            wanted = [plain_bilevel_decoder.context(bits, y, x, number) for y, x in places]
            assert (found[number] - offsets[number]).tolist() == wanted
        rows.add(first, end, np.array([bits[place] for place in places]))


def test_every_pixel_is_in_one_line() -> None:
    seen = np.zeros((7, 12), int)
    for first, end, start in steps(7, 12):
        for y in range(first, end):
            seen[y, start - 3 * y] += 1
    assert (seen == 1).all()


def test_tables_are_the_same_everywhere() -> None:
    """What is rounded is far from a half: no arithmetic rounds it otherwise."""
    logs = [256 * math.log((p + 0.5) / (4095.5 - p)) for p in range(4096)]
    ones = [2**14 / (1 + math.exp(-x / 256)) for x in range(-2304, 2305)]
    for values in (logs, [one for one in ones if 2 < one < 2**14 - 2]):
        assert min(abs(value - math.floor(value) - 0.5) for value in values) > 1e-5
    assert model.STRETCHED.sum() == 0
    assert (model.SQUASHED + model.SQUASHED[::-1] == 2**14).all()
    assert ALL_CONTEXTS == 2**12 + 2**19 + 2**18 + 2**20


def test_damaged_pages_are_errors() -> None:
    damages_are_errors(*written(text((0, 0, 120, 60))))


@pytest.mark.parametrize(
    "payload", [b"", b"\0", b"\2" + bytes(8), b"\0" + bytes(4), b"\0" + bytes(5)]
)
def test_impossible_pages_are_refused(payload: bytes) -> None:
    header = Header(BILEVEL.number, "1", (9, 9), bytes(8), 1)
    with pytest.raises(DamagedError):
        coding.decode(header, [PAGE.section(payload)])


def test_pages_that_are_too_large_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    header = Header(BILEVEL.number, "1", (30_000, 30_000), bytes(8), 1)
    with pytest.raises(DamagedError, match="allowed 67108864"):
        coding.decode(header, [PAGE.section(b"\0" + bytes(4))])
    monkeypatch.setattr(coding, "MOST_PIXELS", 99)
    with pytest.raises(ValueError, match="page of 100 pixels, allowed 99"):
        coding.encode(Picture(np.zeros((10, 10, 1), np.uint8), "1"), Options())


def test_without_its_section_nothing_is_shown() -> None:
    header = Header(BILEVEL.number, "1", (9, 9), bytes(8), 1)
    with pytest.raises(TruncatedError):
        codec.decode(header, [], partial=True)
