"""What the planes of a file are: grey; Y, Co, Cg; channels; or those of an origin. And back to RGB.

The section of the channels is one byte, the number of a `color.channels.Channels`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from pillow_colorgrid.codings.base import has, only
from pillow_colorgrid.codings.lossless import origin
from pillow_colorgrid.codings.lossless.description import CHANNELS, ORIGIN, ROUNDING
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import channels as of_channels, ycocg
from pillow_colorgrid.color.renderings import HIGHEST, Plane
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Bytes


class Colors(Protocol):
    """How the planes (h, w) of a file become pixels (h, w, channels)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the planes."""

    def part(self, box: Tile, width: int) -> "Colors":
        """Those of a part of the picture, which is `width` wide."""

    def join(self, planes: Sequence[Plane], width: int, interval: int = 1) -> Bytes:
        """Every `interval`-th pixel of a picture so wide.

        Planes that no picture has (of a damaged file) give any bytes.
        """

    def paint(self, planes: Sequence[Plane]) -> Bytes:
        """(h, w, 3): planes that need not be a picture's; what is no colour is clipped to one."""


class _SameEverywhere:
    """Colours that do not depend on the place in the picture."""

    def part(self, box: Tile, width: int) -> Self:
        return self


class Grey(_SameEverywhere):
    """Mode L."""

    names = ("luminance",)

    def join(self, planes: Sequence[Plane], width: int, interval: int = 1) -> Bytes:
        return planes[0][..., None].astype(np.uint8)

    def paint(self, planes: Sequence[Plane]) -> Bytes:
        grey = np.clip(planes[0], 0, HIGHEST).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)


class Ycocg(_SameEverywhere):
    """YCoCg-R."""

    names = ("luminance", "Co", "Cg")

    def join(self, planes: Sequence[Plane], width: int, interval: int = 1) -> Bytes:
        return ycocg.inverse(*planes)

    def paint(self, planes: Sequence[Plane]) -> Bytes:
        return ycocg.inverse_clipped(*(plane.astype(np.int32) for plane in planes))


@dataclass(frozen=True)
class OfChannels(_SameEverywhere):
    """One channel and the two others.

    Attributes:
        rounded: they may leave 0..255 by what they were rounded.
    """

    channels: of_channels.Channels
    rounded: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return self.channels.names

    def join(self, planes: Sequence[Plane], width: int, interval: int = 1) -> Bytes:
        if self.rounded:
            return self.channels.inverse_clipped(*planes)
        return self.channels.inverse(*planes)

    def paint(self, planes: Sequence[Plane]) -> Bytes:
        return self.channels.inverse_clipped(*planes)


def colors_of(sections: Sequence[Section], size: tuple[int, int], planes: int) -> Colors:
    """What the planes of a file are.

    Args:
        size: (width, height) of the whole picture.
        planes: 1 or 3.

    Raises:
        DamagedError: a section tells of an origin or of channels that there are not.
    """
    if planes == 1:
        return Grey()
    if has(sections, ORIGIN):
        return origin.unpack(only(sections, ORIGIN), size[0] * size[1])
    if has(sections, CHANNELS):
        return OfChannels(unpack(only(sections, CHANNELS)), has(sections, ROUNDING))
    return Ycocg()


def pack(channels: of_channels.Channels) -> bytes:
    """One byte."""
    return bytes([channels.number])


def unpack(data: bytes) -> of_channels.Channels:
    """The inverse of `pack`. Raises DamagedError."""
    known = {one.number: one for one in of_channels.CHANNELS}
    if len(data) != 1 or data[0] not in known:
        raise DamagedError(f"channels {data[:2].hex()}, allowed is one byte of 1 to {len(known)}")
    return known[data[0]]
