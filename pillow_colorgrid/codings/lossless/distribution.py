"""From what a network puts out to the row of the frequency table, in integers.

Of each value the network tells a *mean* in eighths and a *class* of scale (four to an octave). The
value is coded as its difference to the mean rounded down; class and fraction of the mean choose the
row. The mean of Cg follows what is already known of Co (slope), and so does its scale: where Co
came as a surprise, Cg will as well.

Outputs are integers already (`outputs`).
"""

from dataclasses import dataclass

import numpy as np

HIGHEST = 255
"""Luminance is in 0..255, Co and Cg in -255..255."""

MEAN_STEPS = 8
"""A mean is told in eighths of a step of luminance or colour."""

MEAN_GAIN = 4
"""An output of 1 moves the mean by 4."""

CLASSES = 48
"""Classes of scale."""

CLASSES_PER_OCTAVE = 4

UNIT_CLASS = 16
"""The class of scale 1: scale = 2**((class - 16) / 4), 1/16..214."""

START_CLASS = 22
"""The class of output 0."""

SLOPE_STEPS = 16
"""A slope, and the weight of a surprise, are told in sixteenths, -16..16."""

SURPRISE_BOUNDS = (0.5, 1, 2, 4)
"""Co's distance from its mean, in scales, between the kinds of surprise."""

SURPRISE_CLASSES = (-11, -3, 5, 16, 29)
"""What each kind adds to the class of Cg at weight 1, in sixteenths of an octave."""

_QUARTER_OCTAVES = (65536, 77936, 92682, 110218)
"""round(2**16 * 2**(k/4))"""

FRACTION_CLASSES = 24
"""Below this class (scale 4) each fraction of the mean has a row of its own."""

ROWS = FRACTION_CLASSES * MEAN_STEPS + CLASSES - FRACTION_CLASSES
"""Rows of the frequency table of one plane."""


@dataclass(frozen=True)
class Distribution:
    """Where values lie: `mean` in eighths and `scale_class`, both int32 of the same shape."""

    mean: np.ndarray
    scale_class: np.ndarray

    @staticmethod
    def uniform(shape: tuple[int, ...], mean: int, scale_class: int) -> "Distribution":
        """The same for all values: `mean` in whole steps."""
        return Distribution(
            np.full(shape, mean * MEAN_STEPS, np.int32), np.full(shape, scale_class, np.int32)
        )

    def cropped(self, height: int, width: int) -> "Distribution":
        """Only the cells whose pixel is inside of the picture."""
        return Distribution(self.mean[..., :height, :width], self.scale_class[..., :height, :width])

    def some(self, chosen: slice | np.ndarray) -> "Distribution":
        """Those of some values, of flat ones."""
        return Distribution(self.mean[chosen], self.scale_class[chosen])

    @property
    def flat(self) -> "Distribution":
        """The same, (n,)."""
        return Distribution(self.mean.reshape(-1), self.scale_class.reshape(-1))

    @property
    def floor(self) -> np.ndarray:
        return self.mean >> 3

    @property
    def row(self) -> np.ndarray:
        """The row of the plane's frequency table, 0..ROWS-1."""
        fine = (self.scale_class << 3) + (self.mean & (MEAN_STEPS - 1))
        coarse = self.scale_class + (ROWS - CLASSES)
        return np.where(self.scale_class < FRACTION_CLASSES, fine, coarse)


def row_of(mean: int, scale_class: int) -> int:
    """The row of one value, as `Distribution.row`."""
    if scale_class < FRACTION_CLASSES:
        return (scale_class << 3) + (mean & (MEAN_STEPS - 1))
    return scale_class + (ROWS - CLASSES)


MEAN_FINE, SCALE_FINE = 64, 64
"""Means are added up in 1/64 of a step, scales in 1/64 of an octave, before they are rounded."""

LUMINANCE_UNITS = np.array([MEAN_GAIN * MEAN_FINE, SCALE_FINE], np.float32)

COLOR_UNITS = np.array(
    [MEAN_GAIN * MEAN_FINE, SCALE_FINE] * 2 + [SLOPE_STEPS, SLOPE_STEPS], np.float32
)
"""What an output of 1 is as an integer."""

LUMINANCE_OUTPUTS, COLOR_OUTPUTS = len(LUMINANCE_UNITS), len(COLOR_UNITS)
"""For each pixel: mean and scale; of Co, of Cg, then slope and weight of a surprise."""


def _clipped(values: np.ndarray, lowest: int, highest: int) -> np.ndarray:
    """int32 `values`, clipped in place."""
    # By numbers of numpy: it would look up the range of the type for each of Python's.
    return values.clip(np.int32(lowest), np.int32(highest), values)


def _mean(base: np.ndarray, fine: np.ndarray, lowest: int) -> np.ndarray:
    """In eighths, clipped to the range of the plane's values."""
    mean = base.astype(np.int32) * MEAN_STEPS + ((fine + 4) >> 3)
    return _clipped(mean, lowest * MEAN_STEPS, HIGHEST * MEAN_STEPS)


def _class(fine: np.ndarray) -> np.ndarray:
    found: np.ndarray = ((fine + 8) >> 4) + START_CLASS
    return _clipped(found, 0, CLASSES - 1)


def luminance(outputs: np.ndarray, base: np.ndarray) -> Distribution:
    """Of outputs (N, 2, rows, columns) and bases (N, rows, columns)."""
    return Distribution(_mean(base, outputs[:, 0], 0), _class(outputs[:, 1]))


def co(outputs: np.ndarray, base: np.ndarray) -> Distribution:
    """Of outputs (N, 6, rows, columns) the first two."""
    return Distribution(_mean(base, outputs[:, 0], -HIGHEST), _class(outputs[:, 1]))


def cg(outputs: np.ndarray, base: np.ndarray, known: Distribution, co: np.ndarray) -> Distribution:
    """Cg's distribution, once Co is known.

    Args:
        outputs: (N, 6, rows, columns); base: of Cg.
        known: the distribution of Co.
        co: Co itself (N, rows, columns).
    """
    slopes = _clipped(outputs[:, 4:6].copy(), -SLOPE_STEPS, SLOPE_STEPS)
    slope, weight = slopes[:, 0], slopes[:, 1]
    distance = co.astype(np.int32) * MEAN_STEPS - known.mean
    # an eighth times a sixteenth is 1/128: half of a 1/64
    fine = outputs[:, 2] + ((slope * distance) >> 1)
    kinds = np.minimum(np.abs(distance), np.int32(_DISTANCES - 1))
    kinds += known.scale_class * np.int32(_DISTANCES)
    surprise = _SURPRISE.take(kinds)
    # a sixteenth of an octave times a sixteenth is 1/256 of an octave
    scale = outputs[:, 3] + ((weight * surprise + 2) >> 2)
    return Distribution(_mean(base, fine, -HIGHEST), _class(scale))


_DISTANCES = MEAN_STEPS * 1024
"""Of Co from its mean, in eighths: so many at most."""


def _surprises() -> np.ndarray:
    """SURPRISE_CLASSES for each class of Co and each distance: (CLASSES, _DISTANCES) int8."""
    distances = np.arange(_DISTANCES)
    table = np.empty((CLASSES, len(distances)), np.int8)
    for scale_class in range(CLASSES):
        octave, quarter = divmod(scale_class - UNIT_CLASS, CLASSES_PER_OCTAVE)
        # distances in units of 2**-20 so that the smallest scale and bound stay integers
        scale = (_QUARTER_OCTAVES[quarter] << (octave + 4)) * MEAN_STEPS
        bounds = [int(bound * 2) * scale // 2 for bound in SURPRISE_BOUNDS]
        kind = sum(((distances << 20) >= bound).astype(np.int32) for bound in bounds)
        table[scale_class] = np.array(SURPRISE_CLASSES)[kind]
    return table


_SURPRISE = _surprises()
