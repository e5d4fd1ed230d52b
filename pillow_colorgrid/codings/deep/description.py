"""What the deep coding is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pillow_colorgrid.codings.base import NETWORKS, Coding, Kind, Work, each, one
from pillow_colorgrid.codings.lossless.description import ADAPTATION, LOSSLESS, PREVIEW, TILE
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section

if TYPE_CHECKING:
    from pillow_colorgrid.pixels import Pixels

VALUES = Kind(b"VALU", "values", since=1)


def _work() -> Work:
    from pillow_colorgrid.codings.deep import coding

    return coding


def _region(header: Header, sections: Sequence[Section], box: Tile) -> "Pixels":
    from pillow_colorgrid.codings.deep import coding

    return coding.decode_region(header, sections, box)


DEEP = Coding(
    number=8,
    name="deep",
    modes=("I;16", "I;16B", "I;16L", "I;16N", "I", "F"),
    parts=(one(NETWORKS), one(VALUES), one(ADAPTATION), one(PREVIEW), each(TILE)),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
    draft_intervals=LOSSLESS.draft_intervals,
    region=_region,
    since=1,
)
