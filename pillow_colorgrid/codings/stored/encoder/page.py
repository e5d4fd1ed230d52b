"""A page: its photographs as rectangles of their own, its gradients told, the rest as ever.

Each rectangle is tried: by the coefficients of the JPEG file that it shows, if it does, or by the
networks, beside WebP. Under those that won, the stored picture gets the colour that is most around
them.
"""

import logging
from dataclasses import dataclass, field

import numpy as np

from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.stored import (
    coding as stored,
    gradients as stored_gradients,
    rectangles,
)
from pillow_colorgrid.codings.stored.description import GRADIENTS
from pillow_colorgrid.codings.stored.encoder import finding
from pillow_colorgrid.codings.stored.encoder.gradients import Marked
from pillow_colorgrid.codings.stored.rectangles import Rectangle
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import size_bytes
from pillow_colorgrid.pixels import Bytes

logger = logging.getLogger(__name__)

SCOUT = Options(effort=1)

DOUBTFUL_BPP, HOPELESS = 4, 2
"""Where WebP needs no more bits for each pixel, the smallest networks go first; if their file is
so many times as large as WebP's, others are not tried. On pages for development photographs took 5
bits or more, and larger networks half of what the smallest do at the least."""


@dataclass(frozen=True)
class Page:
    """A picture that was encoded as a page.

    Attributes:
        share: of its pixels that lie in rectangles.
        around: (H, W, C) uint8, it with one colour in each rectangle.
        doubtful: gradients were found that are not dithered: perhaps by chance.
        gain: what the search left of `around` stored at once, as a part of it.
    """

    encoded: Encoded
    share: float
    around: Bytes
    gain: float
    doubtful: bool = False


@dataclass
class _Trial:
    """Rectangles of one picture that won."""

    picture: Picture
    options: Options
    won: list[Rectangle] = field(default_factory=list)

    def __call__(self, tile: Tile) -> bool:
        """Whether a rectangle is smaller by itself than WebP makes it."""
        if len(self.won) == rectangles.MAX_RECTANGLES:
            return False
        piece = Picture(np.ascontiguousarray(self.picture.pixels[tile.place]), self.picture.mode)
        found = self._as_jpeg(piece, tile)
        rival_bytes = len(stored.quick(piece).sections[0].payload)
        if found is None:
            if self._is_hopeless(piece, rival_bytes):
                return False
            encoded = lossless.encode(piece, self.options)
            found = Rectangle(tile, LOSSLESS, tuple(encoded.sections))
        if size_bytes([rectangles.pack(found)]) >= rival_bytes:
            return False
        self.won.append(found)
        return True

    def _is_hopeless(self, piece: Picture, rival_bytes: int) -> bool:
        """Whether no networks can be smaller, as the smallest tell."""
        height, width = piece.pixels.shape[:2]
        if self.options.effort <= SCOUT.effort or 8 * rival_bytes > DOUBTFUL_BPP * height * width:
            return False
        return size_bytes(lossless.encode(piece, SCOUT).sections) > HOPELESS * rival_bytes

    def _as_jpeg(self, piece: Picture, tile: Tile) -> Rectangle | None:
        """By the coefficients of a JPEG file that is shown there as it is."""
        unwanted = self.options.jpeg == "never" or self.options.origin == "none"
        if unwanted or piece.mode not in JPEG.modes:
            return None
        from pillow_colorgrid.codings.jpeg.encoder import files

        encoded = files.encode_once_a_jpeg(piece.pixels)
        return None if encoded is None else Rectangle(tile, JPEG, tuple(encoded.sections))


def encode(picture: Picture, options: Options, marked: Marked | None = None) -> Page | None:
    """(H, W, 1, 3 or 4) uint8 -> the picture with rectangles, and gradients told apart.

    None where it has neither, or they do not pay.

    Args:
        marked: the picture, where gradients were found in it.
    """
    told, calm = [], None
    if marked is not None:
        picture = Picture(marked.pixels, picture.mode)
        told = [GRADIENTS.section(stored_gradients.pack(marked.gradients))]
        calm = marked.calm(finding.BLOCK)
        logger.debug("page: %d gradients", len(marked.gradients.found))
    trial = _Trial(picture, options)
    places = finding.photographs(picture.pixels, trial, calm)
    if not places and not told:
        return None
    around = picture.pixels.copy()
    for tile in places:
        around[tile.place] = color_around(picture.pixels, tile)
    left = Picture(around, picture.mode)
    at_once = stored.quick(left)
    base = stored.improved(left, at_once, options)
    height, width = around.shape[:2]
    share = sum(tile.height * tile.width for tile in places) / (height * width)
    logger.debug("page: %d photographs, %.0f %% of its pixels", len(places), 100 * share)
    gain = size_bytes(base.sections) / size_bytes(at_once.sections)
    encoded = Encoded([*told, *base.sections, *map(rectangles.pack, trial.won)])
    doubtful = marked is not None and not all(one.dithered for one in marked.gradients.found)
    return Page(encoded, share, around, gain, doubtful)


def color_around(pixels: Bytes, tile: Tile) -> Bytes:
    """The colour (C,) that most of the pixels have that touch a rectangle's sides."""
    height, width, channels = pixels.shape
    rows, columns = tile.place
    lines = [pixels[row, columns] for row in (tile.top - 1, tile.bottom) if 0 <= row < height]
    lines += [pixels[rows, column] for column in (tile.left - 1, tile.right) if 0 <= column < width]
    if not lines:
        return np.zeros(channels, np.uint8)
    colors, counts = np.unique(np.concatenate(lines), axis=0, return_counts=True)
    found: Bytes = colors[np.argmax(counts)]
    return found
