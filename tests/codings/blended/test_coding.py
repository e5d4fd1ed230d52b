"""The blended coding: samples of more than 8 bits come back, whatever they are."""

import io

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from PIL import Image

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.blended import coding
from pillow_colorgrid.codings.blended.description import BLENDED, PREDICTORS, SAMPLES
from pillow_colorgrid.codings.blended.encoder import encoding
from pillow_colorgrid.codings.blended.encoder.fitting import MOST, predictors
from pillow_colorgrid.codings.blended.lines import TAPS, Lines
from pillow_colorgrid.codings.blended.prediction import (
    BINS,
    MOST_ERROR,
    NEAR,
    WEIGHT,
    Blend,
    Expected,
)
from pillow_colorgrid.codings.deep.encoder.values import number
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.pixels import LAYOUTS, Pixels
from tests.codings import deep_samples
from tests.conftest import GOLDEN, photograph
from tests.format import plain_blended_decoder

SIZES = ((1, 2), (2, 1), (1, 30), (30, 1), (3, 3), (7, 9), (65, 41), (8, 130))

FILES = sorted(path.name for path in GOLDEN.glob("1.1-blended-*.cgx"))


def noisy(size: tuple[int, int], bits: int = 12, seed: int = 1) -> np.ndarray:
    """A photograph of so many bits, with noise as large as a body's."""
    grey = np.asarray(photograph("coffee", *size).convert("L")).astype(np.int64) << (bits - 8)
    noise = np.random.default_rng(seed).normal(0, 2 ** (bits - 7), grey.shape)
    found: np.ndarray = np.clip(grey + np.rint(noise), 0, 2**bits - 1).astype(np.int64)
    return found


def written(pixels: Pixels, mode: str = "I;16") -> tuple[Header, list[Section]]:
    pixels = pixels.astype(LAYOUTS[mode].sample).reshape(*pixels.shape[:2], 1)
    sections = coding.encode(Picture(pixels, mode), Options()).sections
    checksum = container.pixel_checksum(pixels.tobytes())
    return Header(BLENDED.number, mode, pixels.shape[1::-1], checksum, 1), sections


def assert_comes_back(pixels: Pixels, mode: str = "I;16") -> None:
    header, sections = written(pixels, mode)
    found = codec.decode(header, sections)[..., 0]
    assert found.tobytes() == pixels.astype(LAYOUTS[mode].sample).tobytes()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", BLENDED.modes)
def test_roundtrip(mode: str, size: tuple[int, int]) -> None:
    pixels = noisy(size)
    pixels[0, 0] = 0 if pixels[0, 0] else 1
    assert_comes_back(pixels, mode)


@pytest.mark.parametrize("bits", [9, 12, 16])
def test_many_predictors_come_back(bits: int) -> None:
    pixels = noisy((270, 190), bits)
    header, sections = written(pixels)
    *_, coefficients = coding.unpack_predictors(sections[1].payload, "I;16")
    assert len(coefficients) == 4
    assert np.array_equal(codec.decode(header, sections)[..., 0], pixels)


@pytest.mark.parametrize(("mode", "samples"), deep_samples.EXTREME)
def test_extreme_samples_come_back(mode: str, samples: list[float]) -> None:
    assert_comes_back(deep_samples.mixed(mode, samples), mode)


@settings(max_examples=40, deadline=None)
@given(deep_samples.any_bits())
def test_any_bits_come_back(drawn: tuple[Pixels, str]) -> None:
    pixels, mode = drawn
    if number(pixels[..., None]) is not None:
        assert_comes_back(pixels, mode)


def test_one_value_is_refused() -> None:
    with pytest.raises(ValueError, match="one value"):
        coding.encode(Picture(np.zeros((9, 9, 1), np.uint16), "I;16"), Options())


# -- what is predicted ----------------------------------------------------------------------------


def test_no_neighbour_is_in_the_line_of_its_pixel() -> None:
    assert all(right < 2 * above for above, right in (*TAPS, *(place for place, _ in NEAR)))


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 2), (5, 4), (9, 30)])
@pytest.mark.parametrize("stripes", [1, 2, 4])
def test_lines_hold_every_pixel_once(size: tuple[int, int], stripes: int) -> None:
    lines = Lines(*size, min(stripes, size[0]))
    flat = np.zeros(lines.size, np.int32)
    wanted = np.arange(1, size[0] * size[1] + 1).reshape(size)
    for line in lines:
        assert (flat[line.here] == 0).all()
        lines.put(flat, line, lines.lined(wanted, line))
    assert np.array_equal(lines.picture(flat), wanted)


def test_sums_are_exact() -> None:
    """The largest numbers that there can be, of the most predictors: below 2**53, or 2**24."""
    most = sum(weight for _, weight in NEAR) * 2 * MOST_ERROR
    assert most < 2**24
    assert (most + 16) * WEIGHT < 2**53
    assert coding.MOST_PREDICTORS * WEIGHT**2 * 64 * 65535 < 2**53
    assert WEIGHT**3 < 2**53
    assert len(TAPS) * 2**15 * 65535 * 64 < 2**53
    assert 64 * 65535 < 2**24


@pytest.mark.parametrize("coefficient", [-(2**15), 2**15 - 1])
def test_any_predictors_go(coefficient: int) -> None:
    """Coefficients of a forged file: what they predict is kept within the samples."""
    coefficients = np.full((32, len(TAPS)), coefficient, np.int16)
    pixels = np.random.default_rng(4).integers(0, 65536, (20, 30)).astype(np.int32)
    seen = []

    lines = Lines(20, 30)

    def told(line, expected: Expected) -> np.ndarray:
        seen.append(expected.mean)
        return lines.lined(pixels, line)

    assert np.array_equal(Blend(lines, coefficients, 65535).all(told), pixels)
    means = np.concatenate(seen)
    assert 0 <= means.min() <= means.max() <= 8 * 65535


def test_a_plane_that_slopes_is_predicted() -> None:
    y, x = np.mgrid[:60, :200].astype(np.int32)
    (coefficients,) = predictors(40 * x + 7 * y)
    pulled = np.array([40 * (right + 1) - 7 * above for above, right in TAPS])
    assert coefficients @ pulled == pytest.approx(40 * 1024, rel=0.01)


def test_there_are_no_more_predictors_than_pixels_pay_for() -> None:
    assert len(predictors(noisy((90, 60)).astype(np.int32))) == 1
    assert len(predictors(np.zeros((300, 300), np.int32))) == 1
    assert len(predictors(noisy((600, 500)).astype(np.int32))) == MOST + 1


# -- which coding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("effort", "coding_name"), [(4, "deep"), (5, "blended")])
def test_smooth_noise_is_blended(effort: int, coding_name: str) -> None:
    coarse = Image.fromarray(noisy((140, 110)).astype(np.float32))
    smooth = np.asarray(coarse.resize((238, 187), Image.Resampling.BICUBIC))
    picture = Image.fromarray(np.clip(smooth, 0, 4095).astype(np.uint16))
    file = io.BytesIO()
    picture.save(file, "CGX", effort=effort)
    with Image.open(file) as found:
        assert found.info["cgx"]["coding"] == coding_name
        assert found.tobytes() == picture.tobytes()


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_plain_decoder_agrees(name: str) -> None:
    with Image.open(GOLDEN / name) as picture:
        wanted = np.asarray(picture)
        assert picture.info["cgx"]["coding"] == "blended"
    found = plain_blended_decoder.decode((GOLDEN / name).read_bytes())
    assert found.tobytes() == wanted.astype(found.dtype).tobytes()


def test_there_are_golden_files() -> None:
    assert len(FILES) >= 2


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (5, 3), (3, 40), (41, 4)])
def test_plain_decoder_agrees_at_edges(size: tuple[int, int]) -> None:
    pixels = noisy(size)
    pixels[-1, -1] = 0 if pixels[-1, -1] else 1
    file = container.pack(*written(pixels))
    assert np.array_equal(plain_blended_decoder.decode(file), pixels)


def test_plain_decoder_agrees_on_stripes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "STRIPE_ROWS", 16)
    pixels = noisy((70, 53))
    header, sections = written(pixels)
    assert sections[1].payload[1] == 3
    assert np.array_equal(codec.decode(header, sections)[..., 0], pixels)
    assert np.array_equal(plain_blended_decoder.decode(container.pack(header, sections)), pixels)


def told(change: bytes, at: int) -> bytes:
    """A payload of BPRE whose scales and predictors have `change` at a place."""
    sections = written(noisy((20, 14)))[1]
    data = sections[1].payload
    end = 4 + int.from_bytes(data[2:4], "little")
    rest = bytearray(zstandard.ZstdDecompressor().decompress(data[end:]))
    rest[at : at + len(change)] = change
    return data[:end] + zstandard.ZstdCompressor().compress(bytes(rest))


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"\0\1\0", "predictors of 3 bytes"),
        (b"\2" + told(b"", 0)[1:], "flags 0x2"),
        (b"\0\0" + told(b"", 0)[2:], "0 stripes of 14 rows, allowed 1 to 1"),
        (b"\0\2" + told(b"", 0)[2:], "2 stripes of 14 rows, allowed 1 to 1"),
        (b"\0\1\xff\xff" + told(b"", 0)[4:], "samples of 65535 bytes"),
        (told(b"\x50", 91), "scale 80"),
        (told(b"\0", BINS + 2 * len(TAPS)), "bytes of scales and predictors"),
        (told(bytes(32 * 2 * len(TAPS) + 1), BINS), "predictors"),
    ],
)
def test_forged_predictors(payload: bytes, says: str) -> None:
    header, sections = written(noisy((20, 14)))
    sections[1] = PREDICTORS.section(payload)
    with pytest.raises(DamagedError, match=says):
        codec.decode(header, sections)


def test_a_column_is_transposed() -> None:
    header, sections = written(noisy((1, 9)))
    sections[1] = PREDICTORS.section(b"\0" + sections[1].payload[1:])
    with pytest.raises(DamagedError, match="a column of 9 rows, allowed: transposed"):
        codec.decode(header, sections)


def test_a_damaged_byte_is_an_error_or_nothing() -> None:
    """Whose section has the right CRC all the same; some scales are of no pixel."""
    pixels = noisy((12, 9))
    header, sections = written(pixels)
    errors = 0
    for which in (1, 2):
        for at in range(len(sections[which].payload)):
            data = bytearray(sections[which].payload)
            data[at] ^= 0x5A
            changed = [*sections[:which], Section(sections[which].type, bytes(data))]
            try:
                found = codec.decode(header, [*changed, *sections[which + 1 :]])[..., 0]
            except CgxError:
                errors += 1
            else:
                assert np.array_equal(found, pixels)
    assert errors > 150


def test_a_cut_file_is_an_error() -> None:
    header, sections = written(noisy((20, 14)))
    with pytest.raises(CgxError, match="truncated"):
        codec.decode(header, sections[:-1], partial=True)
    sections[-1] = SAMPLES.section(sections[-1].payload[:-2])
    with pytest.raises(CgxError):
        codec.decode(header, sections)
