"""What nobody looked at is a reason to keep the original: bytes behind and between pixels."""

import io
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.commands import archive, plain_files, png_items, tiff_places, tiff_tags
from pillow_colorgrid.commands.cli import main
from tests.conftest import noise

PICTURE = noise("RGB", (21, 14))
TRAILER = b"SECRET-TRAILER" * 20


def saved(picture: Image.Image, name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, name, **options)
    return file.getvalue()


def converted(data: bytes, name: str, folder: Path, *options: str) -> tuple[Path, Path]:
    """Source and target, the source deleted if it may be."""
    source = folder / name
    source.write_bytes(data)
    main(["convert", "--keep-larger", "--delete-originals", *options, str(source)])
    return source, source.with_suffix(".cgx")


def items_of(path: Path) -> list[tuple[bytes, bytes, bool]]:
    with Image.open(path) as image:
        found: list[tuple[bytes, bytes, bool]] = image.info.get("source", {}).get("items", [])
        return found


QOI = b"qoif" + struct.pack(">IIBB", 3, 1, 3, 0) + b"\xfe\1\2\3" + b"\xc1" + bytes(7) + b"\1"

ENDED = {
    "a.bmp": saved(PICTURE, "BMP"),
    "p.bmp": saved(PICTURE.quantize(9), "BMP"),
    "1.bmp": saved(PICTURE.convert("1"), "BMP"),
    "a.dib": saved(PICTURE, "DIB"),
    "a.ppm": saved(PICTURE, "PPM"),
    "a.pgm": saved(PICTURE.convert("L"), "PPM"),
    "a.pbm": saved(PICTURE.convert("1"), "PPM"),
    "16.pgm": b"P5 2 1 65535\n\1\2\3\4",
    "a.pfm": saved(PICTURE.convert("F"), "PPM"),
    "a.tif": saved(PICTURE, "TIFF"),
    "lzw.tif": saved(PICTURE, "TIFF", compression="tiff_lzw", dpi=(100, 100)),
    "pages.tif": saved(PICTURE, "TIFF", save_all=True, append_images=[PICTURE.convert("L")]),
    "a.qoi": QOI,
    "a.png": saved(PICTURE, "PNG"),
    "a.gif": saved(PICTURE.quantize(9), "GIF"),
    "a.webp": saved(PICTURE, "WEBP", lossless=True),
}


@pytest.mark.parametrize("name", ENDED)
def test_what_follows_the_picture_is_held(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, target = converted(ENDED[name], f"plain_{name}", tmp_path)
    assert capsys.readouterr().err == ""
    assert not plain.exists()
    assert items_of(target) == []
    source, target = converted(ENDED[name] + b"\n" + TRAILER, name, tmp_path)
    assert capsys.readouterr().err == ""
    assert not source.exists()
    ((_, kept, behind),) = items_of(target)
    assert behind
    assert kept.lstrip(b"\n") == TRAILER


@pytest.mark.parametrize(
    ("picture", "rest"),
    [(b"P2 3 1 255\n1 2 3", b" 4"), (b"P1\n3 1\n1 01", b"1"), (b"P3 # one\n1 1 255 1 2 3", b"\n9")],
)
def test_end_of_a_plain_netpbm_file(picture: bytes, rest: bytes) -> None:
    comments = ["comments"] * (b"#" in picture)
    assert plain_files.netpbm(picture + b"\n", "") == (len(picture) + 1, comments)
    assert plain_files.netpbm(picture + rest, "") == (len(picture), comments)


@pytest.mark.parametrize("name", ["a.tif", "pages.tif"])
def test_what_follows_a_tiff_file_comes_back(name: str, tmp_path: Path) -> None:
    _, target = converted(ENDED[name] + TRAILER, name, tmp_path)
    assert main(["convert", str(target), "--to", "tif", "--delete-originals"]) == 0
    again = (tmp_path / name).read_bytes()
    assert again.endswith(TRAILER)
    assert tiff_places.unpointed(again) == (0, len(again) - len(TRAILER))
    assert not target.exists()


@pytest.mark.parametrize("quality", [30, 100])
def test_a_jpeg_file_whose_pixels_are_kept_keeps_what_follows(quality: int, tmp_path: Path) -> None:
    """A second JPEG file, too, whose end is not that of the first one."""
    data = saved(PICTURE, "JPEG", quality=quality, progressive=quality == 30)
    _, target = converted(data + data, "a.jpg", tmp_path, "--jpeg", "never")
    assert items_of(target) == [(b"end", data, True)]


def bmp_of_masks(bits: int, pixel: bytes) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, bits, 0, 8, 0, 0, 0, 0)
    return (
        b"BM"
        + struct.pack("<IHHI", 62, 0, 0, 54)
        + head
        + (bytes(bits // 8) + pixel).ljust(8, b"\0")
    )


def tiff_with(tags: dict[int, tiff_tags.Entry], data: bytes = ENDED["a.tif"]) -> bytes:
    """`data` with other tags, its directory at the end, and nothing where it was."""
    _, directory, _ = tiff_tags.read(data)
    (at,) = struct.unpack_from("<I", data, 4)
    directory |= tags
    body = bytearray(data)
    for begin, end in tiff_places.places_of_directory(data, "<", at, {at}, pixels=False):
        body[begin:end] = bytes(end - begin)
    struct.pack_into("<I", body, 4, len(body))
    return bytes(body) + tiff_tags.pack(directory, "<", len(body))


def with_gap() -> bytes:
    """A TIFF file whose directory was written anew, the old one left where it was."""
    data = ENDED["a.tif"]
    _, directory, _ = tiff_tags.read(data)
    data += bytes(len(data) & 1)
    return (
        data[:4]
        + struct.pack("<I", len(data))
        + data[8:]
        + tiff_tags.pack(directory, "<", len(data))
    )


def short(*values: int) -> tiff_tags.Entry:
    return tiff_tags.Entry(3, len(values), struct.pack(f"<{len(values)}H", *values))


def png_of(
    depth: int, color: int, rows: bytes, *chunks: tuple[bytes, bytes], more: bytes = b""
) -> bytes:
    head = struct.pack(">IIBBBBB", 4, 2, depth, color, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows) + more), (b"IEND", b"")]
    return png_items.SIGNATURE + b"".join(png_items.chunk(*part) for part in parts)


BMP = ENDED["a.bmp"]
RGBA = saved(PICTURE.convert("RGBA"), "TIFF")
PALETTE = saved(PICTURE.quantize(9), "TIFF")
RGB_ROWS = (b"\0" + bytes(range(12))) * 2

STAY = {
    "two.ppm": (2 * ENDED["a.ppm"], "further pictures, behind the first one"),
    "comment.ppm": (b"P6\n# made by me\n1 1\n255\nabc", "comments"),
    "comment.pgm": (b"P2\n1 2 255\n1 # one\n2\n", "comments"),
    "max.ppm": (b"P6 1 1 100\nabc", "samples as they are (of 0 to 100, Pillow makes 0 to 255)"),
    "max.pgm": (b"P5 1 1 4095\nab", "samples as they are (of 0 to 4095, Pillow makes 0 to 65535)"),
    "bits.pbm": (b"P4 3 1\n\xa1", "bits between its rows"),
    "rows.bmp": (ENDED["a.bmp"][:-1] + b"!", "bytes between its rows"),
    "gap.bmp": (
        ENDED["a.bmp"][:10]
        + struct.pack("<I", 58)
        + ENDED["a.bmp"][14:54]
        + b"here"
        + ENDED["a.bmp"][54:],
        "bytes between its head and its pixels",
    ),
    "fourth.bmp": (bmp_of_masks(32, b"abcd"), "bits of its pixels that are no colour"),
    "fifteen.bmp": (bmp_of_masks(16, b"\0\x80"), "bits of its pixels that are no colour"),
    "gap.tif": (with_gap(), "bytes that no directory points to"),
    "associated.tif": (
        tiff_with({338: short(1)}, RGBA),
        "colours as they are (multiplied",
    ),
    "unused.tif": (tiff_with({338: short(0)}, RGBA), "further channels"),
    "signed.tif": (
        tiff_with({339: short(2)}, saved(PICTURE.convert("L"), "TIFF")),
        "signs of samples, or that there are none",
    ),
    "palette.tif": (tiff_with({320: short(*[0x0102] * 768)}, PALETTE), "low bits of the palette"),
    "second.tif": (
        saved(PICTURE, "TIFF", save_all=True, append_images=[PICTURE.convert("L")]).replace(
            struct.pack("<HHIHH", 262, 3, 1, 1, 0), struct.pack("<HHIHH", 274, 3, 1, 6, 0)
        ),
        "orientation (Pillow hands out the picture upright)",
    ),
    "behind.png": (png_of(8, 2, RGB_ROWS, more=b"secret"), "bytes behind its pixels"),
    "rows.png": (png_of(8, 2, RGB_ROWS * 2), "bytes behind its pixels"),
    "aspect.gif": (ENDED["a.gif"][:12] + b"\x31" + ENDED["a.gif"][13:], "shape of its pixels"),
}


@pytest.mark.parametrize("name", STAY)
def test_what_is_not_held_is_named_and_the_original_stays(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, said = STAY[name]
    source, target = converted(data, name, tmp_path)
    assert f"{target.name} does not hold: " in (line := capsys.readouterr().err)
    assert said in line
    assert "; the original stays" in line
    assert source.read_bytes() == data


@pytest.mark.parametrize("count", [1, 5, 37])
@pytest.mark.parametrize("way", ["8", "4"])
def test_end_of_a_bmp_file_of_runs(way: str, count: int) -> None:
    """Runs, literal bytes, jumps and ends of lines; what is behind the end is not part of it."""
    literal = bytes(range(count if way == "8" else (count + 1) // 2))
    literal += bytes(len(literal) & 1)
    count = max(count, 3)
    runs = bytes([count, 7, 0, 0, 0, 2, 1, 1, 0, count]) + literal.ljust(4, b"\0") * (count > 2)
    literal_bytes = count if way == "8" else (count + 1) // 2
    runs = runs[:10] + bytes(literal_bytes + (literal_bytes & 1)) + b"\0\1"
    kind = {"8": plain_files.BMP_RLE8, "4": plain_files.BMP_RLE4}[way]
    head = struct.pack("<IiiHHIIiiII", 40, 50, 3, 1, int(way), kind, 0, 0, 0, 1, 0) + bytes(4)
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 58) + head + runs
    assert plain_files.bmp(data + b"\0\1more", "P") == (len(data), [])


@pytest.mark.parametrize("depth", [1, 2, 4, 16])
def test_grey_of_few_bits_comes_back_as_it_was(
    depth: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is transparent, and the background, are told in these bits."""
    rows = np.random.default_rng(depth).integers(0, 256, (2, 1 + (4 * depth + 7) // 8), np.uint8)
    rows[:, 0] = 0
    data = png_of(depth, 0, rows.tobytes(), (b"bKGD", b"\0\1"), (b"tRNS", b"\0\1"))
    source, target = converted(data, "a.png", tmp_path)
    assert capsys.readouterr().err == ""
    assert not source.exists()
    assert main(["convert", str(target), "--to", "png", "--delete-originals"]) == 0
    assert capsys.readouterr().err == ""
    again = source.read_bytes()
    assert again[:33] == data[:33]
    assert others_than_pixels(again) == others_than_pixels(data)
    with Image.open(io.BytesIO(data)) as image, Image.open(source) as back:
        assert image.tobytes() == back.tobytes()


def test_a_suggested_palette_and_the_name_of_a_profile_come_back(tmp_path: Path) -> None:
    profile = b"my own profile\0\0" + zlib.compress(b"profile" * 9)
    chunks = [(b"PLTE", bytes(range(30))), (b"bKGD", bytes(6)), (b"tRNS", bytes(6))]
    data = png_of(8, 2, RGB_ROWS, (b"iCCP", profile), *chunks)
    source, target = converted(data, "a.png", tmp_path)
    assert not source.exists()
    assert main(["convert", str(target), "--to", "png"]) == 0
    names = [(name, p.split(b"\0")[0]) for name, p in others_than_pixels(source.read_bytes())]
    assert names == [(name, p.split(b"\0")[0]) for name, p in others_than_pixels(data)]


def others_than_pixels(data: bytes) -> list[tuple[bytes, bytes]]:
    return [pair for pair in png_items.chunks_of(data) if pair[0] != b"IDAT"]


def test_a_file_that_a_link_leads_to_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(ENDED["a.png"])
    (folder / "link.png").symlink_to("a.png")
    (folder / "round.png").symlink_to("round.png")
    assert main(["convert", "--keep-larger", "--delete-originals", str(folder)]) == 0
    said = f"a.png: note: the original stays, {folder / 'link.png'} leads to it"
    assert said in capsys.readouterr().err
    assert (folder / "link.png").exists()
    assert not (folder / "b.png").exists()


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        struct.pack("<4sI", name, len(part)) + part + bytes(len(part) & 1) for name, part in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_second_chunk_of_webp_is_kept(tmp_path: Path) -> None:
    """Pillow shows the first one."""
    data = saved(PICTURE, "WEBP", lossless=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")
    data += struct.pack("<4sI", b"EXIF", 4) + b"more"
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    source, target = converted(data, "a.webp", tmp_path)
    assert not source.exists()
    assert items_of(target) == [(b"EXIF", b"more", True)]


def test_what_is_in_frames_of_webp_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = saved(PICTURE, "WEBP", lossless=True)[12:]
    sides = struct.pack("<I", PICTURE.width - 1)[:3] + struct.pack("<I", PICTURE.height - 1)[:3]
    head = bytes(6) + sides + bytes([10, 0, 0, 0])
    inner = head + picture + struct.pack("<4sI", b"ABCD", 4) + b"mine"
    frames = [(b"ANMF", inner), (b"ANMF", head + picture)]
    data = riff((b"VP8X", bytes([2, 0, 0, 0]) + sides), (b"ANIM", bytes(6)), *frames)
    source, _ = converted(data, "a.webp", tmp_path)
    assert "does not hold: parts of its frames" in capsys.readouterr().err
    assert source.exists()


def test_gif_says_no_duration_of_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [noise("L", (9, 7), seed).quantize(9) for seed in range(3)]
    options = {
        "duration": [0, 10, 20],
        "disposal": 2,
        "save_all": True,
        "append_images": frames[1:],
    }
    source, target = converted(saved(frames[0], "GIF", **options), "a.gif", tmp_path)
    with Image.open(target) as image:
        stated = [image.seek(n) or image.info.get("duration") for n in range(3)]
    main(["convert", str(target), "--to", "gif", "--delete-originals"])
    with Image.open(source) as again:
        found = [again.seek(n) or again.info.get("duration") for n in range(3)]
    assert (stated, found) == ([0, 10, 20], [None, 10, 20])
    assert "does not hold: durations" in capsys.readouterr().err
    assert target.exists()


def test_the_clock_moves_while_one_picture_is_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "REFRESH_SECONDS", 0.01)
    looked = threading.Event()
    with archive._moving(looked.set):
        assert looked.wait(10)


def test_the_colour_space_that_qoi_tells_is_kept(tmp_path: Path) -> None:
    data = QOI[:13] + b"\1" + QOI[14:]
    _, target = converted(data, "a.qoi", tmp_path)
    assert items_of(target) == [(b"qoif", data[:14], False)]


@pytest.mark.parametrize("several", [False, True])
def test_a_cgx_file_that_goes_on_stays(
    several: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = [PICTURE.convert("L")] if several else []
    plain, more = (tmp_path / name for name in ("plain.cgx", "more.cgx"))
    plain.write_bytes(saved(PICTURE, "CGX", save_all=several, append_images=rest))
    more.write_bytes(plain.read_bytes() + TRAILER)
    assert main(["convert", str(plain), str(more), "--to", "tif", "--delete-originals"]) == 0
    said = "more.tif does not hold: bytes behind its end; the original stays"
    assert said in capsys.readouterr().err
    assert (plain.exists(), more.exists()) == (False, True)


def test_a_plain_netpbm_file_that_is_cut_short() -> None:
    with pytest.raises(ValueError, match="fewer samples"):
        plain_files.netpbm(b"P2 3 1 255\n1 2", "L")
