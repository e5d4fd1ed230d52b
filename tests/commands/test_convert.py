"""cgx convert: verified before it appears, resumable, one bad file does not stop the rest."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.codings.jpeg import strips
from pillow_colorgrid.commands import convert, sameness
from pillow_colorgrid.commands.cli import main
from tests.conftest import noise, photograph


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three pictures in two folders, and a text file."""
    source = tmp_path / "holiday"
    (source / "beach").mkdir(parents=True)
    noise("RGB", (40, 30), 1).save(source / "a.png")
    noise("RGBA", (20, 30), 2).save(source / "b.png")
    photograph("coffee", 64, 48).quantize(9).save(source / "beach" / "c.gif")
    (source / "notes.txt").write_text("no picture")
    return source


def pictures(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_tree_keeps_its_structure_and_pixels(tree: Path, tmp_path: Path, jobs: str) -> None:
    assert (
        main(["convert", "--keep-larger", str(tree), "-o", str(tmp_path / "out"), "--jobs", jobs])
        == 0
    )
    out = tmp_path / "out" / "holiday"
    assert pictures(out) == ["a.cgx", "b.cgx", "beach/c.cgx"]
    for name in ("a", "b"):
        with Image.open(tree / f"{name}.png") as one, Image.open(out / f"{name}.cgx") as other:
            assert (one.mode, one.tobytes()) == (other.mode, other.tobytes())


def test_there_and_back(tree: Path, tmp_path: Path) -> None:
    assert (
        main(["convert", "--keep-larger", str(tree / "a.png"), "-o", str(tmp_path / "there")]) == 0
    )
    there = str(tmp_path / "there" / "a.cgx")
    assert (
        main(["convert", "--keep-larger", there, "--to", "png", "-o", str(tmp_path / "back")]) == 0
    )
    with Image.open(tree / "a.png") as one, Image.open(tmp_path / "back" / "a.png") as other:
        assert one.tobytes() == other.tobytes()


def test_times_are_kept(tree: Path, tmp_path: Path) -> None:
    os.utime(tree / "a.png", (10**9, 10**9))
    main(["convert", "--keep-larger", str(tree / "a.png"), "-o", str(tmp_path)])
    assert (tmp_path / "a.cgx").stat().st_mtime == 10**9


def test_a_second_run_skips_by_content(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", "--keep-larger", str(tree), "-o", str(tmp_path / "out")]
    main(command)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.cgx")}
    capsys.readouterr()
    assert main(command) == 0
    assert "0 converted, 3 skipped, 0 failed" in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.cgx")}
    # The same name with another picture is no work done, and is not overwritten.
    noise("RGB", (40, 30), 9).save(tree / "a.png")
    assert main(command) == 1
    assert "holds another picture" in capsys.readouterr().err


def test_a_damaged_target_is_not_taken_for_done(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.cgx"
    main(["convert", "--keep-larger", str(tree / "a.png"), "-o", str(tmp_path)])
    data = bytearray(target.read_bytes())
    data[-20] ^= 1
    target.write_bytes(data)
    with Image.open(tree / "a.png") as image:
        image.load()
    assert not convert.is_done(bytes(data), ".cgx", image)
    assert not convert.is_done(bytes(data), ".cgx", image, decode=True)


def test_one_bad_file_does_not_stop_the_rest(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n nonsense")
    missing = str(tmp_path / "missing.png")
    assert main(["convert", "--keep-larger", str(tree), missing, "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "3 converted, 0 skipped, 2 failed" in said.out
    assert "bad.png: Truncated File Read" in said.err
    assert "missing.png: no such file" in said.err
    assert not list((tmp_path / "out").rglob(".cgx-part*"))


def test_originals_go_only_after_verification(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "convert",
        "--keep-larger",
        str(tree / "a.png"),
        "-o",
        str(tmp_path),
        "--delete-originals",
    ]
    monkeypatch.setattr(sameness, "difference", lambda *_: "other pixels")
    assert main(command) == 1
    assert "would hold other pixels" in capsys.readouterr().err
    assert (tree / "a.png").exists()
    assert not (tmp_path / "a.cgx").exists()
    monkeypatch.undo()
    assert main(command) == 0
    assert not (tree / "a.png").exists()
    with Image.open(tmp_path / "a.cgx") as image:
        assert image.tobytes() == noise("RGB", (40, 30), 1).tobytes()


def test_an_original_whose_metadata_would_be_lost_stays(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise("RGB", (9, 9)).save(tree / "said.cgx", comment="hello")
    command = [
        "convert",
        "--keep-larger",
        str(tree / "said.cgx"),
        "--to",
        "webp",
        "--delete-originals",
    ]
    assert main(command) == 0
    assert "said.webp does not hold: comment" in capsys.readouterr().err
    assert (tree / "said.cgx").exists()


def test_metadata_is_kept_there_and_back(tree: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description"
    kept = {"exif": exif.tobytes(), "icc_profile": b"profile" * 30, "dpi": (300, 300)}
    noise("RGB", (20, 10)).save(tree / "m.png", **kept)
    assert (
        main(["convert", "--keep-larger", str(tree / "m.png"), "-o", str(tmp_path / "there")]) == 0
    )
    assert (
        main(
            [
                "convert",
                "--keep-larger",
                str(tmp_path / "there"),
                "--to",
                "png",
                "-o",
                str(tmp_path),
            ]
        )
        == 0
    )
    for path in (tmp_path / "there" / "m.cgx", tmp_path / "there" / "m.png"):
        with Image.open(path) as image:
            assert image.getexif()[0x010E] == "a description"
            assert image.info["icc_profile"] == kept["icc_profile"]
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_folder_beside_its_targets_is_converted_once(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", "--keep-larger", str(tree), str(tree / "a.png")]) == 0
    assert main(["convert", "--keep-larger", str(tree)]) == 0
    assert "0 converted, 3 skipped, 0 failed" in capsys.readouterr().out


def test_a_target_folder_in_the_source_folder_is_not_converted(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", "--keep-larger", str(tree), "-o", str(tree / "out"), "--to", "tif"]
    assert main(command) == 0
    assert main([*command[:-1], "cgx"]) == 0
    out = tree / "out" / "holiday"
    assert pictures(out) == sorted(
        f"{name}{suffix}" for name in ("a", "b", "beach/c") for suffix in (".cgx", ".tif")
    )


def test_a_mode_that_the_target_changes_is_refused(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise("L", (8, 8)).save(tree / "grey.cgx")
    assert main(["convert", "--keep-larger", str(tree / "grey.cgx"), "--to", "webp"]) == 1
    assert "would hold mode RGB, not L" in capsys.readouterr().err
    assert not (tree / "grey.webp").exists()


def test_summary_is_by_kind_of_source(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["convert", "--keep-larger", str(tree), "-o", str(tmp_path / "out")])
    head, gif, png, last, left = capsys.readouterr().out.splitlines()
    assert left == "not converted: 1 file that is no picture by its name"
    assert head.split() == ["from", "pictures", "bytes", "before", "bytes", "after", "change"]
    assert gif.split()[:2] == ["gif", "1"]
    sources = [tree / "a.png", tree / "b.png"]
    targets = [tmp_path / "out" / "holiday" / name for name in ("a.cgx", "b.cgx")]
    before, after = (sum(p.stat().st_size for p in paths) for paths in (sources, targets))
    assert png.split()[:4] == ["png", "2", f"{before:,}", f"{after:,}"]
    assert last.startswith("3 converted, 0 skipped, 0 failed; ")


@pytest.mark.parametrize("content", ["empty", "text", "cut", "bomb"])
def test_bad_sources_are_told(tree: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tree / f"{content}.png"
    if content == "bomb":
        path.write_bytes(b"P6 30000 30000 255\n")
    else:
        whole = (tree / "a.png").read_bytes()
        path.write_bytes({"empty": b"", "text": b"no picture", "cut": whole[:-200]}[content])
    assert main(["convert", "--keep-larger", str(path)]) == 1
    named = {
        "empty": "an empty file",
        "text": "not a picture that Pillow reads",
        "cut": "truncated",
        "bomb": "decompression bomb",
    }
    assert f"{path}: " in (said := capsys.readouterr().err)
    assert named[content] in said
    assert path.exists()
    assert not list(tree.glob(f"{content}.cgx"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--effort", "11"], "effort=11, allowed"),
        (["--mode", "best"], "mode='best', allowed"),
        (["--jobs", "0"], "--jobs 0, allowed"),
        (["--to", "png", "--effort", "3"], "--effort is for --to cgx"),
        (["--no-verify", "--delete-originals"], "needs verification"),
    ],
)
def test_bad_usage_is_status_2(
    tree: Path, arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", "--keep-larger", str(tree), *arguments]) == 2
    assert named in capsys.readouterr().err
    assert not list(tree.rglob("*.cgx"))


def test_verify_finds_damage(tree: Path, tmp_path: Path) -> None:
    main(["convert", "--keep-larger", str(tree), "-o", str(tmp_path)])
    files = sorted((tmp_path / "holiday").rglob("*.cgx"))
    assert main(["verify", *map(str, files)]) == 0
    assert main(["verify", "--deep", *map(str, files)]) == 0
    files[0].write_bytes(files[0].read_bytes()[:-30])
    command = [
        sys.executable,
        "-m",
        "pillow_colorgrid",
        "verify",
        *map(str, files),
        str(tree / "notes.txt"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "2 of 4 files are whole" in done.stdout
    assert "truncated" in done.stderr
    assert "notes.txt: not a .cgx file" in done.stderr


def test_thumbnail(tree: Path, tmp_path: Path) -> None:
    main(["convert", "--keep-larger", str(tree / "a.png"), "-o", str(tmp_path)])
    target = tmp_path / "small.png"
    assert main(["thumbnail", str(tmp_path / "a.cgx"), "-o", str(target), "--size", "16"]) == 0
    with Image.open(target) as image:
        assert image.size == (16, 12)
    assert main(["thumbnail", str(tree / "notes.txt"), "-o", str(target)]) == 1
    assert main(["thumbnail", str(tmp_path / "a.cgx"), "-o", str(target), "--size", "0"]) == 2


def test_a_jpeg_file_is_decoded_once_to_be_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph("coffee", 160, 120).save(tmp_path / "a.jpg", quality=90)
    found = []
    decode = strips.decode

    def counted(*args: object, **options: object) -> list[np.ndarray]:
        found.append(args)
        return decode(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(strips, "decode", counted)
    assert main(["convert", str(tmp_path / "a.jpg"), "--delete-originals"]) == 0
    assert len(found) == 1  # the picture has one strip
    assert not (tmp_path / "a.jpg").exists()


@pytest.mark.parametrize("changed", ["pixels", "bytes"])
def test_a_jpeg_file_that_would_not_come_back_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: str,
) -> None:
    photograph("coffee", 160, 120).save(tmp_path / "a.jpg", quality=90)
    restore = convert.jpegs_and_pictures

    def other(file: BytesIO) -> Iterator[tuple[bytes, Image.Image]]:
        for data, shown in restore(file):
            if changed == "bytes":
                yield data + b"x", shown
            else:
                yield data, Image.eval(shown, lambda value: value ^ 1)

    monkeypatch.setattr(convert, "jpegs_and_pictures", other)
    assert main(["convert", str(tmp_path / "a.jpg"), "--delete-originals"]) == 1
    expected = {"pixels": "would hold other pixels", "bytes": "would not give back the JPEG file"}
    assert expected[changed] in capsys.readouterr().err
    assert pictures(tmp_path) == ["a.jpg"]


def test_a_picture_that_once_was_a_jpeg_becomes_a_new_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--to jpg: the same pixels and metadata, no loss, and it is said that the file is new."""
    lossy = BytesIO()
    without_extremes = photograph("coffee", 160, 120).convert("L").point(lambda v: 60 + v // 2)
    without_extremes.save(lossy, "JPEG", quality=75)
    with Image.open(lossy) as image:
        source = Image.fromarray(np.asarray(image))
    exif = Image.Exif()
    exif[0x0110] = "camera"
    source.save(tmp_path / "a.cgx", exif=exif, icc_profile=b"profile" * 20_000, xmp=b"<x/>")
    with Image.open(tmp_path / "a.cgx") as kept:
        assert kept.info["cgx"]["coding"] == "jpeg"
    assert main(["convert", str(tmp_path / "a.cgx"), "--to", "jpg", "--delete-originals"]) == 0
    assert "same picture, new file" in capsys.readouterr().err
    assert (tmp_path / "a.cgx").exists()
    with Image.open(tmp_path / "a.jpg") as shown:
        assert np.array_equal(np.asarray(shown), np.asarray(source))
        assert shown.getexif()[0x0110] == "camera"
        assert (shown.info["icc_profile"], shown.info["xmp"]) == (b"profile" * 20_000, b"<x/>")


def test_pixels_that_no_jpeg_shows_become_no_jpeg(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lossy = BytesIO()
    photograph("coffee", 400, 300).save(lossy, "JPEG", quality=75)
    with Image.open(lossy) as image:
        pixels = np.asarray(image).copy()
    pixels[100:103, 50:60] = 255, 0, 255
    Image.fromarray(pixels).save(tmp_path / "a.cgx")
    assert main(["convert", str(tmp_path / "a.cgx"), "--to", "jpg"]) == 1
    assert "no JPEG shows it" in capsys.readouterr().err
    assert not (tmp_path / "a.jpg").exists()
