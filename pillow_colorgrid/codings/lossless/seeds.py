"""The seeds of a small picture: its coarsest pixels, row by row, each expected from those before.

So few pixels are not worth the call of a network. Y, Co and Cg come one after the other; how far
the plane before was from what was expected tells how uncertain the next one is.
"""

from collections.abc import Generator
from contextlib import suppress

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import HIGHEST, MEAN_STEPS, Distribution

Expected = Generator[tuple[int, int], int, None]
"""Gives mean (in eighths) and class of scale of a value, then takes the value; one by one."""

LOWEST = (0, -HIGHEST, -HIGHEST)
"""Of the values of each plane."""

FIRST_MEANS, FIRST_CLASSES = (128, 0, 0), (38, 35, 30)
"""Of the first seed of Y, Co, Cg."""

EDGE_CLASSES = (33, 30, 26)
"""Of the other seeds of the first row and column: their mean is the seed before them."""

CLASSES = (
    (14, 18, 18, 20, 26, 29, 31, 34, 36, 37, 38),
    (14, 18, 18, 18, 21, 24, 27, 31, 35, 39, 40),
    (14, 18, 18, 18, 19, 23, 27, 30, 33, 38, 41),
)
"""By the number of bits of how much the values around differ, the last for all beyond. Measured on
360 crops of training pictures; all of these constants are in files."""


def expected(number: int, width: int, surprises: list[int]) -> Expected:
    """What is expected of each seed of a plane.

    Args:
        number: of the plane: 0 for Y, 1 for Co, 2 for Cg.
        width: seeds in a row.
        surprises: of the plane before, how far each seed was from its mean (rounded down); becomes
            those of this plane. 0 for each seed before the first plane.
    """
    classes, most = CLASSES[number], len(CLASSES[number]) - 1
    lowest, highest = LOWEST[number] * MEAN_STEPS, HIGHEST * MEAN_STEPS
    values: list[int] = []
    for place in range(len(surprises)):
        row, column = divmod(place, width)
        if not place:
            mean, scale_class = FIRST_MEANS[number] * MEAN_STEPS, FIRST_CLASSES[number]
        elif not row or not column:
            before = values[place - (width if row else 1)]
            mean, scale_class = before * MEAN_STEPS, EDGE_CLASSES[number]
        else:
            left, above = values[place - 1], values[place - width]
            corner = values[place - width - 1]
            beyond = values[place - width + 1] if column + 1 < width else above
            mean = (2 * left + above + beyond) * (MEAN_STEPS // 4)
            around = abs(left - corner) + abs(above - corner) + abs(beyond - above)
            scale_class = classes[min((around + surprises[place]).bit_length(), most)]
        mean = min(max(mean, lowest), highest)  # of damaged bytes it may be anywhere
        value = yield mean, scale_class
        values.append(value)
        surprises[place] = abs(value - (mean >> 3))


def distribution_of(expected_of: Expected, values: list[int]) -> Distribution:
    """What is `expected_of` values that are known: (n,)."""
    found = [next(expected_of)] if values else []
    for value in values:
        with suppress(StopIteration):
            found.append(expected_of.send(value))
    means, classes = np.array(found, np.int32).reshape(-1, 2).T
    return Distribution(means, classes)
