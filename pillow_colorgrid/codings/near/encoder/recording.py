"""A picture on its way to steps: it becomes what a decoder will see, value by value.

What the networks foresee depends on what is rounded already; so the walk over the picture rounds as
it goes, and notes down in how many steps. Which class stands for which is chosen afterwards: no
value depends on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import (
    CLASSES,
    MEAN_STEPS,
    Distribution,
)
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.rounded_stream import (
    Levels,
    Steps,
    bits,
    expected,
    ranges,
    steps_to,
    values_of,
)
from pillow_colorgrid.codings.lossless.stream import CENTER, ESCAPE, pack_stream
from pillow_colorgrid.entropy import rans

FARTHEST = 255
"""Steps of 3 at least lie nearer than this to what was expected."""


@dataclass(frozen=True)
class Noted:
    """Some values of a plane: `numbers` (n,) int16 of steps, and what was expected.

    Attributes:
        plane: its number.
        likely: (n,) uint16: class of scale, times MEAN_STEPS, and fraction of the mean.
        steps: what they were rounded by.
    """

    plane: int
    likely: np.ndarray
    numbers: np.ndarray
    steps: Steps

    @property
    def distribution(self) -> Distribution:
        """By which the values are expected around 0."""
        classes, fractions = np.divmod(self.likely.astype(np.int32), MEAN_STEPS)
        return Distribution(fractions, classes)


class Recorder:
    """A stream of one piece that rounds the pixels in place, and collects the steps."""

    def __init__(self, levels: Levels, entropy: rans.Encoder) -> None:
        self.levels, self.entropy = levels, entropy
        self.noted: list[Noted] = []

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        """Round the pixels."""
        steps = self.levels.steps(number, where)
        found = expected(number, distribution, np.arange(CLASSES))
        exact = plane[:, *where]
        numbers = steps_to(exact.reshape(-1), found, steps)
        plane[:, *where] = values_of(number, found, numbers, steps).reshape(exact.shape)
        likely = distribution.scale_class * MEAN_STEPS + (distribution.mean & (MEAN_STEPS - 1))
        self.noted.append(
            Noted(number, likely.reshape(-1).astype(np.uint16), numbers.astype(np.int16), steps)
        )

    def finish(self, frequencies: rans.Frequencies, classes: Sequence[np.ndarray]) -> bytes:
        """The bytes of the stream, where `classes` of each plane stand for others."""
        escapes = []
        for part in self.noted:
            found = expected(part.plane, part.distribution, classes[part.plane])
            start, end = ranges(frequencies, found, part.numbers, part.steps)
            escaped = np.flatnonzero(start == end)
            if escaped.size:
                escapes.append(part.numbers[escaped] + CENTER)
                start[escaped] = frequencies.bounds[found.row[escaped], ESCAPE]
                end[escaped] = frequencies.bounds[found.row[escaped], ESCAPE + 1]
            self.entropy.add_intervals(start, end)
        return pack_stream(escapes, self.entropy)


def fit_classes(
    recorders: Sequence[Recorder], plane: int, frequencies: rans.Frequencies
) -> np.ndarray:
    """(CLASSES,) int32: by which classes a plane is told in the fewest bits; each 0 or 1 above
    the one before."""
    costs = np.zeros((CLASSES, CLASSES))
    for steps, counts in _counts(recorders, plane):
        costs += _costs(counts, plane, steps, frequencies)
    return _cheapest(costs)


def _counts(recorders: Sequence[Recorder], plane: int) -> list[tuple[Steps, np.ndarray]]:
    """How often each step occurred, (CLASSES, MEAN_STEPS, 2 * FARTHEST + 1), for each size."""
    found: dict[int, tuple[Steps, np.ndarray]] = {}
    shape = (CLASSES, MEAN_STEPS, 2 * FARTHEST + 1)
    for recorder in recorders:
        for part in recorder.noted:
            if part.plane == plane:
                _, counts = found.setdefault(part.steps.size, (part.steps, np.zeros(shape, int)))
                places = part.likely.astype(np.int64) * shape[2] + part.numbers + FARTHEST
                counts += np.bincount(places, minlength=counts.size).reshape(shape)
    return list(found.values())


def _costs(
    counts: np.ndarray, plane: int, steps: Steps, frequencies: rans.Frequencies
) -> np.ndarray:
    """(CLASSES, CLASSES): bits of the values of each class, told by each."""
    farthest = int(np.abs(np.flatnonzero(counts.any(axis=(0, 1))) - FARTHEST).max(initial=0))
    numbers = np.arange(-farthest, farthest + 1)
    seen = counts[..., FARTHEST - farthest : FARTHEST + farthest + 1].astype(np.float64)
    costs = np.zeros((CLASSES, CLASSES))
    for told in range(CLASSES):
        for fraction in range(MEAN_STEPS):
            distribution = Distribution(
                np.full(len(numbers), fraction, np.int32), np.full(len(numbers), told, np.int32)
            )
            found = expected(plane, distribution, np.arange(CLASSES))
            costs[:, told] += seen[:, fraction] @ bits(frequencies, found, numbers, steps)
    return costs


def _cheapest(costs: np.ndarray) -> np.ndarray:
    """The path through (CLASSES, CLASSES) costs that rises by 0 or 1 from each row to the next."""
    last = CLASSES - 1
    total = np.zeros((CLASSES, CLASSES))
    total[last] = costs[last]
    for row in range(last - 1, -1, -1):
        after = total[row + 1]
        total[row] = costs[row] + np.minimum(after, np.append(after[1:], after[last]))
    path = [int(np.argmin(total[0]))]
    for row in range(1, CLASSES):
        stays, rises = path[-1], min(path[-1] + 1, last)
        # of equal ones the higher: where nothing was seen they go on as they began
        path.append(stays if total[row, stays] < total[row, rises] else rises)
    return np.array(path, np.int32)
