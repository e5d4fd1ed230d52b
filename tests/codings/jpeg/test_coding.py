"""JPEG files into .cgx files: pixels, metadata and the very file come back."""

import io
import logging
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

import pillow_colorgrid
from pillow_colorgrid import container
from pillow_colorgrid.codings.jpeg import exceptions, head, side, strips
from pillow_colorgrid.dropping import jpeg_without
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.jpeg import file as jpeg_file
from pillow_colorgrid.jpeg.exceptions import Exceptions
from pillow_colorgrid.jpeg.geometry import Geometry, GeometryComponent
from tests.conftest import photograph


def picture(width: int, height: int, mode: str = "RGB", seed: int = 1) -> Image.Image:
    """Something with edges, gradients and grain."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(2, height // 12), max(2, width // 12), 3), np.uint8)
    grown = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    noise = rng.normal(0, 4, (height, width, 3))
    found = np.clip(np.asarray(grown) + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(found).filter(ImageFilter.SMOOTH).convert(mode)


def jpeg(path: Path, image: Image.Image, **keywords: object) -> bytes:
    image.save(path, "JPEG", **keywords)
    return path.read_bytes()


def round_trip(path: Path, **keywords: object) -> tuple[bytes, Image.Image]:
    """The .cgx file of a JPEG file, and what it shows; all that can be compared is."""
    target = path.with_suffix(".cgx")
    with Image.open(path) as source:
        source.save(target, **keywords)
        with Image.open(target) as shown:
            assert (shown.mode, shown.size) == (source.mode, source.size)
            assert shown.info.pop("cgx")["coding"] == "jpeg"
            assert shown.info == source.info
            assert np.array_equal(np.asarray(shown), np.asarray(source))
            assert shown.getexif() == source.getexif()
    assert pillow_colorgrid.jpeg_bytes(target) == path.read_bytes()
    return target.read_bytes(), shown


KINDS = {
    "420": {"quality": 80},
    "444": {"quality": 92, "subsampling": 0},
    "422": {"quality": 60, "subsampling": 1},
    "coarse": {"quality": 3},
    "finest": {"quality": 100, "subsampling": 0},
    "progressive": {"quality": 85, "progressive": True},
    "optimised": {"quality": 75, "optimize": True},
    "restarts": {"quality": 75, "restart_marker_blocks": 3},
    "rgb": {"quality": 80, "keep_rgb": True},
    "metadata": {"quality": 80, "comment": b"words", "dpi": (300, 300), "icc_profile": b"p" * 999},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (9, 31), (67, 50), (160, 120)])
def test_file_pixels_and_metadata_come_back(
    tmp_path: Path, kind: str, size: tuple[int, int]
) -> None:
    path = tmp_path / "a.jpg"
    data = jpeg(path, picture(*size), **KINDS[kind])
    packed, _ = round_trip(path)
    assert len(packed) <= len(data) + 200


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_modes(tmp_path: Path, mode: str) -> None:
    data = jpeg(tmp_path / "a.jpg", picture(90, 70, mode), quality=85)
    packed, _ = round_trip(tmp_path / "a.jpg")
    assert len(packed) < len(data)


def test_exif_xmp_and_what_is_behind_the_end(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[270], exif[274] = "a description", 6
    data = jpeg(tmp_path / "a.jpg", picture(64, 48), exif=exif, xmp=b"<x:xmpmeta/>")
    (tmp_path / "a.jpg").write_bytes(data + b"a camera's preview" * 100)
    round_trip(tmp_path / "a.jpg")


def test_metadata_given_at_save_win(tmp_path: Path) -> None:
    jpeg(tmp_path / "a.jpg", picture(40, 40), comment=b"old", dpi=(72, 72))
    with Image.open(tmp_path / "a.jpg") as source:
        source.save(tmp_path / "a.cgx", comment=b"new")
    with Image.open(tmp_path / "a.cgx") as shown:
        assert shown.info["comment"] == b"new"
        assert shown.info["cgx"]["coding"] == "jpeg"
    found = pillow_colorgrid.jpeg_bytes(tmp_path / "a.cgx")
    assert found == jpeg_without((tmp_path / "a.jpg").read_bytes(), ["comment"])


@pytest.mark.parametrize("change", ["drawn on", "cropped", "turned", "never"])
def test_other_pixels_are_not_taken_for_the_file(tmp_path: Path, change: str) -> None:
    jpeg(tmp_path / "a.jpg", picture(80, 64), quality=90)
    keywords = {}
    with Image.open(tmp_path / "a.jpg") as source:
        source.load()
        if change == "drawn on":
            source.putpixel((3, 4), (1, 2, 3))
        elif change == "never":
            keywords = {"jpeg": "never", "origin": "none"}
        edited = {"cropped": source.crop((8, 8, 60, 60)), "turned": source.rotate(90)}.get(
            change, source
        )
        edited.save(tmp_path / "a.cgx", **keywords)
    with Image.open(tmp_path / "a.cgx") as shown:
        assert np.array_equal(np.asarray(shown), np.asarray(edited))
        assert not shown.info["cgx"].get("jpeg restorable")
    with pytest.raises(ValueError, match="pixels"):
        pillow_colorgrid.jpeg_bytes(tmp_path / "a.cgx")


def test_a_stale_file_name_is_harmless(tmp_path: Path) -> None:
    jpeg(tmp_path / "a.jpg", picture(64, 64, seed=1))
    with Image.open(tmp_path / "a.jpg") as source:
        source.load()
        jpeg(tmp_path / "a.jpg", picture(64, 64, seed=2))
        source.save(tmp_path / "a.cgx")
        with Image.open(tmp_path / "a.cgx") as shown:
            assert np.array_equal(np.asarray(shown), np.asarray(source))


def test_pictures_from_memory_are_told_their_file(tmp_path: Path) -> None:
    data = jpeg(tmp_path / "a.jpg", picture(64, 64))
    for given in (data, tmp_path / "a.jpg", str(tmp_path / "a.jpg")):
        file = io.BytesIO()
        Image.open(io.BytesIO(data)).save(file, "CGX", jpeg=given)
        file.seek(0)
        assert pillow_colorgrid.jpeg_bytes(file) == data
    other = jpeg(tmp_path / "b.jpg", picture(64, 64, seed=2))
    with pytest.raises(ValueError, match="other pixels"):
        Image.open(io.BytesIO(data)).save(io.BytesIO(), "CGX", jpeg=other)
    with pytest.raises(ValueError, match="begins with"):
        Image.open(io.BytesIO(data)).save(io.BytesIO(), "CGX", jpeg=b"GIF89a")
    with pytest.raises(ValueError, match="jpeg=3"):
        Image.open(io.BytesIO(data)).save(io.BytesIO(), "CGX", jpeg=3)
    with pytest.raises(FileNotFoundError, match=r"jpeg='nope.jpg': .*allowed: 'auto', 'never'"):
        Image.open(io.BytesIO(data)).save(io.BytesIO(), "CGX", jpeg="nope.jpg")


def test_the_file_comes_back_from_bytes_too(tmp_path: Path) -> None:
    data = jpeg(tmp_path / "a.jpg", picture(64, 64))
    kept, _ = round_trip(tmp_path / "a.jpg")
    for given in (kept, bytearray(kept), memoryview(kept)):
        assert pillow_colorgrid.jpeg_bytes(given) == data
    with pytest.raises(TypeError, match="file=5, allowed: a path, bytes, or a file"):
        pillow_colorgrid.jpeg_bytes(5)


@pytest.mark.parametrize("mode", ["P", "1", "LA", "I;16", "YCbCr"])
def test_a_file_of_a_mode_that_no_jpeg_has_is_refused(tmp_path: Path, mode: str) -> None:
    data = jpeg(tmp_path / "a.jpg", picture(16, 16))
    other = Image.open(io.BytesIO(data)).convert("L" if mode == "I;16" else "RGB").convert(mode)
    with pytest.raises(ValueError, match=r"jpeg= of a picture of mode .*allowed: L, RGB, CMYK"):
        other.save(io.BytesIO(), "CGX", jpeg=data)


def test_what_is_no_coefficients_is_kept_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="pillow_colorgrid")
    data = jpeg(tmp_path / "a.jpg", picture(80, 60), quality=70)
    cut = data[:-40]  # no end of image, and some blocks missing
    (tmp_path / "a.jpg").write_bytes(cut)
    from PIL import ImageFile

    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        packed, _ = round_trip(tmp_path / "a.jpg")
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    assert len(packed) <= len(cut) + 200
    assert "no coefficients of this file: " in caplog.text


def test_strips_are_independent_and_threads_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strips, "STRIP_PIXELS", 160 * 32)
    jpeg(tmp_path / "a.jpg", picture(160, 150), quality=80)
    files = []
    for threads in ("1", "2"):
        monkeypatch.setenv("PILLOW_COLORGRID_THREADS", threads)
        files.append(round_trip(tmp_path / "a.jpg")[0])
    assert files[0] == files[1]
    kinds = [s.type for s in container.read_sections(io.BytesIO(files[0][36:]))]
    assert kinds.count(b"JSTR") > 2


def test_a_cut_file_shows_the_strips_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strips, "STRIP_PIXELS", 160 * 32)
    jpeg(tmp_path / "a.jpg", picture(160, 150), quality=80)
    packed, _ = round_trip(tmp_path / "a.jpg")
    (tmp_path / "cut.cgx").write_bytes(packed[: len(packed) * 3 // 4])
    with Image.open(tmp_path / "cut.cgx") as shown, pytest.raises(OSError, match="truncated"):
        shown.load()
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    with Image.open(tmp_path / "cut.cgx") as shown, Image.open(tmp_path / "a.jpg") as source:
        found, wanted = np.asarray(shown), np.asarray(source)
    assert np.array_equal(found[:60], wanted[:60])


@pytest.mark.parametrize("interval", [8, 4, 2])
def test_drafts_are_small_and_alike(tmp_path: Path, interval: int) -> None:
    jpeg(tmp_path / "a.jpg", picture(320, 240), quality=85)
    round_trip(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.cgx") as shown, Image.open(tmp_path / "a.jpg") as source:
        shown.draft(None, (320 // interval, 240 // interval))
        assert shown.size == (320 // interval, 240 // interval)
        # colour may be coarser: at 1/8 and 1/4 only its DC is decoded
        pair = [np.asarray(i.convert("L")).astype(int) for i in (shown, source.reduce(interval))]
    assert np.abs(pair[0] - pair[1]).mean() < 3


def test_a_png_that_once_was_a_jpeg(tmp_path: Path) -> None:
    data = jpeg(tmp_path / "a.jpg", photograph("coffee", 400, 300), quality=75)
    Image.open(tmp_path / "a.jpg").save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as source:
        source.save(tmp_path / "a.cgx")
        with Image.open(tmp_path / "a.cgx") as shown:
            assert shown.info["cgx"]["coding"] == "jpeg"
            assert np.array_equal(np.asarray(shown), np.asarray(source))
    assert (tmp_path / "a.cgx").stat().st_size < len(data)
    with pytest.raises(ValueError, match="saved from pixels"):
        pillow_colorgrid.jpeg_bytes(tmp_path / "a.cgx")


# -- sections -------------------------------------------------------------------------------------


def test_head_layout() -> None:
    plain = head.Head(True, True, 300, b"\x0b\x00", b"\x01\x03\x00")
    assert plain.pack().hex(" ") == "03 ac 02 02 0b 00 01 03 00"
    assert head.Head.unpack(plain.pack()) == plain
    corrected = head.Head(False, False, 1, b"\x09", b"", corrections={"dc_luminance_0": -8})
    packed = corrected.pack()
    assert packed[:4].hex() == "04010109"
    assert packed[4:] == b"\x80" + b"\x88" * 15
    assert head.Head.unpack(packed).corrections["dc_luminance_0"] == -8


@pytest.mark.parametrize(
    "data",
    [
        "",
        "20 01 00",
        "01",
        "01 ff ff ff ff ff",
        "01 01 7f 00",
        "04 01 00 88",
        "08 01 00 28 b5 2f fd",
    ],
)
def test_damaged_heads_are_refused(data: str) -> None:
    with pytest.raises(DamagedError):
        head.Head.unpack(bytes.fromhex(data))


def test_exceptions_come_back() -> None:
    given = Exceptions(np.array([0, 5, 99]), np.array([[1, -2, 3], [255, 0, 0], [0, -255, 9]]))
    pixels = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    wanted = pixels.copy()
    given.apply(wanted)
    exceptions.unpack(exceptions.pack(given), pixels.shape).apply(pixels)
    assert np.array_equal(pixels, wanted)
    with pytest.raises(DamagedError, match="pixel 99"):
        exceptions.unpack(exceptions.pack(given), (9, 10, 3))


def test_side_of_equal_blocks_is_their_mean() -> None:
    values = np.zeros((64, 2, 2), np.int32)
    values[0] = [[80, 160], [240, 320]]
    found = side.at_color(values, 1, 1, 2, 2)
    assert found[0, 0, 0] == 200
    assert side.dc_at_color(values[0], 1, 1, 2, 2)[0, 0] == 200


def test_strips_cover_each_block_once() -> None:
    table = np.ones(64, np.uint16)
    geometry = Geometry(
        tuple(GeometryComponent(h, v, table) for h, v in ((2, 2), (1, 1), (1, 2))), "ycc"
    )
    frame = strips.frame_of(geometry, 333, 777, 5)
    for component, (rows, _) in enumerate(frame.shapes):
        covered = [i for s in range(frame.strips) for i in range(rows)[frame.rows(component, s)]]
        assert covered == list(range(rows))
    assert frame.colored is None


# -- damage ---------------------------------------------------------------------------------------


def repaired(data: bytes, rng: np.random.Generator) -> bytes:
    """A file with some bytes of one section changed, and its checksum repaired."""
    parts = []
    at = container.HEADER_BYTES
    while at < len(data):
        kind, length, _ = container.SECTION.unpack_from(data, at)
        at += container.SECTION.size
        parts.append((kind, bytearray(data[at : at + length])))
        at += length
    chosen = int(rng.integers(0, len(parts) - 1))
    kind, payload = parts[chosen]
    for _ in range(int(rng.integers(1, 4))):
        if payload:
            payload[int(rng.integers(0, len(payload)))] = int(rng.integers(0, 256))
    out = data[: container.HEADER_BYTES]
    for kind, payload in parts:
        crc = zlib.crc32(payload, zlib.crc32(kind + struct.pack("<I", len(payload))))
        out += container.SECTION.pack(kind, len(payload), crc) + payload
    return out


def test_damage_with_repaired_checksums_never_shows_wrong_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    jpeg(tmp_path / "a.jpg", picture(48, 40), quality=80, comment=b"words", icc_profile=b"p" * 200)
    packed, _ = round_trip(tmp_path / "a.jpg")
    wanted = np.asarray(Image.open(tmp_path / "a.jpg"))
    refused = 0
    for _ in range(150):
        forged = repaired(packed, rng)
        try:
            with Image.open(io.BytesIO(forged)) as shown:
                found = np.asarray(shown)
            assert np.array_equal(found, wanted)
            pillow_colorgrid.jpeg_bytes(io.BytesIO(forged))
        except CgxError:
            refused += 1
    assert refused > 75


def test_coefficients_beyond_reach_are_kept_another_way(tmp_path: Path) -> None:
    """A DC of 8,192 and more is legal, if useless: steps of 1 and 16 bits of range."""
    data = jpeg(tmp_path / "a.jpg", picture(24, 24, "L"), quality=100)
    found, recipe = jpeg_file.read_exact(data)
    found.components[0].coefficients[0, 0, 0] = 9000
    try:
        forged = jpeg_file.write(found, recipe)
    except ValueError:
        pytest.skip("no such file can be written")
    (tmp_path / "a.jpg").write_bytes(forged)
    round_trip(tmp_path / "a.jpg")
