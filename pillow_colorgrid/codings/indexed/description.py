"""What the indexed coding is."""

from pillow_colorgrid.codings.base import Coding, Kind, Work, one
from pillow_colorgrid.codings.lossless.description import LOSSLESS

RANKS = Kind(b"INDX", "indexed pixels", since=1)


def _work() -> Work:
    from pillow_colorgrid.codings.indexed import coding

    return coding


INDEXED = Coding(
    number=10,
    name="indexed",
    modes=("P", "PA", "L", "LA", "RGB", "RGBA", "I;16", "I;16B", "I;16L", "I;16N", "I"),
    parts=(one(RANKS),),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
    since=1,
)
