"""What the decolorized coding is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pillow_colorgrid.codings.base import NETWORKS, Coding, Inside, Kind, Work, each, one
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.options import Integers, OneOf, option

if TYPE_CHECKING:
    from pillow_colorgrid.pixels import Pixels

BOTTLENECK = Kind(b"BTNK", "bottleneck", optional=True, modes=("RGB", "RGBA"))
"""The bottleneck of one tile; only where its colour is predicted."""

INNER = Kind(b"INNR", "inner picture")
"""The inner codec's file of one tile."""

LEVELS = Integers(8, 256)


@dataclass(frozen=True)
class Options:
    """How to encode with a predicted colour.

    Attributes:
        levels: number of uniform levels of the bottleneck.
        inner: the codec under the decolorized picture; "auto" takes the smallest.
        predict: "always" lets the network foresee the colour of each tile; "auto" only where that
            makes the file smaller.
    """

    levels: int = option(128, LEVELS, "of the bottleneck")
    inner: str = option("auto", OneOf(("auto", "png", "webp", "zstd")), "the codec underneath")
    predict: str = option("auto", OneOf(("auto", "always")), "whether a network foresees colour")


def _work() -> Work:
    from pillow_colorgrid.codings.decolorized import coding

    return coding


def _region(header: Header, sections: Sequence[Section], box: Tile) -> "Pixels":
    from pillow_colorgrid.codings.decolorized import coding

    return coding.decode_region(header, sections, box)


def _look(header: Header, sections: Sequence[Section], pixels: "Pixels | None" = None) -> Inside:
    from pillow_colorgrid.codings.decolorized import look

    return look.Inside(header, sections, pixels)


DECOLORIZED = Coding(
    number=2,
    name="decolorized",
    modes=("L", "RGB", "RGBA"),
    parts=(one(replace(NETWORKS, optional=True)), each(BOTTLENECK, INNER)),
    work=_work,
    options=Options,
    region=_region,
    look=_look,
)
