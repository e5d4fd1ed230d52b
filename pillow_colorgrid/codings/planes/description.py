"""What the planes coding is."""

from pillow_colorgrid.codings.base import Coding, Kind, Work, each
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.container import MODE_IDS

STRIP = Kind(b"PLAN", "planes")


def _work() -> Work:
    from pillow_colorgrid.codings.planes import coding

    return coding


PLANES = Coding(
    number=5,
    name="planes",
    modes=tuple(MODE_IDS),
    parts=(each(STRIP),),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
)
