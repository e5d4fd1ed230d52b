"""Files that are cut, damaged, fed in pieces, pickled, closed, or read a thousand times."""

import copy
import gc
import io
import pickle
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, UnidentifiedImageError

from pillow_colorgrid import CgxImageFile, container, limits
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.planes import coding as planes
from pillow_colorgrid.codings.planes.description import PLANES
from pillow_colorgrid.errors import CgxError, LimitError, TruncatedError
from tests.conftest import noise, photograph

DOCUMENTED = (OSError, SyntaxError, ValueError)
"""CgxError and UnidentifiedImageError are OSErrors."""


def saved(picture: Image.Image, **keywords: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "CGX", **keywords)
    return file.getvalue()


def paletted() -> Image.Image:
    picture = photograph("coffee", 40, 30).quantize(32)
    picture.info["transparency"] = 3
    return picture


PICTURES = {
    "lossless": lambda: saved(photograph("coffee", 96, 80), effort=1),
    "decolorized": lambda: saved(
        photograph("coffee", 40, 30), mode="decolorized", inner="zstd", predict="always"
    ),
    "stored": lambda: saved(paletted().convert("RGBA"), effort=4),
    "planes": lambda: saved(paletted(), effort=1),
}


@pytest.fixture(scope="module", params=PICTURES)
def file(request: pytest.FixtureRequest) -> bytes:
    """A small file of each coding."""
    data: bytes = PICTURES[request.param]()
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.info["cgx"]["coding"] == request.param
    return data


@pytest.fixture
def tolerant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)


def pixels_of(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.tobytes()


# -- cut and damaged ------------------------------------------------------------------------------


def test_every_truncation_is_an_error(file: bytes) -> None:
    step = 1 if len(file) < 600 else 7
    for length in {*range(0, len(file), step), *range(len(file) - 30, len(file))}:
        with pytest.raises((OSError, SyntaxError)):
            pixels_of(file[:length])


def test_truncation_of_the_pixels_says_truncated(file: bytes) -> None:
    with pytest.raises(TruncatedError, match="image file is truncated"):
        pixels_of(file[:-5])


def test_every_damaged_byte_is_an_error(file: bytes) -> None:
    step = 1 if len(file) < 600 else 7
    for position in range(0, len(file), step):
        damaged = bytearray(file)
        damaged[position] ^= 1 << position % 8
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "newer version" in the version byte
            with pytest.raises((OSError, SyntaxError)):
                pixels_of(bytes(damaged))


def test_a_picture_can_be_asked_again_after_an_error() -> None:
    with Image.open(io.BytesIO(PICTURES["planes"]()[:-30])) as picture:
        for _ in range(3):
            with pytest.raises(TruncatedError):
                picture.load()


@pytest.mark.usefixtures("tolerant")
def test_tolerant_load_shows_complete_strips_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planes, "STRIP_BYTES", 64 * 4 * 10)
    source = noise("RGBA", (64, 50)).convert("CMYK")
    data = saved(source)
    wanted = np.asarray(source)
    previous = 0
    for length in range(200, len(data), 997):
        with Image.open(io.BytesIO(data[:length])) as picture:
            found = np.asarray(picture)
        rows = 10 * (found != 0).any((1, 2)).reshape(5, 10).all(1).sum()
        assert (found[:rows] == wanted[:rows]).all()
        assert not found[rows:].any()
        assert rows >= previous
        previous = rows
    assert previous == 40


@pytest.mark.usefixtures("tolerant", "streams_apart")
@pytest.mark.parametrize("mode", ["decolorized", "lossless"])
def test_tolerant_load_shows_complete_tiles(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    source = photograph("coffee", 128, 128)
    options = {"inner": "zstd", "predict": "always"} if mode == "decolorized" else {}
    data = saved(source, mode=mode, **options)
    wanted = np.asarray(source)
    with Image.open(io.BytesIO(data[:-40])) as picture:
        assert picture.info["cgx"]["coding"] == mode
        found = np.asarray(picture)
    assert (found[:64] == wanted[:64]).all()
    assert (found[64:, :64] == wanted[64:, :64]).all()
    assert (found[64:, 64:] != wanted[64:, 64:]).any()


@pytest.mark.usefixtures("tolerant")
def test_tolerant_load_of_a_whole_file_is_exact(file: bytes) -> None:
    with Image.open(io.BytesIO(file)) as picture:
        tolerant = picture.tobytes()
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    assert tolerant == pixels_of(file)


def test_tolerance_is_looked_up_when_pixels_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with Image.open(io.BytesIO(PICTURES["planes"]()[:-12])) as picture:
        with pytest.raises(TruncatedError):
            picture.load()
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        picture.load()


# -- limits ---------------------------------------------------------------------------------------


def test_number_of_sections_has_a_limit_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    data = PICTURES["planes"]()
    many = container.pack_section(container.Section(b"zzzz", b"")) * 50
    end = data[-container.SECTION.size :]
    monkeypatch.setattr(limits, "MAX_SECTIONS", 20)
    with Image.open(io.BytesIO(data[: -len(end)] + many + end)) as picture:
        with pytest.raises(LimitError, match=r"limits\.MAX_SECTIONS = 20"):
            picture.load()
        monkeypatch.setattr(limits, "MAX_SECTIONS", None)
        picture.load()


def test_number_of_sections_holds_at_open() -> None:
    data = PICTURES["planes"]()
    empty = container.pack_section(container.Section(b"zzzz", b""))
    assert limits.MAX_SECTIONS
    many = data[: container.HEADER_BYTES] + empty * (limits.MAX_SECTIONS + 1)
    with pytest.raises(LimitError, match=r"65537 exceed .*MAX_SECTIONS = 65536"):
        Image.open(io.BytesIO(many + data[container.HEADER_BYTES :]))


class Greedy(io.BytesIO):
    """Fails where more than a piece is asked for at once, as a file would set it aside."""

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 <= size <= container.READ_BYTES
        return super().read(size)


def test_no_read_sets_more_aside_than_the_file_has() -> None:
    header = container.pack_header(container.Header(PLANES.number, "P", (40, 40), bytes(8)))
    section = container.SECTION.pack(b"PLAN", 2**31 - 1, 0)
    picture = Image.open(Greedy(header + section + b"xyz"))
    with pytest.raises(TruncatedError, match="3 of 2147483647 bytes of section PLAN"):
        picture.load()


# -- pieces ---------------------------------------------------------------------------------------


def test_parser_fed_byte_by_byte(file: bytes) -> None:
    parser = ImageFile.Parser()
    for position in range(len(file)):
        parser.feed(file[position : position + 1])
    with parser.close() as picture:
        assert picture.tobytes() == pixels_of(file)
        assert picture.format == "CGX"


def test_parser_knows_the_size_long_before_the_end(file: bytes) -> None:
    parser = ImageFile.Parser()
    for position in range(len(file)):
        parser.feed(file[position : position + 1])
        if parser.image:
            break
    assert parser.image is not None
    assert parser.image.size in ((40, 30), (96, 80))
    assert position < container.HEADER_BYTES + 200  # header, palette, dpi


def test_parser_of_half_a_file_is_an_error(file: bytes) -> None:
    parser = ImageFile.Parser()
    parser.feed(file[: len(file) - 20])
    with pytest.raises(TruncatedError):
        parser.close()


class OneWay(io.RawIOBase):
    """A pipe: it can be read or written once, in order."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__()
        self.data = io.BytesIO(data)
        self.writes = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        return self.data.read(size)

    def write(self, data: Any) -> int:
        self.writes += 1
        return self.data.write(data)

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation("seek")

    def tell(self) -> int:
        raise io.UnsupportedOperation("tell")


def test_from_and_to_a_pipe(file: bytes) -> None:
    with Image.open(OneWay(file)) as picture:
        pipe = OneWay()
        picture.save(pipe, "CGX")
        assert pipe.writes == 1
        assert pixels_of(pipe.data.getvalue()) == picture.tobytes()


# -- pickled, copied, closed ----------------------------------------------------------------------


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_picture_is_the_same_and_whole(file: bytes, protocol: int, loaded: bool) -> None:
    with Image.open(io.BytesIO(file)) as picture:
        if loaded:
            picture.load()
        found = pickle.loads(pickle.dumps(picture, protocol))
        assert_usable_copy(found, picture)


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("how", [copy.deepcopy, copy.copy, Image.Image.copy])
def test_copied_picture_is_the_same_and_whole(file: bytes, how: Any, loaded: bool) -> None:
    with Image.open(io.BytesIO(file)) as picture:
        if loaded:
            picture.load()
        assert_usable_copy(how(picture), picture)


def test_pickled_palette_keeps_its_alpha() -> None:
    source = paletted()
    source.putpalette(bytes(range(64)), "RGBA")
    with Image.open(io.BytesIO(saved(source))) as picture:
        found = pickle.loads(pickle.dumps(picture))
    assert found.palette.mode == "RGBA"
    assert bytes(found.palette.palette) == bytes(range(64))
    assert found.convert("RGBA").tobytes() == source.convert("RGBA").tobytes()


def assert_usable_copy(found: Image.Image, picture: Image.Image) -> None:
    assert (found.mode, found.size) == (picture.mode, picture.size)
    assert found.getpalette() == picture.getpalette()
    assert found.info == picture.info
    assert found.tobytes() == picture.tobytes()
    if isinstance(found, CgxImageFile):
        assert (found.n_frames, found.is_animated, found.tell()) == (1, False, 0)
        found.seek(0)
        found.load()
        found.verify()
        assert found.draft(None, (2, 2)) is None
        assert found.format == "CGX"
    assert pixels_of(saved(found, effort=1)) == picture.tobytes()
    found.thumbnail((8, 8))
    found.close()
    found.close()


def test_context_manager_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.cgx"
    path.write_bytes(PICTURES["planes"]())
    with Image.open(path) as picture:
        handle = picture.fp
        assert handle is not None
        assert not handle.closed
    assert handle.closed


def test_load_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.cgx"
    path.write_bytes(PICTURES["planes"]())
    picture = Image.open(path)
    handle = picture.fp
    assert handle is not None
    picture.load()
    assert handle.closed
    assert picture.fp is None
    picture.load()


def test_foreign_file_is_left_open() -> None:
    handle = io.BytesIO(PICTURES["planes"]())
    with Image.open(handle) as picture:
        picture.load()
    assert not handle.closed


def test_closed_picture_says_so(file: bytes) -> None:
    picture = Image.open(io.BytesIO(file))
    picture.close()
    for action in (picture.load, picture.verify, picture.tobytes):
        with pytest.raises(ValueError, match="closed"):
            action()
    with Image.open(io.BytesIO(file)) as picture:
        pass
    with pytest.raises(ValueError, match="closed"):
        picture.load()


def test_metadata_outlives_close() -> None:
    picture = Image.open(io.BytesIO(PICTURES["planes"]()))
    picture.close()
    assert picture.info["transparency"] == 3
    assert picture.size == (40, 30)


def test_damaged_files_are_closed(tmp_path: Path) -> None:
    """A ResourceWarning would be an error here."""
    path = tmp_path / "a.cgx"
    path.write_bytes(PICTURES["planes"]()[:50])
    with pytest.raises((CgxError, UnidentifiedImageError)):
        Image.open(path)
    path.write_bytes(PICTURES["planes"]()[:-12])
    with pytest.raises(CgxError), Image.open(path) as picture:
        picture.load()
    gc.collect()


# -- again and again ------------------------------------------------------------------------------


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts pages of Linux")
@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("coding", ["planes", "lossless"])
def test_a_thousand_opens_and_saves_leak_nothing(coding: str, tmp_path: Path) -> None:
    source = photograph("coffee", 16, 16) if coding == "lossless" else paletted()
    path = tmp_path / "a.cgx"

    def once(seed: int) -> None:
        source.putpixel((0, 0), seed % 30 if coding == "planes" else (seed % 256, 0, 0))
        source.save(path, effort=1)
        with Image.open(path) as picture:
            assert picture.tobytes() == source.tobytes()

    rounds = 1000 if coding == "planes" else 60  # the networks take their time
    for seed in range(rounds // 10):  # caches fill
        once(seed)
    gc.collect()
    before_traced, before_resident = tracemalloc.get_traced_memory()[0], resident_bytes()
    for seed in range(rounds):
        once(seed)
    gc.collect()
    assert tracemalloc.get_traced_memory()[0] - before_traced < 200_000
    assert resident_bytes() - before_resident < 20 * 2**20


def test_no_file_stays_open_after_a_thousand_headers(tmp_path: Path) -> None:
    path = tmp_path / "a.cgx"
    path.write_bytes(PICTURES["planes"]())
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir())) if descriptors.exists() else 0
    for _ in range(1000):
        with Image.open(path) as picture:
            assert picture.size == (40, 30)
    if descriptors.exists():
        assert len(list(descriptors.iterdir())) <= before
