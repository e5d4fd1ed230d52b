"""Photographs on pages: found to the pixel, coded by themselves, exact; damage is an error."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

import pillow_colorgrid
from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.stored import coding as stored, rectangles
from pillow_colorgrid.codings.stored.description import RECTANGLE, STORED
from pillow_colorgrid.codings.stored.encoder import finding, page as page_encoder
from pillow_colorgrid.codings.stored.rectangles import Rectangle
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.pixels import Bytes
from tests.codings.stored.pages import PHOTOGRAPH, page, page_with_jpeg
from tests.conftest import noise, photograph, picture_of

EFFORT = 2

PLACE = Tile(PHOTOGRAPH[1], PHOTOGRAPH[0], 80, 96)


def pixels_of(image: Image.Image) -> Bytes:
    return np.asarray(image).reshape(image.height, image.width, -1)


def header(size: tuple[int, int], mode: str = "RGB") -> Header:
    return Header(STORED.number, mode, size, container.UNSTATED, 1)


def saved(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "CGX", **{"effort": EFFORT, **options})
    return file.getvalue()


def sections_of(data: bytes) -> list[Section]:
    file = io.BytesIO(data)
    container.read_header(file)
    return list(container.read_sections(file))


def rectangle(tile: Tile, mode: str = "RGB") -> Rectangle:
    """Grey by the lossless coding."""
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    grey = np.full((tile.height, tile.width, channels), 77, np.uint8)
    return Rectangle(
        tile, LOSSLESS, tuple(lossless.encode(Picture(grey, mode), Options(1)).sections)
    )


def base(pixels: Bytes) -> list[Section]:
    return stored.quick(picture_of(pixels)).sections


# -- finding --------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(
    left=st.integers(0, 140),
    top=st.integers(0, 100),
    width=st.integers(96, 120),
    height=st.integers(96, 120),
)
def test_a_photograph_is_found_to_the_pixel(left: int, top: int, width: int, height: int) -> None:
    image = Image.new("RGB", (260, 220), "white")
    image.paste(photograph("astronaut", width, height), (left, top))
    expected = Tile(top, left, height, width)
    tried: list[Tile] = []
    found = finding.photographs(pixels_of(image), lambda tile: not tried.append(tile))
    assert set(found) <= set(tried)
    assert expected in found


def test_words_are_no_photograph_and_a_photograph_is_no_page() -> None:
    words = pixels_of(page().crop((0, 0, 125, 200)))
    assert finding.photographs(words, lambda _: True) == []
    whole = pixels_of(photograph("coffee"))
    assert not finding.is_page(whole)
    assert finding.is_page(words)


def test_what_is_not_worth_it_is_tried_once() -> None:
    tried: list[Tile] = []
    assert finding.photographs(pixels_of(page()), lambda tile: bool(tried.append(tile))) == []
    assert PLACE in tried
    assert len(tried) == len(set(tried))


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 99))
def test_rectangles_never_overlap(seed: int) -> None:
    chance = np.random.default_rng(seed)
    image = page(size=(400, 300))
    for _ in range(4):
        side, left, top = (int(n) for n in chance.integers((50, -20, -20), (150, 380, 280)))
        image.paste(photograph("chelsea", side, side), (left, top))
    found = finding.photographs(pixels_of(image), lambda _: bool(chance.integers(2)))
    covered = np.zeros((300, 400), np.uint8)
    for tile in found:
        covered[tile.place] += 1
    assert sum(tile.height * tile.width for tile in found) == np.count_nonzero(covered)
    assert covered.max(initial=0) <= 1


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_the_largest_rectangle_of_a_mask(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    mask = np.random.default_rng(data.draw(st.integers(0, 999))).random(shape) < 0.85
    least = finding.MIN_BLOCKS
    best = max(
        (
            (bottom - top) * (right - left)
            for top in range(shape[0])
            for bottom in range(top + least, shape[0] + 1)
            for left in range(shape[1])
            for right in range(left + least, shape[1] + 1)
            if mask[top:bottom, left:right].all()
        ),
        default=0,
    )
    found = finding.largest(mask)
    assert (found.height * found.width if found else 0) == best
    assert found is None or mask[found.place].all()


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_roundtrip(mode: str) -> None:
    image = page(mode)
    if mode == "RGBA":
        alpha = Image.new("L", image.size, 200)
        alpha.paste(Image.linear_gradient("L").resize((96, 80)), PHOTOGRAPH)
        image.putalpha(alpha)
    picture = Picture(pixels_of(image), mode)
    found = page_encoder.encode(picture, Options(EFFORT))
    assert found is not None
    sections = found.encoded.sections
    assert [r.tile for r in rectangles.unpack(sections, header(image.size, mode))] == [PLACE]
    assert found.share == 96 * 80 / (260 * 200)
    assert np.array_equal(stored.decode(header(image.size, mode), sections), picture.pixels)


@pytest.mark.parametrize("effort", [1, 5, 9])
def test_a_page_is_smaller_than_as_one(effort: int, monkeypatch: pytest.MonkeyPatch) -> None:
    image = page()
    file = saved(image, effort=effort)
    monkeypatch.setattr(page_encoder, "encode", lambda *_: None)
    assert len(file) < 0.97 * len(saved(image, effort=effort))
    with Image.open(io.BytesIO(file)) as opened:
        assert opened.info["cgx"]["coding"] == "stored"
        assert opened.tobytes() == image.tobytes()
    assert container.read_header(io.BytesIO(file)).minor == 1


def test_a_jpeg_file_on_a_page_keeps_its_coefficients() -> None:
    image = page_with_jpeg()
    file = saved(image)
    codings = {r.tile: r.coding for r in rectangles.unpack(sections_of(file), header(image.size))}
    assert codings[Tile(140, 40, 160, 192)] is JPEG
    assert len(file) < 0.6 * len(saved(image, origin="none"))
    with Image.open(io.BytesIO(file)) as opened:
        assert opened.tobytes() == image.tobytes()


def test_a_page_never_costs_more_than_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where what is around the photographs became larger."""
    image = page()
    noisy = pixels_of(noise("RGB", image.size))
    larger = page_encoder.Page(Encoded(base(noisy)), 0.2, noisy, 1.0)
    files = []
    for found in (None, larger):
        monkeypatch.setattr(page_encoder, "encode", lambda *_, found=found: found)
        files.append(saved(image))
    assert files[0] == files[1]


def test_what_the_smallest_networks_rule_out_is_not_tried_by_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stripes are no photograph, however many colours meet in each block."""
    stripes = np.tile(np.array([0, 90, 180, 250], np.uint8), (256, 64))
    pixels = np.full((300, 400, 3), 255, np.uint8)
    pixels[20:276, 20:276] = stripes[..., None]
    efforts = []
    encode = lossless.encode
    monkeypatch.setattr(
        lossless,
        "encode",
        lambda picture, options: efforts.append(options.effort) or encode(picture, options),
    )
    picture = Picture(pixels, "RGB")
    assert page_encoder.encode(picture, Options(5)) is None
    assert set(efforts) == {1}


def test_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    image = page()
    file = saved(image)
    decoded = []
    part_of = stored._part_of
    monkeypatch.setattr(stored, "_part_of", lambda *some: decoded.append(1) or part_of(*some))
    rng = np.random.default_rng(1)
    for _ in range(6):
        left, top = int(rng.integers(0, 250)), int(rng.integers(0, 190))
        box = (left, top, int(rng.integers(left + 1, 261)), int(rng.integers(top + 1, 201)))
        part = pillow_colorgrid.open_region(io.BytesIO(file), box)
        assert part.tobytes() == image.crop(box).tobytes(), box
    decoded.clear()
    pillow_colorgrid.open_region(io.BytesIO(file), (0, 0, 100, 20))
    assert not decoded


def test_a_cut_file_shows_the_words() -> None:
    image = page()
    sections = sections_of(saved(image))
    shown = codec.decode(header(image.size), sections[:1], partial=True)
    expected = pixels_of(image).copy()
    expected[PLACE.place] = page_encoder.color_around(expected, PLACE)
    assert np.array_equal(shown, expected)


def test_info_tells_rectangles_by_coding() -> None:
    image = page_with_jpeg()
    sections = sections_of(saved(image))
    look = STORED.look
    assert look is not None
    inside = look(header(image.size), sections)
    sizes = {"stored picture": 1.0, RECTANGLE.name: 2.0}
    spent = inside.spent(sizes)
    assert {"rectangles, jpeg", "rectangles, lossless"} < set(spent)
    assert RECTANGLE.name not in spent
    assert sum(spent.values()) - 1 == sum(len(s.payload) for s in sections[1:])
    assert len(inside.layers()) == 1


# -- damage ---------------------------------------------------------------------------------------


def whole(*tiles: Tile) -> list[Section]:
    """A black picture of 30 x 20 with grey rectangles."""
    return [*base(np.zeros((20, 30, 3), np.uint8)), *(rectangles.pack(rectangle(t)) for t in tiles)]


def test_rectangles_side_by_side() -> None:
    pixels = stored.decode(header((30, 20)), whole(Tile(0, 0, 9, 9), Tile(0, 9, 20, 21)))
    assert np.count_nonzero(pixels == 77) == 3 * (81 + 420)


@pytest.mark.parametrize(
    ("tiles", "message"),
    [
        ((Tile(0, 0, 21, 3),), "allowed inside 30x20"),
        ((Tile(1, 28, 3, 3),), "allowed inside 30x20"),
        ((Tile(0, 0, 9, 9), Tile(8, 8, 3, 3)), "overlaps"),
        (257 * (Tile(0, 0, 1, 1),), "257 rectangles, allowed 256"),
    ],
)
def test_rectangles_at_wrong_places_are_refused(tiles: tuple[Tile, ...], message: str) -> None:
    made = {tile: rectangles.pack(rectangle(tile)) for tile in set(tiles)}
    sections = [*base(np.zeros((20, 30, 3), np.uint8)), *(made[tile] for tile in tiles)]
    with pytest.raises(DamagedError, match=message):
        stored.decode(header((30, 20)), sections)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (bytes(8), "8 bytes, allowed from 9 on"),
        (bytes.fromhex("0000 0000 0000 0100 03"), "allowed inside"),
        (bytes.fromhex("0000 0000 0100 0100 01"), r"coding 1 in mode RGB, allowed \[3, 6\]"),
        (bytes.fromhex("0000 0000 0100 0100 09"), "coding 9"),
        (bytes.fromhex("0000 0000 0100 0100 03"), "NETS"),
        (bytes.fromhex("0000 0000 0100 0100 03 00"), "inside a section"),
    ],
)
def test_wrong_rectangles_are_refused(payload: bytes, message: str) -> None:
    with pytest.raises(CgxError, match=message):
        stored.decode(header((30, 20)), [*whole(), RECTANGLE.section(payload)])


def test_rectangles_within_rectangles_are_refused() -> None:
    inner = rectangle(Tile(0, 0, 9, 9))
    nested = replace(inner, sections=(*inner.sections, rectangles.pack(inner)))
    with pytest.raises(CgxError, match="RECT where"):
        stored.decode(header((30, 20)), [*whole(), rectangles.pack(nested)])


def test_rectangles_need_version_1_1() -> None:
    sections = whole(Tile(0, 0, 9, 9))
    with pytest.raises(DamagedError, match=r"version 1\.0 does not have all sections"):
        codec.decode(replace(header((30, 20)), minor=0), sections)


def test_damaged_rectangles_are_errors() -> None:
    """With right CRCs: only CgxError comes out; what decodes, the pixels' checksum tells."""
    packed = rectangles.pack(rectangle(Tile(2, 3, 12, 16))).payload
    rng = np.random.default_rng(1)
    for position in rng.integers(0, len(packed), 150):
        damaged = bytearray(packed)
        damaged[position] ^= rng.integers(1, 256)
        try:
            pixels = stored.decode(header((30, 20)), [*whole(), RECTANGLE.section(bytes(damaged))])
            assert pixels.shape == (20, 30, 3)
        except CgxError:
            continue
