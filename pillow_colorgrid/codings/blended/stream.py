"""One rANS stream of numbers, each by its mean and by the scale of its kind.

As in `deep.stream`; where a scale is wide, a symbol stands for 2**zoom numbers, and the place among
them follows, all equally likely.
"""

import numpy as np

from pillow_colorgrid.codings.blended.lines import Line
from pillow_colorgrid.codings.blended.prediction import Expected
from pillow_colorgrid.codings.lossless.distribution import CLASSES_PER_OCTAVE, Distribution
from pillow_colorgrid.codings.lossless.stream import CENTER, ESCAPE, SYMBOLS, EscapesDecoder
from pillow_colorgrid.entropy import rans

WIDE, MOST_ZOOM = 36, 10
"""Scales are classes as of `lossless.distribution`. From WIDE + an octave on a scale is told by the
class that is so many whole octaves below as leave it no less than WIDE; they are the zoom."""

MOST_SCALE = WIDE + CLASSES_PER_OCTAVE * (MOST_ZOOM + 1) - 1

LANE_PIXELS, MOST_LANES = 2048, 256
"""One lane of the entropy coder for so many pixels, up to so many."""


def lanes_of(pixels: int) -> int:
    """Of the stream of a picture."""
    return max(1, min(MOST_LANES, pixels // LANE_PIXELS))


class Kinds:
    """What the scale of its kind says of each pixel: `scales`, one for each bin."""

    def __init__(self, scales: np.ndarray) -> None:
        wide = np.maximum(scales.astype(np.int32) - WIDE, 0)
        self.zooms = wide // CLASSES_PER_OCTAVE
        self.classes = scales - CLASSES_PER_OCTAVE * self.zooms

    def of(self, expected: Expected) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the frequency table, and zooms, (n,) each."""
        rows = Distribution(expected.mean, self.classes[expected.bins]).row
        return rows, self.zooms[expected.bins]


def symbols_of(beyond: np.ndarray, zooms: np.ndarray) -> np.ndarray:
    """Of numbers (n,), less their means rounded down; ESCAPE where there is no symbol."""
    symbols: np.ndarray = (beyond >> zooms) + CENTER
    symbols[(symbols < 0) | (symbols >= SYMBOLS)] = ESCAPE
    return symbols


class Decoder(EscapesDecoder):
    """Tells the numbers of lines.

    Args:
        scales: (BINS,) of each kind of pixel.
        top: the greatest number.
    """

    def __init__(
        self, data: bytes, frequencies: rans.Frequencies, lanes: int, scales: np.ndarray, top: int
    ) -> None:
        super().__init__(data, frequencies, lanes)
        self.kinds, self.top = Kinds(scales), top
        self.zoomed = bool(self.kinds.zooms.any())

    def told(self, line: Line, expected: Expected) -> np.ndarray:
        """Raises StreamError: there is no such number."""
        rows, zooms = self.kinds.of(expected)
        symbols = self.entropy.decode(self.frequencies, rows).astype(np.int32)
        numbers: np.ndarray = expected.floor + (symbols - CENTER << zooms)
        escaped = symbols == ESCAPE
        if self.zoomed:
            rest = np.flatnonzero(~escaped & (zooms > 0))
            if rest.size:
                numbers[rest] += self.entropy.decode_raw(zooms[rest], rest.size)
        if escaped.any():
            numbers[escaped] = self.take_escapes(int(escaped.sum()))
        if numbers.min() < 0 or numbers.max() > self.top:
            raise rans.StreamError(
                f"numbers {numbers.min()} to {numbers.max()}, allowed 0 to {self.top}"
            )
        return numbers
