"""TIFF's tags and EXIF are one thing: a directory of entries. From a TIFF file into EXIF, and back.

Entries are copied byte for byte, types included. Those that tell where and how pixels are stored
are left behind, for they are another file's affair.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pillow_colorgrid.jpeg.numbers import EXIF

TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Of a value of each type."""

WORD_BYTES = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}
"""What is turned where the order of bytes is another one."""

DIRECTORIES = (34665, 34853, 40965)
"""Tags whose value is where another directory stands: EXIF, GPS, interoperability."""

DEEPEST = 2
"""Directories stand in that of EXIF, which stands in the first one."""

SUBORDINATE, RAW_VERSION, BITS, XMP, ICC_PROFILE = 330, 50706, 258, 700, 34675

KINDS_OF_PAGE = {254: 0, 255: 1}
"""Tags that tell of a page that it is a smaller view, or a mask -> what they say of most pages."""

ORIENTATION = 274
"""Pillow turns the pixels of a TIFF file itself when it loads them."""

UPRIGHT = 1

RESOLUTION, RESOLUTION_UNIT, INCH = (282, 283, 296), 296, 2

ABSOLUTE = (INCH, 3)
"""Units of resolution that are lengths."""

STORAGE = frozenset(
    {
        *range(256, 260),
        *(262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 330),
        *(338, 339, 347, *range(512, 522), 529, 530, 531, 532),
    }
)
"""Tags that tell how pixels are stored, or where."""


@dataclass(frozen=True)
class Entry:
    """A tag with its values, as bytes in the order of its file; or a directory."""

    kind: int
    count: int
    data: bytes
    directory: "dict[int, Entry] | None" = None


Directory = dict[int, Entry]


def header(data: bytes) -> str:
    """The order of bytes ("<" or ">"); ValueError: not a TIFF file as of 1992 (BigTIFF)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        raise ValueError(f"TIFF header {data[:4].hex()}, allowed: 49492a00, 4d4d002a")
    return order


def read(data: bytes, at: int | None = None) -> tuple[str, Directory, int]:
    """The order of bytes ("<" or ">"), a directory, where the next one is (0: nowhere).

    Args:
        at: where the directory stands; None: the first.

    Raises:
        ValueError: not a TIFF file as of 1992 (BigTIFF), or cut short.
    """
    order = header(data)
    try:
        if at is None:
            (at,) = struct.unpack_from(order + "I", data, 4)
        directory, following = _read_directory(data, order, at, 0)
    except struct.error as error:
        raise ValueError(f"the directory is cut short: {error}") from error
    return order, directory, following


def _read_directory(data: bytes, order: str, at: int, depth: int) -> tuple[Directory, int]:
    (count,) = struct.unpack_from(order + "H", data, at)
    found: Directory = {}
    for number in range(count):
        place = at + 2 + 12 * number
        tag, kind, values = struct.unpack_from(order + "HHI", data, place)
        size = TYPE_BYTES.get(kind, 0) * values
        start = place + 8 if size <= 4 else struct.unpack_from(order + "I", data, place + 8)[0]
        payload = data[start : start + size]
        if len(payload) != size or not size:
            raise ValueError(f"tag {tag} of type {kind} has {len(payload)} of {size} bytes")
        nested = None
        if tag in DIRECTORIES:
            if depth == DEEPEST:
                raise ValueError(f"tag {tag}: a directory more than {DEEPEST} deep")
            (where,) = struct.unpack(order + "I", payload[:4])
            nested, _ = _read_directory(data, order, where, depth + 1)
        found[tag] = Entry(kind, values, payload, nested)
    (following,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)
    return found, following


def pack(directory: Directory, order: str, base: int, following: int = 0) -> bytes:
    """A directory that will stand at `base`, and all that belongs to it behind it.

    Args:
        following: where the next one is.
    """
    place = base + 2 + 12 * len(directory) + 4
    heads, tails = [struct.pack(order + "H", len(directory))], [struct.pack(order + "I", following)]
    for tag, entry in sorted(directory.items()):
        payload = entry.data
        if entry.directory is not None:
            payload = pack(entry.directory, order, place)
            value = struct.pack(order + "I", place)
        elif len(payload) <= 4:
            value, payload = payload.ljust(4, b"\0"), b""
        else:
            value = struct.pack(order + "I", place)
        payload += bytes(len(payload) & 1)
        heads.append(struct.pack(order + "HHI", tag, entry.kind, entry.count) + value)
        tails.append(payload)
        place += len(payload)
    return b"".join(heads + tails)


def turned(directory: Directory, order: str, wanted: str) -> Directory:
    """A directory in another order of bytes."""
    return (
        directory if order == wanted else {tag: _turned(e, wanted) for tag, e in directory.items()}
    )


def _turned(entry: Entry, wanted: str) -> Entry:
    size = WORD_BYTES.get(entry.kind, 1)
    words = [entry.data[at : at + size][::-1] for at in range(0, len(entry.data), size)]
    nested = entry.directory
    if nested is not None:
        nested = {tag: _turned(inner, wanted) for tag, inner in nested.items()}
    return replace(entry, data=b"".join(words), directory=nested)


def not_told(data: bytes) -> Iterator[str]:
    """Keys of `Image.info` that the first page has no tags for; raises ValueError."""
    order, directory, _ = read(data)
    unit = _unit(directory, order)
    there = any(tag in directory for tag in RESOLUTION[:2])
    if not there or unit not in (None, *ABSOLUTE):
        yield "dpi"
    if not there or unit in ABSOLUTE:
        yield "resolution"
    if ICC_PROFILE not in directory:
        yield "icc_profile"


def _unit(directory: Directory, order: str) -> int | None:
    """Of resolution; None: not told, which means inches."""
    return _number(directory[RESOLUTION_UNIT], order) if RESOLUTION_UNIT in directory else None


def exif_of_tiff(data: bytes, has_resolution: bool) -> bytes:
    """All tags of a TIFF file's first picture as EXIF; b"" where there are none.

    Args:
        has_resolution: the resolution is kept elsewhere, where it is in dots per inch.
    """
    order, directory, _ = read(data)
    in_inches = _unit(directory, order) in (None, INCH)
    left = {
        *STORAGE,
        ORIENTATION,
        XMP,
        ICC_PROFILE,
        *(RESOLUTION if has_resolution and in_inches else ()),
    }
    kept = {
        tag: entry
        for tag, entry in directory.items()
        if tag not in left and _number(entry, order) != KINDS_OF_PAGE.get(tag, -1)
    }
    if not kept:
        return b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return EXIF + head + pack(kept, order, 8)


def _number(entry: Entry, order: str) -> int | None:
    """The value of an entry of one integer."""
    letter = {3: "H", 4: "I"}.get(entry.kind)
    return struct.unpack(order + letter, entry.data)[0] if letter and entry.count == 1 else None


def page_of(data: bytes, number: int) -> bytes:
    """A TIFF file whose first picture is another one of its pages, from 0; raises ValueError."""
    if not number:
        return data
    order = header(data)
    at = struct.pack(order + "I", directory_places(data, number + 1)[number])
    return data[:4] + at + data[8:]


def directory_places(data: bytes, at_most: int | None = None) -> list[int]:
    """Where the directories of all pages stand, or of the first ones.

    Raises:
        ValueError: there are fewer than `at_most`, or they are cut short.
    """
    order = header(data)
    found: dict[int, None] = {}  # in order; those that lead to each other end
    try:
        (at,) = struct.unpack_from(order + "I", data, 4)
        while at and at not in found and len(found) != at_most:
            found[at] = None
            (count,) = struct.unpack_from(order + "H", data, at)
            (at,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)
    except struct.error as error:
        raise ValueError(f"the directories are cut short: {error}") from error
    if at_most is not None and len(found) != at_most:
        raise ValueError(f"{len(found)} pages, not {at_most}")
    return list(found)


def holds(data: bytes, exif: bytes) -> bool:
    """Whether a TIFF file has all tags of EXIF, which has no second directory (a thumbnail)."""
    order, directory, _ = read(data)
    _, _, thumbnail = read(exif.removeprefix(EXIF))
    wanted = material(exif, order)
    return not thumbnail and all(directory.get(tag) == entry for tag, entry in wanted.items())


def material(exif: bytes, wanted: str) -> Directory:
    """The tags of EXIF that tell nothing of storage, in an order of bytes; raises ValueError."""
    order, directory, _ = read(exif.removeprefix(EXIF))
    directory = turned(directory, order, wanted)
    return {tag: entry for tag, entry in directory.items() if tag not in STORAGE}
