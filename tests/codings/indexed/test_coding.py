"""The indexed coding: pictures of few colours come back, and are small."""

import io

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.bits import Recorder
from pillow_colorgrid.codings.flats import Flats
from pillow_colorgrid.codings.indexed import coding
from pillow_colorgrid.codings.indexed.contexts import (
    ABOVE,
    CONTEXTS,
    FARTHER,
    LEFT,
    RIGHT,
    TRIPLES,
    Plane,
)
from pillow_colorgrid.codings.indexed.description import INDEXED, RANKS
from pillow_colorgrid.codings.indexed.encoder import encoding, order
from pillow_colorgrid.codings.indexed.tiling import Canvas, Tiling, whole
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy.rans import StreamError
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.pixels import LAYOUTS
from tests.conftest import GOLDEN, PHOTOGRAPHS, damages_are_errors
from tests.format import plain_indexed_decoder


def drawing(size: tuple[int, int], values: int, seed: int = 1) -> np.ndarray:
    """(h, w, 1) uint8 indices: areas, an edge, noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(size)
    areas = (rows // 5 * 3 + columns // 7) % values
    noisy = rng.random(size) < 0.1
    areas[noisy] = rng.integers(0, values, noisy.sum())
    found: np.ndarray = areas.astype(np.uint8)[..., None]
    return found


def written(pixels: np.ndarray, mode: str = "P") -> tuple[Header, list[Section]]:
    sections = coding.encode(Picture(pixels, mode), Options()).sections
    checksum = container.pixel_checksum(pixels.tobytes())
    return Header(INDEXED.number, mode, pixels.shape[1::-1], checksum, 1), sections


def assert_comes_back(pixels: np.ndarray, mode: str = "P") -> None:
    header, sections = written(pixels, mode)
    assert np.array_equal(codec.decode(header, sections), pixels)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (2, 2), (30, 21), (8, 60), (60, 5)])
@pytest.mark.parametrize("values", [1, 2, 3, 5, 16, 255, 256])
def test_roundtrip(size: tuple[int, int], values: int) -> None:
    assert_comes_back(drawing(size, values))


@pytest.mark.parametrize("mode", INDEXED.modes)
def test_roundtrip_of_every_mode(mode: str) -> None:
    layout, rng = LAYOUTS[mode], np.random.default_rng(2)
    values = rng.integers(0, 256, (11, layout.channels * layout.sample_bytes), np.uint8)
    pixels = values.view(layout.sample)[drawing((23, 31), 11)[..., 0]]
    assert_comes_back(pixels, mode)
    file = container.pack(*written(pixels, mode))
    assert np.array_equal(plain_indexed_decoder.decode(file), pixels)


@settings(max_examples=30, deadline=None)
@given(
    arrays.arrays(
        np.uint8,
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=16),
        elements=st.integers(0, 5) | st.integers(250, 255),
    )
)
def test_any_picture_comes_back(pixels: np.ndarray) -> None:
    assert_comes_back(pixels[..., None])


def test_every_256_values_in_any_order_come_back() -> None:
    pixels = np.random.default_rng(4).permutation(256).astype(np.uint8).reshape(16, 16, 1)
    assert_comes_back(pixels)


def saved(image: Image.Image, codec_name: str = "CGX", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, codec_name, **options)
    return file.getvalue()


def page() -> Image.Image:
    """A scan of text in eight grey levels."""
    with Image.open(PHOTOGRAPHS / "page.png") as image:
        return image.convert("L").crop((0, 0, 180, 120)).quantize(8)


def dithered(colors: int) -> Image.Image:
    with Image.open(PHOTOGRAPHS / "astronaut.png") as image:
        photograph = Image.fromarray(np.asarray(image.convert("RGB"))[:100, 140:260])
    return photograph.quantize(palette=photograph.quantize(colors))


def test_scans_and_dithered_photographs_are_smaller_than_rivals() -> None:
    for picture in (page(), dithered(64)):
        file = saved(picture)
        with Image.open(io.BytesIO(file)) as found:
            assert found.info["cgx"]["coding"] == "indexed"
            assert found.tobytes() == picture.tobytes()
            assert found.getpalette() == picture.getpalette()
        rivals = [
            saved(picture, "PNG", optimize=True),
            saved(picture.convert("RGB"), "WEBP", lossless=True, method=6),
        ]
        assert len(file) < 0.9 * min(map(len, rivals))


def test_palettes_stay_as_they_are() -> None:
    """Colours that nobody uses, equal ones, transparent ones, in any order."""
    rng = np.random.default_rng(5)
    image = Image.fromarray(drawing((40, 50), 9)[..., 0] * 7 + 3, "P")
    colors = rng.integers(0, 256, 3 * 200, np.uint8)
    colors[30:60] = colors[9:39]
    image.putpalette(colors.tobytes())
    image.info["transparency"] = bytes(rng.integers(0, 256, 90, np.uint8))
    with Image.open(io.BytesIO(saved(image))) as found:
        assert found.info["cgx"]["coding"] == "indexed"
        assert found.tobytes() == image.tobytes()
        assert found.getpalette() == image.getpalette()
        assert found.info["transparency"] == image.info["transparency"]
        assert found.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


@pytest.mark.parametrize(
    ("size", "effort", "indexed"),
    [((120, 100), 5, True), ((120, 100), 4, False), ((360, 200), 5, False), ((360, 200), 7, True)],
)
def test_few_colours_in_other_modes(size: tuple[int, int], effort: int, indexed: bool) -> None:
    """Pictures that are not small take too long at low efforts."""
    picture = Image.new("RGB", size)
    for left in range(0, size[0], 120):
        for top in range(0, size[1], 100):
            picture.paste(dithered(12).convert("RGB").rotate(left + top), (left, top))
    with Image.open(io.BytesIO(saved(picture, effort=effort))) as found:
        assert (found.info["cgx"]["coding"] == "indexed") == indexed
        assert found.tobytes() == picture.tobytes()


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
@pytest.mark.parametrize("dark", [0, 1])
def test_few_values_of_many_bits(mode: str, dark: int) -> None:
    """Greys of a scan, listed or counted from 0 on."""
    greys = np.asarray(page(), np.uint16) * (1 if dark == 0 else 4000) + dark
    picture = Image.fromarray(greys).convert("I") if mode == "I" else Image.fromarray(greys)
    if mode == "I;16B":
        picture = Image.frombytes(mode, picture.size, greys.astype(">u2").tobytes())
    with Image.open(io.BytesIO(saved(picture))) as found:
        assert found.info["cgx"]["coding"] == "indexed"
        assert (found.mode, found.tobytes()) == (picture.mode, picture.tobytes())


def test_negative_values_are_listed() -> None:
    pixels = (drawing((20, 30), 5).astype("<i4") - 2) * 70_000
    assert_comes_back(pixels, "I")


def test_a_list_that_takes_a_third_is_not_tried() -> None:
    """Forty colours, each a square: the stored coding has them in fewer bytes."""
    colors = np.random.default_rng(6).integers(0, 256, (5, 8, 3), np.uint8)
    picture = Image.fromarray(colors.repeat(5, axis=0).repeat(5, axis=1))
    with Image.open(io.BytesIO(saved(picture))) as found:
        assert found.info["cgx"]["coding"] != "indexed"


def test_fastest_efforts_take_planes() -> None:
    with Image.open(io.BytesIO(saved(page(), effort=2))) as found:
        assert found.info["cgx"]["coding"] == "planes"


@pytest.mark.parametrize(("duration", "indexed"), [(40, False), (None, True)])
def test_frames_of_animations_are_fast_to_show(duration: int | None, indexed: bool) -> None:
    other = page().transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    options = {"save_all": True, "append_images": [other], "duration": duration}
    assert (b"INDX" in saved(page(), **options)) == indexed


def test_values_are_listed_from_dark_to_bright() -> None:
    colors = np.array([[9, 9, 9], [0, 0, 255], [255, 255, 0], [0, 0, 0]], np.uint8)
    palette = Section(b"PLTE", b"\0" + colors.tobytes())
    alphas = Section(b"trns", b"\2" + bytes([255, 255, 0]))
    values = np.arange(4, dtype=np.uint8)[:, None]
    large = np.zeros((200, 200, 1), np.uint8)
    for metadata, wanted in (((palette,), [3, 0, 1, 2]), ((palette, alphas), [2, 3, 0, 1])):
        (found,) = order.orders(Picture(large, "P", metadata=metadata), values)
        assert found[:, 0].tolist() == wanted


def test_more_than_256_colours_are_refused() -> None:
    pixels = np.arange(257, dtype=np.uint16).view(np.uint8).reshape(1, 257, 2)
    assert order.values_of(pixels) is None
    with pytest.raises(ValueError, match="more than 256 different pixels"):
        coding.encode(Picture(pixels, "LA"), Options())


def test_plain_decoder_agrees() -> None:
    for name in ("1.1-indexed-p.cgx", "1.1-indexed-rgba.cgx"):
        path = GOLDEN / name
        with Image.open(path) as picture:
            wanted = np.asarray(picture).reshape(picture.height, picture.width, -1)
        assert np.array_equal(plain_indexed_decoder.decode(path.read_bytes()), wanted)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (12, 5), (7, 40)])
@pytest.mark.parametrize("values", [1, 2, 3, 11])
def test_plain_decoder_agrees_at_all_edges(size: tuple[int, int], values: int) -> None:
    pixels = drawing(size, values)
    file = container.pack(*written(pixels))
    assert np.array_equal(plain_indexed_decoder.decode(file), pixels)


def test_plain_decoder_agrees_where_counts_are_halved() -> None:
    pixels = np.zeros((20, 200, 1), np.uint8)
    pixels[4:18, 30:190:17] = 3
    file = container.pack(*written(pixels))
    assert np.array_equal(plain_indexed_decoder.decode(file), pixels)


TILINGS = (whole(7, 19), Tiling(7, 19, 3, 19), Tiling(7, 19, 4, 6))


@pytest.mark.parametrize("tiling", TILINGS)
def test_contexts_see_what_is_told(tiling: Tiling) -> None:
    """The same as pixel by pixel, at all edges of all tiles."""
    rng = np.random.default_rng(2)
    numbers = np.where(rng.random((7, 19)) < 0.2, rng.integers(1, 5, (7, 19)), 3).astype(np.int32)
    plane = Plane(tiling)
    wanted = plane.canvas.spread(numbers)
    where = plane.canvas.spread(np.arange(1, numbers.size + 1).reshape(7, 19)) - 1
    flats = 0
    for places, last in plane.canvas.lines():
        line = plane.line(places, last)
        around = plane.around(line, np.arange(len(places)))
        for k, at in enumerate(where.take(places)):
            y, x = divmod(int(at), 19)
            tile = plain_indexed_decoder.Tile(0, 0)
            top, left = y // tiling.rows * tiling.rows, x // tiling.columns * tiling.columns
            tile.found = numbers[top : top + tiling.rows, left : left + tiling.columns]
            first, second, contexts = tile.surroundings(y - top, x - left)
            assert (around.first[k], around.second[k]) == (first, second)
            assert around.contexts[:, k].tolist() == contexts
            assert line.flat[k] == tile.is_flat(y - top, x - left)
            flats += line.flat[k]
        plane.put(line, wanted.take(places))
    assert len(contexts) == CONTEXTS
    assert (flats > 0) == (tiling == whole(7, 19))
    assert np.array_equal(plane.numbers(), numbers)


def test_no_neighbour_is_beyond_the_room_around() -> None:
    above, right = zip(*TRIPLES, *FARTHER, strict=True)
    assert (max(above), 2 - min(right), max(right)) == (ABOVE, LEFT, RIGHT)


@pytest.mark.parametrize("tiling", TILINGS)
def test_every_pixel_is_in_one_line(tiling: Tiling) -> None:
    canvas = Canvas(tiling, 1, 2, 3)
    numbers = np.arange(1, 7 * 19 + 1).reshape(7, 19)
    flat = canvas.spread(numbers)
    assert np.array_equal(canvas.gathered(flat), numbers)
    lines = [flat.take(places) for places, _ in canvas.lines()]
    assert sorted(np.concatenate(lines).tolist()) == numbers.reshape(-1).tolist()
    assert max(map(len, lines)) <= tiling.longest_line()


@pytest.mark.parametrize("size", [(130, 64), (65, 300), (200, 200)])
def test_tiles_come_back(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large is in tiles, but not at the highest efforts; the plain decoder agrees."""
    monkeypatch.setattr(encoding, "TILED_PIXELS", 1000)
    monkeypatch.setattr(encoding, "TILE", (64, 96))
    pixels = drawing(size, 7)
    header, sections = written(pixels)
    (section,) = sections
    assert section.payload[0] & coding.TILED
    assert np.array_equal(codec.decode(header, sections), pixels)
    assert np.array_equal(plain_indexed_decoder.decode(container.pack(header, sections)), pixels)
    (section,) = coding.encode(Picture(pixels, "P"), Options(effort=8)).sections
    assert not section.payload[0] & coding.TILED


def test_damaged_pictures_are_errors() -> None:
    damages_are_errors(*written(drawing((30, 40), 6)))


@pytest.mark.parametrize(
    ("mode", "payload", "message"),
    [
        ("P", b"", "0 bytes, needed 2"),
        ("P", b"\x08\1" + bytes(8), "flags 0x8"),
        ("P", b"\4\1\x40\0\x40", "size of tiles of 3 bytes"),
        ("P", b"\4\1\x40\0\x3f\0" + bytes(4), "tiles of 64 x 63, allowed 64"),
        ("P", b"\2\5abc", "6 values in 5 bytes, needed 8"),
        ("P", b"\2\2aba" + bytes(8), "two of the values are equal"),
        ("RGB", b"\0\1" + bytes(8), "values of 3 samples are not listed"),
        ("P", b"\0\0\0", "1 bytes behind the only value"),
        ("P", b"\0\1" + bytes(3), "indexed coding: stream of 3 bytes"),
        ("P", b"\0\1" + bytes(4), "indexed coding"),
        ("P", b"\0\1" + b"\xff" * 40, "outside of the picture|indexed coding"),
    ],
)
def test_impossible_pictures_are_refused(mode: str, payload: bytes, message: str) -> None:
    header = Header(INDEXED.number, mode, (9, 9), bytes(8), 1)
    with pytest.raises(DamagedError, match=message):
        coding.decode(header, [RANKS.section(payload)])


def test_pixels_that_are_outside_are_refused() -> None:
    """The first candidate of the first pixel is what is outside of the picture."""
    recorder = Recorder()
    coding.Walk(whole(1, 1), 2, recorder.code, np.zeros((1, 1), np.int32)).all()
    header = Header(INDEXED.number, "P", (1, 1), bytes(8), 1)
    with pytest.raises(DamagedError, match="a pixel is what is outside"):
        coding.decode(header, [RANKS.section(b"\0\1" + recorder.finish())])


def test_surprises_beyond_the_flat_pixels_are_refused() -> None:
    """Of three flat pixels the first one that surprises is the sixteenth."""
    answers = iter((np.array([1]), np.array([1, 1, 1, 1])))
    flats = Flats(2, lambda likely, known: next(answers))
    with pytest.raises(StreamError, match="place 15 among 3 flat pixels"):
        flats.surprises(np.ones(3, np.int32), None)


def test_tiles_of_too_long_lines_are_refused() -> None:
    header = Header(INDEXED.number, "P", (2**12, 2**12), bytes(8), 1)
    section = RANKS.section(b"\4\1\x40\0\x40\0" + bytes(4))
    with pytest.raises(DamagedError, match="64 x 64 make lines of 131072 pixels, allowed 16384"):
        coding.decode(header, [section])


def test_pictures_that_are_too_large_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    header = Header(INDEXED.number, "P", (30_000, 30_000), bytes(8), 1)
    with pytest.raises(DamagedError, match="allowed 16777216"):
        coding.decode(header, [RANKS.section(b"\0\1" + bytes(4))])
    monkeypatch.setattr(coding, "MOST_PIXELS", 99)
    with pytest.raises(ValueError, match="picture of 100 pixels, allowed 99"):
        coding.encode(Picture(np.zeros((10, 10, 1), np.uint8), "P"), Options())


def test_without_its_section_nothing_is_shown() -> None:
    header = Header(INDEXED.number, "P", (9, 9), bytes(8), 1)
    with pytest.raises(TruncatedError):
        codec.decode(header, [], partial=True)
