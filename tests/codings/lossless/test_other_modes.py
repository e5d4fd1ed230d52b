"""Modes whose planes are their channels: CMYK, YCbCr, LAB, HSV; and RGBX."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.CgxImagePlugin import encode as save
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.choosing import choice
from pillow_colorgrid.codings.lossless import coding as lossless, region
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.planes.description import PLANES
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section, size_bytes
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.pixels import from_image
from tests.conftest import photograph
from tests.format.plain_decoder import decode as decode_plainly

MODES = ("CMYK", "YCbCr", "LAB", "HSV", "RGBX")
QUICK = Options(effort=1)


def picture(mode, width=60, height=47):
    """A photograph in another mode; black is drawn out of CMYK's other inks, LAB has signs."""
    rgb = photograph("coffee", width, height)
    if mode == "LAB":
        pixels = np.asarray(rgb.convert("YCbCr")) ^ np.array([0, 128, 128], np.uint8)
        return Image.frombytes("LAB", rgb.size, pixels.tobytes())
    if mode == "CMYK":
        inks = 255 - np.asarray(rgb)
        black = inks.min(axis=2) // 2
        pixels = np.dstack([inks - black[..., None], black])
        return Image.frombytes("CMYK", rgb.size, pixels.tobytes())
    return rgb.convert(mode)


def encoded(image, options=QUICK):
    pixels = from_image(image)
    sections = lossless.encode(Picture(pixels, image.mode), options).sections
    minor = LOSSLESS.minor_version([section.type for section in sections])
    checksum = container.pixel_checksum(pixels.tobytes())
    return Header(LOSSLESS.number, image.mode, image.size, checksum, minor), sections, pixels


@pytest.mark.parametrize("size", [(1, 1), (3, 9), (60, 47), (71, 90)])
@pytest.mark.parametrize("mode", MODES)
def test_roundtrip_drafts_and_regions(mode, size):
    header, sections, pixels = encoded(picture(mode, *size))
    assert header.minor == 1
    assert np.array_equal(lossless.decode(header, sections), pixels)
    for interval in (2, 4, 8):
        draft = lossless.decode(header, sections, interval=interval)
        assert np.array_equal(draft, pixels[::interval, ::interval])
    box = Tile(size[1] // 3, size[0] // 4, -(-size[1] // 2), -(-size[0] // 3))
    assert np.array_equal(region.decode(header, sections, box), pixels[box.place])


@pytest.mark.parametrize("mode", MODES)
def test_plain_decoder_agrees(mode):
    header, sections, pixels = encoded(picture(mode, 26, 19))
    assert np.array_equal(decode_plainly(container.pack(header, sections)), pixels)


@pytest.mark.parametrize("mode", MODES)
def test_photographs_are_smaller_than_planes(mode):
    """By a tenth and more at effort 1; of hues by less."""
    image = picture(mode, 200, 150)
    chosen, found = choice.encode(Picture(from_image(image), mode), QUICK)
    planes = PLANES.work().encode(Picture(from_image(image), mode), QUICK)
    assert chosen is LOSSLESS
    share = size_bytes(found.sections) / size_bytes(planes.sections)
    assert share < (1.0 if mode == "HSV" else 0.9)
    with Image.open(BytesIO(save(image, effort=1))) as opened:
        assert opened.mode == mode
        assert opened.tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", MODES)
def test_drawings_stay_planes(mode):
    pixels = np.zeros((80, 90, len(Image.new(mode, (1, 1)).getbands())), np.uint8)
    pixels[5:50, 5:60] = 77
    chosen, _ = choice.encode(Picture(pixels, mode), QUICK)
    assert chosen is PLANES


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "HSV"])
def test_without_channels_it_is_refused(mode):
    header, sections, _ = encoded(picture(mode, 20, 20))
    without = [section for section in sections if section.type != b"LCHN"]
    box = Tile(0, 0, 8, 8)
    with pytest.raises(CgxError, match="0 sections LCHN"):
        lossless.decode(header, without)
    with pytest.raises(CgxError, match="0 sections LCHN"):
        region.decode(header, without, box)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
@pytest.mark.parametrize("kind", [b"LHID", b"LORG", b"LCLP", b"ALPH"])
def test_sections_of_other_modes_are_refused(mode, kind):
    header, sections, _ = encoded(picture(mode, 20, 20))
    file = container.pack(header, [sections[0], Section(kind, b"\0\0\0\0"), *sections[1:]])
    with Image.open(BytesIO(file)) as image, pytest.raises(CgxError, match=kind.decode()):
        image.load()


def test_black_is_needed():
    header, sections, _ = encoded(picture("CMYK", 20, 20))
    without = [s for s in sections if s.type not in (b"AINN", b"AADP", b"APRE", b"ATIL")]
    with pytest.raises(CgxError):
        lossless.decode(header, without)
