"""Which rectangles of a picture changed: few, tight, disjoint, and worth what each costs.

The changed pixels are enclosed by one rectangle, which is cut in two wherever that leaves out
enough, and so on.
"""

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.frames.payload import Box

Mask = npt.NDArray[np.bool_]
"""(H, W): which pixels changed."""

PATCH_PIXELS = 400
"""A further patch must leave out so many pixels: its heads take about 50 bytes, and it learns its
colours anew."""

MAX_BOXES = 64
"""Of one frame."""


def boxes(changed: Mask) -> list[Box]:
    """Rectangles that hold all changed pixels; [] if there are none."""
    whole = _around(changed, 0, 0)
    if whole is None:
        return []
    found: list[Box] = []
    todo = [whole]
    while todo:
        box = todo.pop()
        parts = _cut(changed[box.place], box) if len(found) + len(todo) < MAX_BOXES else None
        if parts is None:
            found.append(box)
        else:
            todo += parts
    return sorted(found, key=lambda box: (box.top, box.left))


def _around(changed: Mask, left: int, top: int) -> Box | None:
    """The tightest rectangle around what changed; `changed` begins at `left`, `top`."""
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not len(rows):
        return None
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    return Box(left + int(columns[0]), top + int(rows[0]), int(width), int(height))


def _cut(changed: Mask, box: Box) -> list[Box] | None:
    """The two parts of the best cut through a tight rectangle; None: it had better stay whole."""
    below = _best(changed)
    beside = _best(changed.T)
    left_out, at = max(below, beside)
    if left_out < PATCH_PIXELS:
        return None
    if below >= beside:
        places = ((slice(0, at), slice(0, None)), (slice(at, None), slice(0, None)))
    else:
        places = ((slice(0, None), slice(0, at)), (slice(0, None), slice(at, None)))
    parts = (
        _around(changed[rows, columns], box.left + columns.start, box.top + rows.start)
        for rows, columns in places
    )
    return [part for part in parts if part is not None]


def _best(changed: Mask) -> tuple[int, int]:
    """Of all cuts between two rows: how many pixels the best leaves out, and before which row."""
    height, width = changed.shape
    if height < 2:
        return 0, 0
    above = _extents(changed)
    under = _extents(changed[::-1])[::-1]
    areas = above[:-1] + under[1:]
    at = int(areas.argmin())
    return height * width - int(areas[at]), at + 1


def _extents(changed: Mask) -> npt.NDArray[np.int64]:
    """Pixels of the tightest rectangle around the first 1, 2, 3, ... rows."""
    height, width = changed.shape
    some = changed.any(axis=1)
    first = np.where(some, changed.argmax(axis=1), width)
    last = np.where(some, width - 1 - changed[:, ::-1].argmax(axis=1), -1)
    lefts, rights = np.minimum.accumulate(first), np.maximum.accumulate(last)
    rows = np.arange(height)
    tops = np.where(some, rows, height)
    bottoms = np.where(some, rows, -1)
    heights = np.maximum.accumulate(bottoms) - np.minimum.accumulate(tops) + 1
    areas: npt.NDArray[np.int64] = np.maximum(rights - lefts + 1, 0) * np.maximum(heights, 0)
    return areas
