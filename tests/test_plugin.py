"""What Pillow's users see of the format: registration, open, frames, verify, draft, options."""

import io
import os
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from pillow_colorgrid import (
    CgxImageFile,
    CgxImagePlugin,
    container,
    misspelt,
    register_cgx_opener,
)
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.codings.planes.description import PLANES
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.errors import CgxError, DamagedError, NewerFormatError
from tests.conftest import noise


def saved(picture: Image.Image, **keywords: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "CGX", **keywords)
    return file.getvalue()


@pytest.fixture(scope="module")
def photograph_file(small_photograph: Image.Image) -> bytes:
    return saved(small_photograph)


# -- registration ---------------------------------------------------------------------------------


def test_format_is_registered() -> None:
    register_cgx_opener()
    assert Image.registered_extensions()[".cgx"] == "CGX"
    assert Image.MIME["CGX"] == "image/x-cgx"
    assert "CGX" in Image.OPEN
    assert "CGX" in Image.SAVE
    assert "CGX" in Image.SAVE_ALL


def test_open_imports_neither_numpy_nor_onnxruntime(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.cgx"
    Image.new("P", (5, 4)).save(path, exif=Image.Exif(), comment="c", dpi=(72, 72))
    script = (
        # Pillow 11.0 imports defusedxml itself.
        "import sys; from PIL import Image; before = set(sys.modules); import pillow_colorgrid; "
        "pillow_colorgrid.register_cgx_opener(providers=['CUDAExecutionProvider'], threads=3); "
        f"im = Image.open({str(path)!r}); im.getexif(); im.size; im.info; im.get_format_mimetype();"
        "loaded = set(sys.modules) - before; "
        "heavy = {'numpy', 'onnxruntime', 'zstandard', 'threadpoolctl', 'defusedxml'} & loaded; "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-W", "ignore::ResourceWarning", "-c", script], check=True)


def test_open_reads_the_header_and_the_metadata_only(photograph_file: bytes) -> None:
    class Counted(io.BytesIO):
        bytes_read = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.bytes_read += len(data)
            return data

    file = Counted(photograph_file)
    with Image.open(file) as picture:
        assert picture.size == (96, 80)
        assert file.bytes_read < 300


def test_attributes_before_load(photograph_file: bytes) -> None:
    with Image.open(io.BytesIO(photograph_file)) as picture:
        assert isinstance(picture, CgxImageFile)
        assert picture.format == "CGX"
        assert picture.format_description.startswith("Colorgrid")
        assert picture.get_format_mimetype() == "image/x-cgx"
        assert (picture.mode, picture.size) == ("RGB", (96, 80))
        assert (picture.n_frames, picture.is_animated, picture.tell()) == (1, False, 0)
        assert picture.info == {
            "dpi": (96.012, 96.012),
            "cgx": {"coding": "lossless", "lossless": True},
        }
        assert picture.getbands() == ("R", "G", "B")


# -- what is not ours -----------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\x89CGX", b"\x89PNG\r\n\x1a\n" + bytes(40), bytes(99)])
def test_something_else_is_not_identified(data: bytes) -> None:
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(data))
    with pytest.raises(SyntaxError, match="not a CGX file"):
        CgxImageFile(io.BytesIO(data))


def test_text_mode_damage_is_noticed(photograph_file: bytes) -> None:
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(photograph_file.replace(b"\r\n", b"\n")))


@pytest.mark.parametrize("length", range(8, container.HEADER_BYTES))
def test_header_cut_short_is_a_syntax_error(photograph_file: bytes, length: int) -> None:
    with pytest.raises(SyntaxError):
        CgxImageFile(io.BytesIO(photograph_file[:length]))
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(photograph_file[:length]))


def test_newer_format_is_explained(photograph_file: bytes) -> None:
    newer = photograph_file[:8] + b"\x07" + photograph_file[9:]
    message = "format version 7 is newer than version 1"
    with pytest.warns(UserWarning, match=message), pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(newer))
    with pytest.raises(NewerFormatError, match=message):
        CgxImageFile(io.BytesIO(newer))


# -- frames ---------------------------------------------------------------------------------------


def test_seek_stays_on_the_one_frame(photograph_file: bytes) -> None:
    with Image.open(io.BytesIO(photograph_file)) as picture:
        picture.seek(0)
        with pytest.raises(EOFError):
            picture.seek(1)


def test_save_all_of_one_frame_works() -> None:
    picture = noise("RGB", (5, 4))
    with Image.open(io.BytesIO(saved(picture, save_all=True, append_images=[]))) as found:
        assert found.tobytes() == picture.tobytes()


@pytest.mark.parametrize("save_all", [True, False, None])
def test_append_images_is_never_ignored(save_all: bool | None) -> None:
    picture = noise("L", (5, 4))
    file = io.BytesIO()
    picture.save(file, "CGX", save_all=save_all, append_images=[noise("L", (5, 4), 2)])
    with Image.open(file) as found:
        assert found.n_frames == 2


def test_append_images_of_early_versions_of_pillow() -> None:
    """They call what saves one frame, unless save_all=True."""
    picture, file = noise("L", (5, 4)), io.BytesIO()
    picture.encoderinfo = {"append_images": [noise("L", (5, 4), 2)]}
    CgxImagePlugin._save(picture, file, "")
    with Image.open(file) as found:
        assert found.n_frames == 2


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"append_images": [1]}, r"append_images\[0\]=1, allowed: a list of pictures"),
        ({"append_images": 5}, "append_images=5, allowed: a list of pictures"),
        ({"append_images": noise("L", (5, 4))}, "append_images=<PIL.*, allowed: a list of"),
        ({"duration": [1, 2, 3]}, r"duration=\[1, 2, 3\] has 3 values, allowed: one .* 2 frames"),
        ({"duration": [1]}, r"duration=\[1\] has 1 values, allowed: one for each of 2 frames"),
        ({"duration": "long"}, "duration='long', allowed: finite numbers"),
        ({"loop": -1}, "loop=-1, allowed: None, integers 0"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(keywords: dict[str, Any], named: str) -> None:
    given = {"append_images": [noise("L", (5, 4), 2)], **keywords}
    with pytest.raises(ValueError, match=named):
        noise("L", (5, 4)).save(io.BytesIO(), "CGX", save_all=True, **given)


@pytest.mark.parametrize("several", [False, True])
def test_a_keyword_that_nearly_is_ours_gives_a_warning_where_it_is_given(several: bool) -> None:
    expected = "efort= is no option of .cgx files and is ignored; effort= is one"
    with pytest.warns(UserWarning, match=expected) as told:
        noise("L", (5, 4)).save(io.BytesIO(), "CGX", save_all=several, efort=9)
    assert [one.filename for one in told] == [__file__]


def test_keywords_of_other_formats_are_ignored() -> None:
    """Warnings are errors here."""
    of_pillow = ("optimize", "progressive", "lossless", "method", "compress_level", "quality_mode")
    given = dict.fromkeys((*of_pillow, *misspelt.KNOWN_TO_OTHERS, "pnginfo", "anything"), 1)
    noise("L", (5, 4)).save(io.BytesIO(), "CGX", **given)


def test_without_save_all_the_current_frame_is_saved(tmp_path: pathlib.Path) -> None:
    gif = tmp_path / "a.gif"
    frames = [Image.new("L", (5, 4), level) for level in (0, 90, 255)]
    frames[0].save(gif, save_all=True, append_images=frames[1:])
    with Image.open(gif) as picture:
        picture.seek(2)
        current = picture.tobytes()
        picture.save(tmp_path / "a.cgx")
    with Image.open(tmp_path / "a.cgx") as found:
        assert found.n_frames == 1
        assert found.tobytes() == current


# -- verify ---------------------------------------------------------------------------------------


def test_verify_decodes_nothing_and_loads_no_network(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.cgx"
    noise("RGB", (40, 30)).save(path)
    script = (
        "import sys, pillow_colorgrid; from PIL import Image; "
        f"im = Image.open({str(path)!r}); im.verify(); assert im.fp is None and im._im is None; "
        "assert 'onnxruntime' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_verify_finds_every_kind_of_damage(photograph_file: bytes) -> None:
    for position in range(container.HEADER_BYTES, len(photograph_file), 97):
        damaged = bytearray(photograph_file)
        damaged[position] ^= 4
        with pytest.raises(CgxError), Image.open(io.BytesIO(damaged)) as picture:
            picture.verify()
    with pytest.raises(CgxError), Image.open(io.BytesIO(photograph_file[:-1])) as picture:
        picture.verify()


def test_verify_refuses_unknown_critical_sections(photograph_file: bytes) -> None:
    extra = container.pack_section(container.Section(b"Zzzz", b""))
    end = container.pack_section(container.Section(container.END, b""))
    file = photograph_file.removesuffix(end) + extra + end
    picture = Image.open(io.BytesIO(file))
    with pytest.raises(CgxError, match="critical section Zzzz is unknown"):
        picture.verify()


@pytest.mark.parametrize("mode", ["P", "RGBA"])
def test_verify_passes_what_was_saved(mode: str) -> None:
    picture = Image.new(mode, (9, 9))
    if mode == "P":
        picture.putpalette([1, 2, 3])
    with Image.open(io.BytesIO(saved(picture, comment="c"))) as found:
        found.verify()
        with pytest.raises(ValueError, match="closed"):
            found.verify()


# -- draft and thumbnail --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("number", [8, 4, 2])
def test_draft_is_every_nth_pixel(mode: str, number: int, astronaut: Image.Image) -> None:
    source = astronaut.crop((100, 0, 301, 150)).convert(mode)
    if mode == "RGBA":
        source.putalpha(Image.linear_gradient("L").resize(source.size))
    wanted = np.asarray(source)[::number, ::number]
    with Image.open(io.BytesIO(saved(source))) as picture:
        assert picture.info["cgx"]["coding"] == "lossless"
        least = (source.width // number, source.height // number)
        assert picture.draft(None, least) == (mode, (0, 0, 201 / number, 150 / number))
        assert picture.size == (wanted.shape[1], wanted.shape[0])
        assert picture.size >= least
        assert (np.asarray(picture) == wanted).all()
        assert picture.draft(None, (1, 1)) is None  # not after load


def test_draft_never_returns_less_than_asked(astronaut: Image.Image) -> None:
    file = saved(astronaut.crop((0, 0, 160, 120)))
    for wanted in [(20, 15), (21, 15), (20, 16), (40, 30), (80, 61), (160, 120), (500, 2)]:
        with Image.open(io.BytesIO(file)) as picture:
            picture.draft("RGB", wanted)
            assert picture.size[0] >= min(wanted[0], 160)
            assert picture.size[1] >= min(wanted[1], 120)


def test_draft_may_be_taken_back(astronaut: Image.Image) -> None:
    source = astronaut.crop((0, 0, 160, 120))
    with Image.open(io.BytesIO(saved(source))) as picture:
        picture.draft(None, (20, 15))
        picture.draft(None, (160, 120))
        assert picture.tobytes() == source.tobytes()


def test_draft_changes_nothing_where_there_are_no_levels() -> None:
    with Image.open(io.BytesIO(saved(Image.new("P", (500, 500))))) as picture:
        assert picture.draft(None, (10, 10)) is None
        assert picture.size == (500, 500)
    assert STORED.draft_interval((500, 500), (1, 1)) == 1
    assert LOSSLESS.draft_interval((500, 500), (1, 1)) == 8


def test_thumbnail_has_the_right_size_and_looks_alike(astronaut: Image.Image) -> None:
    with Image.open(io.BytesIO(saved(astronaut.crop((0, 0, 400, 300))))) as picture:
        picture.thumbnail((50, 50))
        assert picture.size == (50, 38)
        whole = astronaut.crop((0, 0, 400, 300))
        whole.thumbnail((50, 50))
        difference = np.abs(np.asarray(picture, int) - np.asarray(whole, int)).mean()
    assert difference < 12


# -- save: errors and options ---------------------------------------------------------------------


@pytest.mark.parametrize("keywords", [{"mode": "lossless"}, {"coding": "lossless"}])
def test_coding_means_the_same_as_mode(keywords: dict[str, str]) -> None:
    picture = noise("RGB", (20, 20))
    assert saved(picture, **keywords) == saved(picture)


def test_decolorized_can_be_asked_for_by_both_names(small_photograph: Image.Image) -> None:
    assert saved(small_photograph, coding="decolorized") == saved(
        small_photograph, mode="decolorized"
    )


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"mode": "lossy"}, "mode='lossy', allowed: 'lossless'"),
        ({"coding": "lossy"}, "allowed: 'lossless'"),
        ({"mode": "lossless", "coding": "decolorized"}, "contradict"),
        ({"effort": 99}, "effort=99, allowed: "),
    ],
)
def test_bad_option_is_an_error_that_names_it(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        saved(noise("L", (2, 2)), **keywords)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (container.MAX_SIDE + 1, 1)])
def test_impossible_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(OSError, match="cannot write size"):
        saved(Image.new("L", size))


def test_failed_save_leaves_no_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.cgx"
    with pytest.raises(ValueError, match="allowed"):
        noise("L", (2, 2)).save(path, mode="no")
    assert not path.exists()


def test_decompression_bomb_is_noticed_before_anything_is_allocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    header = container.Header(PLANES.number, "F", (30_000, 30_000), bytes(8))
    file = container.pack(header, [container.Section(b"PLAN", bytes(40))])
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(file))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with Image.open(io.BytesIO(file)) as picture, pytest.raises(CgxError, match="1 of 883 strips"):
        picture.load()
    small = container.Header(PLANES.number, "L", (40, 40), bytes(8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(io.BytesIO(container.pack(small, [container.Section(b"PLAN", b"")])))


def test_coding_and_mode_must_fit() -> None:
    header = container.Header(STORED.number, "CMYK", (4, 4), bytes(8))
    file = container.pack(header, [container.Section(b"STOR", b"")])
    picture = Image.open(io.BytesIO(file))
    with pytest.raises(DamagedError, match="coding stored does not take mode CMYK"):
        picture.load()


# -- names of files -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, pathlib.Path, os.fsencode])
def test_every_kind_of_path(kind: Any, tmp_path: pathlib.Path) -> None:
    path = kind(str(tmp_path / "é.cgx"))
    picture = noise("RGB", (9, 7))
    picture.save(path)
    with Image.open(path) as found:
        assert found.tobytes() == picture.tobytes()


def test_saving_over_the_file_that_is_open(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.cgx"
    picture = noise("RGB", (9, 7))
    picture.save(path)
    with Image.open(path) as found:
        found.save(path)
        found.putpixel((0, 0), (1, 2, 3))
        found.save(path)
    with Image.open(path) as found:
        assert found.getpixel((0, 0)) == (1, 2, 3)
        assert found.crop((1, 0, 9, 7)).tobytes() == picture.crop((1, 0, 9, 7)).tobytes()
