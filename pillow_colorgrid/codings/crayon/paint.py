"""From what a grid file keeps to its pixels: Crayon paints the colour, region by region.

The format knows no regions: a picture is painted as a whole. Regions only bound the memory. Each is
painted with so much of its surroundings that nothing beyond could change any of its pixels, so it
comes out exactly as in the whole, and there are no seams.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.crayon import network as grid_crayon
from pillow_colorgrid.codings.crayon.hints import (
    BASE_STEPS,
    ColorGrid,
    Exact,
    Plane,
    grid_size,
    interpolate,
    rounded,
    shading,
    tent_means,
)
from pillow_colorgrid.codings.crayon.network import ALIGNMENT, Surroundings
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color.ycocg import inverse_clipped
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.networks import Network

CORE = 1152
"""Largest edge of a region, in pixels; with its surroundings it takes some 450 MB."""

SURROUNDINGS = 192
"""How far Crayon looks: 190 pixels (80 cells down its U, and what alignment adds)."""


Moves = dict[Tile, tuple[Plane, Plane]]
"""What Crayon adds to Co and Cg in the core of each region, in 1/BASE_STEPS."""


@dataclass(frozen=True)
class Kept:
    """What a grid file keeps of a picture with colour: luminance (H, W), 0..255, and the grid."""

    luminance: Plane
    colour: ColorGrid


@dataclass(frozen=True)
class Region:
    """A part of the picture, and the part around it (`seen`) that the network is shown.

    Both lie in the picture padded to multiples of ALIGNMENT.
    """

    core: Tile
    seen: Tile

    @property
    def within(self) -> tuple[slice, slice]:
        """Where the core lies in what was seen."""
        top, left = self.core.top - self.seen.top, self.core.left - self.seen.left
        return (
            slice(top, top + self.core.height),
            slice(left, left + self.core.width),
        )


def regions(height: int, width: int, box: Tile | None = None) -> Iterator[Region]:
    """The regions of a picture, row by row; of those that `box` meets only as much as it needs."""
    box = box or Tile(0, 0, height, width)
    rows = list(_cuts(height, box.top, box.bottom))
    columns = list(_cuts(width, box.left, box.right))
    for top, core_height, seen_top, seen_height in rows:
        for left, core_width, seen_left, seen_width in columns:
            yield Region(
                Tile(top, left, core_height, core_width),
                Tile(seen_top, seen_left, seen_height, seen_width),
            )


def _cuts(length: int, begin: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Start and length of the cores of a side, each with start and length of what is seen.

    Only what is needed to paint from `begin` up to `end` (not included).
    """
    padded = length + -length % ALIGNMENT
    first, last = begin // ALIGNMENT * ALIGNMENT, end + -end % ALIGNMENT
    pieces = -(-(last - first) // CORE)
    step = -(-(last - first) // (pieces * ALIGNMENT)) * ALIGNMENT
    for start in range(first, last, step):
        stop = min(start + step, last)
        seen = max(0, start - SURROUNDINGS)
        yield start, min(stop, length) - start, seen, min(padded, stop + SURROUNDINGS) - seen


def surroundings(box: Tile, size: tuple[int, int], interval: int) -> Tile:
    """The luminance that the colour of `box` depends on.

    Args:
        size: (width, height) of the picture; interval: of its grid.

    What is seen reaches to the grid points beyond it, and these over an interval more. It begins at
    a grid point, one interval earlier than needed, since the mean there is of half a tent.
    """
    away = SURROUNDINGS + ALIGNMENT
    ends = []
    for begin, end, length in ((box.top, box.bottom, size[1]), (box.left, box.right, size[0])):
        first = max(0, (max(0, begin - away) // interval - 1) * interval)
        ends.append((first, min(length, end + away + 3 * interval) - first))
    return Tile(ends[0][0], ends[1][0], ends[0][1], ends[1][1])


def paint(
    kept: Kept, network: Network, moves: Moves | None = None, box: Tile | None = None
) -> Bytes:
    """The pixels (H, W, 3) uint8; the same integers on every machine.

    Args:
        moves: remembers what Crayon adds: to paint again with another gain it need not run again.
        box: only this part of the picture; the luminance needs be known in its `surroundings`.
    """
    height, width = kept.luminance.shape
    colour = kept.colour
    box = box or Tile(0, 0, height, width)
    means = _means(kept.luminance, colour.interval, box)
    pixels = np.empty((box.height, box.width, 3), np.uint8)
    for region in regions(height, width, box):
        core = see(kept, means, region.core)
        if colour.gain:
            move = moves.get(region.core) if moves is not None else None
            if move is None:
                move = _moves(kept, means, region, network)
            if moves is not None:
                moves[region.core] = move
            co = grid_crayon.follow(core.co, move[0], colour.gain)
            cg = grid_crayon.follow(core.cg, move[1], colour.gain)
        else:
            co, cg = unpainted(core)
        painted = inverse_clipped(kept.luminance[region.core.place], co, cg)
        common = region.core.common(box)
        if common is not None:
            pixels[common.within(box).place] = painted[common.within(region.core).place]
    return pixels


def _means(luminance: Plane, interval: int, box: Tile) -> Exact:
    """At the grid points that painting `box` looks at, in 1/BASE_STEPS; at others anything."""
    height, width = luminance.shape
    known = surroundings(box, (width, height), interval)
    means = np.zeros(grid_size(height, width, interval), np.int32)
    found = tent_means(luminance[known.place], interval, BASE_STEPS)
    top, left = known.top // interval, known.left // interval
    means[top : top + found.shape[0], left : left + found.shape[1]] = found
    return means


def _moves(kept: Kept, means: Exact, region: Region, network: Network) -> tuple[Plane, Plane]:
    """What Crayon adds to Co and Cg in the core of a region, in 1/BASE_STEPS."""
    seen = see(kept, means, region.seen)
    given = {"inputs": grid_crayon.inputs(seen, kept.colour.interval, kept.colour.kind)}
    (outputs,) = networks.session(network).run(["outputs"], given)
    co, cg = grid_crayon.moves(outputs, seen)
    # copies: views would keep what lies around the core
    return co[region.within].copy(), cg[region.within].copy()


def unpainted(seen: Surroundings) -> tuple[Plane, Plane]:
    """Co and Cg as hints and slopes alone tell them: what a gain of 0 leaves."""
    return grid_crayon.whole(seen.co), grid_crayon.whole(seen.cg)


def see(kept: Kept, means: Exact, part: Tile) -> Surroundings:
    """What the network sees of `part` of the padded picture.

    Args:
        means: of the whole luminance under the tents, in 1/BASE_STEPS.
    """
    height, width = kept.luminance.shape
    rows = np.minimum(np.arange(part.top, part.top + part.height), height - 1)
    columns = np.minimum(np.arange(part.left, part.left + part.width), width - 1)
    luminance = kept.luminance[rows[:, None], columns].astype(np.int32)
    at = (part.height, part.width, part.top, part.left)
    colour = kept.colour
    interval = colour.interval
    detail = luminance * BASE_STEPS - rounded(interpolate(means, interval, *at), interval)
    step = colour.stored_interval
    painted = [rounded(interpolate(values, step, *at), step) for values in colour.stored]
    if colour.sent_slopes is not None:
        for plane, slopes in zip(painted, colour.sent_slopes, strict=True):
            plane += shading(slopes, colour.slope_interval, detail, part.top, part.left)
    return Surroundings(
        luminance=luminance,
        detail=detail,
        co=painted[0],
        cg=painted[1],
        mask=grid_crayon.mask(interval, *at),
    )
