"""A frame as patches onto the one before: moves first, then each rectangle that still differs.

A rectangle is kept as its pixels, or as their difference from those below, by size.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pillow_colorgrid import codec, metadata
from pillow_colorgrid.codings.base import Coding, Picture
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.codings.planes.description import PLANES
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.container import size_bytes
from pillow_colorgrid.frames.decoder import COLOR_PALETTES, through_palette
from pillow_colorgrid.frames.encoder import changes, moves
from pillow_colorgrid.frames.index import convertible
from pillow_colorgrid.frames.payload import (
    BYTE_MODES,
    DIFFERENCE,
    MAX_PATCHES,
    MIDDLE,
    MOVE,
    PIXELS,
    Patch,
)
from pillow_colorgrid.pixels import Pixels

WHOLE_SHARE = 0.9
"""Where patches of pixels would cover so much of a frame, it is a picture of its own."""

MOVE_COST = 1 / 32
"""What a moved pixel costs a reader, beside a decoded one."""


@dataclass(frozen=True)
class Found:
    """Patches, and what they cost.

    Attributes:
        cost: pixels to decode, of whole frames.
        minor: the minor version of the format that has their codings.
    """

    patches: tuple[Patch, ...]
    cost: float
    minor: int


def patches(before: Picture, picture: Picture, coding: Coding, options: Any) -> Found | None:
    """Patches that make `picture` of `before`; None where it is better kept as a whole.

    Args:
        coding: of the patches, with `options` of its kind.
    """
    old, new = _base(before, picture), picture.pixels
    if old is None:
        return None
    changed = _differing(old, new)
    found = moves.find(old, new, changed)
    now = old.copy() if found else old
    for move in found:
        left, top = move.source
        height, width = move.box.height, move.box.width
        now[move.box.place] = old[top : top + height, left : left + width]
    boxes = changes.boxes(_differing(now, new)) if found else changes.boxes(changed)
    every = new.shape[0] * new.shape[1]
    chosen = [_kind(now[box.place], new[box.place], picture.mode) for box in boxes]
    covered = sum(box.pixels for box in boxes)
    if covered > WHOLE_SHARE * every and PIXELS in chosen:
        return None
    made = [Patch(MOVE, move.box, source=move.source) for move in found]
    minor = 0
    for box, kind in zip(boxes, chosen, strict=True):
        shown = _content(now[box.place], new[box.place], kind)
        part = Picture(shown, picture.mode, moving=picture.moving)
        coded = codec.encode_picture(part, coding, _for_patches(options))
        made.append(Patch(kind, box, coded.header.coding, coded.sections))
        minor = max(minor, coded.header.minor)
    cost = covered + MOVE_COST * sum(move.box.pixels for move in found)
    return Found(tuple(made), cost / every, minor) if len(made) <= MAX_PATCHES else None


def _base(before: Picture, picture: Picture) -> Pixels | None:
    """The frame before as pixels of the same mode; None: it cannot be the base of this one."""
    if before.pixels.shape[:2] != picture.pixels.shape[:2]:
        return None
    if before.mode == picture.mode:
        return before.pixels
    if not convertible(before.mode, picture.mode):
        return None
    found = metadata.unpack(before.metadata)
    if found.palette is not None and found.palette.mode not in COLOR_PALETTES:
        return None
    transparency = found.info.get("transparency")
    return through_palette(before.pixels, picture.mode, found.palette, transparency)


def _differing(one: Pixels, other: Pixels) -> changes.Mask:
    """Bits are compared, so that NaN equals itself."""
    samples = (array.view(f"u{array.itemsize}") for array in (one, other))
    a, b = samples
    mask: changes.Mask = (a != b).any(axis=2)
    return mask


def _content(old: Pixels, new: Pixels, kind: int) -> Pixels:
    """What a patch holds."""
    difference = new - old + np.uint8(MIDDLE) if kind == DIFFERENCE else new
    return np.ascontiguousarray(difference)


def _kind(old: Pixels, new: Pixels, mode: str) -> int:
    """PIXELS or DIFFERENCE: whichever is smaller, by a quick look."""
    if mode not in BYTE_MODES:
        return PIXELS
    sizes = [_quick_bytes(_content(old, new, kind), mode) for kind in (PIXELS, DIFFERENCE)]
    return PIXELS if sizes[0] <= sizes[1] else DIFFERENCE


def _quick_bytes(pixels: Pixels, mode: str) -> int:
    picture = Picture(pixels, mode)
    if mode in STORED.modes:
        return size_bytes(stored.quick(picture).sections)
    return size_bytes(PLANES.work().encode(picture, LOSSLESS.options(effort=1)).sections)


def _for_patches(options: Any) -> Any:
    """No rectangle is looked at as if it were a JPEG file."""
    return replace(options, jpeg="never") if hasattr(options, "jpeg") else options
