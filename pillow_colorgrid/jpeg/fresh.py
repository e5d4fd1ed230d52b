"""A new JPEG file for coefficients that came from no file: baseline, optimal codes, JFIF."""

from collections.abc import Mapping
from typing import Any

from pillow_colorgrid.jpeg import file
from pillow_colorgrid.jpeg.numbers import EXIF, ICC, PLAIN_JFIF, XMP
from pillow_colorgrid.jpeg.picture import JpegPicture
from pillow_colorgrid.jpeg.recipe import (
    OPTIMAL,
    CodeDefinition,
    Codes,
    Finish,
    FrameNames,
    Part,
    Recipe,
    ScanScript,
    TableDefinition,
    Tables,
)
from pillow_colorgrid.jpeg.segments import BASELINE, EXTENDED, Raw, ScanHeader

APP0, APP1, APP2, COMMENT = 0xE0, 0xE1, 0xE2, 0xFE

MAX_PAYLOAD = 65_533

MAX_ICC_CHUNKS = 255


def write(picture: JpegPicture, info: Mapping[str, Any]) -> bytes:
    """The file.

    Args:
        picture: of one component, or of Y, Cb and Cr.
        info: Pillow's: of it EXIF, XMP, ICC profile and comment are kept.

    Raises:
        ValueError: components of another kind, or metadata that no segment holds.
    """
    if picture.transform not in ("grey", "ycc"):
        raise ValueError(f"a new JPEG file of {picture.transform}, allowed: grey, ycc")
    count = len(picture.components)
    every = tuple(range(count))
    slots = tuple(min(n, 1) for n in every)
    wide = any(int(component.table.max()) > 255 for component in picture.components)
    tables = tuple(TableDefinition(n, wide, n) for n in every)
    names = FrameNames(EXTENDED if wide else BASELINE, tuple((n + 1, n) for n in every))
    places = sorted({kind << 4 | slot for kind in (0, 1) for slot in slots})
    codes = Codes(tuple(CodeDefinition(place, OPTIMAL) for place in places))
    scan = ScanScript(ScanHeader(every, tuple(slot * 0x11 for slot in slots), 0, 63, 0, 0))
    parts: list[Part] = [Raw(APP0, PLAIN_JFIF), *_metadata(info), Tables(tables), names]
    return file.write(picture, Recipe(count, (*parts, codes, scan, Finish(True, b""))))


def _metadata(info: Mapping[str, Any]) -> list[Raw]:
    found = []
    if exif := info.get("exif"):
        found.append(Raw(APP1, exif if exif.startswith(EXIF) else EXIF + exif))
    if xmp := info.get("xmp"):
        found.append(Raw(APP1, XMP + xmp))
    if profile := info.get("icc_profile"):
        each = MAX_PAYLOAD - len(ICC) - 2
        chunks = [profile[at : at + each] for at in range(0, len(profile), each)]
        if len(chunks) > MAX_ICC_CHUNKS:
            raise ValueError(f"an ICC profile of {len(profile)} bytes, more than a JPEG file holds")
        found += [
            Raw(APP2, ICC + bytes([number, len(chunks)]) + chunk)
            for number, chunk in enumerate(chunks, 1)
        ]
    if comment := info.get("comment"):
        found.append(Raw(COMMENT, comment.encode() if isinstance(comment, str) else comment))
    for segment in found:
        if len(segment.payload) > MAX_PAYLOAD:
            raise ValueError(f"metadata of {len(segment.payload)} bytes, allowed {MAX_PAYLOAD}")
    return found
