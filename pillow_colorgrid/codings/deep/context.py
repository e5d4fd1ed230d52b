"""What the networks of luminance see of a plane of more than 8 bits.

A network knows differences of -128..127. Where neighbours differ by more, a cell is seen from
farther away: its differences are divided by 2**zoom, and what the network then tells is told in
units of 2**zoom. So a wide scene is predicted as a photograph is, and one of a few steps exactly.

As in `lossless.context`: planes (N, h, w), here int32, pixels of one level; inputs (N, rows, taps,
columns) uint8.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.context import (
    LUMINANCE_CROSS_DIAGONAL,
    LUMINANCE_CROSS_KNOWN,
    LUMINANCE_DIAGONAL,
    LUMINANCE_INPUTS,
    ZERO,
    Context,
    Inputs,
    Margined,
    Rows,
    Taps,
    all_rows,
    cross_bases,
    diagonal_base,
    of_place,
    square,
)
from pillow_colorgrid.codings.lossless.predict import Pass, luminance_passes

HIGHEST = 255

AROUND = square(-1, 2)
"""Known pixels whose differences to the base tell the zoom of the diagonal pass."""

_LEAST, _MOST = np.int32(0), np.int32(HIGHEST)


@dataclass(frozen=True)
class Depth:
    """How a plane is seen.

    Attributes:
        top: the plane holds 0..top.
        fineness: differences are 2**fineness to twice that in the mean, where they are zoomed.
    """

    top: int
    fineness: int

    def passes(self, networks: str) -> tuple[Pass, Pass]:
        """Those of luminance; a pixel has two bases: its own, and the zoom of its cell."""
        diagonal, cross = luminance_passes(networks)
        return (
            Pass(diagonal.network, partial(_diagonal, self), diagonal.units, diagonal.places),
            Pass(cross.network, partial(_cross, self), cross.units, cross.places),
        )

    def zoom(self, base: np.ndarray, *seen: np.ndarray) -> np.ndarray:
        """Of each cell, (N, rows, columns) int32: by the mean difference of taps to the base.

        Args:
            seen: taps (N, rows of taps, columns of taps, rows, columns), 2**k of them.
        """
        total = np.zeros_like(base)
        count = 0
        for taps in seen:
            for row in np.moveaxis(taps, 1, 0):
                total += np.abs(row - base[:, None]).sum(1, dtype=np.int32)
            count += taps.shape[1] * taps.shape[2]
        mean = total >> (count.bit_length() - 1 + self.fineness)
        # of a float the exponent is the number of bits of its whole part
        exponents: np.ndarray = np.frexp(mean.astype(np.float64))[1].astype(np.int32)
        zoom: np.ndarray = np.maximum(exponents - 1, 0)
        return zoom

    def brightness(self, base: np.ndarray) -> np.ndarray:
        """The base as a byte."""
        scaled: np.ndarray = (base * HIGHEST) // self.top
        return scaled


class _Inputs:
    """Collects inputs of cells that are seen at their zoom."""

    def __init__(self, base: np.ndarray, zoom: np.ndarray, inputs: int) -> None:
        count, rows, columns = base.shape
        self.inputs = Inputs(count, (rows, columns), inputs)
        self.zoom = zoom[:, None, None]
        # rounded, and ZERO added, by one addition before the shift
        self.lift = (((1 << zoom) >> 1) + (ZERO << zoom))[:, None, None]

    def add(self, pixels: np.ndarray, base: np.ndarray) -> None:
        """Differences of (N, rows, columns) pixels to their base."""
        self._fill(pixels[:, None, None], base)

    def add_taps(self, pixels: Margined, taps: Taps, base: np.ndarray) -> None:
        seen = pixels.taps(taps)
        for row in range(len(taps.rows)):
            self._fill(seen[:, row : row + 1], base)

    def add_bytes(self, values: np.ndarray) -> None:
        self.inputs.put(values[:, None, None])

    def _fill(self, pixels: np.ndarray, base: np.ndarray) -> None:
        differences = np.subtract(pixels, base[:, None, None] - self.lift, order="C")
        differences >>= self.zoom
        self.inputs.put(differences.clip(_LEAST, _MOST, differences))


def _diagonal(depth: Depth, pixels: np.ndarray, rows: Rows | None = None) -> Context:
    known = of_place(pixels, levels.KNOWN, rows or all_rows(pixels))
    base = diagonal_base(known)
    zoom = depth.zoom(base, known.taps(AROUND))
    inputs = _Inputs(base, zoom, LUMINANCE_INPUTS[0])
    inputs.add_taps(known, LUMINANCE_DIAGONAL, base)
    inputs.add_bytes(depth.brightness(base))
    return inputs.inputs.rows, [[base, zoom]]


def _cross(depth: Depth, pixels: np.ndarray, rows: Rows | None = None) -> Context:
    rows = rows or all_rows(pixels)
    known, diagonal = (of_place(pixels, place, rows) for place in (levels.KNOWN, levels.DIAGONAL))
    right, below = cross_bases(known, diagonal)
    base = (right + below + 1) >> 1
    seen = known.taps(LUMINANCE_CROSS_KNOWN), diagonal.taps(LUMINANCE_CROSS_DIAGONAL)
    zoom = depth.zoom(base, *seen)
    inputs = _Inputs(base, zoom, LUMINANCE_INPUTS[1])
    inputs.add_taps(known, LUMINANCE_CROSS_KNOWN, base)
    inputs.add_taps(diagonal, LUMINANCE_CROSS_DIAGONAL, base)
    inputs.add(right, below)
    inputs.add_bytes(depth.brightness(base))
    return inputs.inputs.rows, [[right, zoom], [below, zoom]]
