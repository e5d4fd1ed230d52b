"""The networks and the frequency tables of the lossless coding, by the id of their tables.

A file names one id: that of the tables. They name, in turn, the networks they were made for.
"""

import hashlib
from functools import cache
from importlib import resources
from io import BytesIO

import numpy as np

from pillow_colorgrid import entropy, networks
from pillow_colorgrid.codings.lossless_walk import Model
from pillow_colorgrid.errors import NetworkError

SMALL, WIDE = 44, 28
"""Ids of the tables whose networks are 32 and 64 features wide."""

MODELS_BY_EFFORT = {**dict.fromkeys(range(1, 4), SMALL), **dict.fromkeys(range(4, 10), WIDE)}
"""Ids of the tables by effort."""

FEATURES = {SMALL: 32, WIDE: 64}
"""Features that each network shows beside its outputs, by the id of the tables."""

NAMES = tuple(
    f"{plane}_{level}_{name}"
    for plane in ("luminance", "color")
    for level in ("fine", "second", "coarse")
    for name in ("diagonal", "cross")
)
"""The networks of a model, in the order in which the tables name them."""


@cache
def model(number: int) -> Model:
    """The model whose tables have id `number`.

    Raises:
        NetworkError: `number` is no id of tables, or their file is damaged.
    """
    if number not in FEATURES:
        raise NetworkError(f"network {number} has no frequency tables, allowed: {[*FEATURES]}")
    entry = networks.index()[number]
    data = (resources.files("pillow_colorgrid.models") / entry.file).read_bytes()
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise NetworkError(f"{entry.file} is damaged: its SHA-256 is not {entry.sha256}")
    with np.load(BytesIO(data), allow_pickle=False) as tables:
        members = dict(zip(NAMES, tables["networks"].tolist(), strict=True))
        frequencies = entropy.Frequencies(tables["frequencies"])

    def predict(name: str, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        session = networks.session(networks.index()[members[name]])
        outputs, features = session.run(["outputs", "features"], {"inputs": inputs})
        return outputs, features

    return Model(predict, frequencies, FEATURES[number])
