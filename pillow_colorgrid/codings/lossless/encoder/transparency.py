"""How alpha is told, and which hidden pixels no stream of colour holds: what is smallest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.lossless.description import (
    ADAPTATION,
    ALPHA_ADAPTATION,
    ALPHA_INNER,
    ALPHA_PREVIEW,
    ALPHA_TILE,
    CLIPPING,
    COUNTS,
    HIDDEN,
    LANES,
    LAST_ALPHA,
    PREVIEW,
    TILE,
    TRANSPARENT as HIDING,
    WITH_LAST,
)
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_adapted
from pillow_colorgrid.codings.lossless.encoder.spreading import along_columns, along_rows
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import SMALL, model
from pillow_colorgrid.codings.lossless.pieces import TILE as TILE_PIECE, estimated_bytes, tile_of
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.transparency import OPAQUE, SOFT, TRANSPARENT, Hidden
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Section, size_bytes
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.workers import Workers

LEAST_BYTES = 256
"""Alpha that an inner picture tells in fewer bytes is left at that: sections cost, too."""

MOSTLY_SOFT = 0.25
"""Where so many pixels are soft, streams of all pixels are tried, too: they take time."""

WINDOWS, WINDOW_EDGE = 8, 256
"""Where hidden pixels have several colours, on so many squares it is estimated what is best."""

OF_LUMINANCE = {
    ADAPTATION.type: ALPHA_ADAPTATION,
    PREVIEW.type: ALPHA_PREVIEW,
    TILE.type: ALPHA_TILE,
}
"""What sections of luminance are where it is alpha."""

FIRST = (CLIPPING.type, COUNTS.type, ADAPTATION.type, LANES.type)
"""Sections of colour that stand before those of alpha."""


@dataclass(frozen=True)
class Told:
    """Sections of alpha.

    Attributes:
        head: before those of colour; `tiles`: before the luminance of each tile.
        end: behind all others.
        held: what streams of colour hold; None: all pixels.
    """

    head: Sequence[Section] = ()
    tiles: Sequence[Section] = ()
    end: Sequence[Section] = ()
    held: Held | None = None

    @property
    def stands_apart(self) -> bool:
        """Whether streams of colour are as without it, and need no tiles."""
        return not self.tiles and self.held is None

    def around(self, coded: Sequence[Section]) -> list[Section]:
        """They and those of colour, which begin with its adaptation, or clipping, if it has any."""
        first = next(n for n, section in enumerate(coded) if section.type not in FIRST)
        found = [*coded[:first], *self.head]
        tiles = iter(self.tiles)
        for section in coded[first:]:
            if section.type == TILE.type:
                found += [tile for tile in (next(tiles, None),) if tile is not None]
            found.append(section)
        return [*found, *self.end]


def encode(
    picture: Picture, planes: list[np.ndarray], predictor: Predictor, effort: int, first: bool
) -> Told:
    """How the alpha of a picture, if it has any, and its hidden colours are told.

    Args:
        planes: of its colour, (1, H, W) int16 each.
        predictor: by a model without adaptation.
        first: alpha may come before colour; streams of colour need not hold what it hides.
    """
    if picture.mode not in WITH_LAST:
        return Told()
    plane = np.ascontiguousarray(picture.pixels[..., -1])
    opaque = bool((plane == OPAQUE).all())
    if picture.mode == "RGBA" and (opaque or not first):
        return Told(end=[LAST_ALPHA.section(alpha.encode(plane))])
    hidden = None
    if picture.mode in HIDING:
        hidden = _hidden(picture.pixels, planes, predictor.workers)
    best = min(ways(plane, predictor, effort), key=size_bytes)
    if picture.mode == "RGBA" and hidden is None and len(best) == 1:
        # as in format 1.0, and luminance can be copied (`trim`)
        return Told(end=[LAST_ALPHA.section(best[0].payload)])
    return told(best, hidden, plane)


def told(of_alpha: list[Section], hidden: Hidden | None, plane: Bytes) -> Told:
    """Sections of alpha (`ways`), and of the hidden colours.

    Args:
        plane: alpha, (H, W).
    """
    tiles = [section for section in of_alpha if section.type == ALPHA_TILE.type]
    head = [section for section in of_alpha if section.type != ALPHA_TILE.type]
    if hidden is None:
        return Told(head, tiles)
    at = next((n for n, one in enumerate(head) if one.type != ALPHA_INNER.type), len(head))
    head.insert(at, HIDDEN.section(hidden.pack()))
    return Told(head, tiles, held=hidden.held(plane, Tile(0, 0, *plane.shape)))


def _hidden(pixels: Bytes, planes: list[np.ndarray], workers: Workers) -> Hidden | None:
    """The colours that no stream holds; None: it does not pay."""
    colors, plane = pixels[..., :-1], pixels[..., -1]
    hides = plane == TRANSPARENT
    values, counts = np.unique(colors[hides], axis=0, return_counts=True)
    if not len(values):
        return None
    color = values[counts.argmax()]
    if len(values) == 1:
        return Hidden(color)
    # what inner pictures have where nothing is hidden does not matter
    others = along_rows((colors != color).any(axis=-1, keepdims=True), hides)
    pictures = (
        Hidden(None, picture=spread(colors, hides)) for spread in (along_rows, along_columns)
    )
    ways = [Hidden(color, others[..., 0]), min(pictures, key=lambda way: len(way.pack()))]
    whole = Tile(0, 0, *plane.shape)
    sizes = [_estimate(planes, None, workers)]
    sizes += [_estimate(planes, way.held(plane, whole), workers) + len(way.pack()) for way in ways]
    return [None, *ways][int(np.argmin(sizes))]


def _estimate(planes: list[np.ndarray], held: Held | None, workers: Workers) -> float:
    """About the bytes of the streams of planes (1, H, W), by small networks."""
    height, width = planes[0].shape[1:]
    share, total = 0, 0.0
    predictor = Predictor(model(SMALL), workers)
    for box in windows(height, width):
        piece = replace(TILE_PIECE, held=held and held.part(box))
        total += float(estimated_bytes(tile_of(planes, box), piece, predictor).sum())
        share += box.height * box.width
    return float(total * height * width / share)


def windows(height: int, width: int) -> list[Tile]:
    """Some rectangles spread over a picture, or all of it."""
    if height * width <= WINDOWS * WINDOW_EDGE**2:
        return [Tile(0, 0, height, width)]
    high, wide = min(height, WINDOW_EDGE), min(width, WINDOW_EDGE)
    tops = np.linspace(0, height - high, WINDOWS).astype(int).tolist()
    lefts = np.linspace(0, width - wide, WINDOWS).astype(int).tolist()
    # a step of 3 in turn goes through all columns
    return [
        Tile(top // 8 * 8, lefts[3 * number % WINDOWS] // 8 * 8, high, wide)
        for number, top in enumerate(tops)
    ]


def ways(plane: Bytes, predictor: Predictor, effort: int) -> list[list[Section]]:
    """Sections of alpha (H, W), in the ways that are worth a try."""
    found = [[ALPHA_INNER.section(alpha.encode(plane))]]
    soft = (plane != TRANSPARENT) & (plane != OPAQUE)
    if len(found[0][0].payload) < LEAST_BYTES or not soft.any():
        return found
    planes = [plane[None].astype(np.int16)]
    kinds = ALPHA_INNER.section(alpha.encode(np.where(soft, np.uint8(SOFT), plane)))
    held = Held(soft[None], given=True)
    found.append([kinds, *_streams(planes, predictor, effort, held)])
    if soft.mean() > MOSTLY_SOFT:
        found.append(_streams(planes, predictor, effort, None))
    return found


def _streams(
    planes: list[np.ndarray], predictor: Predictor, effort: int, held: Held | None
) -> list[Section]:
    """Alpha as if it were luminance."""
    coded = encode_adapted(planes, predictor, effort, held=held)
    return [
        OF_LUMINANCE[section.type].section(section.payload)
        for section in coded
        if section.type != LANES.type  # that of colour tells both
    ]
