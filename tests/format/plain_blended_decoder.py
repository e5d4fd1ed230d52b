"""A second decoder of the blended coding, written from FORMAT.md: plain and slow."""

import struct
from math import ceil

import numpy as np
import zstandard

from tests.format.plain_decoder import Networks, Stream, cut, row_of
from tests.format.plain_deep_decoder import number, samples_of

TAPS = (
    *((0, -2), (0, -3), (0, -4)),
    *((1, -3), (1, -2), (1, -1), (1, 0), (1, 1)),
    *((2, -3), (2, -2), (2, -1), (2, 0), (2, 1), (2, 2)),
    *((3, -2), (3, -1), (3, 0), (3, 1), (3, 2)),
    *((4, -1), (4, 0), (4, 1)),
)

PAIRS = {(0, -1): 2, (1, 1): 2, (1, -1): 1, (2, 1): 1, (2, -1): 1}

EDGES = [ceil(2 ** (i / 4)) for i in range(91)]


def sections_of(file):
    """Section 1: size, mode and sections of a file."""
    assert file[9:11] == b"\1\x0b"
    width, height = struct.unpack_from("<II", file, 16)
    found, position = {}, 36
    while True:
        name, length, _ = struct.unpack_from("<4sII", file, position)
        if name == b"CEND":
            return width, height, file[11], found
        found[name] = file[position + 12 : position + 12 + length]
        position += 12 + length


class Stripe:
    """Numbers, and errors, by row and column."""

    def __init__(self, height, width, top):
        self.height, self.width, self.top = height, width, top
        self.numbers, self.errors = {}, {}

    def seen(self, y, x, here):
        """Number (y, x), as the pixel of column `here` of the first row sees it, or any other."""
        if y < 0:
            # above the first row
            column = min(x, here) if here is not None else x
            return self.seen(0, column - 1, None)
        if x < 0:
            return self.seen(y - 1, 0, None) if y else (self.top + 1) // 2
        if x >= self.width:
            return self.numbers[y, self.width - 1]
        return self.numbers[y, x]

    def pair(self, y, x, nothing):
        """The errors of a place and of the one left of it."""
        if y < 0:
            y, x = 0, x + 2 * y
        found = [self.errors.get((y, one), nothing) for one in (x, x - 1)]
        return [sum(both) for both in zip(*found, strict=True)]


def decode(file):
    """The bytes of a file -> (H, W) samples."""
    width, height, mode, parts = sections_of(file)
    frequencies = Networks(parts[b"NETS"]).frequencies
    flags, count, size = struct.unpack_from("<BBH", parts[b"BPRE"])
    assert flags < 2
    samples = samples_of(b"\0" + parts[b"BPRE"][4 : 4 + size], mode)
    rest = zstandard.ZstdDecompressor().decompress(parts[b"BPRE"][4 + size :])
    scales, rest = rest[:92], rest[92:]
    assert max(scales) <= 79
    many, left = divmod(len(rest), 2 * len(TAPS))
    assert 1 <= many <= 32
    assert not left
    low, high = rest[: len(rest) // 2], np.frombuffer(rest[len(rest) // 2 :], np.int8).tolist()
    flat = [one + 256 * other for one, other in zip(low, high, strict=True)]
    predictors = [flat[k * len(TAPS) : (k + 1) * len(TAPS)] for k in range(many)]

    rows, columns = (width, height) if flags else (height, width)
    assert columns > 1 or rows == 1
    assert 1 <= count <= max(1, rows // 16)
    top = len(samples) - 1
    stripes = [Stripe(-(-(rows - s) // count), columns, top) for s in range(count)]
    lanes = max(1, min(256, rows * columns // 2048))
    stream = Stream(parts[b"BSAM"], lanes, frequencies)
    for t in range(columns + 2 * (stripes[0].height - 1)):
        line(stripes, t, predictors, scales, stream, top)
    stream.finish()
    found = [
        [stripe.numbers[y, x] for x in range(columns)]
        for stripe in stripes
        for y in range(stripe.height)
    ]
    return samples[np.array(found).T if flags else np.array(found)]


def line(stripes, t, predictors, scales, stream, top):
    pixels = [
        (stripe, y, t - 2 * y)
        for y in range(stripes[0].height)
        for stripe in stripes
        if y < stripe.height and 0 <= t - 2 * y < stripe.width
    ]
    todo = []
    for place, (stripe, y, x) in enumerate(pixels):
        here = x if y == 0 else None
        west = stripe.seen(y, x - 1, here)
        seen = [stripe.seen(y - above, x + right, here) - west for above, right in TAPS]
        predicted = []
        for one in predictors:
            total = sum(c * s for c, s in zip(one, seen, strict=True))
            predicted.append(cut(64 * west + (total + 8) // 16, 0, 64 * top))
        nothing = [0] * (len(predictors) + 1)
        around = [(stripe.pair(y - a, x + r, nothing), w) for (a, r), w in PAIRS.items()]
        sums = [sum(w * e[k] for e, w in around) for k in range(len(nothing))]
        doubted = [s + 16 for s in sums[:-1]]
        weights = [((4096 * min(doubted) // one) ** 3 // 2**24) ** 2 for one in doubted]
        blended = sum(w * p for w, p in zip(weights, predicted, strict=True)) // sum(weights)
        mean = (blended + 4) // 8
        scale = scales[sum(edge <= sums[-1] for edge in EDGES)]
        zoom = max(0, (scale - 36) // 4)
        known = len(stream.escapes)
        symbol = stream.symbol(place, row_of(0, mean, scale - 4 * zoom))
        escaped = len(stream.escapes) < known
        todo.append((stripe, y, x, symbol, escaped, mean, zoom, predicted))
    places = 0
    for stripe, y, x, symbol, escaped, mean, zoom, predicted in todo:
        value = symbol
        if not escaped:
            value = (mean >> 3) + ((symbol - 512) << zoom)
            if zoom:
                value, places = value + number(stream, places, zoom), places + 1
        assert 0 <= value <= top
        stripe.numbers[y, x] = value
        wrong = [abs(64 * value - p) for p in predicted] + [abs(8 * value - mean)]
        stripe.errors[y, x] = [min(one, 2**20 - 1) for one in wrong]
