"""A second decoder of the bilevel coding, written from FORMAT.md: plain and slow."""

import math
import struct

import numpy as np

AROUND = ((-12, -1), (-9, 2), (-6, 5), (-5, 5), (-4, 4), (-3, 3))

TEMPLATES = (
    ((-4, -1), (-2, 2), (-1, 1)),
    ((-5, -1), (-3, 2), (-2, 2), (-1, 1)),
    ((-7, -1), (-6, 2), (-4, 4), (-3, 3)),
    AROUND,
)

HASHES = (
    (0x9E3779B97F4A7C15, 14),
    (0xD6E8FEB86659FD93, 18),
    (0xC2B2AE3D27D4EB4F, 20),
    (0xBF58476D1CE4E5B9, 20),
)


class Lane:
    def __init__(self, data):
        (self.x,) = struct.unpack_from("<I", data)
        self.words = list(struct.unpack_from(f"<{(len(data) - 4) // 2}H", data, 4))

    def bit(self, p):
        slot = self.x & 16383
        one = slot >= 16384 - p
        self.x = (self.x >> 14) * (p if one else 16384 - p) + slot - (16384 - p if one else 0)
        if self.x < 2**16:
            self.x = self.x << 16 | self.words.pop(0)
        return int(one)


class Flats:
    """Flat pixels, of the colours that are around them; for the indexed coding, too."""

    def __init__(self, lane):
        self.lane = lane
        self.counts = {}
        self.behind = [9, 1]

    def surprises(self, colors):
        """Which of the flat pixels surprise."""
        groups = [colors[k : k + 16] for k in range(0, len(colors), 16)]
        bits = []
        for group in groups:
            a, b = self.counts.get(group[0], (0, 0))
            p = (10 * b + 2) * 16384 // (10 * (a + b) + 4)
            bits.append(self.lane.bit(max(2, min(16382, p))))
        for group, bit in zip(groups, bits, strict=True):
            a, b = self.counts.get(group[0], (0, 0))
            self.counts[group[0]] = (a + 1 - bit, b + bit)
        for color, (a, b) in self.counts.items():
            if max(a, b) > 1023:
                self.counts[color] = (a >> 1, b >> 1)
        which = [k for k, bit in enumerate(bits) if bit]
        firsts = [sum(self.lane.bit(8192) << k for k in (3, 2, 1, 0)) for _ in which]
        a, b = self.behind
        found = []
        for k, first in zip(which, firsts, strict=True):
            assert first < len(groups[k])
            found.append(16 * k + first)
            for place in range(first + 1, len(groups[k])):
                bit = self.lane.bit(max(2, min(16382, 16384 * b // (a + b))))
                self.behind[bit] += 1
                if bit:
                    found.append(16 * k + place)
        return found


def around(stripe, y, x):
    """The surroundings of a pixel, as (bit, row above, column to the right, the pixel)."""
    found = []
    for above, (first, last) in enumerate(AROUND):
        for column in range(last, first - 1, -1):
            inside = y >= above and 0 <= x + column < stripe.shape[1]
            pixel = int(stripe[y - above, x + column]) if inside else 0
            found.append((len(found), above, column, pixel))
    return found


def context(surroundings, number):
    template = TEMPLATES[number]
    u = 0
    for bit, above, column, pixel in surroundings:
        if above < len(template) and template[above][0] <= column <= template[above][1]:
            u |= pixel << bit
    multiplier, k = HASHES[number]
    return ((u ^ u >> 29) * multiplier % 2**64) >> (64 - k)


def decode(file):
    """The bytes of a file -> (H, W) bool, white."""
    assert file[9:12] == b"\1\x09\1"
    width, height = struct.unpack_from("<II", file, 16)
    position = file.index(b"BILV")
    (length,) = struct.unpack_from("<I", file, position + 4)
    data = file[position + 12 : position + 12 + length]
    flags, count = data[:2]
    assert flags < 4
    if flags & 2:
        width, height = height, width
    assert 1 <= count <= height
    rows = -(-height // count)
    assert count * min(rows, -(-width // 3)) <= 16384
    lane = Lane(data[2:])
    flats, model = Flats(lane), Model(lane)
    stripes = [np.zeros((rows, width), int) for _ in range(count)]
    for t in range(width + 3 * (rows - 1)):
        places = [(y, t - 3 * y) for y in range(rows) if 0 <= t - 3 * y < width]
        line(lane, flats, model, [(stripe, *place) for place in places for stripe in stripes])
    assert not lane.words
    assert lane.x == 2**16
    page = np.concatenate(stripes)[:height]
    return (page.T if flags & 2 else page) != (flags & 1)


def line(lane, flats, model, pixels):
    flat, asked = [], []
    for pixel in pixels:
        surroundings = around(*pixel)
        if len({one[3] for one in surroundings}) == 1:
            flat.append((pixel, surroundings[0][3]))
        else:
            asked.append((pixel, surroundings))
    found = {}
    if flat:
        surprising = flats.surprises([color for _, color in flat])
        for k, ((stripe, y, x), color) in enumerate(flat):
            found[id(stripe), y, x] = (stripe, color ^ (k in surprising))
    for (stripe, y, x), surroundings in asked:
        found[id(stripe), y, x] = (stripe, model.bit(surroundings))
    for (_, y, x), (stripe, bit) in found.items():
        stripe[y, x] = bit
    model.learn()


class Model:
    def __init__(self, lane):
        self.lane = lane
        self.counts = [{} for _ in TEMPLATES]
        self.weights = [[5461] * 4 for _ in range(16)]
        self.told = []

    def bit(self, surroundings):
        numbers = [context(surroundings, i) for i in range(4)]
        seen = [self.counts[i].get(number, (0, 0)) for i, number in enumerate(numbers)]
        inputs = []
        for a, b in seen:
            p = (5 * b + 2) * 4096 // (5 * (a + b) + 4)
            inputs.append(round(256 * math.log((p + 0.5) / (4095.5 - p))))
        which = 4 * min(sum(seen[2]), 3) + min(sum(seen[3]), 3)
        d = sum(w * s for w, s in zip(self.weights[which], inputs, strict=True)) // 2**14
        d = max(-2304, min(2304, d))
        p = max(2, min(16382, round(2**14 / (1 + math.exp(-d / 256)))))
        bit = self.lane.bit(p)
        self.told.append((numbers, inputs, which, p, bit))
        return bit

    def learn(self):
        changes = np.zeros((16, 4), int)
        touched = set()
        for numbers, inputs, which, p, bit in self.told:
            changes[which] += np.array(inputs) * (2**14 * bit - p)
            for i, number in enumerate(numbers):
                a, b = self.counts[i].get(number, (0, 0))
                self.counts[i][number] = (a + 1 - bit, b + bit)
                touched.add((i, number))
        for which in range(16):
            for i in range(4):
                weight = self.weights[which][i] + ((int(changes[which][i]) + 2**15) >> 16)
                self.weights[which][i] = max(-(2**24), min(2**24, weight))
        for i, number in touched:
            a, b = self.counts[i][number]
            while max(a, b) > 127:
                a, b = a >> 1, b >> 1
            self.counts[i][number] = a, b
        self.told = []
