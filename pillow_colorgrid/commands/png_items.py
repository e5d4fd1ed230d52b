"""Chunks of a PNG file that Pillow does not show, as they stand in it; out of it, and back."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from pillow_colorgrid.jpeg.numbers import EXIF

Item = tuple[bytes, bytes, bool]
"""Name, payload, whether it stands behind the pixels."""

END = b"end"
"""The name of what follows the end of the format in a file."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT")
XMP_KEYWORD = b"XML:com.adobe.xmp\0"

GREY, INDEXED = 0, 3
"""Types of colour."""

FEW_BITS = (2, 4)
"""Of grey, of which Pillow makes 8; but tRNS, bKGD and sBIT count in these."""

PROFILE_NAME = b"ICC Profile"
"""Of any profile that Pillow writes; another name is kept alone, without the profile."""

PER_METRE = b"\1"

ORDER = {b"PLTE": 1, b"tRNS": 2, b"bKGD": 2, b"hIST": 2, b"fcTL": 3}
"""Of chunks before the pixels."""


def chunks_of(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and payloads; what follows IEND is called END."""
    at = len(SIGNATURE)
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + 8 + length]
        at += 12 + length
        if name == b"IEND":
            if data[at:]:
                yield END, data[at:]
            return


def items_of(data: bytes, info: Mapping[Any, Any]) -> Iterator[Item]:
    """What is in a PNG file besides its pixels and `info`."""
    behind = False
    depth, color = data[24], data[25]
    for name, payload in chunks_of(data):
        behind = behind or name == b"IDAT"
        if name == b"iCCP" and info.get("icc_profile"):
            payload = payload.split(b"\0")[0]
        if not _kept_elsewhere(name, payload, info, depth, color):
            yield name, payload, behind


def _kept_elsewhere(
    name: bytes, payload: bytes, info: Mapping[Any, Any], depth: int, color: int
) -> bool:
    if name == b"IHDR":
        return color != GREY or depth not in FEW_BITS
    if name == b"PLTE":  # of other pictures, a suggestion
        return color == INDEXED
    return name in PIXELS or _shows(name, payload, info)


def depth_of(items: list[Item]) -> int | None:
    """Bits of a grey sample, where Pillow makes 8 of them; other chunks count in these."""
    found = next((payload[8:9] for name, payload, _ in items if name == b"IHDR"), b"")
    return found[0] if found and found[0] in FEW_BITS else None


def _shows(name: bytes, payload: bytes, info: Mapping[Any, Any]) -> bool:
    """Whether `info` holds a chunk, exactly."""
    if name == b"eXIf":
        return bytes(info.get("exif", b"")).removeprefix(EXIF) == payload
    if name == b"iCCP":
        return payload == PROFILE_NAME
    if name == b"pHYs":
        return "dpi" in info and payload[8:] == PER_METRE
    if name == b"iTXt" and payload.startswith(XMP_KEYWORD + bytes(4)):
        return info.get("xmp") == payload[len(XMP_KEYWORD) + 4 :]
    return False


def chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload), name) + payload + _crc(name + payload)


def _crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def put_back(data: bytes, items: list[Item]) -> bytes:
    """A PNG file that Pillow wrote, with the items of another one."""
    chunks = list(chunks_of(data))
    head, pixels = chunks[0], next(n for n, (name, _) in enumerate(chunks) if name == b"IDAT")
    names = {name: payload for name, payload, _ in items if name == b"iCCP"}
    written = [(name, _renamed(name, payload, names)) for name, payload in chunks[1:pixels]]
    left = {b"IHDR", *(name for name, _ in written if name == b"PLTE")}
    early = [
        (name, payload)
        for name, payload, behind in items
        if not behind and name not in left and (name != b"iCCP" or b"\0" in payload)
    ]
    # A palette stands before what speaks of its colours, and behind the colour space.
    before = sorted([*early, *written], key=lambda pair: ORDER.get(pair[0], 0))
    behind = [(name, payload) for name, payload, late in items if late and name != END]
    ends = [payload for name, payload, _ in items if name == END]
    chunks = [head, *before, *chunks[pixels:-1], *behind, (b"IEND", b"")]
    return SIGNATURE + b"".join([*(chunk(name, payload) for name, payload in chunks), *ends])


def _renamed(name: bytes, payload: bytes, names: Mapping[bytes, bytes]) -> bytes:
    """A profile under the name that it had."""
    if name not in names or b"\0" in names[name]:
        return payload
    return names[name] + payload[payload.index(b"\0") :]
