"""Metadata that is not to be in a file, wherever else it stands than under its key of `Image.info`.

In segments of a JPEG file that is kept whole, in texts of PNG, in pieces of a source that
``cgx convert`` took along. Kinds are keywords of `Image.save`.
"""

import re
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

OTHERS = "info"
"""Kind, and keyword of `Image.save`: all that has no kind of its own."""

JPEG_SIGNATURE = b"\xff\xd8\xff"

PLACES = {
    "exif": ((0xE1, b"Exif\0"),),
    "xmp": ((0xE1, b"http://ns.adobe.com/xap/"), (0xE1, b"http://ns.adobe.com/xmp/")),
    "icc_profile": ((0xE2, b"ICC_PROFILE\0"),),
    "comment": ((0xFE, b""),),
}
"""Segments of a JPEG file that hold a kind of metadata: marker, and beginning of the payload."""

NEEDED = ((0xE0, b"JFIF\0"), (0xEE, b"Adobe"))
"""Segments without which a JPEG file may show other colours."""

NO_DENSITY = bytes([0, 0, 1, 0, 1])
"""In place of JFIF's unit and density."""

TEXTS = {"exif": "Raw profile type exif", "xmp": "XML:com.adobe.xmp"}
"""Texts of PNG, keys of `Image.info`, that say the same in another way."""

SOURCE = "source"
"""Key of `Image.info`: what ``cgx convert`` took along of a file (`commands.source_items`)."""

CHUNKS = {
    "exif": (b"eXIf", b"EXIF"),
    "xmp": (b"XMP ",),
    "icc_profile": (b"iCCP", b"ICCP"),
    "comment": (b"\xfe", b"\xff\xfe"),
    "dpi": (b"pHYs",),
}
"""Names of its items that hold a kind of metadata."""


class SeveralPicturesError(OSError):
    """An MPO file, each of whose pictures may have metadata of its own."""


# -- a JPEG file ----------------------------------------------------------------------------------


def jpeg_without(data: bytes, kinds: Collection[str]) -> bytes:
    """A JPEG file without some of its segments; other files as they are.

    With EXIF, XMP or other metadata goes what follows the picture: it may be another one.

    Raises:
        SeveralPicturesError: it holds several.
    """
    if not kinds or not data.startswith(JPEG_SIGNATURE):
        return data
    return data[:2] + b"".join(_kept(data, kinds))


def kinds_in(data: bytes) -> list[str]:
    """The kinds of metadata that segments of a JPEG file hold."""
    found = {kind_of(marker, segment[4:]) for marker, segment in _pieces(data)}
    return [kind for kind in (*PLACES, OTHERS) if kind in found]


def kind_of(marker: int, payload: bytes) -> str | None:
    """The kind of metadata that a segment holds; None: none."""
    for kind, places in PLACES.items():
        if _begins(marker, payload, places):
            return kind
    is_metadata = 0xE0 <= marker <= 0xEF
    return OTHERS if is_metadata and not _begins(marker, payload, NEEDED) else None


def _begins(marker: int, payload: bytes, places: Sequence[tuple[int, bytes]]) -> bool:
    return any(marker == other and payload.startswith(begin) for other, begin in places)


_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)

_EOI, _ALONE = 0xD9, (0x01, *range(0xD0, 0xD9))


def _pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """All behind the first two bytes, by markers; 0: bytes of scans, and what follows the end."""
    at = 2
    while (found := _MARKER.search(data, at)) is not None:
        marker, start = data[found.start() + 1], found.start()
        yield 0, data[at:start]
        if marker == _EOI:
            yield marker, data[start : found.end()]
            at = found.end()
            break
        at = found.end()
        if marker not in _ALONE:
            length = struct.unpack_from(">H", data, at)[0] if at + 2 <= len(data) else 0
            at += length
        yield marker, data[start:at]
    yield 0, data[at:]


def _kept(data: bytes, kinds: Collection[str]) -> Iterator[bytes]:
    behind = OTHERS in kinds or "exif" in kinds or "xmp" in kinds
    ended = False
    for marker, piece in _pieces(data):
        if piece[4:8] == b"MPF\0" and marker == 0xE2:
            raise SeveralPicturesError("several pictures, of which no metadata can be dropped")
        if (ended and behind) or (marker and kind_of(marker, piece[4:]) in kinds):
            continue
        ended = ended or marker == _EOI
        if "dpi" in kinds and marker == 0xE0 and piece[4:9] == b"JFIF\0":
            piece = piece[:11] + NO_DENSITY + piece[16:]
        yield piece


# -- `Image.info` ---------------------------------------------------------------------------------


def others_without(others: Mapping[Any, Any], kinds: Collection[str]) -> dict[Any, Any]:
    """What has no kind of its own, without what says the same as `kinds` in another way."""
    texts = [TEXTS[kind] for kind in kinds if kind in TEXTS]
    found = {key: value for key, value in others.items() if key not in texts}
    kept = found.get(SOURCE)
    if kinds and isinstance(kept, dict) and isinstance(kept.get("items"), list):
        items = [item for item in kept["items"] if not _is_item_of(item, kinds)]
        found[SOURCE] = {**kept, "items": items}
    return found


def _is_item_of(item: Any, kinds: Collection[str]) -> bool:
    """Whether a piece of a source holds one of these kinds; what is no piece, holds none."""
    if not (isinstance(item, tuple | list) and len(item) > 1):
        return False
    name, payload = item[:2]
    if not (isinstance(name, bytes) and name and isinstance(payload, bytes)):
        return False
    named = any(name in CHUNKS.get(kind, ()) for kind in kinds)
    text = any(payload.startswith(TEXTS[kind].encode()) for kind in kinds if kind in TEXTS)
    return named or text or kind_of(name[-1], payload) in kinds
