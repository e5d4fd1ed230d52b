"""A file that was cut shows what FORMAT.md, section 5, says; by default it is refused."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFile

from pillow_colorgrid import container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.errors import DamagedError, TruncatedError
from tests.conftest import photograph
from tests.format import forging
from tests.format.corpus import corpus


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: data for name, (data, _) in corpus().items()}


def without_last(data: bytes, name: bytes) -> bytes:
    """The file, cut inside the last section of a type."""
    header, sections = forging.read(data)
    types = [section.type for section in sections]
    kept = sections[: len(types) - types[::-1].index(name)]
    return container.pack(header, kept)[: -container.SECTION.size - 1]


def shown(data: bytes, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    with pytest.raises(TruncatedError), Image.open(io.BytesIO(data)) as picture:
        picture.load()
    with monkeypatch.context() as patched:
        patched.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        with Image.open(io.BytesIO(data)) as picture:
            assert "partial" not in picture.info["cgx"]
            picture.load()
            assert picture.info["cgx"]["partial"] is True
            return np.asarray(picture)


def preview(data: bytes, interval: int = 8) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        size = (picture.width // interval, picture.height // interval)
        picture.draft(None, size)
        return np.asarray(picture)


@pytest.mark.parametrize(
    ("name", "cut"), [("lossless", b"CTIL"), ("lossless", b"LTIL"), ("lossless_grey", b"LTIL")]
)
def test_lossless_shows_its_preview_enlarged(
    files: dict[str, bytes], name: str, cut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shown(without_last(files[name], cut), monkeypatch)
    small = preview(files[name])
    rows, columns = (np.arange(side) // 8 for side in found.shape[:2])
    assert np.array_equal(found, small[rows][:, columns])


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("L", {"origin": "none"}),
        ("RGB", {"origin": "none"}),
        ("RGBA", {}),  # whose alpha comes first
        ("RGB", {"mode": "near", "max_error": 1, "origin": "none"}),
    ],
)
def test_a_cut_file_tells_which_boxes_are_sure(
    mode: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "MAX_EDGE", 128)
    source = photograph("coffee", 300, 260).convert("RGB")
    if mode == "RGBA":
        source.putalpha(photograph("camera", 300, 260).convert("L"))
    file = io.BytesIO()
    source.convert(mode).save(file, "CGX", effort=1, **options)
    data = file.getvalue()
    with Image.open(file) as picture:
        wanted = picture.copy()
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    counts = []
    for part in (0.3, 0.6, 0.9):
        with Image.open(io.BytesIO(data[: int(part * len(data))])) as picture:
            picture.load()
            boxes = picture.info["cgx"]["sure"]
            for box in boxes:
                assert picture.crop(box).tobytes() == wanted.crop(box).tobytes()
            assert picture.tobytes() != wanted.tobytes()
        counts.append(len(boxes))
    assert counts == sorted(counts)
    assert 0 < counts[-1] < 9


def test_without_its_alpha_nothing_is_sure(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = without_last(files["lossless_alpha"], b"ALPH")
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.info["cgx"]["sure"] == []


def test_missing_alpha_is_opaque(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    found = shown(without_last(files["lossless_alpha"], b"ALPH"), monkeypatch)
    with Image.open(io.BytesIO(files["lossless_alpha"])) as picture:
        whole = np.asarray(picture)
    assert np.array_equal(found[..., :3], whole[..., :3])
    assert (found[..., 3] == 255).all()
    assert (whole[..., 3] < 255).any()


@pytest.mark.parametrize(
    ("name", "cut"),
    [("stored", b"STOR"), ("decolorized_png", b"INNR"), ("planes_cmyk", b"PLAN")],
)
def test_missing_tiles_and_strips_are_0(
    files: dict[str, bytes], name: str, cut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not shown(without_last(files[name], cut), monkeypatch).any()


def test_missing_coefficients_are_0(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (shown(without_last(files["jpeg"], b"JSTR"), monkeypatch) == 128).all()


@pytest.mark.parametrize(
    ("name", "cut", "missing"),
    [
        ("small", b"NETS", "no names of networks"),
        ("small", b"LONE", "no preview luminance"),
        ("lossless", b"CPRE", "no preview luminance"),
        ("lossless_grey", b"LPRE", "no preview luminance"),
        ("deep", b"LPRE", "no preview luminance"),
        ("blended", b"BSAM", "no blended samples"),
        ("bilevel", b"BILV", "no page"),
        ("indexed", b"INDX", "no indexed pixels"),
        ("grid", b"GRID", "no colour grid"),
        ("jpeg_file", b"JFIL", r"\d+ of \d+ bytes of section JFIL"),
    ],
)
def test_with_less_nothing_is_shown(
    files: dict[str, bytes], name: str, cut: bytes, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TruncatedError, match=rf"image file is truncated \({missing}"):
        shown(without_last(files[name], cut), monkeypatch)


def test_strips_too_many_are_no_sign_of_a_cut(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    header, sections = forging.read(files["jpeg"])
    strip = next(section for section in sections if section.type == b"JSTR")
    forged = without_last(container.pack(header, [*sections, strip, strip]), b"JSTR")
    with pytest.raises(DamagedError, match="2 strips, needs 1"):
        shown(forged, monkeypatch)
