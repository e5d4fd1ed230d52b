"""Does a picture have an origin? Some pixels tell quickly, then all are looked at."""

import numpy as np

from pillow_colorgrid.codings.lossless.encoder.origin_search import find
from pillow_colorgrid.codings.lossless.origin import Rendering
from pillow_colorgrid.color.renderings import HIGHEST, ORIGINS, Plane
from pillow_colorgrid.pixels import Bytes

PROBE_PIXELS = 4096
"""So many pixels, evenly spread, tell whether a picture may have an origin."""

GOLDEN_SECTION = (5**0.5 - 1) / 2

PROBE_SHARE = 0.98
"""This part of them must have one."""

MAX_EXCEPTIONS = 0.01
"""The largest part of the pixels that this writer makes exceptions: each costs about 5 bytes."""


def recognise(rgb: Bytes) -> tuple[Rendering, list[Plane]] | None:
    """The rendering of a picture (H, W, 3) and its planes (1, H, W); None if it has no origin."""
    height, width = rgb.shape[:2]
    probe = _probe(rgb)
    if len(probe) < PROBE_PIXELS // 8:
        return None
    doubtful = int((1 - PROBE_SHARE) * len(probe))
    for origin in ORIGINS:
        if find(origin, probe[None], doubtful) is None:
            continue
        found = find(origin, rgb, int(MAX_EXCEPTIONS * height * width))
        if found is not None:
            colors = rgb[np.divmod(found.missing, width)]
            return Rendering(origin, found.missing, colors), [plane[None] for plane in found.planes]
    return None


def _probe(rgb: Bytes) -> Bytes:
    """(n, 3): some pixels, evenly spread, that tell something."""
    count = rgb.shape[0] * rgb.shape[1]
    places = np.arange(min(count, 4 * PROBE_PIXELS))
    if len(places) < count:
        # by the golden section: equal steps would meet the same few columns in every row
        places = (places * GOLDEN_SECTION % 1 * count).astype(np.int64)
    probe = rgb[np.divmod(places, rgb.shape[1])]
    # what is clipped has many origins, what is grey has one everywhere: they tell nothing
    telling = ((probe > 0) & (probe < HIGHEST)).all(1) & (np.ptp(probe, axis=1) > 0)
    probe = probe[telling]
    evenly: Bytes = probe[:: max(1, len(probe) // PROBE_PIXELS)]
    return evenly
