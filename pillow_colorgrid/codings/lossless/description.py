"""What the lossless coding is: its number, its sections, its options."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pillow_colorgrid.codings.base import (
    ALPHA,
    NETWORKS,
    Coding,
    Inside,
    Kind,
    Work,
    each,
    one,
)
from pillow_colorgrid.codings.tiles import Tile, tiles
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.options import Integers, OneOf, OneOfOrFile, option

if TYPE_CHECKING:
    from pillow_colorgrid.pixels import Pixels

OF_RGB = ("RGB", "RGBA", "RGBa", "RGBX")
"""Modes whose colour is red, green and blue."""

OF_CHANNELS = ("CMYK", "YCbCr", "LAB", "HSV")
"""Modes whose planes are their first three channels in any case (section LCHN)."""

COLORED = (*OF_RGB, *OF_CHANNELS)
"""Modes that have colour."""

TRANSPARENT = ("LA", "RGBA", "La", "RGBa")
"""Modes that have alpha."""

WITH_LAST = (*TRANSPARENT, "RGBX", "CMYK")
"""Modes whose last channel comes before colour: alpha, or X, or K, which then is coded as alpha."""

ORIGIN = Kind(b"LORG", "origin", optional=True, modes=OF_RGB)
CHANNELS = Kind(b"LCHN", "channels", optional=True, modes=COLORED, since=1)
CLIPPING = Kind(b"LCLP", "clipping", optional=True, modes=OF_RGB)
COUNTS = Kind(b"LCNT", "counts", optional=True, modes=COLORED, since=1)
COUNTED = {1: (1,), 2: (2,), 3: (1, 2)}
"""By the one byte of this section: the planes that are coded with counts in tiles: Co, Cg."""

LANES = Kind(b"LLAN", "lanes", optional=True, since=1)
"""How streams tell their lanes, in one byte: one in 2**that has the tail. Files without it are of
the first releases."""

MOST_TAIL_SHIFT = 6
"""So the tail has a few lanes at least: in one it would take long."""

ROUNDING = Kind(b"NEAR", "rounding", since=1)
"""Of the near coding, which has the other sections from this one."""

ADAPTATION = Kind(b"LADP", "adaptation", optional=True)
IN_ONE = Kind(b"LONE", "all planes", optional=True, since=1)
"""Of a small picture, whose only stream this is: it has none of those below."""

COLOR_PREVIEW = Kind(b"CPRE", "preview colour", optional=True, modes=COLORED)
PREVIEW = Kind(b"LPRE", "preview luminance", optional=True)
TILE = Kind(b"LTIL", "luminance")
COLOR_TILE = Kind(b"CTIL", "colour", optional=True, modes=COLORED)
"""Files of the first release have all planes in LPRE and LTIL: colour has no sections there."""

ALPHA_INNER = Kind(b"AINN", "alpha, whole", optional=True, modes=WITH_LAST, since=1)
HIDDEN = Kind(b"LHID", "hidden colour", optional=True, modes=TRANSPARENT, since=1)
ALPHA_ADAPTATION = Kind(b"AADP", "adaptation to alpha", optional=True, modes=WITH_LAST, since=1)
ALPHA_PREVIEW = Kind(b"APRE", "preview alpha", optional=True, modes=WITH_LAST, since=1)
ALPHA_TILE = Kind(b"ATIL", "alpha", optional=True, modes=WITH_LAST, since=1)
"""Alpha before colour (`transparency`)."""

LAST_ALPHA = replace(ALPHA, optional=True)
"""Or behind it, in mode RGBA."""

ORIGIN_NAMES = {1: "JPEG", 2: "Photo CD"}
"""By the first byte of the origin's section (`color.renderings`)."""

EFFORT = Integers(1, 9)

JPEG_FILE = OneOfOrFile(("auto", "never"))
"""Or the JPEG file that a picture from memory was opened from."""


@dataclass(frozen=True)
class Options:
    """How to encode without loss.

    Attributes:
        effort: how much work goes into a small file.
        origin: "auto" looks whether RGB was rendered from the YCbCr of JPEG or the YCC of Photo
            CD, or is shorter as channels; "none" codes it as Y, Co, Cg in any case, whose
            luminance `trim` can copy.
        jpeg: "auto" keeps the coefficients of the JPEG file that the picture was opened from, if
            it still shows them; "never" codes pixels. A picture that was opened from memory needs
            to be told the file: its bytes, or its path.
    """

    effort: int = option(5, EFFORT, "1 (fastest) to 9 (smallest)")
    origin: str = option("auto", OneOf(("auto", "none")), "whether to look for JPEG's YCbCr")
    jpeg: str | bytes | os.PathLike[str] = option("auto", JPEG_FILE, "whether to keep coefficients")


def _facts(starts: Mapping[bytes, bytes]) -> dict[str, Any]:
    start = starts.get(ORIGIN.type, b"")[:1]
    name = ORIGIN_NAMES.get(start[0]) if start else None
    return {"origin": name} if name else {}


def _work() -> Work:
    from pillow_colorgrid.codings.lossless import coding

    return coding


def _region(header: Header, sections: Sequence[Section], box: Tile) -> "Pixels":
    from pillow_colorgrid.codings.lossless import region

    return region.decode(header, sections, box)


def sure(header: Header, types: Sequence[bytes]) -> list[Tile]:
    """The tiles of a cut file that are exact: those that are complete."""
    width, height = header.size
    told = {ALPHA_INNER.type, ALPHA_PREVIEW.type, LAST_ALPHA.type}
    if header.mode in WITH_LAST and told.isdisjoint(types):
        return []  # alpha stood behind the colour
    if IN_ONE.type in types:
        return [Tile(0, 0, height, width)]
    last = COLOR_TILE if header.mode in COLORED else TILE
    return tiles(height, width)[: types.count(last.type)]


def _look(header: Header, sections: Sequence[Section], pixels: "Pixels | None" = None) -> Inside:
    from pillow_colorgrid.codings.lossless import look

    return look.Inside(header, sections, pixels)


LOSSLESS = Coding(
    number=3,
    name="lossless",
    modes=("L", "LA", "La", *COLORED),
    parts=(
        one(NETWORKS),
        one(ORIGIN),
        one(CHANNELS),
        one(CLIPPING),
        one(COUNTS),
        one(ADAPTATION),
        one(LANES),
        one(ALPHA_INNER),
        one(HIDDEN),
        one(ALPHA_ADAPTATION),
        one(ALPHA_PREVIEW),
        one(IN_ONE),
        one(COLOR_PREVIEW),
        one(PREVIEW),
        each(ALPHA_TILE, TILE, COLOR_TILE),
        one(LAST_ALPHA),
    ),
    work=_work,
    options=Options,
    draft_intervals=(8, 4, 2),
    facts=_facts,
    region=_region,
    sure=sure,
    look=_look,
)
