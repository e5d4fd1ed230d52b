"""Metadata that is dropped, is not in the JPEG file either that a .cgx file gives back."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pillow_colorgrid
from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.commands.info import facts
from pillow_colorgrid.dropping import jpeg_without, kinds_in
from tests.conftest import photograph
from tests.frames import mpo

PLACE = b"a place that nobody is to know"

GPS, MAKER = 0x8825, 0x010F


def exif() -> Image.Exif:
    found = Image.Exif()
    found[MAKER] = PLACE.decode()
    found[GPS] = {1: "N", 2: (52.0, 31.0, 12.0)}
    return found


METADATA = {
    "exif": exif().tobytes(),
    "icc_profile": b"ICC" + PLACE + bytes(range(256)) * 3,
    "xmp": b"<x:xmpmeta>" + PLACE + b"</x:xmpmeta>",
    "comment": b"words: " + PLACE,
}

IPTC = b"\xff\xed\x00\x40" + b"Photoshop 3.0\x00" + PLACE.ljust(0x40 - 2 - 14, b".")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    photograph("coffee", 96, 64).save(path, "JPEG", quality=80, dpi=(72, 72), **METADATA)
    data = path.read_bytes()
    path.write_bytes(data[:20] + IPTC + data[20:] + b"a film: " + PLACE)
    return path


def pop(*keys: str) -> Callable[[Image.Image], None]:
    return lambda image: [image.info.pop(key) for key in keys] and None


WAYS: dict[str, tuple[list[str], Callable[[Image.Image], None], dict[str, object]]] = {
    **{f"{key}=None": ([key], pop(), {key: None}) for key in METADATA},
    **{f"{key} popped": ([key], pop(key), {}) for key in METADATA},
    "exif=b''": (["exif"], pop(), {"exif": b""}),
    "exif=Exif()": (["exif"], pop(), {"exif": Image.Exif()}),
    "info=None": (["info"], pop(), {"info": None}),
    "photoshop popped": (["info"], pop("photoshop"), {}),
    "cleared": ([*METADATA, "dpi", "info"], lambda image: image.info.clear(), {}),
    "README": (["exif", "icc_profile"], pop(), {"exif": None, "icc_profile": None}),
    "everything": ([*METADATA, "info"], pop(), dict.fromkeys([*METADATA, "info"])),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_dropped_is_in_no_part_of_the_file(tmp_path: Path, source: Path, way: str) -> None:
    kinds, edit, keywords = WAYS[way]
    kept, bare = tmp_path / "kept.cgx", tmp_path / "bare.cgx"
    with Image.open(source) as image:
        image.save(kept)
        edit(image)
        image.save(bare, **keywords)
        pixels = image.tobytes()
    restored = pillow_colorgrid.jpeg_bytes(bare)
    assert restored == jpeg_without(source.read_bytes(), kinds)
    assert bare.stat().st_size < kept.stat().st_size
    with Image.open(io.BytesIO(restored)) as shown, Image.open(bare) as picture:
        assert picture.info["cgx"]["jpeg restorable"]
        assert shown.tobytes() == picture.tobytes() == pixels
        for key in METADATA:
            assert (key in shown.info, key in picture.info) == (key not in kinds,) * 2
        if "exif" in kinds:
            assert not dict(shown.getexif())
            assert not dict(picture.getexif())
    if {*METADATA, "info"} <= {*kinds}:
        assert PLACE not in restored
        assert PLACE not in bare.read_bytes()


def test_the_command_says_what_is_left(
    tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Image.open(source) as image:
        image.save(tmp_path / "a.cgx")
        image.save(tmp_path / "b.cgx", exif=None, xmp=None, comment=None, info=None)
    told = [
        facts(tmp_path / name, deep=False).told["metadata in it"] for name in ("a.cgx", "b.cgx")
    ]
    assert told == ["EXIF, ICC profile, XMP, comment, other metadata", "ICC profile"]
    assert main(["info", str(tmp_path / "b.cgx")]) == 0
    assert "ICC profile" in capsys.readouterr().out


def test_a_file_without_metadata_says_so(tmp_path: Path) -> None:
    photograph("coffee", 96, 64).save(tmp_path / "a.jpg", "JPEG")
    with Image.open(tmp_path / "a.jpg") as image:
        image.save(tmp_path / "a.cgx")
    assert facts(tmp_path / "a.cgx", deep=False).told["metadata in it"] == "none"


@pytest.mark.parametrize("broken", [False, True])
def test_a_file_that_is_kept_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", broken)
    path = tmp_path / "a.jpg"
    photograph("coffee", 96, 64).save(path, "JPEG", **METADATA)
    if broken:
        path.write_bytes(path.read_bytes()[:-60])
    with Image.open(path) as image:
        image.save(tmp_path / "a.cgx", exif=None)
    restored = pillow_colorgrid.jpeg_bytes(tmp_path / "a.cgx")
    assert restored == jpeg_without(path.read_bytes(), ["exif"])
    assert kinds_in(restored) == ["xmp", "icc_profile", "comment"]


def test_metadata_between_scans_goes_too() -> None:
    file = io.BytesIO()
    photograph("coffee", 96, 64).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    at = data.rindex(b"\xff\xda")
    comment = b"\xff\xfe" + (len(PLACE) + 4).to_bytes(2, "big") + PLACE + b"\xff\xd9"
    assert jpeg_without(data[:at] + comment + data[at:], ["comment"]) == data
    assert jpeg_without(data[:at] + comment + data[at:] + b"more", ["exif"]) == (
        data[:at] + comment + data[at:]
    )


def test_the_resolution_of_exif_goes_with_it(tmp_path: Path) -> None:
    """And the other metadata are not kept twice for that."""
    found = exif()
    found[0x011A], found[0x011B], found[0x0128] = 300.0, 300.0, 2
    file = io.BytesIO()
    profile = np.random.default_rng(1).bytes(3000)
    photograph("coffee", 96, 64).save(file, "JPEG", exif=found, icc_profile=profile)
    data = file.getvalue()
    (tmp_path / "a.jpg").write_bytes(data[:2] + data[20:])  # without JFIF, as cameras do
    sizes = []
    for keywords in ({}, {"exif": None}):
        with Image.open(tmp_path / "a.jpg") as image:
            assert image.info["dpi"] == (300, 300)
            image.save(tmp_path / "a.cgx", **keywords)
        sizes.append((tmp_path / "a.cgx").stat().st_size)
    assert sizes[1] < sizes[0]
    with Image.open(tmp_path / "a.cgx") as shown:
        assert shown.info["icc_profile"] == profile
        assert "exif" not in shown.info


def test_replaced_metadata_stand_in_the_cgx_file_alone(tmp_path: Path, source: Path) -> None:
    other = Image.Exif()
    other[MAKER] = "somebody"
    with Image.open(source) as image:
        image.save(tmp_path / "a.cgx", exif=other)
    with Image.open(tmp_path / "a.cgx") as shown:
        assert dict(shown.getexif()) == {MAKER: "somebody"}
        assert shown.info["icc_profile"] == METADATA["icc_profile"]
    restored = pillow_colorgrid.jpeg_bytes(tmp_path / "a.cgx")
    assert restored == jpeg_without(source.read_bytes(), ["exif"])


def test_a_file_that_is_named_for_a_picture_that_never_had_its_metadata(source: Path) -> None:
    """It is kept as it is given, but for what a keyword drops."""
    data = source.read_bytes()
    with Image.open(source) as image:
        pixels = Image.fromarray(np.asarray(image))
    for keywords, kinds in (({}, []), ({"exif": None}, ["exif"])):
        file = io.BytesIO()
        pixels.save(file, "CGX", jpeg=data, **keywords)
        file.seek(0)
        assert pillow_colorgrid.jpeg_bytes(file) == jpeg_without(data, kinds)


# -- several pictures -----------------------------------------------------------------------------


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    path = tmp_path / "phone.jpg"
    files = [mpo.jpeg(photograph(name, 48, 32), exif=exif()) for name in ("coffee", "chelsea")]
    path.write_bytes(mpo.mpo(files))
    return path


@pytest.mark.parametrize("several", [False, True])
def test_of_several_pictures_nothing_can_be_dropped(phone: Path, several: bool) -> None:
    with Image.open(phone) as image, pytest.raises(OSError, match="several pictures, of which no"):
        image.save(io.BytesIO(), "CGX", save_all=several, exif=None)
    file = io.BytesIO()
    with Image.open(phone) as image:
        image.save(file, "CGX", save_all=several, exif=None, jpeg="never")
    assert PLACE not in file.getvalue()


@pytest.mark.parametrize("several", [False, True])
def test_several_pictures_whose_info_lacks_something_are_pixels(phone: Path, several: bool) -> None:
    file = io.BytesIO()
    with Image.open(phone) as image:
        image.info.pop("exif")
        image.save(file, "CGX", save_all=several)
        pixels = image.tobytes()
    with Image.open(file) as shown:
        assert shown.n_frames == (2 if several else 1)
        assert shown.tobytes() == pixels
        assert not dict(shown.getexif())
        assert not shown.info["cgx"].get("jpeg restorable")


def test_near_lossless_files_of_several_pictures(phone: Path) -> None:
    with Image.open(phone) as image:
        image.save(io.BytesIO(), "CGX", mode="near", exif=None)


# -- PNG ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["exif", "xmp"])
def test_texts_of_png_that_say_the_same_go_too(tmp_path: Path, kind: str) -> None:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", METADATA["xmp"].decode())
    raw = b"Exif\0\0" + exif().tobytes().removeprefix(b"Exif\0\0")
    texts.add_text("Raw profile type exif", f"\nexif\n{len(raw)}\n{raw.hex()}")
    texts.add_text("Title", "a title")
    photograph("coffee", 48, 32).save(tmp_path / "a.png", pnginfo=texts)
    other = {"exif": "xmp", "xmp": "exif"}[kind]
    with Image.open(tmp_path / "a.png") as image:
        assert image.getexif()[MAKER] == PLACE.decode()
        image.save(tmp_path / "a.cgx", **{kind: None})
    with Image.open(tmp_path / "a.cgx") as shown:
        assert shown.info["Title"] == "a title"
        texts = {"exif": "Raw profile type exif", "xmp": "XML:com.adobe.xmp"}
        assert texts[kind] not in shown.info
        assert texts[other] in shown.info
        assert (MAKER in shown.getexif()) == (kind == "xmp")


def test_pieces_that_the_command_took_along_go_too(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    photograph("coffee", 48, 32).save(path, exif=exif())
    with Image.open(path) as image:
        image.info["source"] = {
            "format": "PNG",
            "items": [(b"eXIf", b"II" + PLACE, False), (b"abCd", b"kept", True), "odd"],
        }
        image.save(tmp_path / "a.cgx", exif=None)
    assert PLACE not in (tmp_path / "a.cgx").read_bytes()
    with Image.open(tmp_path / "a.cgx") as shown:
        assert shown.info["source"]["items"] == [(b"abCd", b"kept", True), "odd"]
