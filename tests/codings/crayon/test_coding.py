"""mode="grid": exact luminance stays exact, lossy says so, damage is never wrong pixels."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageFile, features

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.base import NETWORKS
from pillow_colorgrid.codings.crayon import (
    bare_avif,
    coding as crayon,
    finer as finer_hints,
    hint_stream,
    hints as grid_hints,
    luminance as grid_luminance,
    paint,
)
from pillow_colorgrid.codings.crayon.description import FINER, GRID, KINDS, LUMINANCE
from pillow_colorgrid.codings.crayon.encoder import encoding
from pillow_colorgrid.codings.crayon.hints import ColorGrid
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.lossless.model import FIRST_SMALL, SMALL, WIDE, model
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy.rans import StreamError
from pillow_colorgrid.errors import CgxError, DamagedError, NetworkError, TruncatedError
from pillow_colorgrid.runtime import networks
from tests.conftest import encoded, noise, photograph
from tests.format import plain_crayon_decoder

STEP_BYTE, GAIN_BYTE = 2, 4
"""Of GRID, where the step of the hints stands."""

MODES = ("L", "RGB", "RGBA")


def save(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "CGX", **{"mode": "grid", "effort": 1, **options})
    return file.getvalue()


def load(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def parts(data: bytes) -> tuple[Header, list[Section]]:
    """The header, and the sections behind the metadata."""
    file = io.BytesIO(data)
    return container.read_header(file), [s for s in container.read_sections(file) if s.critical]


def grid_of(data: bytes) -> bytes:
    """The payload of GRID."""
    (payload,) = (s.payload for s in parts(data)[1] if s.type == GRID.type)
    return payload


def types(data: bytes) -> list[bytes]:
    return [section.type for section in parts(data)[1]]


def psnr_db(one: Image.Image, other: Image.Image) -> float:
    error = np.asarray(one).astype(float) - np.asarray(other)
    return float(10 * np.log10(255**2 / np.square(error).mean()))


def luminance(image: Image.Image) -> np.ndarray:
    return ycocg.forward(np.asarray(image.convert("RGB")))[0]


def assert_luminance_is_exact(image: Image.Image, shown: Image.Image) -> None:
    """Where no channel was cut at 0 or 255."""
    pixels = np.asarray(shown.convert("RGB"))
    inside = ((pixels > 0) & (pixels < 255)).all(axis=2)
    assert np.array_equal(luminance(image)[inside], luminance(shown)[inside])


# -- round trips -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (33, 31), (64, 96)])
@pytest.mark.parametrize("quality", [60, 100])
def test_every_mode_and_size(mode: str, size: tuple[int, int], quality: int) -> None:
    image = photograph("coffee", *size).convert(mode)
    back = load(save(image, quality=quality, n=7))
    assert (back.mode, back.size) == (mode, size)
    if quality == 100:
        assert_luminance_is_exact(image, back)
    if mode == "RGBA":
        assert back.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    if mode == "L" and quality == 100:
        assert back.tobytes() == image.tobytes()


@settings(max_examples=25, deadline=None)
@given(
    mode=st.sampled_from(MODES),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    n=st.integers(2, 128),
    hints=st.sampled_from(KINDS),
    seed=st.integers(0, 99),
)
def test_luminance_and_alpha_of_anything(
    mode: str, size: tuple[int, int], n: int, hints: str, seed: int
) -> None:
    image = noise(mode, size, seed)
    back = load(save(image, n=n, hints=hints))
    assert (back.mode, back.size) == (mode, size)
    assert_luminance_is_exact(image, back)
    if mode == "RGBA":
        assert back.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_more_hints_are_nearer_and_larger(astronaut: Image.Image) -> None:
    files = [save(astronaut, n=n) for n in (4, 12, 40, 120)]
    assert sorted(map(len, files), reverse=True) == list(map(len, files))
    distances = [psnr_db(astronaut, load(file)) for file in files]
    assert sorted(distances, reverse=True) == distances
    assert distances[0] > 36


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_hints_cost_little(name: str) -> None:
    """At n = 20, with slopes; 0.019 bpp on Kodak."""
    image = photograph(name)
    assert 8 * len(grid_of(save(image))) < 0.03 * image.width * image.height


def test_threads_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    image = photograph("astronaut", 160, 120)
    found = set()
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("PILLOW_COLORGRID_THREADS", threads)
        data = save(image)
        found.add((data, load(data).tobytes()))
    assert len(found) == 1


@pytest.mark.parametrize("mode", ["P", "CMYK", "I;16", "1", "LA"])
def test_other_modes_are_refused(mode: str) -> None:
    with pytest.raises(OSError, match=f"cannot write mode {mode} as CGX with mode='grid'"):
        save(Image.new(mode, (8, 8)))


def test_thumbnails_are_of_the_whole_picture(astronaut: Image.Image) -> None:
    data = save(astronaut)
    small = Image.open(io.BytesIO(data))
    small.thumbnail((64, 64))
    expected = load(data)
    expected.thumbnail((64, 64))
    assert small.size == (64, 64)
    assert small.tobytes() == expected.tobytes()


# -- what is in a file -----------------------------------------------------------------------------


def test_sections() -> None:
    image = noise("RGBA", (20, 20))
    assert types(save(image)) == [
        b"NETS", b"GFIN", b"GRID", b"LLAN", b"LPRE", b"LTIL", b"ALPH"
    ]  # fmt: skip
    assert types(save(image, quality=99)) == [b"NETS", b"GFIN", b"GRID", b"LUMA", b"ALPH"]
    pointed = save(image, hints="point")
    assert types(pointed) == [b"NETS", b"GRID", b"LLAN", b"LPRE", b"LTIL", b"ALPH"]
    assert parts(pointed)[0].minor == 1
    assert types(save(image.convert("L"))) == [b"NETS", b"GRID", b"LLAN", b"LPRE", b"LTIL"]


def test_grid_layout() -> None:
    """Interval, kind, step, factor, gain; then streams: no escapes, one lane. Of finer hints: how
    much wider, the slopes' unit, steps; a stream."""
    grey = Image.new("RGB", (40, 30), (90, 90, 90))
    stream = bytes(4)
    for n, interval, steps in ((10, 12, (2, 1, 2, 4)), (24, 24, (2, 1, 2, 4))):
        data = save(grey, n=n)
        payload = grid_of(data)
        (length,) = struct.unpack_from("<I", payload, 5)
        assert payload[:5] == bytes([interval, 0, steps[0], 1, 0])
        assert payload[9:13] == payload[9 + length :][:4] == stream
        (finer,) = (s.payload for s in parts(data)[1] if s.type == FINER.type)
        assert finer[:10] == bytes([1, 2, 3, *steps[1:]]) + stream
    for interval, step in ((10, 3), (11, 4)):
        payload = grid_of(save(grey, n=interval, hints="point"))
        assert payload[:9] == bytes([interval, 1, step, 0, 0]) + stream
    assert grid_of(save(grey.convert("L"), n=3)) == bytes([3, 0, 3, 0, 0])


@pytest.mark.usefixtures("streams_apart")
def test_exact_luminance_is_that_of_a_grey_lossless_file() -> None:
    image = photograph("coffee", 120, 90)
    grey = Image.fromarray(luminance(image).astype(np.uint8))
    sections = parts(save(image, effort=5))[1]
    expected = encoded(lossless, np.asarray(grey)[..., None], Options(effort=5))
    assert sections[3:] == expected[1:]
    assert sections[0].payload[: networks.REFERENCE.size] == expected[0].payload


@pytest.mark.parametrize("qualities", [(1, 50, 80), (81, 100)])
def test_samples_do_not_depend_on_the_luminance_that_a_decoder_has(
    qualities: tuple[int, ...],
) -> None:
    image = photograph("coffee", 120, 90)
    found = set()
    for quality in qualities:
        payload = bytearray(parts(save(image, n=5, quality=quality, hints="point"))[1][1].payload)
        payload[GAIN_BYTE] = 0
        found.add(bytes(payload))
    assert len(found) == 1


@pytest.mark.parametrize("n", [5, 20])
def test_hints_beside_poor_luminance_are_told_more_coarsely(n: int) -> None:
    image = photograph("coffee", 120, 90)
    poor, good = (
        parts(save(image, n=n, quality=quality, hints="point"))[1][1] for quality in (80, 81)
    )
    assert poor.payload[STEP_BYTE] == 6
    assert good.payload[STEP_BYTE] in (3, 4)
    assert len(poor.payload) < len(good.payload)


def test_the_checksum_is_that_of_the_decoded_pixels() -> None:
    image = noise("RGBA", (50, 40))
    data = save(image)
    shown = load(data)
    assert parts(data)[0].checksum == container.pixel_checksum(shown.tobytes())
    assert shown.tobytes() != image.tobytes()


def test_lossy_luminance_states_no_checksum() -> None:
    assert parts(save(noise("RGB", (50, 40)), quality=80))[0].checksum == bytes(8)


@pytest.mark.parametrize(
    ("n", "kind", "effort", "gain"),
    [(2, "mean", 5, 8), (9, "mean", 1, 3), (25, "mean", 1, 0), (9, "point", 1, 5)],
)
def test_plain_decoder_agrees(n: int, kind: str, effort: int, gain: int) -> None:
    """FORMAT.md says all that another decoder has to know."""
    data = followed(save(photograph("coffee", 21, 35), n=n, hints=kind, effort=effort), gain)
    assert np.array_equal(plain_crayon_decoder.decode(data), np.asarray(load(data)))


def followed(data: bytes, gain: int) -> bytes:
    """The file with another gain, without checksum of its pixels and without metadata."""
    header, sections = parts(data)
    place = list(crayon.HEAD_LIMITS).index("gain")
    (grid,) = (i for i, section in enumerate(sections) if section.type == GRID.type)
    payload = bytearray(sections[grid].payload)
    payload[place] = gain
    sections[grid] = Section(GRID.type, bytes(payload))
    return container.pack(replace(header, checksum=container.UNSTATED), sections)


# -- how far the network is followed ---------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    n=st.integers(2, 128),
    seed=st.integers(0, 99),
    mode=st.sampled_from(["RGB", "RGBA"]),
)
def test_grey_stays_grey(size: tuple[int, int], n: int, seed: int, mode: str) -> None:
    """Without colour nothing is painted, so that each pixel comes back exactly."""
    image = noise("L", size, seed).convert(mode)
    data = save(image, n=n)
    assert load(data).tobytes() == image.tobytes()


def test_gain_is_that_which_comes_closest() -> None:
    plain = np.full((600, 5, 3), 100, np.uint8)
    painted = plain.copy()
    painted[::2] += 80
    painted[1::2] -= 80
    for gain in range(9):
        between = (plain + (painted.astype(int) - plain) * gain // 8).astype(np.uint8)
        assert encoding.best_gain(plain, painted, between) == gain
    away = (2 * plain.astype(int) - painted).astype(np.uint8)
    assert encoding.best_gain(plain, painted, away) == 0
    beyond = np.where(painted > 100, 255, 0).astype(np.uint8)
    assert encoding.best_gain(plain, painted, beyond) == 8
    assert encoding.best_gain(plain, plain, painted) == 0


@pytest.mark.parametrize("n", [6, 20, 60])
def test_no_other_gain_is_much_nearer(n: int) -> None:
    image = photograph("chelsea", 120, 100)
    data = save(image, n=n)
    distance = psnr_db(image, load(data))
    for gain in (0, 4, 8):
        assert psnr_db(image, load(followed(data, gain))) < distance + 0.05


# -- the coding of the hints -----------------------------------------------------------------------


def hints(rows: int, columns: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    co, cg = (rng.integers(-128, 128, (rows, columns)).astype(np.int8) for _ in range(2))
    return co, cg


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    tables=st.sampled_from([SMALL, WIDE]),
    seed=st.integers(0, 99),
)
def test_hints_come_back(rows: int, columns: int, tables: int, seed: int) -> None:
    co, cg = hints(rows, columns, seed)
    data = hint_stream.encode(co, cg, model(tables))
    found = hint_stream.decode(data, rows, columns, model(tables))
    assert np.array_equal(found, (co, cg))


def test_known_payload() -> None:
    """These bytes never change: they are in files."""
    ramp = (np.arange(30) * 3 - 40).astype(np.int8).reshape(5, 6)
    data = hint_stream.encode(ramp, -ramp, model(FIRST_SMALL))
    assert data.hex() == (
        "020000005602b20198038601000002c0ec3f8d3a915f58ae0759e6b72c5968215b0ee4e87b3435cf48e5eaeb"
    )


def test_hints_out_of_range_are_refused() -> None:
    wide = np.full((1, 1), 200, np.int16)
    data = hint_stream.encode(wide, wide, model(SMALL))
    with pytest.raises(StreamError, match="hints 200 to 200, allowed"):
        hint_stream.decode(data, 1, 1, model(SMALL))


# -- lossy luminance -------------------------------------------------------------------------------


@pytest.fixture(params=["AVIF", "WEBP", "JPEG"])
def only_codec(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Pillow that was built with nothing better."""
    better = {"AVIF": (), "WEBP": ("avif",), "JPEG": ("avif", "webp")}[request.param]
    check = features.check
    wanted = next(c for c in grid_luminance.CODECS.values() if c.name == request.param)
    if not grid_luminance.available(wanted):
        pytest.skip(f"no {request.param} in this Pillow")
    monkeypatch.setattr(features, "check", lambda name: name not in better and check(name))
    return request.param


@pytest.mark.parametrize("mode", MODES)
def test_lossy_luminance_by_each_codec(only_codec: str, mode: str) -> None:
    image = photograph("astronaut", 128, 96).convert(mode)
    sections = parts(save(image, quality=80))[1]
    (payload,) = (s.payload for s in sections if s.type == LUMINANCE.type)
    bare = payload[0] == grid_luminance.AV1
    assert only_codec == ("AVIF" if bare else grid_luminance.CODECS[payload[0]].name)
    file = bare_avif.whole(payload[1:], 128, 96) if bare else payload[1:]
    with Image.open(io.BytesIO(file)) as inner:
        assert (inner.format, inner.size) == (only_codec, (128, 96))
    back = load(save(image, quality=80))
    assert (back.mode, back.size) == (mode, (128, 96))
    assert psnr_db(image.convert("L"), back.convert("L")) > 30


def test_quality_trades_bytes_for_distance(only_codec: str) -> None:
    image = photograph("astronaut", 256, 256)
    files = [save(image, quality=quality) for quality in (5, 50, 90)]
    assert sorted(map(len, files)) == list(map(len, files))
    distances = [psnr_db(image.convert("L"), load(file).convert("L")) for file in files]
    assert sorted(distances) == distances


def test_colour_makes_up_for_luminance(monkeypatch: pytest.MonkeyPatch) -> None:
    image = photograph("astronaut", 256, 256)
    found = []
    for made_up in (encoding.MADE_UP, np.float32(0)):
        monkeypatch.setattr(encoding, "MADE_UP", made_up)
        data = save(image, quality=20, n=8)
        found.append((len(data), psnr_db(image, load(data))))
    (size, psnr), (size_before, psnr_before) = found
    assert size < size_before
    assert psnr > psnr_before - 0.05


def test_a_codec_that_this_pillow_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    if not grid_luminance.available(grid_luminance.AVIF):
        pytest.skip("no AVIF in this Pillow")
    data = save(photograph("coffee", 40, 30), quality=50)
    monkeypatch.setattr(features, "check", lambda name: False)
    with pytest.raises(CgxError, match="AVIF, which this Pillow was built without"):
        load(data)


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"", "luminance's codec , allowed"),
        (b"\x09file", "luminance's codec 09, allowed"),
        (b"\x03no JPEG", "inner JPEG damaged"),
        (b"\x01no AVIF", "inner AVIF damaged"),
    ],
)
def test_bad_luminance_files(payload: bytes, named: str) -> None:
    if payload.startswith(b"\x01") and not grid_luminance.available(grid_luminance.AVIF):
        pytest.skip("no AVIF in this Pillow")
    with pytest.raises(DamagedError, match=named):
        grid_luminance.decode(payload, 8, 8)


def test_luminance_of_another_size_or_mode_is_refused() -> None:
    image = Image.new("L", (40, 30))
    for one in filter(grid_luminance.available, grid_luminance.CODECS.values()):
        inner = io.BytesIO()
        image.save(inner, one.name)
        payload = bytes([one.number]) + inner.getvalue()
        with pytest.raises(DamagedError, match=r"inner \w+ is (L|RGB) \(40, 30\), needs L or RGB"):
            grid_luminance.decode(payload, 30, 41)
    file = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(file, "JPEG")
    with pytest.raises(DamagedError, match="inner JPEG is CMYK"):
        grid_luminance.decode(b"\x03" + file.getvalue(), 8, 8)


def test_a_bomb_in_the_luminance_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    payload = grid_luminance.encode(np.zeros((30, 40), np.int16), 50, 5)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DamagedError, match=r"exceeds limit|AV1 is \(40, 30\), needs \(8, 8\)"):
        grid_luminance.decode(payload, 8, 8)


def test_effort_makes_lossy_files_smaller() -> None:
    if not grid_luminance.available(grid_luminance.AVIF):
        pytest.skip("no AVIF in this Pillow")
    image = photograph("astronaut", 256, 256)
    quick, thorough = (save(image, quality=50, effort=effort) for effort in (1, 9))
    gain = psnr_db(image, load(thorough)) - psnr_db(image, load(quick))
    assert len(thorough) < 1.02 * len(quick)
    assert gain > 0.1


def test_long_pictures_go_to_a_codec_that_takes_them() -> None:
    assert grid_luminance.chosen(30_000, 1).max_side >= 30_000
    assert load(save(Image.new("RGB", (30_000, 2)), quality=50)).size == (30_000, 2)


# -- damage ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def file() -> bytes:
    return save(photograph("coffee", 60, 50).convert("RGBA"), n=6, effort=5)


def test_every_truncation_is_an_error(file: bytes) -> None:
    for length in range(0, len(file), 13):
        with pytest.raises((OSError, SyntaxError)):
            load(file[:length])


def test_flips_behind_the_checksums_are_caught(file: bytes) -> None:
    """Even where each section's CRC is made right again, wrong pixels are never returned."""
    header, sections = parts(file)
    right = codec.decode(header, sections)
    rng = np.random.default_rng(5)
    for _ in range(100):
        number = int(rng.integers(len(sections)))
        payload = bytearray(sections[number].payload)
        payload[int(rng.integers(len(payload)))] ^= 1 << int(rng.integers(8))
        if rng.random() < 0.3:
            del payload[int(rng.integers(len(payload))) :]
        changed = [*sections]
        changed[number] = replace(sections[number], payload=bytes(payload))
        try:
            pixels = codec.decode(header, changed)
        except CgxError:
            continue
        assert np.array_equal(pixels, right)


def test_flips_in_lossy_luminance_are_errors_or_pictures() -> None:
    """Its checksum is not stated; but nothing other than CgxError is ever raised."""
    header, sections = parts(save(photograph("coffee", 60, 50), quality=50))
    rng = np.random.default_rng(6)
    refused = 0
    for _ in range(60):
        number = int(rng.integers(len(sections)))
        payload = bytearray(sections[number].payload)
        payload[int(rng.integers(len(payload)))] ^= 1 << int(rng.integers(8))
        changed = [*sections]
        changed[number] = replace(sections[number], payload=bytes(payload))
        try:
            assert codec.decode(header, changed).shape == (50, 60, 3)
        except CgxError:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize("missing", [b"NETS", b"GRID", b"LPRE", b"LTIL", b"ALPH"])
def test_a_missing_section_is_an_error(file: bytes, missing: bytes) -> None:
    header, sections = parts(file)
    left = [section for section in sections if section.type != missing]
    with pytest.raises(CgxError, match=missing.decode() if missing != b"LTIL" else "tiles"):
        codec.decode(header, left)


def test_a_wrong_checksum_is_an_error(file: bytes) -> None:
    header, sections = parts(file)
    with pytest.raises(DamagedError, match="checksum"):
        codec.decode(replace(header, checksum=b"\1" * 8), sections)


@pytest.mark.usefixtures("streams_apart")
def test_only_the_grid_may_leave_its_checksum_out(file: bytes) -> None:
    header, sections = parts(file)
    right = codec.decode(header, sections)
    unstated = replace(header, checksum=container.UNSTATED)
    assert np.array_equal(codec.decode(unstated, sections), right)
    pixels = np.asarray(photograph("coffee", 20, 20))
    lossless_sections = encoded(lossless, pixels, Options(effort=1))
    with pytest.raises(DamagedError, match="checksum"):
        codec.decode(
            Header(LOSSLESS.number, "RGB", (20, 20), container.UNSTATED, 1), lossless_sections
        )


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"", "colour grid of 0 bytes, allowed from 5"),
        (bytes([20, 0, 4, 2]), "colour grid of 4 bytes, allowed from 5"),
        (bytes([1, 0, 4, 2, 8]), "interval 1, allowed 2 to 128"),
        (bytes([129, 0, 4, 2, 8]), "interval 129, allowed 2 to 128"),
        (bytes([20, 2, 4, 2, 8]), "kind 2, allowed 0 to 1"),
        (bytes([20, 0, 1, 2, 8]), "step 1, allowed 2 to 8"),
        (bytes([20, 0, 9, 2, 8]), "step 9, allowed 2 to 8"),
        (bytes([20, 0, 4, 3, 8]), "slopes 3, allowed 0 to 2"),
        (bytes([20, 0, 4, 2, 9]), "gain 9, allowed 0 to 8"),
        (bytes([20, 0, 4, 0, 8]) + b"\0", "colour grid: stream of 1 bytes"),
        (bytes([20, 0, 4, 1, 8]) + b"\0\0\0", "hints end at byte 4 of 3"),
        (bytes([20, 0, 4, 1, 8]) + bytes(4), "hints end at byte 4 of 4"),
        (bytes([20, 0, 4, 1, 8]) + b"\2\0\0\0\0", "hints end at byte 6 of 5"),
        (bytes([20, 0, 4, 1, 8]) + b"\xff" * 9, "hints end at byte 4294967299 of 9"),
    ],
)
def test_bad_grids_are_named(file: bytes, payload: bytes, named: str) -> None:
    header, sections = parts(file)
    changed = [Section(s.type, payload) if s.type == GRID.type else s for s in sections]
    with pytest.raises(DamagedError, match=named):
        codec.decode(header, changed)


def test_wrong_lengths_and_cut_streams_are_refused(file: bytes) -> None:
    """The lengths of hints and slopes: one byte more or less is damage."""
    header, sections = parts(file)
    head, data = sections[2].payload[:5], sections[2].payload[5:]
    assert head[3]
    (length,) = struct.unpack_from("<I", data)
    for payload in (
        *(struct.pack("<I", wrong) + data[4:] for wrong in (0, 1, length - 1, length + 1)),
        *(data[:end] for end in range(0, len(data), 7)),
        data + b"\0",
    ):
        sections[2] = Section(GRID.type, head + payload)
        with pytest.raises(DamagedError, match=r"colour grid: |hints end at byte"):
            codec.decode(header, sections)


def test_too_steep_slopes_are_refused(file: bytes) -> None:
    header, sections = parts(file)
    tables = model(SMALL)
    shape = grid_hints.grid_size(50, 60, 6)
    plain, steep = (np.full(shape, value, np.int8) for value in (0, 33))
    for co, cg in ((steep, plain), (plain, -steep)):
        coded = hint_stream.encode(plain, plain, tables)
        slopes = hint_stream.encode(co, cg, tables)
        payload = bytes([6, 0, 3, 1, 8]) + struct.pack("<I", len(coded)) + coded + slopes
        reference = networks.pack_references([SMALL, crayon.CRAYON_ID])
        with pytest.raises(DamagedError, match="a slope of 33 sixteenths, allowed up to 32"):
            codec.decode(header, [reference, Section(GRID.type, payload), *sections[3:]])


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"", "finer hints of 0 bytes"),
        (bytes([1, 2]), "finer hints of 2 bytes"),
        (bytes([3, 2, 1, 9]), "finer hints of wider 3, allowed 0 to 2"),
        (bytes([1, 4, 1, 9]), "finer hints of unit 4, allowed 0 to 3"),
        (bytes([1, 2, 0]), "finer hints of levels 0, allowed 1 to 4"),
        (bytes([1, 2, 5, 9, 9, 9, 9, 9]), "finer hints of levels 5, allowed 1 to 4"),
        (bytes([0, 2, 4, 9, 9, 9, 9]), "4 finer levels of an interval of 8"),
        (bytes([1, 2, 3, 9, 9]), r"steps \(9, 9\) of 3 finer levels, allowed 1 to 64"),
        (bytes([1, 2, 3, 9, 9, 65]), r"steps \(9, 9, 65\) of 3 finer levels, allowed 1 to 64"),
        (bytes([1, 2, 3, 9, 9, 0]), r"steps \(9, 9, 0\) of 3 finer levels, allowed 1 to 64"),
        (bytes([1, 2, 3, 9, 9, 9]), "colour grid: stream of 0 bytes"),
    ],
)
def test_bad_finer_hints_are_named(file: bytes, payload: bytes, named: str) -> None:
    header, sections = parts(file)
    assert [section.type for section in sections[1:3]] == [FINER.type, GRID.type]
    sections[1] = FINER.section(payload)
    with pytest.raises(DamagedError, match=named):
        codec.decode(header, sections)


def test_cut_finer_hints_are_refused(file: bytes) -> None:
    header, sections = parts(file)
    whole = sections[1].payload
    for payload in (*(whole[:end] for end in range(7, len(whole), 7)), whole + bytes(2)):
        sections[1] = FINER.section(payload)
        with pytest.raises(DamagedError, match="colour grid: "):
            codec.decode(header, sections)


def test_finer_hints_beyond_a_byte_are_refused(file: bytes) -> None:
    """A forged escape may name any symbol."""
    header, sections = parts(file)
    finer = read_color(sections, header).finer
    assert finer is not None
    for far in (-129, 128, 511):
        levels = [[plane.astype(np.int16) for plane in level] for level in finer.levels]
        levels[0][1][0, 0] = far
        forged = replace(finer, levels=tuple((co, cg) for co, cg in levels))
        hints = read_color(sections, header).hints
        sections[1] = FINER.section(finer_hints.encode(forged, hints))
        with pytest.raises(DamagedError, match=r"finer hints .* allowed \(-128, 127\)"):
            codec.decode(header, sections)
        sections[1] = FINER.section(finer_hints.encode(finer, hints))


def read_color(sections: list[Section], header: Header) -> ColorGrid:
    colour = crayon.read_grid(sections, header.size, color=True).colour
    assert colour is not None
    return colour


def test_hints_in_a_grey_picture_are_refused() -> None:
    header, sections = parts(save(noise("L", (9, 9))))
    sections[1] = Section(GRID.type, sections[1].payload + b"\0")
    with pytest.raises(DamagedError, match="1 bytes of hints in a picture without colour"):
        codec.decode(header, sections)


def test_wrong_networks_are_named(file: bytes) -> None:
    header, sections = parts(file)
    one = networks.REFERENCE.size
    for payload, error, named in (
        (sections[0].payload[:one], DamagedError, "1 networks named, allowed: tables, crayon"),
        (sections[0].payload[:one] * 2, DamagedError, "role tables, needed here: crayon"),
        (sections[0].payload[one:] * 2, DamagedError, "189 is for the role crayon, needed here"),
        (sections[0].payload[:one] + b"\x39\x30" + bytes(8), NetworkError, "network 12345"),
    ):
        named_networks = Section(NETWORKS.type, payload)
        with pytest.raises(error, match=named):
            codec.decode(header, [named_networks, *sections[1:]])


def test_two_luminances_are_refused(file: bytes) -> None:
    header, sections = parts(file)
    extra = Section(LUMINANCE.type, grid_luminance.encode(np.zeros((50, 60), np.int16), 50, 5))
    with pytest.raises(DamagedError, match="allowed: either"):
        codec.decode(header, [*sections[:-1], extra, sections[-1]])


def test_foreign_sections_are_refused(file: bytes) -> None:
    header, sections = parts(file)
    with pytest.raises(DamagedError, match=r"section CTIL where .* in a grid file of mode RGBA"):
        codec.decode(header, [*sections, Section(b"CTIL", b"")])
    with pytest.raises(DamagedError, match=r"section ALPH where .* in a grid file of mode RGB"):
        codec.decode(replace(header, mode="RGB"), sections)


# -- a file that was cut ---------------------------------------------------------------------------


def test_truncated_file_is_painted_from_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    image = photograph("coffee", 160, 120)
    data = save(image)
    shown = load(data[: len(data) * 3 // 4])
    first_tile = (0, 0, 56, 64)
    assert_luminance_is_exact(image.crop(first_tile), shown.crop(first_tile))
    assert psnr_db(shown, image) > 18


@pytest.mark.parametrize("quality", [50, 100])
def test_truncated_before_the_luminance_is_refused(
    quality: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = save(noise("RGB", (60, 50)), quality=quality)
    sizes = [container.SECTION.size + len(section.payload) for section in parts(data)[1]]
    behind_networks = container.HEADER_BYTES + sizes[0]
    for end, named in (
        (behind_networks, "no colour grid"),
        (behind_networks + sizes[1] - 1, "no colour grid"),
        (behind_networks + sizes[1], "no colour grid"),
        (behind_networks + sizes[1] + sizes[2] - 1, "no colour grid"),
        (behind_networks + sizes[1] + sizes[2], "no luminance"),
        (behind_networks + sizes[1] + sizes[2] + sizes[3] - 1, "no luminance"),
    ):
        with pytest.raises(TruncatedError, match=named):
            load(data[:end])


def test_a_lost_alpha_is_opaque(file: bytes) -> None:
    header, sections = parts(file)
    pixels = codec.decode(header, sections[:-1], partial=True)
    assert (pixels[..., 3] == 255).all()
    assert np.array_equal(pixels[..., :3], codec.decode(header, sections)[..., :3])


# -- memory ----------------------------------------------------------------------------------------


def test_regions_bound_the_memory() -> None:
    """What the network is shown at a time: at most 1536 x 1536 pixels, whatever the picture."""
    largest = max(
        region.seen.height * region.seen.width
        for side in (1500, 4000, 6000, 30_000)
        for region in paint.regions(side, side)
    )
    assert largest <= 1536**2


def test_pictures_without_noise_come_back() -> None:
    """Their luminance may have other networks than the effort's: those are named."""
    drawing = Image.linear_gradient("L").resize((120, 90)).point(lambda v: 64 + v // 2)
    drawing = drawing.convert("RGB")  # far from 0 and 255: nothing is cut
    drawing.paste((150, 110, 120), (20, 20, 70, 60))
    file = io.BytesIO()
    drawing.save(file, "CGX", mode="grid", n=8)
    with Image.open(file) as found:
        assert np.array_equal(
            ycocg.forward(np.asarray(found))[0], ycocg.forward(np.asarray(drawing))[0]
        )
