"""What the blended coding is."""

from pillow_colorgrid.codings.base import NETWORKS, Coding, Kind, Work, one
from pillow_colorgrid.codings.deep.description import DEEP
from pillow_colorgrid.codings.lossless.description import LOSSLESS

PREDICTORS = Kind(b"BPRE", "samples and predictors", since=1)

SAMPLES = Kind(b"BSAM", "blended samples", since=1)


def _work() -> Work:
    from pillow_colorgrid.codings.blended import coding

    return coding


BLENDED = Coding(
    number=11,
    name="blended",
    modes=DEEP.modes,
    parts=(one(NETWORKS), one(PREDICTORS), one(SAMPLES)),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
    since=1,
)
