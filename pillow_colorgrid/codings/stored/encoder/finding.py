"""Where the photographs of a page are: rectangles, to the pixel.

Screens consist of rectangles. Where a photograph is, hardly a pixel is like its neighbours; around
it, mostly, are lines of one colour. So blocks that are not flat are gathered into rectangles, and
each grows to the lines of one colour around it; or, where there are none (words over a photograph,
windows over a wallpaper), its edges move to the sharpest lines near by. Whether a rectangle is
worth it, the caller says: it tries.
"""

from collections.abc import Callable, Iterator

import numpy as np

from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.pixels import Bytes

BLOCK = 16
"""Pixels along the sides of the blocks that are looked at."""

MIN_BLOCKS = 3
"""A rectangle is no narrower: names of networks, preview and heads cost a hundred bytes."""

MIN_EDGE = 40
"""Nor, in pixels, when its edges have moved."""

MAX_TRIES = 24
"""Of each kind of blocks."""

MAX_LOST = 0.05
"""When what was tried in vain is so much of the picture, no more of its kind is tried."""

WHOLE_SHARE = 0.9
"""A rectangle that is so much of the picture is the picture: other codings are tried for that."""

FLAT, SMOOTH = 0.35, 0.7
"""Blocks are busy where a smaller share of their pixels is like the ones to the left and above; or
differs from one of them by no more than DITHER."""

DITHER = 2
"""What browsers add to gradients makes neighbours differ by so much."""

GUTTER = 0.9
"""A line that is of one colour to such a share is no part of a photograph."""

WORDS = 0.5
"""What has grown to gutters has swallowed words where so much of a strip of columns is flat. Strips
of rows may be skies."""

REACH = 24
"""Pixels by which an edge may move where there are no gutters."""

CAPPED = 32
"""Steps between colours count up to here: an edge is all along a line, not a few bright spots."""

MIN_SHARPNESS = 4.0
"""Edges that are not sharper than this are left where they were."""

BORDER_SHARPNESS = 17.0
"""The sharpness of the picture's own border, where the line there is no gutter."""

PLAIN_SHARE = 1 / 50
"""A page has more blocks of one colour than this share."""

Worth = Callable[[Tile], bool]


def photographs(pixels: Bytes, worth: Worth, calm: np.ndarray | None = None) -> list[Tile]:
    """(H, W, C) uint8 -> rectangles that do not overlap, those that are `worth` it.

    The roughest first: what stands out of a gradient must be found before all that is not flat.

    Args:
        calm: (h, w) bool, blocks that are known to be no photograph's.
    """
    return _Search(pixels, worth, calm).run()


def is_page(pixels: Bytes) -> bool:
    """Whether (H, W, C) has blocks of one colour, as pages do and photographs hardly."""
    if min(pixels.shape[:2]) < MIN_EDGE:
        return False
    height, width = (side // BLOCK * BLOCK for side in pixels.shape[:2])
    blocks = pixels[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, -1)
    corners = blocks[:, :1, :, :1]
    even = np.all(blocks[:, :: BLOCK - 1, :, :: BLOCK - 1] == corners, axis=(1, 3, 4))
    rows, columns = np.nonzero(even)
    inside = blocks.transpose(0, 2, 1, 3, 4)[rows, columns]
    plain = np.all(inside == inside[:, :1, :1], axis=(1, 2, 3))
    return bool(np.count_nonzero(plain) > PLAIN_SHARE * even.size)


class _Search:
    """One picture, and what was found in it."""

    def __init__(self, pixels: Bytes, worth: Worth, calm: np.ndarray | None = None) -> None:
        self.height, self.width = pixels.shape[:2]
        self.worth = worth
        self.calm = calm
        self.down, self.across = _steps(pixels, 0), _steps(pixels, 1)
        self.found: list[Tile] = []
        self.tried: set[Tile] = set()

    def run(self) -> list[Tile]:
        smooth = (self.down <= DITHER) | (self.across <= DITHER)
        flat = (self.down == 0) & (self.across == 0)
        for like, most in ((smooth, SMOOTH), (flat, FLAT)):
            busy = _means(like) < most
            self._gather(busy if self.calm is None else busy & ~self.calm)
        return self.found

    def _gather(self, busy: np.ndarray) -> None:
        """Try the rectangles of busy blocks (h, w), the largest first."""
        for tile in self.found:
            busy[_blocks_of(tile)] = False
        lost = 0
        for _ in range(MAX_TRIES):
            blocks = largest(busy)
            if blocks is None or lost > MAX_LOST * self.height * self.width:
                return
            busy[blocks.place] = False
            for place in self._candidates(blocks):
                if place in self.tried:
                    continue
                self.tried.add(place)
                if self.worth(place):
                    self.found.append(place)
                    busy[_blocks_of(place)] = False
                    break
                lost += place.height * place.width

    def _candidates(self, blocks: Tile) -> Iterator[Tile]:
        """What a rectangle of blocks may be, to the pixel."""
        seed = Tile(*(BLOCK * n for n in (blocks.top, blocks.left, blocks.height, blocks.width)))
        whole = Tile(0, 0, self.height, self.width)
        clipped = seed.common(whole)
        if clipped is None:
            return
        grown = self._grown(clipped)
        if not self._has_words(grown) and self._fits(grown):
            yield grown
            if self.calm is None:  # else a shadow may lie between it and the gutters
                return
        snapped = self._apart(self._snapped(clipped))
        if snapped is not None and self._fits(snapped):
            yield snapped

    def _has_words(self, tile: Tile) -> bool:
        flat = (self.down[tile.place] == 0) & (self.across[tile.place] == 0)
        columns = np.arange(0, tile.width, BLOCK)
        widths = np.minimum(BLOCK, tile.width - columns)
        return bool(np.max(np.add.reduceat(flat.mean(axis=0), columns) / widths) > WORDS)

    def _fits(self, tile: Tile) -> bool:
        return (
            min(tile.height, tile.width) >= MIN_EDGE
            and tile.height * tile.width <= WHOLE_SHARE * self.height * self.width
            and all(tile.common(other) is None for other in self.found)
        )

    # -- edges ------------------------------------------------------------------------------------

    def _grown(self, tile: Tile) -> Tile:
        """As large as it can be without a line of one colour.

        The outer blocks may be on the photograph or not.
        """
        top, bottom = tile.top + BLOCK, max(tile.top + BLOCK, tile.bottom - BLOCK)
        left, right = tile.left + BLOCK, max(tile.left + BLOCK, tile.right - BLOCK)
        for _ in range(3):
            rows = np.mean(self.across[:, left:right] == 0, axis=1) >= GUTTER
            top, bottom = _between(rows, top, bottom)
            columns = np.mean(self.down[top:bottom] == 0, axis=0) >= GUTTER
            left, right = _between(columns, left, right)
        return Tile(top, left, bottom - top, right - left)

    def _snapped(self, tile: Tile) -> Tile:
        """With its edges at the sharpest lines near by."""
        rows, columns = tile.place
        top, bottom = _snap(
            tile.top,
            tile.bottom,
            np.minimum(self.down[:, columns], CAPPED).mean(axis=1),
            np.mean(self.across[:, columns] == 0, axis=1),
        )
        left, right = _snap(
            tile.left,
            tile.right,
            np.minimum(self.across[rows], CAPPED).mean(axis=0),
            np.mean(self.down[rows] == 0, axis=0),
        )
        return Tile(top, left, bottom - top, right - left)

    def _apart(self, tile: Tile) -> Tile | None:
        """The largest part beside what was found already; None if there is none."""
        for other in self.found:
            common = tile.common(other)
            if common is None:
                continue
            sides = (
                Tile(tile.top, tile.left, common.top - tile.top, tile.width),
                Tile(common.bottom, tile.left, tile.bottom - common.bottom, tile.width),
                Tile(tile.top, tile.left, tile.height, common.left - tile.left),
                Tile(tile.top, common.right, tile.height, tile.right - common.right),
            )
            tile = max(sides, key=lambda side: side.height * side.width)
            if not tile.height * tile.width:
                return None
        return tile


# -- arrays ---------------------------------------------------------------------------------------


def _steps(pixels: Bytes, axis: int) -> Bytes:
    """(H, W) by how much the most different channel differs from the pixel before, along `axis`."""
    moved = np.moveaxis(pixels, axis, 0)
    steps = np.maximum(moved[1:], moved[:-1]) - np.minimum(moved[1:], moved[:-1])
    largest_step = np.zeros(moved.shape[:2], np.uint8)
    np.max(steps, axis=2, out=largest_step[1:])
    found: Bytes = np.moveaxis(largest_step, 0, axis)
    return found


def _means(values: np.ndarray) -> np.ndarray:
    """(H, W) bool -> share of each block, or of the blocks around it where that is less."""
    height, width = values.shape
    rows, columns = np.arange(0, height, BLOCK), np.arange(0, width, BLOCK)
    sums = np.add.reduceat(np.add.reduceat(values.astype(np.float32), rows, 0), columns, 1)
    sizes = np.minimum(BLOCK, height - rows)[:, None] * np.minimum(BLOCK, width - columns)
    shares = sums / sizes
    padded = np.pad(shares, 1, mode="edge")
    around = np.mean(np.lib.stride_tricks.sliding_window_view(padded, (3, 3)), axis=(2, 3))
    found: np.ndarray = np.maximum(shares, around)
    return found


def _blocks_of(tile: Tile) -> tuple[slice, slice]:
    """The blocks that a rectangle meets."""
    return (
        slice(tile.top // BLOCK, -(-tile.bottom // BLOCK)),
        slice(tile.left // BLOCK, -(-tile.right // BLOCK)),
    )


def _between(gutters: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """Of lines `first` to before `last`: out to the gutters around them."""
    before, behind = np.flatnonzero(gutters[:first]), np.flatnonzero(gutters[last:])
    return (
        int(before[-1]) + 1 if len(before) else 0,
        last + int(behind[0]) if len(behind) else len(gutters),
    )


def _snap(first: int, last: int, steps: np.ndarray, even: np.ndarray) -> tuple[int, int]:
    """Where lines `first` to before `last` best begin and end.

    Args:
        steps: mean step from the line before, for each line.
        even: the share of a line that is like its neighbour in the line.
    """
    count = len(steps)
    within = np.where(even < GUTTER, BORDER_SHARPNESS, 0)
    begins = np.append(steps * (0.1 + np.append(0, even[:-1])), 0)
    begins[0] = within[0]
    ends = np.append(steps * (0.1 + even), within[-1])
    found = []
    for place, sharpness in ((first, begins), (last, ends)):
        low, high = max(0, place - REACH), min(count, place + REACH)
        best = low + int(np.argmax(sharpness[low : high + 1]))
        found.append(best if sharpness[best] > MIN_SHARPNESS else place)
    return found[0], max(found)


def largest(mask: np.ndarray) -> Tile | None:
    """The largest rectangle of a (h, w) mask that is set all over, MIN_BLOCKS wide and high.

    A stack of columns that are still open, as for the largest rectangle under a histogram.
    """
    best, area = None, 0
    heights = np.zeros(mask.shape[1], np.int64)
    for row, set_here in enumerate(mask):
        heights = np.where(set_here, heights + 1, 0)
        if not heights.any():
            continue
        opened: list[tuple[int, int]] = []
        for column, height in enumerate([*heights.tolist(), 0]):
            start = column
            while opened and opened[-1][1] >= height:
                start, high = opened.pop()
                wide = column - start
                if high * wide > area and min(high, wide) >= MIN_BLOCKS:
                    best, area = Tile(row - high + 1, start, high, wide), high * wide
            opened.append((start, height))
    return best
