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
from pillow_colorgrid.jpeg.numbers import ADOBE, JFIF, PLAIN_JFIF, Source

DUMMIES_TOLD = 8
"""Flag beside the number of components: a block of bytes follows."""

APP0, APP14, SOI, SOS = 0xE0, 0xEE, b"\xff\xd8", 0xDA

COMPONENTS = {"L": 1, "RGB": 3, "CMYK": 4}

SCANS = (0x60, 0x61, 0x81, 0x82)
"""Codes of a recipe that begin with a scan: headers end there."""

STEPS_TOLD, TABLE_TOLD = 0xFF, 3
"""Where a quantisation table, and where a Huffman table, is written out."""


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
    except ValueError as error:
        raise DamagedError(f"the recipe of a JPEG file is damaged: {error}") from error
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
    source = Source(recipe)
    _, head = source.take(2)
    count = head & 7
    if head & DUMMIES_TOLD:
        source.take(source.varint())
    while True:
        code = source.byte()
        if code <= 0x01 or code in SCANS:
            return
        if code == 0x02:
            source.take(source.varint())
        elif code == 0x03:
            yield source.byte(), source.take(source.varint())
        elif code == 0x04:
            yield APP0, PLAIN_JFIF
        elif code == 0x05:
            yield APP0, JFIF + source.take(7) + b"\0\0"
        elif code == 0x06:
            yield APP14, ADOBE + source.take(1)
        elif code == 0x14:
            for _ in range(source.byte()):
                precision, owner = source.take(2)
                if owner == STEPS_TOLD:
                    source.take(128 if precision >> 4 else 64)
        elif 0x20 <= code <= 0x26:
            yield FRAME | 0xC0 | (code & 3), source.take(2 * count if code >= 0x24 else 0)
        elif code == 0x30:
            for _ in range(source.byte()):
                _, kind = source.take(2)
                if kind == TABLE_TOLD:
                    source.take(sum(source.take(16)))
        elif code == 0x50:
            source.take(2)
        elif not (0x10 <= code <= 0x13 or 0x40 <= code <= 0x4F or code == 0x80):
            raise DamagedError(f"code {code:#04x} in the recipe of a JPEG file")
