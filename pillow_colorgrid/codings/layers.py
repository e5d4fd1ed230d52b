"""Something to look at: the layers of a picture, each as a picture of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.pixels import Pixels

HEAT = ((0, 0, 40), (60, 20, 140), (200, 50, 90), (250, 160, 40), (255, 255, 220))
"""Colours of the heat map, from the fewest bits to the most."""

HEAT_COLORS = 256
"""Of the heat map."""

HEAT_PERCENTILE = 99.5
"""The brightest colour; the few pixels above would make all others dark."""

RESIDUAL_GAIN = 4
"""Residuals are shown around grey, this many times as strong."""


@dataclass(frozen=True)
class Layer:
    """One thing to look at.

    Attributes:
        name: what it is, in a few words.
        caption: how to read it.
        block: how many pixels of the picture, across and down, one of `image` stands for; the last
            ones may reach beyond the picture.
        is_picture: it shows the picture itself, and so is as transparent.
        is_rival: another way to the same picture, which may be nearer to the original or not.
    """

    name: str
    caption: str
    image: Image.Image
    block: int = 1
    is_picture: bool = False
    is_rival: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to see: one colour all over."""
        return self.image.getcolors(1) is not None


class PlainInside:
    """One file, of which there is no more to tell than the bytes of its sections.

    The beginning of what a coding shows (`codings.base.Inside`).
    """

    def __init__(
        self, header: Header, sections: Sequence[Section], pixels: Pixels | None = None
    ) -> None:
        """As `codings.base.Look`."""
        self.header, self.sections, self.pixels = header, sections, pixels

    def decoded(self) -> Pixels | None:
        """As `codings.base.Inside`: nothing is decoded for it."""
        return self.pixels

    def spent(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """Bytes by what they hold."""
        return dict(by_section)

    def spent_by_plane(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """The same, by the planes of the picture."""
        return self.spent(by_section)

    def layers(self) -> list[Layer]:
        """What there is to see: nothing."""
        return []


def heat_map(bits: np.ndarray, name: str = "bits per pixel", block: int = 1) -> Layer:
    """(H, W) bits of each pixel, or the mean of each block, as colours."""
    top = max(float(np.percentile(bits, HEAT_PERCENTILE)), 1e-6)
    places = np.linspace(0, len(HEAT) - 1, HEAT_COLORS)
    stops = np.arange(len(HEAT))
    colors = [np.interp(places, stops, channel) for channel in zip(*HEAT, strict=True)]
    numbers = np.clip(bits * ((HEAT_COLORS - 1) / top), 0, HEAT_COLORS - 1).astype(np.uint8)
    image = Image.fromarray(np.stack(colors, axis=-1).astype(np.uint8)[numbers])
    caption = f"Dark: none; bright: {top:.1f} bits and more. On average {bits.mean():.2f}."
    return Layer(name, caption, image, block)


def coarse_heat_map(bits: np.ndarray, part: str) -> Layer:
    """(H, W) bits that are the same all over a part of the picture: a tile, a strip."""
    found = heat_map(bits, f"bits per pixel, by {part}")
    caption = f"{found.caption} This coding's bits cannot be told apart any finer."
    return Layer(found.name, caption, found.image)


def signed(residual: np.ndarray) -> Image.Image:
    """(H, W) residual around grey, `RESIDUAL_GAIN` times as strong."""
    grey = 128 + RESIDUAL_GAIN * residual.astype(np.int32)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
