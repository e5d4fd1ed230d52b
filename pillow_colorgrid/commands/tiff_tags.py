"""TIFF's tags and EXIF are one thing: a directory of entries. From a TIFF file into EXIF, and back.

Entries are copied byte for byte, types included. Those that tell where and how pixels are stored
are left behind, for they are another file's affair.
"""

import struct
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

ORIENTATION = 274
"""Pillow turns the pixels of a TIFF file itself when it loads them."""

UPRIGHT = 1

RESOLUTION, RESOLUTION_UNIT, INCH = (282, 283, 296), 296, 2

STORAGE = frozenset(
    {
        *range(254, 260),
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


def read(data: bytes) -> tuple[str, Directory, int]:
    """The order of bytes ("<" or ">"), the first directory, where the next one is (0: nowhere).

    Raises:
        ValueError: not a TIFF file as of 1992 (BigTIFF), or cut short.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        raise ValueError(f"TIFF header {data[:4].hex()}, allowed: 49492a00, 4d4d002a")
    try:
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


def exif_of_tiff(data: bytes, has_resolution: bool) -> bytes:
    """All tags of a TIFF file's first picture as EXIF; b"" where there are none.

    Args:
        has_resolution: the resolution is kept elsewhere, where it is in dots per inch.
    """
    order, directory, _ = read(data)
    unit = directory.get(RESOLUTION_UNIT)
    in_inches = unit is None or struct.unpack(order + "H", unit.data[:2])[0] == INCH
    left = {
        *STORAGE,
        ORIENTATION,
        XMP,
        ICC_PROFILE,
        *(RESOLUTION if has_resolution and in_inches else ()),
    }
    kept = {tag: entry for tag, entry in directory.items() if tag not in left}
    if not kept:
        return b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return EXIF + head + pack(kept, order, 8)


def into_tiff(data: bytes, exif: bytes, xmp: bytes = b"", page: int = 0) -> bytes:
    """A TIFF file with the tags of EXIF: a new directory of a page, from 0, at its end."""
    order, directory, following = read(page_of(data, page))
    if exif:
        directory |= _material(exif, order)
    if xmp:
        directory[XMP] = Entry(1, len(xmp), xmp)
    data += bytes(len(data) & 1)
    where, link = struct.pack(order + "I", len(data)), _link(data, order, page)
    linked = data[:link] + where + data[link + 4 :]
    return linked + pack(directory, order, len(data), following)


def _link(data: bytes, order: str, page: int) -> int:
    """Where it stands where the directory of a page is."""
    link = 4
    for _ in range(page):
        (at,) = struct.unpack_from(order + "I", data, link)
        (count,) = struct.unpack_from(order + "H", data, at)
        link = at + 2 + 12 * count
    return link


def page_of(data: bytes, number: int) -> bytes:
    """A TIFF file whose first picture is another one of its pages, from 0; raises ValueError."""
    for _ in range(number):
        order, _, following = read(data)
        data = data[:4] + struct.pack(order + "I", following) + data[8:]
    return data


def holds(data: bytes, exif: bytes) -> bool:
    """Whether a TIFF file has all tags of EXIF, which has no second directory (a thumbnail)."""
    order, directory, _ = read(data)
    _, _, thumbnail = read(exif.removeprefix(EXIF))
    wanted = _material(exif, order)
    return not thumbnail and all(directory.get(tag) == entry for tag, entry in wanted.items())


def _material(exif: bytes, wanted: str) -> Directory:
    order, directory, _ = read(exif.removeprefix(EXIF))
    directory = turned(directory, order, wanted)
    return {tag: entry for tag, entry in directory.items() if tag not in STORAGE}


def unheld(data: bytes) -> list[str]:
    """What of a TIFF file is neither its first picture nor a tag."""
    order, directory, _ = read(data)
    found = []
    if SUBORDINATE in directory:
        found.append("subordinate pictures (SubIFDs)")
    if RAW_VERSION in directory:
        found.append("raw data (DNG)")
    turn = directory.get(ORIENTATION)
    if turn is not None and struct.unpack(order + "H", turn.data[:2]) != (UPRIGHT,):
        found.append("how its rows lie (orientation; Pillow hands out the picture upright)")
    bits = directory.get(BITS)
    if bits is not None and bits.count > 1:
        depths = struct.unpack(f"{order}{bits.count}H", bits.data)
        if max(depths) > 8:
            found.append(f"low bits (samples of {max(depths)})")
    return found
