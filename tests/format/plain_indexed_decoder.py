"""A second decoder of the indexed coding, written from FORMAT.md: plain and slow."""

import math
import struct

import numpy as np

from tests.format.plain_bilevel_decoder import Lane

CHANNELS = {2: 1, 3: 2, 4: 1, 5: 2, 6: 3, 8: 4}

GROUPS = (
    ((0, -1), (1, 0)),
    ((1, -1), (1, 1)),
    ((0, -2), (2, 0)),
    ((2, 1), (2, -1), (1, -2)),
    ((0, -3), (2, 2), (2, -2), (3, 0), (3, 1), (3, -1)),
    (
        *((0, -4), (0, -5), (0, -6), (1, -3), (1, -4), (1, -5), (2, -3), (2, -4)),
        *((2, 3), (3, 2), (3, -2), (3, 3), (3, -3), (4, 0), (4, 1), (4, -1)),
    ),
)

G = 0x9E3779B97F4A7C15


def number_at(page, y, x):
    inside = 0 <= y < page.shape[0] and 0 <= x < page.shape[1]
    return int(page[y, x]) if inside else 0


def cut(value, low, high):
    return max(low, min(high, value))


def surroundings(page, y, x):
    """First candidate, second candidate, the twelve contexts."""
    near = [[number_at(page, y - up, x + right) for up, right in group] for group in GROUPS]
    (w, n), (nw, ne), (ww, nn) = near[:3]
    first = n if w == nw and n != nw else w
    second = next((one for one in (n, w, ne, nw, ww, nn) if one != first), 0)
    flat = [one for group in near for one in group]
    contexts = []
    for groups in range(1, 7):
        count = sum(len(group) for group in GROUPS[:groups])
        contexts.append(sum(flat[k] * G ** (k + 1) for k in range(count)))
    e = cut(w + n - nw, min(w, n), max(w, n))
    contexts.append(G * (1000 * e + cut(ne - n, -8, 8) + 8))
    digits = 0
    for one in flat[:14]:
        digits = 3 * digits + (0 if one == first else 1 if one == second else 2)
    contexts.append(G * digits)
    contexts += [G * (256 * n + nn), G * (256 * w + ww)]
    contexts.append(G * ((4 * w + 4 * n + ne - nw - 2 * nn + 3) // 6 + 1024))
    contexts.append(G * (2 * w + ne - nw + 1024))
    return first, second, [one % 2**64 for one in contexts]


class Model:
    def __init__(self, lane, pixels):
        self.lane = lane
        self.k = cut(2 + pixels.bit_length(), 12, 22)
        self.counts = [{} for _ in range(12)]
        self.weights = [[2048] * 12 for _ in range(21)]
        self.surprises = {}

    def step(self, asked, kind):
        """[(contexts, decision)] -> bits."""
        told = [self.told(contexts, d, kind) for contexts, d in asked]
        bits = self.bits([one[3] for one in told])
        changes = {}
        touched = set()
        for (places, inputs, which, p), bit in zip(told, bits, strict=True):
            for i in range(12):
                total = changes.get((which, i), 0)
                changes[which, i] = total + inputs[i] * (2**14 * bit - p)
                a, b = self.counts[i].get(places[i], (0, 0))
                self.counts[i][places[i]] = (a + 1 - bit, b + bit)
                touched.add((i, places[i]))
        for (which, i), total in changes.items():
            self.weights[which][i] += (total + 2**16) >> 17
        for i, place in touched:
            a, b = self.counts[i][place]
            if max(a, b) > 127:
                self.counts[i][place] = (a >> 1, b >> 1)
        return bits

    def told(self, contexts, d, kind):
        places, inputs, v = [], [], 0
        for i, context in enumerate(contexts):
            m = (context + d * G**32) % 2**64
            places.append(((m ^ m >> 29) * G % 2**64) >> (64 - self.k))
            a, b = self.counts[i].get(places[i], (0, 0))
            p = (10 * b + 2) * 4096 // (10 * (a + b) + 4)
            inputs.append(round(256 * math.log((p + 0.5) / (4095.5 - p))))
            if i < 6 and a + b >= 2:
                v = i + 1
        which = 7 * kind + v
        total = sum(w * s for w, s in zip(self.weights[which], inputs, strict=True)) // 2**14
        total = cut(total, -2304, 2304)
        p = cut(round(2**14 / (1 + math.exp(-total / 256))), 2, 16382)
        return places, inputs, which, p

    def bits(self, probabilities):
        doubts = [min(p, 16384 - p) for p in probabilities]
        surprise = 1
        if any(doubt < 64 for doubt in doubts):
            k = sum(doubt for doubt in doubts if doubt < 64).bit_length()
            n, e = self.surprises.get(k, (1, 1))
            surprise = self.lane.bit(cut(2**14 * e // (n + e), 1, 16383))
            self.surprises[k] = (n + 1 - surprise, e + surprise)
        return [
            self.lane.bit(p) if surprise or doubt >= 64 else int(p >= 8192)
            for p, doubt in zip(probabilities, doubts, strict=True)
        ]


def line(page, pixels, n, model):
    around = [surroundings(page, y, x) for y, x in pixels]
    contexts = [one[2] for one in around]
    found = {}
    denied = [[one[0]] for one in around]
    bits = model.step([(one, 0) for one in contexts], 0)
    left = [i for i, bit in enumerate(bits) if not bit]
    found.update({i: around[i][0] for i, bit in enumerate(bits) if bit})
    asked = [i for i in left if around[i][1] and n > 2]
    if asked:
        for i, bit in zip(asked, model.step([(contexts[i], 1) for i in asked], 1), strict=True):
            denied[i].append(around[i][1])
            if bit:
                found[i] = around[i][1]
    left = [i for i in left if i not in found]
    bounds = dict.fromkeys(left, (1, n + 1))
    while any(high - low > 1 for low, high in bounds.values()):
        asked = {}
        for i, (low, high) in bounds.items():
            if high - low == 1:
                continue
            middle = (low + high) // 2
            if all(one in denied[i] for one in range(low, middle)):
                bounds[i] = (middle, high)
            elif all(one in denied[i] for one in range(middle, high)):
                bounds[i] = (low, middle)
            else:
                asked[i] = middle
        if asked:
            bits = model.step([(contexts[i], middle) for i, middle in asked.items()], 2)
            for (i, middle), bit in zip(asked.items(), bits, strict=True):
                low, high = bounds[i]
                bounds[i] = (middle, high) if bit else (low, middle)
    found.update({i: low for i, (low, _) in bounds.items()})
    for i, (y, x) in enumerate(pixels):
        assert found[i] > 0
        page[y, x] = found[i]


def pixels_of(data, width, height, channels):
    """The payload of the section -> (H, W, channels) uint8."""
    flags, n = data[0], data[1] + 1
    assert flags < 4
    values, data = [(k,) for k in range(n)], data[2:]
    if flags & 2:
        values = [tuple(data[k * channels : (k + 1) * channels]) for k in range(n)]
        data = data[n * channels :]
    assert len(set(values)) == n
    assert len(values[0]) == channels
    if flags & 1:
        width, height = height, width
    page = np.zeros((height, width), int)
    if n == 1:
        assert not data
        page[:] = 1
    else:
        lane = Lane(data)
        model = Model(lane, height * width)
        for t in range(width + 2 * (height - 1)):
            pixels = [(y, t - 2 * y) for y in range(height) if 0 <= t - 2 * y < width]
            if pixels:
                line(page, pixels, n, model)
        assert not lane.words
        assert lane.x == 2**16
    if flags & 1:
        page = page.T
    return np.array(values, np.uint8)[page - 1]


def decode(file):
    """The bytes of a file -> (H, W, channels) uint8."""
    assert file[9:11] == b"\1\x0a"
    width, height = struct.unpack_from("<II", file, 16)
    position = file.index(b"INDX")
    (length,) = struct.unpack_from("<I", file, position + 4)
    data = file[position + 12 : position + 12 + length]
    return pixels_of(data, width, height, CHANNELS[file[11]])
