"""Every mode of Pillow comes back: the same mode, the same pixels, the same palette."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from pillow_colorgrid import container, pixels
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.planes import coding as planes
from pillow_colorgrid.codings.planes.description import PLANES, STRIP
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from tests.conftest import encoded

PALETTED = ("P", "PA")

ISSUE_MODES = (
    *("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "La"),
    *("CMYK", "YCbCr", "LAB", "HSV", "I;16", "I;16B", "I", "F"),
)

SIZES = ((1, 1), (1, 7), (9, 1), (67, 41))


def random_picture(mode: str, size: tuple[int, int]) -> Image.Image:
    """Random bytes: every bit of every sample occurs, NaN and infinities of mode F too."""
    length = len(Image.new(mode, size).tobytes())
    rng = np.random.default_rng(length)
    picture = Image.frombytes(mode, size, rng.bytes(length))
    if mode in PALETTED:
        picture.putpalette(rng.bytes(3 * 200))
    return picture


def smooth_picture(mode: str) -> Image.Image:
    """A ramp in both directions, so that differences are small."""
    layout = pixels.LAYOUTS[mode]
    y, x, c = np.mgrid[:60, :80, : layout.channels]
    values = (x + 2 * y + 5 * c).astype(layout.sample)
    picture = pixels.to_image(values if mode != "1" else (values & 32) // 32 * 255, mode)
    if mode in PALETTED:
        picture.putpalette(list(range(256)) * 3)
    return picture


def through_a_file(picture: Image.Image, **keywords: object) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "CGX", **keywords)
    return Image.open(io.BytesIO(file.getvalue()))


def assert_same(found: Image.Image, wanted: Image.Image) -> None:
    assert found.mode == wanted.mode
    assert found.size == wanted.size
    assert found.tobytes() == wanted.tobytes()
    assert found.im.mode == wanted.mode
    assert found.getpalette(None) == wanted.getpalette(None)
    if wanted.palette is not None:
        assert found.palette.mode == wanted.palette.mode
        assert bytes(found.palette.palette) == bytes(wanted.palette.palette)


def test_all_modes_of_pillow_have_an_id_and_a_layout() -> None:
    assert set(Image.MODES) | {"1"} == set(container.MODE_IDS) == set(pixels.LAYOUTS)
    assert set(ISSUE_MODES) <= set(container.MODE_IDS)


def test_mode_ids_never_change() -> None:
    assert list(container.MODE_IDS.values()) == list(range(1, 21))
    assert {m: container.MODE_IDS[m] for m in ISSUE_MODES} == {
        **{"1": 1, "L": 2, "LA": 3, "P": 4, "PA": 5, "RGB": 6, "RGBA": 8, "RGBa": 9, "La": 10},
        **{"CMYK": 11, "YCbCr": 12, "LAB": 13, "HSV": 14, "I;16": 15, "I;16B": 16, "I": 17},
        "F": 18,
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", container.MODE_IDS)
def test_lossless_roundtrip(mode: str, size: tuple[int, int]) -> None:
    picture = random_picture(mode, size)
    with through_a_file(picture) as found:
        assert_same(found, picture)


@pytest.mark.parametrize("mode", container.MODE_IDS)
def test_smooth_pictures_come_back_and_are_small(mode: str) -> None:
    picture = smooth_picture(mode)
    file = io.BytesIO()
    picture.save(file, "CGX")
    with Image.open(file) as found:
        assert_same(found, picture)
    assert len(file.getvalue()) < 2000


@pytest.mark.parametrize("mode", container.MODE_IDS)
def test_loaded_pictures_can_be_drawn_on(mode: str) -> None:
    with through_a_file(random_picture(mode, (4, 3))) as found:
        access = found.load()
        access[1, 1] = access[0, 0]
        assert found.getpixel((1, 1)) == found.getpixel((0, 0)) or mode == "F"


@pytest.mark.parametrize("palette_mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("mode", PALETTED)
@pytest.mark.parametrize("colors", [1, 2, 17, 256])
def test_palette_keeps_its_mode_and_length(mode: str, palette_mode: str, colors: int) -> None:
    picture = random_picture(mode, (20, 20))
    picture.putpalette(np.random.default_rng(0).bytes(colors * len(palette_mode)), palette_mode)
    picture.load()
    found = through_a_file(picture)
    assert found.palette.mode == palette_mode  # before it is decoded, as with PNG
    assert len(found.palette.palette) == colors * len(palette_mode)
    assert_same(found, picture)
    assert found.convert("RGBA").tobytes() == picture.convert("RGBA").tobytes()


def test_cmyk_palette_comes_back() -> None:
    picture = random_picture("P", (8, 8))
    picture.putpalette(bytes(range(200)), "CMYK")
    picture.load()
    with through_a_file(picture) as found:
        assert_same(found, picture)


@pytest.mark.parametrize("mode", PALETTED)
def test_picture_without_a_palette_comes_back(mode: str) -> None:
    picture = Image.new(mode, (3, 3))
    with through_a_file(picture) as found:
        assert_same(found, picture)


TRANSPARENCIES = [
    *[("P", 7), ("P", 0), ("P", bytes(range(0, 200))), ("L", 130), ("1", 255)],
    *[("RGB", (1, 2, 3)), ("I;16", 40_000), ("PA", 3)],
]


@pytest.mark.parametrize(("mode", "transparency"), TRANSPARENCIES)
def test_transparency_comes_back(mode: str, transparency: object) -> None:
    picture = random_picture(mode, (20, 20))
    picture.info["transparency"] = transparency
    with through_a_file(picture) as found:
        assert found.info["transparency"] == transparency
        assert type(found.info["transparency"]) is type(transparency)
        assert found.has_transparency_data
        assert_same(found, picture)


@pytest.mark.parametrize(("mode", "transparency"), [TRANSPARENCIES[0], TRANSPARENCIES[2]])
def test_transparent_palette_looks_the_same(mode: str, transparency: object) -> None:
    picture = random_picture(mode, (20, 20))
    picture.info["transparency"] = transparency
    with through_a_file(picture) as found:
        assert found.convert("RGBA").tobytes() == picture.convert("RGBA").tobytes()


def test_png_with_palette_and_transparency_stays_what_it_was() -> None:
    source = random_picture("P", (30, 20))
    file = io.BytesIO()
    source.save(file, "PNG", transparency=bytes(range(100)))
    with Image.open(file) as png, through_a_file(png) as found:
        assert_same(found, png)
        assert found.info["transparency"] == png.info["transparency"]
        assert found.convert("RGBA").tobytes() == png.convert("RGBA").tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "RGBa", "La"])
def test_colour_under_alpha_zero_survives(mode: str) -> None:
    picture = random_picture(mode, (40, 30))
    picture.putalpha(0) if mode in ("RGBA", "LA", "PA") else None
    with through_a_file(picture) as found:
        assert_same(found, picture)


def test_float_bits_survive() -> None:
    values = np.array([[np.nan, -np.nan, np.inf, -np.inf], [-0.0, 0.0, 1e-45, 3.4e38]], np.float32)
    with through_a_file(Image.fromarray(values)) as found:
        assert found.tobytes() == values.tobytes()


def test_decolorized_takes_photographs_only() -> None:
    with pytest.raises(OSError, match=r"cannot write mode CMYK .*mode='decolorized'.*L, RGB, RGBA"):
        Image.new("CMYK", (2, 2)).save(io.BytesIO(), "CGX", mode="decolorized")


def test_a_mode_that_cannot_be_stored_is_an_error() -> None:
    picture = Image.new("L", (2, 2))
    picture._mode = "BGR;15"  # a mode of Pillow before version 12
    with pytest.raises(OSError, match="cannot write mode BGR;15 as CGX"):
        picture.save(io.BytesIO(), "CGX")


# -- sizes ----------------------------------------------------------------------------------------


def sixteen_bit_photograph(small: Callable[[], Image.Image]) -> Image.Image:
    """Sums of 4x4 pixels of a photograph with the noise of a sensor: 16 bits that are all used."""
    grey = np.asarray(small().convert("L"), np.float64)
    height, width = (side - side % 2 for side in grey.shape)
    sums = grey[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3)) * 257
    noise = np.random.default_rng(0).normal(0, 60, sums.shape)
    return Image.fromarray(np.clip(sums + noise, 0, 65535).astype(np.uint16))


def test_sixteen_bit_photograph_is_smaller_than_png(astronaut: Image.Image) -> None:
    picture = sixteen_bit_photograph(lambda: astronaut)
    files = {}
    for name in ("PNG", "CGX"):
        files[name] = io.BytesIO()
        picture.save(files[name], name, optimize=True)
    assert files["CGX"].tell() < 0.95 * files["PNG"].tell()


@pytest.mark.parametrize("mode", ["1", "P", "LA"])
def test_drawings_are_not_larger_than_png(mode: str, astronaut: Image.Image) -> None:
    picture = astronaut.convert("L").convert(mode) if mode != "P" else astronaut.quantize(64)
    files = {}
    for name in ("PNG", "CGX"):
        files[name] = io.BytesIO()
        picture.save(files[name], name, optimize=True)
    assert files["CGX"].tell() <= files["PNG"].tell()


def test_lab_of_littlecms_comes_back(small_photograph: Image.Image) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    picture = ImageCms.profileToProfile(small_photograph, srgb, lab, outputMode="LAB")
    with through_a_file(picture) as found:
        assert_same(found, picture)


# -- the planes coding itself ---------------------------------------------------------------------


def planes_header(mode: str, size: tuple[int, int]) -> Header:
    return Header(PLANES.number, mode, size, bytes(8))


def test_many_strips_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planes, "STRIP_BYTES", 1000)
    for mode in ("CMYK", "1", "I", "I;16B"):
        wanted = pixels.from_image(random_picture(mode, (67, 41)))
        sections = encoded(planes, wanted, Options())
        assert len(sections) > 2
        header = planes_header(mode, (67, 41))
        found = planes.decode(header, sections, partial=False)
        assert found.tobytes() == wanted.tobytes()
        part = planes.decode(header, sections[:2], partial=True)
        rows = planes.strips(pixels.LAYOUTS[mode], (67, 41))[1].stop
        assert part[:rows].tobytes() == wanted[:rows].tobytes()
        assert not part[rows:].view(np.uint8).any()
        with pytest.raises(TruncatedError, match="truncated"):
            planes.decode(header, sections[:2], partial=False)


def test_most_effort_makes_the_smallest_file(astronaut: Image.Image) -> None:
    picture = astronaut.quantize(200)
    sizes = []
    for effort in (1, 3, 5, 9):
        file = io.BytesIO()
        picture.save(file, "CGX", effort=effort)
        sizes.append(file.tell())
    assert sizes[-1] == min(sizes) < sizes[0]


def test_known_payload() -> None:
    """FORMAT.md's example: differences from the left of two 16-bit pixels."""
    body = planes._prepare(np.array([[256, 255]], np.uint16), None, planes.Preparation(1))
    assert body.hex() == "02000001"  # 256, -1 folded to 512, 1; high bytes, low bytes


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
@pytest.mark.parametrize("way", range(12))
def test_every_preparation_is_undone(dtype: str, way: int) -> None:
    rng = np.random.default_rng(way)
    channel = rng.integers(0, 256, (5, 11)).astype(dtype) * np.dtype(dtype).type(16777619 & 255)
    bits = way >= 8
    if bits:
        channel = (rng.integers(0, 2, (5, 11)) * 255).astype("u1")
    previous = rng.integers(0, 256, (5, 11)).astype(channel.dtype)
    how = planes.Preparation(way % 4 if not bits else (way % 2) * 2, 4 <= way < 8, bits)
    data = planes._prepare(channel, previous, how)
    assert len(data) == planes._prepared_bytes((5, 11), channel.itemsize, how)
    into = np.empty_like(channel)
    planes._restore(data, previous, how, into)
    assert (into == channel).all()


def strip_section(payload: bytes) -> list[Section]:
    return [Section(STRIP.type, payload)]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0\0\0\0",
        b"\1\0\0\0" + bytes(20),
        b"\0\0\0\0\x04" + bytes(20),
        b"\0\0\0\0\x09" + bytes(20),
        b"\0\0\0\0\x10" + bytes(20),
        b"\0\0\0\0\x00" + b"no zstd frame",
    ],
)
def test_impossible_strips_are_refused(payload: bytes) -> None:
    with pytest.raises(DamagedError):
        planes.decode(planes_header("P", (4, 4)), strip_section(payload), partial=False)


def test_a_strip_cannot_ask_for_more_memory_than_it_fills() -> None:
    (section,) = encoded(planes, np.zeros((1000, 1000, 1), np.uint8), Options())
    with pytest.raises(DamagedError, match=r"zstd data of (1000000|125000) bytes"):
        planes.decode(planes_header("P", (4, 4)), [section], partial=False)


def test_bilevel_pictures_hold_nothing_but_black_and_white() -> None:
    sections = encoded(planes, np.full((4, 4, 1), 7, np.uint8), Options())
    with pytest.raises(DamagedError, match="mode 1 are neither 0 nor 255"):
        planes.decode(planes_header("1", (4, 4)), sections, partial=False)
