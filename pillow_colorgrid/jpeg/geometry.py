"""Sampling factors, transform and quantisation tables of a picture as bytes.

Width and height stand in the header of the .cgx file. Layout:

    1       number of components (1, 3, 4) | transform << 3 (its number in `picture.TRANSFORMS`)
    1 each  component: horizontal << 4 | vertical sampling factor
            A single byte in place of all of them: 00 4:2:0, 01 4:2:2, 02 4:4:4, 03 all 1 x 1
    1..     the table of each component:
              00        that of the component before (not for the first)
              01..64    (1 to 100) libjpeg's luminance table of this quality
              81..E4    80 + quality: libjpeg's chrominance table
              FE        a byte b, 1 to 16, then 64 steps less 1 in zigzag order, each of b bits,
                        highest first: 8 b bytes

libjpeg's tables are those of T.81 K.1 scaled by quality: s = 5000 // quality below 50, else
200 - 2 * quality; step = (base * s + 50) // 100, at least 1, at most 255.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.numbers import Source
from pillow_colorgrid.jpeg.picture import TRANSFORMS, Component, JpegPicture, Table
from pillow_colorgrid.jpeg.zigzag import ORDER

LUMINANCE = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61),
        *(12, 12, 14, 19, 26, 58, 60, 55),
        *(14, 13, 16, 24, 40, 57, 69, 56),
        *(14, 17, 22, 29, 51, 87, 80, 62),
        *(18, 22, 37, 56, 68, 109, 103, 77),
        *(24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101),
        *(72, 92, 95, 98, 112, 100, 103, 99),
    ]
)
"""T.81 table K.1, natural order."""

CHROMINANCE = np.array(
    [
        *(17, 18, 24, 47, 99, 99, 99, 99),
        *(18, 21, 26, 66, 99, 99, 99, 99),
        *(24, 26, 56, 99, 99, 99, 99, 99),
        *(47, 66, 99, 99, 99, 99, 99, 99),
        *[99] * 32,
    ]
)
"""T.81 table K.2, natural order."""

FACTORS = (
    ((2, 2), (1, 1), (1, 1)),
    ((2, 1), (1, 1), (1, 1)),
    ((1, 1), (1, 1), (1, 1)),
)
"""Sampling factors of three components that one byte tells."""

SAME, CHROMINANCE_CODE, TOLD = 0x00, 0x80, 0xFE


@dataclass(frozen=True, eq=False)
class GeometryComponent:
    """Sampling factors and quantisation steps, (64,) uint16 in natural order."""

    horizontal: int
    vertical: int
    table: Table


@dataclass(frozen=True, eq=False)
class Geometry:
    """A picture without size and coefficients."""

    components: tuple[GeometryComponent, ...]
    transform: str

    def picture(
        self, width: int, height: int, coefficients: list[NDArray[np.int16]]
    ) -> JpegPicture:
        """The picture of these coefficients, (rows, columns, 64) int16 for each component."""
        components = tuple(
            Component(c.horizontal, c.vertical, c.table, some)
            for c, some in zip(self.components, coefficients, strict=True)
        )
        return JpegPicture(width, height, components, self.transform)


def quality_table(base: NDArray[np.int64], quality: int) -> Table:
    """The table that libjpeg (and Pillow) makes of LUMINANCE or CHROMINANCE, quality 1..100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((base * scale + 50) // 100, 1, 255).astype(np.uint16)


def pack_geometry(picture: JpegPicture | Geometry) -> bytes:
    """The bytes that the module's docstring describes."""
    components = picture.components
    out = bytearray([len(components) | TRANSFORMS.index(picture.transform) << 3])
    factors = tuple((c.horizontal, c.vertical) for c in components)
    if factors in FACTORS:
        out.append(FACTORS.index(factors))
    elif all(pair == (1, 1) for pair in factors):
        out.append(len(FACTORS))
    else:
        out += bytes(h << 4 | v for h, v in factors)
    previous: Table | None = None
    for component in components:
        out += _pack_table(component.table, previous)
        previous = component.table
    return bytes(out)


def _pack_table(table: Table, previous: Table | None) -> bytes:
    if previous is not None and (table == previous).all():
        return bytes([SAME])
    for code, base in ((0, LUMINANCE), (CHROMINANCE_CODE, CHROMINANCE)):
        for quality in range(1, 101):
            if (quality_table(base, quality) == table).all():
                return bytes([code + quality])
    steps = (table[ORDER] - 1).tolist()
    bits = max(1, max(steps).bit_length())
    number = 0
    for step in steps:
        number = number << bits | step
    return bytes([TOLD, bits]) + number.to_bytes(bits * len(steps) // 8, "big")


def unpack_geometry(data: bytes) -> Geometry:
    """The inverse of `pack_geometry`.

    Raises:
        ValueError: names what was found and what is allowed.
    """
    source = Source(data)
    head = source.byte()
    count = head & 7
    if count not in (1, 3, 4):
        raise ValueError(f"{count} components, allowed are 1, 3 and 4")
    if head >> 3 >= len(TRANSFORMS):
        raise ValueError(f"transform {head >> 3}, at most {len(TRANSFORMS) - 1}")
    transform = TRANSFORMS[head >> 3]
    if COMPONENTS[transform] != count:
        raise ValueError(f"transform {transform} of {count} components")
    first = source.byte()
    factors: tuple[tuple[int, int], ...]
    if first < len(FACTORS) and count == 3:
        factors = FACTORS[first]
    elif first == len(FACTORS):
        factors = ((1, 1),) * count
    else:
        factors = tuple((b >> 4, b & 15) for b in (first, *source.take(count - 1)))
    components: list[GeometryComponent] = []
    for h, v in factors:
        if not (1 <= h <= 4 and 1 <= v <= 4):
            raise ValueError(f"sampling factors {h} x {v}, allowed are 1 to 4")
        previous = components[-1].table if components else None
        components.append(GeometryComponent(h, v, _unpack_table(source, previous)))
    if source.at != len(data):
        raise ValueError(f"geometry of {len(data)} bytes, {source.at} expected")
    return Geometry(tuple(components), transform)


COMPONENTS = {"grey": 1, "ycc": 3, "rgb": 3, "cmyk": 4, "ycck": 4}


def _unpack_table(source: Source, previous: Table | None) -> Table:
    code = source.byte()
    if code == SAME and previous is not None:
        return previous
    if 1 <= code <= 100:
        return quality_table(LUMINANCE, code)
    if CHROMINANCE_CODE < code <= CHROMINANCE_CODE + 100:
        return quality_table(CHROMINANCE, code - CHROMINANCE_CODE)
    if code != TOLD:
        raise ValueError(f"code {code:#04x} of a quantisation table")
    bits = source.byte()
    if not 1 <= bits <= 16:
        raise ValueError(f"quantisation steps of {bits} bits, allowed are 1 to 16")
    number = int.from_bytes(source.take(bits * 64 // 8), "big")
    table = np.empty(64, np.uint16)
    places = np.arange(63, -1, -1) * bits
    table[ORDER] = [1 + (number >> place & (1 << bits) - 1) for place in places.tolist()]
    return table
