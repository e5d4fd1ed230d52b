"""The decolorized coding: exact for every mode, size, inner codec; damage is never wrong pixels."""

import io

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.decolorized import coding as decolorized
from pillow_colorgrid.codings.decolorized.description import INNER, Options
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import CgxError, DamagedError, NetworkError, TruncatedError
from tests.conftest import encoded, noise, photograph

INNERS = ("png", "webp", "zstd", "auto")


def save(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "CGX", mode="decolorized", **{"predict": "always", **options})
    return file.getvalue()


def load(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def assert_same(one: Image.Image, other: Image.Image) -> None:
    assert (one.mode, one.size) == (other.mode, other.size)
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("inner", INNERS)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (31, 33), (32, 64), (65, 67)])
def test_roundtrip(inner: str, mode: str, size: tuple[int, int]) -> None:
    image = noise(mode, size)
    assert_same(load(save(image, inner=inner)), image)


@settings(max_examples=25, deadline=None)
@given(
    mode=st.sampled_from(["L", "RGB", "RGBA"]),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    levels=st.integers(8, 256),
    inner=st.sampled_from(INNERS),
    seed=st.integers(0, 99),
)
def test_roundtrip_of_anything(
    mode: str, size: tuple[int, int], levels: int, inner: str, seed: int
) -> None:
    image = noise(mode, size, seed)
    assert_same(load(save(image, inner=inner, levels=levels)), image)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "motorcycle_left"])
def test_photographs_come_back_through_a_file(name: str, tmp_path) -> None:
    image = photograph(name)
    image.save(tmp_path / "x.cgx", mode="decolorized", inner="webp", predict="always")
    with Image.open(tmp_path / "x.cgx") as back:
        assert_same(back, image)


def test_hidden_colour_under_alpha_is_kept() -> None:
    image = noise("RGBA", (50, 40))
    image.putalpha(0)
    assert_same(load(save(image)), image)


def test_tiles_are_seamless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    image = photograph("astronaut", 200, 150)
    data = save(image, inner="png")
    assert data.count(INNER.type) >= 12
    assert_same(load(data), image)


def test_the_network_predicts() -> None:
    """Asked to, it predicts each tile, and not all residuals are the chroma."""
    pixels = np.asarray(photograph("coffee", 96, 96))
    sections = encoded(decolorized, pixels, Options(inner="png", predict="always"))
    assert [s.type for s in sections] == [b"NETS", b"BTNK", b"INNR"]


def test_auto_takes_the_smaller_of_both() -> None:
    image = photograph("coffee", 128, 128)
    sizes = {
        (inner, predict): len(save(image, inner=inner, predict=predict))
        for inner in INNERS
        for predict in ("auto", "always")
    }
    for inner in INNERS:
        assert sizes[inner, "auto"] <= sizes[inner, "always"]
        assert sizes["auto", "auto"] <= sizes[inner, "auto"]


def test_more_levels_mean_a_larger_bottleneck() -> None:
    pixels = np.asarray(photograph("astronaut", 512, 512))

    def bottleneck_bytes(levels: int) -> int:
        options = Options(inner="zstd", levels=levels, predict="always")
        sections = encoded(decolorized, pixels, options)
        return sum(len(s.payload) for s in sections if s.type == b"BTNK")

    assert bottleneck_bytes(8) < bottleneck_bytes(256) <= 4 + 3 + 2 * 16 * 16


def test_threads_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    image = photograph("astronaut", 160, 120)
    files = set()
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("PILLOW_COLORGRID_THREADS", threads)
        files.add(save(image, inner="zstd"))
    assert len(files) == 1
    monkeypatch.setenv("PILLOW_COLORGRID_THREADS", "1")
    assert_same(load(files.pop()), image)


# -- damage -------------------------------------------------------------------------------------


def damaged_sections(data: bytes) -> tuple[container.Header, list[Section]]:
    file = io.BytesIO(data)
    return container.read_header(file), list(container.read_sections(file))


@pytest.fixture
def file() -> bytes:
    return save(photograph("coffee", 40, 40), inner="zstd")


def test_every_truncation_is_an_error(file: bytes) -> None:
    for length in range(0, len(file), 7):
        with pytest.raises((OSError, SyntaxError)):
            load(file[:length])


def test_flips_behind_the_checksums_are_caught(file: bytes) -> None:
    """Even where each section's CRC is made right again, wrong pixels are never returned."""
    header, sections = damaged_sections(file)
    rng = np.random.default_rng(5)
    right = codec.decode(header, sections)
    for _ in range(300):
        number = int(rng.integers(len(sections)))
        payload = bytearray(sections[number].payload)
        payload[int(rng.integers(len(payload)))] ^= 1 << int(rng.integers(8))
        changed = [*sections]
        changed[number] = Section(sections[number].type, bytes(payload))
        try:
            pixels = codec.decode(header, changed)
        except CgxError:
            continue
        assert np.array_equal(pixels, right)


def test_missing_tile_is_named(file: bytes) -> None:
    header, sections = damaged_sections(file)
    with pytest.raises(TruncatedError, match="INNR belongs at its end"):
        codec.decode(header, sections[:-1])


def test_too_many_tiles_are_refused(file: bytes) -> None:
    header, sections = damaged_sections(file)
    extra = Section(b"INNR", b"\1\0\0\0" + sections[-1].payload[4:])
    with pytest.raises(DamagedError, match="2 tiles, allowed 1"):
        codec.decode(header, [*sections, extra])


def test_unknown_network_is_named(file: bytes) -> None:
    header, sections = damaged_sections(file)
    number = [section.type for section in sections].index(b"NETS")
    sections[number] = Section(b"NETS", b"\x39\x30" + bytes(8))
    with pytest.raises(NetworkError, match="network 12345 with hash 0000000000000000"):
        codec.decode(header, sections)


def test_wrong_checksum_is_an_error(file: bytes) -> None:
    header, sections = damaged_sections(file)
    other = container.Header(header.coding, header.mode, header.size, bytes(8))
    with pytest.raises(DamagedError, match="checksum"):
        codec.decode(other, sections)


def test_partial_shows_the_tiles_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    image = photograph("astronaut", 128, 128)
    header, sections = damaged_sections(save(image, inner="png"))
    first_tile = [section.type for section in sections].index(b"INNR") + 1
    pixels = codec.decode(header, sections[:first_tile], partial=True)
    assert np.array_equal(pixels[:64, :64], np.asarray(image)[:64, :64])
    assert not pixels[64:].any()
