"""Samples of a plane -> one for each pixel: what libjpeg calls fancy upsampling, in integers.

A plane of half the width or height is interpolated: each pixel takes 3/4 of its sample and 1/4 of
the next one on its other side. With c[i] the samples of a row, and c[-1] = c[0], c[n] = c[n - 1]:

* Half the width, and more than 2 samples wide::

      pixel[2 i]     = (3 c[i] + c[i - 1] + 1) >> 2
      pixel[2 i + 1] = (3 c[i] + c[i + 1] + 2) >> 2

* Half the height::

      pixel[2 j]     = (3 c[j] + c[j - 1] + 1) >> 2
      pixel[2 j + 1] = (3 c[j] + c[j + 1] + 2) >> 2

* Half of both, and more than 2 samples wide: first rows, t[2 j] = 3 c[j] + c[j - 1] and
  t[2 j + 1] = 3 c[j] + c[j + 1], then each row t::

      pixel[2 i]     = (3 t[i] + t[i - 1] + 8) >> 4
      pixel[2 i + 1] = (3 t[i] + t[i + 1] + 7) >> 4

* All others: each sample is repeated. A ratio that is no whole number has no definition.

The plane is cropped to its true size before: ceil(width * horizontal / the largest horizontal).
"""

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.jpeg.picture import Component, JpegPicture

Samples = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.uint16]

NARROW = 2
"""A plane so narrow is not interpolated in width."""


def ratios(picture: JpegPicture) -> list[tuple[int, int]]:
    """Of each component: so many pixels of the picture a sample, down and across.

    Raises:
        ValueError: a sampling factor does not divide the largest one.
    """
    tallest = max(component.vertical for component in picture.components)
    widest = max(component.horizontal for component in picture.components)
    found = []
    for component in picture.components:
        if tallest % component.vertical or widest % component.horizontal:
            raise ValueError(
                f"sampling factors {component.horizontal} x {component.vertical} in a picture of "
                f"{widest} x {tallest}, allowed are divisors"
            )
        found.append((tallest // component.vertical, widest // component.horizontal))
    return found


def needs_context(ratio: tuple[int, int], width: int) -> bool:
    """Whether a row of pixels needs the samples above or below its own.

    Args:
        ratio: pixels a sample, down and across.
        width: of the plane, in samples.
    """
    return ratio == (2, 1) or (ratio == (2, 2) and width > NARROW)


def upsample(rows: Samples, ratio: tuple[int, int], width: int) -> Samples:
    """Rows of samples -> rows of pixels.

    Args:
        rows: (n, columns), cropped to the true size; where `needs_context`, with one row more
            above and one below, which at the picture's edge repeat the first or last row.
        ratio: pixels a sample, down and across.
        width: of the picture, in pixels.

    Returns:
        (n * down, width).
    """
    down, across = ratio
    if not needs_context(ratio, rows.shape[1]):
        if ratio == (1, 2) and rows.shape[1] > NARROW:
            return _interleaved_columns(rows.astype(np.uint16), 1, 2, 2)[:, :width]
        tall = np.repeat(rows, down, axis=0) if down > 1 else rows
        return (np.repeat(tall, across, axis=1) if across > 1 else tall)[:, :width]
    sums = _vertical_sums(rows)
    if across == 1:
        sums[::2] += 1
        sums[1::2] += 2
        sums >>= 2
        return sums.astype(np.uint8)
    return _interleaved_columns(sums, 8, 7, 4)[:, :width]


def _vertical_sums(rows: Samples) -> Sums:
    """(n + 2, columns), a row of context at both ends -> (2 n, columns) of 3 near + far."""
    wide = rows.astype(np.uint16)
    near = wide[1:-1] * 3
    sums = np.empty((2 * len(near), rows.shape[1]), np.uint16)
    np.add(near, wide[:-2], out=sums[::2])
    np.add(near, wide[2:], out=sums[1::2])
    return sums


def _interleaved_columns(sums: Sums, left_bias: int, right_bias: int, shift: int) -> Samples:
    """(n, columns) -> (n, 2 columns): (3 near + far + bias) >> shift, far left, then right."""
    n, columns = sums.shape
    near = sums * 3
    left, right = near + left_bias, near + right_bias
    left[:, 1:] += sums[:, :-1]
    left[:, 0] += sums[:, 0]
    right[:, :-1] += sums[:, 1:]
    right[:, -1] += sums[:, -1]
    left >>= shift
    right >>= shift
    right <<= 8
    right |= left  # two pixels of 8 bits in 16, the left one first
    return right.astype("<u2", copy=False).view(np.uint8).reshape(n, 2 * columns)


def true_size(picture: JpegPicture, component: Component, eighths: int = 8) -> tuple[int, int]:
    """Samples (high, wide) of a component, in a picture rendered at so many eighths."""
    tallest = max(one.vertical for one in picture.components)
    widest = max(one.horizontal for one in picture.components)
    return (
        -(-picture.height * component.vertical * eighths // (tallest * 8)),
        -(-picture.width * component.horizontal * eighths // (widest * 8)),
    )
