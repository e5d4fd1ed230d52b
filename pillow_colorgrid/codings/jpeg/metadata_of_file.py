"""What Pillow finds in the headers of the JPEG file that a .cgx file keeps, without decoding it.

The recipe holds the file's segments (`jpeg.recipe`). They are put before an empty frame, and
Pillow's own reader is asked: so EXIF, ICC profile, XMP, comment and resolution are what it shows
for the JPEG file itself. Neither numpy nor onnxruntime is needed: `Image.open` comes here.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import JpegImagePlugin

from pillow_colorgrid.errors import DamagedError

DUMMIES_TOLD = 8
"""Flag beside the number of components: a block of bytes follows."""

JFIF = b"JFIF\0"
PLAIN_JFIF = JFIF + bytes.fromhex("010100000100010000")
ADOBE = b"Adobe" + bytes.fromhex("006400000000")

APP0, APP14, SOI, SOS = 0xE0, 0xEE, b"\xff\xd8", 0xDA

COMPONENTS = {"L": 1, "RGB": 3, "CMYK": 4}

SCANS = (0x60, 0x61, 0x81, 0x82)
"""Codes of a recipe that begin with a scan: headers end there."""


def info(recipe: bytes, mode: str, size: tuple[int, int]) -> dict[str, Any]:
    """`Image.info` of the JPEG file whose recipe this is.

    Raises:
        DamagedError: the recipe is none, or Pillow does not read these headers.
    """
    count = COMPONENTS.get(mode, 0)
    ids = list(range(1, count + 1))
    segments = []
    try:
        for code, payload in _headers(recipe):
            if code & FRAME:
                ids = list(payload[::2]) or ids
                frame = struct.pack(">BHHB", 8, size[1], size[0], count)
                payload = frame + b"".join(bytes([number, 0x11, 0]) for number in ids)
            segments.append(_segment(code & 0xFF, payload))
    except IndexError as error:
        raise DamagedError(f"a recipe of {len(recipe)} bytes ends too early") from error
    scan = bytes([count]) + b"".join(bytes([number, 0]) for number in ids) + bytes([0, 63, 0])
    return shown_by_pillow(SOI + b"".join(segments) + _segment(SOS, scan))


def shown_by_pillow(data: bytes) -> dict[str, Any]:
    """`Image.info` of a JPEG file, of which the headers are enough.

    Raises:
        DamagedError: Pillow does not read them.
    """
    try:
        return {str(k): v for k, v in JpegImagePlugin.JpegImageFile(BytesIO(data)).info.items()}
    except Exception as error:  # whatever a reader raises on a forged file
        raise DamagedError(f"headers of a JPEG file that Pillow refuses: {error!r}") from error


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


FRAME = 1 << 8
"""Set beside the marker of a frame, whose payload is then its identifiers and slots."""


def _headers(recipe: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers and payloads of the segments before the first scan; of a frame `FRAME` | marker."""
    at = 2
    count = recipe[1] & 7
    if recipe[1] & DUMMIES_TOLD:
        size, at = _varint(recipe, at)
        at += size
    while True:
        code, at = recipe[at], at + 1
        if code <= 0x01 or code in SCANS:
            return
        if code == 0x02:
            size, at = _varint(recipe, at)
            at += size
        elif code == 0x03:
            marker = recipe[at]
            size, at = _varint(recipe, at + 1)
            yield marker, _taken(recipe, at, size)
            at += size
        elif code == 0x04:
            yield APP0, PLAIN_JFIF
        elif code == 0x05:
            yield APP0, JFIF + _taken(recipe, at, 7) + b"\0\0"
            at += 7
        elif code == 0x06:
            yield APP14, ADOBE + _taken(recipe, at, 1)
            at += 1
        elif code == 0x14:
            tables, at = recipe[at], at + 1
            for _ in range(tables):
                wide, told, at = recipe[at] >> 4, recipe[at + 1] == 0xFF, at + 2
                at += (128 if wide else 64) if told else 0
        elif 0x20 <= code <= 0x26:
            size = 2 * count if code >= 0x24 else 0
            yield FRAME | 0xC0 | (code & 3), _taken(recipe, at, size)
            at += size
        elif code == 0x30:
            tables, at = recipe[at], at + 1
            for _ in range(tables):
                kind, at = recipe[at + 1], at + 2
                if kind == 3:
                    at += 16 + sum(_taken(recipe, at, 16))
        elif code == 0x50:
            at += 2
        elif not (0x10 <= code <= 0x13 or 0x40 <= code <= 0x4F or code == 0x80):
            raise DamagedError(f"code {code:#04x} in the recipe of a JPEG file")


def _taken(recipe: bytes, at: int, size: int) -> bytes:
    taken = recipe[at : at + size]
    if len(taken) < size:
        raise IndexError(at)
    return taken


def _varint(recipe: bytes, at: int) -> tuple[int, int]:
    number = 0
    for position in range(at, at + 5):
        number |= (recipe[position] & 127) << 7 * (position - at)
        if recipe[position] < 128:
            return number, position + 1
    raise DamagedError(f"no number at byte {at} of the recipe of a JPEG file")
