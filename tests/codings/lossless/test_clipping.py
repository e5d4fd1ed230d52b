"""Clipped channels: the intervals hold, files come back, and the encoder knows when it pays."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import (
    clipping as lossless_clipping,
    coding as lossless,
    model as lossless_model,
)
from pillow_colorgrid.codings.lossless.clipping import (
    CASES,
    EXACT,
    GREEN_ALONE,
    GREEN_BLUE,
    GREEN_RED,
    RED_BLUE,
    RED_OR_BLUE,
    UNUSED,
    WIDTHS,
    Clipping,
    cg_interval,
    co_interval,
    masks,
    pack,
    unpack,
)
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.lossless.distribution import CLASSES, Distribution
from pillow_colorgrid.codings.lossless.encoder import clipping as encoder_clipping
from pillow_colorgrid.codings.lossless.encoder.clipping import fit, windows
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_planes
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.commands.info import facts
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.runtime import execution, networks
from tests.codings.lossless.test_origin import file_of, opened, size_bytes, types_of
from tests.conftest import encoded, noise, photograph
from tests.format.plain_decoder import decode as decode_plainly

pytestmark = pytest.mark.usefixtures("streams_apart")

QUICK = Options(effort=1, origin="none")  # channels would be shorter than clipping
CLASS = st.sampled_from([*range(0, CLASSES, 5), CLASSES - 1, UNUSED])
CLASSES_OF = st.tuples(*[CLASS] * CASES)
CHANNELS = st.tuples(*[st.sampled_from([0, 1, 37, 128, 254, 255])] * 3)
SHARPEST = Clipping((0,) * CASES)


def bright(width, height, gain=1.5, name="coffee"):
    """A photograph whose highlights are cut."""
    pixels = np.asarray(photograph(name, width, height)).astype(np.float32) * gain
    return np.clip(pixels, 0, 255).astype(np.uint8)


FREQUENCIES = lossless_model.model(lossless_model.SMALL).frequencies


def predictor(clipping=None):
    return Predictor(replace(lossless_model.model(lossless_model.SMALL), clipping=clipping))


def sections_by(pixels, clipping):
    """As `lossless.encode`, by a clipping that was not fitted."""
    streams = encode_planes(lossless.split(pixels), predictor(clipping))
    return [
        networks.pack_references([lossless_model.SMALL]),
        Section(b"LCLP", pack(clipping)),
        *streams.sections(),
    ]


# -- intervals ------------------------------------------------------------------------------------


@given(CHANNELS)
def test_a_pixel_is_in_its_interval(rgb):
    """What is clipped around, and so is here."""
    planes = lossless.split(np.array([[rgb]], np.uint8))
    y, co, cg = planes
    mask = masks(*planes)
    r, g, b = (channel in (0, 255) for channel in rgb)
    expected = RED_BLUE if r and b else GREEN_RED if g and r else GREEN_BLUE if g and b else 0
    of_co = co_interval(mask, y)
    assert of_co.case == expected
    expected = EXACT if g and (r or b) else RED_OR_BLUE if r or b else GREEN_ALONE if g else 0
    of_cg = cg_interval(mask, y, co)
    assert of_cg.case == expected
    for interval, value in ((of_co, co), (of_cg, cg)):
        if interval.case:
            assert interval.low <= value <= interval.high
            assert interval.high - interval.low < WIDTHS[int(interval.case[0, 0, 0])]


@given(st.integers(0, 255), st.integers(-255, 255), st.tuples(*[st.integers(0, 2)] * 3))
def test_an_interval_is_where_values_can_be(y, co, clipped):
    """Also where luminance does not fit to what is clipped around."""
    bits = sum((0, 1 << k, 8 << k)[state] for k, state in enumerate(clipped))
    mask = np.full((1, 1, 1), bits, np.uint8)
    planes = [np.full((1, 1, 1), value, np.int16) for value in (y, co)]
    for interval in (co_interval(mask, planes[0]), cg_interval(mask, *planes)):
        assert -255 <= interval.low <= interval.high <= 255


def test_distributions_are_narrowed_only_where_it_counts():
    mask = np.array([[[0b101, 0b000, 0b010]]], np.uint8)  # red and blue; nothing; green
    y, co = np.full((2, 1, 1, 3), 100, np.int16)
    found = Distribution.uniform((1, 1, 3), 7, 20)
    clipping = Clipping((3, UNUSED, UNUSED, UNUSED, UNUSED, 9))
    of_co = clipping.co(found, mask, y)
    assert of_co.mean.tolist() == [[[0, 56, 56]]]
    assert of_co.scale_class.tolist() == [[[3, 20, 20]]]
    of_cg = clipping.cg(found, mask, y, co)
    assert of_cg.mean.tolist() == [[[56, 56, 8 * 255]]]
    assert of_cg.scale_class.tolist() == [[[20, 20, 9]]]


# -- files ----------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(CLASSES_OF, st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_clipping_comes_back(classes, width, height, seed):
    """Of pixels at the ends, in between and beside, mixed: neighbours mislead everywhere."""
    rng = np.random.default_rng(seed)
    pixels = rng.choice(np.uint8([0, 255, 255, 255, 90]), (height, width, 3))
    file = file_of(pixels, sections_by(pixels, Clipping(classes)))
    assert np.array_equal(opened(file), pixels)


@pytest.mark.parametrize("outlier", [(0, 0, 0), (0, 0, 255), (255, 0, 0), (0, 255, 0)])
@pytest.mark.parametrize("ground", [(255, 255, 255), (0, 0, 0), (255, 0, 255), (0, 255, 9)])
def test_what_contradicts_all_its_neighbours_comes_back(ground, outlier):
    pixels = np.full((24, 24, 3), ground, np.uint8)
    pixels[3::5, 3::5] = outlier
    assert np.array_equal(opened(file_of(pixels, sections_by(pixels, SHARPEST))), pixels)


def test_plain_decoder_agrees():
    pixels = bright(21, 18, 2)
    pixels[:6, :6] = (255, 255, 30)
    pixels[12:, 12:] = (0, 255, 0)
    clipping = Clipping((0, 5, UNUSED, 3, 7, 11))
    # white, yellow, green: all cases of Co, and of Cg those with green
    assert {0b111, 0b011, 0b101010} <= {*np.unique(masks(*lossless.split(pixels))).tolist()}
    file = file_of(pixels, sections_by(pixels, clipping))
    assert np.array_equal(decode_plainly(file), pixels)
    assert np.array_equal(opened(file), pixels)


def test_tiles_and_drafts(monkeypatch):
    monkeypatch.setattr(tiles, "MAX_EDGE", 32)
    pixels = bright(90, 70, 2)
    sections = encoded(lossless, pixels, QUICK)
    assert b"LCLP" in types_of(sections)
    assert np.array_equal(opened(file_of(pixels, sections)), pixels)
    for interval in (2, 4, 8):
        planes = lossless.decode_planes(sections, (90, 70), lossless.COLOR, interval)
        assert np.array_equal(lossless.join(planes), pixels[::interval, ::interval])


def test_threads_agree(monkeypatch):
    pixels = bright(200, 150, 2.5)
    files = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv(execution.THREADS_VARIABLE, threads)
        files.append(file_of(pixels, encoded(lossless, pixels, QUICK)))
        assert np.array_equal(opened(files[-1]), pixels)
    assert b"LCLP" in files[0]
    assert files[0] == files[1] == files[2]


def test_luminance_is_not_touched():
    pixels = bright(60, 50, 2)
    sections = sections_by(pixels, SHARPEST)
    luminance = lossless.luminance_of(sections)
    assert types_of(luminance) == {b"NETS", b"LLAN", b"LPRE", b"LTIL"}
    assert luminance == [*lossless.luminance_of([sections[0], *sections[2:]])]
    expected = lossless.split(pixels)[0]
    assert np.array_equal(lossless.decode_luminance(luminance, (60, 50)), expected)


# -- the encoder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("gain", "most"), [(1.5, 0.998), (2.5, 0.985)])
def test_clipped_photographs_become_smaller(gain, most):
    pixels = bright(200, 150, gain)
    planes = lossless.split(pixels)
    clipping = fit(planes, FREQUENCIES)
    plain, clipped = (
        size_bytes([*encode_planes(planes, predictor(one)).sections()]) for one in (None, clipping)
    )
    assert clipped < most * plain
    sections = encoded(lossless, pixels, Options(effort=8, origin="none"))
    assert b"LCLP" in types_of(sections)
    assert np.array_equal(opened(file_of(pixels, sections)), pixels)


@pytest.mark.parametrize(("gain", "pays"), [(1.05, False), (1.2, True)])
def test_what_saves_little_is_not_worth_its_time(gain, pays):
    """But to efforts that look for the smallest file."""
    pixels = bright(300, 240, gain, "astronaut")
    assert (b"LCLP" in types_of(encoded(lossless, pixels, QUICK))) is pays
    assert b"LCLP" in types_of(encoded(lossless, pixels, Options(effort=8, origin="none")))


def test_what_is_not_clipped_has_no_section():
    pixels = np.clip(np.asarray(photograph("coffee", 80, 60)), 1, 254)
    assert fit(lossless.split(pixels), FREQUENCIES) is None
    assert fit(lossless.split(np.asarray(noise("RGB", (80, 60)))), FREQUENCIES) is None
    assert b"LCLP" not in types_of(encoded(lossless, pixels, QUICK))


def test_exact_cases_are_sharp():
    """Red and blue blown out everywhere: Co is 0, and two values are left for Cg."""
    rng = np.random.default_rng(1)
    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[..., 1] = rng.integers(1, 255, (64, 64))
    clipping = fit(lossless.split(pixels), FREQUENCIES)
    assert clipping.classes[RED_BLUE - 1] == 0
    assert clipping.classes[RED_OR_BLUE - 1] < 16
    assert clipping.classes[GREEN_RED - 1] == UNUSED


# -- the section, and its damage ------------------------------------------------------------------


def test_known_payload():
    clipping = Clipping((0, 5, UNUSED, 3, 7, 47))
    assert pack(clipping).hex() == "0005ff03072f"
    assert unpack(pack(clipping)) == clipping


@pytest.mark.parametrize("payload", [b"", bytes(5), bytes(7), bytes(5) + b"\x30", b"\xfe" * 6])
def test_a_bad_section_is_an_error(payload):
    with pytest.raises(DamagedError, match="allowed 6 bytes below 48 or 255"):
        unpack(payload)


@pytest.fixture(scope="module")
def clipped_file():
    pixels = bright(40, 30, 2)
    checksum = container.pixel_checksum(pixels.tobytes())
    return (
        pixels,
        Header(LOSSLESS.number, "RGB", (40, 30), checksum, 1),
        sections_by(pixels, SHARPEST),
    )


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.binary(max_size=8), CLASSES_OF.map(bytes)))
def test_another_section_is_an_error_or_the_same_pixels(clipped_file, payload):
    pixels, header, sections = clipped_file
    damaged = [sections[0], Section(b"LCLP", payload), *sections[2:]]
    try:
        found = codec.decode(header, damaged)
    except CgxError:
        return
    assert np.array_equal(found, pixels)


def test_a_missing_or_doubled_section_is_an_error(clipped_file):
    _, header, sections = clipped_file
    with pytest.raises(CgxError):
        codec.decode(header, [sections[0], *sections[2:]])
    with pytest.raises(DamagedError, match="section LCLP where"):
        codec.decode(header, [*sections[:2], *sections[1:]])


def test_grey_pictures_have_none(clipped_file):
    pixels, header, sections = clipped_file
    grey = encoded(lossless, pixels[..., :1], QUICK)
    with pytest.raises(DamagedError, match=r"section LCLP where .* of mode L"):
        codec.decode(replace(header, mode="L"), [grey[0], sections[1], *grey[1:]])


def test_cases_keep_their_numbers():
    """They are positions in the section."""
    names = (RED_BLUE, GREEN_RED, GREEN_BLUE, EXACT, RED_OR_BLUE, GREEN_ALONE)
    assert names == tuple(range(1, 1 + lossless_clipping.CASES))


def test_info_names_it(clipped_file, tmp_path):
    pixels, _, sections = clipped_file
    path = tmp_path / "clipped.cgx"
    path.write_bytes(file_of(pixels, sections))
    assert facts(path).spent["clipping"] == CASES


def test_windows_are_where_channels_are_clipped(monkeypatch):
    """What they tell, times what they stand for, is the whole."""
    monkeypatch.setattr(encoder_clipping, "WINDOW_EDGE", 16)
    pixels = np.full((90, 130, 3), (90, 120, 60), np.uint8)
    pixels[40:44, 50:70] = 255
    pixels[80:, 120:] = (255, 0, 9)
    planes = lossless.split(pixels)
    found = dict(windows(planes))
    clipped = {place: np.count_nonzero(masks(*planes)[0][place.place]) for place in found}
    assert sum(weight * clipped[place] for place, weight in found.items()) == pytest.approx(180)
    assert all(clipped.values())
    assert all(place.top % 8 == 0 and place.left % 8 == 0 for place in found)
    assert all(place.bottom <= 90 and place.right <= 130 for place in found)
    held = Held(np.ones((1, 90, 130), bool))
    held.pixels[:, 40:44] = False
    assert {place.top for place, _ in windows(planes, held)} == {80}


def test_windows_tell_whether_clipping_pays(monkeypatch):
    """As the only tile of a picture does, which is asked as a whole."""
    for gain in (1.0, 2.5):
        pixels = bright(300, 220, gain)
        told = []
        for edge in (1024, 160):
            monkeypatch.setattr(tiles, "MAX_EDGE", edge)
            told.append(b"LCLP" in types_of(encoded(lossless, pixels, QUICK)))
        assert told == [gain > 2] * 2
