"""What the stored coding is."""

from pillow_colorgrid.codings.base import Coding, Kind, Work, one
from pillow_colorgrid.codings.lossless.description import LOSSLESS

STORED_PICTURE = Kind(b"STOR", "stored picture")


def _work() -> Work:
    from pillow_colorgrid.codings.stored import coding

    return coding


STORED = Coding(
    number=1,
    name="stored",
    modes=LOSSLESS.modes,
    parts=(one(STORED_PICTURE),),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
)
