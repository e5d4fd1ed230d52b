"""Tags that Pillow was not told, into a TIFF file that it wrote."""

import struct
from fractions import Fraction

from pillow_colorgrid.commands import tiff_tags
from pillow_colorgrid.commands.tiff_places import places_of_directory
from pillow_colorgrid.commands.tiff_tags import (
    ICC_PROFILE,
    INCH,
    RESOLUTION,
    RESOLUTION_UNIT,
    XMP,
    Directory,
    Entry,
)

LARGEST = (1 << 32) - 1
"""Of the two numbers of a fraction."""


def into_tiff(
    data: bytes, exif: bytes, xmp: bytes = b"", page: int = 0, replaced: Directory | None = None
) -> bytes:
    """A TIFF file with the tags of EXIF: a new directory of a page, from 0, at its end.

    Args:
        replaced: what resolution and profile are; None: as they stand there.

    Raises:
        ValueError: not a TIFF file, or not EXIF.
    """
    places = tiff_tags.directory_places(data, page + 1)
    order, directory, following = tiff_tags.read(data, places[-1])
    if replaced is not None:
        for tag in (*RESOLUTION, ICC_PROFILE):
            directory.pop(tag, None)
        directory |= tiff_tags.turned(replaced, "<", order)
    if exif:
        directory |= tiff_tags.material(exif, order)
    if xmp:
        directory[XMP] = Entry(1, len(xmp), xmp)
    written = bytearray(data + bytes(len(data) & 1))
    link = 4
    if page:
        (count,) = struct.unpack_from(order + "H", data, places[-2])
        link = places[-2] + 2 + 12 * count
    struct.pack_into(order + "I", written, link, len(written))
    # The old one is of no use, and bytes that nothing points to are thought to be somebody's.
    for begin, end in places_of_directory(data, order, places[-1], {places[-1]}, pixels=False):
        written[begin:end] = bytes(end - begin)
    return bytes(written) + tiff_tags.pack(directory, order, len(written), following)


def of_page(dpi: object, profile: bytes) -> Directory:
    """Resolution and profile of a page ("<"), neither of them where it has none."""
    found: Directory = {}
    if isinstance(dpi, tuple) and len(dpi) == 2:
        for tag, value in zip(RESOLUTION, dpi, strict=False):
            found[tag] = Entry(5, 1, struct.pack("<II", *_fraction(float(value))))
        found[RESOLUTION_UNIT] = Entry(3, 1, struct.pack("<H", INCH))
    if profile:
        found[ICC_PROFILE] = Entry(7, len(profile), profile)
    return found


def _fraction(value: float) -> tuple[int, int]:
    """As near as TIFF can tell it."""
    limit = LARGEST
    while True:
        found = Fraction(value).limit_denominator(limit)
        if found.numerator <= LARGEST:
            return max(found.numerator, 0), found.denominator
        limit = max(1, limit // 256)
        if value > LARGEST:
            return LARGEST, 1
