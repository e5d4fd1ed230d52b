"""What the near coding is: its number, its sections, its options.

Its sections are those of the lossless coding, and one that says how values are rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pillow_colorgrid.codings.base import ALPHA, NETWORKS, Coding, Work, each, one
from pillow_colorgrid.codings.lossless.description import (
    ADAPTATION,
    CHANNELS,
    COLOR_PREVIEW,
    COLOR_TILE,
    EFFORT,
    LANES,
    LOSSLESS,
    PREVIEW,
    ROUNDING,
    TILE,
    WITH_LAST,
)
from pillow_colorgrid.options import Integers, OneOf, option

MAX_ERROR = Integers(1, 16)


@dataclass(frozen=True)
class Options:
    """How to encode with bounded loss.

    Attributes:
        max_error: by which no sample of red, green and blue, of grey, or of the channels of
            another mode is off by more. Alpha is exact, and so are X of RGBX and K of CMYK.
        effort: how much work goes into a small file.
        origin: "auto" takes an exact file where that is smaller: of drawings, of what was a JPEG
            file, or came from Photo CD; "none" always rounds.
    """

    max_error: int = option(1, MAX_ERROR, "by which no sample of a pixel is off by more")
    effort: int = option(5, EFFORT, "1 (fastest) to 9 (smallest)")
    origin: str = option("auto", OneOf(("auto", "none")), "whether to look for JPEG's YCbCr")


def _facts(starts: Mapping[bytes, bytes]) -> dict[str, Any]:
    start = starts.get(ROUNDING.type, b"")[:1]
    return {"max_error": start[0]} if start else {}


def _work() -> Work:
    from pillow_colorgrid.codings.near import coding

    return coding


NEAR = Coding(
    number=7,
    name="near",
    modes=LOSSLESS.modes,
    parts=(
        one(NETWORKS),
        one(replace(CHANNELS, optional=False)),
        one(ROUNDING),
        one(ADAPTATION),
        one(replace(LANES, optional=False)),
        one(replace(COLOR_PREVIEW, optional=False)),
        one(replace(PREVIEW, optional=False)),
        each(TILE, replace(COLOR_TILE, optional=False)),
        one(replace(ALPHA, modes=WITH_LAST)),
    ),
    work=_work,
    options=Options,
    loses="exact values",
    draft_intervals=LOSSLESS.draft_intervals,
    facts=_facts,
    region=LOSSLESS.region,
    sure=LOSSLESS.sure,
    look=LOSSLESS.look,
    since=1,
)
