"""Which bytes of a TIFF file its directories point to; and which none points to."""

import re
import struct
from collections.abc import Iterator

from pillow_colorgrid.commands.tiff_tags import (
    DIRECTORIES,
    SUBORDINATE,
    TYPE_BYTES,
    directory_places,
    header,
)

Place = tuple[int, int]
"""The first byte, and the one behind the last."""

HEADER_BYTES = 8

HEADER_BETWEEN = re.compile(rb"\0*(II\*\0|MM\0\*).{4}\0*", re.DOTALL)
"""What Pillow leaves before a page: it was the header of a file by itself."""

PARTS = {273: 279, 324: 325, 513: 514}
"""Tags that tell where strips, tiles and a JPEG thumbnail stand -> how many bytes they have."""

OLD_TABLES = (519, 520, 521)
"""Of JPEG as TIFF 6.0 had it: they have no stated length."""

NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I"}


def unpointed(data: bytes) -> tuple[int, int]:
    """How many bytes before the last one that is pointed to are not, and not 0; where that ends.

    Raises:
        ValueError, struct.error: it is not built as TIFF says.
    """
    order = header(data)
    at, missed = 0, 0
    for begin, end in sorted([(0, HEADER_BYTES), *_places_of_file(data, order)]):
        if begin > at:
            gap = data[at:begin]
            if not HEADER_BETWEEN.fullmatch(gap):
                missed += len(gap) - gap.count(0)
        at = max(at, end)
    return missed, min(at, len(data))


def _places_of_file(data: bytes, order: str) -> Iterator[Place]:
    pages = directory_places(data)
    seen = set(pages)
    for at in pages:
        yield from places_of_directory(data, order, at, seen)


def places_of_directory(
    data: bytes, order: str, at: int, seen: set[int], pixels: bool = True
) -> Iterator[Place]:
    """A directory, its values, and all that stands where they say.

    Args:
        seen: where directories stand that need no second look; those that are met are added.
        pixels: strips, tiles and subordinate pictures, too.
    """
    (count,) = struct.unpack_from(order + "H", data, at)
    yield at, at + 2 + 12 * count + 4
    numbers: dict[int, tuple[int, ...]] = {}
    for place in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", data, place)
        size = TYPE_BYTES.get(kind, 0) * values
        start = place + 8
        if size > 4:
            (start,) = struct.unpack_from(order + "I", data, start)
            yield start, start + size
        wanted = {*DIRECTORIES, SUBORDINATE, *PARTS, *PARTS.values()}
        if kind in NUMBERS and tag in wanted:
            numbers[tag] = struct.unpack_from(f"{order}{values}{NUMBERS[kind]}", data, start)
        if tag in OLD_TABLES and pixels:
            raise ValueError("JPEG as of TIFF 6.0")
    for tag in (*DIRECTORIES, *((SUBORDINATE,) if pixels else ())):
        for where in numbers.get(tag, ()):
            if where not in seen:
                seen.add(where)
                yield from places_of_directory(data, order, where, seen, pixels)
    for tag, sizes in PARTS.items() if pixels else ():
        if tag in numbers and len(numbers[tag]) != len(numbers.get(sizes, ())):
            raise ValueError(f"tag {tag} without as many values in tag {sizes}")
        pairs = zip(numbers.get(tag, ()), numbers.get(sizes, ()), strict=True)
        yield from ((start, start + size) for start, size in pairs)
