"""Metadata comes back byte for byte, is kept by default, and can be dropped."""

import io
from typing import Any

import pytest
from PIL import Image, ImageFile, ImageOps
from PIL.TiffImagePlugin import IFDRational

from pillow_colorgrid import container, limits, metadata
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError, LimitError, TruncatedError

HEAD = container.HEADER_BYTES

ORIENTATION = 0x0112

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="us"><a>\xc3\xa9</a></x:xmpmeta>'

BLOCKS = {
    "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0",
    "icc_profile": bytes(range(256)) * 3,
    "xmp": XMP,
}

KEPT: dict[str, Any] = {
    **BLOCKS,
    "comment": b"bytes \xff\0 end",
    "dpi": (299.9994, 72.0),
    "transparency": (1, 2, 3),
}


def saved(picture: Image.Image, **keywords: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "CGX", **keywords)
    return file.getvalue()


def opened(picture: Image.Image, **keywords: Any) -> Image.Image:
    return Image.open(io.BytesIO(saved(picture, **keywords)))


def kept(picture: Image.Image) -> dict[str, Any]:
    """The metadata of an opened picture, without what the file tells of its coding."""
    return {key: value for key, value in picture.info.items() if key != "cgx"}


def picture_with(**info: Any) -> Image.Image:
    picture = Image.new("RGB", (3, 2), "red")
    picture.info.update(info)
    return picture


# -- kept, replaced, dropped ----------------------------------------------------------------------


@pytest.mark.parametrize("key", KEPT)
def test_kept_by_default(key: str) -> None:
    assert kept(opened(picture_with(**{key: KEPT[key]}))) == {key: KEPT[key]}


@pytest.mark.parametrize("key", KEPT)
def test_given_explicitly(key: str) -> None:
    assert kept(opened(picture_with(), **{key: KEPT[key]})) == {key: KEPT[key]}


@pytest.mark.parametrize("key", KEPT)
def test_explicit_value_replaces_the_old_one(key: str) -> None:
    old = {"comment": "old", "dpi": (1.0, 1.0), "transparency": 9}.get(key, b"old")
    assert kept(opened(picture_with(**{key: old}), **{key: KEPT[key]})) == {key: KEPT[key]}


@pytest.mark.parametrize("empty", [None, b"", ""])
@pytest.mark.parametrize("key", KEPT)
def test_none_or_empty_drops(key: str, empty: object) -> None:
    assert kept(opened(picture_with(**KEPT), **{key: empty})) == {
        other: value for other, value in KEPT.items() if other != key
    }


def test_all_at_once_through_two_generations() -> None:
    with opened(picture_with(**KEPT)) as first, opened(first) as second:
        assert kept(second) == KEPT


@pytest.mark.parametrize("source", ["PNG", "JPEG", "WEBP"])
def test_metadata_of_other_formats_is_kept(source: str) -> None:
    file = io.BytesIO()
    picture_with().save(file, source, **BLOCKS)
    with Image.open(file) as picture:
        picture.load()
        wanted = {key: picture.info[key] for key in BLOCKS if key in picture.info}
        assert len(wanted) >= 2  # Pillow writes XMP into PNG only as pnginfo
        with opened(picture) as found:
            assert {key: found.info.get(key) for key in wanted} == wanted


def test_comment_keeps_its_type() -> None:
    for comment in ("text é 漢", b"bytes"):
        assert opened(picture_with(comment=comment)).info["comment"] == comment


def test_dpi_of_tiff_is_kept() -> None:
    assert opened(picture_with(dpi=(IFDRational(300), IFDRational(1, 3)))).info["dpi"] == (
        300.0,
        float(IFDRational(1, 3)),
    )


def test_info_that_cannot_be_kept_is_left_out() -> None:
    strange = {"dpi": (IFDRational(1, 0), 1), "exif": 5, "comment": 7, "transparency": "no"}
    assert kept(opened(picture_with(**strange))) == {}


# -- EXIF -----------------------------------------------------------------------------------------


def test_exif_object_is_written() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[271] = "Maker"
    with opened(picture_with(), exif=exif) as found:
        assert found.info["exif"] == exif.tobytes()
        assert dict(found.getexif()) == {ORIENTATION: 6, 271: "Maker"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_neither_applied_nor_rewritten(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    source = Image.frombytes("RGB", (3, 2), bytes(range(18)))
    with opened(source, exif=exif) as first, opened(first) as second:
        assert second.size == (3, 2)
        assert second.tobytes() == source.tobytes()
        assert second.info["exif"] == exif.tobytes()
        assert second.getexif()[ORIENTATION] == orientation


def test_exif_transpose_works_as_with_other_formats() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    source = Image.frombytes("RGB", (3, 2), bytes(range(18)))
    with opened(source, exif=exif) as found:
        turned = ImageOps.exif_transpose(found)
        assert turned.tobytes() == source.transpose(Image.Transpose.ROTATE_270).tobytes()
        with opened(turned) as again:
            assert ORIENTATION not in again.getexif()


def test_tags_of_tiff_can_be_taken_along() -> None:
    file = io.BytesIO()
    picture_with().save(file, "TIFF", tiffinfo={271: "Maker"})
    with Image.open(file) as tiff, opened(tiff, exif=tiff.getexif()) as found:
        assert found.getexif()[271] == "Maker"


# -- without decoding -----------------------------------------------------------------------------


def test_metadata_needs_no_decoding() -> None:
    exif = Image.Exif()
    exif[271] = "Maker"
    with opened(picture_with(**KEPT), exif=exif) as found:
        assert found.getexif()[271] == "Maker"
        assert found.getxmp()["xmpmeta"]["xmptk"] == "us"
        assert found.info["icc_profile"] == BLOCKS["icc_profile"]
        assert found.size == (3, 2)
        assert found._im is None


def test_metadata_stands_before_the_pixels() -> None:
    types = [
        s.type for s in container.read_sections(io.BytesIO(saved(picture_with(**KEPT))[HEAD:]))
    ]
    assert set(types[: len(KEPT)]) == set(metadata.SECTIONS.values())
    assert not any(kind.islower() for kind in types[len(KEPT) :])


# -- the sections, byte for byte ------------------------------------------------------------------

LAYOUTS = [
    ("exif", b"abc", b"exif", "616263"),
    ("icc_profile", b"abc", b"iccp", "616263"),
    ("xmp", b"abc", b"xmpd", "616263"),
    ("comment", b"abc", b"comm", "00616263"),
    ("comment", "é", b"comm", "01c3a9"),
    ("dpi", (300, 72), b"dpis", "0000000000c07240" + "0000000000005240"),
    ("transparency", 258, b"trns", "00" + "02010000"),
    ("transparency", (1, 2, 65535), b"trns", "01" + "01000000" + "02000000" + "ffff0000"),
    ("transparency", b"\x01\x02", b"trns", "02" + "0102"),
]


@pytest.mark.parametrize(("key", "value", "section_type", "payload"), LAYOUTS)
def test_section_layout(key: str, value: object, section_type: bytes, payload: str) -> None:
    (section,) = metadata.to_write(Image.new("RGB", (1, 1)), {key: value})
    assert (section.type, section.payload.hex()) == (section_type, payload)


@pytest.mark.parametrize(("mode", "number"), [("RGB", 0), ("RGBA", 1), ("CMYK", 2)])
def test_palette_layout(mode: str, number: int) -> None:
    picture = Image.new("P", (1, 1))
    picture.putpalette(bytes(range(12)), mode)
    picture.load()
    if picture.palette.mode != mode:
        pytest.skip(f"this Pillow keeps no palette of {mode}")
    (section,) = metadata.to_write(picture, {})
    assert (section.type, section.payload) == (b"PLTE", bytes([number, *range(12)]))


IMPOSSIBLE = [
    *[(b"comm", ""), (b"comm", "02"), (b"comm", "01ff")],
    *[(b"dpis", ""), (b"dpis", "00" * 15), (b"dpis", "00" * 17)],
    *[(b"trns", ""), (b"trns", "03"), (b"trns", "00"), (b"trns", "00" * 9), (b"trns", "0100")],
    (b"trns", "01" + "00" * 20),
    *[(b"PLTE", ""), (b"PLTE", "00"), (b"PLTE", "03010203"), (b"PLTE", "0001020304")],
    (b"PLTE", "00" + "00" * 771),
]


@pytest.mark.parametrize(("section_type", "payload"), IMPOSSIBLE)
def test_impossible_sections_are_refused(section_type: bytes, payload: str) -> None:
    file = container.pack_section(Section(section_type, bytes.fromhex(payload)))
    with pytest.raises(DamagedError):
        metadata.read(io.BytesIO(file + bytes(12)), "RGB")


def test_unknown_ancillary_section_is_skipped() -> None:
    file = saved(picture_with(**KEPT))
    extra = container.pack_section(Section(b"zzzz", b"from the future"))
    with Image.open(io.BytesIO(file[:HEAD] + extra + file[HEAD:])) as found:
        assert kept(found) == KEPT
        assert found.tobytes() == picture_with().tobytes()


def test_damaged_metadata_is_an_error_or_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    file = bytearray(saved(picture_with(xmp=XMP, comment="fine")))
    file[file.index(XMP)] ^= 1
    with pytest.raises(DamagedError, match="section xmpd damaged"):
        Image.open(io.BytesIO(file))
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with Image.open(io.BytesIO(file)) as found:
        assert kept(found) == {"comment": "fine"}
        assert found.tobytes() == picture_with().tobytes()


def test_file_cut_inside_the_metadata_is_truncated() -> None:
    file = saved(picture_with(xmp=XMP))
    with pytest.raises(TruncatedError, match="truncated"):
        Image.open(io.BytesIO(file[:60]))


# -- bad values and limits ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("exif", "text"), ("exif", 5), ("icc_profile", [1]), ("xmp", "text"), ("comment", 7)],
        *[("dpi", 300), ("dpi", (1,)), ("dpi", (1, 2, 3)), ("dpi", (float("nan"), 1))],
        *[("dpi", ("a", "b")), ("transparency", "red"), ("transparency", (1,) * 5)],
        *[("transparency", 2**31), ("transparency", ()), ("transparency", 1.5)],
    ],
)
def test_bad_value_is_an_error_that_names_it(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{key}=.*, allowed: "):
        saved(picture_with(), **{key: value})


def test_limit_on_reading_has_a_name_and_an_override(monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(picture_with(xmp=bytes(5000)))
    monkeypatch.setattr(limits, "MAX_METADATA_BYTES", 4000)
    with pytest.raises(LimitError, match=r"limits\.MAX_METADATA_BYTES = 4000"):
        Image.open(io.BytesIO(file))
    monkeypatch.setattr(limits, "MAX_METADATA_BYTES", None)
    with Image.open(io.BytesIO(file)) as found:
        assert len(found.info["xmp"]) == 5000


def test_what_could_not_be_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_METADATA_BYTES", 4000)
    with pytest.raises(LimitError, match="MAX_METADATA_BYTES"):
        saved(picture_with(), xmp=bytes(5000))


def test_declared_length_allocates_nothing() -> None:
    """A section that says 60 MiB in a file of 100 bytes is refused, not waited for."""
    head = saved(picture_with())[:HEAD]
    section = container.SECTION.pack(b"xmpd", 60 * 2**20, 0)
    with pytest.raises(TruncatedError, match="0 of 62914560 bytes"):
        Image.open(io.BytesIO(head + section))
