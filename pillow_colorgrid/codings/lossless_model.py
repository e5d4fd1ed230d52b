"""The networks and the frequency tables of the lossless coding, by the id of their tables.

A file names one id: that of the tables. They name, in turn, the networks they were made for.
"""

from functools import cache
from importlib import resources
from io import BytesIO

import numpy as np

from pillow_colorgrid import entropy, networks
from pillow_colorgrid.codings.lossless_planes import Model

MODELS_BY_EFFORT = {effort: 30 for effort in range(1, 10)}
"""Ids of the tables; several efforts may share one."""

NAMES = tuple(
    f"{plane}_{level}_{name}"
    for plane in ("luminance", "color")
    for level in ("fine", "second", "coarse")
    for name in ("diagonal", "cross")
)
"""The networks of a model, in the order in which the tables name them."""


@cache
def model(number: int) -> Model:
    """The model whose tables have id `number`."""
    entry = networks.index()[number]
    data = (resources.files("pillow_colorgrid.models") / entry.file).read_bytes()
    networks.check_file(entry, data)
    with np.load(BytesIO(data), allow_pickle=False) as tables:
        members = dict(zip(NAMES, tables["networks"].tolist(), strict=True))
        frequencies = entropy.Frequencies(tables["frequencies"])

    def predict(name: str, inputs: np.ndarray) -> np.ndarray:
        session = networks.session(networks.index()[members[name]])
        outputs: np.ndarray = session.run(None, {"inputs": inputs})[0]
        return outputs

    return Model(predict, frequencies)
