"""Channels in place of Y, Co, Cg: chosen where they are shorter, exact, refused where damaged."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFile

from pillow_colorgrid import codec, container, trimming
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import account, coding as lossless, colors, model
from pillow_colorgrid.codings.lossless.description import CHANNELS as SECTION, LOSSLESS, Options
from pillow_colorgrid.codings.lossless.encoder.channels import SAMPLE_PIXELS, choose
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_planes
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.color.channels import CHANNELS
from pillow_colorgrid.commands.info import facts
from pillow_colorgrid.commands.layers import layers_of
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.runtime import networks
from tests.conftest import encoded, photograph
from tests.format.plain_decoder import decode as decode_plainly
from tools.data import golden

pytestmark = pytest.mark.usefixtures("streams_apart")

QUICK = Options(effort=1)
ALL = pytest.mark.parametrize("channels", CHANNELS, ids=lambda one: str(one.number))


def unrelated(width=150, height=110):
    """(height, width, 3): three channels that know nothing of one another."""
    names = ("coffee", "chelsea", "astronaut")
    return np.stack([np.asarray(photograph(n, width, height))[..., 1] for n in names], axis=-1)


def header_of(pixels, minor=1):
    size = (pixels.shape[1], pixels.shape[0])
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    checksum = container.pixel_checksum(pixels.tobytes())
    return Header(LOSSLESS.number, mode, size, checksum, minor)


def file_of(pixels, sections, minor=1):
    return container.pack(header_of(pixels, minor), sections)


def opened(file):
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image)


def by(channels, pixels):
    """The sections of a file of `channels`, whatever would be chosen."""
    planes = [plane[None] for plane in channels.forward(pixels)]
    return [
        networks.pack_references([model.SMALL]),
        SECTION.section(colors.pack(channels)),
        *encode_planes(planes, Predictor(model.model(model.SMALL))).sections(),
    ]


# -- the choice ------------------------------------------------------------------------------------


def test_channels_are_chosen_where_they_are_shorter():
    pixels = unrelated()
    assert not choose(pixels).subtract
    chosen, ycocg = (
        sum(len(section.payload) for section in encoded(lossless, pixels, options))
        for options in (QUICK, replace(QUICK, origin="none"))
    )
    assert chosen < 0.95 * ycocg


def test_the_first_channel_is_taken_off_where_that_is_shorter():
    pixels = np.asarray(golden.yellowish())
    assert choose(pixels).names == ("R", "B - R", "G - R")  # the costliest first
    chosen, ycocg = (
        sum(len(section.payload) for section in encoded(lossless, pixels, options))
        for options in (QUICK, replace(QUICK, origin="none"))
    )
    assert chosen < 0.99 * ycocg


@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_photographs_stay_as_they_are(name):
    image = photograph(name, 120, 90)
    assert choose(np.asarray(image)) is None
    file = io.BytesIO()
    image.save(file, "CGX", effort=1)
    assert SECTION.type not in file.getvalue()


@pytest.mark.parametrize(
    "shape", [(1, 1), (2, 2), (40, 1), (3, 400), (63, 65), (1, 4200), (4200, 2)]
)
def test_pictures_too_small_to_tell_stay_as_they_are(shape):
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    assert choose(pixels) is None
    image = Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, "CGX")
    assert np.array_equal(opened(file.getvalue()), pixels)


def test_a_part_of_a_large_picture_tells_the_same():
    pixels = np.tile(unrelated(500, 375), (2, 3, 1))
    assert pixels.shape[0] * pixels.shape[1] > 4 * SAMPLE_PIXELS
    assert not choose(pixels).subtract
    # a picture so wide that not even one strip of it is that small
    assert not choose(np.tile(pixels[:30], (1, 10, 1))).subtract


# -- exact -----------------------------------------------------------------------------------------


@ALL
def test_roundtrip_and_plain_decoder(channels):
    pixels = np.asarray(photograph("astronaut", 19, 22))
    file = file_of(pixels, by(channels, pixels))
    assert np.array_equal(opened(file), pixels)
    assert np.array_equal(decode_plainly(file), pixels)


@pytest.mark.parametrize("channels", [CHANNELS[1], CHANNELS[9]], ids=["whole", "less"])
def test_extreme_colours(channels):
    corners = np.array([0, 255], np.uint8)
    pixels = np.random.default_rng(3).choice(corners, (40, 37, 3))
    assert np.array_equal(opened(file_of(pixels, by(channels, pixels))), pixels)


def test_saved_by_default():
    colour = unrelated()
    hidden = np.asarray(Image.linear_gradient("L").resize(colour.shape[1::-1]))[..., None]
    for pixels in (colour, np.concatenate([colour, np.where(hidden < 90, 0, hidden)], axis=2)):
        for effort in (1, 5, 9):
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "CGX", effort=effort)
            assert SECTION.type in file.getvalue()
            assert file.getvalue()[8:10] == b"\1\1"
            assert np.array_equal(opened(file.getvalue()), pixels)


@pytest.mark.parametrize("interval", [2, 4, 8])
def test_drafts_are_exact(interval):
    pixels = unrelated(160, 120)
    file = file_of(pixels, encoded(lossless, pixels, QUICK))
    with Image.open(io.BytesIO(file)) as image:
        image.draft(None, (160 // interval, 120 // interval))
        assert np.array_equal(np.asarray(image), pixels[::interval, ::interval])


def test_several_tiles_and_a_cut_file(monkeypatch):
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    pixels = unrelated(160, 120)
    file = file_of(pixels, encoded(lossless, pixels, QUICK))
    assert np.array_equal(opened(file), pixels)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    shown = opened(file[: len(file) // 2])
    assert np.array_equal(shown[:60, :40], pixels[:60, :40])
    assert np.array_equal(shown[::8, ::8], pixels[::8, ::8])
    assert not np.array_equal(shown, pixels)


# -- never wrong pixels ----------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", b"\0", b"\x0d", b"\xff", b"\1\1"])
def test_damaged_channels(payload):
    pixels = unrelated(40, 30)
    sections = by(CHANNELS[0], pixels)
    sections[1] = Section(SECTION.type, payload)
    with pytest.raises(DamagedError, match=r"channels .*, allowed is one byte of 1 to 12"):
        codec.decode(header_of(pixels), sections)


def test_other_channels_are_told_by_the_checksum():
    pixels = unrelated(40, 30)
    sections = by(CHANNELS[0], pixels)
    sections[1] = SECTION.section(colors.pack(CHANNELS[7]))
    with pytest.raises(CgxError, match="checksum"):
        codec.decode(header_of(pixels), sections)


def test_where_channels_cannot_be():
    pixels = unrelated(40, 30)
    names, channels, *streams = by(CHANNELS[0], pixels)
    header = header_of(pixels)
    origin, clipping = Section(b"LORG", b"\1"), Section(b"LCLP", bytes(6))
    for both in ([origin, channels], [channels, clipping]):
        with pytest.raises(DamagedError, match=r"sections LC.* and L.*, allowed is one of them"):
            codec.decode(header, [names, *both, *streams])
    with pytest.raises(DamagedError, match="section LCHN where"):
        codec.decode(header, [names, channels, channels, *streams])
    grey = encoded(lossless, pixels[..., :1], QUICK)
    with pytest.raises(DamagedError, match=r"section LCHN where .* of mode L"):
        codec.decode(replace(header, mode="L"), [grey[0], channels, *grey[1:]])
    with pytest.raises(DamagedError, match=r"1\.0 does not have"):
        opened(file_of(pixels, [names, channels, *streams], minor=0))


# -- what else looks into files --------------------------------------------------------------------


def test_trim_codes_anew(tmp_path):
    image = Image.fromarray(unrelated())
    path = tmp_path / "unrelated.cgx"
    image.save(path, effort=1)
    assert SECTION.type in path.read_bytes()
    trimming.trim(path, tmp_path / "trimmed.cgx", 20)
    image.save(tmp_path / "grid.cgx", mode="grid", n=20)
    assert (tmp_path / "trimmed.cgx").read_bytes() == (tmp_path / "grid.cgx").read_bytes()
    with pytest.raises(DamagedError, match="channel in place of luminance"):
        lossless.luminance_of(by(CHANNELS[0], unrelated()))


def test_account_and_inspection_name_the_planes(tmp_path):
    pixels = np.ascontiguousarray(unrelated(100, 80))
    sections = by(CHANNELS[8], pixels)
    found = account.examine(sections, (100, 80), 3)
    assert list(found.bits_per_plane()) == ["G", "R - G", "B - G"]
    path = tmp_path / "channels.cgx"
    path.write_bytes(file_of(pixels, sections))
    assert facts(path).spent["channels"] == 1
    assert sum(facts(path).spent.values()) == path.stat().st_size
    shown = layers_of(Image.fromarray(pixels), header_of(pixels), sections, 10**6)
    painted = next(layer.image for layer in shown.layers if layer.name == "prediction")
    assert np.abs(np.asarray(painted).astype(int) - pixels).mean() < 12
