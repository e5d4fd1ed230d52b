"""cgx convert keeps all of a file, what Pillow does not show, too, and names the rest."""

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import AppendingTiffWriter, IFDRational, ImageFileDirectory_v2

from pillow_colorgrid.commands import png_items, source_items, tiff_tags, tiff_writing
from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.jpeg.numbers import EXIF
from tests.conftest import noise

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>\xc3\xa9</a></x:xmpmeta>'

PICTURE = noise("RGB", (20, 14))


def exif() -> bytes:
    found = Image.Exif()
    found[0x0112] = 6
    found[0x010E] = "caption"
    found.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0words"
    found.get_ifd(0x8825)[1] = "N"
    return found.tobytes()


def png_file() -> bytes:
    info = PngInfo()
    info.add_text("Title", "one")
    info.add_text("Title", "and another")
    info.add_text("Long", "words " * 100, zip=True)
    info.add_itxt("Description", "grüße", "de", "Beschreibung", zip=True)
    info.add(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP)
    for name, payload in {
        b"gAMA": struct.pack(">I", 45455),
        b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
        b"cICP": bytes([9, 16, 0, 1]),
        b"sBIT": bytes([8, 8, 8]),
        b"tIME": struct.pack(">H5B", 2026, 11, 28, 1, 2, 3),
        b"bKGD": bytes(6),
        b"prVt": b"private",
    }.items():
        info.add(name, payload)
    info.add(b"prVw", b"behind the pixels", after_idat=True)
    file = io.BytesIO()
    keywords = {"exif": exif(), "icc_profile": b"profile" * 20, "dpi": (300, 300)}
    PICTURE.save(file, "PNG", pnginfo=info, **keywords)
    data = file.getvalue()
    oddity = png_items.chunk(b"oFFs", bytes(9))
    return data[:33] + oddity + data[33:] + b"behind the end"


def tiff_file(**options: Any) -> bytes:
    tags = ImageFileDirectory_v2()
    for tag, kind, value in [
        (270, 2, "a caption"),
        (315, 2, "an artist"),
        (33432, 2, "(c) somebody"),
        (33723, 7, b"\x1c\x02\x78\0\5words"),
        (34853, 4, {1: "N", 2: (IFDRational(1), IFDRational(2), IFDRational(1, 3))}),
        (65000, 7, b"private"),
        (65001, 12, (0.5, -1e300)),
        (65002, 10, IFDRational(-1, 3)),
        (65003, 6, 5),
        (65004, 1, b"\1\2"),
    ]:
        tags[tag] = value
        tags.tagtype[tag] = kind
    file = io.BytesIO()
    PICTURE.save(file, "TIFF", tiffinfo=tags, dpi=(300, 200), **options)
    return file.getvalue()


def jpeg_file() -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, "JPEG", exif=exif(), comment=b"second", icc_profile=b"p" * 99, xmp=XMP)
    data = file.getvalue()
    iptc = b"Photoshop 3.0\0" + b"8BIM\4\4\0\0" + struct.pack(">I", 10) + b"\x1c\x02\x78\0\5words"
    segments = [(0xED, iptc), (0xE5, b"own"), (0xFE, b"first")]
    added = [struct.pack(">BBH", 0xFF, marker, len(p) + 2) + p for marker, p in segments]
    return data[:2] + b"".join(added) + data[2:] + b"a film behind it"


def webp_file() -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, "WEBP", lossless=True, exif=exif(), xmp=XMP, icc_profile=b"p" * 99)
    data = file.getvalue() + b"ABCD" + struct.pack("<I", 3) + b"odd\0"
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def gif_file() -> bytes:
    file = io.BytesIO()
    PICTURE.quantize(7).save(file, "GIF", comment=b"one", transparency=2)
    data = file.getvalue()
    at = 13 + (3 << ((data[10] & 7) + 1))
    blocks = b"\x21\xfe\5other\0" + b"\x21\xff\x0bOWNPROG 1.0\3abc\0"
    return b"GIF89a" + data[6:at] + blocks + data[at:]


FILES = {
    "png": png_file,
    "tif": tiff_file,
    "jpg": jpeg_file,
    "webp": webp_file,
    "gif": gif_file,
}


def facts(data: bytes) -> tuple[Any, ...]:
    """All that a file holds, and what Pillow shows of it."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        items = source_items.items_of(data, image.format, {})
        tags = tiff_tags.exif_of_tiff(data, False) if image.format == "TIFF" else b""
        shown = {key: repr(value) for key, value in image.info.items()}
        return image.mode, image.size, image.tobytes(), sorted(items), tags, shown


@pytest.mark.parametrize("kind", FILES)
def test_all_is_kept_and_the_original_may_go(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / f"a.{kind}"
    data = FILES[kind]()
    source.write_bytes(data)
    never = ["--jpeg", "never"] if kind == "jpg" else []
    assert main(["convert", "--keep-larger", str(source), "--delete-originals", *never]) == 0
    assert capsys.readouterr().err == ""
    assert not source.exists()
    with Image.open(io.BytesIO(data)) as image, Image.open(tmp_path / "a.cgx") as kept:
        image.load()
        shown = {key: value for key, value in kept.info.items() if key not in ("cgx", "source")}
        if kind == "tif":
            del shown["exif"]
        assert shown.keys() == image.info.keys()
        for key, value in image.info.items():
            # The resolution comes back as two floats.
            assert shown[key] == value if key == "dpi" else repr(shown[key]) == repr(value)
        assert kept.getexif().get(0x0112) == image.getexif().get(0x0112)
    if kind in ("png", "tif", "gif", "webp"):
        back = [
            "convert",
            "--keep-larger",
            str(tmp_path / "a.cgx"),
            "--to",
            kind,
            "--delete-originals",
        ]
        assert main(back) == 0
        assert capsys.readouterr().err == ""
        assert not (tmp_path / "a.cgx").exists()
        again = source.read_bytes()
        if kind == "tif":  # its compression is another one
            assert facts(again)[:5] == facts(data)[:5]
        else:
            assert facts(again) == facts(data)


def test_tags_of_tiff_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff_file())
    assert main(["convert", "--keep-larger", str(tmp_path / "a.tif")]) == 0
    with Image.open(tmp_path / "a.cgx") as image:
        found = image.getexif()
        assert (found[270], found[315], found[33432]) == ("a caption", "an artist", "(c) somebody")
        assert found.get_ifd(34853)[2] == (1, 2, IFDRational(1, 3))
        assert found[65001] == (0.5, -1e300)
        assert not set(found) & {256, 257, 258, 259, 273, 279}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "lossy"])
def test_chunks_of_a_plain_webp_file(mode: str) -> None:
    """Pillow writes no VP8X where there is a picture alone; beside other chunks there must be."""
    file, picture = io.BytesIO(), noise("RGBA" if mode == "RGBA" else "RGB", (21, 15))
    picture.save(file, "WEBP", lossless=mode != "lossy")
    items = [(b"ABCD", b"odd", False), (b"WXYZ", b"behind", True), (b"end", b"!", True)]
    info = {source_items.KEY: {"format": "WEBP", "items": items}}
    data = source_items.put_back(file.getvalue(), "WEBP", info)
    assert data[12:16] == b"VP8X"
    assert source_items.items_of(data, "WEBP", {}) == items
    with Image.open(io.BytesIO(data)) as image, Image.open(file) as before:
        assert (image.size, image.mode) == (before.size, before.mode)
        assert image.tobytes() == before.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_in_either_order_of_bytes(order: str) -> None:
    _, directory, _ = tiff_tags.read(tiff_file())
    del directory[34853]
    head = b"II*\0" if order == "<" else b"MM\0*"
    turned = tiff_tags.turned(directory, "<", order)
    exif = EXIF + head + struct.pack(order + "I", 8) + tiff_tags.pack(turned, order, 8)
    file = io.BytesIO()
    PICTURE.save(file, "TIFF")
    written = tiff_writing.into_tiff(file.getvalue(), exif)
    assert tiff_tags.holds(written, exif)
    with Image.open(io.BytesIO(written)) as image:
        assert image.tobytes() == PICTURE.tobytes()
        assert image.tag_v2[270] == "a caption"
        assert image.tag_v2[65001] == (0.5, -1e300)
        assert image.tag_v2[65002] == IFDRational(-1, 3)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_tags_or_refused(data: bytes) -> None:
    for head in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        try:
            tiff_tags.exif_of_tiff(head + data, False)
        except ValueError:
            continue


def test_a_directory_that_holds_itself_ends() -> None:
    inner = struct.pack("<HHHIII", 1, 34665, 4, 1, 8, 0)
    with pytest.raises(ValueError, match="deep"):
        tiff_tags.read(b"II*\0\x08\0\0\0" + inner)


SIXTEEN = {
    "png": lambda: source_png(16, 2, b"\0" + bytes(range(12)) * 1),
    "tif": lambda: tiff_of_samples(16),
    "ppm": lambda: b"P6 1 1 65535\n" + bytes(range(6)),
}


def source_png(depth: int, colour: int, row: bytes) -> bytes:
    import zlib

    head = struct.pack(">IIBBBBB", 2, 1, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(row)), (b"IEND", b"")]
    return png_items.SIGNATURE + b"".join(png_items.chunk(*c) for c in chunks)


def tiff_of_samples(bits: int) -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, "TIFF")
    data = file.getvalue()
    _, directory, _ = tiff_tags.read(data)
    pixels = bytes(2 * len(PICTURE.tobytes()))
    directory[258] = tiff_tags.Entry(3, 3, struct.pack("<3H", bits, bits, bits))
    directory[273] = tiff_tags.Entry(4, 1, struct.pack("<I", len(data)))
    directory[279] = tiff_tags.Entry(4, 1, struct.pack("<I", len(pixels)))
    data += pixels
    where = struct.pack("<I", len(data))
    return data[:4] + where + data[8:] + tiff_tags.pack(directory, "<", len(data))


@pytest.mark.parametrize("kind", SIXTEEN)
def test_sixteen_bits_of_colour_are_named_and_stay(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pillow reads the upper eight."""
    source = tmp_path / f"a.{kind}"
    source.write_bytes(SIXTEEN[kind]())
    main(["convert", "--keep-larger", str(source), "--delete-originals"])
    assert "low bits (samples of 16)" in capsys.readouterr().err
    assert source.exists()


@pytest.mark.parametrize(("orientation", "stays"), [(1, False), (6, True)])
def test_a_picture_that_pillow_turns_is_named_and_stays(
    orientation: int, stays: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.tif"
    PICTURE.save(source, tiffinfo={274: orientation})
    main(["convert", "--keep-larger", str(source), "--delete-originals"])
    assert ("does not hold: orientation (Pillow" in capsys.readouterr().err) == stays
    assert source.exists() == stays


@pytest.mark.parametrize("kind", ["ico", "icns", "jp2", "tga", "sgi", "pcx"])
def test_formats_that_were_not_looked_at_stay(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / f"a.{kind}"
    PICTURE.save(source)
    main(["convert", "--keep-larger", str(source), "--delete-originals"])
    assert "nobody looked" in capsys.readouterr().err
    assert source.exists()


def tiff_of_pages(told: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    with AppendingTiffWriter(file) as writer:
        for number, options in enumerate(told):
            PICTURE.rotate(number).save(writer, "TIFF", **options)
            writer.newFrame()
    return file.getvalue()


def resolution_tags(page: bytes) -> dict[int, Any]:
    _, directory, _ = tiff_tags.read(page)
    return {tag: directory[tag].data for tag in tiff_tags.RESOLUTION if tag in directory}


def test_each_page_of_a_tiff_file_has_its_own_tags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Resolution, profile, names; a page that has none gets none."""
    told: list[dict[str, Any]] = []
    for number in range(3):
        tags = ImageFileDirectory_v2()
        tags[270], tags[285] = f"page {number}", f"name {number}"
        told.append({"tiffinfo": tags, "dpi": (100 + number, 200.5)})
    told += [{}, {"icc_profile": b"profile" * 9}]
    source = tmp_path / "a.tif"
    data = tiff_of_pages(told)
    source.write_bytes(data)
    assert main(["convert", "--keep-larger", str(source), "--delete-originals"]) == 0
    assert capsys.readouterr().err == ""
    target = source.with_suffix(".cgx")
    assert main(["convert", str(target), "--to", "tif", "--delete-originals"]) == 0
    assert capsys.readouterr().err == ""
    again = source.read_bytes()
    assert not target.exists()
    for number in range(5):
        page, back = (tiff_tags.page_of(file, number) for file in (data, again))
        assert len(resolution_tags(page)) == (3 if number < 3 else 0)
        for found in (page, back):
            with Image.open(io.BytesIO(found)) as image:
                assert image.info.get("icc_profile") == told[number].get("icc_profile")
                assert image.info["dpi"] == told[number].get("dpi", (1, 1))
        assert (len(resolution_tags(page)), tiff_tags.exif_of_tiff(page, True)) == (
            len(resolution_tags(back)),
            tiff_tags.exif_of_tiff(back, True),
        )


def test_no_resolution_is_made_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PICTURE.save(tmp_path / "a.tif")
    assert main(["convert", "--keep-larger", str(tmp_path / "a.tif"), "--delete-originals"]) == 0
    assert main(["convert", str(tmp_path / "a.cgx"), "--to", "tif"]) == 0
    assert capsys.readouterr().err == ""
    assert resolution_tags((tmp_path / "a.tif").read_bytes()) == {}
