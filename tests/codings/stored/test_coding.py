"""The stored coding: parts come back exactly and pay; damage is an error."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, features

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import coding as stored, parts as stored_parts
from pillow_colorgrid.codings.stored.description import STORED, STORED_PICTURE
from pillow_colorgrid.codings.stored.encoder import parts as encoder
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg_bytes
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.pixels import Bytes
from tests.conftest import encoded, noise, picture_of

EFFORTS = (1, 4, 5, 7, 9)


def pixels_of(image: Image.Image) -> Bytes:
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def header(pixels: Bytes) -> Header:
    height, width, channels = pixels.shape
    return Header(
        STORED.number, {1: "L", 3: "RGB", 4: "RGBA"}[channels], (width, height), bytes(8), 1
    )


def decoded(payload: bytes, pixels: Bytes) -> Bytes:
    section = Section(STORED_PICTURE.type, payload)
    return stored.decode(header(pixels), [section], partial=False)


def regions(channels: int = 3) -> Bytes:
    """(128, 160, channels): quarters of 40 colours each, which they do not share."""
    rng = np.random.default_rng(1)
    quarters = [
        rng.integers(0, 256, (40, channels), np.uint8)[rng.integers(0, 40, (64, 80))]
        for _ in range(4)
    ]
    return np.concatenate([np.concatenate(quarters[:2], 1), np.concatenate(quarters[2:], 1)])


@pytest.fixture
def cut_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small pictures be cut, too."""
    monkeypatch.setattr(encoder, "SPLIT_BYTES", 0)
    monkeypatch.setattr(encoder, "SPLIT_PIXELS", 2)
    monkeypatch.setattr(encoder, "SPLIT_BPP", 99)


# -- where a rectangle is cut -------------------------------------------------------------------


@given(height=st.integers(1, 300), width=st.integers(1, 300), top=st.integers(0, 9))
def test_parts_cover_a_rectangle_once(height: int, width: int, top: int) -> None:
    if height * width == 1:
        return
    covered = np.zeros((top + height, 7 + width), np.uint8)
    parts = stored_parts.split(Tile(top, 7, height, width))
    for part in parts:
        assert part.height * part.width > 0
        covered[part.place] += 1
    assert len(parts) in (2, 4)
    assert (covered[top:, 7:] == 1).all()
    assert covered.sum() == height * width


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        ((5, 7), [(3, 4), (3, 3), (2, 4), (2, 3)]),
        ((4, 2), [(2, 2), (2, 2)]),
        ((4, 3), [(2, 2), (2, 1), (2, 2), (2, 1)]),
        ((1, 2), [(1, 1), (1, 1)]),
        ((1, 5), [(1, 3), (1, 2)]),
    ],
)
def test_known_cuts(size: tuple[int, int], parts: list[tuple[int, int]]) -> None:
    found = stored_parts.split(Tile(0, 0, *size))
    assert [(part.height, part.width) for part in found] == parts


# -- bytes --------------------------------------------------------------------------------------


def test_known_payload() -> None:
    """A row of two grey pixels, 17 and 34, as two zstd pictures of one pixel: FORMAT.md 3.4."""
    part = "03 00 28b52ffd 20 01 09 00 00"  # codec, filter, frame of 1 raw byte
    payload = bytes.fromhex(f"04 0c000000 {part} 11 0c000000 {part} 22")
    pixels = np.array([[[17], [34]]], np.uint8)
    assert np.array_equal(decoded(payload, pixels), pixels)
    files = [inner.encode(pixels[None, :, i], pixels[:, i : i + 1, 1:], "zstd") for i in (0, 1)]
    assert stored_parts.pack(files) == payload


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_parts_of_parts_roundtrip(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 30))
    channels = data.draw(st.sampled_from([1, 3, 4]))
    size = (height, width, channels)
    pixels = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 256, size, np.uint8)

    def packed(tile: Tile) -> bytes:
        if tile.height * tile.width > 1 and data.draw(st.booleans()):
            return stored_parts.pack([packed(part) for part in stored_parts.split(tile)])
        codec = data.draw(st.sampled_from(list(inner.CODECS)))
        return inner.encode(*ycocg_bytes.separate(pixels[tile.place]), codec)

    assert np.array_equal(decoded(packed(Tile(0, 0, height, width)), pixels), pixels)


# -- the search ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("cut_everything")
@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_roundtrip(effort: int, channels: int) -> None:
    pixels = regions(channels)
    (section,) = encoded(stored, pixels, Options(effort=effort))
    assert np.array_equal(decoded(section.payload, pixels), pixels)
    picture = picture_of(pixels)
    (better,) = stored.improved(picture, stored.quick(picture), Options(effort=effort)).sections
    assert better == section


@pytest.mark.usefixtures("cut_everything")
def test_regions_of_their_own_colours_become_parts() -> None:
    pixels = regions()
    (quick,) = stored.quick(picture_of(pixels)).sections
    (section,) = encoded(stored, pixels, Options())
    assert section.payload.startswith(stored_parts.PARTS)
    assert len(section.payload) < 0.9 * len(quick.payload)


@pytest.mark.usefixtures("cut_everything")
def test_parts_that_do_not_pay_are_not_written() -> None:
    pixels = np.full((200, 300, 3), 7, np.uint8)
    (section,) = encoded(stored, pixels, Options(effort=9))
    assert not section.payload.startswith(stored_parts.PARTS)


@pytest.mark.usefixtures("cut_everything")
def test_more_effort_never_costs_bytes() -> None:
    pixels = regions()
    sizes = [len(encoded(stored, pixels, Options(effort=e))[0].payload) for e in EFFORTS]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.usefixtures("cut_everything")
def test_threads_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    files = set()
    for threads in ("1", "3"):
        monkeypatch.setenv("PILLOW_COLORGRID_THREADS", threads)
        files.add(encoded(stored, regions(), Options())[0].payload)
    assert len(files) == 1


@pytest.mark.parametrize("size", [(1, 20_000), (3, 17_000), (17_000, 2)])
def test_what_is_too_long_for_webp_is_cut(size: tuple[int, int]) -> None:
    height, width = size
    pixels = np.arange(height * width * 3, dtype=np.uint32).astype(np.uint8)
    pixels = pixels.reshape(height, width, 3)
    for sections in (
        stored.quick(picture_of(pixels)).sections,
        encoded(stored, pixels, Options()),
    ):
        assert sections[0].payload.startswith(stored_parts.PARTS)
        assert np.array_equal(decoded(sections[0].payload, pixels), pixels)


def test_what_has_too_many_pixels_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "WHOLE_PIXELS", 1000)
    pixels = regions()
    (section,) = stored.quick(picture_of(pixels)).sections
    tiles = [tile for tile, _ in stored_parts.unpack(section.payload, Tile(0, 0, 128, 160))]
    assert len(tiles) == 64
    assert max(tile.height * tile.width for tile in tiles) <= 1000
    assert np.array_equal(decoded(section.payload, pixels), pixels)


def test_pillow_without_webp_stores_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda feature: False)
    pixels = regions(4)
    (section,) = encoded(stored, pixels, Options())
    assert section.payload[0] == inner.CODECS["zstd"][0]
    assert np.array_equal(decoded(section.payload, pixels), pixels)


# -- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("04", "parts end after 1 bytes, the next begins at 5"),
        ("04 0b0000", "parts end after 4 bytes"),
        ("04 0b000000 03", "part of 11 bytes, allowed 1"),
        ("04 ffffffff 03", "part of 4294967295 bytes"),
        ("04 00000000 00000000", "inner codec , allowed"),
        ("04 00000000 00000000 00", "1 bytes behind the last part"),
        ("04 05000000 0400000000 00000000", "parts of a single pixel"),
        ("05", "inner WEBP damaged"),
        ("06", "inner codec 06"),
    ],
)
def test_wrong_parts_are_refused(payload: str, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        decoded(bytes.fromhex(payload), np.zeros((1, 2, 1), np.uint8))


@pytest.mark.usefixtures("cut_everything")
def test_damaged_parts_are_errors_or_other_pixels() -> None:
    """Nothing but DamagedError comes out; what decodes is caught by the file's checksums."""
    payload = stored_parts.pack([encoder.webp(regions()[50:70, 60:80], 4, 80)] * 2)
    rng = np.random.default_rng(1)
    for position in rng.integers(0, len(payload), 300):
        damaged = bytearray(payload)
        damaged[position] ^= rng.integers(1, 256)
        try:
            assert decoded(bytes(damaged), np.zeros((40, 20, 3), np.uint8)).shape == (40, 20, 3)
        except DamagedError:
            continue


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_cut_parts_are_refused(length: int) -> None:
    pixels = pixels_of(noise("RGB", (6, 8)))
    halves = [pixels[:4, :3], pixels[:4, 3:], pixels[4:, :3], pixels[4:, 3:]]
    payload = stored_parts.pack([encoder.webp(half, 4, 80) for half in halves])
    assert np.array_equal(decoded(payload, pixels), pixels)
    with pytest.raises(DamagedError):
        decoded(payload[:length], pixels)


def test_a_missing_section_is_truncation() -> None:
    pixels = regions()
    with pytest.raises(TruncatedError):
        stored.decode(header(pixels), [], partial=False)
    assert not stored.decode(header(pixels), [], partial=True).any()


def test_two_sections_are_refused() -> None:
    pixels = regions()
    with pytest.raises(DamagedError, match="2 sections STOR, allowed 1"):
        stored.decode(header(pixels), stored.quick(picture_of(pixels)).sections * 2, partial=False)
