"""MPO files: each picture is a frame, coded as the JPEG file it is; all together are the file."""

import io
import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import pillow_colorgrid
from pillow_colorgrid import container, limits
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.frames import index
from pillow_colorgrid.frames.encoder import joined
from tests.conftest import photograph
from tests.frames.animations import opened
from tests.frames.mpo import jpeg, mpo

PICTURES = [
    photograph("coffee", 96, 80),
    photograph("coffee", 48, 40),
    photograph("astronaut", 40, 64).convert("L"),
]


def exif(text: str) -> bytes:
    found = Image.Exif()
    found[0x010E] = text
    return found.tobytes()


def parts() -> list[bytes]:
    options: list[dict[str, Any]] = [
        {"exif": exif("first"), "quality": 90, "icc_profile": b"profile" * 20, "dpi": (300, 300)},
        {"exif": exif("second"), "progressive": True},
        {"comment": b"gains"},
    ]
    return [jpeg(image, **told) for image, told in zip(PICTURES, options, strict=True)]


FILE = mpo(parts(), [b"\0" * 7, b"between", b"behind\xff\xd8\xff\xe0"])


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mpo") / "phone.jpg"
    path.write_bytes(FILE)
    return path


def saved(path: Path, **keywords: Any) -> bytes:
    file = io.BytesIO()
    with Image.open(path) as image:
        image.save(file, "CGX", save_all=True, **keywords)
    return file.getvalue()


@pytest.fixture(scope="module")
def kept(phone: Path) -> bytes:
    return saved(phone)


def is_joined(data: bytes) -> bool:
    with opened(data) as image:
        found = image._directory.index
        return found is not None and found.joined


def test_the_makers_file_is_one_that_pillow_reads(phone: Path) -> None:
    with Image.open(phone) as image:
        assert (image.format, image.n_frames) == ("MPO", 3)
        for number, picture in enumerate(PICTURES):
            image.seek(number)
            image.load()
            assert (image.mode, image.size) == (picture.mode, picture.size)


def test_every_picture_is_a_frame_of_coefficients(phone: Path, kept: bytes) -> None:
    with warnings.catch_warnings(), opened(kept) as image, Image.open(phone) as source:
        warnings.simplefilter("error")
        assert image.n_frames == 3
        for number in (2, 0, 1):
            image.seek(number)
            source.seek(number)
            assert (image.mode, image.size) == (source.mode, source.size)
            assert image.tobytes() == source.tobytes()
            assert image.info["cgx"]["coding"] == "jpeg"
            assert image.info["cgx"]["jpeg restorable"]
            assert image.info["cgx"]["frames of one file"]
        with pytest.raises(EOFError):
            image.seek(3)
    with opened(kept) as image:
        image.verify()


def test_the_file_comes_back_to_the_byte(kept: bytes) -> None:
    assert pillow_colorgrid.jpeg_bytes(io.BytesIO(kept)) == FILE


def test_metadata_are_those_of_each_picture(kept: bytes) -> None:
    with opened(kept) as image:
        told = []
        for number in range(3):
            image.seek(number)
            told.append((image.getexif().get(0x010E), image.info.get("comment")))
            assert ("icc_profile" in image.info) == (number == 0)
    assert told == [("first", None), ("second", None), (None, b"gains")]


def test_the_other_pictures_are_smaller_than_as_they_were(phone: Path, kept: bytes) -> None:
    file = io.BytesIO()
    with Image.open(phone) as image:
        image.save(file, "CGX")
    whole = file.getvalue()
    assert pillow_colorgrid.jpeg_bytes(io.BytesIO(whole)) == FILE
    with opened(whole) as image:  # one frame is Pillow's convention
        assert image.n_frames == 1
    assert len(kept) < len(whole) < len(FILE)


def test_a_thumbnail_of_each(kept: bytes) -> None:
    with opened(kept) as image:
        for number in range(3):
            image.seek(number)
            image.thumbnail((12, 12))
            assert max(image.size) == 12


def test_pillows_own_mpo(tmp_path: Path) -> None:
    path = tmp_path / "two.mpo"
    PICTURES[0].save(path, "MPO", save_all=True, append_images=[PICTURES[1]], quality=80)
    kept = saved(path)
    assert is_joined(kept)
    assert pillow_colorgrid.jpeg_bytes(io.BytesIO(kept)) == path.read_bytes()


@pytest.mark.parametrize("number", range(3))
def test_metadata_that_were_asked_for(phone: Path, number: int) -> None:
    """They are shown for each; the file is kept unless it would still hold what they replace."""
    for keywords in ({"xmp": b"mine"}, {"comment": b"mine"}):
        kept = saved(phone, **keywords)
        with opened(kept) as image:
            image.seek(number)
            assert keywords.items() <= image.info.items()
        if "xmp" in keywords:
            assert pillow_colorgrid.jpeg_bytes(io.BytesIO(kept)) == FILE
        else:
            assert b"gains" not in kept
            with pytest.raises(ValueError, match="pixels"):
                pillow_colorgrid.jpeg_bytes(io.BytesIO(kept))


# -- what stays as it is --------------------------------------------------------------------------


def same_frames(data: bytes, source: Image.Image) -> None:
    with opened(data) as image:
        assert image.n_frames == source.n_frames
        for number in range(source.n_frames):
            source.seek(number)
            image.seek(number)
            assert image.tobytes() == source.tobytes()


def test_what_was_painted_on_is_kept_as_pixels(phone: Path) -> None:
    file = io.BytesIO()
    with Image.open(phone) as image:
        image.load()
        image.putpixel((0, 0), (1, 2, 3))
        image.save(file, "CGX", save_all=True)
    with opened(file.getvalue()) as kept:
        assert not kept._directory.index.joined
        assert kept.getpixel((0, 0)) == (1, 2, 3)
        assert kept.n_frames == 3


def test_what_was_told_besides_is_kept(phone: Path) -> None:
    file = io.BytesIO()
    with Image.open(phone) as image:
        image.info["comment"] = b"mine"
        image.save(file, "CGX", save_all=True)
    with opened(file.getvalue()) as kept:
        assert kept.info["comment"] == b"mine"


def test_without_its_file_frames_are_pixels(phone: Path) -> None:
    with Image.open(io.BytesIO(FILE)) as source:
        file = io.BytesIO()
        source.save(file, "CGX", save_all=True)
        assert not is_joined(file.getvalue())
        same_frames(file.getvalue(), source)
    kept = saved(phone, jpeg="never")
    assert not is_joined(kept)
    with pytest.raises(ValueError, match="pixels"):
        pillow_colorgrid.jpeg_bytes(io.BytesIO(kept))


def test_the_file_may_be_named() -> None:
    file = io.BytesIO()
    with Image.open(io.BytesIO(FILE)) as source:
        source.save(file, "CGX", save_all=True, jpeg=FILE)
    assert is_joined(file.getvalue())
    assert pillow_colorgrid.jpeg_bytes(io.BytesIO(file.getvalue())) == FILE


def test_more_pictures_than_frames_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FRAMES", 3)
    assert len(joined.split(FILE) or []) == 3
    monkeypatch.setattr(limits, "MAX_FRAMES", 2)
    assert joined.split(FILE) is None


def test_pieces() -> None:
    assert b"".join(joined.split(FILE)) == FILE
    assert joined.split(parts()[0]) is None
    assert joined.split(mpo(parts(), shift=1)) is None
    assert joined.split(mpo(parts(), shift=1_000_000)) is None
    assert joined.split(FILE[: len(FILE) // 8]) is None
    assert joined.split(b"") is None


# -- damage ---------------------------------------------------------------------------------------


def sections_of(data: bytes) -> tuple[container.Header, list[container.Section]]:
    file = io.BytesIO(data)
    return container.read_header(file), list(container.read_sections(file))


def forged(data: bytes, flags: int) -> bytes:
    """A file whose index has other flags."""
    header, sections = sections_of(data)
    return container.pack(
        header,
        [
            container.Section(s.type, bytes([flags]) + s.payload[1:])
            if s.type == index.INDEX
            else s
            for s in sections
        ],
    )


def test_frames_of_pixels_are_no_parts_of_a_file(phone: Path) -> None:
    with Image.open(phone) as image:
        again = image.copy()
    data = forged(saved(phone, jpeg="never", append_images=[again]), index.JOINED)
    with pytest.raises(DamagedError, match="made of another frame"):
        opened(data)
    data = forged(saved(phone, jpeg="never"), index.JOINED)
    with pytest.raises(DamagedError, match="gives back no JPEG file"):
        pillow_colorgrid.jpeg_bytes(io.BytesIO(data))
    with opened(data) as image, pytest.raises(DamagedError, match="gives back no JPEG file"):
        image.verify()


def test_unknown_flags(kept: bytes) -> None:
    with pytest.raises(DamagedError, match="flags 0x6, allowed 0x3"):
        opened(forged(kept, 6))


@pytest.mark.parametrize("size", range(0, 12))
def test_a_cut_file_gives_back_nothing(kept: bytes, size: int) -> None:
    cut = kept[: len(kept) * size // 12]
    with pytest.raises((CgxError, SyntaxError)):
        pillow_colorgrid.jpeg_bytes(io.BytesIO(cut))


def test_a_changed_byte_never_gives_another_file(kept: bytes) -> None:
    for place in range(0, len(kept), 61):
        damaged = bytearray(kept)
        damaged[place] ^= 0x55
        try:
            found = pillow_colorgrid.jpeg_bytes(io.BytesIO(damaged))
        except (OSError, SyntaxError, ValueError):
            continue
        assert found == FILE, place
