"""A second decoder of the bilevel coding, written from FORMAT.md: plain and slow."""

import math
import struct

import numpy as np

TEMPLATES = (
    ((-4, -1), (-2, 2), (-1, 1)),
    ((-5, -1), (-3, 2), (-2, 2), (-1, 1)),
    ((-7, -1), (-6, 2), (-4, 4), (-3, 3)),
    ((-12, -1), (-9, 2), (-6, 5), (-5, 5), (-4, 4), (-3, 3)),
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


def context(page, y, x, number):
    found = 0
    for above, (first, last) in enumerate(TEMPLATES[number]):
        for column in range(x + first, x + last + 1):
            inside = y >= above and 0 <= column < page.shape[1]
            found = found << 1 | (int(page[y - above, column]) if inside else 0)
    if number == 2:
        return (found * 0x9E3779B97F4A7C15 % 2**64) >> 46
    if number == 3:
        return ((found ^ found >> 29) * 0xBF58476D1CE4E5B9 % 2**64) >> 44
    return found


def decode(file):
    """The bytes of a file -> (H, W) bool, white."""
    assert file[9:12] == b"\1\x09\1"
    width, height = struct.unpack_from("<II", file, 16)
    position = file.index(b"BILV")
    (length,) = struct.unpack_from("<I", file, position + 4)
    data = file[position + 12 : position + 12 + length]
    lane = Lane(data[1:])
    page = np.zeros((height, width), int)
    counts = [{} for _ in TEMPLATES]
    weights = [[5461] * 4 for _ in range(16)]
    surprises = {}
    for t in range(width + 3 * (height - 1)):
        line = [(y, t - 3 * y) for y in range(height) if 0 <= t - 3 * y < width]
        told = []
        for y, x in line:
            numbers = [context(page, y, x, i) for i in range(4)]
            seen = [counts[i].get(number, (0, 0)) for i, number in enumerate(numbers)]
            inputs = []
            for a, b in seen:
                p = (5 * b + 2) * 4096 // (5 * (a + b) + 4)
                inputs.append(round(256 * math.log((p + 0.5) / (4095.5 - p))))
            which = 4 * min(sum(seen[2]), 3) + min(sum(seen[3]), 3)
            d = sum(w * s for w, s in zip(weights[which], inputs, strict=True)) // 2**14
            d = max(-2304, min(2304, d))
            p = max(2, min(16382, round(2**14 / (1 + math.exp(-d / 256)))))
            told.append((numbers, inputs, which, p))
        probabilities = [one[3] for one in told]
        sure = [min(p, 16384 - p) < 64 for p in probabilities]
        surprise = 1
        if any(sure):
            doubts = sum(
                min(p, 16384 - p) for p, s in zip(probabilities, sure, strict=True) if s
            ).bit_length()
            n, e = surprises.get(doubts, (1, 1))
            surprise = lane.bit(max(1, min(16383, 2**14 * e // (n + e))))
            surprises[doubts] = (n + 1 - surprise, e + surprise)
        changes = np.zeros((16, 4), int)
        touched = set()
        for (y, x), p, s, (numbers, inputs, which, _) in zip(
            line, probabilities, sure, told, strict=True
        ):
            page[y, x] = lane.bit(p) if surprise or not s else int(p >= 8192)
            changes[which] += np.array(inputs) * (2**14 * page[y, x] - p)
            for i, number in enumerate(numbers):
                a, b = counts[i].get(number, (0, 0))
                counts[i][number] = (a + 1 - page[y, x], b + page[y, x])
                touched.add((i, number))
        for which in range(16):
            for i in range(4):
                weights[which][i] += (int(changes[which][i]) + 2**15) >> 16
        for i, number in touched:
            a, b = counts[i][number]
            if max(a, b) > 255:
                counts[i][number] = (a >> 1, b >> 1)
    assert not lane.words
    assert lane.x == 2**16
    return page != data[0]
