"""``cgx convert --no-exif``, ...: metadata that is not to be in the target, wherever it stands."""

import struct
from collections.abc import Collection, Iterator, Sequence

from PIL import Image

from pillow_colorgrid.commands.carrying import XMP_KEYWORD
from pillow_colorgrid.commands.source_items import KEY as SOURCE
from pillow_colorgrid.metadata import KINDS, OTHERS, OWN_FACTS

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


def drop(image: Image.Image, kinds: Sequence[str], needed: Collection[str] = ()) -> None:
    """Take kinds of metadata out of `image.info`, of several frames of the current one.

    Args:
        needed: keys that stay, though they are metadata.
    """
    for kind in kinds:
        image.info.pop(kind, None)
    if "xmp" in kinds:
        image.info.pop(XMP_KEYWORD, None)
    if OTHERS in kinds:
        kept = {*KINDS, OWN_FACTS, *needed}
        for key in [key for key in image.info if key not in kept]:
            del image.info[key]
    else:
        _drop_items(image, kinds)


def _drop_items(image: Image.Image, kinds: Sequence[str]) -> None:
    """Pieces of the file that say the same in another way."""
    kept = image.info.get(SOURCE)
    if not isinstance(kept, dict):
        return
    names = {
        "exif": (b"eXIf", b"EXIF"),
        "xmp": (b"XMP ",),
        "icc_profile": (b"iCCP", b"ICCP"),
        "comment": (b"\xfe", b"\xff\xfe"),
        "dpi": (b"pHYs",),
    }
    dropped = {name for kind in kinds for name in names.get(kind, ())}
    texts = [
        text
        for kind, text in {"exif": b"Raw profile type exif", "xmp": XMP_KEYWORD.encode()}.items()
        if kind in kinds
    ]
    items = [
        item
        for item in kept["items"]
        if item[0] not in dropped
        and not any(item[1].startswith(text) for text in texts)
        and not _is_dropped(item[0][-1], item[1], kinds)
    ]
    image.info[SOURCE] = {**kept, "items": items}


def jpeg_without(data: bytes, kinds: Sequence[str]) -> bytes:
    """A JPEG file without some of its segments; other files as they are.

    Raises:
        OSError: of several pictures, each of which may have its own.
    """
    if not data.startswith(JPEG_SIGNATURE):
        return data
    return data[:2] + b"".join(_segments(data, kinds))


def _segments(data: bytes, kinds: Sequence[str]) -> Iterator[bytes]:
    at = 2
    behind = OTHERS in kinds or "exif" in kinds or "xmp" in kinds
    while data[at : at + 1] == b"\xff" and data[at + 1] != 0xDA and at + 4 <= len(data):
        if data[at + 1] == 0xFF:  # a fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        segment = data[at : at + 2 + length]
        at += 2 + length
        if segment[4:8] == b"MPF\0":
            raise OSError("several pictures, of which no metadata can be dropped")
        if _is_dropped(segment[1], segment[4:], kinds):
            continue
        if "dpi" in kinds and segment[4:9] == b"JFIF\0":
            segment = segment[:11] + NO_DENSITY + segment[16:]
        yield segment
    end = data.find(b"\xff\xd9", at) + 2
    # What follows the picture may be a film, or another picture with metadata of its own.
    yield data[at:end] if behind and end > at else data[at:]


def _is_dropped(marker: int, payload: bytes, kinds: Sequence[str]) -> bool:
    def begins(places: Sequence[tuple[int, bytes]]) -> bool:
        return any(marker == other and payload.startswith(begin) for other, begin in places)

    known = [kind for kind, places in PLACES.items() if begins(places)]
    if known:
        return known[0] in kinds
    is_metadata = 0xE0 <= marker <= 0xEF or marker == 0xFE
    return OTHERS in kinds and is_metadata and not begins(NEEDED)
