"""Rectangles of a stored picture that have a coding of their own: photographs on a page.

What lies under them in the stored picture does not count. They do not overlap, so all of them
together are never more pixels than the picture has.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from pillow_colorgrid import container
from pillow_colorgrid.codings.base import Coding, check_order
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.codings.stored.description import RECTANGLE
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError

HEAD = struct.Struct("<HHHHB")
"""Begins a rectangle: left, top, width, height in pixels, coding. Its sections follow."""

CODINGS = {coding.number: coding for coding in (LOSSLESS, JPEG)}
"""What a rectangle may be coded by."""

MAX_RECTANGLES = 256
"""Of one picture."""


@dataclass(frozen=True)
class Rectangle:
    """A part of a picture, coded by itself.

    Attributes:
        sections: of a picture of the tile's size, in the mode of the whole.
    """

    tile: Tile
    coding: Coding
    sections: tuple[Section, ...]

    def header(self, whole: Header) -> Header:
        """Of the rectangle as a picture of its own."""
        size = (self.tile.width, self.tile.height)
        return Header(self.coding.number, whole.mode, size, container.UNSTATED, whole.minor)


def pack(rectangle: Rectangle) -> Section:
    """The section that holds it."""
    tile = rectangle.tile
    head = HEAD.pack(tile.left, tile.top, tile.width, tile.height, rectangle.coding.number)
    return RECTANGLE.section(head + b"".join(map(container.pack_section, rectangle.sections)))


def unpack(sections: Sequence[Section], header: Header) -> list[Rectangle]:
    """The rectangles of a file, in order.

    Args:
        header: of the whole picture.

    Raises:
        CgxError: there are too many, one is not inside the picture or overlaps another, has a
            coding that is not allowed, or not the sections of that coding.
    """
    payloads = [section.payload for section in sections if section.type == RECTANGLE.type]
    if len(payloads) > MAX_RECTANGLES:
        raise DamagedError(f"{len(payloads)} rectangles, allowed {MAX_RECTANGLES}")
    found: list[Rectangle] = []
    for payload in payloads:
        rectangle = _unpacked(payload, header)
        for other in found:
            if rectangle.tile.common(other.tile):
                raise DamagedError(f"{rectangle.tile} overlaps {other.tile}, allowed: no pixel")
        found.append(rectangle)
    return found


def _unpacked(payload: bytes, header: Header) -> Rectangle:
    if len(payload) < HEAD.size:
        raise DamagedError(f"rectangle of {len(payload)} bytes, allowed from {HEAD.size} on")
    left, top, width, height, number = HEAD.unpack_from(payload)
    tile = Tile(top, left, height, width)
    if not width * height or tile.right > header.size[0] or tile.bottom > header.size[1]:
        across, down = header.size
        raise DamagedError(f"rectangle at {tile}, allowed inside {across}x{down} pixels")
    if number not in CODINGS or header.mode not in CODINGS[number].modes:
        allowed = [n for n, coding in CODINGS.items() if header.mode in coding.modes]
        raise DamagedError(f"rectangle of coding {number} in mode {header.mode}, allowed {allowed}")
    inside = tuple(container.unpack_sections(payload[HEAD.size :]))
    check_order(CODINGS[number], header.mode, [section.type for section in inside])
    return Rectangle(tile, CODINGS[number], inside)
