"""Small pictures (FORMAT.md, 3.3.13) for the second decoder of the lossless coding."""

import numpy as np

from tests.format.plain_decoder import (
    PASSES,
    Stream,
    bases_of,
    cg_interval,
    clipped_channels,
    co_interval,
    color_inputs,
    cut,
    distribution,
    given_co,
    inputs_of,
    luminance_inputs,
    narrowed,
    row_of,
    told_lanes,
)


class SmallStream(Stream):
    """Section 3.3.13."""

    def __init__(self, data, frequencies):
        self.states, self.before_tail, self.words = told_lanes(data, 1)
        self.tail_lanes, self.escapes = max(1, len(self.states) >> 8), []
        self.frequencies = frequencies
        self.ends = {}

    def symbol(self, number, row):
        # a true symbol is asked for once the whole group is read
        self.escapes = [0]
        found = super().symbol(number, row)
        self.escapes = []
        return found

    def group(self, rows):
        symbols = [self.symbol(number, row) for number, row in enumerate(rows)]
        escaped = [i for i, symbol in enumerate(symbols) if symbol == 0]
        for number, i in enumerate(escaped):
            symbols[i] = self.symbol(number, 648)
        return symbols


def read_seeds(planes, stream):
    """3.3.13: the coarsest pixels, in place; their interval."""
    height, width = planes[0].shape
    interval = 8
    while -(-height // interval) * -(-width // interval) > 100:
        interval *= 2
    away = np.zeros(planes[0][::interval, ::interval].shape, int)
    for number, plane in enumerate(planes):
        seeds = plane[::interval, ::interval]
        for i, j in np.ndindex(seeds.shape):
            if i == j == 0:
                m, c = (8 * 128, 0, 0)[number], (38, 35, 30)[number]
            elif i == 0 or j == 0:
                m, c = 8 * (seeds[i, j - 1] if i == 0 else seeds[i - 1, j]), (33, 30, 26)[number]
            else:
                w, n, nw = seeds[i, j - 1], seeds[i - 1, j], seeds[i - 1, j - 1]
                ne = seeds[i - 1, j + 1] if j + 1 < seeds.shape[1] else n
                m = 2 * (2 * w + n + ne)
                a = abs(w - nw) + abs(n - nw) + abs(ne - n) + away[i, j]
                c = SEED_CLASSES[number][min(int(a).bit_length(), 10)]
            m = cut(int(m), 0 if number == 0 else -2040, 2040)
            (symbol,) = stream.group([row_of(number, m, c)])
            seeds[i, j] = symbol - 512 + (m >> 3)
            away[i, j] = abs(seeds[i, j] - (m >> 3))
    return interval


SEED_CLASSES = (
    (14, 18, 18, 20, 26, 29, 31, 34, 36, 37, 38),
    (14, 18, 18, 18, 21, 24, 27, 31, 35, 39, 40),
    (14, 18, 18, 18, 19, 23, 27, 30, 33, 38, 41),
)


def read_group(stream, plane, found):
    """Pixels (grid, i, j, m, c) of a plane, in place."""
    symbols = stream.group([row_of(plane, m, c) for *_, m, c in found])
    for (grid, i, j, m, _), symbol in zip(found, symbols, strict=True):
        grid[i, j] = symbol - 512 + (m >> 3)


def luminance_pass(grids, name, level, networks, stream):
    inputs = inputs_of(luminance_inputs, grids, name)
    numbers = networks.integers(f"luminance_{level}_{name}", inputs, [256, 64]).tolist()
    grid = grids[0].copy()
    places = list(enumerate(PASSES[name]))
    found = []
    for pixel, place in places:
        target = grids[0][place[0] :: 2, place[1] :: 2]
        for i, j in np.ndindex(target.shape):
            mean, scale = (numbers[2 * pixel + k][i][j] for k in range(2))
            m, c = distribution(mean, scale, bases_of(grid, name, i, j)[0][pixel], 0)
            found.append((target, i, j, m, c))
    read_group(stream, 0, found)


def color_pass(grids, name, level, networks, stream):
    inputs = inputs_of(color_inputs, grids, name)
    numbers = networks.integers(
        f"color_{level}_{name}", inputs, [256, 64, 256, 64, 16, 16]
    ).tolist()
    before = [grid.copy() for grid in grids]
    places = list(enumerate(PASSES[name]))
    of_co, found = {}, []
    for pixel, place in places:
        y, co, _ = (grid[place[0] :: 2, place[1] :: 2] for grid in grids)
        for i, j in np.ndindex(co.shape):
            mean, scale = (numbers[6 * pixel + k][i][j] for k in range(2))
            m, c = distribution(mean, scale, bases_of(before[1], name, i, j)[0][pixel], -2040)
            of_co[pixel, i, j] = m, c
            if networks.clipping:
                clipped = clipped_channels(before, name, place, i, j)
                m, c = narrowed(m, c, co_interval(int(y[i, j]), *clipped), networks.clipping)
            found.append((co, i, j, m, c))
    read_group(stream, 1, found)
    found = []
    for pixel, place in places:
        y, co, cg = (grid[place[0] :: 2, place[1] :: 2] for grid in grids)
        for i, j in np.ndindex(cg.shape):
            outputs = (numbers[6 * pixel + k][i][j] for k in range(2, 6))
            mean, scale = given_co(*outputs, int(co[i, j]), *of_co[pixel, i, j])
            m, c = distribution(mean, scale, bases_of(before[2], name, i, j)[0][pixel], -2040)
            if networks.clipping:
                clipped = clipped_channels(before, name, place, i, j)
                interval = cg_interval(int(y[i, j]), int(co[i, j]), *clipped)
                m, c = narrowed(m, c, interval, networks.clipping)
            found.append((cg, i, j, m, c))
    read_group(stream, 2, found)


def read_small(planes, data, networks):
    """All planes, in place."""
    stream = SmallStream(data, [*networks.frequencies, [16] * 1024])
    interval = read_seeds(planes, stream) // 2
    while interval:
        level = {2: "second", 1: "fine"}.get(interval, "coarse")
        grids = [plane[::interval, ::interval] for plane in planes]
        for run in (luminance_pass, color_pass)[: len(planes)]:
            for name, places in PASSES.items():
                if any(grids[0][p[0] :: 2, p[1] :: 2].size for p in places):
                    run(grids, name, level, networks, stream)
        interval //= 2
    stream.finish()
