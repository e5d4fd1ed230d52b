"""The near coding: no sample is off by more than asked, on any picture; all else as lossless."""

import io
import re
from contextlib import suppress
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies
from PIL import Image, ImageFile

import pillow_colorgrid
from pillow_colorgrid import container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless import rounding
from pillow_colorgrid.codings.lossless.account import examine, size_bytes_of
from pillow_colorgrid.codings.lossless.description import LOSSLESS, TRANSPARENT, WITH_LAST
from pillow_colorgrid.codings.lossless.distribution import CLASSES
from pillow_colorgrid.codings.near.description import NEAR
from pillow_colorgrid.codings.near.encoder import recording
from pillow_colorgrid.codings.near.encoder.levels import color_errors, luminance_errors
from pillow_colorgrid.codings.registry import of
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.pixels import LAYOUTS, to_image
from pillow_colorgrid.runtime import execution
from tests.conftest import ROOT, noise, photograph
from tests.format.plain_decoder import decode as decode_plainly

MODES = LOSSLESS.modes
"""All that networks code."""


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "CGX", mode="near", **{"effort": 1, "origin": "none", **options})
    return file.getvalue()


def opened(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def samples(image):
    """As numbers; LAB's a and b, which have signs, above 128."""
    pixels = np.asarray(image)
    return (pixels ^ np.uint8([0, 128, 128]) if image.mode == "LAB" else pixels).astype(int)


def error(image, data):
    with Image.open(io.BytesIO(data)) as shown:
        assert shown.mode == image.mode
        return int(np.abs(samples(image) - samples(shown)).max())


def parts(data):
    file = io.BytesIO(data)
    return container.read_header(file), list(container.read_sections(file))


def picture(mode, size, seed=1):
    """A photograph with some noise, and alpha of its own."""
    image = photograph("coffee", *size).convert("RGB")
    image = Image.blend(image, noise("RGB", size, seed), 0.1)
    if mode == "LAB":  # Pillow has no way from RGB
        return Image.frombytes(mode, size, image.tobytes())
    if mode in TRANSPARENT:
        image = image.convert("LA" if mode[0] == "L" else "RGBA")
        image.putalpha(noise("L", size, seed))
    return image.convert(mode)


# -- what is promised ------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "most"), list(product(MODES, (1, 2, 5, 16))))
def test_no_sample_is_off_by_more(mode, most):
    image = picture(mode, (70, 45))
    data = saved(image, max_error=most)
    assert 0 < error(image, data) <= most
    if mode in WITH_LAST:
        assert np.array_equal(opened(data)[..., -1], np.asarray(image)[..., -1])
    assert of(parts(data)[0]) is NEAR


@settings(max_examples=25, deadline=None)
@given(
    mode=strategies.sampled_from(MODES),
    size=strategies.tuples(strategies.integers(1, 24), strategies.integers(1, 24)),
    most=strategies.integers(1, 16),
    kind=strategies.sampled_from(["noise", "extremes", "flat", "ramp"]),
    seed=strategies.integers(0, 99),
)
def test_no_sample_of_any_picture_is_off_by_more(mode, size, most, kind, seed):
    shape = (*size[::-1], LAYOUTS[mode].channels)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    if kind == "extremes":
        pixels = (pixels > 127) * np.uint8(255)
    elif kind == "flat":
        pixels = np.full_like(pixels, seed)
    elif kind == "ramp":
        pixels = (np.indices(pixels.shape).sum(0) * 7 % 256).astype(np.uint8)
    image = to_image(pixels, mode)
    assert error(image, saved(image, max_error=most)) <= most


def test_a_larger_error_is_a_smaller_file():
    image = photograph("coffee", 160, 120)
    sizes = [len(saved(image, max_error=most, effort=4)) for most in (1, 2, 4, 8, 16)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] / 3


def test_an_adaptation_pays():
    image = photograph("coffee", 240, 180)
    data = saved(image, max_error=2, effort=6)
    assert any(section.type == b"LADP" for section in parts(data)[1])
    assert error(image, data) <= 2


def test_threads_and_tiles_agree(monkeypatch):
    image = picture("RGB", (150, 110))
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    files = []
    for threads in ("1", "3"):
        monkeypatch.setenv(execution.THREADS_VARIABLE, threads)
        files.append(saved(image, max_error=4, effort=5))
    assert files[0] == files[1]
    assert error(image, files[0]) <= 4


def test_the_file_states_version_and_error():
    header, sections = parts(saved(picture("RGB", (20, 20)), max_error=7))
    assert header.minor == 1
    (told,) = (section.payload for section in sections if section.type == b"NEAR")
    assert told[0] == 7
    with Image.open(io.BytesIO(saved(picture("L", (9, 9)), max_error=3))) as image:
        assert image.info["cgx"]["max_error"] == 3


# -- exact files in its place ----------------------------------------------------------------------


def test_a_drawing_is_exact_where_that_is_smaller():
    drawing = photograph("coffee", 60, 40).quantize(4).convert("RGB").resize((240, 160), 0)
    data = saved(drawing, origin="auto")
    assert of(parts(data)[0]) is STORED
    assert error(drawing, data) == 0


def test_a_jpeg_is_exact_where_that_is_smaller():
    file = io.BytesIO()
    photograph("coffee", 160, 120).save(file, "JPEG", quality=75)
    with Image.open(file) as image:
        data = saved(image, origin="auto")
        assert of(parts(data)[0]) is JPEG
        assert error(image, data) == 0


# -- what stays as in lossless files ---------------------------------------------------------------


@pytest.mark.parametrize("interval", [8, 4, 2])
def test_drafts_are_the_files_own_pixels(interval):
    data = saved(picture("RGB", (97, 66)), max_error=6)
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (97 // interval, 66 // interval))
        assert np.array_equal(np.asarray(image), opened(data)[::interval, ::interval])


def test_regions_are_the_files_own_pixels(monkeypatch, tmp_path):
    monkeypatch.setattr(tiles, "MAX_EDGE", 32)
    path = tmp_path / "a.cgx"
    path.write_bytes(saved(picture("RGBA", (90, 70)), max_error=6))
    part = pillow_colorgrid.open_region(path, (20, 30, 77, 50))
    assert np.array_equal(np.asarray(part), opened(path.read_bytes())[30:50, 20:77])


def test_a_cut_file_shows_the_preview(monkeypatch):
    image = picture("RGB", (160, 120))
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    data = saved(image, max_error=4)
    with pytest.raises(OSError, match="truncated"):
        opened(data[: len(data) // 2])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    shown = opened(data[: len(data) // 2])
    assert np.array_equal(shown[:60, :40], opened(data)[:60, :40])
    assert np.abs(np.asarray(image).astype(int)[::8, ::8] - shown[::8, ::8]).max() <= 4


def test_account_adds_up():
    image = picture("RGB", (96, 80))
    data = saved(image, max_error=3)
    header, sections = parts(data)
    told = examine(sections, header.size, 3)
    streams = {b"CPRE", b"LPRE", b"LTIL", b"CTIL"}
    size = sum(len(section.payload) for section in sections if section.type in streams)
    assert sum(size_bytes_of(told).values()) == pytest.approx(size, rel=0.01)


# -- the specification -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "most"), [("L", 4), ("RGB", 1), ("RGB", 16), ("CMYK", 3), ("LA", 2), ("LAB", 2)]
)
def test_plain_decoder_agrees(mode, most):
    data = saved(picture(mode, (21, 18)), max_error=most, effort=4)
    assert np.array_equal(decode_plainly(data).squeeze(), opened(data))


def test_example_of_the_text():
    text = (ROOT / "FORMAT.md").read_text()
    (told,) = re.findall(r"of `NEAR` in mode L: `([0-9A-F ]+)`", text)
    found = rounding.unpack(bytes.fromhex(told), 1)
    assert (found.max_error, found.errors) == (4, ((2, 2, 4, 4),))
    assert found.classes[0].tolist() == [max(14, c) for c in range(CLASSES)]
    assert rounding.pack(found) == bytes.fromhex(told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({0: 0}, "rounding by 0"),
        ({0: 17}, "rounding by 17"),
        ({1: 0}, "at its levels by 0, 2"),
        ({4: 5}, "2, 4, 5"),
        ({5: 48}, "classes that begin with 48"),
        ({11: 0xFF}, "bits behind them"),
    ],
)
def test_bad_roundings_are_refused(change, told):
    data = bytearray.fromhex("04020204040E00C0FFFFFF7F")
    for place, value in change.items():
        data[place] = value
    with pytest.raises(DamagedError, match=told):
        rounding.unpack(bytes(data), 1)


@pytest.mark.parametrize("planes", [1, 3])
def test_roundings_of_other_lengths_are_refused(planes):
    told = bytes.fromhex("04020204040E00C0FFFFFF7F")
    with pytest.raises(DamagedError, match=r"allowed 12 for 1|allowed 30 for 3"):
        rounding.unpack(told[:-1] if planes == 1 else told, planes)


# -- damage ----------------------------------------------------------------------------------------


def test_damage_is_never_silent():
    """Damage behind the sections' own checksums: an error or the same pixels."""
    data = saved(picture("RGB", (40, 30)), max_error=3)
    header, sections = parts(data)
    shown = opened(data)
    rng = np.random.default_rng(1)
    for _ in range(100):
        number = int(rng.integers(0, len(sections)))
        payload = bytearray(sections[number].payload)
        payload[rng.integers(0, len(payload))] ^= 1 << int(rng.integers(0, 8))
        changed = [*sections]
        changed[number] = Section(sections[number].type, bytes(payload))
        with suppress(CgxError):
            assert np.array_equal(opened(container.pack(header, changed)), shown)


@pytest.mark.parametrize("missing", [b"NEAR", b"LCHN", b"CPRE", b"CTIL", b"LPRE"])
def test_a_missing_section_is_an_error(missing):
    header, sections = parts(saved(picture("RGB", (40, 30))))
    kept = [section for section in sections if section.type != missing]
    with pytest.raises(CgxError, match=missing.decode()):
        opened(container.pack(header, kept))


# -- how the encoder chooses -----------------------------------------------------------------------


def test_errors_of_levels_are_allowed():
    for most in range(1, rounding.MOST + 1):
        for errors in (luminance_errors(most), color_errors(most)):
            assert len(errors) == rounding.LEVELS
            assert errors[-1] == most
            assert 1 <= min(errors) <= max(errors) == most


def test_classes_are_the_cheapest_that_rise_by_0_or_1():
    rng = np.random.default_rng(2)
    costs = rng.random((CLASSES, CLASSES))
    found = recording._cheapest(costs)
    assert set(np.diff(found)) <= {0, 1}
    rows = np.arange(CLASSES)
    for _ in range(300):
        rises = rng.random(CLASSES - 1) < rng.random()
        other = rounding.classes_of(int(rng.integers(0, CLASSES)), rises)
        assert costs[rows, found].sum() <= costs[rows, other].sum()


def test_a_writer_checks_what_it_shows(monkeypatch):
    from pillow_colorgrid.codings.near.encoder import encoding

    monkeypatch.setattr(encoding, "luminance_errors", lambda most: (9, 9, 9, 9))
    with pytest.raises(OSError, match="off by"):
        saved(noise("L", (40, 40)), max_error=2)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_error": 0}, "max_error=0, allowed: integers 1 to 16"),
        ({"max_error": 17}, "max_error=17"),
        ({"max_error": 2.0}, "max_error=2.0"),
        ({"quality": 80}, "quality=80 is no option of mode='near'"),
    ],
)
def test_bad_options_are_named(options, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        saved(picture("L", (9, 9)), **options)


def test_modes_without_networks_are_refused():
    with pytest.raises(OSError, match=r"cannot write mode P .*allowed: L, LA, La, RGB, RGBA"):
        saved(photograph("coffee", 20, 13).convert("P"))
