"""Does a picture look rendered: without noise, for the networks that know such pictures?

Whether its files then really are smaller is tried: this look only saves the time of trying.
"""

from collections.abc import Sequence

import numpy as np

SAMPLE_ROWS = 128
"""So many rows, evenly spread, tell enough."""

RENDERED_SHARE = 0.42
"""So many values are what their neighbours above and beside tell: those of 95 % of the rendered
pictures that are trained on, and of 8 % of the photographs."""


def looks_rendered(planes: Sequence[np.ndarray]) -> bool:
    """Of planes (1, H, W) int16: whether many values lie on a plane through their neighbours."""
    return smooth_share(planes) >= RENDERED_SHARE


def smooth_share(planes: Sequence[np.ndarray]) -> float:
    """The part of the values that are left + above - above left."""
    height, width = planes[0].shape[1:]
    if height < 2 or width < 2:
        return 0.0
    rows = np.unique(np.linspace(1, height - 1, SAMPLE_ROWS).astype(int))
    shares = []
    for plane in planes:
        here, above = plane[0, rows], plane[0, rows - 1]
        same = np.diff(here, axis=1) == np.diff(above, axis=1)
        shares.append(np.count_nonzero(same) / same.size)
    return float(np.mean(shares))
