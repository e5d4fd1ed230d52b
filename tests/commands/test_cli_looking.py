"""cgx info --json, verify, show, thumbnail, diff: what they print and how they exit."""

import json
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, ImageShow

from pillow_colorgrid import codec, container
from pillow_colorgrid.commands import diff
from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.commands.pictures import load, upright
from pillow_colorgrid.commands.places import Local
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.screens import for_screens
from tests.conftest import noise, photograph


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "x.cgx"
    photograph("coffee", 70, 50).save(path, effort=1, exif=b"Exif\0\0data")
    return path


def cgx(*arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pillow_colorgrid", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False)


# -- info ---------------------------------------------------------------------------------------


def test_info_as_json(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", str(picture), str(picture.parent / "missing.cgx")]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert (facts["width"], facts["height"], facts["mode"]) == (70, 50, "RGB")
    assert facts["size_bytes"] == picture.stat().st_size == sum(facts["spent"].values())
    assert facts["rate_bpp"] == pytest.approx(8 * facts["size_bytes"] / 3500)
    assert facts["spent"]["EXIF"] > 0
    assert facts["networks"][0]["id"]


# -- verify -------------------------------------------------------------------------------------


def test_verify_goes_on_whatever_one_file_does(
    picture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.cgx", "b.cgx", "c.cgx"):
        (picture.parent / name).write_bytes(picture.read_bytes())

    def decode(*_: object) -> None:
        raise IndexError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(codec, "decode", decode)
        assert main(["verify", "--deep", str(picture.parent)]) == 1
    found = capsys.readouterr()
    assert "0 of 4 files are whole" in found.out
    assert found.err.count("unexpected IndexError('a fault of ours'); please report it") == 4


def test_verify_names_a_network_for_something_else(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with picture.open("rb") as file:
        header = container.read_header(file)
        sections = list(container.read_sections(file))
    painter = networks.pack_references([64])
    wrong = picture.parent / "wrong.cgx"
    wrong.write_bytes(
        container.pack(header, [painter if s.type == painter.type else s for s in sections])
    )
    assert main(["verify", "--deep", str(picture.parent)]) == 1
    found = capsys.readouterr()
    assert "1 of 2 files are whole (every pixel)" in found.out
    assert "network 64 is for the role crayon, needed here: tables" in found.err


def test_verify_says_that_a_file_is_newer(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with picture.open("rb") as file:
        header = container.read_header(file)
    newer = container.pack(replace(header, coding=99, minor=7), [])
    picture.write_bytes(newer)
    assert main(["verify", str(picture)]) == 1
    assert "coding 99 is unknown" in capsys.readouterr().err


def test_verify_takes_folders(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (picture.parent / "other.png").write_bytes(b"not looked at")
    assert main(["verify", str(picture.parent)]) == 0
    assert "1 of 1 files are whole (checksums)" in capsys.readouterr().out
    assert main(["verify", "--deep", str(picture)]) == 0
    assert "(every pixel)" in capsys.readouterr().out
    (picture.parent / "empty").mkdir()
    assert main(["verify", str(picture.parent / "empty")]) == 1


# -- show and thumbnail -------------------------------------------------------------------------


def test_show_writes_png(picture: Path) -> None:
    done = cgx("show", picture)
    assert done.returncode == 0, done.stderr
    with Image.open(BytesIO(done.stdout)) as image:
        assert image.format == "PNG"
        assert image.tobytes() == photograph("coffee", 70, 50).tobytes()


def test_show_a_box(picture: Path, tmp_path: Path) -> None:
    done = cgx("show", picture, "--box", "10,5,42,30")
    assert done.returncode == 0, done.stderr
    expected = photograph("coffee", 70, 50).crop((10, 5, 42, 30))
    with Image.open(BytesIO(done.stdout)) as image:
        assert image.tobytes() == expected.tobytes()
    photograph("coffee", 70, 50).save(tmp_path / "x.png")
    with Image.open(
        BytesIO(cgx("show", tmp_path / "x.png", "--box", "10,5,42,30").stdout)
    ) as image:
        assert image.tobytes() == expected.tobytes()


@pytest.mark.parametrize(("box", "status"), [("0,0,71,9", 1), ("0,0,9", 2), ("a,b,c,d", 2)])
def test_show_refuses_a_box_that_is_none(picture: Path, box: str, status: int) -> None:
    done = cgx("show", picture, "--box", box)
    assert done.returncode == status
    assert b"allowed" in done.stderr


def test_show_in_a_viewer(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(ImageShow, "show", lambda image, title: seen.append(image.size) or True)
    assert main(["show", "--viewer", str(picture)]) == 0
    assert seen == [(70, 50)]
    monkeypatch.setattr(ImageShow, "show", lambda image, title: False)
    assert main(["show", "--viewer", str(picture)]) == 1


@pytest.mark.parametrize("command", ["show", "thumbnail"])
def test_what_cannot_be_shown(command: str, picture: Path) -> None:
    target = picture.parent / "t.png"
    more = ["-o", target] if command == "thumbnail" else []
    for content, named in ((b"text", b"not a picture"), (picture.read_bytes()[:-40], b"truncated")):
        (picture.parent / "bad.cgx").write_bytes(content)
        done = cgx(command, picture.parent / "bad.cgx", *more)
        assert done.returncode == 1
        assert named in done.stderr
        assert done.stdout == b""
        assert not target.exists()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "YCbCr", "HSV", "I;16", "I", "F"])
def test_every_mode_can_be_shown(mode: str) -> None:
    image = photograph("coffee", 20, 10).convert("L" if mode == "I;16" else "RGB").convert(mode)
    shown = for_screens(image)
    assert shown.size == image.size
    file = BytesIO()
    shown.save(file, "PNG")
    with Image.open(file) as found:
        assert found.tobytes() == shown.tobytes()


def test_sixteen_bits_are_spread_over_eight() -> None:
    wide = Image.fromarray(np.array([[1000, 2000, 3000]], np.uint16))
    assert list(for_screens(wide).tobytes()) == [0, 127, 255]


def test_thumbnail_of_a_small_picture_is_the_picture(picture: Path) -> None:
    target = picture.parent / "t.webp"
    assert main(["thumbnail", str(picture), "-o", str(target)]) == 0
    with Image.open(target) as image:
        assert (image.format, image.size) == ("WEBP", (70, 50))


# -- diff ---------------------------------------------------------------------------------------


def test_diff_of_equal_pictures(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photograph("coffee", 70, 50).save(picture.with_suffix(".png"))
    assert main(["diff", str(picture), str(picture.with_suffix(".png"))]) == 0
    assert "every one of 3,500 pixels is equal" in capsys.readouterr().out
    assert main(["diff", "--json", str(picture), str(picture)]) == 0
    assert json.loads(capsys.readouterr().out)["psnr_db"] is None


def test_diff_finds_the_first_pixel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = np.full((10, 20, 3), 100, np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png")
    values[4, 7] = (100, 110, 100)
    values[9, 0] = (0, 0, 0)
    Image.fromarray(values).save(tmp_path / "b.cgx")
    arguments = ["diff", str(tmp_path / "a.png"), str(tmp_path / "b.cgx")]
    assert main(arguments) == 1
    said = capsys.readouterr().out
    assert "2 of 200 pixels (1.00%)" in said
    assert "x=7 y=4: (100, 100, 100) and (100, 110, 100)" in said
    assert main([*arguments, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    error = (10**2 + 3 * 100**2) / values.size
    assert found["psnr_db"] == pytest.approx(10 * np.log10(255**2 / error))
    assert 0 < found["ciede2000_mean"] < found["ciede2000_max"]
    assert found["first"] == [7, 4]


def test_diff_says_when_scikit_image_is_missing(
    picture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noise("RGB", (70, 50)).save(picture.with_suffix(".png"))
    monkeypatch.setitem(sys.modules, "skimage.color", None)
    assert main(["diff", str(picture), str(picture.with_suffix(".png"))]) == 1
    assert "CIEDE2000   needs scikit-image: pip install" in capsys.readouterr().out


def test_diff_of_what_cannot_be_compared(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise("L", (70, 50)).save(picture.with_suffix(".png"))
    assert main(["diff", str(picture), str(picture.with_suffix(".png"))]) == 2
    assert "70x50 RGB and 70x50 L cannot be compared" in capsys.readouterr().err
    assert main(["diff", str(picture), str(picture.parent / "missing.png")]) == 2


def test_diff_of_palettes_compares_colours() -> None:
    one = photograph("coffee", 20, 20).quantize(4)
    swapped = one.remap_palette([3, 2, 1, 0])
    assert diff.compare(one, swapped).pixels == 0


# -- folders, odd names, orientation --------------------------------------------------------------


def test_a_folder_means_its_files_or_is_named(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = picture.parent / "empty"
    empty.mkdir()
    for command in ("info", "verify"):
        assert main([command, str(picture.parent)]) == 0
        assert main([command, str(empty)]) == 1
        assert f"{empty}: no .cgx file in this folder" in capsys.readouterr().err


def test_a_thumbnail_of_an_unknown_kind_is_told(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("t.xyz", "t.psd"):
        assert main(["thumbnail", str(picture), "-o", str(picture.parent / name)]) == 2
        assert f"{name}: allowed: .png, .jpg" in capsys.readouterr().err
        assert not (picture.parent / name).exists()


def test_other_sizes_cannot_be_compared(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise("RGB", (9, 9)).save(picture.parent / "y.png")
    assert main(["diff", str(picture), str(picture.parent / "y.png")]) == 2
    assert "70x50 RGB and 9x9 RGB cannot be compared" in capsys.readouterr().err


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_shown_is_upright(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = photograph("coffee", 64, 48)
    stored.save(tmp_path / "a.cgx", exif=exif)
    wanted = stored.copy()
    wanted.getexif()[0x0112] = orientation
    wanted = ImageOps.exif_transpose(wanted)
    target = tmp_path / "t.png"
    assert main(["thumbnail", str(tmp_path / "a.cgx"), "-o", str(target), "--size", "64"]) == 0
    with Image.open(target) as image, Image.open(tmp_path / "a.cgx") as kept:
        assert image.size == wanted.size
        assert image.tobytes() == wanted.tobytes()
        assert kept.tobytes() == stored.tobytes()
    assert upright(load(Local(tmp_path / "a.cgx"))).tobytes() == wanted.tobytes()
