"""Origins: found where there is one, undone to the very pixel, and never a wrong pixel."""

import io
from dataclasses import replace

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageFile

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import account as lossless_account, coding as lossless, model
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_planes
from pillow_colorgrid.codings.lossless.encoder.origin import recognise
from pillow_colorgrid.codings.lossless.encoder.origin_search import find
from pillow_colorgrid.codings.lossless.origin import Rendering, pack, unpack
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.color import renderings
from pillow_colorgrid.color.renderings import ORIGINS, Jpeg, PhotoCD, render
from pillow_colorgrid.commands.info import facts
from pillow_colorgrid.commands.layers import layers_of
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.runtime import networks
from tests.conftest import PHOTOGRAPHS, encoded, noise, photograph
from tests.format.plain_decoder import decode as decode_plainly
from tools.data import origin_survey

pytestmark = pytest.mark.usefixtures("streams_apart")

QUICK = Options(effort=1)
WITHOUT_ORIGIN = (100, 101, 100)
NO_POSITIONS, NO_COLORS = np.zeros(0, np.int64), np.zeros((0, 3), np.uint8)
SEEDS = st.integers(0, 2**32 - 1)
BOTH = pytest.mark.parametrize("origin", ORIGINS, ids=["jpeg", "photo-cd"])


def jpeg_of(image, quality=90, subsampling=0):
    """`image` as a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file


def through_jpeg(image, quality=90, subsampling=0):
    with Image.open(jpeg_of(image, quality, subsampling)) as opened:
        return np.asarray(opened)


def planes_like(origin, image):
    """Planes that could be those of `image`, in the ranges of `origin`: (h, w) each."""
    y, c1, c2 = np.moveaxis(np.asarray(image.convert("YCbCr")), 2, 0).astype(np.int16)
    return [y // 2 + 40, (c1 - 128) // 2, (c2 - 128) // 2]


def rendered(origin, planes):
    return Rendering(origin, NO_POSITIONS, NO_COLORS).join(planes, planes[0].shape[1])


def file_of(pixels, sections, mode=None):
    height, width, channels = pixels.shape
    mode = mode or {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    checksum = container.pixel_checksum(pixels.tobytes())
    return container.pack(Header(LOSSLESS.number, mode, (width, height), checksum, 1), sections)


def opened(file):
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image)


def types_of(sections):
    return {section.type for section in sections}


def size_bytes(sections):
    return sum(len(section.payload) for section in sections)


# -- rendering and its way back -------------------------------------------------------------------


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("quality", [60, 98])
def test_jpeg_is_rendered_as_libjpeg_does(quality, subsampling):
    file = jpeg_of(noise("RGB", (96, 64)), quality, subsampling)
    with Image.open(file) as rgb, Image.open(file) as ycbcr:
        ycbcr.draft("YCbCr", ycbcr.size)
        assert ycbcr.mode == "YCbCr"
        y, cb, cr = np.moveaxis(np.asarray(ycbcr), 2, 0).astype(np.int32)
        channels = render(Jpeg(), (y, cb - 128, cr - 128))
        assert np.array_equal(np.stack(channels, 2), np.asarray(rgb))


@pytest.mark.parametrize(
    ("triple", "rgb"),
    [((100, 10, -20), (99, 150, 158)), ((0, -156, -137), (0, 194, 0)), ((188, 0, 0), (255,) * 3)],
)
def test_photo_cd_is_rendered_by_the_formula(triple, rgb):
    planes = tuple(np.array([[value]], np.int32) for value in triple)
    assert tuple(int(channel[0, 0]) for channel in render(PhotoCD(), planes)) == rgb


@BOTH
@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_colours_that_are_not_cut_have_one_origin_and_it_is_found(origin, seed):
    rng = np.random.default_rng(seed)
    zeros = np.array((0, *origin.zeros), np.int16)[:, None, None]
    planes = rng.integers(0, 256, (3, 40, 50)).astype(np.int16) - zeros
    rgb = rendered(origin, planes)
    found = find(origin, rgb, rgb.size)
    whole = ((rgb > 0) & (rgb < 255)).all(2)
    assert whole.any()
    for plane, true in zip(found.planes, planes, strict=True):
        assert np.array_equal(plane[whole], true[whole])
    right = np.ones(rgb.shape[:2], bool)
    right.reshape(-1)[found.missing] = False
    assert right[whole].all()
    assert np.array_equal(rendered(origin, found.planes)[right], rgb[right])
    for plane, zero in zip(found.planes, zeros.reshape(-1), strict=True):
        assert plane.min() >= -zero
        assert plane.max() <= 255 - zero


@BOTH
@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(30, 80), st.integers(30, 80))
def test_noise_out_of_an_origin_is_recognised(origin, seed, height, width):
    rng = np.random.default_rng(seed)
    planes = [
        rng.integers(low, high, (height, width)).astype(np.int16)
        for low, high in ((60, 120), (-20, 20), (-20, 20))
    ]
    rgb = rendered(origin, planes)
    rendering, found = recognise(rgb)
    assert rendering.origin is origin
    assert not rendering.positions.size
    assert all(np.array_equal(a[0], b) for a, b in zip(found, planes, strict=True))
    assert np.array_equal(rendering.join([plane[0] for plane in found], width), rgb)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0, 0.03), st.sampled_from(ORIGINS))
def test_whatever_is_recognised_comes_back(seed, share, origin):
    """Some pixels overwritten, cut colours among them: an origin or none, but never wrong."""
    rng = np.random.default_rng(seed)
    planes = [
        rng.integers(low, high, (50, 60)).astype(np.int16)
        for low, high in ((0, 256), (-30, 30), (-30, 30))
    ]
    rgb = rendered(origin, planes)
    other = rng.random((50, 60)) < share
    rgb[other] = rng.integers(0, 256, (np.count_nonzero(other), 3))
    found = recognise(rgb)
    if found is not None:
        rendering, planes = found
        again = unpack(pack(rendering), 3000)
        assert again.origin is rendering.origin
        assert np.array_equal(again.join([plane[0] for plane in planes], 60), rgb)


def test_nothing_is_recognised_where_nothing_is():
    assert recognise(np.asarray(noise("RGB", (90, 80)))) is None
    assert recognise(np.asarray(photograph("astronaut", 200, 200))) is None
    assert recognise(np.asarray(noise("L", (90, 80)).convert("RGB"))) is None


def test_small_pictures_tell_too_little():
    """Better no origin than a wrong one."""
    pixels = through_jpeg(photograph("coffee", 20, 20))
    assert recognise(pixels) is None
    rendering, _ = recognise(np.tile(pixels, (2, 2, 1)))
    assert rendering.origin.number == 1


def test_probe_meets_all_columns():
    """Equal steps of 4 pixels would meet cut ones only, which tell nothing."""
    pixels = through_jpeg(photograph("coffee", 256, 256)).copy()
    pixels[:, ::4] = 255
    rendering, _ = recognise(pixels)
    assert rendering.origin.number == 1


@BOTH
def test_strips_change_nothing(origin, monkeypatch):
    rgb = rendered(origin, planes_like(origin, photograph("coffee", 61, 53)))
    rgb[::9, ::7] = WITHOUT_ORIGIN
    rgb[5:30, 5:30] = np.asarray(noise("RGB", (25, 25))) | 192
    whole = find(origin, rgb, rgb.size)
    painted = rendered(origin, whole.planes)
    monkeypatch.setattr(renderings, "STRIP_PIXELS", 200)
    cut = find(origin, rgb, rgb.size)
    assert np.array_equal(cut.missing, whole.missing)
    assert (np.diff(whole.missing) > 0).all()
    assert all(np.array_equal(a, b) for a, b in zip(cut.planes, whole.planes, strict=True))
    assert np.array_equal(rendered(origin, cut.planes), painted)


# -- whole pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize("subsampling", [0, 2], ids=["4:4:4", "4:2:0"])
@pytest.mark.parametrize("quality", [60, 85, 98])
def test_a_picture_out_of_a_jpeg_file(quality, subsampling):
    pixels = through_jpeg(photograph("coffee", 170, 130), quality, subsampling)
    sections = encoded(lossless, pixels, QUICK)
    assert next(s for s in sections if s.type == b"LORG").payload[0] == 1
    assert np.array_equal(opened(file_of(pixels, sections)), pixels)
    plain = encoded(lossless, pixels, replace(QUICK, origin="none"))
    assert b"LORG" not in types_of(plain)
    assert size_bytes(sections) < 0.93 * size_bytes(plain)


def test_photo_cd_costs_a_third_less():
    pixels = rendered(PhotoCD(), planes_like(PhotoCD(), photograph("coffee", 170, 130)))
    sections = encoded(lossless, pixels, QUICK)
    assert next(s for s in sections if s.type == b"LORG").payload == b"\2"
    assert np.array_equal(opened(file_of(pixels, sections)), pixels)
    plain = encoded(lossless, pixels, replace(QUICK, origin="none"))
    assert size_bytes(sections) < 0.75 * size_bytes(plain)


@pytest.mark.parametrize("name", ["rocket", "retina", "hubble_deep_field"])
def test_photographs_of_jpeg_files(name):
    with Image.open(PHOTOGRAPHS / f"{name}.jpg") as image:
        pixels = np.asarray(image.crop((250, 150, 450, 280)))
        whole = np.asarray(image)
    sections = encoded(lossless, pixels, QUICK)
    assert b"LORG" in types_of(sections)
    assert np.array_equal(opened(file_of(pixels, sections)), pixels)
    rendering, planes = recognise(whole)
    assert np.array_equal(rendering.join([p[0] for p in planes], whole.shape[1]), whole)


def test_saturated_colours_have_an_origin():
    """Beyond 0 and 255, where many triples render to the same colour."""
    image = photograph("coffee", 200, 160)
    vivid = np.clip((np.asarray(image).astype(np.int16) - 128) * 3 + 128, 0, 255).astype(np.uint8)
    pixels = through_jpeg(Image.fromarray(vivid), 80, 2)
    assert ((pixels == 0) | (pixels == 255)).any(2).mean() > 0.3
    rendering, planes = recognise(pixels)
    assert rendering.positions.size < 0.002 * pixels.size
    assert np.array_equal(rendering.join([plane[0] for plane in planes], 200), pixels)


@pytest.mark.parametrize(("share", "kept"), [(0.005, True), (0.05, False)])
def test_pixels_painted_over(share, kept):
    pixels = through_jpeg(photograph("coffee", 150, 110)).copy()
    count = int(share * 150 * 110)
    places = np.random.default_rng(1).choice(150 * 110, count, replace=False)
    places[:2] = 0, 150 * 110 - 1
    pixels.reshape(-1, 3)[places] = WITHOUT_ORIGIN
    sections = encoded(lossless, pixels, QUICK)
    assert (b"LORG" in types_of(sections)) == kept
    assert np.array_equal(opened(file_of(pixels, sections)), pixels)


def test_alpha_and_hidden_colour_are_kept():
    colour = through_jpeg(photograph("coffee", 120, 90))
    alpha = np.asarray(Image.linear_gradient("L").resize((120, 90)))[..., None]
    pixels = np.concatenate([colour, np.where(alpha < 50, 0, alpha)], 2)
    sections = encoded(lossless, pixels, QUICK)
    assert {b"LORG", b"ALPH"} <= types_of(sections)
    assert np.array_equal(opened(file_of(pixels, sections)), pixels)


def overwritten(width=160, height=120):
    """A picture out of a JPEG file with a few exceptions, also at its ends."""
    pixels = through_jpeg(photograph("coffee", width, height)).copy()
    pixels[[0, 8, 16, 21, -1], [0, 8, 40, 33, -1]] = WITHOUT_ORIGIN
    return pixels


@pytest.mark.parametrize("interval", [2, 4, 8])
def test_drafts_are_exact(interval):
    pixels = overwritten()
    file = file_of(pixels, encoded(lossless, pixels, QUICK))
    with Image.open(io.BytesIO(file)) as image:
        image.draft(None, (160 // interval, 120 // interval))
        assert np.array_equal(np.asarray(image), pixels[::interval, ::interval])


def test_a_cut_file_shows_what_is_there(monkeypatch):
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    pixels = overwritten()
    file = file_of(pixels, encoded(lossless, pixels, QUICK))
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    shown = opened(file[: len(file) // 2])
    assert np.array_equal(shown[:60, :40], pixels[:60, :40])
    assert np.array_equal(shown[::8, ::8], pixels[::8, ::8])
    assert not np.array_equal(shown, pixels)


@BOTH
def test_plain_decoder_agrees(origin):
    planes = [p[None] for p in planes_like(origin, photograph("coffee", 21, 18))]
    positions = np.array([0, 1, 100, 21 * 18 - 1])
    colors = np.arange(12, dtype=np.uint8).reshape(4, 3)
    rendering = Rendering(origin, positions, colors)
    pixels = rendering.join([plane[0] for plane in planes], 21)
    sections = [
        networks.pack_references([model.SMALL]),
        Section(b"LORG", pack(rendering)),
        *encode_planes(planes, Predictor(model.model(model.SMALL))).sections(),
    ]
    file = file_of(pixels, sections)
    assert np.array_equal(decode_plainly(file), pixels)
    assert np.array_equal(opened(file), pixels)


# -- the section, and its damage ------------------------------------------------------------------


def test_known_payload():
    assert pack(Rendering(PhotoCD(), NO_POSITIONS, NO_COLORS)) == b"\2"
    colors = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    payload = pack(Rendering(Jpeg(), np.array([3, 300]), colors))
    assert payload[0] == 1
    inner = zstandard.ZstdDecompressor().decompress(payload[1:], allow_extra_data=False)
    assert inner == bytes.fromhex("03000000 29010000 010203 040506")


def frame(raw, **settings):
    return b"\1" + zstandard.ZstdCompressor(**settings).compress(raw)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"", "origin missing, allowed"),
        (b"\0", "origin 0, allowed"),
        (b"\3", "origin 3, allowed"),
        (b"\1\0", "damaged|bytes"),
        (b"\1no zstd at all", "damaged"),
        (frame(b""), "exceptions of 0 bytes"),
        (frame(bytes(8)), "exceptions of 8 bytes"),
        (frame(bytes(7), write_content_size=False), "exceptions of -1 bytes"),
        (frame(bytes(7 * 8)), "allowed 7 each for 1 to 7"),
        (frame(bytes(7))[:-1], "damaged"),
        (frame(bytes(7)) + b"x", "damaged"),
        (frame(bytes(7)) * 2, "damaged"),
        (frame(bytes(14)), "two exceptions at one pixel"),
        (frame(b"\x64\0\0\0\1\2\3"), "exception at pixel 100, the picture has 100"),
        (frame(b"\xff\xff\xff\xff" * 2 + bytes(6)), "exception at pixel 8589934590"),
        # states 2**60 bytes: refused before memory is set aside
        (b"\1" + bytes.fromhex("28b52ffde0") + (2**60).to_bytes(8, "little"), "exceptions of"),
    ],
)
def test_a_bad_section_is_an_error(payload, told):
    with pytest.raises(DamagedError, match=told):
        unpack(payload, 100)


@given(st.binary(max_size=60), st.integers(1, 2000))
def test_any_bytes_are_an_error_or_a_rendering(data, pixels):
    for payload in (data, frame(data), b"\1" + data):
        try:
            rendering = unpack(payload, pixels)
        except DamagedError:
            continue
        assert (rendering.positions < pixels).all()
        assert (np.diff(rendering.positions) > 0).all()
        assert len(rendering.positions) == len(rendering.colors)


def test_damage_is_never_silent():
    """Behind the sections' own checksums: an error or the true pixels."""
    pixels = overwritten(60, 50)
    sections = encoded(lossless, pixels, QUICK)
    number = [section.type for section in sections].index(b"LORG")
    header = Header(LOSSLESS.number, "RGB", (60, 50), container.pixel_checksum(pixels.tobytes()), 1)
    rng = np.random.default_rng(1)
    errors = 0
    for _ in range(60):
        payload = bytearray(sections[number].payload)
        payload[rng.integers(0, len(payload))] ^= 1 << int(rng.integers(0, 8))
        if rng.random() < 0.3:
            del payload[int(rng.integers(0, len(payload))) :]
        damaged = [*sections]
        damaged[number] = Section(b"LORG", bytes(payload))
        try:
            found = codec.decode(header, damaged)
        except CgxError:
            errors += 1
            continue
        assert np.array_equal(found, pixels)
    assert errors > 50


def test_planes_beyond_their_range_do_not_wrap():
    """Of a damaged stream; the checksum refuses the picture."""
    planes = [np.array([[-32768, 32767]], np.int16)] * 3
    for origin in ORIGINS:
        low, high = (np.array([[end]], np.int16) for end in (-256, 256))
        ends = [np.concatenate([low, high], 1)] * 3
        assert np.array_equal(rendered(origin, planes), rendered(origin, ends))


def test_where_an_origin_cannot_be():
    pixels = overwritten(60, 50)
    sections = encoded(lossless, pixels, QUICK)
    checksum = container.pixel_checksum(pixels.tobytes())
    header = Header(LOSSLESS.number, "RGB", (60, 50), checksum, 1)
    clipping = Section(b"LCLP", bytes(6))
    with pytest.raises(DamagedError, match="LCLP and LORG"):
        codec.decode(header, [*sections[:2], clipping, *sections[2:]])
    with pytest.raises(DamagedError, match="section LORG where"):
        codec.decode(header, [*sections[:2], *sections[1:]])
    grey = encoded(lossless, pixels[..., :1], QUICK)
    with pytest.raises(DamagedError, match=r"section LORG where .* of mode L"):
        codec.decode(replace(header, mode="L"), [grey[0], sections[1], *grey[1:]])


# -- what else looks into files -------------------------------------------------------------------


def test_account_names_the_planes_of_the_origin(tmp_path):
    pixels = overwritten(100, 80)
    sections = encoded(lossless, pixels, QUICK)
    account = lossless_account.examine(sections, (100, 80), 3)
    assert list(account.bits_per_plane()) == ["luminance", "Cb", "Cr"]
    streams = sum(len(s.payload) for s in sections if s.type[:1] in b"LC" and s.type != b"LORG")
    assert account.bits.sum() / 8 == pytest.approx(streams, rel=0.02)
    path = tmp_path / "jpeg.cgx"
    path.write_bytes(file_of(pixels, sections))
    assert facts(path).spent["origin"] == len(sections[1].payload)
    assert sum(facts(path).spent.values()) == path.stat().st_size


def test_inspection_paints_by_the_origin():
    pixels = overwritten(100, 80)
    sections = encoded(lossless, pixels, QUICK)
    header = Header(
        LOSSLESS.number, "RGB", (100, 80), container.pixel_checksum(pixels.tobytes()), 1
    )
    shown = layers_of(Image.fromarray(pixels), header, sections, 10**6)
    assert "origin" in shown.spent
    painted = next(layer.image for layer in shown.layers if layer.name == "prediction")
    away = np.abs(np.asarray(painted).astype(int) - pixels).mean()
    assert away < 8
    assert any(layer.caption.startswith("Cb as red") for layer in shown.layers)


def test_luminance_of_an_origin_is_not_taken_for_that_of_a_grid_file():
    sections = encoded(lossless, overwritten(60, 50), QUICK)
    with pytest.raises(DamagedError, match="its origin"):
        lossless.luminance_of(sections)


def test_survey_counts(tmp_path):
    Image.fromarray(through_jpeg(photograph("coffee", 90, 70))).save(tmp_path / "a.png")
    Image.fromarray(overwritten(90, 70)).save(tmp_path / "b.png")
    photograph("astronaut", 90, 70).save(tmp_path / "c.png")
    photograph("coffee", 90, 70).convert("L").save(tmp_path / "d.png")
    row = origin_survey.survey(tmp_path)
    assert [row[name] for name in ("pictures", "coloured", "Jpeg", "PhotoCD")] == [4, 3, 2, 0]
    assert row["exceptions_ppm"] == round(5 / (2 * 90 * 70) * 1e6, 1)
    assert row["largest_exceptions_ppm"] == round(5 / (90 * 70) * 1e6, 1)
