"""Learn the frequency tables of the lossless coding: what really happens where a network says so.

Walks over pictures with finished networks and counts, for each plane and row (class of scale and
fraction of the mean), how far values are from their mean. The tables need not be logistic; where a
row was seen seldom, a logistic distribution stands in.
"""

from collections.abc import Iterable

import numpy as np

from pillow_colorgrid.codings.lossless import distribution
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW_REFINEMENTS,
    TILE_REFINEMENTS,
    preview_of,
)
from pillow_colorgrid.codings.lossless.predict import Predictor, Run
from pillow_colorgrid.codings.lossless.stream import CENTER, ESCAPE, SYMBOLS, symbols_of
from pillow_colorgrid.codings.lossless.walk import walk
from pillow_colorgrid.entropy import rans

PLANES = 3

PRIOR_COUNT = 300.0
"""The logistic distribution weighs as much as so many values."""


UNUSED = np.array([[rans.TOTAL // 2, rans.TOTAL // 2]])
"""Frequencies for a model whose values are only counted."""


class Counter:
    """A stream that only counts."""

    def __init__(self) -> None:
        self.counts = np.zeros((PLANES * distribution.ROWS, SYMBOLS), np.int64)

    def code(
        self, number: int, plane: np.ndarray, where: Where, found: distribution.Distribution
    ) -> None:
        rows, symbols = symbols_of(number, plane[:, *where], found)
        index = (rows.astype(np.int64) * SYMBOLS + symbols).reshape(-1)
        self.counts += np.bincount(index, minlength=self.counts.size).reshape(self.counts.shape)


def count(pictures: Iterable[np.ndarray], run: Run) -> np.ndarray:
    """(planes * ROWS, SYMBOLS): how often each symbol of each row occurs.

    Args:
        pictures: (H, W, 3) int16 each, as `lossless_data.planes` gives them.
    """
    counter = Counter()
    predictor = Predictor(Model({}, rans.Frequencies(UNUSED), features={}), run=run)
    for picture in pictures:
        planes = [np.ascontiguousarray(plane)[None] for plane in np.moveaxis(picture, -1, 0)]
        walk(preview_of(planes), PREVIEW_REFINEMENTS, predictor, counter)
        walk(planes, TILE_REFINEMENTS, predictor, counter)
    return counter.counts


def class_and_fraction(row: int) -> tuple[int, float]:
    """The class of scale and the (middle) fraction of the mean that a row of a plane stands for."""
    fine_rows = distribution.FRACTION_CLASSES * distribution.MEAN_STEPS
    if row < fine_rows:
        scale_class, eighths = divmod(row, distribution.MEAN_STEPS)
        return scale_class, eighths / distribution.MEAN_STEPS
    middle = (distribution.MEAN_STEPS - 1) / 2 / distribution.MEAN_STEPS
    return distribution.FRACTION_CLASSES + row - fine_rows, middle


def logistic(row: int) -> np.ndarray:
    """The probability of each symbol in a row of a plane, as training took it to be."""
    scale_class, fraction = class_and_fraction(row)
    octaves = (scale_class - distribution.UNIT_CLASS) / distribution.CLASSES_PER_OCTAVE
    bounds = (np.arange(SYMBOLS + 1) - CENTER - 0.5 - fraction) / 2.0**octaves
    probability = np.diff(0.5 + 0.5 * np.tanh(bounds / 2)) + 1e-9
    probability[ESCAPE] = 0
    return probability / probability.sum()


def integers(probability: np.ndarray) -> np.ndarray:
    """Probabilities (symbols,) -> frequencies of sum 2**14; rare symbols share the escape's."""
    share = probability * rans.TOTAL
    frequencies = np.round(share).astype(np.int64)
    frequencies[ESCAPE] = max(1, round(float(share[frequencies == 0].sum())))
    frequencies[CENTER] = max(1, frequencies[CENTER])
    frequencies[np.argmax(frequencies)] += rans.TOTAL - frequencies.sum()
    return frequencies


def frequencies(counts: np.ndarray) -> np.ndarray:
    """Counts of `count` -> (planes * ROWS, SYMBOLS) uint16 for `entropy.Frequencies`."""
    rows = []
    for number, seen in enumerate(counts):
        prior = logistic(number % distribution.ROWS)
        rows.append(integers((seen + PRIOR_COUNT * prior) / (seen.sum() + PRIOR_COUNT)))
    return np.array(rows, np.uint16)


def ideal_bits(counts: np.ndarray, table: np.ndarray) -> float:
    """What coding `counts` by `table` costs, escapes included, without the coder's overhead."""
    costs = -np.log2(np.maximum(table, 1) / rans.TOTAL)
    escape = costs[:, ESCAPE : ESCAPE + 1] + 16
    return float((counts * np.where(table == 0, escape, costs)).sum())
