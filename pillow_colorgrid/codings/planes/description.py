"""What the planes coding is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pillow_colorgrid.codings.base import Coding, Kind, Work, each
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import MODE_IDS, Header, Section

if TYPE_CHECKING:
    from pillow_colorgrid.pixels import Pixels

STRIP = Kind(b"PLAN", "planes")


def _work() -> Work:
    from pillow_colorgrid.codings.planes import coding

    return coding


def _region(header: Header, sections: Sequence[Section], box: Tile) -> "Pixels":
    from pillow_colorgrid.codings.planes import coding

    return coding.decode_region(header, sections, box)


PLANES = Coding(
    number=5,
    name="planes",
    modes=tuple(MODE_IDS),
    parts=(each(STRIP),),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
    region=_region,
)
