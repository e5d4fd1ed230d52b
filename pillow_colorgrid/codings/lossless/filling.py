"""Pixels that no stream holds: hidden under alpha 0, or given; and what networks see there.

A network that looked at a cliff between a picture and nothing would expect cliffs. So before each
pass what is hidden is filled from what is seen and known, by a pyramid of means. Integers only, the
same for the encoder and the decoder.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.levels import BELOW, DIAGONAL, KNOWN, RIGHT, Place, Where
from pillow_colorgrid.codings.tiles import Tile

KNOWN_BEFORE: dict[tuple[Place, ...], tuple[Place, ...]] = {
    (DIAGONAL,): (KNOWN,),
    (RIGHT, BELOW): (KNOWN, DIAGONAL),
}
"""What is known of a cell before a pass over these places."""

STARTS = (128, 0, 0)
"""What Y, Co and Cg are where nothing at all is known."""


@dataclass(frozen=True)
class Held:
    """The pixels of planes that streams hold, where that is not all of them.

    Attributes:
        pixels: (1, h, w) bool, those.
        given: the others are known from the beginning; else they are hidden.
    """

    pixels: np.ndarray
    given: bool = False

    def level(self, interval: int) -> "Held":
        """The same of a level."""
        return Held(levels.level(self.pixels, interval), self.given)

    def part(self, tile: Tile) -> "Held":
        """The same of a tile."""
        return Held(self.pixels[:, *tile.place], self.given)

    def any_at(self, places: Iterable[Place]) -> bool:
        """Whether there are any at these places of their cells."""
        return any(bool(levels.place(self.pixels, place).any()) for place in places)

    def before(self, places: tuple[Place, ...], planes: list[np.ndarray]) -> list[np.ndarray]:
        """Planes as the networks see them in the pass over `places`: filled.

        Args:
            planes: (1, h, w) int16: Y, which is not known at `places`; or Y, which is, Co and Cg,
                which are not.
        """
        other = ~self.pixels if self.given else np.zeros_like(self.pixels)
        known = other.copy()
        for place in KNOWN_BEFORE[places]:
            levels.place(known, place)[...] |= levels.place(self.pixels, place)
        whole = [known] if len(planes) == 1 else [self.pixels | other, known, known]
        return [fill(*one) for one in zip(planes, whole, STARTS, strict=False)]

    def filled(self, planes: list[np.ndarray]) -> list[np.ndarray]:
        """Planes Y, or Y, Co, Cg, all of whose held pixels are known; the hidden ones filled."""
        return [
            fill(plane, self.pixels, start) for plane, start in zip(planes, STARTS, strict=False)
        ]

    def chosen(
        self, where: tuple[slice, slice], place: Place, found: Distribution
    ) -> tuple[Where, Distribution]:
        """Of a group, and of its distributions, what streams hold.

        Args:
            where: the group lies in the planes; `place`: in the cells of this level.
        """
        here = levels.place(self.pixels, place)
        rows, columns = (
            (part.start or 0) + numbers * part.step
            for part, numbers in zip(where, np.nonzero(here[0]), strict=True)
        )
        return (rows, columns), Distribution(found.mean[here][None], found.scale_class[here][None])


def fill(pixels: np.ndarray, known: np.ndarray, otherwise: int) -> np.ndarray:
    """(1, h, w) int16 `pixels`, but those that are not `known` (1, h, w) bool filled.

    Each square of 2 x 2 pixels becomes one of the next storey: the mean of its known ones, rounded
    down; it is known if one of them is. What is not known is what it is in the storey above.

    Args:
        otherwise: where nothing is known at all.
    """
    return _filled(np.where(known, pixels, np.int16(0))[0], known[0], otherwise)[None]


def _filled(pixels: np.ndarray, known: np.ndarray, otherwise: int) -> np.ndarray:
    """(h, w) int16, 0 where not known -> the same, filled."""
    if known.all():
        return pixels
    if pixels.size == 1:
        return np.full_like(pixels, otherwise)
    height, width = pixels.shape
    sums = np.zeros((-(-height // 2), -(-width // 2)), np.int16)
    counts = np.zeros_like(sums)
    for place in (KNOWN, RIGHT, BELOW, DIAGONAL):
        part = levels.place(pixels, place)
        sums[: part.shape[0], : part.shape[1]] += part
        counts[: part.shape[0], : part.shape[1]] += levels.place(known, place)
    above = _filled(sums // np.maximum(counts, 1), counts > 0, otherwise)
    big = above.repeat(2, axis=0).repeat(2, axis=1)
    filled: np.ndarray = np.where(known, pixels, big[:height, :width])
    return filled
