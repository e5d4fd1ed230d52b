"""What the bilevel coding is."""

from pillow_colorgrid.codings.base import Coding, Kind, Work, one
from pillow_colorgrid.codings.lossless.description import LOSSLESS

PAGE = Kind(b"BILV", "page", since=1)


def _work() -> Work:
    from pillow_colorgrid.codings.bilevel import coding

    return coding


BILEVEL = Coding(
    number=9,
    name="bilevel",
    modes=("1",),
    parts=(one(PAGE),),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
    since=1,
)
