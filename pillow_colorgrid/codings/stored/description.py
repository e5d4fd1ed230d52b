"""What the stored coding is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pillow_colorgrid.codings.base import Coding, Inside, Kind, Work, each, one
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section

if TYPE_CHECKING:
    from pillow_colorgrid.pixels import Pixels

GRADIENTS = Kind(b"GRAD", "gradients", optional=True, since=1)
STORED_PICTURE = Kind(b"STOR", "stored picture")
RECTANGLE = Kind(b"RECT", "rectangle", since=1)


def _work() -> Work:
    from pillow_colorgrid.codings.stored import coding

    return coding


def _region(header: Header, sections: Sequence[Section], box: Tile) -> "Pixels":
    from pillow_colorgrid.codings.stored import coding

    return coding.decode_region(header, sections, box)


def _look(header: Header, sections: Sequence[Section], pixels: "Pixels | None" = None) -> Inside:
    from pillow_colorgrid.codings.stored import look

    return look.Inside(header, sections, pixels)


STORED = Coding(
    number=1,
    name="stored",
    modes=("L", "RGB", "RGBA"),
    parts=(one(GRADIENTS), one(STORED_PICTURE), each(RECTANGLE)),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
    region=_region,
    look=_look,
)
