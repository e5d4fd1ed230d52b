"""A JPEG picture before its inverse cosine transform: geometry, tables, quantised coefficients."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.uint16]
Coefficients = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Component:
    """One colour component of a JPEG picture.

    Attributes:
        horizontal: sampling factor, 1..4.
        vertical: sampling factor, 1..4.
        table: (64,) uint16, quantisation steps 1..65535 in natural (row-major) order.
        coefficients: (rows, columns, 64) int16, quantised, natural order; the blocks that hold
            picture, without those that only fill an MCU. The DC is absolute, not a difference.
    """

    horizontal: int
    vertical: int
    table: Table
    coefficients: Coefficients


@dataclass(frozen=True, eq=False)
class JpegPicture:
    """All that decides the pixels of a JPEG file.

    Attributes:
        width: in pixels.
        height: in pixels.
        components: one, three or four.
        transform: how components become Pillow's pixels, see `transform_of`.
    """

    width: int
    height: int
    components: tuple[Component, ...]
    transform: str


TRANSFORMS = ("grey", "ycc", "rgb", "cmyk", "ycck")
"""Every value of `JpegPicture.transform`; its place here is its number in files."""


def transform_of(ids: tuple[int, ...], has_jfif: bool, adobe: int | None) -> str:
    """What the components are, guessed as libjpeg's `default_decompress_parms` does.

    Args:
        ids: the component identifiers of the frame header.
        has_jfif: a JFIF APP0 segment stands before the first scan.
        adobe: the transform byte of the last Adobe APP14 segment before the first scan, or None.

    Returns:
        One of `TRANSFORMS`. Pillow takes all four-component pictures as inverted.
    """
    if len(ids) == 1:
        return "grey"
    if len(ids) == 3:
        if has_jfif:
            return "ycc"
        if adobe is not None:
            return "rgb" if adobe == 0 else "ycc"
        # Without either, libjpeg looks at the identifiers: 1, 2, 3 and unknown ones are YCbCr.
        return "rgb" if ids == (ord("R"), ord("G"), ord("B")) else "ycc"
    return "cmyk" if not adobe else "ycck"


def block_shape(
    width: int, height: int, horizontal: int, vertical: int, h_max: int, v_max: int
) -> tuple[int, int]:
    """(rows, columns) of the blocks of a component that hold picture."""
    return _up(_up(height * vertical, v_max), 8), _up(_up(width * horizontal, h_max), 8)


def _up(number: int, divisor: int) -> int:
    """The quotient, rounded up."""
    return -(-number // divisor)
