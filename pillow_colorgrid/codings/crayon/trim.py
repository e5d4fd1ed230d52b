"""From the sections of a lossless file to those of a grid file, with as little decoding as can be.

Luminance knows nothing of colour, so its streams are copied. Hints are point samples: the preview
holds every 8th pixel of every 8th row, later levels the others.
"""

from collections.abc import Sequence
from math import gcd

from pillow_colorgrid.codings.base import ALPHA, has
from pillow_colorgrid.codings.crayon.encoder.encoding import encode_grid
from pillow_colorgrid.codings.crayon.hints import ColorGrid, points, step_of, stepped
from pillow_colorgrid.codings.lossless import coding as lossless, transparency
from pillow_colorgrid.codings.lossless.description import CHANNELS, COLOR_PREVIEW, ORIGIN
from pillow_colorgrid.codings.lossless.model import TABLES
from pillow_colorgrid.codings.lossless.pieces import PREVIEW_INTERVAL
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.runtime import networks

KIND = "point"
"""Means would need all pixels."""

GAIN = 4
"""Nobody has compared what Crayon paints with the picture: so it is followed half way; not at all
where all hints are 0, for that picture is most likely grey."""


def has_own_luminance(sections: Sequence[Section]) -> bool:
    """Whether the luminance is that of YCoCg, and apart from colour.

    In files of the first release it is not apart; beside an origin it is that of the origin; of
    channels one stands in its place. Where alpha comes first, hidden pixels may be missing.
    """
    other = any(has(sections, kind) for kind in (ORIGIN, CHANNELS))
    return has(sections, COLOR_PREVIEW) and not (other or transparency.is_first(sections))


def trim(header: Header, sections: Sequence[Section], interval: int) -> list[Section]:
    """The critical sections of the grid file of a picture that `has_own_luminance`.

    Raises:
        CgxError: sections are damaged or missing.
    """
    names, *luminance = lossless.luminance_of(sections)
    known = gcd(interval, PREVIEW_INTERVAL)
    _, co, cg = lossless.decode_planes(sections, header.size, lossless.COLOR, known)
    step = step_of(interval)
    hints = tuple(stepped(points(plane[0], interval // known), step) for plane in (co, cg))
    gain = GAIN if any(plane.any() for plane in hints) else 0
    colour = ColorGrid(interval, KIND, step, (hints[0], hints[1]), gain=gain)
    (tables,) = networks.read_roles(names.payload, (TABLES,))
    return [
        *encode_grid(interval, KIND, colour, tables.id),
        *luminance,
        *(section for section in sections if section.type == ALPHA.type),
    ]
