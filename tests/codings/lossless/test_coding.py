"""The lossless coding: exact everywhere, small, progressive, and never silently wrong."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFile

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import (
    coding as lossless,
    context,
    description,
    model as lossless_model,
    outputs,
    sections as lossless_sections,
)
from pillow_colorgrid.codings.lossless.account import account
from pillow_colorgrid.codings.lossless.adaptation import PASSES, Correction
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_planes, pack_adaptation
from pillow_colorgrid.codings.lossless.outputs import Seen
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW,
    TILE,
    Coded,
    code_interleaved,
    encode as encode_piece,
    tile_of,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.registry import named
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.color.ycocg import STRIP_ROWS
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy import compact
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.runtime import execution, networks, products
from tests.conftest import GOLDEN, MODELS, chosen, encoded, noise, photograph
from tests.format.plain_decoder import decode as decode_plainly
from tools.export import evaluate, frequencies

pytestmark = pytest.mark.usefixtures("streams_apart")

SIZES = [(1, 1), (2, 1), (1, 2), (3, 2), (7, 9), (8, 8), (9, 1), (1, 33), (64, 64), (65, 67)]
FIRST_RELEASE = sorted(GOLDEN.glob("lossless_*.cgx"))
QUICK, DEFAULT, SMALLEST = (Options(effort=effort) for effort in (1, 5, 9))


def pixels_of(image):
    return np.atleast_3d(np.asarray(image))


def pack(pixels, sections, coding="lossless", minor=1):
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    size = (pixels.shape[1], pixels.shape[0])
    checksum = container.pixel_checksum(pixels.tobytes())
    newest = max(named(coding).minor_version([s.type for s in sections]), minor)
    header = Header(named(coding).number, mode, size, checksum, newest)
    return container.pack(header, sections)


def opened(file):
    with Image.open(io.BytesIO(file)) as image:
        return pixels_of(image)


def adapted_at_random(seed=1):
    """Corrections for all passes: what no regression would find."""
    rng = np.random.default_rng(seed)
    features = predictor().model.features
    return {
        name: Correction(
            rng.integers(-9, 10, (len(one.corrected), features[name] + one.inputs + 1), np.int8),
            rng.integers(3, 9, len(one.corrected)).astype(np.uint8),
        )
        for name, one in PASSES.items()
    }


def predictor(options=DEFAULT, adaptation=None):
    found = lossless_model.model(lossless_model.MODELS_BY_EFFORT[options.effort])
    return Predictor(replace(found, adaptation=adaptation or {}))


def size_bytes(sections):
    return sum(len(section.payload) for section in sections)


# -- exactness ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_lossless_roundtrip(mode, size):
    for image in (photograph("coffee", *size).convert(mode), noise(mode, size)):
        pixels = pixels_of(image)
        assert np.array_equal(opened(pack(pixels, encoded(lossless, pixels, QUICK))), pixels)


@pytest.mark.parametrize("options", [DEFAULT, SMALLEST], ids=["default", "smallest"])
def test_adapted_roundtrip(options):
    pixels = pixels_of(photograph("astronaut", 270, 260))
    sections = encoded(lossless, pixels, options)
    assert any(section.type == description.ADAPTATION.type for section in sections)
    assert np.array_equal(opened(pack(pixels, sections)), pixels)


@pytest.mark.parametrize("size", [(100, 70), (33, 130)])
def test_tiles_are_independent(monkeypatch, size):
    monkeypatch.setattr(tiles, "MAX_EDGE", 32)
    pixels = pixels_of(photograph("coffee", *size))
    sections = encoded(lossless, pixels, QUICK)
    layout = tiles.tiles(size[1], size[0])
    assert sum(section.type == description.TILE.type for section in sections) == len(layout) > 4
    assert np.array_equal(opened(pack(pixels, sections)), pixels)
    last = tile_of(lossless.split(pixels), layout[-1])
    by_itself = encode_piece(last, TILE, predictor(QUICK))
    assert by_itself == Coded(*(section.payload for section in sections[-2:]))


def test_threads_agree(monkeypatch):
    pixels = pixels_of(photograph("coffee", 200, 150))
    files = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv(execution.THREADS_VARIABLE, threads)
        files.append(pack(pixels, encoded(lossless, pixels, QUICK)))
        assert all(np.array_equal(opened(file), pixels) for file in files)
    assert files[0] == files[1] == files[2]


def test_onnxruntime_agrees_with_int64(monkeypatch):
    """The same bytes, whether onnxruntime or plain numpy computes the networks."""
    adapted = replace(predictor().model, adaptation=adapted_at_random())
    graphs = {
        name: evaluate.load(MODELS / networks.index()[number].file)
        for name, number in adapted.networks.items()
    }

    def run(name, inputs):
        head = networks.head(networks.index()[adapted.networks[name]])
        planes = context.as_planes(inputs, head.inputs)
        features, _ = evaluate.run(graphs[name], {"inputs": planes})
        return Seen(head, features.transpose(0, 2, 3, 1), inputs.transpose(0, 1, 3, 2))

    planes = lossless.split(pixels_of(photograph("coffee", 50, 41)))
    by_onnxruntime = encode_planes(planes, Predictor(adapted))
    monkeypatch.setattr(outputs, "weighted", products.answer)
    assert by_onnxruntime == encode_planes(planes, Predictor(adapted, run=run))


def test_hidden_colour_is_kept():
    pixels = pixels_of(noise("RGBA", (24, 20))).copy()
    pixels[:, :12, 3] = 0
    assert np.array_equal(opened(pack(pixels, encoded(lossless, pixels, QUICK))), pixels)


def test_color_is_reversible():
    rgb = np.random.default_rng(1).integers(0, 256, (2 * STRIP_ROWS + 3, 64, 3), np.uint8)
    rgb[:2, :4] = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0]]])
    y, co, cg = ycocg.forward(rgb)
    assert y.min() >= 0
    assert y.max() <= 255
    assert np.abs([co, cg]).max() <= 255
    assert np.array_equal(ycocg.inverse(y, co, cg), rgb)


@pytest.mark.parametrize(
    ("piece", "size", "luminance", "color"),
    [
        (PREVIEW, (1, 1), 1, 1),
        (PREVIEW, (64, 96), 24, 12),
        (PREVIEW, (500, 750), 1464, 128),
        (TILE, (8, 8), 1, 1),
        (TILE, (512, 768), 128, 128),
        (TILE, (1024, 1024), 341, 128),
    ],
)
def test_lanes_of_the_first_releases_are_part_of_the_format(piece, size, luminance, color):
    plane = np.broadcast_to(np.int16(0), (1, *size))
    assert (piece.first_lanes(plane), piece.first_color_lanes(plane)) == (luminance, color)


@pytest.mark.parametrize("payload", [b"", b"\7", b"\5\5"])
def test_lanes_told_otherwise_are_refused(payload):
    pixels = pixels_of(photograph("coffee", 20, 20))
    sections = encoded(lossless, pixels, QUICK)
    assert sections[1] == Section(b"LLAN", b"\3")
    sections[1] = Section(b"LLAN", payload)
    header = Header(LOSSLESS.number, "RGB", (20, 20), bytes(8), 1)
    with pytest.raises(CgxError, match=r"lanes of .*, allowed 00 to 06"):
        codec.decode(header, sections)


def test_any_tail_can_be_read():
    """The encoder's form is what the file tells, whatever it is."""
    planes = lossless.split(pixels_of(photograph("coffee", 200, 160)))
    for shift in (0, 1, 6):
        form = compact.Form(2, shift)
        by = predictor()
        streams = encode_planes(planes, by.by(replace(by.model, form=form)))
        sections = [networks.pack_references([lossless_model.MIDDLE]), *streams.sections()]
        found = lossless.decode_planes(sections, (200, 160), lossless.COLOR)
        assert all(np.array_equal(a, b) for a, b in zip(found, planes, strict=True))


# -- the specification -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_plain_decoder_agrees(mode):
    pixels = pixels_of(photograph("coffee", 21, 18).convert(mode))
    planes, adaptation = lossless.split(pixels), adapted_at_random()
    sections = [
        networks.pack_references([lossless_model.MODELS_BY_EFFORT[5]]),
        *pack_adaptation(adaptation),
        *encode_planes(planes, predictor(adaptation=adaptation)).sections(),
    ]
    file = pack(pixels, sections)
    assert np.array_equal(decode_plainly(file), pixels)
    assert np.array_equal(opened(file), pixels)


@pytest.mark.parametrize("path", FIRST_RELEASE, ids=lambda path: path.stem)
def test_golden_files_decode(path):
    """Files of every released format, beside the pixels they hold."""
    with Image.open(path.with_suffix(".png")) as image:
        expected = pixels_of(image)
    assert np.array_equal(opened(path.read_bytes()), expected)
    if path.stem.endswith("small"):
        assert np.array_equal(decode_plainly(path.read_bytes()), expected)


def test_golden_files_are_there():
    assert len(FIRST_RELEASE) >= 3


# -- size -----------------------------------------------------------------------------------------


def test_rate_is_near_cross_entropy():
    """Within 0.5 % of what the tables promise: 0.3 % for the coder, 0.2 % for its lanes."""
    planes = lossless.split(pixels_of(photograph("astronaut")))
    counter = frequencies.Counter()
    code_interleaved(planes, TILE, predictor(), counter)
    table = predictor().model.frequencies.counts[: len(counter.counts)]
    ideal = frequencies.ideal_bits(counter.counts, table)
    coded = encode_piece(planes, TILE, predictor())
    assert 8 * len(coded.luminance + coded.color) < 1.005 * ideal


def test_effort_never_costs_bytes():
    pixels = pixels_of(photograph("astronaut", 320, 320))
    sizes = [size_bytes(encoded(lossless, pixels, o)) for o in (QUICK, DEFAULT, SMALLEST)]
    assert sizes[0] >= sizes[1] >= sizes[2]


def test_photographs_are_smaller_than_webp():
    for name in ("astronaut", "chelsea", "coffee"):
        image = photograph(name, 300, 300)
        webp = io.BytesIO()
        image.save(webp, "WEBP", lossless=True, quality=100)
        coding, sections = chosen(pixels_of(image), DEFAULT)
        assert coding == "lossless"
        assert size_bytes(sections) < len(webp.getvalue())


def test_a_constant_alpha_plane_costs_a_few_bytes():
    pixels = pixels_of(photograph("coffee", 60, 50))
    opaque = np.concatenate([pixels, np.full((50, 60, 1), 255, np.uint8)], axis=2)
    spent = size_bytes(encoded(lossless, opaque, QUICK)) - size_bytes(
        encoded(lossless, pixels, QUICK)
    )
    assert spent == 1


def drawings():
    """Pictures that are no photographs."""
    rng = np.random.default_rng(1)
    flat = np.full((90, 120, 3), 240, np.uint8)
    flat[20:40, 30:80] = (200, 30, 30)
    glyphs = rng.integers(0, 2, (8, 8)).astype(np.uint8) * 255
    text = np.tile(glyphs, (12, 15))[..., None]
    palette = rng.integers(0, 256, (4, 4), np.uint8)[rng.integers(0, 4, (80, 80))]
    ramp = np.linspace(0, 255, 128).astype(np.uint8)[None, :, None].repeat(64, 0).repeat(3, 2)
    one = np.zeros((1, 1, 3), np.uint8)
    return {"flat": flat, "text": text, "palette": palette, "ramp": ramp, "one": one}


@pytest.mark.parametrize("name", drawings())
def test_never_larger_than_webp(name):
    pixels = drawings()[name]
    webp = io.BytesIO()
    squeezed = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    Image.fromarray(squeezed).save(webp, "WEBP", lossless=True, exact=True, method=4)
    coding, sections = chosen(pixels, DEFAULT)
    file = pack(pixels, sections, coding)
    assert len(file) <= len(webp.getvalue()) + 64
    assert np.array_equal(opened(file), pixels)


def test_stored_roundtrip_of_long_pictures():
    """Too long for WebP."""
    pixels = np.arange(20_000 * 3, dtype=np.uint32).astype(np.uint8).reshape(1, 20_000, 3)
    assert np.array_equal(opened(pack(pixels, encoded(stored, pixels, DEFAULT), "stored")), pixels)


# -- luminance alone ------------------------------------------------------------------------------


@pytest.mark.parametrize("adaptation", [{}, adapted_at_random()], ids=["plain", "adapted"])
def test_luminance_is_that_of_a_grey_file(adaptation, monkeypatch):
    """Byte for byte: so it can be cut out of a colour file without decoding a pixel."""
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    planes = lossless.split(pixels_of(photograph("coffee", 120, 60)))
    names = networks.pack_references([lossless_model.MODELS_BY_EFFORT[DEFAULT.effort]])

    def file(planes, adaptation):
        streams = encode_planes(planes, predictor(adaptation=adaptation))
        return [names, *pack_adaptation(adaptation), *streams.sections()]

    cut_out = lossless.luminance_of(file(planes, adaptation))
    alone = {name: one for name, one in adaptation.items() if name.startswith("luminance")}
    assert cut_out == file(planes[:1], alone)
    for interval in (1, 2, 4, 8):
        found = lossless.decode_luminance(cut_out, (120, 60), interval)
        assert np.array_equal(found, planes[0][:, ::interval, ::interval])
    grey = planes[0][0, ..., None].astype(np.uint8)
    assert np.array_equal(opened(pack(grey, cut_out)), grey)


def test_luminance_can_be_encoded_alone():
    luminance = lossless.split(pixels_of(photograph("coffee", 70, 50)))[0]
    sections = lossless.encode_luminance(luminance, 5)
    assert np.array_equal(lossless.decode_luminance(sections, (70, 50)), luminance)


def test_luminance_of_the_first_release_cannot_be_cut_out():
    path = GOLDEN / "1.0-lossless-rgb-effort5.cgx"
    with path.open("rb") as file:
        container.read_header(file)
        sections = list(container.read_sections(file))
    with pytest.raises(CgxError, match="one stream"):
        lossless.luminance_of(sections)


# -- a picture before all pixels -------------------------------------------------------------------


@pytest.mark.parametrize("interval", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [(97, 66), (5, 3)])
def test_early_levels_are_exact(size, interval):
    pixels = pixels_of(photograph("coffee", *size))
    sections = encoded(lossless, pixels, QUICK)
    if interval == 8:  # the preview is enough: what tiles hold is not looked at
        tiles_of = (description.TILE.type, description.COLOR_TILE.type)
        sections = [Section(s.type, b"" if s.type in tiles_of else s.payload) for s in sections]
    planes = lossless.decode_planes(sections, size, lossless.COLOR, interval)
    assert np.array_equal(lossless.join(planes), pixels[::interval, ::interval])


def test_truncated_file_shows_the_whole_scene(monkeypatch):
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    pixels = pixels_of(photograph("coffee", 160, 120))
    file = pack(pixels, encoded(lossless, pixels, QUICK))
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    shown = opened(file[: len(file) // 2])
    assert np.array_equal(shown[:60, :40], pixels[:60, :40])
    assert np.array_equal(shown[::8, ::8], pixels[::8, ::8])


def test_a_tile_without_its_colour_counts_as_missing(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    pixels = pixels_of(photograph("coffee", 50, 40))
    file = pack(pixels, encoded(lossless, pixels, QUICK))
    shown = opened(file[: file.index(b"CTIL") + 20])
    assert np.array_equal(shown, pixels[::8, ::8].repeat(8, 0).repeat(8, 1)[:40, :50])


# -- damage ----------------------------------------------------------------------------------------


def test_damage_is_never_silent():
    """Damage behind the sections' own checksums: an error or the true pixels."""
    pixels = pixels_of(photograph("coffee", 40, 30))
    sections = encoded(lossless, pixels, QUICK)
    header = Header(LOSSLESS.number, "RGB", (40, 30), container.pixel_checksum(pixels.tobytes()), 1)
    rng = np.random.default_rng(1)
    for _ in range(150):
        number = int(rng.integers(0, len(sections)))
        payload = bytearray(sections[number].payload)
        payload[rng.integers(0, len(payload))] ^= 1 << int(rng.integers(0, 8))
        if rng.random() < 0.3:
            del payload[int(rng.integers(0, len(payload))) :]
        damaged = list(sections)
        damaged[number] = replace(sections[number], payload=bytes(payload))
        try:
            found = codec.decode(header, damaged)
        except CgxError:
            continue
        assert np.array_equal(found, pixels)


def decode_rgba(pixels, sections):
    size = pixels.shape[1::-1]
    header = Header(LOSSLESS.number, "RGBA", size, container.pixel_checksum(pixels.tobytes()), 1)
    return codec.decode(header, sections)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (b"NETS", "NETS"),
        (b"CPRE", "section CTIL where LTIL belongs"),
        (b"LPRE", "section LTIL where LPRE belongs"),
        (b"LTIL", "section CTIL where ATIL or LTIL or ALPH or the end belongs"),
        (b"CTIL", "section LTIL without CTIL behind it"),
        (b"ALPH", "ALPH"),
    ],
)
def test_a_missing_section_is_an_error(missing, told):
    pixels = pixels_of(photograph("coffee", 20, 20).convert("RGBA"))
    sections = encoded(lossless, pixels, QUICK)
    with pytest.raises(CgxError, match=told):
        decode_rgba(pixels, [s for s in sections if s.type != missing])
    with pytest.raises(CgxError):
        decode_rgba(pixels, [s for s in sections for _ in range(1 + (s.type == missing))])


def test_sections_in_another_order_are_an_error():
    pixels = pixels_of(photograph("coffee", 20, 20).convert("RGBA"))
    sections = encoded(lossless, pixels, QUICK)
    assert [s.type for s in sections] == [
        b"NETS", b"LLAN", b"CPRE", b"LPRE", b"LTIL", b"CTIL", b"ALPH"
    ]  # fmt: skip
    for first in range(1, 5):
        swapped = list(sections)
        swapped[first : first + 2] = sections[first + 1], sections[first]
        with pytest.raises(CgxError, match="belongs"):
            decode_rgba(pixels, swapped)


def test_colour_in_a_grey_file_is_an_error():
    pixels = pixels_of(photograph("coffee", 20, 20))
    sections = encoded(lossless, pixels, QUICK)
    header = Header(LOSSLESS.number, "L", (20, 20), bytes(8), 1)
    with pytest.raises(CgxError, match="section CPRE where"):
        codec.decode(header, sections)


# -- where the bytes went --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_account_adds_up(mode):
    pixels = pixels_of(photograph("coffee", 200, 150).convert(mode))
    sections = encoded(lossless, pixels, QUICK)
    bill = account(sections, (200, 150), pixels.shape[2])
    streams = [s for s in sections if s.type in lossless_sections.STREAMS]
    size = size_bytes(streams)
    assert set(bill) >= {"preview luminance", "luminance"}
    assert sum(bill.values()) == pytest.approx(size, rel=0.01)


def test_large_pictures_have_networks_of_their_own(monkeypatch):
    pixels = np.asarray(photograph("coffee", 300, 240))
    for large, numbers in (
        (True, lossless_model.LARGE_MODELS_BY_EFFORT),
        (False, lossless_model.MODELS_BY_EFFORT),
    ):
        monkeypatch.setattr(lossless, "LARGE_PIXELS", pixels[..., 0].size - large)
        for effort in (1, 5, 6):
            sections = encoded(lossless, pixels, Options(effort=effort, origin="none"))
            (named,) = networks.read_roles(sections[0].payload, ("tables",))
            assert named.id == numbers[effort]
        planes = lossless.decode_planes(sections, (300, 240), lossless.COLOR)
        assert np.array_equal(lossless.join(planes), pixels)
