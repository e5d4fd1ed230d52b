"""The networks of the jpeg coding, by the id of their set.

A file names one id: that of the set. The set's file names, in turn, its networks.
"""

import json
from functools import cache

import numpy as np

from pillow_colorgrid.codings.jpeg import layout
from pillow_colorgrid.codings.jpeg.walk import Predict
from pillow_colorgrid.errors import NetworkError
from pillow_colorgrid.runtime import networks

SET = "jpeg_set"
"""The role of a set in the index."""

CURRENT = 100
"""The set that new files are written with."""


def _names() -> tuple[str, ...]:
    names = []
    for plane, groups in layout.GROUPS.items():
        names += [f"{plane}_table", f"{plane}_start"]
        names += [f"{plane}_head_{number}" for number in range(len(groups))]
        names += [f"{plane}_update_{number}" for number in range(len(groups) - 1)]
    names += [f"dc_{plane}_{kind}" for plane in DC_PLANES for kind in ("diagonal", "cross")]
    return tuple(names)


DC_PLANES = ("luminance", "cb", "cr")

NAMES = _names()
"""The networks of a set, in the order in which its file names them."""


@cache
def members(number: int) -> dict[str, int]:
    """Ids of the networks of a set, by name.

    Raises:
        NetworkError: `number` is no id of a set, or its file is damaged.
    """
    entry = networks.index().get(number)
    if entry is None or entry.role != SET:
        sets = networks.with_role(SET)
        raise NetworkError(f"network {number} is no set of the jpeg coding, allowed: {sets}")
    ids = json.loads(networks.file_bytes(entry))["networks"]
    return dict(zip(NAMES, ids, strict=True))


def predict_by(number: int) -> Predict:
    """What runs the networks of a set."""
    ids = members(number)

    def predict(name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        session = networks.session(networks.index()[ids[name]])
        result: np.ndarray = session.run(None, inputs)[0]
        return result

    return predict
