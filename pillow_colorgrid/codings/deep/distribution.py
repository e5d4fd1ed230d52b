"""Where the values of a deep plane lie: in buckets of 2**zoom, counted from the base."""

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import (
    CLASSES,
    MEAN_STEPS,
    START_CLASS,
    Distribution,
)

HALF_BUCKET = MEAN_STEPS // 2


def of_buckets(outputs: np.ndarray, base: np.ndarray, zoom: np.ndarray, top: int) -> Distribution:
    """The distribution of the bucket ``(value - base) >> zoom`` of each pixel.

    Args:
        outputs: `integers` (N, 2, rows, columns).
        base, zoom: (N, rows, columns) int32.
        top: the greatest value.

    The network tells the mean of values; that of their buckets, which round down, is half a bucket
    lower, or less where buckets hold few values.
    """
    mean = (outputs[:, 0] + 4) >> 3
    least, most = (-base * MEAN_STEPS) >> zoom, ((top - base) * MEAN_STEPS) >> zoom
    mean = np.minimum(np.maximum(mean, least), most)
    mean -= HALF_BUCKET - (HALF_BUCKET >> zoom)
    scale_class = ((outputs[:, 1] + 8) >> 4) + START_CLASS
    return Distribution(mean, np.clip(scale_class, 0, CLASSES - 1))
