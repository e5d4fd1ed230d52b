"""Pixels that a JPEG's coefficients do not render to, listed with what they differ by."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Exceptions:
    """Where a picture differs from its rendering.

    Attributes:
        positions: (n,) pixels, numbered row by row from 0; increasing.
        residuals: (n, channels) actual minus rendered, in -255..255.
    """

    positions: npt.NDArray[np.int64]
    residuals: npt.NDArray[np.int16]

    def of_rows(self, top: int, bottom: int, width: int) -> "Exceptions":
        """Those of the rows from `top` up to `bottom` (not included), numbered from `top` on."""
        first, last = np.searchsorted(self.positions, (top * width, bottom * width))
        return Exceptions(self.positions[first:last] - top * width, self.residuals[first:last])

    def apply(self, rendered: Pixels) -> None:
        """Turn the rendering (H, W, channels) into the picture, in place.

        What leaves 0..255 (of a damaged file) keeps its lowest 8 bits.
        """
        flat = rendered.reshape(-1, rendered.shape[-1])
        values = flat[self.positions].astype(np.int16) + self.residuals
        flat[self.positions] = values.astype(np.uint8)

    def cost_bytes(self) -> float:
        """About what they cost: entropies of the distances' lengths and of residuals, and bits."""
        if not self.positions.size:
            return 0.0
        lengths = np.frexp(np.diff(self.positions, prepend=-1).astype(np.float64))[1]
        factors = 512 ** np.arange(self.residuals.shape[1], dtype=np.int64)
        joined = (self.residuals.astype(np.int64) * factors).sum(1)
        return (entropy_bits(lengths) + float((lengths - 1).sum()) + entropy_bits(joined)) / 8


def between(actual: Pixels, rendered: Pixels) -> Exceptions:
    """The exceptions that make `actual` of `rendered`, both (H, W, channels)."""
    channels = actual.shape[-1]
    positions = np.flatnonzero((actual != rendered).any(-1))
    residuals = actual.reshape(-1, channels)[positions].astype(np.int16)
    residuals -= rendered.reshape(-1, channels)[positions]
    return Exceptions(positions, residuals)


def entropy_bits(values: npt.NDArray[np.integer]) -> float:
    """Of all values together, by their own counts."""
    counts = np.unique(values, return_counts=True)[1]
    return float((counts * np.log2(len(values) / counts)).sum())
