"""A part of a grid picture: its luminance with what lies around, painted."""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.base import has
from pillow_colorgrid.codings.crayon import paint
from pillow_colorgrid.codings.crayon.coding import (
    decode_lossy_luminance,
    exact_luminance,
    read_grid,
)
from pillow_colorgrid.codings.crayon.description import LUMINANCE
from pillow_colorgrid.codings.crayon.hints import Plane
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.lossless import coding as lossless, region as lossless_region
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.pixels import LAYOUTS, Bytes
from pillow_colorgrid.runtime.networks import Network


def decode(header: Header, sections: Sequence[Section], box: Tile) -> Bytes:
    """The pixels (h, w, C) uint8 of a part of the picture. Raises CgxError as the whole does."""
    colored = LAYOUTS[header.mode].channels > 1
    told = read_grid(sections, header.size, colored)
    if told.crayon is None or told.colour is None:
        luminance = _luminance(told.tables, sections, header.size, box)
        return luminance[box.place][..., None].astype(np.uint8)
    seen = paint.surroundings(box, header.size, told.colour.interval)
    luminance = _luminance(told.tables, sections, header.size, seen)
    pixels = paint.paint(Kept(luminance, told.colour), told.crayon, box=box)
    return alpha.joined(pixels, header.mode, sections, header.size, box=box)


def _luminance(
    tables: Network, sections: Sequence[Section], size: tuple[int, int], known: Tile
) -> Plane:
    """(H, W), of which the part `known` is: exact or lossy, whichever the file holds."""
    if has(sections, LUMINANCE):
        return decode_lossy_luminance(sections, size)
    grey = exact_luminance(tables, sections)
    (part,) = lossless_region.decode_planes(grey, size, lossless.GREY, known)
    whole = np.zeros((size[1], size[0]), np.int16)
    whole[known.place] = part[0]
    return whole
