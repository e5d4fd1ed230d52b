"""The networks and the frequency tables of the lossless coding, by the id of their tables.

A file names one id: that of the tables. They name, in turn, the networks they were made for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO

import numpy as np

from pillow_colorgrid.codings.lossless.adaptation import Adaptation
from pillow_colorgrid.codings.lossless.clipping import Clipping
from pillow_colorgrid.codings.lossless.rounding import Rounding
from pillow_colorgrid.entropy import compact, rans
from pillow_colorgrid.errors import NetworkError
from pillow_colorgrid.runtime import networks

SMALL, MIDDLE, WIDE = 188, 162, 226
"""Ids of the tables of networks 32, 48 and 64 features wide."""

QUICK = 213
"""Of such as SMALL, with one block of layers instead of two where most cells are."""

FIRST_SMALL, FIRST_WIDE = 44, 28
"""The same, for old files only."""

RENDERED = 175
"""Id of the tables of networks 48 features wide for pictures without noise."""

RENDERED_EFFORT = 3
"""From here on they are tried on such pictures."""

ALL_SETS_EFFORT = 8
"""From here on whole pictures are coded by each set of networks that may suit them; below, a sample
tells which set it is."""

WIDE_EFFORT = 6
"""From here on wide networks are used."""

MODELS_BY_EFFORT = {
    1: QUICK,
    **dict.fromkeys(range(2, 5), SMALL),
    5: MIDDLE,
    **dict.fromkeys(range(WIDE_EFFORT, 10), WIDE),
}
"""Ids of the tables by effort."""

SMALL_MODELS_BY_EFFORT = {**MODELS_BY_EFFORT, 6: MIDDLE}
"""The same for small pictures, read by programs that have many of them."""

LARGE_PIXELS = 2**20
"""Pictures of more pixels are large: time counts more there, because there is more of it."""

LARGE_MODELS_BY_EFFORT = {
    **dict.fromkeys(range(1, 6), QUICK),
    6: MIDDLE,
    **dict.fromkeys(range(WIDE_EFFORT + 1, 10), WIDE),
}
"""The same for large pictures."""

STREAM_FORM = compact.Form(count_bytes=2, tail_shift=3)
"""How streams tell their lanes, in new files. One lane in 32 for the tail made files 0.1 % smaller,
and two fifths of a photograph's steps were those of the tail: numpy takes half as long for 31 lanes
as for a thousand."""

THRIFTY_FORM = replace(STREAM_FORM, tail_shift=5)
"""The same for writers to whom bytes matter more."""

TABLES = "tables"
"""The role of tables in the index."""

NAMES = tuple(
    f"{plane}_{level}_{name}"
    for plane in ("luminance", "color")
    for level in ("fine", "second", "coarse")
    for name in ("diagonal", "cross")
)
"""The networks of a model, in the order in which the tables name them."""


@dataclass(frozen=True)
class Model:
    """What a file says of how its pixels are predicted: data alone (`predict` computes by it).

    Attributes:
        networks: their ids by name.
        frequencies: of the symbols, one row for each kind of distribution.
        features: that the head of each network sees, by its name.
        reach: so many rows of cells away an input changes an output; None: any.
        adaptation: what the picture adds to the networks' outputs.
        clipping: how sharply the picture's channels are clipped; None: it does not matter.
        rounding: how values are rounded; None: they are exact.
        counts: the planes whose values in tiles are told by how often each was there already.
        form: of the streams of its pieces; None: as in files of the first releases.
    """

    networks: Mapping[str, int]
    frequencies: rans.Frequencies
    features: Mapping[str, int]
    reach: int | None = None
    adaptation: Adaptation = field(default_factory=dict)
    clipping: Clipping | None = None
    rounding: Rounding | None = None
    counts: tuple[int, ...] = ()
    form: compact.Form | None = STREAM_FORM


@cache
def model(number: int) -> Model:
    """The model whose tables have id `number`, for any picture.

    Raises:
        NetworkError: `number` is no id of tables, or their file is damaged.
    """
    entry = networks.index().get(number)
    if entry is None or entry.role != TABLES:
        allowed = networks.with_role(TABLES)
        raise NetworkError(f"network {number} has no frequency tables, allowed: {allowed}")
    with np.load(BytesIO(networks.file_bytes(entry)), allow_pickle=False) as tables:
        ids = dict(zip(NAMES, tables["networks"].tolist(), strict=True))
        equally = np.full((1, tables["frequencies"].shape[1]), rans.TOTAL // 1024, np.uint16)
        frequencies = rans.Frequencies(np.concatenate([tables["frequencies"], equally]))
    features = {name: networks.index()[one].features for name, one in ids.items()}
    return Model(ids, frequencies, features, entry.reach)
