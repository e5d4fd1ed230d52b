"""What the grid coding is: its number, its sections, its options.

Users say `mode="grid"`; Crayon is the network that paints what the grid leaves out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pillow_colorgrid.codings.base import ALPHA, NETWORKS, Coding, Inside, Kind, Work, each, one
from pillow_colorgrid.codings.lossless.description import ADAPTATION, EFFORT, LANES, PREVIEW, TILE
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.options import Integers, OneOf, option

if TYPE_CHECKING:
    from pillow_colorgrid.pixels import Pixels

FINER = Kind(b"GFIN", "finer hints", optional=True, modes=("RGB", "RGBA"), since=1)
"""How much wider the hints of GRID stand; what stands between them."""

GRID = Kind(b"GRID", "hints")
"""Interval, kind of hint, hints, slopes."""

LUMINANCE = Kind(b"LUMA", "luminance", optional=True)
"""Lossy luminance, in place of the lossless coding's."""

KINDS = ("mean", "point")
"""What a hint tells; a file names the position in this row."""

INTERVAL = Integers(2, 128)
"""n, the pixels from one hint to the next."""

EXACT_QUALITY = 100
"""Of the luminance: every pixel."""


@dataclass(frozen=True)
class Options:
    """How to encode with painted colour.

    Attributes:
        n: pixels from one stored colour to the next; of fitted ones on average.
        quality: of the luminance; 100 keeps every pixel of it.
        hints: what a stored colour tells: the "mean" of its surroundings, or its "point".
        effort: how much work goes into a small luminance.
    """

    n: int = option(20, INTERVAL, "pixels from one stored colour to the next")
    quality: int = option(EXACT_QUALITY, Integers(1, EXACT_QUALITY), "of the luminance")
    hints: str = option("mean", OneOf(KINDS), "what is stored of colour")
    effort: int = option(5, EFFORT, "1 (fastest) to 9 (smallest)")


def _facts(starts: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The quality is stated where it is that of every pixel; a codec's own is in no file."""
    start = starts.get(GRID.type, b"")[:2]
    found: dict[str, Any] = {}
    if len(start) == 2 and start[1] < len(KINDS):
        found |= {"n": start[0], "hints": KINDS[start[1]]}
    if PREVIEW.type in starts:
        found["quality"] = EXACT_QUALITY
    return found


def _work() -> Work:
    from pillow_colorgrid.codings.crayon import coding

    return coding


def _region(header: Header, sections: Sequence[Section], box: Tile) -> "Pixels":
    from pillow_colorgrid.codings.crayon import region

    return region.decode(header, sections, box)


def _look(header: Header, sections: Sequence[Section], pixels: "Pixels | None" = None) -> Inside:
    from pillow_colorgrid.codings.crayon import look

    return look.Inside(header, sections, pixels)


CRAYON = Coding(
    number=4,
    name="grid",
    modes=("L", "RGB", "RGBA"),
    parts=(
        one(NETWORKS),
        one(FINER),
        one(GRID),
        one(ADAPTATION),
        one(LANES),
        one(replace(PREVIEW, optional=True)),
        each(TILE),
        one(LUMINANCE),
        one(ALPHA),
    ),
    work=_work,
    options=Options,
    loses="colour",
    may_leave_checksum=True,
    facts=_facts,
    region=_region,
    look=_look,
)
"""Either the lossless coding's luminance is there or LUMA; `coding` sees to that."""
