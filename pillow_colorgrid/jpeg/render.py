"""Pixels from coefficients, bit for bit those that Pillow (libjpeg-turbo) shows.

The way: blocks to samples (`inverse_transform`), each plane cropped to its true size, its samples
spread to all pixels (`upsampling`), the planes to colour (`colors`). All is whole-number arithmetic
that these files define. Strips of block rows are rendered one after the other, or by themselves.
"""

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.jpeg import colors
from pillow_colorgrid.jpeg.inverse_transform import SIZE, samples
from pillow_colorgrid.jpeg.picture import Component, JpegPicture
from pillow_colorgrid.jpeg.upsampling import needs_context, ratios, true_size, upsample
from pillow_colorgrid.runtime.blas import one_thread

Pixels = npt.NDArray[np.uint8]

STRIP_PIXELS = 1 << 19
"""Pixels of a strip, about: little beside the picture, much beside the context of a strip."""

GROUP_PIXELS = 1 << 16
"""Pixels spread and coloured at a time: what is computed of them stays in the cache."""

EIGHTHS = (8, 4, 2, 1)
"""Scales of a rendering."""


def strip_count(picture: JpegPicture) -> int:
    """How many strips `strip` can render: rows of blocks of the component with fewest rows."""
    return -(-picture.height // strip_height(picture))


def strip_height(picture: JpegPicture, eighths: int = 8) -> int:
    """Rows of pixels of a strip; the last one may have fewer."""
    return eighths * max(component.vertical for component in picture.components)


def pixels(picture: JpegPicture) -> Pixels:
    """The picture -> (height, width, channels) uint8, channels 1, 3 or 4 (L, RGB, CMYK).

    Raises:
        ValueError: libjpeg does not render it either: sampling factors that do not divide the
            largest ones, or a transform that is not known.
    """
    return pixels_scaled(picture, SIZE)


def pixels_scaled(picture: JpegPicture, eighths: int, fine_color: bool = False) -> Pixels:
    """The picture at 8, 4, 2 or 1 eighths -> (h, w, channels) uint8, h and w rounded up.

    Of each block only the lowest eighths x eighths coefficients are looked at: for 1 its mean.

    Args:
        fine_color: planes of half the picture's width and height (quarter, if eighths allow) take
            twice (four times) as many coefficients in each direction in place of being spread.
    """
    found = np.empty(_shape(picture, 0, strip_count(picture), eighths), np.uint8)
    high, strips = strip_height(picture, eighths), strip_count(picture)
    at_once = max(1, STRIP_PIXELS // (high * found.shape[1]))
    for first in range(0, strips, at_once):
        last = min(first + at_once, strips)
        part = found[first * high : last * high]
        _render(picture, (first, last), eighths, part, fine_color)
    return found


def strip(picture: JpegPicture, first: int, last: int, eighths: int = 8) -> Pixels:
    """Strips `first` up to `last` (not included) -> (h, width, channels) uint8.

    They are the picture's rows from first * `strip_height` on. Of the block rows of the components
    those of these strips are used, and where `needs_context` says so the ones above and below.
    """
    if not 0 <= first < last <= strip_count(picture):
        raise ValueError(f"strips {first} to {last}, allowed are 0 to {strip_count(picture)}")
    found = np.empty(_shape(picture, first, last, eighths), np.uint8)
    _render(picture, (first, last), eighths, found)
    return found


def _shape(picture: JpegPicture, first: int, last: int, eighths: int) -> tuple[int, int, int]:
    if eighths not in EIGHTHS:
        raise ValueError(f"{eighths} eighths, allowed are {EIGHTHS}")
    colors.check(picture.transform, len(picture.components))
    high = strip_height(picture, eighths)
    height = min(last * high, -(-picture.height * eighths // SIZE)) - first * high
    return height, -(-picture.width * eighths // SIZE), len(picture.components)


def _render(
    picture: JpegPicture,
    strips: tuple[int, int],
    eighths: int,
    found: Pixels,
    fine_color: bool = False,
) -> None:
    """Strips -> `found` (h, w, channels)."""
    height, width = found.shape[:2]
    spread, sizes = ratios(picture), [eighths] * len(picture.components)
    if fine_color:
        for number, (down, across) in enumerate(spread):
            times = max(k for k in (1, 2, 4) if down % k == across % k == 0 and k * eighths <= SIZE)
            sizes[number], spread[number] = eighths * times, (down // times, across // times)
    with one_thread():
        planes = [
            _plane(picture, component, ratio, strips, size)
            for component, ratio, size in zip(picture.components, spread, sizes, strict=True)
        ]
    unit = max(component.vertical for component in picture.components)
    at_once = max(1, GROUP_PIXELS // (width * unit)) * unit
    for top in range(0, height, at_once):
        bottom = min(top + at_once, height)
        full = []
        for (plane, context), ratio in zip(planes, spread, strict=True):
            start, end = top // ratio[0], -(-bottom // ratio[0])
            rows = plane[start : end + 2 * context]
            full.append(upsample(rows, ratio, width)[: bottom - top])
        colors.paint(picture.transform, full, found[top:bottom])


def _plane(
    picture: JpegPicture,
    component: Component,
    ratio: tuple[int, int],
    strips: tuple[int, int],
    eighths: int,
) -> tuple[Pixels, bool]:
    """Samples of strips, cropped to their true size, and whether one more row is at both ends."""
    high, wide = true_size(picture, component, eighths)
    context = needs_context(ratio, wide)
    first, last = strips[0] * component.vertical, strips[1] * component.vertical
    blocks = component.coefficients[max(0, first - context) : last + context]
    found = samples(blocks, component.table, eighths)
    top, bottom = first * eighths, min(last * eighths, high)
    start = max(0, first - context) * eighths
    if not context:
        return found[top - start : bottom - start, :wide], False
    # the row above and the one below; at the picture's edges the first and the last again
    rows = np.clip(np.arange(top - 1, bottom + 1), 0, high - 1) - start
    return found[rows, :wide], True
