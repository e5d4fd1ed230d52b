"""Small pictures: all planes in one stream."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from pillow_colorgrid import CgxError, codec, container, open_region
from pillow_colorgrid.codings.lossless import coding as lossless, seeds, small
from pillow_colorgrid.codings.lossless.account import account
from pillow_colorgrid.codings.lossless.adaptation import PASSES, Correction
from pillow_colorgrid.codings.lossless.description import ADAPTATION, IN_ONE, LOSSLESS, Options
from pillow_colorgrid.codings.lossless.encoder.encoding import pack_adaptation
from pillow_colorgrid.codings.lossless.model import (
    MIDDLE,
    RENDERED,
    SMALL as QUICK_TABLES,
    WIDE,
    model,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.runtime import execution, networks
from tests.conftest import encoded, noise, photograph, picture_of
from tests.format.plain_decoder import decode as decode_plainly

QUICK = Options(effort=1)


def packed(pixels: np.ndarray, options: Options = QUICK, apart: bool = False) -> bytes:
    """The file of the lossless coding."""
    picture = picture_of(pixels)
    sections = lossless.encode(picture, options, apart).sections
    minor = LOSSLESS.minor_version([section.type for section in sections])
    size = (pixels.shape[1], pixels.shape[0])
    checksum = container.pixel_checksum(pixels.tobytes())
    header = container.Header(LOSSLESS.number, picture.mode, size, checksum, minor)
    return container.pack(header, sections)


def opened(file: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(file)) as image:
        return np.atleast_3d(np.asarray(image))


def pixels_of(image: Image.Image) -> np.ndarray:
    return np.atleast_3d(np.asarray(image))


SIDES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 79, 80, 81, 127, 160, 255, 256, 300]


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["L", "RGB", "RGBA"]),
    st.sampled_from(SIDES) | st.integers(1, 300),
    st.sampled_from(SIDES) | st.integers(1, 300),
    st.booleans(),
)
def test_roundtrip(mode: str, width: int, height: int, natural: bool) -> None:
    """Of all sizes up to 300 x 300, the larger ones of which are not small."""
    image = photograph("coffee", width, height).convert(mode)
    pixels = pixels_of(image if natural else noise(mode, (width, height)))
    file = packed(pixels)
    types = [section.type for section in container.read_sections(_behind_header(file))]
    if mode == "RGBA":  # alpha that colour is told by has tiles
        assert IN_ONE.type not in types or width * height <= small.MOST_PIXELS
    else:
        assert (IN_ONE.type in types) == (width * height <= small.MOST_PIXELS)
    assert np.array_equal(opened(file), pixels)


def _behind_header(file: bytes) -> io.BytesIO:
    stream = io.BytesIO(file)
    container.read_header(stream)
    return stream


@pytest.mark.parametrize("length", range(1, 300, 23))
def test_roundtrip_of_lines(length: int) -> None:
    for size in ((length, 1), (1, length)):
        pixels = pixels_of(noise("RGB", size))
        assert np.array_equal(opened(packed(pixels)), pixels)


@pytest.mark.parametrize("value", [0, 1, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (64, 64), (256, 256)])
def test_flat_pictures(value: int, size: tuple[int, int]) -> None:
    pixels = np.full((size[1], size[0], 3), value, np.uint8)
    file = packed(pixels)
    assert np.array_equal(opened(file), pixels)
    assert len(file) < 1400


@pytest.mark.parametrize(
    ("mode", "size"), [("L", (33, 20)), ("RGB", (33, 20)), ("RGB", (90, 97)), ("RGB", (1, 9))]
)
def test_plain_decoder_agrees(mode: str, size: tuple[int, int]) -> None:
    for image in (photograph("astronaut", *size).convert(mode), noise(mode, size)):
        pixels = pixels_of(image)
        file = packed(pixels)
        assert np.array_equal(decode_plainly(file), pixels)


@pytest.mark.parametrize("effort", [5, 6, 9])
def test_adapted_roundtrip(effort: int) -> None:
    """By middle (5, 6) and wide networks, at the finest level and at the two finest."""
    pixels = pixels_of(photograph("astronaut", 256, 256))
    file = packed(pixels, Options(effort=effort))
    assert ADAPTATION.type in {s.type for s in container.read_sections(_behind_header(file))}
    assert np.array_equal(opened(file), pixels)


@pytest.mark.parametrize("tables", [MIDDLE, WIDE, RENDERED])
def test_plain_decoder_agrees_on_corrections_of_all_passes(tables: int) -> None:
    """Corrections that no regression would find."""
    found = model(tables)
    rng = np.random.default_rng(1)
    adaptation = {
        name: Correction(
            rng.integers(
                -9, 10, (len(one.corrected), found.features[name] + one.inputs + 1), np.int8
            ),
            np.full(len(one.corrected), 6, np.uint8),
        )
        for name, one in PASSES.items()
    }
    pixels = pixels_of(photograph("astronaut", 40, 33))
    planes = lossless.split(pixels)
    data = small.encode(planes, Predictor(replace(found, adaptation=adaptation)))
    named = networks.pack_references([tables])
    sections = [named, *pack_adaptation(adaptation), IN_ONE.section(data)]
    header = container.Header(LOSSLESS.number, "RGB", (40, 33), bytes(8), 1)
    assert np.array_equal(codec.decode_unchecked(header, sections), pixels)
    assert np.array_equal(decode_plainly(container.pack(header, sections)), pixels)


def test_threads_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = pixels_of(photograph("coffee", 200, 150))
    files = set()
    for threads in ("1", "2", "3"):
        monkeypatch.setenv(execution.THREADS_VARIABLE, threads)
        files.add(packed(pixels, Options(effort=5)))
        assert all(np.array_equal(opened(file), pixels) for file in files)
    assert len(files) == 1


@pytest.mark.usefixtures("uncounted")
@pytest.mark.parametrize("side", [64, 128, 256])
@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_no_larger_than_apart(name: str, side: int) -> None:
    """At efforts whose networks are the same for both."""
    pixels = pixels_of(photograph(name, side, side))
    for options in (QUICK, Options(effort=4), Options(effort=7)):
        together, apart = (len(packed(pixels, options, apart)) for apart in (False, True))
        assert together <= 1.001 * apart


@pytest.mark.parametrize(("size", "interval"), [
    ((1, 1), 8), ((80, 80), 8), ((81, 80), 16), ((256, 256), 32), ((30_000, 2), 512)
])  # fmt: skip
def test_seeds_are_few(size: tuple[int, int], interval: int) -> None:
    width, height = size
    assert small.seed_interval(height, width) == interval
    steps = [step.interval for step in small.refinements(height, width)]
    assert steps == [interval >> k for k in range(1, len(steps) + 1)]
    assert steps[-1] == 1


def test_fewer_calls_of_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 x 64: three levels of four passes, where preview and tile have six."""
    pixels = pixels_of(photograph("coffee", 64, 64))
    planes = lossless.split(pixels)
    by = Predictor(model(QUICK_TABLES))
    calls = []
    run = by.run
    by.run = lambda name, inputs: calls.append(name) or run(name, inputs)
    data = small.encode(planes, by)
    calls.clear()
    back = [np.zeros_like(plane) for plane in planes]
    small.decode(data, back, by)
    assert len(calls) == 12
    assert all(np.array_equal(one, other) for one, other in zip(planes, back, strict=True))


@pytest.mark.parametrize("interval", [2, 4, 8])
def test_drafts_are_exact(interval: int) -> None:
    image = photograph("chelsea", 150, 131)
    with Image.open(io.BytesIO(packed(pixels_of(image)))) as draft:
        draft.draft(None, (150 // interval, 131 // interval))
        assert np.array_equal(np.asarray(draft), np.asarray(image)[::interval, ::interval])


def test_region() -> None:
    image = photograph("chelsea", 150, 131)
    box = (17, 30, 99, 101)
    found = open_region(io.BytesIO(packed(pixels_of(image))), box)
    assert np.array_equal(np.asarray(found), np.asarray(image.crop(box)))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_account_adds_up(mode: str) -> None:
    pixels = pixels_of(photograph("coffee", 200, 150).convert(mode))
    sections = encoded(lossless, pixels, QUICK)
    (stream,) = [section for section in sections if section.type == IN_ONE.type]
    bill = account(sections, (200, 150), pixels.shape[2])
    assert sum(bill.values()) == pytest.approx(len(stream.payload), rel=0.01)


def test_luminance_cannot_be_cut_out() -> None:
    sections = encoded(lossless, pixels_of(photograph("coffee", 40, 30)), QUICK)
    with pytest.raises(CgxError, match="one stream"):
        lossless.luminance_of(sections)


def test_escapes_come_back() -> None:
    """A flat picture with one pixel that nobody can foresee."""
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[0, 8] = pixels[21, 13] = 255, 0, 255
    file = packed(pixels)
    assert np.array_equal(opened(file), pixels)
    assert np.array_equal(decode_plainly(file), pixels)


def test_seeds_of_damaged_values_stay_in_range() -> None:
    """Whatever values are given, means are those of values that can be."""
    for number, lowest in enumerate((0, -255, -255)):
        expected = seeds.expected(number, 5, [0] * 25)
        mean, _ = next(expected)
        for value in [-900, 900] * 12:
            mean, scale_class = expected.send(value)
            assert 8 * lowest <= mean <= 8 * 255
            assert 0 <= scale_class < 48
