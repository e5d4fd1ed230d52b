"""cgx convert takes animations and pages, all of them, and gives them back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PIL.TiffImagePlugin import AppendingTiffWriter

from pillow_colorgrid.commands.cli import main
from tests.conftest import noise, photograph
from tests.frames.animations import sprite

DURATIONS = [100, 40, 70, 200]


def paletted() -> list[Image.Image]:
    frames = sprite(4, photograph("coffee", 60, 50))
    palette = frames[0].quantize(32)
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]


def clear() -> list[Image.Image]:
    """Sharp shapes that move, nothing around them, and twice the same."""
    frames = []
    for number in (0, 1, 1, 2):
        frame = Image.new("RGBA", (50, 40), (0, 0, 0, 0))
        frame.paste((200, 40 * number, 0, 255), (5 * number, 3, 5 * number + 9, 20))
        frames.append(frame)
    return frames


def pages() -> list[Image.Image]:
    return [
        photograph("coffee", 40, 30),
        photograph("coffee", 30, 50).convert("L"),
        photograph("coffee", 33, 17).convert("1"),
        photograph("coffee", 20, 20).quantize(7),
    ]


SOURCES = {
    "a.gif": (paletted, {"duration": DURATIONS, "loop": 0}),
    "clear.gif": (clear, {"duration": DURATIONS, "disposal": 2}),
    "a.png": (clear, {"duration": DURATIONS, "loop": 2}),
    "photo.png": (lambda: sprite(4), {"duration": DURATIONS, "loop": 0}),
    "default.png": (lambda: sprite(4), {"duration": DURATIONS[:3], "default_image": True}),
    "a.webp": (lambda: sprite(4), {"duration": DURATIONS, "lossless": True}),
    "a.tif": (pages, {}),
}


def shown(path: Path) -> list[tuple[tuple[int, int], bytes, object]]:
    """Frames as they are seen, RGBA, and how long."""
    with Image.open(path) as image:
        found = []
        for frame in ImageSequence.Iterator(image):
            frame.load()
            rgba = frame.convert("RGBA").tobytes()
            found.append((frame.size, rgba, frame.info.get("duration")))
        return found


@pytest.fixture
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make, keywords = SOURCES[request.param]
    frames = make()
    path: Path = tmp_path / request.param
    frames[0].save(path, save_all=True, append_images=frames[1:], **keywords)
    return path


@pytest.mark.parametrize("suffix", ["gif", "webp", "avif"])
@pytest.mark.parametrize("source", ["photo.png", "a.png"], indirect=True)
def test_lossy_animations_when_allowed(source: Path, suffix: str) -> None:
    """Of any colours: as large, as long, and much alike."""
    if ".avif" not in Image.registered_extensions():
        pytest.skip("no AVIF here")
    target = source.with_name(f"lossy.{suffix}")
    assert main(["convert", str(source), "-o", str(target), "--lossy", "--quality", "80"]) == 0
    before, after = shown(source), shown(target)
    assert 1 < len(after) <= len(before)
    assert sum(frame[2] for frame in after) == pytest.approx(sum(frame[2] for frame in before))
    for one, other in ((before[0], after[0]), (before[-1], after[-1])):
        assert one[0] == other[0]
        pixels = (np.frombuffer(data, np.uint8).reshape(-1, 4) for data in (one[1], other[1]))
        a, b = (np.where(p[:, 3:] > 127, p[:, :3], 0).astype(np.int16) for p in pixels)
        assert np.abs(a - b).mean() < 8


def told(path: Path) -> list[tuple[object, object, object]]:
    """Of each frame: caption, comment, duration."""
    with Image.open(path) as image:
        found = []
        for frame in ImageSequence.Iterator(image):
            caption = frame.getexif().get(0x010E)
            found.append((caption, frame.info.get("comment"), frame.info.get("duration")))
        return found


def test_metadata_of_frames_can_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a place"
    frames = sprite(3)
    frames[0].save(
        tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=50, exif=exif
    )
    first, *others = paletted()
    first.save(tmp_path / "b.gif", save_all=True, append_images=others, duration=50, comment=b"x")
    with AppendingTiffWriter(tmp_path / "c.tif") as pages_of_tiff:
        for frame in frames:
            frame.save(pages_of_tiff, "TIFF", tiffinfo={270: "a place"})
            pages_of_tiff.newFrame()
    kept = ["convert", str(tmp_path), "--keep-larger", "-o", str(tmp_path / "kept/")]
    assert main(kept) == 0
    assert (
        main([*kept[:-1], str(tmp_path / "bare/"), "--no-exif", "--no-comment", "--no-info"]) == 0
    )
    assert "does not hold" not in capsys.readouterr().err
    whole, bare = (tmp_path / name / tmp_path.name for name in ("kept", "bare"))
    for name, durations in (("a", 50), ("b", 50), ("c", None)):
        path = bare / f"{name}.cgx"
        before = told(whole / path.name)
        assert any("a place" in frame or b"x" in frame for frame in before)
        assert told(path) == [(None, None, durations)] * len(before)
        assert b"a place" not in path.read_bytes()
        assert shown(path) == shown(whole / path.name)
    # Of a .cgx file that has them, too.
    for name, suffix in (("a", "png"), ("c", "tif")):
        target = tmp_path / f"again.{suffix}"
        source = str(whole / f"{name}.cgx")
        assert main(["convert", source, "-o", str(target), "--no-exif"]) == 0
        assert b"a place" not in target.read_bytes()
        assert shown(target) == shown(whole / f"{name}.cgx")


def test_a_format_without_room_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *others = pages()
    first.save(tmp_path / "a.tif", save_all=True, append_images=others)
    for suffix in ("png", "webp"):
        assert main(["convert", str(tmp_path / "a.tif"), "--to", suffix]) == 1
        assert "frames of different sizes, which" in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "a.tif"), "--to", "jpg", "--lossy"]) == 1
    assert "4 frames, JPEG holds one" in capsys.readouterr().err


@pytest.mark.parametrize("source", SOURCES, indirect=True)
def test_all_frames_go_into_cgx_and_originals_may_go(source: Path) -> None:
    before = shown(source)
    assert main(["convert", "--keep-larger", str(source), "--delete-originals"]) == 0
    assert not source.exists()
    assert shown(source.with_suffix(".cgx")) == before
    assert main(["verify", "--deep", str(source.with_suffix(".cgx"))]) == 0


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a.gif", "gif"),
        ("a.gif", "png"),
        ("a.gif", "webp"),
        ("a.gif", "tif"),
        ("clear.gif", "gif"),
        ("clear.gif", "png"),
        ("clear.gif", "webp"),
        ("a.png", "png"),
        ("a.png", "gif"),
        ("photo.png", "png"),
        ("photo.png", "webp"),
        ("default.png", "png"),
        ("a.webp", "webp"),
        ("a.webp", "png"),
        ("a.tif", "tif"),
    ],
    indirect=["source"],
)
def test_and_back(source: Path, target: str, tmp_path: Path) -> None:
    before = shown(source)
    assert main(["convert", "--keep-larger", str(source)]) == 0
    out = tmp_path / "out"
    kept = source.with_suffix(".cgx")
    assert main(["convert", "--keep-larger", str(kept), "-o", str(out), "--to", target]) == 0
    (found,) = out.iterdir()
    after = shown(found)
    if target == "tif":
        assert [frame[:2] for frame in after] == [frame[:2] for frame in before]
        return
    # Equal neighbours may have become one.
    assert _merged(after) == _merged(before)


def _merged(frames: list[tuple[tuple[int, int], bytes, object]]) -> list[tuple[bytes, float]]:
    """Without colour under alpha 0; equal neighbours as one."""
    found: list[tuple[bytes, float]] = []
    for _, rgba, duration in frames:
        pixels = np.frombuffer(rgba, np.uint8).reshape(-1, 4).copy()
        pixels[pixels[:, 3] == 0] = 0
        if found and found[-1][0] == pixels.tobytes():
            found[-1] = (found[-1][0], found[-1][1] + float(duration or 0))
        else:
            found.append((pixels.tobytes(), float(duration or 0)))
    return found


@pytest.mark.parametrize(
    ("source", "target", "named"),
    [
        ("photo.png", "gif", "colours in a frame, GIF holds 256"),
        ("a.tif", "webp", ""),
        ("a.tif", "png", ""),
    ],
    indirect=["source"],
)
def test_what_a_target_cannot_hold_is_not_written(
    source: Path, target: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", "--keep-larger", str(source)]) == 0
    kept = source.with_suffix(".cgx")
    out = tmp_path / "out"
    assert main(["convert", "--keep-larger", str(kept), "-o", str(out), "--to", target]) == 1
    assert f"{kept}: " in (said := capsys.readouterr().err)
    assert named in said
    assert not list(out.glob("*"))


def test_what_a_target_lacks_is_named_and_the_source_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cgx"
    frames = sprite(3)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[10, 20, 30], loop=4)
    assert main(["convert", "--keep-larger", str(path), "--to", "tif", "--delete-originals"]) == 0
    assert path.exists()
    assert "durations, number of repetitions" in capsys.readouterr().err


def test_half_transparency_is_no_gif(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.cgx"
    noise("RGBA", (4, 4)).save(path, save_all=True, append_images=[noise("RGBA", (4, 4), 2)])
    assert main(["convert", "--keep-larger", str(path), "--to", "gif"]) == 1
    assert "half transparent pixels" in capsys.readouterr().err


def test_a_second_run_skips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    frames = sprite(3)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=20)
    assert main(["convert", "--keep-larger", str(path)]) == 0
    assert main(["convert", "--keep-larger", str(path)]) == 0
    assert "0 converted, 1 skipped" in capsys.readouterr().out
    frames[0].save(path, save_all=True, append_images=[*frames[1:], frames[0]], duration=20)
    assert main(["convert", "--keep-larger", str(path)]) == 1  # the same first frame is not enough
    assert "holds another picture" in capsys.readouterr().err


def test_grid_takes_all_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    frames = sprite(3)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=20)
    assert main(["convert", "--keep-larger", str(path), "--mode", "grid"]) == 0
    with Image.open(path.with_suffix(".cgx")) as image:
        assert image.n_frames == 3


@pytest.mark.skipif("AVIF" not in Image.registered_extensions().values(), reason="no AVIF")
def test_avif_sequences(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    frames = sprite(3)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[20, 30, 40])
    before = shown(path)
    assert main(["convert", "--keep-larger", str(path)]) == 0
    assert shown(path.with_suffix(".cgx")) == before


def test_tags_of_each_page_come_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    first, *rest = pages()
    first.save(path, save_all=True, append_images=rest, description="all pages", dpi=(300, 300))
    assert main(["convert", "--keep-larger", str(path), "--delete-originals"]) == 0
    assert not path.exists()
    with Image.open(path.with_suffix(".cgx")) as image:
        for number in range(4):
            image.seek(number)
            assert image.getexif()[270] == "all pages"
            assert image.info["dpi"] == (300, 300)


def test_each_page_keeps_its_own_tags(tmp_path: Path) -> None:
    """Pillow leaves in `info` what the page before had."""
    path = tmp_path / "a.tif"
    told = [
        {"tiffinfo": {270: "first", 315: "somebody"}, "dpi": (300, 300), "icc_profile": b"p" * 99},
        {"tiffinfo": {270: "second"}},
        {"dpi": (72, 72)},
    ]
    with AppendingTiffWriter(str(path)) as file:
        for frame, keywords in zip(pages(), told, strict=False):
            frame.save(file, "TIFF", **keywords)
            file.newFrame()
    assert main(["convert", "--keep-larger", str(path), "--delete-originals"]) == 0
    assert not path.exists()
    with Image.open(path.with_suffix(".cgx")) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            tags = image.getexif()
            info = (image.info.get("dpi"), image.info.get("icc_profile"))
            found.append((tags.get(270), tags.get(315), *info))
    assert found[0] == ("first", "somebody", (300, 300), b"p" * 99)
    assert found[1] == ("second", None, None, None)  # not (1, 1), which Pillow makes up
    assert found[2] == (None, None, (72, 72), None)


def test_tags_of_each_page_go_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, frames = tmp_path / "a.cgx", pages()
    captions = ["first", "second", None, "the last"]
    for frame, caption in zip(frames, captions, strict=True):
        exif = Image.Exif()
        if caption is not None:
            exif[270] = caption
            frame.info["exif"] = exif.tobytes()
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert main(["convert", "--to", "tif", str(path), "--delete-originals"]) == 0
    assert capsys.readouterr().err == ""
    assert not path.exists()
    with Image.open(tmp_path / "a.tif") as image:
        for number, (frame, caption) in enumerate(zip(frames, captions, strict=True)):
            image.seek(number)
            assert image.tag_v2.get(270) == caption
            assert image.tobytes() == frame.tobytes()


def test_info_and_diff_know_frames(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other, short = (tmp_path / name for name in ("a.cgx", "b.cgx", "c.cgx"))
    frames = sprite(4)
    frames[0].save(one, save_all=True, append_images=[*frames[1:], frames[0]])
    changed = frames[2].copy()
    changed.putpixel((1, 1), (1, 2, 3))
    frames[0].save(other, save_all=True, append_images=[frames[1], changed, frames[3], frames[0]])
    frames[0].save(short, save_all=True, append_images=frames[1:])
    assert main(["info", str(one)]) == 0
    said = capsys.readouterr().out
    assert "5 frames (1 pictures, 3 patched, 1 repetitions)" in said
    assert "frames after the first" in said
    assert main(["diff", str(one), str(one)]) == 0
    assert "all 5" in capsys.readouterr().out
    assert main(["diff", str(one), str(other)]) == 1
    assert "frame       2, the first that differs" in capsys.readouterr().out
    assert main(["diff", str(one), str(short)]) == 2
    assert "5 frames and 4 frames" in capsys.readouterr().err
    assert main(["inspect", str(one), "-o", str(tmp_path / "r.html")]) == 0
    assert "5 frames" in (tmp_path / "r.html").read_text()
