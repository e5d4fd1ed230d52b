"""cgx convert of MPO files: every picture a frame, the file back to the byte, never one unnamed."""

from pathlib import Path

import pytest
from PIL import Image

from pillow_colorgrid import jpeg_bytes
from pillow_colorgrid.commands.cli import main
from tests.conftest import photograph
from tests.frames.mpo import jpeg, mpo

PICTURES = [
    photograph("coffee", 64, 48),
    photograph("coffee", 32, 24),
    photograph("coffee", 16, 12).convert("L"),
]

PHONE = mpo([jpeg(picture, quality=90) for picture in PICTURES], [b"gap"])
STEREO = mpo([jpeg(photograph("coffee", 64 + n, 48).crop((n, 0, 64 + n, 48))) for n in (0, 4)])
LOST_INDEX = mpo([jpeg(picture) for picture in PICTURES], shift=1_000_000)

FURTHER = "2 further pictures of other sizes (--to tif takes all)"


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    (tmp_path / "phone.jpg").write_bytes(PHONE)
    return tmp_path / "phone.jpg"


def frames(path: Path) -> list[tuple[str, tuple[int, int], bytes]]:
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append((image.mode, image.size, image.tobytes()))
        return found


def test_all_pictures_and_the_file_come_back(phone: Path) -> None:
    before = frames(phone)
    assert main(["convert", str(phone), "--delete-originals"]) == 0
    assert not phone.exists()
    kept = phone.with_suffix(".cgx")
    assert frames(kept) == before
    assert main(["verify", "--deep", str(kept)]) == 0
    assert main(["convert", str(kept), "--to", "original"]) == 0
    assert phone.read_bytes() == PHONE


def test_what_is_there_is_skipped(phone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(phone)]) == 0
    assert main(["convert", str(phone), "--delete-originals"]) == 0
    assert "0 converted, 1 skipped" in capsys.readouterr().out
    assert not phone.exists()
    assert jpeg_bytes(phone.with_suffix(".cgx")) == PHONE


@pytest.mark.parametrize("suffix", ["png", "webp"])
@pytest.mark.parametrize("by_way_of_cgx", [True, False])
def test_the_first_goes_where_others_do_not_fit_and_these_are_named(
    phone: Path, suffix: str, by_way_of_cgx: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    source = phone
    if by_way_of_cgx:
        assert main(["convert", str(phone)]) == 0
        source = phone.with_suffix(".cgx")
    assert main(["convert", str(source), "--to", suffix, "--delete-originals"]) == 0
    said = capsys.readouterr().err
    assert FURTHER in said
    assert "the original stays" in said
    assert source.exists()
    assert frames_of_one(phone.with_suffix(f".{suffix}")) == frames(phone)[0]
    assert main(["convert", str(source), "--to", suffix]) == 0  # skipped, as it is done
    assert FURTHER in capsys.readouterr().err


def frames_of_one(path: Path) -> tuple[str, tuple[int, int], bytes]:
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 1
        return image.mode, image.size, image.tobytes()


def test_tif_takes_all(phone: Path) -> None:
    assert main(["convert", str(phone)]) == 0
    assert main(["convert", str(phone.with_suffix(".cgx")), "--to", "tif"]) == 0
    assert frames(phone.with_suffix(".tif")) == frames(phone)


def test_lossy_ones_are_named_too(phone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = phone.parent / "web.jpg"
    assert main(["convert", str(phone), "--lossy", "-o", str(target)]) == 0
    assert FURTHER in capsys.readouterr().err
    with Image.open(target) as image:
        assert (image.format, image.size) == ("JPEG", (64, 48))


def test_a_stereo_picture_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "stereo.mpo"
    path.write_bytes(STEREO)
    assert main(["convert", str(path)]) == 0
    assert main(["convert", str(path.with_suffix(".cgx")), "--to", "png"]) == 0
    assert frames(path.with_suffix(".png")) == frames(path)


def test_a_file_whose_index_is_wrong_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    path.write_bytes(LOST_INDEX)
    assert main(["convert", str(path), "--delete-originals"]) == 0
    kept = path.with_suffix(".cgx")
    assert jpeg_bytes(kept) == LOST_INDEX
    with Image.open(kept) as image:
        assert image.n_frames == 1


def test_diff_counts_all_frames(phone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(phone)]) == 0
    assert main(["diff", str(phone), str(phone.with_suffix(".cgx"))]) == 0
    pixels = sum(picture.width * picture.height for picture in PICTURES)
    assert f"every one of {pixels:,} pixels" in capsys.readouterr().out


def test_info_says_that_it_is_one_file(phone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(phone)]) == 0
    assert main(["info", str(phone.with_suffix(".cgx"))]) == 0
    assert "frames of one file" in capsys.readouterr().out
