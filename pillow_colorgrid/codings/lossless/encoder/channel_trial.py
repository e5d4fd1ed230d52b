"""Which channel comes first? By the smallest networks, on a few pieces of the picture.

How far values are from their neighbours (`channels`) does not tell how much of two channels the
third one knows. Where colour follows from one of them, as in paintings in shades of one colour, it
is a tenth of the file which one; among other rendered pictures hardly any changes.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import SMALL, model
from pillow_colorgrid.codings.lossless.pieces import TILE, estimated_bytes
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.color.channels import CHANNELS, Channels
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.workers import Workers, of_this_picture

LEAST_EFFORT = 5
"""Below, it would take as long as the file."""

PIECES, MOST_EDGE, PART = 4, 128, 8
"""So many squares, of at most so many pixels a side, and together no more than such a part of the
picture."""

GAIN = 0.97
"""The look stays unless others cost less than this share: pieces differ from the whole."""

LEAST_EDGE = 48
"""Smaller squares tell too little."""


def best(rgb: Bytes, seen: np.ndarray | None, look: Channels, only: bool) -> Channels | None:
    """The channels by which a picture (H, W, 3) is smallest; None: by Y, Co, Cg.

    Args:
        seen: (H, W) bool, the pixels that count; None: all.
        look: what the look says.
        only: Y, Co, Cg are not allowed.
    """
    pieces = list(_pieces(rgb, seen))
    if not pieces:
        return look
    with of_this_picture() as workers:

        def cost(channels: Channels | None) -> float:
            return _cost(pieces, channels, workers)

        ways: list[Channels | None] = [look, *_firsts(look)]
        ways += [] if only else [None]
        costs = {way: cost(way) for way in ways}
        found = min(ways, key=lambda way: costs[way])
        if costs[found] >= GAIN * costs[look]:
            return look
        if found is None:
            return None
        other = _turned(found)
        return other if cost(other) < costs[found] else found


def _firsts(look: Channels) -> Iterator[Channels]:
    """Others, one for each that differs in what comes first, or in whether it is taken off."""
    for channels in CHANNELS:
        rest = [channel for channel in look.order if channel != channels.order[0]]
        same = channels.order[0] == look.order[0] and channels.subtract == look.subtract
        if list(channels.order[1:]) == rest and not same:
            yield channels


def _turned(channels: Channels) -> Channels:
    """With the second and the third in the other order."""
    first, second, third = channels.order
    wanted = (first, third, second), channels.subtract
    return next(one for one in CHANNELS if (one.order, one.subtract) == wanted)


def _pieces(rgb: Bytes, seen: np.ndarray | None) -> Iterator[tuple[Bytes, Held | None]]:
    """Squares all over the picture, and what of them counts."""
    height, width = rgb.shape[:2]
    edge = min(int((height * width / PART / PIECES) ** 0.5), MOST_EDGE, height, width)
    if edge < LEAST_EDGE:
        return
    tops = np.linspace(0, height - edge, PIECES).astype(int).tolist()
    lefts = np.linspace(0, width - edge, PIECES).astype(int).tolist()
    for number, top in enumerate(tops):
        # a step of 3 in turn goes through all columns
        place = Tile(top, lefts[3 * number % PIECES], edge, edge).place
        held = None
        if seen is not None and not seen[place].all():
            if not seen[place].any():
                continue
            held = Held(np.ascontiguousarray(seen[place])[None])
        yield np.ascontiguousarray(rgb[place]), held


def _cost(
    pieces: list[tuple[Bytes, Held | None]], channels: Channels | None, workers: Workers
) -> float:
    """Bytes of the pieces, about."""
    predictor = Predictor(model(SMALL), workers)
    total = 0.0
    for rgb, held in pieces:
        planes = ycocg.forward(rgb) if channels is None else channels.forward(rgb)
        piece = replace(TILE, held=held)
        total += float(estimated_bytes([plane[None] for plane in planes], piece, predictor).sum())
    return total
