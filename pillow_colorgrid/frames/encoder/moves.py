"""What moved: scrolled text, a pan, a window that was dragged. Found exactly, by equal blocks.

Blocks of the new picture that changed are looked for everywhere in the old one. Where many are
found equally far away, the rectangle that gains most by such a move is taken. It may make some
pixels wrong; they are repaired like others that changed.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.frames.encoder.changes import Mask
from pillow_colorgrid.frames.payload import Box
from pillow_colorgrid.pixels import Pixels

BLOCK = 8
"""Pixels along a side of the blocks that are looked for."""

MAX_ANCHORS = 256
"""Blocks that are looked for, spread over what changed."""

MIN_VOTES = 3
"""A distance at which fewer blocks are found is a coincidence."""

MAX_MOVES = 4
"""Of one frame."""

MOVE_PIXELS = 400
"""A move must make so many pixels right."""

GRID_CELLS = 96
"""The rectangle is looked for on a grid of at most so many cells in a row or column."""

COMMON = 64
"""A block that occurs more often in the old picture tells nothing: it is flat, or a pattern."""

FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""An odd number whose bits look random."""

Numbers = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Move:
    """`box` of the new picture is the rectangle at `source` (left, top) of the old one."""

    box: Box
    source: tuple[int, int]


def find(old: Pixels, new: Pixels, changed: Mask) -> list[Move]:
    """The moves that pay, in the order in which they are to be made; all read `old`.

    Args:
        old, new: (H, W, C), alike in shape.
        changed: where they differ.
    """
    height, width = changed.shape
    if min(height, width) < 2 * BLOCK or int(changed.sum()) < MOVE_PIXELS:
        return []
    found: list[Move] = []
    wrong = changed.copy()
    for dx, dy in _distances(old, new, changed):
        move = _best_box(old, new, wrong, dx, dy)
        if move is None:
            continue
        found.append(move)
        left, top = move.source
        source = old[top : top + move.box.height, left : left + move.box.width]
        wrong[move.box.place] = (source != new[move.box.place]).any(axis=2)
        if len(found) == MAX_MOVES:
            break
    return found


# -- how far ------------------------------------------------------------------------------------


def _distances(old: Pixels, new: Pixels, changed: Mask) -> list[tuple[int, int]]:
    """How far (dx, dy) the source lies from what moved, the most frequent first."""
    blocks = _hashes(new[: new.shape[0] // BLOCK * BLOCK, : new.shape[1] // BLOCK * BLOCK])
    wanted = blocks[::BLOCK, ::BLOCK]
    rows, columns = wanted.shape
    inside = changed[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    anchors = np.argwhere(inside.any(axis=(1, 3)))
    if len(anchors) > MAX_ANCHORS:
        chosen = np.random.default_rng(0).choice(len(anchors), MAX_ANCHORS, replace=False)
        anchors = anchors[chosen]
    where: dict[int, list[tuple[int, int]]] = {}
    for row, column in anchors.tolist():
        where.setdefault(int(wanted[row, column]), []).append((row * BLOCK, column * BLOCK))
    votes: Counter[tuple[int, int]] = Counter()
    for number, places in _occurrences(_hashes(old), list(where)).items():
        for y, x in where[number]:
            votes.update((int(px) - x, int(py) - y) for py, px in places)
    votes.pop((0, 0), None)
    return [distance for distance, count in votes.most_common(2 * MAX_MOVES) if count >= MIN_VOTES]


def _hashes(pixels: Pixels) -> Numbers:
    """A number for each block of BLOCK x BLOCK pixels, by its top left pixel."""
    values = pixels.view(f"u{pixels.itemsize}").astype(np.uint64)
    line = np.zeros(values.shape[:2], np.uint64)
    for channel in range(values.shape[2]):
        line = line * FACTOR + values[..., channel] + np.uint64(1)
    line ^= line >> np.uint64(29)
    for axis in (1, 0):
        line = _sums(line, axis)
    return line


def _sums(values: Numbers, axis: int) -> Numbers:
    """A polynomial of each BLOCK neighbours along an axis."""
    values = np.moveaxis(values, axis, 0)
    count = values.shape[0] - BLOCK + 1
    total = np.zeros((count, *values.shape[1:]), np.uint64)
    for step in range(BLOCK):
        total = total * FACTOR + values[step : step + count]
    return np.moveaxis(total ^ (total >> np.uint64(31)), 0, axis)


def _occurrences(hashes: Numbers, wanted: list[int]) -> dict[int, npt.NDArray[np.int64]]:
    """Number -> places (y, x) in `hashes`, of those that are there, and not too often."""
    low = np.uint64(0xFFFF)
    known = np.zeros(2**16, np.bool_)
    known[[number & 0xFFFF for number in wanted]] = True
    candidates = np.argwhere(known[hashes & low])
    numbers = hashes[candidates[:, 0], candidates[:, 1]]
    order = np.argsort(numbers, kind="stable")
    candidates, numbers = candidates[order], numbers[order]
    targets = np.array(wanted, np.uint64)
    begins, ends = (np.searchsorted(numbers, targets, side) for side in ("left", "right"))
    return {
        number: candidates[begin:end]
        for number, begin, end in zip(wanted, begins, ends, strict=True)
        if 0 < end - begin <= COMMON
    }


# -- which rectangle ----------------------------------------------------------------------------


def _best_box(old: Pixels, new: Pixels, wrong: Mask, dx: int, dy: int) -> Move | None:
    """The rectangle that gains most when it is taken from so far away; None: none gains enough."""
    height, width = wrong.shape
    left, right = max(0, -dx), min(width, width - dx)
    top, bottom = max(0, -dy), min(height, height - dy)
    if right - left < BLOCK or bottom - top < BLOCK:
        return None
    inside = slice(top, bottom), slice(left, right)
    source = old[top + dy : bottom + dy, left + dx : right + dx]
    equal = (source == new[inside]).all(axis=2)
    gain = (equal & wrong[inside]).astype(np.int8) - (~equal & ~wrong[inside])
    found = _heaviest(gain)
    if found is None:
        return None
    box = Box(left + found.left, top + found.top, found.width, found.height)
    return Move(box, (box.left + dx, box.top + dy))


def _heaviest(gain: npt.NDArray[np.int8]) -> Box | None:
    """The rectangle with the greatest sum: whole cells of a grid, then pixel by pixel."""
    height, width = gain.shape
    step = max(BLOCK, -(-max(height, width) // GRID_CELLS))
    rows, columns = np.arange(0, height, step), np.arange(0, width, step)
    cells = np.add.reduceat(np.add.reduceat(gain, rows, axis=0, dtype=np.int64), columns, axis=1)
    total, y0, y1, x0, x1 = 0, 0, 0, 0, 0
    for first in range(len(rows)):
        strips = np.cumsum(cells[first:], axis=0)
        sums, begins, ends = _heaviest_runs(strips)
        best = int(sums.argmax())
        if sums[best] > total:
            total, y0, y1 = int(sums[best]), first, first + best + 1
            x0, x1 = int(begins[best]), int(ends[best])
    if total < MOVE_PIXELS:
        return None
    ends_y, ends_x = [*rows.tolist(), height], [*columns.tolist(), width]
    return _refined(gain, ends_y[y0], ends_y[y1], ends_x[x0], ends_x[x1], step)


def _heaviest_runs(
    values: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of each row the run of columns with the greatest sum: sum, begin, end (Kadane)."""
    before = np.zeros((len(values), 1), np.int64)
    totals = np.concatenate([before, np.cumsum(values, axis=1)], axis=1)
    lowest = np.minimum.accumulate(totals, axis=1)
    sums = totals - lowest
    ends = sums.argmax(axis=1)
    rows = np.arange(len(values))
    begins = (lowest == lowest[rows, ends][:, None]).argmax(axis=1)
    return sums[rows, ends], begins, ends


def _refined(
    gain: npt.NDArray[np.int8], top: int, bottom: int, left: int, right: int, step: int
) -> Box:
    """Move each edge by up to a cell, to where the sum is greatest."""
    height, width = gain.shape
    columns = slice(left, right)
    top = _edge(gain[:, columns].sum(axis=1, dtype=np.int64), top, bottom, step)
    flipped = gain[::-1, columns].sum(axis=1, dtype=np.int64)
    bottom = height - _edge(flipped, height - bottom, height - top, step)
    rows = slice(top, bottom)
    left = _edge(gain[rows].sum(axis=0, dtype=np.int64), left, right, step)
    flipped = gain[rows, ::-1].sum(axis=0, dtype=np.int64)
    right = width - _edge(flipped, width - right, width - left, step)
    return Box(left, top, right - left, bottom - top)


def _edge(sums: npt.NDArray[np.int64], begin: int, end: int, step: int) -> int:
    """The best begin of a run that ends at `end`, at most `step` away from `begin`."""
    lowest = max(0, begin - step)
    highest = min(end - 1, begin + step)
    tails = np.cumsum(sums[lowest:end][::-1])[::-1][: highest - lowest + 1]
    return lowest + int(tails.argmax())
