"""The bilevel coding: pages of black and white come back, and are small."""

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings import bits
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.bilevel import coding
from pillow_colorgrid.codings.bilevel.description import BILEVEL, PAGE
from pillow_colorgrid.codings.bilevel.model import ALL_COUNTS, TABLE_BITS, TEMPLATES, Model
from pillow_colorgrid.codings.bilevel.stripes import Stripes
from pillow_colorgrid.codings.bilevel.surroundings import Surroundings
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


def test_plain_decoder_agrees_on_stripes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "STRIPE_PIXELS", 1000)
    monkeypatch.setattr(coding, "STRIPE_ROWS", 9)
    for white in (text((0, 0, 90, 50)), text((0, 0, 130, 40))):
        header, sections = written(white)
        assert sections[0].payload[1] > 3
        file = container.pack(header, sections)
        assert np.array_equal(plain_bilevel_decoder.decode(file), white)
        assert np.array_equal(codec.decode(header, sections)[..., 0] == 255, white)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_contexts_see_what_is_told(count: int) -> None:
    """By the registers of rows the same as pixel by pixel, at all edges."""
    page = (np.random.default_rng(2).random((9, 23)) < 0.5).astype(np.uint8)
    stripes, model = Stripes(9, 23, count), Model()
    surroundings, flat = Surroundings(stripes), stripes.spread(page)
    apart = flat.reshape(stripes.rows, count, 23).transpose(1, 0, 2)
    offsets = np.cumsum([0, *(2**k for k in TABLE_BITS)])
    for line in stripes:
        found = model.told(surroundings.of(line)).places
        rows, columns = np.divmod(line.places, 23)
        wanted = [
            plain_bilevel_decoder.around(apart[row % count], row // count, column)
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        for k in range(len(TEMPLATES)):
            told = [plain_bilevel_decoder.context(one, k) for one in wanted]
            assert (found[k] - offsets[k]).tolist() == told
        surroundings.add(line, flat.take(line.places))


@pytest.mark.parametrize("size", [(7, 12), (7, 1), (1, 12), (6, 2)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_pixel_is_in_one_line(size: tuple[int, int], count: int) -> None:
    stripes = Stripes(*size, min(count, size[0]))
    seen = np.zeros(stripes.rows * stripes.count * size[1], int)
    for line in stripes:
        seen[line.places] += 1
        assert len(line.places) <= stripes.longest_line()
    assert (seen == 1).all()
    page = np.arange(size[0] * size[1]).reshape(size)
    assert np.array_equal(stripes.gathered(stripes.spread(page)), page)


def test_tables_are_the_same_everywhere() -> None:
    """What is rounded is far from a half: no arithmetic rounds it otherwise."""
    logs = [256 * math.log((p + 0.5) / (4095.5 - p)) for p in range(4096)]
    ones = [2**14 / (1 + math.exp(-x / 256)) for x in range(-2304, 2305)]
    for values in (logs, [one for one in ones if 2 < one < 2**14 - 2]):
        assert min(abs(value - math.floor(value) - 0.5) for value in values) > 1e-5
    assert bits.STRETCHED.sum() == 0
    assert (bits.SQUASHED + bits.SQUASHED[::-1] == 2**14).all()
    assert ALL_COUNTS == 2**14 + 2**18 + 2**20 + 2**20


def test_damaged_pages_are_errors() -> None:
    damages_are_errors(*written(text((0, 0, 120, 60))))


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "page of 0 bytes, needed 2"),
        (b"\0", "page of 1 bytes"),
        (b"\4\1" + bytes(8), "flags 0x4"),
        (b"\0\0" + bytes(8), "0 stripes of 9 rows, allowed 1 to 9"),
        (b"\0\x0a" + bytes(8), "10 stripes of 9 rows"),
        (b"\0\1" + bytes(4), "bilevel coding"),
        (b"\0\1" + bytes(5), "bilevel coding"),
    ],
)
def test_impossible_pages_are_refused(payload: bytes, message: str) -> None:
    header = Header(BILEVEL.number, "1", (9, 9), bytes(8), 1)
    with pytest.raises(DamagedError, match=message):
        coding.decode(header, [PAGE.section(payload)])


def test_lines_that_are_too_long_are_refused() -> None:
    header = Header(BILEVEL.number, "1", (300, 65_536), bytes(8), 1)
    with pytest.raises(DamagedError, match="lines of 25500 pixels, allowed 16384"):
        coding.decode(header, [PAGE.section(b"\0\xff" + bytes(4))])


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
