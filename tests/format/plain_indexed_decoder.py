"""A second decoder of the indexed coding, written from FORMAT.md: plain and slow."""

import math
import struct

import numpy as np

from tests.format.plain_bilevel_decoder import Flats, Lane

SAMPLES = {
    **{2: "1u1", 3: "2u1", 4: "1u1", 5: "2u1", 6: "3u1", 8: "4u1"},
    **{15: "1<u2", 16: "1>u2", 17: "1<i4", 19: "1<u2", 20: "1<u2"},
}

NEAREST = ((1, 0), (0, -1), (1, 1), (1, -1), (0, -2), (2, 0))
SEEN = (*NEAREST, (2, 1), (2, -1), (1, -2), (0, -3), (2, 2), (2, 3))
TRIPLES = ((0, -1), (1, 1), (2, 1), (1, -2), (3, 1), (2, 3))
FARTHER = ((2, -2), (0, -4), (3, 4), (3, -2), (4, 1))

G = 0x9E3779B1


def cut(value, low, high):
    return max(low, min(high, value))


class Tile:
    """The numbers of a tile, 0 around."""

    def __init__(self, height, width):
        self.found = np.zeros((height, width), int)

    def at(self, y, x):
        height, width = self.found.shape
        return int(self.found[y, x]) if 0 <= y < height and 0 <= x < width else 0

    def triple(self, y, x):
        return self.at(y, x) + 512 * self.at(y, x - 1) + 512**2 * self.at(y, x - 2)

    def is_flat(self, y, x):
        w = self.at(y, x - 1)
        alike = w * (1 + 512 + 512**2)
        return w > 0 and all(self.triple(y - up, x + right) == alike for up, right in TRIPLES)

    def surroundings(self, y, x):
        """First candidate, second candidate, the nine contexts."""
        seen = [self.at(y - up, x + right) for up, right in SEEN]
        n, w, ne, nw, ww, nn = seen[:6]
        first = n if w == nw and n != nw else w
        second = next((one for one in seen[:6] if one != first), 0)
        contexts = [sum(seen[k] * G ** (k + 1) for k in range(count)) for count in (2, 4, 6)]
        near = [self.triple(y - up, x + right) for up, right in TRIPLES]
        far = [self.triple(y - up, x + right) for up, right in FARTHER]
        contexts.append(sum(one * G ** (7 + k) for k, one in enumerate(near)))
        contexts.append(contexts[-1] + sum(one * G ** (13 + k) for k, one in enumerate(far)))
        digits = 0
        for one in seen:
            digits = 3 * digits + (0 if one == first else 1 if one == second else 2)
        contexts += [G * digits, G * (512 * n + nn), G * (512 * w + ww)]
        contexts.append(G * (2 * w + ne - nw + 1024))
        return first, second, [one % 2**32 for one in contexts]


class Model:
    def __init__(self, lane, pixels, values):
        self.lane = lane
        many = cut(3 + pixels.bit_length(), 12, 22)
        few = min(many, 10 + 2 * (values - 1).bit_length())
        self.bits = [few, many, many, many, many, many, few, few, few]
        self.counts = [{} for _ in range(9)]
        self.weights = [[2048] * 9 for _ in range(18)]
        self.told = []

    def decide(self, contexts, d, kind):
        places, inputs, v = [], [], 0
        for i, context in enumerate(contexts):
            m = (context + d * G**32) % 2**32
            places.append(((m ^ m >> 15) * G % 2**32) >> (32 - self.bits[i]))
            a, b = self.counts[i].get(places[i], (0, 0))
            p = (20 * b + 3) * 4096 // (20 * (a + b) + 6)
            inputs.append(round(256 * math.log((p + 0.5) / (4095.5 - p))))
            if i < 5 and a + b >= 2:
                v = i + 1
        which = 6 * kind + v
        total = sum(w * s for w, s in zip(self.weights[which], inputs, strict=True)) // 2**14
        total = cut(total, -2304, 2304)
        p = cut(round(2**14 / (1 + math.exp(-total / 256))), 2, 16382)
        bit = self.lane.bit(p)
        self.told.append((places, inputs, which, p, bit))
        return bit

    def learn(self):
        changes, touched = {}, set()
        for places, inputs, which, p, bit in self.told:
            for i in range(9):
                total = changes.get((which, i), 0)
                changes[which, i] = total + inputs[i] * (2**14 * bit - p)
                a, b = self.counts[i].get(places[i], (0, 0))
                self.counts[i][places[i]] = (a + 1 - bit, b + bit)
                touched.add((i, places[i]))
        for (which, i), total in changes.items():
            weight = self.weights[which][i] + ((total + 2**15) >> 16)
            self.weights[which][i] = cut(weight, -(2**24), 2**24)
        for i, place in touched:
            a, b = self.counts[i][place]
            while max(a, b) > 127:
                a, b = a >> 1, b >> 1
            self.counts[i][place] = a, b
        self.told = []


def line(pixels, n, model, flats):
    """Pixels as (tile, y, x)."""
    flat = [one for one in pixels if one[0].is_flat(*one[1:])]
    asked = [one for one in pixels if not one[0].is_flat(*one[1:])]
    busy = len(asked)
    found = {one: one[0].at(one[1], one[2] - 1) for one in flat}
    if flat:
        numbers = [found[one] for one in flat]
        asked += [flat[k] for k in flats.surprises(numbers)]
    around = [tile.surroundings(y, x) for tile, y, x in asked]
    left = list(range(busy, len(asked)))
    if busy:
        left = []
        bits = [model.decide(around[k][2], 0, 0) for k in range(busy)]
        for k in range(busy):
            first, second, contexts = around[k]
            found[asked[k]] = first
            if not bits[k]:
                if second and n > 2 and model.decide(contexts, 1, 1):
                    found[asked[k]] = second
                else:
                    left.append(k)
        left += range(busy, len(asked))
    levels = (n - 1).bit_length()
    nodes = dict.fromkeys(left, 1)
    for level in range(levels):
        size = 2 ** (levels - level - 1)
        for k in left:
            first, second, contexts = around[k]
            denied = {first} if n == 2 else {first, second}
            children = [2 * nodes[k], 2 * nodes[k] + 1]
            leaves = [
                range(c * size - 2**levels + 1, (c + 1) * size - 2**levels + 1) for c in children
            ]
            lower, upper = (any(r <= n and r not in denied for r in leaf) for leaf in leaves)
            bit = int(not lower)
            if lower and upper:
                bit = model.decide(contexts, 2 + nodes[k], 2)
            nodes[k] = children[bit]
    found.update({asked[k]: nodes[k] - 2**levels + 1 for k in left})
    for (tile, y, x), number in found.items():
        assert number > 0
        tile.found[y, x] = number
    model.learn()


def pixels_of(data, width, height, samples):
    """The payload of the section -> (H, W, C), of samples as SAMPLES tells."""
    channels, kind = int(samples[0]), np.dtype(samples[1:])
    flags, n = data[0], data[1] + 1
    assert flags < 8
    values, data = [(k,) for k in range(n)], data[2:]
    if flags & 2:
        size = channels * kind.itemsize
        raw = np.frombuffer(data[: n * size], kind).reshape(n, channels)
        values, data = [tuple(one) for one in raw.tolist()], data[n * size :]
    assert len(set(values)) == n
    assert len(values[0]) == channels
    if flags & 1:
        width, height = height, width
    rows, columns = height, width
    if flags & 4:
        rows, columns = struct.unpack_from("<HH", data)
        data = data[4:]
        assert min(rows, columns) >= 64
    page = np.zeros((height, width), int)
    if n == 1:
        assert not data
        page[:] = 1
    else:
        lane = Lane(data)
        model, flats = Model(lane, height * width, n), Flats(lane)
        places = [(y, x) for y in range(0, height, rows) for x in range(0, width, columns)]
        tiles = [Tile(min(rows, height - y), min(columns, width - x)) for y, x in places]
        for t in range(width + 2 * (height - 1)):
            pixels = []
            for tile in tiles:
                h, w = tile.found.shape
                pixels += [(tile, y, t - 2 * y) for y in range(h) if 0 <= t - 2 * y < w]
            if pixels:
                line(pixels, n, model, flats)
        assert not lane.words
        assert lane.x == 2**16
        for tile, (y, x) in zip(tiles, places, strict=True):
            page[y : y + rows, x : x + columns] = tile.found
    if flags & 1:
        page = page.T
    return np.array(values, kind)[page - 1]


def decode(file):
    """The bytes of a file -> (H, W, C)."""
    assert file[9:11] == b"\1\x0a"
    width, height = struct.unpack_from("<II", file, 16)
    position = file.index(b"INDX")
    (length,) = struct.unpack_from("<I", file, position + 4)
    data = file[position + 12 : position + 12 + length]
    return pixels_of(data, width, height, SAMPLES[file[11]])
