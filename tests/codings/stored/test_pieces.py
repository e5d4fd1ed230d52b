"""Bare WebP: the same picture in 25 bytes less; damage is an error."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import coding as stored, parts as stored_parts, pieces
from pillow_colorgrid.codings.stored.description import STORED, STORED_PICTURE
from pillow_colorgrid.codings.stored.encoder.parts import QUICK, SLOWEST, bare_parts, webp
from pillow_colorgrid.codings.stored.pieces import bare, decode, whole
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header
from pillow_colorgrid.errors import CgxError, DamagedError
from tests.conftest import noise, picture_of


@settings(deadline=None, max_examples=40)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.sampled_from([1, 3, 4]),
    colors=st.integers(1, 300),
    opaque=st.booleans(),
    way=st.sampled_from([QUICK, SLOWEST]),
)
def test_roundtrip(
    size: tuple[int, int], channels: int, colors: int, opaque: bool, way: tuple[int, int]
) -> None:
    rng = np.random.default_rng(colors)
    table = rng.integers(0, 256, (colors, channels), np.uint8)
    if opaque:
        table[:, 3:] = 255
    pixels = table[rng.integers(0, colors, size)]
    file = webp(pixels, *way)
    found = bare(file, size, channels)
    assert found[:1] == pieces.BARE
    assert len(file) - len(found) in (25, 26)
    assert np.array_equal(decode(found, size, channels), pixels)
    if channels < 4 or not opaque:
        assert whole(found, size, channels) == file


def test_other_files_stay_as_they_are() -> None:
    pixels = np.asarray(noise("RGB", (9, 7)))
    zstd = inner.KIND.pack(3) + b"anything"
    with_metadata = pieces.WEBP + inner.save(pixels, "WEBP", lossless=True, exif=b"Exif\0\0II*\0")
    lossy = pieces.WEBP + inner.save(pixels, "WEBP")
    file = webp(pixels, *QUICK)
    for piece in (zstd, with_metadata, lossy, file + b"\0", file[:20], file[:-1]):
        assert bare(piece, (7, 9), 3) == piece
    assert bare(file, (9, 7), 3) == file


def test_parts_become_bare() -> None:
    pixels = np.asarray(noise("RGB", (9, 7)))
    tiles = stored_parts.split(Tile(0, 0, 7, 9))
    packed = stored_parts.pack([webp(pixels[tile.place], *QUICK) for tile in tiles])
    shorter = bare_parts(packed, Tile(0, 0, 7, 9), 3)
    assert len(packed) - len(shorter) >= 25 * len(tiles)
    header = Header(STORED.number, "RGB", (9, 7), container.UNSTATED, 1)
    section = STORED_PICTURE.section(shorter)
    assert np.array_equal(stored.decode(header, [section]), pixels)
    with pytest.raises(DamagedError, match=r"version 1\.0 does not have bare WebP"):
        stored.decode(replace(header, minor=0), [section])


@pytest.mark.parametrize(("side", "minor"), [(32, 1), (300, 0)])
def test_only_where_it_pays(side: int, minor: int) -> None:
    image = noise("RGB", (side, side)).quantize(200).convert("RGB")
    encoded = stored.encode(picture_of(np.asarray(image)), Options())
    assert encoded.minor == minor
    assert encoded.sections[0].payload.startswith(pieces.BARE) == bool(minor)
    file = io.BytesIO()
    image.save(file, "CGX")
    with Image.open(file) as opened:
        assert opened.tobytes() == image.tobytes()
    assert container.read_header(io.BytesIO(file.getvalue())).minor == minor


def test_damage() -> None:
    pixels = np.asarray(noise("RGBA", (12, 10)))
    found = bytearray(bare(webp(pixels, *QUICK), (10, 12), 4))
    rng = np.random.default_rng(1)
    for position in rng.integers(1, len(found), 200):
        damaged = bytearray(found)
        damaged[position] ^= rng.integers(1, 256)
        try:
            assert decode(bytes(damaged), (10, 12), 4).shape == (10, 12, 4)
        except CgxError:
            continue
    for length in range(1, len(found), 37):
        with pytest.raises(DamagedError):
            decode(bytes(found[:length]), (10, 12), 4)
    with pytest.raises(DamagedError, match="allowed 16383"):
        decode(bytes(found), (1, 16384), 4)
