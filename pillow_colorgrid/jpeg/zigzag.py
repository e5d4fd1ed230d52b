"""The order in which a block's coefficients are coded.

Source: ITU-T T.81, figure A.6.
"""

import numpy as np

ORDER = np.array(
    sorted(range(64), key=lambda n: (n // 8 + n % 8, n // 8 if (n // 8 + n % 8) % 2 else n % 8)),
    np.int64,
)
"""ORDER[k]: place in natural (row-major) order of the k-th coefficient in zigzag order."""

RANK = np.argsort(ORDER)
"""RANK[n]: place in zigzag order of the n-th coefficient in natural order."""
