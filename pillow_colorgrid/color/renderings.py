"""From a file's three planes to RGB: JPEG's YCbCr and Photo CD's YCC, as integers.

Both are exact arithmetic, so that an encoder can find the way back, and every decoder has the same
pixels. In both red knows nothing of the first chroma, and blue nothing of the second.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.pixels import Bytes

Plane = npt.NDArray[np.int16]
Wide = npt.NDArray[np.int32]
Real = npt.NDArray[np.float32]

HIGHEST = 255
"""Of a channel, of luminance, and of a chroma before its zero is taken off; the lowest is 0."""

STRIP_PIXELS = 1 << 16
"""Pixels at a time: it bounds the memory, and what is computed stays in the cache."""


class Origin(Protocol):
    """A colour space of 8 bits from which RGB was rendered.

    Attributes:
        number: in files; it never changes its meaning.
        zeros: of the two chromas: what a grey pixel has. Chromas are kept less their zeros.
        chromas: their names.
    """

    number: int
    zeros: tuple[int, int]
    chromas: tuple[str, str]

    def red(self, y: Wide, c2: Wide) -> Wide:
        """Red by luminance and the second chroma, not yet cut to 0..255."""

    def green(self, y: Wide, c1: Wide, c2: Wide) -> Wide:
        """Green by all three."""

    def blue(self, y: Wide, c1: Wide) -> Wide:
        """Blue by luminance and the first chroma."""

    def luminance(self, red: Real, green: Real, blue: Real) -> Real:
        """About what luminance a colour has; the true one is less than 1.5 away."""

    def colors(self, y: Real, red: Real, blue: Real) -> tuple[Real, Real]:
        """About what chromas a colour has whose luminance is `y`."""


class Jpeg:
    """JFIF's YCbCr (ITU-T T.871) as libjpeg renders it: 16 fractional bits, halves rounded up."""

    number = 1
    zeros = (128, 128)
    chromas = ("Cb", "Cr")

    half = 1 << 15

    def red(self, y: Wide, c2: Wide) -> Wide:
        return y + ((91881 * c2 + self.half) >> 16)

    def green(self, y: Wide, c1: Wide, c2: Wide) -> Wide:
        return y + ((-22554 * c1 - 46802 * c2 + self.half) >> 16)

    def blue(self, y: Wide, c1: Wide) -> Wide:
        return y + ((116130 * c1 + self.half) >> 16)

    def luminance(self, red: Real, green: Real, blue: Real) -> Real:
        found: Real = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
        return found

    def colors(self, y: Real, red: Real, blue: Real) -> tuple[Real, Real]:
        return (blue - y) / np.float32(1.772), (red - y) / np.float32(1.402)


class PhotoCD:
    """Photo CD's YCC by the usual matrix, rounded down; green from chromas rounded down before.

    Kodak's own test pictures were rendered so: found by fitting, 99.98 % of their pixels agree.
    """

    number = 2
    zeros = (156, 137)
    chromas = ("C1", "C2")

    def red(self, y: Wide, c2: Wide) -> Wide:
        return (13584 * y + 18215 * c2) // 10000

    def green(self, y: Wide, c1: Wide, c2: Wide) -> Wide:
        chromas = 1940 * (22179 * c1 // 10000) + 5090 * (18215 * c2 // 10000)
        return (13584 * y - chromas) // 10000

    def blue(self, y: Wide, c1: Wide) -> Wide:
        return (13584 * y + 22179 * c1) // 10000

    def luminance(self, red: Real, green: Real, blue: Real) -> Real:
        # what the three rows of the matrix have in common, and what rounding down took, on average
        common = green + np.float32(0.509) * red + np.float32(0.194) * blue + np.float32(0.5015)
        found: Real = common / np.float32(1.703 * 1.3584)
        return found

    def colors(self, y: Real, red: Real, blue: Real) -> tuple[Real, Real]:
        common: Real = np.float32(1.3584) * y - np.float32(0.5)
        return (blue - common) / np.float32(2.2179), (red - common) / np.float32(1.8215)


ORIGINS: tuple[Origin, ...] = (Jpeg(), PhotoCD())


def render(origin: Origin, planes: tuple[Wide, Wide, Wide]) -> tuple[Bytes, Bytes, Bytes]:
    """Luminance and chromas less their zeros -> red, green, blue, of the same shape."""
    y, c1, c2 = planes
    return clipped(origin.red(y, c2)), clipped(origin.green(y, c1, c2)), clipped(origin.blue(y, c1))


def clipped(channel: Wide) -> Bytes:
    """To 0..255."""
    return np.clip(channel, 0, HIGHEST).astype(np.uint8)


def strips(height: int, width: int) -> list[slice]:
    """Rows of about STRIP_PIXELS pixels each."""
    rows = max(1, STRIP_PIXELS // width)
    return [slice(first, min(first + rows, height)) for first in range(0, height, rows)]
