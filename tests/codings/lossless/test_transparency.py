"""Alpha before colour, and hidden colour that no stream holds."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageFile

import pillow_colorgrid
from pillow_colorgrid import container
from pillow_colorgrid.CgxImagePlugin import encode as save
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.choosing import choice
from pillow_colorgrid.codings.lossless import account, coding as lossless, region, transparency
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.lossless.encoder import transparency as encoder
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_adapted
from pillow_colorgrid.codings.lossless.model import MODELS_BY_EFFORT, model
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.runtime import networks
from tests.format import forging
from tests.format.plain_decoder import decode as decode_plainly

MODES = {"LA": 1, "La": 1, "RGBA": 3, "RGBa": 3}
QUICK = Options(effort=1)


def colors(height, width, channels, seed=1):
    """A smooth picture with a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width))
    planes = [(2 * x + (k + 1) * y + rng.integers(0, 3, x.shape)) % 256 for k in range(channels)]
    return np.stack(planes, axis=-1).astype(np.uint8)


def disk(height, width, softness=6.0):
    """Opaque in the middle, transparent outside, soft between."""
    y, x = np.indices((height, width))
    away = np.hypot(y - height / 2, x - width / 2)
    return np.clip((min(height, width) / 2.5 - away) * 128 / softness + 128, 0, 255).astype(
        np.uint8
    )


def rough_disk():
    """A rough edge: which pixels are soft is best told apart from how soft they are."""
    plane = disk(120, 140, 3)
    soft = (plane > 0) & (plane < 255)
    rough = plane + np.random.default_rng(4).normal(0, 3, plane.shape)
    return np.where(soft, np.clip(rough, 1, 254), plane).astype(np.uint8)


def veiled(mode, plane, hidden=(9, 8, 7)):
    """A smooth picture under alpha (H, W); what is hidden has one colour, if it is given."""
    pixels = np.dstack([colors(*plane.shape, MODES[mode]), plane])
    if hidden is not None:
        pixels[plane == 0, :-1] = hidden[: MODES[mode]]
    return pixels


def encoded(pixels, mode, options=QUICK):
    """Header and sections."""
    found = lossless.encode(Picture(pixels, mode), options).sections
    return header_of(pixels, mode, found), found


def types(sections):
    return {section.type.decode() for section in sections}


PLANES = {
    "soft": disk(60, 70),
    "softer": disk(60, 70, 40),
    "hard": np.where(disk(60, 70) > 127, 255, 0).astype(np.uint8),
    "nothing": np.zeros((60, 70), np.uint8),
    "veil": np.full((60, 70), 77, np.uint8),
    "noise": np.random.default_rng(5).integers(0, 256, (60, 70)).astype(np.uint8),
}
ONE_PIXEL = np.zeros((60, 70), np.uint8)
ONE_PIXEL[31, 44] = 200
PLANES["one pixel"] = ONE_PIXEL


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("mode", MODES)
def test_roundtrip_drafts_and_regions(mode, name):
    pixels = veiled(mode, PLANES[name])
    header, sections = encoded(pixels, mode)
    assert header.minor == 1 or "ALPH" in types(sections)
    assert np.array_equal(lossless.decode(header, sections), pixels)
    for interval in (2, 4, 8):
        draft = lossless.decode(header, sections, interval=interval)
        assert np.array_equal(draft, pixels[::interval, ::interval])
    box = Tile(11, 23, 30, 31)
    assert np.array_equal(region.decode(header, sections, box), pixels[box.place])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_hidden_colours_come_back(data):
    """Of any size, whatever is hidden under whatever alpha."""
    mode = data.draw(st.sampled_from(sorted(MODES)))
    height, width = (data.draw(st.integers(1, 40)) for _ in range(2))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    levels = data.draw(st.sampled_from([[0], [0, 255], [0, 1, 2, 255], list(range(256))]))
    plane = rng.choice(levels, (height, width)).astype(np.uint8)
    if data.draw(st.booleans()):
        plane[: height // 2] = 0
    pixels = veiled(mode, plane, data.draw(st.sampled_from([None, (0, 0, 0), (255, 254, 3)])))
    others = rng.random(plane.shape) < data.draw(st.sampled_from([0, 0.02, 0.5]))
    pixels[others & (plane == 0), 0] += 1
    header, sections = encoded(pixels, mode)
    assert np.array_equal(lossless.decode(header, sections), pixels)


@pytest.mark.parametrize("effort", [1, 5])
@pytest.mark.parametrize("mode", MODES)
def test_plain_decoder_agrees(mode, effort):
    """On streams that hold soft pixels, given ones, a hidden colour, and others."""
    plane = disk(26, 37, 12)
    pixels = veiled(mode, plane)
    for sections in every_way(pixels, mode, effort):
        file = container.pack(header_of(pixels, mode, sections), sections)
        assert np.array_equal(decode_plainly(file), pixels)
        with Image.open(BytesIO(file)) as image:
            assert image.mode == mode
            assert image.tobytes() == pixels.tobytes()


def header_of(pixels, mode, sections):
    minor = LOSSLESS.minor_version([section.type for section in sections])
    checksum = container.pixel_checksum(pixels.tobytes())
    return Header(LOSSLESS.number, mode, pixels.shape[1::-1], checksum, minor)


def every_way(pixels, mode, effort):
    """The sections of a picture for each way to tell its alpha and its hidden colour."""
    number = MODELS_BY_EFFORT[effort]
    predictor = Predictor(model(number))
    planes, told = lossless.planes_of(pixels[..., :-1])
    plane = np.ascontiguousarray(pixels[..., -1])
    color = pixels[plane == 0][0, :-1]
    others = (plane == 0) & (np.indices(plane.shape)[1] < 12)
    hidden = [
        None,
        transparency.Hidden(color),
        transparency.Hidden(color, others),
        transparency.Hidden(None, picture=np.ascontiguousarray(pixels[..., :-1])),
    ]
    ways = encoder.ways(plane, predictor, effort)
    assert [types(way) & {"AINN", "APRE"} for way in ways] == [{"AINN"}, {"AINN", "APRE"}, {"APRE"}]
    for way, one in zip([*ways, ways[0]], hidden, strict=True):
        alpha_first = encoder.told(way, one, plane)
        coded = encode_adapted(planes, predictor, effort, held=alpha_first.held)
        yield [networks.pack_references([number]), *told, *alpha_first.around(coded)]


def test_hidden_pixels_cost_nothing():
    """However large the transparent part is, and whatever its colour."""
    plane = np.zeros((200, 300), np.uint8)
    plane[:60, :60] = disk(60, 60)
    size = {}
    for name, pixels in (
        ("alone", veiled("RGBA", plane[:64, :64])),
        ("much around", veiled("RGBA", plane)),
    ):
        _, sections = encoded(pixels, "RGBA", Options(effort=5))
        size[name] = sum(len(s.payload) for s in sections if s.type in (b"LTIL", b"CTIL"))
    assert size["much around"] < size["alone"] + 16


def test_a_tile_that_is_hidden_has_empty_streams():
    plane = np.zeros((40, 1100), np.uint8)
    plane[5:30, 5:30] = 255
    pixels = veiled("RGBA", plane)
    header, sections = encoded(pixels, "RGBA")
    assert [len(s.payload) for s in sections if s.type in (b"LTIL", b"CTIL")][2:] == [0, 0]
    assert np.array_equal(lossless.decode(header, sections), pixels)


@pytest.mark.usefixtures("streams_apart")
def test_opaque_pictures_are_as_before():
    pixels = veiled("RGBA", np.full((20, 30), 255, np.uint8))
    _, sections = encoded(pixels, "RGBA")
    assert sections[-1] == Section(b"ALPH", b"\xff")


@pytest.mark.usefixtures("streams_apart")
def test_luminance_that_trim_can_copy():
    pixels = veiled("RGBA", disk(40, 50))
    _, sections = encoded(pixels, "RGBA", Options(effort=1, origin="none"))
    assert types(sections) == {"NETS", "LLAN", "CPRE", "LPRE", "LTIL", "CTIL", "ALPH"}


def test_trim_takes_files_whose_alpha_comes_first(tmp_path):
    pixels = veiled("RGBA", disk(40, 50, 20))
    file = container.pack(*encoded(pixels, "RGBA"))
    target = BytesIO()
    pillow_colorgrid.trim(BytesIO(file), target)
    with Image.open(target) as image:
        assert np.array_equal(np.asarray(image)[..., 3], pixels[..., 3])


def test_account_tells_of_held_pixels_only():
    plane = disk(64, 64)
    pixels = veiled("RGBA", plane)
    header, sections = encoded(pixels, "RGBA")
    found = account.examine(sections, header.size, 3)
    assert not found.bits[:, plane == 0].any()
    assert found.bits[:, plane > 0].all(axis=0).any()


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_cut_file_shows_what_is_there(monkeypatch, cut):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    plane = np.hstack([disk(200, 1100)[:, :700], np.full((200, 700), 90, np.uint8)])
    pixels = veiled("RGBA", plane)
    header, sections = encoded(pixels, "RGBA")
    file = container.pack(header, sections)
    assert sum(s.type == b"LTIL" for s in sections) == 2
    with Image.open(BytesIO(file[: int(cut * len(file))])) as image:
        image.load()
        shown = np.asarray(image)
    assert shown.shape == pixels.shape
    if cut > 0.9:
        assert np.array_equal(shown[:, :700], pixels[:, :700])


def with_payload(sections, kind, payload):
    return [Section(s.type, payload) if s.type == kind else s for s in sections]


@pytest.mark.parametrize(
    ("kind", "payload", "message"),
    [
        (b"LHID", b"", "hidden colour of 0 bytes"),
        (b"LHID", b"\0\1\2", "hidden colour of 3 bytes"),
        (b"LHID", b"\0\1\2\3\4", "hidden colour of 5 bytes"),
        (b"LHID", b"\1\1\2\3", "hidden colour of 4 bytes"),
        (b"LHID", b"\3\1\2\3", "kind 03"),
        (b"LHID", b"\2\x07", "inner codec 07"),
        (b"LTIL", b"", "stream of 0 bytes"),
        (b"LTIL", bytes(9) + b"\xf0\0", "for 1 lanes"),
        (b"ATIL", b"", "stream of 0 bytes"),
        (b"AADP", b"x", "adaptation damaged"),
        (b"AINN", b"\x07\1", "inner codec 07"),
    ],
)
def test_damage_is_told(kind, payload, message):
    pixels = veiled("RGBA", rough_disk())
    header, sections = encoded(pixels, "RGBA")
    if kind == b"AADP":
        at = [s.type for s in sections].index(b"APRE")
        sections = [*sections[:at], Section(b"AADP", b""), *sections[at:]]
    assert kind in {s.type for s in sections}
    file = container.pack(header, with_payload(sections, kind, payload))
    with Image.open(BytesIO(file)) as image, pytest.raises(CgxError, match=message):
        image.load()


def test_contradictions_are_refused():
    pixels = veiled("RGBA", rough_disk())
    header, sections = encoded(pixels, "RGBA")
    assert {"AINN", "LHID", "APRE", "ATIL"} <= types(sections)
    both = [*sections, Section(b"ALPH", b"\xff")]
    without_preview = [s for s in sections if s.type != b"APRE"]
    without_tile = [s for s in sections if s.type != b"ATIL"]
    nothing = [s for s in sections if s.type not in (b"AINN", b"APRE", b"ATIL", b"LHID")]
    hidden_alone = [s for s in sections if s.type not in (b"AINN", b"APRE", b"ATIL")]
    for wrong in (both, without_preview, without_tile, nothing, hidden_alone):
        with pytest.raises(CgxError):
            lossless.decode(header, wrong)


def test_bytes_where_nothing_is_held_are_refused():
    plane = np.zeros((40, 1100), np.uint8)
    plane[5:30, 5:30] = 255
    header, sections = encoded(veiled("RGBA", plane), "RGBA")
    last = max(n for n, s in enumerate(sections) if s.type == b"CTIL")
    sections[last] = Section(b"CTIL", bytes(10))
    with pytest.raises(DamagedError, match="no pixels"):
        lossless.decode(header, sections)


def test_each_flipped_bit_is_an_error():
    """With repaired CRCs: never wrong pixels."""
    pixels = veiled("RGBA", disk(24, 30, 12))
    file = container.pack(*encoded(pixels, "RGBA"))
    header, sections = forging.read(file)
    rng = np.random.default_rng(2)
    for _ in range(150):
        number = int(rng.integers(len(sections)))
        payload = bytearray(sections[number].payload)
        if not payload:
            continue
        payload[int(rng.integers(len(payload)))] ^= 1 << int(rng.integers(8))
        changed = [*sections]
        changed[number] = Section(sections[number].type, bytes(payload))
        with Image.open(BytesIO(container.pack(header, changed))) as image:
            try:
                image.load()
            except OSError:
                continue
            assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("mode", MODES)
def test_save_chooses_what_is_smaller(mode):
    noisy = np.random.default_rng(3).normal(0, 6, (120, 160, MODES[mode]))
    pixels = veiled(mode, disk(120, 160))
    pixels[..., :-1] = np.clip(colors(120, 160, MODES[mode]) // 2 + 60 + noisy, 0, 255)
    chosen, _ = choice.encode(Picture(pixels, mode), QUICK)
    assert chosen is LOSSLESS
    image = Image.frombytes(mode, (160, 120), pixels.tobytes())
    with Image.open(BytesIO(save(image, effort=1))) as opened:
        assert opened.tobytes() == image.tobytes()
