"""The deep coding: samples of more than 8 bits come back, whatever they are."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.deep import coding
from pillow_colorgrid.codings.deep.context import Depth
from pillow_colorgrid.codings.deep.description import DEEP, VALUES
from pillow_colorgrid.codings.deep.encoder.values import number
from pillow_colorgrid.codings.deep.values import (
    FLOATS,
    HEAD,
    INTEGERS,
    WHOLE_FLOATS,
    Values,
    floats_of_keys,
    keys_of_floats,
)
from pillow_colorgrid.codings.lossless.description import TILE, Options
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.pixels import LAYOUTS, Pixels
from tests.codings import deep_samples
from tests.conftest import photograph

FASTEST = Options(effort=1)

SIZES = ((1, 2), (2, 1), (7, 9), (65, 41), (8, 130))


def scene(size: tuple[int, int], bits: int = 12, seed: int = 1) -> np.ndarray:
    """A photograph of so many bits, with noise in the lowest."""
    grey = np.asarray(photograph("coffee", *size).convert("L")).astype(np.int64)
    noise = np.random.default_rng(seed).integers(0, 2 ** (bits - 6), grey.shape)
    return (grey << (bits - 8)) + noise


def written(pixels: Pixels, mode: str, effort: int = 1) -> tuple[Header, list[Section]]:
    pixels = pixels.astype(LAYOUTS[mode].sample).reshape(*pixels.shape[:2], 1)
    sections = coding.encode(Picture(pixels, mode), Options(effort=effort)).sections
    checksum = container.pixel_checksum(pixels.tobytes())
    return Header(DEEP.number, mode, pixels.shape[1::-1], checksum, 1), sections


def assert_comes_back(pixels: Pixels, mode: str, effort: int = 1) -> None:
    header, sections = written(pixels, mode, effort)
    found = codec.decode(header, sections)[..., 0]
    assert found.tobytes() == pixels.astype(LAYOUTS[mode].sample).tobytes()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", DEEP.modes)
def test_roundtrip(mode: str, size: tuple[int, int]) -> None:
    pixels = scene(size)
    pixels[0, 0] = 0 if pixels[0, 0] else 1
    assert_comes_back(pixels, mode)


@pytest.mark.parametrize("effort", [1, 5, 9])
@pytest.mark.parametrize("bits", [9, 12, 16])
def test_roundtrip_at_efforts(bits: int, effort: int) -> None:
    assert_comes_back(np.minimum(scene((150, 130), bits), 65535), "I;16", effort)


def test_several_tiles_come_back_whole_and_in_parts() -> None:
    pixels = np.tile(scene((300, 200)), (2, 5))[:260, :1100]
    header, sections = written(pixels, "I;16")
    assert sum(section.type == TILE.type for section in sections) == 2
    assert np.array_equal(codec.decode(header, sections)[..., 0], pixels)
    for box in (Tile(3, 5, 40, 30), Tile(100, 500, 160, 120), Tile(259, 1099, 1, 1)):
        part = codec.decode_region(header, sections, box)[..., 0]
        assert np.array_equal(part, pixels[box.place])
    for interval in DEEP.draft_intervals:
        part = codec.decode(header, sections, interval=interval)[..., 0]
        assert np.array_equal(part, pixels[::interval, ::interval])


def test_a_cut_file_shows_its_preview() -> None:
    pixels = np.tile(scene((300, 200)), (1, 5))[:200, :1100]
    header, sections = written(pixels, "I;16")
    shown = codec.decode(header, sections[:-1], partial=True)[..., 0]
    assert np.array_equal(shown[:, :552], pixels[:, :552])
    assert np.array_equal(shown[::8, 552::8], pixels[::8, 552::8])
    assert (shown[:8, 560:568] == pixels[0, 560]).all()
    with pytest.raises(CgxError):
        codec.decode(header, sections[:-1])


@pytest.mark.parametrize(("mode", "samples"), deep_samples.EXTREME)
def test_extreme_samples_come_back(mode: str, samples: list[float]) -> None:
    assert_comes_back(deep_samples.mixed(mode, samples), mode)


@settings(max_examples=40, deadline=None)
@given(deep_samples.any_bits())
def test_any_bits_come_back(drawn: tuple[Pixels, str]) -> None:
    pixels, mode = drawn
    if number(pixels[..., None]) is not None:
        assert_comes_back(pixels, mode)


def test_keys_have_the_order_of_floats() -> None:
    floats = np.array([-np.inf, -1.5, -1e-45, -0.0, 0.0, 1e-45, 2.0, np.inf], np.float32)
    keys = keys_of_floats(floats)
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert floats_of_keys(keys).tobytes() == floats.tobytes()


def test_stretched_samples_cost_what_the_others_cost() -> None:
    pixels = np.minimum(scene((150, 130), 10), 1023)
    plain, stretched = (
        sum(len(section.payload) for section in written(p, "I;16")[1])
        for p in (pixels, pixels * 64)
    )
    assert stretched == plain


def test_empty_bits_and_floats_cost_nothing() -> None:
    pixels = scene((150, 130), 10)
    sizes = {
        mode: sum(len(section.payload) for section in written(pixels + lift, mode)[1])
        for mode, lift in (("I;16", 0), ("I", -500), ("F", 100_000))
    }
    assert max(sizes.values()) - min(sizes.values()) < 10


def test_it_is_smaller_than_png_and_planes() -> None:
    image = Image.fromarray(scene((300, 300)).astype(np.uint16))
    sizes = {}
    for name in ("PNG", "CGX"):
        file = io.BytesIO()
        image.save(file, name)
        sizes[name] = file.tell()
    with Image.open(file) as found:
        assert found.info["cgx"]["coding"] == "deep"
    assert sizes["CGX"] < 0.85 * sizes["PNG"]


@pytest.mark.parametrize(
    ("samples", "kind", "gaps"),
    [
        (np.arange(5000), INTEGERS, False),
        (np.arange(5000) * 7, INTEGERS, False),
        (np.arange(5000) ** 2, INTEGERS, True),
        (np.arange(5000).astype(np.float32), WHOLE_FLOATS, False),
        (np.arange(5000).astype(np.float32) / 10, FLOATS, True),
    ],
)
def test_known_values(samples: np.ndarray, kind: int, gaps: bool) -> None:
    pixels = samples.astype(LAYOUTS["F" if samples.dtype == np.float32 else "I"].sample)
    found = number(pixels.reshape(50, 100, 1))
    assert found is not None
    values, plane = found
    assert values.kind == kind
    assert values.top == 4999
    assert (len(values.pack()) > HEAD.size) == gaps
    assert np.array_equal(plane.reshape(-1), np.arange(5000))


def test_what_cannot_be_numbered() -> None:
    assert number(np.zeros((3, 3, 1), np.uint16)) is None
    assert number(np.arange(2**17, dtype=np.int32).reshape(1, -1, 1) * 3) is None
    with pytest.raises(ValueError, match="not for the deep coding"):
        coding.encode(Picture(np.zeros((3, 3, 1), np.uint16), "I;16"), FASTEST)


@pytest.mark.parametrize(
    ("mode", "data"),
    [
        ("I;16", b""),
        ("I;16", HEAD.pack(INTEGERS, 0, 0, 1)),
        ("I;16", HEAD.pack(INTEGERS, 65000, 1000, 1)),
        ("I;16", HEAD.pack(WHOLE_FLOATS, 0, 10, 1)),
        ("I", HEAD.pack(FLOATS, 0, 10, 1)),
        ("I", HEAD.pack(INTEGERS, 2**31 - 5, 10, 1)),
        ("F", HEAD.pack(INTEGERS, 0, 10, 1)),
        ("F", HEAD.pack(WHOLE_FLOATS, 2**24, 10, 1)),
        ("F", HEAD.pack(FLOATS, 2**32 - 2, 10, 1)),
        ("F", HEAD.pack(3, 0, 10, 1)),
        ("I;16", HEAD.pack(INTEGERS, 0, 10, 0)),
        ("I;16", HEAD.pack(INTEGERS, 0, 10, 6554)),
        ("F", HEAD.pack(FLOATS, 0, 10, 1) + b"junk"),
        ("F", HEAD.pack(FLOATS, 0, 10, 1) + b"\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00\x07"),
    ],
)
def test_impossible_values_are_refused(mode: str, data: bytes) -> None:
    with pytest.raises(DamagedError):
        Values.unpack(data, mode)


@pytest.mark.parametrize("fineness", [0, 1, 8, 255])
def test_impossible_fineness_is_refused(fineness: int) -> None:
    with pytest.raises(DamagedError, match="fineness"):
        coding.unpack_values(bytes([fineness]) + HEAD.pack(INTEGERS, 0, 10, 1), "I;16")


def test_widest_zoom_has_13_bits() -> None:
    depth = Depth(65535, coding.LEAST_FINENESS)
    far = np.full((1, 4, 4, 1, 1), 65535, np.int32)
    assert depth.zoom(np.zeros((1, 1, 1), np.int32), far).item() == 13


def test_damaged_payloads_are_errors() -> None:
    """Whatever the bytes of a section are: its pixels, or an error of ours."""
    pixels = scene((70, 60))
    header, sections = written(pixels, "I;16", effort=4)
    rng = np.random.default_rng(3)
    wanted = codec.decode(header, sections).tobytes()
    errors = 0
    for number_of, section in enumerate(sections):
        for _ in range(12):
            payload = bytearray(section.payload)
            payload[rng.integers(0, len(payload))] ^= 1 << int(rng.integers(0, 8))
            forged = [*sections]
            forged[number_of] = replace(section, payload=bytes(payload))
            try:
                assert codec.decode(header, forged).tobytes() == wanted
            except CgxError:
                errors += 1
    assert errors > 30


def test_values_are_of_this_version() -> None:
    assert DEEP.since == VALUES.since == 1
