"""A folder as people have it goes to .cgx and back, and everything is compared.

More than fifty kinds: formats, modes, frames, metadata of every sort, broken ones, odd names,
links, names that collide. docs/modes.md lists by name what cannot be kept; this is its test.
"""

import io
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import AppendingTiffWriter

from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.frames.encoder import gathering
from tests.commands.test_carrying import (
    gif_file,
    jpeg_file,
    png_file,
    source_png,
    tiff_file,
    webp_file,
)
from tests.conftest import ROOT, noise, photograph
from tests.frames.mpo import jpeg, mpo

PHOTO = photograph("coffee", 40, 30)
GREY = PHOTO.convert("L")
FRAMES = [photograph("coffee", 40 + number, 30).crop((0, 0, 40, 30)) for number in range(3)]
WHEN = 1_000_000_000

NOT_COMPARED = ("cgx", "source", "dpi", "mpoffset")
"""Of `info`: what .cgx files add, the resolution (compared as numbers), and where the index of an
MPO file stands, which is given back whole."""


def saved(image: Image.Image, name: str, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        file = io.BytesIO()
        # Of a copy: Pillow leaves what it told one encoder in the picture.
        image.copy().save(file, name, **options)
        return file.getvalue()

    return make


def animated(name: str, frames: list[Image.Image], **options: Any) -> Callable[[], bytes]:
    return saved(frames[0], name, save_all=True, append_images=frames[1:], **options)


def exif(orientation: int = 6) -> bytes:
    found = Image.Exif()
    found[0x0112], found[0x010E] = orientation, "caption"
    return found.tobytes()


def texts() -> PngInfo:
    found = PngInfo()
    found.add_itxt("Title", "grüße", "de", "Titel")
    found.add_text("Software", "tests", zip=True)
    return found


def pages_with_tags() -> bytes:
    """Pages of a scanner: each with a caption of its own, the last without any."""
    file = io.BytesIO()
    captions = [{270: "first", 315: "somebody"}, {270: "second"}, {}]
    with AppendingTiffWriter(file) as pages:
        for frame, tags in zip(FRAMES, captions, strict=True):
            frame.save(pages, "TIFF", tiffinfo=tags)
            pages.newFrame()
        pages.finalize()
        return file.getvalue()


def captions(data: bytes) -> list[tuple[object, object]]:
    """Of each page: caption and artist, wherever a file keeps them."""
    with Image.open(io.BytesIO(data)) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            tags = image.tag_v2 if image.format == "TIFF" else image.getexif()
            found.append((tags.get(270), tags.get(315)))
        return found


def clear_frames() -> list[Image.Image]:
    """A shape that moves, nothing around it."""
    found = []
    for number in range(3):
        frame = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
        frame.paste((200, 40 * number, 0, 255), (5 * number, 3, 5 * number + 9, 15))
        found.append(frame)
    return found


BIG_ENDIAN = Image.frombytes("I;16B", (8, 8), bytes(range(128)))
WIDE = Image.frombytes("I;16", (8, 8), bytes(range(128)))
REAL = Image.frombytes("F", (8, 8), struct.pack("<64f", *range(64)))

KEPT: dict[str, Callable[[], bytes]] = {
    "1.png": saved(PHOTO.convert("1"), "PNG"),
    "l.png": saved(GREY, "PNG"),
    "la.png": saved(noise("RGBA", (9, 9)).convert("LA"), "PNG"),
    "p.png": saved(PHOTO.quantize(9), "PNG"),
    "p with transparency.png": saved(PHOTO.quantize(9), "PNG", transparency=b"\0\x80\xff"),
    "rgb.png": saved(PHOTO, "PNG", pnginfo=texts()),
    "rgb with transparency.png": saved(PHOTO, "PNG", transparency=(1, 2, 3)),
    "rgba.png": saved(noise("RGBA", (20, 14)), "PNG"),
    "wide.png": saved(WIDE, "PNG"),
    "all metadata.png": png_file,
    "animated.png": animated("PNG", FRAMES, duration=[40, 50, 60], loop=2),
    "default image.png": animated("PNG", FRAMES, duration=[40, 50], default_image=True),
    "transparent frames.png": animated("PNG", clear_frames(), duration=70, loop=0, disposal=1),
    "one pixel.png": saved(Image.new("RGB", (1, 1), "red"), "PNG"),
    "all metadata.tif": tiff_file,
    "cmyk.tif": saved(PHOTO.convert("CMYK"), "TIFF"),
    "lab.tif": saved(Image.frombytes("LAB", (4, 4), bytes(range(48))), "TIFF"),
    "ycbcr.tif": saved(PHOTO.convert("YCbCr"), "TIFF"),
    "integers.tif": saved(Image.frombytes("I", (4, 4), bytes(range(64))), "TIFF"),
    "real.tif": saved(REAL, "TIFF"),
    "wide.tif": saved(WIDE, "TIFF", compression="tiff_lzw"),
    "big-endian.tif": saved(BIG_ENDIAN, "TIFF"),
    "pages.tif": animated("TIFF", [PHOTO, GREY]),
    "pages with tags.tiff": pages_with_tags,
    "photo.jpg": saved(PHOTO, "JPEG", quality=90, exif=exif(), dpi=(300, 300)),
    "all metadata.jpg": jpeg_file,
    "progressive.jpeg": saved(PHOTO, "JPEG", progressive=True, comment=b"words"),
    "grey.jpg": saved(GREY, "JPEG"),
    "cmyk.jpg": saved(PHOTO.convert("CMYK"), "JPEG"),
    "phone.jpg": animated("MPO", FRAMES[:2]),
    "phone with a map.jpg": lambda: mpo([jpeg(PHOTO), jpeg(GREY.resize((9, 9)))], [b"gap"]),
    "all metadata.webp": webp_file,
    "lossy.webp": saved(PHOTO, "WEBP", quality=70),
    "animated.webp": animated("WEBP", FRAMES, lossless=True, duration=[40, 50, 60], loop=0),
    "all metadata.gif": gif_file,
    "animated.gif": animated("GIF", [f.quantize(9) for f in FRAMES], duration=[40, 50, 60], loop=0),
    "transparent frames.gif": animated("GIF", clear_frames(), duration=70, disposal=2),
    "plain.bmp": saved(PHOTO, "BMP", dpi=(72, 72)),
    "picture.ppm": saved(PHOTO, "PPM"),
    "picture.qoi": saved(PHOTO, "QOI"),
    "same.png": saved(GREY, "PNG"),
    "same.jpg": saved(PHOTO, "JPEG"),
    "same.bmp": saved(GREY, "BMP"),
    "caf\u00e9 \u6f22 \U0001f642.png": saved(GREY, "PNG"),
    "\x1b]0;owned\x07\n.png": saved(GREY, "PNG"),
    os.fsdecode(b"no text \xff.png"): saved(GREY, "PNG"),
    "-o.png": saved(GREY, "PNG"),
    "n" * 246 + ".png": saved(GREY, "PNG"),
    ".hidden.png": saved(GREY, "PNG"),
    "two.dots.png": saved(GREY, "PNG"),
    "deep/er/UPPER.PNG": saved(GREY, "PNG"),
}
"""What a .cgx file holds whole: the originals may go."""

NAMED: dict[str, tuple[Callable[[], bytes], str]] = {
    "sixteen.png": (lambda: source_png(16, 2, b"\0" + bytes(range(12))), "low bits"),
    "comments.ppm": (lambda: b"P5\n# made by hand\n2 1\n255\n\1\2", "comments"),
    "icon.ico": (saved(PHOTO, "ICO"), "anything else in it (ICO"),
    "picture.jp2": (saved(PHOTO, "JPEG2000"), "anything else in it (JPEG2000"),
    "picture.avif": (saved(PHOTO, "AVIF"), "anything else in it (AVIF"),
    "picture.tga": (saved(PHOTO, "TGA"), "anything else in it (TGA"),
}
"""What is converted, but of which something is lost that is named: the originals stay."""

BROKEN = {
    "empty.png": lambda: b"",
    "cut.png": lambda: saved(PHOTO, "PNG")()[:-300],
    "text.jpg": lambda: b"no picture",
    "cut.gif": lambda: animated("GIF", FRAMES, duration=40)()[:-900],
}

LEFT = {"raw.CR2": "raw file", "phone.heic": "HEIC", "film.mov": "no picture by its name"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "in"
    makers = {**KEPT, **{name: make for name, (make, _) in NAMED.items()}, **BROKEN}
    for name, make in makers.items():
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_bytes(make())
        os.utime(found / name, (WHEN, WHEN))
    for name in LEFT:
        (found / name).write_bytes(b"what it is")
    (found / "link.png").symlink_to("picture.tga")
    (found / "nowhere.png").symlink_to("gone.png")
    (found / "folder").symlink_to("deep")
    os.mkfifo(found / "pipe.png")
    (found / "empty").mkdir()
    return found


def frames(data: bytes) -> list[tuple[Any, ...]]:
    """All that is to come back: of each frame mode, size, pixels, duration; and `info`."""
    with Image.open(io.BytesIO(data)) as image:
        found = []
        for frame in ImageSequence.Iterator(image):
            frame.load()
            palette = frame.getpalette()[:30] if frame.mode == "P" else None
            info = {k: v for k, v in frame.info.items() if k not in NOT_COMPARED}
            if image.format == "TIFF" and 282 not in image.tag_v2:  # Pillow makes one up
                frame.info.pop("dpi", None)
                info.pop("resolution", None)
            resolution = [round(float(value), 3) for value in frame.info.get("dpi", ())]
            if getattr(image, "n_frames", 1) > 1:  # how frames are put together, not what is seen
                info = {key: info[key] for key in info if key not in gathering.OF_SOURCES}
            if "duration" in info:
                info["duration"] = float(info["duration"])
            told = {key: repr(value) for key, value in sorted(info.items(), key=str)}
            found.append((frame.mode, frame.size, frame.tobytes(), palette, resolution, told))
        return found


def seen(data: bytes) -> list[tuple[Any, ...]]:
    """Mode, size and pixels; of animations, whose palettes may be others, what is seen."""
    with Image.open(io.BytesIO(data)) as image:
        if getattr(image, "n_frames", 1) == 1 or image.format == "TIFF":
            return [frame[:3] for frame in frames(data)]
        return [(f.size, f.convert("RGBA").tobytes()) for f in ImageSequence.Iterator(image)]


def target_of(name: str) -> str:
    path = Path(name)
    several = [other for other in KEPT if Path(other).with_suffix("") == path.with_suffix("")]
    return f"{name}.cgx" if len(several) > 1 else str(path.with_suffix(".cgx"))


def assert_holds(name: str, data: bytes, kept: bytes) -> None:
    """All of `data` is seen in its .cgx file."""
    before, after = frames(data), frames(kept)
    if name.startswith("phone"):  # Pillow shows metadata of the first picture for others, too
        before[1:], after[1:] = ([f[:3] for f in found[1:]] for found in (before, after))
    assert len(after) == len(before), name
    for one, other in zip(before, after, strict=True):
        if len(one) == 3:
            assert one == other, name
            continue
        *same, told = one
        *shown, tells = other
        assert shown[:2] == same[:2], name
        assert shown[2:] == same[2:], name
        if name.endswith((".tif", ".tiff")):
            tells.pop("exif", None)  # TIFF's tags, which Pillow shows elsewhere
        assert tells == told, name


def test_a_mixed_folder_there_and_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: (folder / name).read_bytes() for name in KEPT}
    command = ["convert", str(folder), "--delete-originals", "--keep-larger", "--effort", "1"]
    assert main(command) == 1
    said = capsys.readouterr()
    assert not [c for c in (said.out + said.err).replace("\n", "") if not c.isprintable()]
    count = len(KEPT) + len(NAMED)
    assert f"{count} converted, 0 skipped, {len(BROKEN)} failed" in said.out

    # Kept whole: gone, with everything in the .cgx file.
    for name, data in before.items():
        assert not (folder / name).exists(), (name, said.err)
        kept = folder / target_of(name)
        assert kept.stat().st_mtime == WHEN
        assert_holds(name, data, kept.read_bytes())
    # Named, and still there.
    for name, (make, named) in NAMED.items():
        assert (folder / name).read_bytes() == make()
        (line,) = [line for line in said.err.splitlines() if line.startswith(f"{folder / name}:")]
        assert named in line
        assert "the original stays" in line
    for name, make in BROKEN.items():
        assert (folder / name).read_bytes() == make()
        assert f"{folder / name}: " in said.err
    for name, named in LEFT.items():
        assert (folder / name).read_bytes() == b"what it is"
        assert f"{folder / name}: not converted: " in said.err
        assert named in said.err
    for name in ("link.png", "nowhere.png", "folder"):
        assert (folder / name).is_symlink()
        assert f"{folder / name}: not converted: link" in said.err
    assert f"{folder / 'pipe.png'}: not converted: special file" in said.err
    assert captions(before["pages with tags.tiff"])[1:] == [("second", None), (None, None)]
    assert captions((folder / "pages with tags.cgx").read_bytes()) == captions(
        before["pages with tags.tiff"]
    )

    # Back: JPEG files byte for byte; others where the format has a place for all of it.
    for suffix in ("png", "gif", "tif", "webp"):
        back = folder.parent / suffix
        for name in KEPT:
            if not name.lower().endswith((suffix, f"{suffix}f")):
                continue
            target = back / Path(name).name
            source = str(folder / target_of(name))
            assert main(["convert", source, "-o", str(target), "--to", suffix]) == 0, name
            assert seen(target.read_bytes()) == seen(before[name]), name
            assert target.stat().st_mtime == WHEN
            if name.endswith(".tiff"):
                assert captions(target.read_bytes()) == captions(before[name])
    back = folder.parent / "original"
    assert main(["convert", str(folder), "-o", str(back), "--to", "original"]) == 1
    for name, data in before.items():
        if name.endswith((".jpg", ".jpeg")):
            found = back / "in" / Path(name).with_suffix(".jpg")
            assert found.read_bytes() == data, name
            assert found.stat().st_mtime == WHEN


def test_what_cannot_be_kept_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "modes.md").read_text()
    for named in ("lower 8 bits", "comments", "ICO", "JPEG 2000", "AVIF", "TGA"):
        assert named in page
