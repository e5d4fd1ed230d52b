"""Samples -> sections of the blended coding. Encoder only."""

import numpy as np

from pillow_colorgrid.codings.base import Encoded
from pillow_colorgrid.codings.blended.coding import pack_predictors
from pillow_colorgrid.codings.blended.description import PREDICTORS, SAMPLES
from pillow_colorgrid.codings.blended.encoder.fitting import predictors
from pillow_colorgrid.codings.blended.encoder.scales import scales_of
from pillow_colorgrid.codings.blended.lines import Line, Lines
from pillow_colorgrid.codings.blended.prediction import Blend, Expected
from pillow_colorgrid.codings.blended.stream import Kinds, lanes_of, symbols_of
from pillow_colorgrid.codings.deep.encoder.values import number
from pillow_colorgrid.codings.lossless.model import model
from pillow_colorgrid.codings.lossless.stream import ESCAPE, pack_stream
from pillow_colorgrid.entropy import rans
from pillow_colorgrid.pixels import Pixels
from pillow_colorgrid.runtime import networks

TABLES = 60
"""Id of the tables: of the wide networks of 0.2.0, none of which is asked."""

STRIPE_ROWS, MOST_STRIPES = 192, 8
"""A stripe for so many rows, up to so many. Of slices for development two took 0.2 % more bytes
than one."""


def stripes_of(height: int) -> int:
    """How many a picture has."""
    return max(1, min(height // STRIPE_ROWS, MOST_STRIPES))


class _Recorder:
    """Tells known numbers, and remembers what was expected of them."""

    def __init__(self, lines: Lines, plane: np.ndarray) -> None:
        self.lines, self.plane = lines, plane
        self.expected: list[Expected] = []
        self.numbers: list[np.ndarray] = []

    def told(self, line: Line, expected: Expected) -> np.ndarray:
        numbers = self.lines.lined(self.plane, line)
        self.expected.append(expected)
        self.numbers.append(numbers)
        return numbers


def encode(pixels: Pixels) -> Encoded | None:
    """(H, W, 1) samples -> sections; None where `number` cannot number them."""
    numbered = number(pixels)
    if numbered is None:
        return None
    values, (plane,) = numbered
    transposed = plane.shape[0] > plane.shape[1]  # lines are fewer, and longer
    plane = np.ascontiguousarray(plane.T) if transposed else plane
    height, width = plane.shape
    stripes = stripes_of(height)
    lines = Lines(height, width, stripes)
    coefficients = predictors(plane)
    recorder = _Recorder(lines, plane)
    Blend(lines, coefficients, values.top).all(recorder.told)
    frequencies = model(TABLES).frequencies
    scales = scales_of(recorder.expected, recorder.numbers, frequencies)
    return Encoded(
        [
            networks.pack_references([TABLES]),
            PREDICTORS.section(pack_predictors(transposed, stripes, values, scales, coefficients)),
            SAMPLES.section(_stream(recorder, scales, frequencies, plane.size)),
        ]
    )


def _stream(
    recorder: _Recorder, scales: np.ndarray, frequencies: rans.Frequencies, pixels: int
) -> bytes:
    kinds, entropy = Kinds(scales), rans.Encoder(lanes_of(pixels))
    escapes = []
    for expected, numbers in zip(recorder.expected, recorder.numbers, strict=True):
        rows, zooms = kinds.of(expected)
        beyond = numbers - expected.floor
        symbols = symbols_of(beyond, zooms)
        escaped = (frequencies.counts[rows, symbols] == 0) | (symbols == ESCAPE)
        symbols[escaped] = ESCAPE
        escapes.append(numbers[escaped])
        entropy.add(frequencies, rows, symbols)
        rest = np.flatnonzero(~escaped & (zooms > 0))
        if rest.size:
            zoom = zooms[rest]
            low, left = beyond[rest] & ((1 << zoom) - 1), rans.PRECISION_BITS - zoom
            entropy.add_intervals(low << left, (low + 1) << left)
    return pack_stream(escapes, entropy)
