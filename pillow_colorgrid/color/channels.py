"""RGB as one channel, whole, and the two others: as they are, or less the first one.

YCoCg-R mixes three channels into each of its planes. Where each channel was rounded by itself and
is smooth otherwise (rendered scenes, gradients), that adds up three roundings; here each plane has
one or two. Reversible in integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MIDDLE = 128
"""What is taken off a channel that stays as it is, so that it lies around 0 as colour does."""


@dataclass(frozen=True)
class Channels:
    """One way to take RGB apart.

    Attributes:
        number: in files; it never changes its meaning.
        order: the channels (0 red, 1 green, 2 blue) of the three planes.
        subtract: whether the second and the third plane are less the first one.
    """

    number: int
    order: tuple[int, int, int]
    subtract: bool

    @property
    def names(self) -> tuple[str, str, str]:
        """Of the planes: "G", "R - G", "B - G"."""
        first, second, third = ("RGB"[channel] for channel in self.order)
        less = f" - {first}" if self.subtract else ""
        return first, second + less, third + less

    def forward(self, rgb: np.ndarray) -> list[np.ndarray]:
        """(H, W, 3) uint8 -> the first plane in 0..255, the others in -255..255: (H, W) int16."""
        first, second, third = (rgb[..., channel].astype(np.int16) for channel in self.order)
        base = first if self.subtract else np.int16(MIDDLE)
        return [first, second - base, third - base]

    def inverse(self, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
        """Planes of `forward` -> (H, W, 3) uint8.

        Planes that no picture has (of a damaged file) give pixels modulo 256.
        """
        return self._sorted(first, second, third).astype(np.uint8)

    def inverse_clipped(
        self, first: np.ndarray, second: np.ndarray, third: np.ndarray
    ) -> np.ndarray:
        """As `inverse`, of planes that need not be a colour: what is none is cut to 0..255."""
        clipped: np.ndarray = np.clip(self._sorted(first, second, third), 0, 255)
        return clipped.astype(np.uint8)

    def _sorted(self, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
        """(H, W, 3) int16: red, green, blue."""
        base = first if self.subtract else np.int16(MIDDLE)
        rgb = np.empty((*first.shape, 3), np.int16)
        for channel, plane in zip(self.order, (first, second + base, third + base), strict=True):
            rgb[..., channel] = plane
        return rgb


ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
"""Of three channels, in the order of the numbers: RGB, RBG, GRB, GBR, BRG, BGR."""

CHANNELS: Sequence[Channels] = tuple(
    Channels(1 + number + len(ORDERS) * subtract, order, bool(subtract))
    for subtract in (0, 1)
    for number, order in enumerate(ORDERS)
)
"""All of them: 1 to 6 as they are, 7 to 12 less the first."""
