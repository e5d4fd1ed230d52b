"""The alpha plane: one byte if it is constant, else an inner picture (inner.py)."""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.base import ALPHA, has, only
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg_bytes
from pillow_colorgrid.container import Section
from pillow_colorgrid.pixels import LAYOUTS, Bytes

CHANNEL = 3
"""Alpha comes behind red, green and blue."""

OPAQUE = 255


def encode(plane: Bytes) -> bytes:
    """(H, W) uint8 -> bytes: one byte is the value of all pixels."""
    if plane.min() == plane.max():
        return bytes([plane.flat[0]])
    return smallest(plane[..., None])


def smallest(pixels: Bytes) -> bytes:
    """(H, W, 1 or 3) uint8 -> the smallest inner picture."""
    planes, nothing = ycocg_bytes.separate(pixels)
    codecs = ("zstd", "webp") if max(pixels.shape) <= inner.WEBP_MAX_SIDE else ("zstd",)
    return min((inner.encode(planes, nothing, name) for name in codecs), key=len)


def decode(data: bytes, height: int, width: int) -> Bytes:
    """The inverse of `encode`. Raises DamagedError."""
    if len(data) == 1:
        return np.full((height, width), data[0], np.uint8)
    planes, _ = inner.decode(data, (height, width), 1)
    plane: Bytes = planes[0]
    return plane


def sections_of(pixels: Bytes, channel: int = CHANNEL) -> list[Section]:
    """(H, W, C) -> the section of its alpha, or what is coded as alpha is; none where it has no
    such channel."""
    if pixels.shape[2] <= channel:
        return []
    return [ALPHA.section(encode(pixels[..., channel]))]


def joined(
    pixels: Bytes,
    mode: str,
    sections: Sequence[Section],
    size: tuple[int, int],
    partial: bool = False,
    interval: int = 1,
    box: Tile | None = None,
) -> Bytes:
    """Colour (h, w, C) with the alpha of a file's sections behind it, where `mode` has one more
    channel: alpha, or what is coded as alpha is.

    Args:
        size: (width, height) of the whole picture.
        partial: what was cut off is opaque.
        interval: `pixels` are every so many pixels of every such row.
        box: they are this part of the picture.

    Raises:
        DamagedError: alpha is missing or damaged.
    """
    if LAYOUTS[mode].channels == pixels.shape[2]:
        return pixels
    if partial and not has(sections, ALPHA):
        plane = np.full(pixels.shape[:2], OPAQUE, np.uint8)
    else:
        width, height = size
        plane = decode(only(sections, ALPHA), height, width)[::interval, ::interval]
        if box is not None:
            plane = plane[box.place]
    return np.concatenate([pixels, plane[..., None]], axis=2)
