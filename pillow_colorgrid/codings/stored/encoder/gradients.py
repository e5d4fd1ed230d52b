"""Find the gradients of a picture, to the last bit of their colours, and mark them."""

from dataclasses import astuple, dataclass, replace
from functools import cached_property

import numpy as np

from pillow_colorgrid.codings.stored.encoder import dithering, gradient_blocks, shadows
from pillow_colorgrid.codings.stored.encoder.dithering import Bounds
from pillow_colorgrid.codings.stored.encoder.gradient_blocks import BLOCK, Slope
from pillow_colorgrid.codings.stored.encoder.gradient_planes import planes
from pillow_colorgrid.codings.stored.encoder.parts import webp
from pillow_colorgrid.codings.stored.encoder.shadows import summed
from pillow_colorgrid.codings.stored.encoder.webp_size import SCOUT
from pillow_colorgrid.codings.stored.gradients import (
    MOST_GRADIENTS,
    SHADED_EDGE,
    UNSHIFTED,
    Gradient,
    Gradients,
    Runs,
)
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.pixels import Bytes

LEAST_SHARE = 1 / 64
"""Gradients that cover less of a picture are left."""

BLOCKS_SHARE = 1 / 4
"""Where so much of `least` lies in the blocks of gradients, words and shadows on them may be the
rest. On pages for development gradients told at most 1.4 times what their blocks are."""

LEAST_EXACT = 0.8
"""So many pixels of a gradient's blocks are what it says, or it is none."""

BLOCK_SHARE = 1 / 8
"""In blocks where fewer are, they are so by chance: a photograph's."""

AROUND = 2
"""A gradient is looked for so many blocks beyond those that it was found in: edges, and words."""

SETTLING_PIXELS, ROUNDS = 1 << 18, 2
"""So many tell how the pattern is shifted, by planes that are known better each time."""

MARKER_REACHES, MARKER_TRIES = (12, 255), 4096
"""A marker is so near the middle of its gradient, in each channel, or else anywhere; so many
colours are tried."""


@dataclass(frozen=True)
class Marked:
    """A picture with markers in the place of gradients.

    Attributes:
        pixels: (H, W, C) uint8.
    """

    gradients: Gradients
    pixels: Bytes

    def calm(self, edge: int) -> np.ndarray:
        """(rows, columns) bool: blocks, `edge` pixels along their sides, with a shadow in them."""
        height, width = self.pixels.shape[:2]
        shape = -(-height // edge), -(-width // edge)
        if self.gradients.shaded is None:
            return np.zeros(shape, bool)
        found: np.ndarray = summed(self.gradients.shaded > 0, edge // SHADED_EDGE) > 0
        return found

    def share(self, pixels: Bytes) -> float:
        """The part of the picture's `pixels` that gradients tell."""
        return float(np.any(self.pixels != pixels, axis=2).mean())


def find(pixels: Bytes, least: float = 0.0) -> Marked | None:
    """(H, W, C) uint8 -> it with markers; None: gradients are not worth it.

    Args:
        least: they are not where they tell a smaller share of the pixels.
    """
    if min(pixels.shape[:2]) < 3 * BLOCK:
        return None
    if gradient_blocks.glance(pixels) < LEAST_SHARE:
        return None
    blocks = gradient_blocks.look(pixels)
    slopes = gradient_blocks.slopes(blocks, MOST_GRADIENTS)
    in_blocks = sum(np.count_nonzero(slope.members) for slope in slopes)
    if not slopes or in_blocks < BLOCKS_SHARE * least * blocks.even.size:
        return None
    parts = [dithering.residuals(pixels, slope) for slope in slopes]
    dithered = [dithering.is_dithered(found) for found, _ in parts]
    columns, rows = UNSHIFTED, UNSHIFTED
    if any(dithered):
        chosen = [part for part, is_so in zip(parts, dithered, strict=True) if is_so]
        shape = (blocks.even.shape[0], blocks.even.shape[1])
        columns, rows = dithering.first_runs(chosen, shape)
        columns, rows = _settled(
            pixels, [s for s, is_so in zip(slopes, dithered, strict=True) if is_so], columns, rows
        )
    ways = [
        marked
        for marked in _marked(pixels, slopes, dithered, columns, rows)
        if marked.share(pixels) >= least
    ]
    return min(ways, key=_webp_bytes) if len(ways) > 1 else next(iter(ways), None)


def _settled(pixels: Bytes, slopes: list[Slope], columns: Runs, rows: Runs) -> tuple[Runs, Runs]:
    """Runs of the dithered gradients, to the last bit."""
    sizes = [int(np.count_nonzero(slope.members)) for slope in slopes]
    for _ in range(ROUNDS):
        bounds = [
            Bounds.of(
                pixels,
                slope,
                planes(pixels, slope, True, columns, rows),
                SETTLING_PIXELS * size // sum(sizes),
            )
            for slope, size in zip(slopes, sizes, strict=True)
        ]
        joined = zip(*map(astuple, bounds), strict=True)
        together = Bounds(*(np.concatenate(part) for part in joined))
        columns, rows = dithering.settled(together, columns, rows, pixels.shape[:2])
    return columns, rows


def _marked(
    pixels: Bytes, slopes: list[Slope], dithered: list[bool], columns: Runs, rows: Runs
) -> list[Marked]:
    """The picture with a marker for each gradient that is one; then with shadows on them, too.

    What there is nothing of is left out.
    """
    free = _Free(pixels)
    found, places = [], []
    marked, taken = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    for slope, is_dithered in zip(slopes, dithered, strict=True):
        gradient = Gradient((), planes(pixels, slope, is_dithered, columns, rows), is_dithered)
        place = _hull(slope, pixels.shape)
        told = Gradients((gradient,), columns, rows).told(0, place)
        here = (told == pixels[place.place]).all(axis=2) & ~taken[place.place]
        here &= _by_blocks(here)
        exact = np.count_nonzero(here)
        if exact < LEAST_EXACT * np.count_nonzero(slope.members) * BLOCK**2:
            continue
        marker = free.near(told[here][:: max(1, exact // 1000)].mean(axis=0))
        if marker is None:
            continue
        marked[place.place][here] = marker
        taken[place.place] |= here
        found.append(replace(gradient, marker=marker))
        places.append(place)
    if np.count_nonzero(taken) < LEAST_SHARE * taken.size:
        return []
    gradients = Gradients(tuple(found), columns, rows)
    plain = Marked(gradients, marked)
    shaded = shadows.told(pixels, marked, gradients, places, taken)
    return [plain] if shaded is None else [plain, Marked(*shaded)]


def _webp_bytes(marked: Marked) -> int:
    """About what the pixels take."""
    return len(webp(marked.pixels, *SCOUT))


def _hull(slope: Slope, shape: tuple[int, ...]) -> Tile:
    """What a gradient's blocks span, and some more."""
    at_rows, at_columns = (np.flatnonzero(slope.members.any(axis=axis)) for axis in (1, 0))
    top, left = (max(0, int(at[0]) - AROUND) * BLOCK for at in (at_rows, at_columns))
    bottom, right = (
        min(side, (int(at[-1]) + 1 + AROUND) * BLOCK)
        for at, side in zip((at_rows, at_columns), shape[:2], strict=True)
    )
    return Tile(top, left, bottom - top, right - left)


def _by_blocks(here: np.ndarray) -> np.ndarray:
    """Whether enough of a pixel's block is so."""
    enough = summed(here, BLOCK) >= BLOCK_SHARE * BLOCK**2
    found: np.ndarray = enough.repeat(BLOCK, 0).repeat(BLOCK, 1)
    return found[: here.shape[0], : here.shape[1]]


class _Free:
    """Colours that a picture does not have."""

    def __init__(self, pixels: Bytes) -> None:
        self.pixels = pixels

    @cached_property
    def taken(self) -> set[int]:
        """Their numbers, once somebody asks."""
        colors = _number(self.pixels.reshape(-1, self.pixels.shape[2]))
        return set(np.unique(colors).tolist())

    def near(self, color: np.ndarray) -> tuple[int, ...] | None:
        """One that is near (C,) `color`, if there is any; it is taken then."""
        rng = np.random.default_rng(0)
        for reach in MARKER_REACHES:
            steps = rng.integers(-reach, reach + 1, (MARKER_TRIES, len(color)))
            tries = np.clip(np.rint(color) + steps, 0, 255).astype(np.uint8)
            for one, number in zip(tries, _number(tries).tolist(), strict=True):
                if number not in self.taken:
                    self.taken.add(number)
                    return tuple(one.tolist())
        return None


def _number(colors: Bytes) -> np.ndarray:
    """(n, C) uint8 -> (n,) uint32."""
    wide = np.zeros((len(colors), 4), np.uint8)
    wide[:, : colors.shape[1]] = colors
    return wide.view("<u4")[:, 0]
