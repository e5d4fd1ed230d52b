"""What a network saw of some cells, and its outputs as integers: its head, and what a picture adds.

Both are weighted sums of a cell's features (`runtime.products`), the second also of its inputs. The
head's are rounded to units of means and scales, halves to even; an adaptation's (`adaptation`) are
divided by a power of two, halves up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless.adaptation import BIAS, Correction
from pillow_colorgrid.codings.lossless.context import ZERO
from pillow_colorgrid.runtime.heads import Head, rounded_up
from pillow_colorgrid.runtime.products import LARGEST, weighted

CHUNK_CELLS = 2**16
"""So many are computed at a time, about: that bounds the memory."""


@dataclass(frozen=True)
class Seen:
    """What the head of a network sees of some cells, and an adaptation beside it.

    Attributes:
        features, inputs: (N, rows, columns, features or inputs) uint8; inputs with zero point ZERO,
            their number rounded up.
    """

    head: Head
    features: np.ndarray
    inputs: np.ndarray

    def rows(self, chosen: slice | np.ndarray) -> "Seen":
        """Of some rows of cells."""
        return Seen(self.head, self.features[:, chosen], self.inputs[:, chosen])

    def outputs(
        self,
        units: np.ndarray,
        correction: Correction | None = None,
        corrected: Sequence[int] = (),
    ) -> np.ndarray:
        """(N, outputs, rows, columns) int32.

        Args:
            units: what an output of 1 is as an integer, for each output of a pixel of the pass.
            correction: of the outputs `corrected`; None: there is none.
        """
        count, rows, columns, width = self.features.shape
        found = np.empty((count, len(self.head.bias), rows, columns), np.int32)
        added = None if correction is None else _Added(correction, width, corrected)
        weights = self.head.weights
        if added is not None:
            weights = np.concatenate([weights, added.by_features.weights], 1)
        scales = self.head.scales * np.tile(units, len(self.head.scales) // len(units))
        each = max(1, CHUNK_CELLS // max(1, count * columns))
        for first in range(0, rows, each):
            some = slice(first, first + each)
            self.rows(some)._fill(found[:, :, some], weights, scales, added)
        return found

    def _fill(
        self, found: np.ndarray, weights: np.ndarray, scales: np.ndarray, added: "_Added | None"
    ) -> None:
        """By the weights of the head, and those of what is added behind them."""
        sums = weighted(self.features, weights)
        for output, (bias, scale) in enumerate(zip(self.head.bias, scales, strict=True)):
            real = (sums[:, output] + bias).astype(np.float32)
            real *= scale
            found[:, output] = np.rint(real, real)
        if added is not None:
            added.to(found, sums[:, len(scales) :], self.inputs)


class _Halves:
    """Coefficients (rows, columns) int8 as weights, which are smaller: some rows as two of them."""

    def __init__(self, coefficients: np.ndarray) -> None:
        first = coefficients.clip(-LARGEST, LARGEST)
        rest = coefficients - first
        large = np.flatnonzero(np.logical_or.reduce(rest != 0, axis=1))
        self.rows = [*range(len(first)), *large.tolist()]
        self.weights = np.ascontiguousarray(np.concatenate([first, rest[large]]).T)


class _Added:
    """What a correction adds: to outputs that have a coefficient, by inputs that have one."""

    def __init__(self, correction: Correction, features: int, corrected: Sequence[int]) -> None:
        chosen = np.flatnonzero(np.logical_or.reduce(correction.coefficients != 0, axis=1))
        coefficients = correction.coefficients[chosen]
        of_inputs = coefficients[:, features:-1].astype(np.int32)
        self.outputs = [corrected[row] for row in chosen.tolist()]
        self.shifts = correction.shifts[chosen].astype(np.int32)
        self.start = coefficients[:, -1].astype(np.int32) * BIAS - of_inputs.sum(1) * ZERO
        self.start = (self.start + ((1 << self.shifts) >> 1)).astype(np.int32)
        self.by_features = _Halves(coefficients[:, :features])
        beyond = rounded_up(of_inputs.shape[1]) - of_inputs.shape[1]
        self.by_inputs = _Halves(np.pad(coefficients[:, features:-1], [(0, 0), (0, beyond)]))

    def to(self, found: np.ndarray, of_features: np.ndarray, inputs: np.ndarray) -> None:
        """Add to `found` (N, outputs, rows, columns), given the sums by features."""
        of_inputs = weighted(inputs, self.by_inputs.weights)
        parts: list[list[np.ndarray]] = [[] for _ in self.outputs]
        for sums, by in ((of_features, self.by_features), (of_inputs, self.by_inputs)):
            for number, row in enumerate(by.rows):
                parts[row].append(sums[:, number])
        for output, start, shift, (first, *others) in zip(
            self.outputs, self.start, self.shifts, parts, strict=True
        ):
            total = first + start
            for part in others:
                total += part
            total >>= shift
            found[:, output] += total
