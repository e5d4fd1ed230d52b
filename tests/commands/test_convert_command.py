"""cgx convert: where targets go, what they are called, what is told, each flag."""

import errno
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from pillow_colorgrid.commands import convert_flags, local, openers
from pillow_colorgrid.commands.cli import main
from tests.conftest import noise, photograph

Said = pytest.CaptureFixture[str]


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def photo(path: Path, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    photograph("coffee", 48, 32).save(path, **options)
    return path


def pixels(path: Path) -> bytes:
    with Image.open(path) as image:
        return image.tobytes()


# -- where targets go -----------------------------------------------------------------------------


def test_output_is_a_file_or_a_folder(tmp_path: Path) -> None:
    source = photo(tmp_path / "a.png")
    assert main(["convert", str(source), "-o", str(tmp_path / "b.cgx")]) == 0
    assert (tmp_path / "b.cgx").is_file()
    assert main(["convert", str(source), "-o", f"{tmp_path / 'c.cgx'}/"]) == 0
    assert (tmp_path / "c.cgx" / "a.cgx").is_file()
    assert main(["convert", str(source), "-o", str(tmp_path / "c.cgx")]) == 0  # a folder already
    assert main(["convert", str(source), "-o", str(tmp_path / "d")]) == 0
    assert (tmp_path / "d" / "a.cgx").is_file()


def test_the_name_of_the_output_tells_the_format(tmp_path: Path) -> None:
    source = photo(tmp_path / "a.cgx")
    for name, kind in (("b.png", "PNG"), ("b.tiff", "TIFF"), ("b.webp", "WEBP")):
        assert main(["convert", str(source), "-o", str(tmp_path / name)]) == 0
        with Image.open(tmp_path / name) as image:
            assert image.format == kind
            assert image.tobytes() == pixels(source)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["a.png", "b.png", "-o", "x.cgx"], "names one file, so one file must be the source"),
        ([".", "-o", "x.cgx"], "names one file, so one file must be the source"),
        (["a.png", "-o", "x.png", "--to", "cgx"], "which of them is meant?"),
        (["a.png", "-o", "x.cgx", "--name", "{stem}"], "-o names the file already"),
        (["a.png", "--name", "{stem}{size}"], "allowed: {stem} and {suffix}"),
        (["a.png", "--name", "{foo}.cgx"], "{foo} is no field, allowed: {stem} and {suffix}"),
        (["a.png", "--name", "{stem.x}"], "allowed: {stem} and {suffix}"),
        (["a.png", "--name", "x.cgx"], "must have {stem}"),
        (["a.png", "--name", "../{stem}"], "a name without folders"),
        (["a.png", "--name", "{stem"], "allowed: {stem} and {suffix}"),
        (["a.png", "--lossy"], "--lossy is for --to jpg, gif, webp, avif"),
        (["a.png", "--to", "jpg", "--lossy", "--delete-originals"], "--lossy changes pixels"),
        (["a.png", "--to", "jpg", "--lossy", "--quality", "0"], "--quality 0, allowed"),
        (["a.png", "--truncated", "--jpeg", "never"], "--truncated is for JPEG files"),
        (["a.png", "--truncated", "--to", "png"], "--truncated is for JPEG files"),
        (["a.png", "--no-exif", "--delete-originals"], "--no-exif drops metadata"),
        (["a.png", "--levels", "9"], "--levels is for --mode decolorized"),
    ],
)
def test_bad_usage(
    arguments: list[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.chdir(tmp_path)
    photo(tmp_path / "a.png")
    assert main(["convert", *arguments]) == 2
    assert named in capsys.readouterr().err
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--to", "jpg"], "the following arguments are required: SRC"),
        (["a.png", "--to", "bmp"], "argument --to: invalid choice: 'bmp'"),
        (["a.png", "--jobs", "many"], "argument --jobs: invalid int value: 'many'"),
    ],
)
def test_bad_usage_is_told_in_one_line(arguments: list[str], named: str, capsys: Said) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["convert", *arguments])
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"cgx convert: {named}")
    assert line.endswith("(see cgx convert --help)")


@pytest.mark.parametrize(("name", "suffix"), [("jpeg", ".jpg"), ("tiff", ".tif")])
def test_other_spellings_of_formats(tmp_path: Path, name: str, suffix: str) -> None:
    source = photo(tmp_path / "a.webp", lossless=True)
    assert main(["convert", str(source), "--to", name, *["--lossy"] * (name == "jpeg")]) == 0
    assert (tmp_path / f"a{suffix}").exists()


def test_files_that_are_cut_short_are_kept_where_that_is_asked_for(
    tmp_path: Path, capsys: Said
) -> None:
    whole, cut = photo(tmp_path / "in" / "a.jpg"), tmp_path / "in" / "b.jpg"
    cut.write_bytes(whole.read_bytes()[:-80])
    out = str(tmp_path / "out")
    assert main(["convert", str(cut), "-o", out]) == 1
    assert "truncated" in capsys.readouterr().err
    for state in ("2 converted, 0 skipped", "0 converted, 2 skipped"):
        assert main(["convert", str(tmp_path / "in"), "-o", out, "--truncated"]) == 0
        said = capsys.readouterr().out
        assert state in said
        assert "1 cut short, kept as they are" in said
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    back = ["convert", str(tmp_path / "out" / "in"), "-o", str(tmp_path / "back")]
    assert main([*back, "--to", "original"]) == 0
    for source in (whole, cut):
        assert (tmp_path / "back" / "in" / source.name).read_bytes() == source.read_bytes()


# -- names ----------------------------------------------------------------------------------------


def test_names_that_collide_keep_their_suffixes(tmp_path: Path, capsys: Said) -> None:
    folder = tmp_path / "in"
    one, other = photo(folder / "same.png"), photo(folder / "same.JPG", quality=80)
    photo(folder / "alone.png")
    wanted = ["alone.cgx", "same.JPG.cgx", "same.png.cgx"]
    for run in ("3 converted, 0 skipped", "0 converted, 3 skipped"):
        assert main(["convert", str(folder), "-o", str(tmp_path / "out")]) == 0
        assert run in capsys.readouterr().out
        assert names(tmp_path / "out" / "in") == wanted
    for source, name in ((one, "same.png.cgx"), (other, "same.JPG.cgx")):
        assert pixels(tmp_path / "out" / "in" / name) == pixels(source)
    assert main(["convert", str(tmp_path / "out" / "in"), "-o", str(tmp_path), "--to", "png"]) == 0
    assert names(tmp_path / "in")[:2] == ["alone.png", "same.JPG"]
    assert pixels(tmp_path / "in" / "same.JPG.png") == pixels(other)


def test_names_of_a_template(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    photo(folder / "a.png")
    photo(folder / "deep" / "b.tif")
    command = ["convert", str(folder), "-o", str(tmp_path / "o"), "--name", "{stem}{suffix}.cgx"]
    assert main(command) == 0
    assert names(tmp_path / "o") == ["in/a.png.cgx", "in/deep/b.tif.cgx"]


def test_a_name_that_cannot_be_had_is_told_truly(tmp_path: Path, capsys: Said) -> None:
    one, other = photo(tmp_path / "1" / "a.png"), photo(tmp_path / "2" / "a.png")
    assert main(["convert", str(one), str(other), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert f"{other}: {tmp_path / 'out' / 'a.png.cgx'} is the target of {one}, too" in said
    assert names(tmp_path / "out") == ["a.png.cgx"]


# -- what is not converted ------------------------------------------------------------------------


def test_all_that_is_not_converted_is_counted_and_named(tmp_path: Path, capsys: Said) -> None:
    folder = tmp_path / "in"
    photo(folder / "a.png")
    for name in ("1.CR2", "2.dng", "film.mov", "notes", "phone.heic"):
        (folder / name).write_bytes(b"what it is")
    (folder / "link.png").symlink_to(folder / "a.png")
    (folder / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.png")
    photo(folder / "done.cgx")
    assert main(["convert", str(folder)]) == 0
    said = capsys.readouterr()
    assert "1 converted, 0 skipped, 0 failed" in said.out
    left = "1 HEIC file (pip install pillow-heif), 2 files that are no pictures by name, "
    left += "2 links, 2 raw files of a camera, 1 special file"
    assert f"not converted: {left}" in said.out
    for name in ("1.CR2", "film.mov", "phone.heic", "link.png", "elsewhere", "pipe.png"):
        assert f"{folder / name}: not converted: " in said.err
    assert "done.cgx" not in said.err


def test_what_is_named_one_by_one_has_its_true_reason(tmp_path: Path, capsys: Said) -> None:
    for name in ("a.CR2", "a.HEIC", "text.png"):
        (tmp_path / name).write_bytes(b"what it is")
    (tmp_path / "nothing.png").touch()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "lost.png").symlink_to("nowhere")
    reasons = {
        "a.CR2": "a raw file of a camera, which is not converted",
        "text.png": "not a picture that Pillow reads",
        "nothing.png": "an empty file",
        "pipe.png": "a special file, which is not read",
        "lost.png": "a link that leads to no file",
        "missing.png": "no such file",
    }
    if not openers.register():
        reasons["a.HEIC"] = "a HEIC file (pip install pillow-heif)"
    assert main(["convert", *[str(tmp_path / name) for name in reasons]]) == 1
    said = capsys.readouterr().err.splitlines()
    assert sorted(said) == sorted(f"{tmp_path / name}: {why}" for name, why in reasons.items())


def test_errors_of_the_system_are_told_in_words(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = photo(tmp_path / "a.png")
    (tmp_path / "file").touch()

    def refuse(number: int) -> Callable[..., int]:
        def open_(path: str, *more: object) -> int:
            raise OSError(number, os.strerror(number), str(path))

        return open_

    for number in (errno.EACCES, errno.EROFS, errno.ENOSPC):
        with monkeypatch.context() as patch:
            patch.setattr(local.os, "open", refuse(number))
            assert main(["convert", str(source)]) == 1
        said = capsys.readouterr().err
        assert said == (
            f"{source}: cannot write {source.with_suffix('.cgx')}: {os.strerror(number)}\n"
        )
    for command in ("info", "verify", "show"):
        assert main([command, str(tmp_path / "missing.cgx")]) == 1
        assert f"{tmp_path / 'missing.cgx'}: No such file or directory\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["b.bmp", "b.jxl", "b.HEIC", "b.jp2", "b.foo"])
def test_a_file_that_cannot_be_written_is_no_folder(
    name: str, tmp_path: Path, capsys: Said
) -> None:
    source = photo(tmp_path / "a.png")
    target = tmp_path / name
    assert main(["convert", str(source), "-o", str(target)]) == 2
    assert f"-o {target}: files may be .cgx, .jpg, " in capsys.readouterr().err
    assert not target.exists()
    assert main(["convert", str(source), "-o", f"{target}/"]) == 0
    assert (target / "a.cgx").exists()
    assert main(["convert", str(source), "-o", str(tmp_path / "backup.2024")]) == 0
    assert (tmp_path / "backup.2024" / "a.cgx").exists()


def test_many_are_named_when_asked_for(tmp_path: Path, capsys: Said) -> None:
    photo(tmp_path / "in" / "a.png")
    for number in range(12):
        (tmp_path / "in" / f"{number}.txt").write_bytes(b"")
    assert main(["convert", str(tmp_path / "in")]) == 0
    said = capsys.readouterr().err
    assert said.count(".txt: not converted") == 10
    assert "2 more not converted: files that are no pictures by name (--list-all" in said
    assert main(["convert", str(tmp_path / "in"), "--list-all"]) == 0
    assert capsys.readouterr().err.count(".txt: not converted") == 12


def test_an_empty_folder_says_so(tmp_path: Path, capsys: Said) -> None:
    assert main(["convert", str(tmp_path)]) == 1
    assert f"{tmp_path}: an empty folder" in capsys.readouterr().err


class _Phone(ImageFile.ImageFile):
    format = "HEIF"

    def _open(self) -> None:
        if not self.fp.read(12).endswith(b"ftypheic"):
            raise SyntaxError
        self._size, self._mode = (2, 2), "RGB"

    def load(self) -> object:
        if self._im is None:
            self.im = noise("RGB", (2, 2)).im
        return super().load()


def test_heic_is_converted_where_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    """By a library that is not installed here; so this one stands for it."""
    for table in (Image.OPEN, Image.EXTENSION):
        monkeypatch.setattr(Image, next(k for k, v in vars(Image).items() if v is table), {**table})
    monkeypatch.setattr(Image, "ID", [*Image.ID])

    def register_heif_opener() -> None:
        Image.register_open("HEIF", _Phone)
        Image.register_extension("HEIF", ".heic")

    library = types.SimpleNamespace(register_heif_opener=register_heif_opener)
    monkeypatch.setitem(sys.modules, "pillow_heif", library)  # type: ignore[arg-type]
    (tmp_path / "a.heic").write_bytes(bytes(4) + b"ftypheic")
    command = ["convert", str(tmp_path), "--keep-larger", "--delete-originals"]
    assert main(command) == 0
    assert pixels(tmp_path / "a.cgx") == noise("RGB", (2, 2)).tobytes()
    # Depth and what else phones put into it was not looked at.
    assert (tmp_path / "a.heic").exists()
    assert "anything else in it (HEIF: nobody looked)" in capsys.readouterr().err


def test_every_command_reads_what_convert_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    library = types.SimpleNamespace(register_heif_opener=lambda: asked.append(True))
    monkeypatch.setitem(sys.modules, "pillow_heif", library)  # type: ignore[arg-type]
    path = str(photo(tmp_path / "a.png"))
    small = str(tmp_path / "small.png")
    for command in (
        ["diff", path, path],
        ["show", path],
        ["show", path, "--box", "0,0,9,9"],
        ["thumbnail", path, "-o", small],
    ):
        asked.clear()
        assert main(command) == 0
        assert asked, command


# -- larger targets -------------------------------------------------------------------------------


def test_a_larger_target_is_not_kept(tmp_path: Path, capsys: Said) -> None:
    tiny = tmp_path / "in" / "a.gif"
    tiny.parent.mkdir()
    Image.new("P", (1, 1)).save(tiny)
    photo(tmp_path / "in" / "b.png")
    command = ["convert", str(tmp_path / "in"), "--delete-originals"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "1 converted, 0 skipped, 1 kept as they are (larger as .cgx), 0 failed" in said.out
    assert f"{tiny}: stays as it is: " in said.err
    gif = next(line.split() for line in said.out.splitlines() if line.startswith("gif"))
    assert gif[1:] == ["1", str(tiny.stat().st_size), str(tiny.stat().st_size), "+0.0%"]
    assert names(tmp_path / "in") == ["a.gif", "b.cgx"]
    assert main(["convert", str(tiny), "--keep-larger"]) == 0
    assert (tmp_path / "in" / "a.cgx").exists()


# -- flags of save --------------------------------------------------------------------------------


def test_every_option_of_save_has_its_flag(capsys: Said) -> None:
    with pytest.raises(SystemExit):
        main(["convert", "--help"])
    said = capsys.readouterr().out
    for name in convert_flags.options():
        assert f"--{convert_flags.flag(name)} " in said
    for key in convert_flags.METADATA:
        assert f"--no-{convert_flags.flag(key)}" in said


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--mode", "decolorized", "--inner", "png", "--levels", "9"], {"coding": "decolorized"}),
        (["--mode", "grid", "--grid", "7", "--hints", "point"], {"n": 7, "hints": "point"}),
        (["--origin", "none", "--jpeg", "never", "--effort", "1"], {"lossless": True}),
    ],
)
def test_flags_do_what_options_do(
    flags: list[str], told: dict[str, object], tmp_path: Path
) -> None:
    assert main(["convert", str(photo(tmp_path / "a.bmp")), *flags]) == 0
    with Image.open(tmp_path / "a.cgx") as image:
        assert told.items() <= image.info["cgx"].items()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("kind", ["exif", "icc_profile", "xmp", "all"])
def test_metadata_that_is_not_wanted_is_nowhere(kind: str, suffix: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "WHERE-I-LIVE"
    whole = {
        "exif": exif.tobytes(),
        "icc_profile": b"WHERE-I-LIVE" * 20,
        "xmp": b"<x>WHERE-I-LIVE</x>",
    }
    kinds = list(whole) if kind == "all" else [kind]
    source = photo(tmp_path / f"a{suffix}", **{key: whole[key] for key in kinds})
    flags = [f"--no-{convert_flags.flag(key)}" for key in (*kinds, "info", "comment", "dpi")]
    assert main(["convert", str(source), "--keep-larger", *flags]) == 0
    target = tmp_path / "a.cgx"
    with Image.open(target) as image:
        assert not {"exif", "icc_profile", "xmp", "dpi", "source", "comment"} & set(image.info)
        assert image.tobytes() == pixels(source)
    assert b"WHERE-I-LIVE" not in target.read_bytes()
    if suffix == ".jpg":
        back = tmp_path / "back.jpg"
        assert main(["convert", str(target), "-o", str(back), "--to", "jpg"]) == 0
        assert b"WHERE-I-LIVE" not in back.read_bytes()
        assert pixels(back) == pixels(source)


# -- back -----------------------------------------------------------------------------------------


def test_the_original_byte_for_byte_or_a_reason(tmp_path: Path, capsys: Said) -> None:
    jpeg = photo(tmp_path / "a.jpg", quality=80)
    photo(tmp_path / "b.png")
    assert main(["convert", str(tmp_path), "-o", str(tmp_path / "o/")]) == 0
    folder = tmp_path / "o" / tmp_path.name
    assert main(["convert", str(folder), "-o", str(tmp_path / "back"), "--to", "original"]) == 1
    assert (tmp_path / "back" / tmp_path.name / "a.jpg").read_bytes() == jpeg.read_bytes()
    assert "b.cgx: holds pixels (coding" in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "b.png"), "--to", "original"]) == 1
    assert "b.png: is no .cgx file" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["jpg", "gif", "webp", "avif"])
def test_lossy_targets_are_made_when_allowed(suffix: str, tmp_path: Path, capsys: Said) -> None:
    exif = Image.Exif()
    exif[0x010E] = "words"
    source = photo(tmp_path / "a.cgx", exif=exif)
    target = tmp_path / f"a.{suffix}"
    plain = ["convert", str(source), "--to", suffix]
    if suffix != "webp":
        assert main(plain) == 1
        assert "--lossy" in capsys.readouterr().err
        assert not target.exists()
    assert main([*plain, "--lossy"]) == 0
    with Image.open(target) as image:
        assert image.size == (48, 32)
        if suffix != "gif":
            assert image.getexif()[0x010E] == "words"
    if suffix == "jpg":
        small = tmp_path / "small.jpg"
        assert main(["convert", str(source), "-o", str(small), "--lossy", "--quality", "9"]) == 0
        assert small.stat().st_size < target.stat().st_size


def test_lossy_jpeg_is_the_very_file_where_there_is_one(tmp_path: Path) -> None:
    jpeg = photo(tmp_path / "a.jpg", quality=80)
    assert main(["convert", str(jpeg)]) == 0
    back = tmp_path / "b.jpg"
    assert main(["convert", str(tmp_path / "a.cgx"), "-o", str(back), "--lossy"]) == 0
    assert back.read_bytes() == jpeg.read_bytes()


def test_deleting_a_cgx_file_that_holds_a_jpeg_file(tmp_path: Path, capsys: Said) -> None:
    """--to png loses the JPEG file; --to original does not."""
    jpeg = photo(tmp_path / "a.jpg", quality=80)
    data = jpeg.read_bytes()
    assert main(["convert", str(jpeg), "--delete-originals"]) == 0
    kept = tmp_path / "a.cgx"
    assert not jpeg.exists()
    assert main(["convert", str(kept), "--to", "png", "--delete-originals"]) == 0
    assert "does not hold: " in (said := capsys.readouterr().err)
    assert "JPEG file" in said
    assert kept.exists()
    assert main(["convert", str(kept), "--to", "original", "--delete-originals"]) == 0
    assert jpeg.read_bytes() == data
    assert not kept.exists()
