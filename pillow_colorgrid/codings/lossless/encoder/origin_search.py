"""The way back from RGB to what it was rendered from (encoder only).

A pixel that no channel cuts has one origin at most. Luminance is estimated to within one step; red
then tells the second chroma, blue the first, and green whether that is right. A pixel with a
channel at 0 or 255 may have many; the one nearest to the estimate is taken, because its neighbours'
will be near it, too. There are few such colours in a picture, so each is looked for once.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.codings.lossless.origin import Places
from pillow_colorgrid.color.renderings import (
    HIGHEST,
    ORIGINS,
    Origin,
    Plane,
    Real,
    Wide,
    clipped,
    strips,
)
from pillow_colorgrid.pixels import Bytes

Mask = npt.NDArray[np.bool_]

Triples = tuple[Wide, ...]
"""Luminance, first and second chroma, each (n,)."""

NONE = -999
"""Stands for the chroma of a red or blue that a luminance cannot have."""

REACH = 2
"""Steps around an estimate in which the origin of a clipped colour is looked for."""

BEYOND = (2, 4, 6, 9, 13, 18, 25)
"""Then a clipped channel is taken to have been so far beyond 0 or 255."""


@dataclass(frozen=True)
class Found:
    """Planes (H, W) of luminance and chromas, and the places (increasing) where they are wrong."""

    planes: tuple[Plane, Plane, Plane]
    missing: Places


def find(origin: Origin, rgb: Bytes, most: int) -> Found | None:
    """RGB (H, W, 3) -> its origins; None if more than `most` pixels have none.

    Planes of pixels without hold an estimate.
    """
    height, width = rgb.shape[:2]
    planes = tuple(np.empty((height, width), np.int16) for _ in range(3))
    missing: list[Places] = []
    clipped: list[Places] = []
    count = 0
    for rows in strips(height, width):
        channels = tuple(np.ascontiguousarray(c).reshape(-1) for c in np.moveaxis(rgb[rows], 2, 0))
        parts = tuple(plane[rows].reshape(-1) for plane in planes)
        left, left_clipped = _find_strip(origin, channels, parts)
        missing.append(left + rows.start * width)
        clipped.append(left_clipped + rows.start * width)
        count += left.size
        if count > most:
            return None
    flat = tuple(plane.reshape(-1) for plane in planes)
    missing.append(_find_clipped(origin, rgb, flat, np.concatenate(clipped)))
    places = np.sort(np.concatenate(missing))
    return Found((planes[0], planes[1], planes[2]), places) if places.size <= most else None


@cache
def _chromas(number: int) -> tuple[Plane, Plane]:
    """The first chroma by 256 * luminance + blue, the second by 256 * luminance + red, or NONE."""
    (origin,) = (one for one in ORIGINS if one.number == number)
    y = np.arange(HIGHEST + 1, dtype=np.int32)[:, None]
    tables = []
    for zero, channel in zip(origin.zeros, (origin.blue, origin.red), strict=True):
        chroma = np.arange(HIGHEST + 1, dtype=np.int32) - zero
        values = channel(y, chroma)
        table = np.full((HIGHEST + 1, HIGHEST + 1), NONE, np.int16)
        # what is clipped is left out: it does not tell its chroma
        rows, columns = np.nonzero((values > 0) & (values < HIGHEST))
        table[rows, values[rows, columns]] = chroma[columns]
        tables.append(table.reshape(-1))
    return tables[0], tables[1]


def _find_strip(
    origin: Origin, channels: tuple[Bytes, ...], parts: tuple[Plane, ...]
) -> tuple[Places, Places]:
    """Fill `parts` by red, green and blue, all (n,).

    Returns the places left without an origin: those that are not clipped, and those that are.
    """
    real = tuple(channel.astype(np.float32) for channel in channels)
    y = _whole(origin.luminance(*real), 0)
    right = _by_luminance(origin, channels, y, parts, slice(None))
    left = np.flatnonzero(~right)
    if not left.size:
        return left, left
    of_left = tuple(channel[left] for channel in channels)
    first, second = _chromas_near(origin, *(channel[left] for channel in real))
    for part, values in zip(parts, (y[left], first, second), strict=True):
        part[left] = values
    tried = (parts[0][left].astype(np.int32), first, second)
    left = left[~_right(origin, tried, of_left)]
    of_left = tuple(channel[left] for channel in channels)
    cut_somewhere = np.zeros(left.size, bool)
    for channel in of_left:
        cut_somewhere |= (channel == 0) | (channel == HIGHEST)
    clipped, left = left[cut_somewhere], left[~cut_somewhere]
    for step in (1, -1):
        of_left = tuple(channel[left] for channel in channels)
        tried_y = np.clip(y[left] + step, 0, HIGHEST)
        left = left[~_by_luminance(origin, of_left, tried_y, parts, left)]
    return left, clipped


def _by_luminance(
    origin: Origin,
    channels: tuple[Bytes, ...],
    y: Wide,
    parts: tuple[Plane, ...],
    places: slice | Places,
) -> Mask:
    """Whether red, green and blue (n,), none of them cut, have an origin of luminance `y`.

    Where they do, `parts` at `places` are set to it.
    """
    red, green, blue = channels
    of_blue, of_red = _chromas(origin.number)
    row = y << 8
    c1, c2 = of_blue[row | blue], of_red[row | red]
    right: Mask = clipped(origin.green(y, c1.astype(np.int32), c2.astype(np.int32))) == green
    right &= (c1 != NONE) & (c2 != NONE)
    for part, values in zip(parts, (y, c1, c2), strict=True):
        if isinstance(places, slice):
            part[places] = values
        else:
            part[places[right]] = values[right]
    return right


def _whole(real: Real, zero: int) -> Wide:
    """Rounded, and cut to what 8 bits less `zero` hold."""
    return np.clip(np.rint(real), -zero, HIGHEST - zero).astype(np.int32)


def _chromas_near(origin: Origin, red: Real, green: Real, blue: Real) -> tuple[Wide, Wide]:
    """Estimates of both chromas."""
    colors = origin.colors(origin.luminance(red, green, blue), red, blue)
    first, second = (_whole(c, zero) for c, zero in zip(colors, origin.zeros, strict=True))
    return first, second


def _right(origin: Origin, tried: Triples, channels: tuple[Bytes, ...]) -> Mask:
    """Whether triples (n,) render to red, green and blue (n,)."""
    y, c1, c2 = tried
    right: Mask = clipped(origin.green(y, c1, c2)) == channels[1]
    right &= clipped(origin.red(y, c2)) == channels[0]
    right &= clipped(origin.blue(y, c1)) == channels[2]
    return right


# -- clipped colours ----------------------------------------------------------------------------


def _find_clipped(origin: Origin, rgb: Bytes, flat: tuple[Plane, ...], places: Places) -> Places:
    """Fill `flat` planes at `places` of clipped colours; returns those without an origin."""
    if not places.size:
        return places
    rows, columns = np.divmod(places, rgb.shape[1])
    red, green, blue = (rgb[rows, columns, k].astype(np.int32) for k in range(3))
    codes, which = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
    colors = tuple((codes >> shift & HIGHEST).astype(np.uint8) for shift in (16, 8, 0))
    triples, known = _nearest(origin, colors)
    for plane, values in zip(flat, triples, strict=True):
        plane[places] = values[which]
    return places[~known[which]]


def _nearest(origin: Origin, colors: tuple[Bytes, ...]) -> tuple[Triples, Mask]:
    """For each clipped colour (red, green, blue; all (n,)) an origin, and whether it has one.

    Channels that are clipped were beyond 0 or 255 before: it is looked further and further out.
    """
    count = colors[0].size
    outward = [(c == HIGHEST).astype(np.float32) - (c == 0) for c in colors]
    found = tuple(np.zeros(count, np.int32) for _ in range(3))
    known = np.zeros(count, bool)
    left = np.arange(count)
    for beyond in (0, *BEYOND):
        of_left = tuple(channel[left] for channel in colors)
        moved = [
            channel.astype(np.float32) + np.float32(beyond) * away[left]
            for channel, away in zip(of_left, outward, strict=True)
        ]
        guess: Triples = (_whole(origin.luminance(*moved), 0), *_chromas_near(origin, *moved))
        for step in _steps(1 if beyond else REACH):
            tried = tuple(g + s for g, s in zip(guess, step, strict=True))
            right = _right(origin, tried, of_left)
            for values, zero in zip(tried, (0, *origin.zeros), strict=True):
                right &= (values >= -zero) & (values <= HIGHEST - zero)
            if not right.any():
                continue
            for target, values in zip(found, tried, strict=True):
                target[left[right]] = values[right]
            known[left[right]] = True
            wrong = ~right
            left = left[wrong]
            guess = tuple(values[wrong] for values in guess)
            of_left = tuple(values[wrong] for values in of_left)
        if not left.size:
            break
    return found, known


@cache
def _steps(reach: int) -> list[tuple[int, int, int]]:
    """From an estimate to the triples around it, the nearest first."""
    steps = range(-reach, reach + 1)
    return sorted(product(steps, steps, steps), key=lambda step: sum(s * s for s in step))
