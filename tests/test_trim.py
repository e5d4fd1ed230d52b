"""trim: the luminance is copied, not coded again; the colours kept are those of mode="grid"."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

import pillow_colorgrid
from pillow_colorgrid import container
from pillow_colorgrid.codings.base import ALPHA
from pillow_colorgrid.codings.crayon import coding as grid_coding
from pillow_colorgrid.codings.crayon.description import CRAYON
from pillow_colorgrid.codings.lossless import (
    coding as lossless,
    decoding,
    description,
    pieces,
)
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.errors import CgxError
from tests.conftest import GOLDEN, encoded, noise, photograph

pytestmark = pytest.mark.usefixtures("streams_apart")

GAIN_AT = list(grid_coding.HEAD_LIMITS).index("gain")
"""Its byte in the section GRID."""


def save(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "CGX", **options)
    return file.getvalue()


def lossless_file(image: Image.Image, effort: int) -> bytes:
    """Even where stored would be smaller."""
    coded = encoded(lossless, np.asarray(image), Options(effort=effort))
    checksum = container.pixel_checksum(image.tobytes())
    return container.pack(
        container.Header(LOSSLESS.number, image.mode, image.size, checksum, 1), coded
    )


def trimmed(data: bytes, grid: int = 16) -> bytes:
    target = io.BytesIO()
    pillow_colorgrid.trim(io.BytesIO(data), target, grid=grid)
    return target.getvalue()


def load(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def sections(data: bytes) -> list[container.Section]:
    file = io.BytesIO(data)
    container.read_header(file)
    return list(container.read_sections(file))


def payloads(data: bytes, *types: bytes) -> list[bytes]:
    return [section.payload for section in sections(data) if section.type in types]


def assert_is_the_grid_file(found: bytes, expected: bytes, gain: int) -> None:
    """But for how far the network is followed: a writer that paints has found out."""
    one, other = (
        [s for s in sections(data) if s.critical and s.type != b"GRID"]
        for data in (found, expected)
    )
    assert one == other
    (payload,), (wanted,) = (payloads(data, b"GRID") for data in (found, expected))
    assert payload == wanted[:GAIN_AT] + bytes([gain]) + wanted[GAIN_AT + 1 :]


@pytest.mark.parametrize("grid", [2, 3, 8, 12, 16, 20, 128])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_file_is_a_grid_file_of_points(mode: str, grid: int) -> None:
    image = photograph("astronaut", 101, 90).convert(mode)
    found = trimmed(save(image, effort=1), grid)
    expected = save(image, mode="grid", hints="point", n=grid, effort=1)
    assert_is_the_grid_file(found, expected, gain=4)
    assert (load(found).mode, load(found).size) == (mode, (101, 90))


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    grid=st.integers(2, 128),
    effort=st.sampled_from([1, 5, 9]),
)
def test_any_size_grid_and_effort(size: tuple[int, int], grid: int, effort: int) -> None:
    image = photograph("coffee", *size)
    found = trimmed(lossless_file(image, effort), grid)
    expected = save(image, mode="grid", hints="point", n=grid, effort=effort)
    (payload,) = payloads(found, b"GRID")
    assert_is_the_grid_file(found, expected, gain=payload[GAIN_AT])
    assert payload[GAIN_AT] in (0, 4)


def test_grey_stays_grey() -> None:
    """All hints are 0, so the network is not asked."""
    image = noise("L", (90, 70)).convert("RGB")
    data = trimmed(lossless_file(image, 1))
    assert payloads(data, b"GRID")[0][GAIN_AT] == 0
    assert load(data).tobytes() == image.tobytes()


def test_luminance_and_alpha_are_copied_byte_for_byte() -> None:
    image = photograph("coffee", 150, 120).convert("RGBA")
    image.putalpha(noise("L", image.size))
    data = save(image)
    kept = (description.PREVIEW.type, description.TILE.type, ALPHA.type)
    assert len(payloads(data, *kept)) == 3
    assert payloads(trimmed(data), *kept) == payloads(data, *kept)


@pytest.mark.parametrize("grid", [8, 16, 64])
def test_a_multiple_of_8_needs_the_preview_alone(
    grid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = save(photograph("coffee", 150, 120))
    decoded = []
    decode_piece = decoding.decode_piece

    def watched(coded: object, planes: object, piece: object, *rest: object, **how: object) -> None:
        decoded.append(piece)
        decode_piece(coded, planes, piece, *rest, **how)

    monkeypatch.setattr(decoding, "decode_piece", watched)
    trimmed(data, grid)
    assert decoded == [pieces.PREVIEW]


def test_no_checksum_is_stated_and_metadata_stays() -> None:
    data = save(photograph("coffee", 64, 48), exif=b"Exif\0\0data", comment="hello", dpi=(72, 72))
    result = trimmed(data)
    header = container.read_header(io.BytesIO(result))
    assert (header.coding, header.checksum) == (CRAYON.number, bytes(8))
    assert [s for s in sections(result) if not s.critical] == [
        s for s in sections(data) if not s.critical
    ]
    assert load(result).info["comment"] == "hello"


def test_the_file_is_smaller() -> None:
    data = save(photograph("astronaut", 256, 256))
    assert len(trimmed(data)) < 0.65 * len(data)


def test_paths(tmp_path: Path) -> None:
    image = photograph("coffee", 64, 48)
    image.save(tmp_path / "a.cgx")
    pillow_colorgrid.trim(tmp_path / "a.cgx", str(tmp_path / "b.cgx"), grid=8)
    assert (tmp_path / "b.cgx").read_bytes() == trimmed((tmp_path / "a.cgx").read_bytes(), 8)


# -- what cannot be trimmed ------------------------------------------------------------------------


def drawing() -> Image.Image:
    pixels = np.full((90, 120, 3), 240, np.uint8)
    pixels[20:40, 30:80] = (200, 30, 30)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("image", "options", "named"),
    [
        (noise("RGB", (9, 9)), {"mode": "grid"}, "of coding grid, which is lossy already"),
        (drawing().quantize(4), {}, r"mode P has no colour to trim \(allowed: RGB, RGBA\)"),
        (drawing().convert("CMYK"), {}, "mode CMYK has no colour to trim"),
        (photograph("coffee", 64, 48).convert("L"), {}, "mode L has no colour to trim"),
    ],
    ids=["grid", "palette", "cmyk", "grey"],
)
def test_what_has_no_grid_file_is_refused(image: Image.Image, options: dict, named: str) -> None:
    with pytest.raises(CgxError, match=named):
        trimmed(save(image, **options))


def once_a_jpeg() -> Image.Image:
    file = io.BytesIO()
    photograph("coffee", 96, 80).save(file, "JPEG", quality=75)
    return Image.open(file)


def origin_file() -> bytes:
    return (GOLDEN / "1.0-lossless-origin-jpeg.cgx").read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda: save(drawing()), id="stored"),
        pytest.param(lambda: save(noise("RGBA", (9, 9)), mode="decolorized"), id="decolorized"),
        pytest.param(origin_file, id="origin"),
        pytest.param((GOLDEN / "1.0-lossless-rgb-effort5.cgx").read_bytes, id="first release"),
        pytest.param(lambda: save(once_a_jpeg(), comment="kept"), id="once a JPEG"),
        pytest.param((GOLDEN / "1.1-small-rgb.cgx").read_bytes, id="small"),
    ],
)
def test_other_lossless_files_are_coded_anew(data: Callable[[], bytes]) -> None:
    whole = data()
    found = trimmed(whole, 8)
    assert container.read_header(io.BytesIO(found)).coding == CRAYON.number
    image, before = load(found), load(whole)
    expected = load(save(before, mode="grid", n=8))
    assert image.tobytes() == expected.tobytes()
    assert {k: v for k, v in image.info.items() if k != "cgx"} == {
        k: v for k, v in before.info.items() if k != "cgx"
    }


@pytest.mark.parametrize("grid", [1, 129, 16.0, "16", True])
def test_bad_grids(grid: object) -> None:
    with pytest.raises(ValueError, match=f"grid={grid!r}, allowed: integers 2 to 128"):
        pillow_colorgrid.trim(io.BytesIO(), io.BytesIO(), grid=grid)  # type: ignore[arg-type]


def test_damage_is_an_error() -> None:
    data = save(photograph("coffee", 64, 48), effort=1)
    for length in range(40, len(data), 97):
        with pytest.raises(CgxError):
            trimmed(data[:length])
    with pytest.raises(SyntaxError):
        trimmed(b"no picture")


# -- cgx trim --------------------------------------------------------------------------------------


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "a.cgx", tmp_path / "b.cgx"
    photograph("coffee", 64, 48).save(source)
    assert main(["trim", str(source), "--grid", "8", "-o", str(target)]) == 0
    assert target.read_bytes() == trimmed(source.read_bytes(), 8)
    before, after = (path.stat().st_size for path in (source, target))
    assert f"{before:,} bytes -> {after:,} bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (["missing.cgx", "-o", "b.cgx"], 1, "missing.cgx"),
        (["grey.cgx", "-o", "b.cgx"], 1, "no colour to trim"),
        (["grey.cgx", "--grid", "1", "-o", "b.cgx"], 2, "grid=1, allowed: integers 2 to 128"),
    ],
)
def test_command_says_what_is_wrong(
    arguments: list[str],
    status: int,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    photograph("coffee", 64, 48).convert("L").save("grey.cgx")
    assert main(["trim", *arguments]) == status
    assert named in capsys.readouterr().err
    assert not Path("b.cgx").exists()
