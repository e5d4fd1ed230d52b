"""Pieces of a file that Pillow does not show, as they stand in it, so that all can be kept.

Pillow shows of several equal texts the last, and of many chunks nothing. `items_of` finds all
that is neither pixels nor kept elsewhere (EXIF, ICC profile, XMP, ...); it goes into `Image.info`
under `KEY`, and from there into the .cgx file (FORMAT.md, section 2.1). `put_back` undoes it.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pillow_colorgrid.commands import png_items
from pillow_colorgrid.commands.plain_files import LOOKED_AT, QOI_HEAD
from pillow_colorgrid.commands.png_items import END, Item
from pillow_colorgrid.commands.tiff_places import unpointed
from pillow_colorgrid.jpeg.numbers import EXIF, ICC, JFIF, XMP
from pillow_colorgrid.jpeg.segments import END_OF_SCAN

KEY = "source"
"""Of `Image.info`: {"format": Pillow's name, "items": [(name, payload, behind the pixels)]}."""

JPEG_KEPT_ELSEWHERE = {
    b"\xff\xe0": ((JFIF, "jfif"),),
    b"\xff\xe1": ((EXIF, "exif"), (XMP, "xmp")),
    b"\xff\xe2": ((ICC, "icc_profile"),),
    b"\xff\xee": ((b"Adobe", "adobe"),),
    b"\xff\xfe": ((b"", "comment"),),
}
"""Marker -> beginning of the payload, and the key of `Image.info` that then holds it."""

JPEG_SCAN, JPEG_END = 0xDA, 0xD9

WEBP_PIXELS = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
WEBP_HEAD_BYTES, WEBP_ALPHA = 10, 16
"""Of the payload of VP8X; its flag of alpha."""

WEBP_KEPT_ELSEWHERE = {b"ICCP": "icc_profile", b"EXIF": "exif", b"XMP ": "xmp"}


def items_of(data: bytes, name: str | None, info: Mapping[Any, Any]) -> list[Item]:
    """What is in a file besides its pixels and `info`.

    Args:
        data: the file. name: Pillow's name of its format.

    Raises:
        struct.error, IndexError: it is not built as its format says, though Pillow reads it.
    """
    found = _READERS.get(name or "")
    return list(found(data, info)) if found else []


def names(items: list[Item]) -> str:
    """The names of items, for people."""
    return ", ".join(sorted({_name(name) for name, _, _ in items}))


def _name(name: bytes) -> str:
    if name[:1] == b"\xff" and len(name) == 2:
        return "COM" if name[1] == 0xFE else f"APP{name[1] - 0xE0}"
    return name.decode("ascii") if name.isalnum() else name.hex()


# -- JPEG -----------------------------------------------------------------------------------------


def _jpeg(data: bytes, info: Mapping[Any, Any]) -> Iterator[Item]:
    """APP and COM segments of the first picture, and what follows it."""
    at = 2
    behind = False
    while data[at] == 0xFF and data[at + 1] != JPEG_END:
        marker = data[at : at + 2]
        if marker == b"\xff\xff":  # a fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        payload = data[at + 4 : at + 2 + length]
        at += 2 + length
        if marker[1] == JPEG_SCAN:
            behind = True
            end = END_OF_SCAN.search(data, at)
            at = end.start() if end else len(data)
        if not (0xE0 <= marker[1] <= 0xEF or marker[1] == 0xFE):
            continue
        known = JPEG_KEPT_ELSEWHERE.get(marker, ())
        held = any(payload.startswith(begin) and key in info for begin, key in known)
        # Pillow shows the last comment.
        if held and not (marker[1] == 0xFE and info.get("comment") != payload):
            continue
        yield marker, payload, behind
    at += 2 * (data[at] == 0xFF)
    if data[at:].strip(b"\0"):
        yield END, data[at:], True


# -- WebP -----------------------------------------------------------------------------------------


def _webp(data: bytes, info: Mapping[Any, Any]) -> Iterator[Item]:
    (size,) = struct.unpack_from("<I", data, 4)
    behind = False
    chunks, _ = riff_chunks(data[12 : 8 + size])
    for name, payload in chunks:
        behind = behind or name in (b"VP8 ", b"VP8L", b"ANMF")
        if name not in WEBP_PIXELS and not _webp_shows(name, payload, info):
            yield name, payload, behind
    if data[8 + size + (size & 1) :]:
        yield END, data[8 + size + (size & 1) :], True


def riff_chunks(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Names and payloads; what is left behind them."""
    at, found = 0, []
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        found.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + (length & 1)
    return found, data[at:]


def _webp_shows(name: bytes, payload: bytes, info: Mapping[Any, Any]) -> bool:
    """Whether `info` holds a chunk, exactly: of several of a name it has one."""
    key = WEBP_KEPT_ELSEWHERE.get(name)
    return key in info and info[key] == payload


def _into_webp(data: bytes, items: list[Item]) -> bytes:
    """Behind the first chunk, which then is VP8X: other chunks are allowed beside that alone."""
    (size,) = struct.unpack_from("<I", data, 4)
    chunks = data[12 : 8 + size]
    if not chunks.startswith(b"VP8X"):
        chunks = _vp8x(chunks) + chunks
    first = 8 + WEBP_HEAD_BYTES
    packed = {
        late: b"".join(_webp_chunk(n, p) for n, p, b in items if b == late and n != END)
        for late in (False, True)
    }
    body = b"WEBP" + chunks[:first] + packed[False] + chunks[first:] + packed[True]
    ends = b"".join(payload for name, payload, _ in items if name == END)
    return b"RIFF" + struct.pack("<I", len(body)) + body + ends


def _webp_chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack("<4sI", name, len(payload)) + payload + bytes(len(payload) & 1)


def _vp8x(chunks: bytes) -> bytes:
    """The head of the extended format, of a file that has a picture alone."""
    if chunks.startswith(b"VP8L"):
        (bits,) = struct.unpack_from("<I", chunks, 9)
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:
        width, height = (side - 1 & 0x3FFF for side in struct.unpack_from("<HH", chunks, 14))
        alpha = 0
    sides = width.to_bytes(3, "little") + height.to_bytes(3, "little")
    return _webp_chunk(b"VP8X", bytes([WEBP_ALPHA * alpha, 0, 0, 0]) + sides)


# -- GIF ------------------------------------------------------------------------------------------

GIF_EXTENSION, GIF_IMAGE, GIF_TRAILER = 0x21, 0x2C, 0x3B
GIF_CONTROL, GIF_COMMENT, GIF_APPLICATION = 0xF9, 0xFE, 0xFF


def _gif(data: bytes, info: Mapping[Any, Any]) -> Iterator[Item]:
    at = _behind_color_table(data)
    behind = False
    extensions: list[Item] = []
    while data[at] in (GIF_EXTENSION, GIF_IMAGE):
        if data[at] == GIF_EXTENSION:
            label = data[at + 1]
            end = _behind_blocks(data, at + 2)
            if label != GIF_CONTROL:
                extensions.append((bytes([label]), data[at + 2 : end - 1], behind))
        else:
            behind = True
            flags = data[at + 9]
            table = 3 << ((flags & 7) + 1) if flags & 0x80 else 0
            end = _behind_blocks(data, at + 11 + table)
        at = end
    comments = [item for item in extensions if item[0][0] == GIF_COMMENT]
    for item in extensions:
        (label,), payload, _ = item
        if label == GIF_COMMENT and len(comments) == 1 and "comment" in info:
            continue
        if label == GIF_APPLICATION and payload[1:12] == b"NETSCAPE2.0" and "loop" in info:
            continue
        yield item
    at += data[at] == GIF_TRAILER
    if data[at:]:
        yield END, data[at:], True


def _behind_color_table(data: bytes) -> int:
    flags = data[10]
    return 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)


def _behind_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _into_gif(data: bytes, items: list[Item]) -> bytes:
    at = _behind_color_table(data)
    blocks = [b"\x21" + name + payload + b"\0" for name, payload, _ in items if name != END]
    ends = [payload for name, payload, _ in items if name == END]
    # GIF87a has no extensions.
    return b"".join([b"GIF89a", data[6:at], *blocks, data[at:], *ends])


# -- formats that have nothing beside the picture, but behind it ---------------------------------


def _behind(name: str) -> Callable[[bytes, Mapping[Any, Any]], Iterator[Item]]:
    def found(data: bytes, info: Mapping[Any, Any]) -> Iterator[Item]:
        end, _ = LOOKED_AT[name](data, "")
        if data[end:]:
            yield END, data[end:], True

    return found


def _qoi(data: bytes, info: Mapping[Any, Any]) -> Iterator[Item]:
    if data[QOI_HEAD - 1]:  # says, without effect, that samples are linear; Pillow always does
        yield b"qoif", data[:QOI_HEAD], False
    yield from _behind("QOI")(data, info)


def _tiff(data: bytes, info: Mapping[Any, Any]) -> Iterator[Item]:
    _, end = unpointed(data)
    if data[end:].strip(b"\0"):
        yield END, data[end:], True


def _append(data: bytes, items: list[Item]) -> bytes:
    return data + b"".join(payload for name, payload, _ in items if name == END)


# -- all formats ----------------------------------------------------------------------------------

_READERS: dict[str, Callable[[bytes, Mapping[Any, Any]], Iterator[Item]]] = {
    "PNG": png_items.items_of,
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "WEBP": _webp,
    "GIF": _gif,
    "TIFF": _tiff,
    **{name: _behind(name) for name in LOOKED_AT},
    "QOI": _qoi,
}

_WRITERS: dict[str, Callable[[bytes, list[Item]], bytes]] = {
    "PNG": png_items.put_back,
    "GIF": _into_gif,
    "WEBP": _into_webp,
    "TIFF": _append,
}


def put_back(data: bytes, name: str, info: Mapping[Any, Any]) -> bytes:
    """A file of Pillow's format `name`, with the items that came from such a file."""
    items = items_for(name, info)
    return _WRITERS[name](data, items) if items and name in _WRITERS else data


def items_for(name: str, info: Mapping[Any, Any]) -> list[Item]:
    """The items in `info` that came from a file of a format."""
    kept = info.get(KEY)
    if not isinstance(kept, dict) or kept.get("format") != name:
        return []
    return [item for item in kept.get("items", ()) if _is_item(item)]


def _is_item(item: Any) -> bool:
    """A forged .cgx file may have anything there."""
    return (
        isinstance(item, tuple)
        and len(item) == 3
        and isinstance(item[0], bytes)
        and isinstance(item[1], bytes)
        and 1 <= len(item[0]) <= 4
    )
