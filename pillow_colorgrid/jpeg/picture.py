"""What a JPEG file says about its pixels: sampling, quantisation steps and coefficients."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Component:
    """One plane of a JPEG picture, as its file holds it.

    Attributes:
        horizontal: sampling factor, 1 to 4.
        vertical: sampling factor, 1 to 4.
        table: (64,) uint16, quantisation steps, row by row.
        coefficients: (rows, columns, 64) int16, quantised, row by row in each block; the blocks
            that the picture needs: rows = ceil(ceil(height * vertical / v_max) / 8), columns alike.
            The first of each is absolute, not the difference that the file holds.
    """

    horizontal: int
    vertical: int
    table: npt.NDArray[np.uint16]
    coefficients: npt.NDArray[np.int16]


@dataclass(frozen=True)
class JpegPicture:
    """A JPEG picture before its pixels are computed.

    Attributes:
        width: in pixels.
        height: in pixels.
        components: 1, 3 or 4.
        transform: what they are: "grey", "ycc", "rgb", "cmyk" or "ycck", as libjpeg decides by
            the markers and the components' names.
    """

    width: int
    height: int
    components: tuple[Component, ...]
    transform: str
