"""A part of a JPEG picture: the strips of coefficients that its rows need, over the whole width."""

from collections.abc import Sequence

from pillow_colorgrid.codings.base import has, only
from pillow_colorgrid.codings.jpeg import exceptions
from pillow_colorgrid.codings.jpeg.coding import head_of, picture_of, shown_by_pillow
from pillow_colorgrid.codings.jpeg.description import EXCEPTIONS, WHOLE_FILE
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.jpeg import render
from pillow_colorgrid.pixels import Bytes

CONTEXT = 32 + 16
"""So many rows of pixels away what is rendered at once may begin, and a block that it looks at."""


def decode(header: Header, sections: Sequence[Section], box: Tile) -> Bytes:
    """The pixels (h, w, C) uint8 of a part of the picture. Raises CgxError as the whole does."""
    head = head_of(sections)
    if head.as_it_is:
        return shown_by_pillow(header, only(sections, WHOLE_FILE), 1)[box.place]
    rows = box.top - CONTEXT, box.bottom + CONTEXT
    found = picture_of(header, head, sections, rows=rows)
    high = render.strip_height(found)
    first, last = box.top // high, -(-box.bottom // high)
    try:
        pixels = render.strip(found, first, last)
    except ValueError as error:
        raise DamagedError(f"coefficients that cannot be shown: {error}") from error
    if has(sections, EXCEPTIONS):
        width, height = header.size
        of_all = exceptions.unpack(only(sections, EXCEPTIONS), (height, width, pixels.shape[2]))
        of_all.of_rows(first * high, last * high, width).apply(pixels)
    return pixels[box.within(Tile(first * high, 0, pixels.shape[0], pixels.shape[1])).place]
