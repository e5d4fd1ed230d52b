"""A second decoder of the jpeg coding (6), written from FORMAT.md alone: plain and slow.

It shares no code with the package but the graphs of models/ and the int64 evaluator of tools/.
What it and the package decode must be equal: pixels, and the bytes of the JPEG file.
Names and order are those of section 3.8.
"""

import bisect
import hashlib
import io
import json
import math
import struct
import zlib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import zstandard
from PIL import Image

from tests.conftest import MODELS
from tools.export import evaluate

TRANSFORMS = ("grey", "ycc", "rgb", "cmyk", "ycck")
MODES = {2: (1, ("grey",)), 6: (3, ("ycc", "rgb")), 11: (4, ("cmyk", "ycck"))}

# fmt: off
BASES = (  # T.81 K.1, natural order
    (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
     14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
     18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    (17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
     24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99) + 32 * (99,),
)
STANDARD = (  # 3.8.2: of luminance, of Cb and Cr
    (517, 76, 46, 31, 23, 18, 14, 11, 76, 40, 29, 21, 17, 13, 11, 8,
     46, 29, 22, 18, 15, 12, 9, 7, 31, 21, 18, 15, 13, 10, 8, 7,
     23, 17, 15, 13, 11, 9, 7, 5, 18, 13, 12, 10, 9, 7, 5, 5,
     14, 11, 9, 8, 7, 5, 4, 4, 11, 8, 7, 7, 5, 5, 4, 3),
    (156, 24, 13, 9, 6, 4, 3, 3, 24, 12, 9, 6, 4, 3, 2, 2,
     13, 9, 6, 4, 3, 3, 2, 2, 9, 6, 4, 3, 3, 2, 2, 2,
     6, 4, 3, 3, 2, 2, 2, 2, 4, 3, 3, 2, 2, 2, 2, 2,
     3, 2, 2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 2, 2),
)
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
DC_NEIGHBOURS = {
    "diagonal": ((-1, -1), (-1, 1), (1, -1), (1, 1), (-3, -1), (-3, 1),
                 (3, -1), (3, 1), (-1, -3), (-1, 3), (1, -3), (1, 3)),
    "cross": ((-1, 0), (1, 0), (0, -1), (0, 1), (-2, -1), (-2, 1),
              (2, -1), (2, 1), (-1, -2), (-1, 2), (1, -2), (1, 2)),
}
DCT = (  # 3.8.6: M
    (8192, 11363, 10703, 9633, 8192, 6437, 4433, 2260),
    (8192, 9633, 4433, -2259, -8192, -11362, -10704, -6436),
    (8192, 6437, -4433, -11362, -8192, 2261, 10704, 9633),
    (8192, 2260, -10703, -6436, 8192, 9633, -4433, -11363),
    (8192, -2260, -10703, 6436, 8192, -9633, -4433, 11363),
    (8192, -6437, -4433, 11362, -8192, -2261, 10704, -9633),
    (8192, -9633, 4433, 2259, -8192, 11362, -10704, 6436),
    (8192, -11363, 10703, -9633, 8192, -6437, 4433, -2260),
)
# fmt: on
LUMINANCE_GROUPS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 9), (10, 14))
COLOR_GROUPS = ((1, 1), (2, 2), (3, 4), (5, 7), (8, 14))
FOUR_STEPS = (((0, 0),), ((1, 1),), ((0, 1),), ((1, 0),))
TWO_STEPS = (((0, 0), (1, 1)), ((0, 1), (1, 0)))
MEAN_ONE = 2**14


def zigzag():
    """Natural index of each place in zigzag order."""
    order = []
    for d in range(15):
        diagonal = [(v, d - v) for v in range(8) if 0 <= d - v < 8]
        order += [8 * v + u for v, u in (diagonal if d % 2 else diagonal[::-1])]
    return order


ZIGZAG = zigzag()


def cut(value, lowest, highest):
    return max(lowest, min(highest, value))


def ceil_div(a, b):
    return -(-a // b)


class Reader:
    """Bytes that are taken one after another."""

    def __init__(self, data):
        self.data, self.position = data, 0

    def take(self, count):
        assert self.position + count <= len(self.data), "ends too early"
        self.position += count
        return self.data[self.position - count : self.position]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value = 0
        for k in range(5):
            one = self.byte()
            value |= (one & 127) << (7 * k)
            if one < 128:
                assert value < 2**32
                return value
        raise AssertionError("varint of more than 5 bytes")

    def rest(self):
        return self.take(len(self.data) - self.position)


def unfolded(number):
    """2 d or -2 d - 1 -> d."""
    return -((number + 1) // 2) if number & 1 else number // 2


# ---------------------------------------------------------------- 1: the file


def sections_of(file):
    """Section 1: header fields and sections of a file."""
    assert file[:8] == b"\x89CGX\r\n\x1a\n"
    assert file[8] == 1
    assert struct.unpack_from("<I", file, 32)[0] == zlib.crc32(file[:32])
    coding, mode, flags, width, height = struct.unpack_from("<BBIII", file, 10)
    assert coding == 6
    assert flags == 0
    found, position = [], 36
    while True:
        name, length, crc = struct.unpack_from("<4sII", file, position)
        payload = file[position + 12 : position + 12 + length]
        assert zlib.crc32(file[position : position + 8] + payload) == crc
        if name == b"CEND":
            return mode, width, height, file[24:32], found
        if name[:1].isupper():
            found.append((name, payload))
        position += 12 + length


# ---------------------------------------------------------------- 3.1: networks


class Networks:
    """The networks of a set, by their names without "jpeg_"."""

    def __init__(self, reference, folder):
        assert len(reference) == 10
        (number,) = struct.unpack_from("<H", reference)
        index = json.loads((folder / "index.json").read_text())["networks"]
        by_id = {entry["id"]: entry for entry in index}
        assert bytes.fromhex(by_id[number]["hash"]) == reference[2:]
        members = json.loads((folder / by_id[number]["file"]).read_text())["networks"]
        self.files = {
            by_id[one]["name"].removeprefix("jpeg_"): str(folder / by_id[one]["file"])
            for one in members
        }

    def run(self, name, **inputs):
        """Inputs (channels, rows, columns) -> output (channels, rows, columns)."""
        graph = graph_of(self.files[name])
        given = {key: np.asarray(value)[None].astype(np.uint8) for key, value in inputs.items()}
        return evaluate.run(graph, given)[0][0]


@cache
def graph_of(file):
    return evaluate.load(Path(file))


# ---------------------------------------------------------------- 3.3.5: streams


class Stream:
    """3.8.1: one or two streams, each without escapes: number of lanes, states, words."""

    def __init__(self, data):
        self.second, self.group = data[0], 0
        self.begin(data[1:])

    def begin(self, data):
        (lanes,) = struct.unpack_from("<H", data)
        assert lanes
        self.states = [int(x) for x in np.frombuffer(data, "<u4", lanes, 2)]
        self.words = iter(np.frombuffer(data, "<u2", offset=2 + 4 * lanes).tolist())

    def next_group(self):
        """A group of AC coefficients begins, and the second stream with one of them."""
        if self.group == self.second:
            assert all(x >> 16 == 1 for x in self.states)
            carried = [x & 65535 for x in self.states]
            self.begin(np.array([*carried, *self.words], "<u2").tobytes())
        self.group += 1

    def symbol(self, number, starts):
        """Symbol `number` of its group; `starts` of all symbols, ascending, then 2^14."""
        lane = number % len(self.states)
        x = self.states[lane]
        slot = x & 16383
        symbol = bisect.bisect_right(starts, slot) - 1
        frequency = starts[symbol + 1] - starts[symbol]
        x = frequency * (x >> 14) + slot - starts[symbol]
        if x < 2**16:
            x = x << 16 | next(self.words)
        self.states[lane] = x
        return symbol

    def raw(self, number, bits):
        return self.symbol(number, range(0, MEAN_ONE + 1, 1 << (14 - bits)))

    def finish(self):
        assert self.second == 255 or self.second < self.group
        assert not list(self.words) if self.second == 255 else not any(self.words)
        assert set(self.states) == {2**16}


# ---------------------------------------------------------------- 3.8.1: geometry


class Component:
    """Sampling factors, steps (natural order) and blocks of a component."""

    def __init__(self, horizontal, vertical):
        self.h, self.v = horizontal, vertical

    def measure(self, picture):
        h, v = picture.hmax, picture.vmax
        assert h % self.h == 0
        assert v % self.v == 0
        self.size = (
            ceil_div(picture.height * self.v, v),
            ceil_div(picture.width * self.h, h),
        )
        self.rows, self.columns = (ceil_div(side, 8) for side in self.size)
        self.blocks = np.zeros((self.rows, self.columns, 64), np.int64)


class Picture:
    """What the geometry tells, and what is decoded."""

    def __init__(self, data, mode, width, height):
        self.width, self.height = width, height
        reader = Reader(data)
        first = reader.byte()
        count, self.transform = first & 7, TRANSFORMS[first >> 3]
        channels, transforms = MODES[mode]
        assert count == channels
        assert self.transform in transforms
        factors = [reader.byte()]
        if factors[0] < 4:
            one = ((2, 2), (2, 1), (1, 1), (1, 1))[factors[0]]
            pairs = [one] + [(1, 1)] * (count - 1)
        else:
            factors += [reader.byte() for _ in range(count - 1)]
            pairs = [(byte >> 4, byte & 15) for byte in factors]
        self.components = [Component(*pair) for pair in pairs]
        for number, component in enumerate(self.components):
            component.steps = self.read_table(reader, number)
        assert not reader.rest()
        self.hmax = max(c.h for c in self.components)
        self.vmax = max(c.v for c in self.components)
        for component in self.components:
            component.measure(self)
        self.is_colored = self.transform in ("ycc", "ycck") and self.colour_fits()

    def read_table(self, reader, number):
        code = reader.byte()
        if code == 0:
            assert number
            return self.components[number - 1].steps
        if code == 0xFE:
            bits = reader.byte()
            assert 1 <= bits <= 16
            together = int.from_bytes(reader.take(8 * bits), "big")
            steps = [0] * 64
            for place, natural in enumerate(reversed(ZIGZAG)):
                steps[natural] = 1 + (together >> bits * place & (1 << bits) - 1)
            return steps
        quality = code & 127
        assert 1 <= quality <= 100
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        return [cut((base * scale + 50) // 100, 1, 255) for base in BASES[code >> 7]]

    def colour_fits(self):
        y, cb, cr = self.components[:3]
        return (cb.h, cb.v) == (cr.h, cr.v) and y.h % cb.h == 0 and y.v % cb.v == 0

    def strip_of(self, component, start, rows):
        """The strip's block rows of a component, as a slice."""
        each = 1 if len(self.components) == 1 else component.v
        return slice(start * each, min((start + rows) * each, component.rows))


# ---------------------------------------------------------------- 3.8.2: what the networks see


def rounded(x):
    """To the nearest."""
    return np.floor(np.asarray(x, np.float64) + 0.5).astype(np.int64)


def byte_of(z):
    return np.clip(z, -128, 127) + 128


def dequantised(coefficients, steps):
    return np.clip(coefficients * np.asarray(steps), -32767, 32767)


def level(step):
    """L."""
    return int(rounded(16 * math.log2(step)))


def log_bytes(magnitude):
    """round(16 ln(1 + magnitude))."""
    return rounded(16 * np.log1p(magnitude))


def features(coefficients, values, standards):
    """(..., n) coefficients and values -> (..., 3n) bytes."""
    standards = np.asarray(standards)
    ratio = (65536 + standards // 2) // standards
    small = np.minimum((np.abs(values) * ratio + 128) >> 8, 4095)
    return np.concatenate(
        [
            byte_of((values * ratio + 2048) >> 12),
            128 + log_bytes(4 * small / 256),
            128 + 8 * np.minimum(np.abs(coefficients), 2),
        ],
        axis=-1,
    )


def neighbour(plane, rows, columns, outside):
    """The plane as seen `rows` below and `columns` right of each block."""
    seen = np.full_like(plane, outside)
    height, width = plane.shape[:2]
    for i in range(max(0, -rows), min(height, height - rows)):
        for j in range(max(0, -columns), min(width, width - columns)):
            seen[i, j] = plane[i + rows, j + columns]
    return seen


def table_bytes(networks, plane, tables):
    """The 48 bytes of PLANE_table as the other networks see them."""
    seen = [byte_of((4 * level(step) + 1) // 3 - 64) for table in tables for step in table]
    out = networks.run(f"{plane}_table", tables=np.reshape(seen, (-1, 1, 1)))
    return 128 + np.minimum(out.reshape(-1).astype(np.int64), 127)


def side_parts(ratio):
    """P_i."""
    place, frequency = np.arange(8), np.arange(8)[:, None]
    matrix = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    matrix[0] /= np.sqrt(2)
    average = np.kron(np.eye(8), np.full(ratio, 1 / ratio))
    return [
        np.rint(4096 * matrix @ average[:, 8 * i : 8 * i + 8] @ matrix.T).astype(np.int64)
        for i in range(ratio)
    ]


def repeated(blocks, rows, columns):
    """Extended to rows x columns by the last ones."""
    i = np.minimum(np.arange(rows), blocks.shape[0] - 1)
    j = np.minimum(np.arange(columns), blocks.shape[1] - 1)
    return blocks[i][:, j]


def side_of(x, rows, columns, down, across):
    """x: values of luminance (rows, columns, 64) -> the same at colour's resolution."""
    x = repeated(x, rows * down, columns * across)
    if down == across == 1:
        return x
    total = np.zeros((rows, columns, 8, 8), np.int64)
    for i, left in enumerate(side_parts(down)):
        for j, right in enumerate(side_parts(across)):
            total += left @ x[i::down, j::across].reshape(rows, columns, 8, 8) @ right.T
    return ((total + 2**23) >> 24).reshape(rows, columns, 64)


def dc_side_of(x, rows, columns, down, across):
    """x: values of luminance's DC -> their mean for each block of colour."""
    x = repeated(x, rows * down, columns * across)
    total = sum(x[i::down, j::across] for i in range(down) for j in range(across))
    count = down * across
    return (total + count // 2) // count


# ---------------------------------------------------------------- 3.8.5: distributions, symbols


@cache
def logistic(i, whole):
    """T."""
    return int(rounded(whole / (1 + math.exp(-i / 64))))


@cache
def inverse_scale(scale_class):
    return int(rounded(2**16 * 2 ** ((40 - scale_class) / 8)))


def number_of(output, factor, limit):
    """An output as an integer: times factor, half to even, cut to +- limit."""
    return cut(int(np.rint(float(output) * factor)), -limit, limit)


def mean_of(output, gain, offset=0):
    """In 1/32 of a step."""
    return cut(((number_of(output, 64, 2047) * gain) >> 11) + offset, -(2**20), 2**20)


def class_of(output, zero, correction):
    return cut(cut(number_of(output, 8, 512) + zero, 0, 120) + correction, 0, 120)


def share_of(output, steps, limit, whole):
    return int(rounded(whole / (1 + math.exp(-number_of(output, steps, limit) / steps))))


def argument(x, mean, scale_class):
    """Of a logistic, for the mass below an integer."""
    scale = inverse_scale(scale_class)
    reach = 800 * 2**15 // scale
    return (cut(32 * x - 16 - mean, -reach, reach) * scale) >> 15


class Distribution:
    """Center (an integer) and width (a class) of what a subclass tells by `below`."""

    def __init__(self, center, width):
        self.center, self.width = center, width
        self.buckets = 5 if self.width <= 24 else 8 if self.width <= 32 else 12
        self.k = 0 if self.buckets < 12 else (max(self.width - 40, 0) + 7) >> 3
        inner = self.buckets - 2
        self.first = ((self.center >> self.k) - inner // 2) << self.k
        self.end = self.first + (inner << self.k)

    def window_starts(self):
        room = MEAN_ONE - self.buckets
        return [
            0,
            *(
                ((self.below(self.first + ((b - 1) << self.k)) >> 12) * room >> 16) + b
                for b in range(1, self.buckets)
            ),
            MEAN_ONE,
        ]

    def part_starts(self, start):
        p = min(self.k, 2)
        base = self.below(start)
        mass = max(self.below(start + (1 << self.k)) - base, 0) + 2**p
        each = 1 << (self.k - p)
        ratio = (MEAN_ONE - 2**p) * 2**38 // mass
        return [
            ((self.below(start + i * each) - base + i) * ratio >> 38) + i for i in range(2**p)
        ] + [MEAN_ONE]


class OfDc(Distribution):
    """Two means, two classes, the weight of the first (of 64)."""

    def __init__(self, outputs, gain, zero, offset, correction):
        self.means = [mean_of(o, gain, offset) for o in outputs[:2]]
        self.classes = [class_of(o, zero, correction) for o in outputs[2:4]]
        self.weight = share_of(outputs[4], 8, 40, 64)
        m1, m2 = self.means
        super().__init__(
            ((((m1 - m2) * self.weight) >> 6) + m2 + 16) >> 5,
            max(
                self.classes[0] if self.weight >= 3 else 0,
                self.classes[1] if self.weight <= 61 else 0,
            ),
        )

    def below(self, x):
        """B."""
        first, second = (
            logistic(argument(x, mean, one), 2**22)
            for mean, one in zip(self.means, self.classes, strict=True)
        )
        return self.weight * (first - second) + 64 * second


class OfAc(Distribution):
    """Mean, class, peak at zero (of 1024)."""

    def __init__(self, outputs, gain, zero, correction):
        self.mean, self.one = mean_of(outputs[0], gain), class_of(outputs[1], zero, correction)
        self.peak = share_of(outputs[2], 16, 112, 1024)
        super().__init__(
            ((self.mean * (1024 - self.peak) >> 10) + 16) >> 5,
            self.one if self.peak <= 976 else 0,
        )

    def below(self, x):
        """B."""
        whole = logistic(argument(x, self.mean, self.one), 2**18)
        return (1024 - self.peak) * whole + (self.peak << 18 if x > 0 else 0)


LENGTH_STARTS = [0, *np.cumsum([2**13 >> i for i in range(13)]).tolist(), MEAN_ONE]


def read_integers(stream, distributions):
    """One set of integers."""
    buckets = {}
    for size in (5, 8, 12):
        of = [i for i, d in enumerate(distributions) if d.buckets == size]
        buckets |= {i: stream.symbol(n, distributions[i].window_starts()) for n, i in enumerate(of)}
    ends = {i: {0: -1, d.buckets - 1: 1}.get(buckets[i], 0) for i, d in enumerate(distributions)}
    values = [d.first + ((buckets[i] - 1) << d.k) for i, d in enumerate(distributions)]
    parted = [i for i, d in enumerate(distributions) if not ends[i] and d.k > 0]
    for n, i in enumerate(parted):
        d = distributions[i]
        values[i] += stream.symbol(n, d.part_starts(values[i])) << (d.k - min(d.k, 2))
    for n, i in enumerate(i for i in parted if distributions[i].k > 2):
        values[i] += stream.raw(n, distributions[i].k - 2)
    outside = [i for i in buckets if ends[i]]
    lengths = {i: stream.symbol(n, LENGTH_STARTS) for n, i in enumerate(outside)}
    away = dict.fromkeys(outside, 0)
    for n, i in enumerate(i for i in outside if lengths[i]):
        away[i] = stream.raw(n, lengths[i]) + (1 << lengths[i]) - 1
    for i in outside:
        d = distributions[i]
        values[i] = d.end + away[i] if ends[i] > 0 else d.first - 1 - away[i]
    return values


def read_flags(stream, outputs):
    flags = []
    for n, o in enumerate(outputs):
        chance = 2**14 / (1 + math.exp(-number_of(o, 16, 144) / 16))
        f = cut(int(rounded(chance)), 1, 16383)
        flags.append(stream.symbol(n, [0, f, MEAN_ONE]) == 0)
    return flags


# ---------------------------------------------------------------- 3.8.3: DC


def log_size(z):
    """G."""
    e = z.bit_length() - 1
    m = (z * 256 >> e) - 256
    return 16 * e + int(rounded(16 * math.log2(1 + m / 256)))


def natural(z):
    """N."""
    return 177 * z >> 8


def look(values, known, at, stride, name, least):
    """base, the twelve d_i, the twelve "known", spread."""
    seen, is_known = [], []
    for a, b in DC_NEIGHBOURS[name]:
        i, j = at[0] + a * stride, at[1] + b * stride
        inside = 0 <= i < values.shape[0] and 0 <= j < values.shape[1] and bool(known[i, j])
        is_known.append(inside)
        seen.append(int(values[i, j]) if inside else 0)
    k = max(sum(is_known[:4]), 1)
    base = (2 * sum(seen[:4]) + k) // (2 * k)
    differences = [v - base if there else 0 for v, there in zip(seen, is_known, strict=True)]
    spread = 16 * sum(abs(d) for d in differences) // max(sum(is_known), 1) + least
    return base, differences, is_known, spread


def dc_inputs(values, known, others, at, stride, number, name, step):
    base, differences, is_known, spread = look(values, known, at, stride, name, 16 * step // 2 + 16)
    size = log_size(spread) - 64
    inputs = [256 * d // spread for d in differences]
    inputs += [16 * there for there in is_known]
    inputs.append(natural(size) // 3)
    inputs += [16 * (number == i) for i in range(5)]
    inputs.append(natural(log_size(step)) // 3)
    for other in others:
        its_base, its_differences, _, its_spread = look(other, known, at, stride, name, 16)
        inputs += [256 * d // its_spread for d in its_differences]
        inputs.append(256 * (int(other[at]) - its_base) // its_spread)
        inputs.append(natural(log_size(its_spread) - 64 - size))
    return byte_of(np.array(inputs)), base, spread


def decode_dc(stream, networks, plane, shape, step, others, corrections):
    """(rows, columns) DC coefficients of a strip."""
    dc = np.zeros(shape, np.int64)
    known = np.zeros(shape, bool)
    for n, (i, j) in enumerate(np.ndindex(ceil_div(shape[0], 64), ceil_div(shape[1], 64))):
        dc[64 * i, 64 * j] = stream.raw(n, 14) - 8192
        known[64 * i, 64 * j] = True
    for stride in (32, 16, 8, 4, 2, 1):
        number = {4: 1, 2: 2, 1: 3}.get(stride, 0)
        for name in ("diagonal", "cross"):
            odd = 2 if name == "diagonal" else 1
            places = [
                (i, j)
                for i in range(0, shape[0], stride)
                for j in range(0, shape[1], stride)
                if (i // stride) % 2 + (j // stride) % 2 == odd
            ]
            if not places:
                continue
            values = dc * step  # not cut
            seen = [
                dc_inputs(values, known, others, at, stride, number, name, step) for at in places
            ]
            inputs = np.array([one for one, _, _ in seen]).T[:, None]
            outputs = networks.run(f"dc_{plane}_{name}", inputs=inputs)[:, 0].T
            distributions = [
                OfDc(
                    out,
                    64 * spread // step,
                    40 + ((log_size(spread) - 64 - level(step) + 1) >> 1),
                    32 * base // step,
                    corrections[number],
                )
                for out, (_, base, spread) in zip(outputs, seen, strict=True)
            ]
            found = read_integers(stream, distributions)
            for at, value in zip(places, found, strict=True):
                dc[at] = value
                known[at] = True
    return dc


# ---------------------------------------------------------------- 3.8.4: AC


def frequencies_of(group):
    return [n for n in range(64) if group[0] <= n // 8 + n % 8 <= group[1]]


def start_bytes(dc_values, table):
    """(channels, rows, columns) bytes of PLANE_start."""
    shape = dc_values[0].shape
    inside = np.full(shape, 144)
    planes = [neighbour(inside, a, b, 128) for a, b in AROUND]
    for values in dc_values:
        there = np.ones(shape, np.int64)
        q = [(neighbour(values, a, b, 0) - values) * neighbour(there, a, b, 0) for a, b in AROUND]
        planes += [byte_of(np.sign(d) * ((2 * np.abs(d) + 12) // 25)) for d in q]
        planes += [byte_of(np.sign(d) * log_bytes(np.minimum(np.abs(d), 8191) / 10)) for d in q]
    return np.concatenate([np.array(planes), spread_out(table, shape)])


def spread_out(table, shape):
    return np.broadcast_to(table[:, None, None], (len(table), *shape))


class Plane:
    """What the AC of a plane ("luminance" or "color") is decoded with."""

    def __init__(self, stream, networks, name, table, state):
        self.stream, self.networks, self.name = stream, networks, name
        self.table, self.state = table, state

    def decode_group(self, number, frequencies, component, standards, steps, flagged, correction):
        """Group `number` (from 0): fills the component's blocks in place."""
        self.stream.next_group()
        blocks = component.strip
        shape = blocks.shape[:2]
        coded = np.zeros(shape, bool)
        gain_zero = [
            (
                max(1, (standards[f] * 1024 + component.steps[f] // 2) // component.steps[f]),
                40 + ((level(standards[f]) - level(component.steps[f]) + 1) >> 1),
            )
            for f in frequencies
        ]
        for step in steps or [[None]]:
            masks = []
            for phase in step:
                masks.append(np.zeros(shape, bool))
                masks[-1][
                    (slice(None),) if phase is None else np.s_[phase[0] :: 2, phase[1] :: 2]
                ] = 1
            places = [at for mask in masks for at in zip(*np.nonzero(mask), strict=True)]
            if not places:
                continue
            rows, columns = zip(*places, strict=True)
            inputs = {"state": self.state}
            if steps:
                inputs["around"] = self.around(component, frequencies, standards, coded)
            outputs = self.networks.run(
                f"{self.name}_head_{number}",
                **{key: value[:, rows, columns][:, None] for key, value in inputs.items()},
            )[:, 0]
            n = len(frequencies)
            assert len(outputs) == 3 * n + flagged
            empty = [False] * len(places)
            if flagged:
                empty = read_flags(self.stream, outputs[3 * n])
            distributions, targets = [], []
            for k, f in enumerate(frequencies):
                for b, at in enumerate(places):
                    if not empty[b]:
                        gain, zero = gain_zero[k]
                        distributions.append(
                            OfAc(outputs[k : 3 * n : n, b], gain, zero, correction)
                        )
                        targets.append((*at, f))
            found = read_integers(self.stream, distributions)
            for at, value in zip(targets, found, strict=True):
                blocks[at] = value
            coded[rows, columns] = True

    def group_features(self, component, frequencies, standards):
        """(rows, columns, 3n)."""
        coefficients = component.strip[..., frequencies]
        values = dequantised(coefficients, np.array(component.steps)[frequencies])
        return features(coefficients, values, np.array(standards)[frequencies])

    def around(self, component, frequencies, standards, coded):
        own = self.group_features(component, frequencies, standards)
        own[~coded] = 128
        planes = [neighbour(own, a, b, 128) for a, b in AROUND]
        seen = np.concatenate(planes, axis=2).transpose(2, 0, 1)
        known = np.where(coded, 144, 128)
        return np.concatenate([seen, [neighbour(known, a, b, 128) for a, b in AROUND]])

    def update(self, number, component, frequencies, standards):
        group = self.group_features(component, frequencies, standards).transpose(2, 0, 1)
        shape = group.shape[1:]
        self.state = self.networks.run(
            f"{self.name}_update_{number}",
            state=self.state,
            group=group,
            table=spread_out(self.table, shape),
        )


def decode_luminance_ac(stream, networks, component, corrections):
    table = table_bytes(networks, "luminance", [component.steps])
    dc = dequantised(component.strip[..., 0], component.steps[0])
    state = networks.run("luminance_start", near=start_bytes([dc], table))
    plane = Plane(stream, networks, "luminance", table, state)
    for number, group in enumerate(LUMINANCE_GROUPS):
        steps = FOUR_STEPS if number < 2 else TWO_STEPS if number < 5 else None
        frequencies = frequencies_of(group)
        plane.decode_group(
            number,
            frequencies,
            component,
            STANDARD[0],
            steps,
            number >= 4,
            corrections[number],
        )
        if number < len(LUMINANCE_GROUPS) - 1:
            plane.update(number, component, frequencies, STANDARD[0])


def decode_color_ac(stream, networks, side, cb, cr, corrections):
    table = table_bytes(networks, "color", [cb.steps, cr.steps])
    dc = [dequantised(one.strip[..., 0], one.steps[0]) for one in (cb, cr)]
    state = networks.run(
        "color_start",
        near=start_bytes([*dc, side[..., 0]], table),
        side=features(np.abs(side) >> 3, side, STANDARD[0]).transpose(2, 0, 1),
    )
    plane = Plane(stream, networks, "color", table, state)
    for number in range(2 * len(COLOR_GROUPS)):
        component = (cb, cr)[number % 2]
        frequencies = frequencies_of(COLOR_GROUPS[number // 2])
        steps = TWO_STEPS if number < 4 else None
        plane.decode_group(
            number,
            frequencies,
            component,
            STANDARD[1],
            steps,
            number >= 2,
            corrections[number],
        )
        if number < 2 * len(COLOR_GROUPS) - 1:
            plane.update(number, component, frequencies, STANDARD[1])


def decode_strip(data, networks, picture, start, rows, corrections):
    """A `JSTR`: fills the blocks of its rows of MCUs."""
    stream = Stream(data)
    of_dc, of_luminance = corrections[0:4], corrections[4:13]
    of_cb, of_cr, of_color = corrections[13:17], corrections[17:21], corrections[21:31]
    components = picture.components
    for component in components:
        component.strip = component.blocks[picture.strip_of(component, start, rows)]
    color = components[1:3] if picture.is_colored else []
    luminance = [c for c in components if c not in color]
    for c in luminance:
        c.strip[..., 0] = decode_dc(
            stream, networks, "luminance", c.strip.shape[:2], c.steps[0], [], of_dc
        )
    if color:
        y, (cb, cr) = components[0], color
        shape = cb.strip.shape[:2]
        down, across = y.v // cb.v, y.h // cb.h
        dc = dequantised(y.strip[..., 0], y.steps[0])
        others = [dc_side_of(dc, *shape, down, across)]
        for name, c, correction in (("cb", cb, of_cb), ("cr", cr, of_cr)):
            c.strip[..., 0] = decode_dc(
                stream, networks, name, shape, c.steps[0], others, correction
            )
            others.append(dequantised(c.strip[..., 0], c.steps[0]))
    for c in luminance:
        decode_luminance_ac(stream, networks, c, of_luminance)
    if color:
        side = side_of(dequantised(y.strip, y.steps), *shape, down, across)
        decode_color_ac(stream, networks, side, cb, cr, of_color)
    stream.finish()


# ---------------------------------------------------------------- 3.8.6: pixels


def wrap(x, bits):
    return ((x + (1 << (bits - 1))) & ((1 << bits) - 1)) - (1 << (bits - 1))


def wild_product(x, shift):
    """product(x0..x7, shift) over the last axis."""
    x = np.moveaxis(x, -1, 0)
    e3 = 10703 * x[2] + 4433 * x[6]
    e2 = 4433 * x[2] - 10704 * x[6]
    e0 = 8192 * wrap(x[0] + x[4], 16)
    e1 = 8192 * wrap(x[0] - x[4], 16)
    a, b = wrap(x[7] + x[3], 16), wrap(x[5] + x[1], 16)
    c, d = 9633 * b - 6436 * a, 6437 * b + 9633 * a
    o0 = 4926 * x[1] - 7373 * x[7] + d
    o1 = 4177 * x[3] - 20995 * x[5] + c
    o2 = -4176 * x[5] - 20995 * x[3] + d
    o3 = -4927 * x[7] - 7373 * x[1] + c
    even = [e0 + e3, e1 + e2, e1 - e2, e0 - e3]
    odd = [o0, o1, o2, o3]
    y = [e + o for e, o in zip(even, odd, strict=True)]
    y += [e - o for e, o in zip(even[::-1], odd[::-1], strict=True)]
    scaled = [wrap(one + 2 ** (shift - 1), 32) >> shift for one in y]
    return np.clip(np.stack(scaled, axis=-1), -32768, 32767)


def block_samples(block, steps):
    """(64,) coefficients -> (8, 8) samples."""
    x = wrap(block * np.array(steps), 16).reshape(8, 8)
    m = np.array(DCT)
    w = (m @ x + 1024) >> 11
    if np.abs(w).max() <= 16383:
        return np.clip(((w @ m.T + 131072) >> 18) + 128, 0, 255)
    w = np.broadcast_to(wrap(4 * x[:1], 16), (8, 8))
    if block[8:].any():
        w = wild_product(x.T, 11).T
    return np.clip(wild_product(w, 18), -128, 127) + 128


def sample_plane(component):
    samples = np.zeros((8 * component.rows, 8 * component.columns), np.int64)
    for i, j in np.ndindex(component.rows, component.columns):
        block = block_samples(component.blocks[i, j], component.steps)
        samples[8 * i : 8 * i + 8, 8 * j : 8 * j + 8] = block
    return samples[: component.size[0], : component.size[1]]


def between(c):
    """3 c[i] + c[i-1] and 3 c[i] + c[i+1], along the last axis."""
    before = np.concatenate([c[..., :1], c[..., :-1]], axis=-1)
    behind = np.concatenate([c[..., 1:], c[..., -1:]], axis=-1)
    return 3 * c + before, 3 * c + behind


def interleaved(even, odd):
    return np.stack([even, odd], axis=-1).reshape(*even.shape[:-1], -1)


def enlarged(samples, across, down):
    n = samples.shape[1]
    if (across, down) == (1, 1):
        return samples
    if (across, down) == (2, 1) and n > 2:
        even, odd = between(samples)
        return interleaved((even + 1) >> 2, (odd + 2) >> 2)
    if (across, down) == (1, 2):
        even, odd = between(samples.T)
        return interleaved((even + 1) >> 2, (odd + 2) >> 2).T
    if (across, down) == (2, 2) and n > 2:
        t = interleaved(*between(samples.T)).T
        even, odd = between(t)
        return interleaved((even + 8) >> 4, (odd + 7) >> 4)
    return samples.repeat(across, axis=1).repeat(down, axis=0)


def rgb_of(y, cb, cr):
    """3.3.9, origin 1."""
    p, q = cb - 128, cr - 128
    red = y + ((91881 * q + 32768) >> 16)
    green = y + ((-22554 * p - 46802 * q + 32768) >> 16)
    blue = y + ((116130 * p + 32768) >> 16)
    return [np.clip(channel, 0, 255) for channel in (red, green, blue)]


def render(picture):
    """(height, width, channels) uint8."""
    planes = [
        enlarged(sample_plane(c), picture.hmax // c.h, picture.vmax // c.v)[
            : picture.height, : picture.width
        ]
        for c in picture.components
    ]
    if picture.transform == "ycc":
        planes = rgb_of(*planes)
    elif picture.transform == "cmyk":
        planes = [255 - plane for plane in planes]
    elif picture.transform == "ycck":
        planes = [*rgb_of(*planes[:3]), 255 - planes[3]]
    return np.stack(planes, axis=2).astype(np.uint8)


def add_exceptions(pixels, data):
    raw = zstandard.ZstdDecompressor().decompress(data)
    (n,) = struct.unpack_from("<I", raw)
    channels = pixels.shape[2]
    assert len(raw) == 4 + (4 + channels) * n
    planes = np.frombuffer(raw, np.uint8, 4 * n, 4).reshape(4, n).astype(np.int64)
    at = np.cumsum(sum(plane << (8 * k) for k, plane in enumerate(planes))) - 1
    flat = pixels.reshape(-1, channels)
    residuals = np.frombuffer(raw, np.uint8, channels * n, 4 + 4 * n).reshape(channels, n)
    flat[at] += residuals.T


# ---------------------------------------------------------------- 3.8.7: the file

# fmt: off
DC_SYMBOLS = bytes(range(12))
STANDARD_TABLES = {  # T.81 K.3, by (class, chrominance): counts and symbols
    (0, 0): (bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]), DC_SYMBOLS),
    (0, 1): (bytes([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]), DC_SYMBOLS),
    (1, 0): (bytes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125]), bytes.fromhex(
        "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a16171819"
        "1a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a7374757677"
        "78797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6"
        "c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa")),
    (1, 1): (bytes([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119]), bytes.fromhex(
        "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f1"
        "1718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a73747576"
        "7778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4"
        "c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa")),
}
PROGRESSIONS = {  # places in the frame; first, last coefficient; high, low
    0x81: ((None, 0, 0, 0, 1), (0, 1, 5, 0, 2), (2, 1, 63, 0, 1), (1, 1, 63, 0, 1),
           (0, 6, 63, 0, 2), (0, 1, 63, 2, 1), (None, 0, 0, 1, 0), (2, 1, 63, 1, 0),
           (1, 1, 63, 1, 0), (0, 1, 63, 1, 0)),
    0x82: ((None, 0, 0, 0, 1), ("each", 1, 5, 0, 2), ("each", 6, 63, 0, 2),
           ("each", 1, 63, 2, 1), (None, 0, 0, 1, 0), ("each", 1, 63, 1, 0)),
}
# fmt: on


def segment(marker, payload):
    return struct.pack(">BBH", 255, marker, len(payload) + 2) + payload


class Table:
    """A Huffman table: counts and symbols, or the frequencies it will be optimal for."""

    def __init__(self, counts=None, symbols=None):
        self.counts, self.symbols = counts, symbols
        self.frequencies = Counter()

    def settle(self):
        """T.81 K.2 where it is optimal; then the codes (T.81 C)."""
        if self.counts is None:
            self.counts, self.symbols = optimal(self.frequencies)
        self.codes, code, place = {}, 0, 0
        for length, count in enumerate(self.counts, 1):
            for symbol in self.symbols[place : place + count]:
                self.codes[symbol] = code, length
                code += 1
            place += count
            code <<= 1


def optimal(frequencies):
    """T.81 K.2: counts and symbols of the optimal table."""
    frequency = {**frequencies, 256: 1}
    members = {symbol: [symbol] for symbol in frequency}
    sizes = Counter()
    while len(frequency) > 1:
        v1 = min(frequency, key=lambda s: (frequency[s], -s))
        first = frequency.pop(v1)
        v2 = min(frequency, key=lambda s: (frequency[s], -s))
        frequency[v1] = first + frequency.pop(v2)
        members[v1] += members.pop(v2)
        sizes.update(members[v1])
    counts = Counter(sizes.values())
    for length in range(max(counts, default=1), 16, -1):
        while counts[length]:
            shorter = length - 2
            while not counts[shorter]:
                shorter -= 1
            counts[length] -= 2
            counts[length - 1] += 1
            counts[shorter + 1] += 2
            counts[shorter] -= 1
    longest = max((length for length in range(1, 17) if counts[length]), default=1)
    counts[longest] -= 1
    symbols = sorted((s for s in sizes if s != 256), key=lambda s: (sizes[s], s))
    return bytes(max(counts[length], 0) for length in range(1, 17)), bytes(symbols)


class Scan:
    """One scan: its header, and its symbols: (table, symbol, bits, number of bits), or RST."""

    RESTART = "restart"

    def __init__(self, picture, members, band, bits, flags, difference, padded):
        self.places = [place for place, _, _ in members]
        self.slots = [(dc, ac) for _, dc, ac in members]
        self.first, self.last = band
        self.high, self.low = bits
        self.flags, self.difference = flags, difference
        self.picture, self.padded = picture, padded

    def header(self, identifiers):
        members = zip(self.places, self.slots, strict=True)
        listed = b"".join(bytes([identifiers[p], dc << 4 | ac]) for p, (dc, ac) in members)
        tail = bytes([self.first, self.last, self.high << 4 | self.low])
        return segment(0xDA, bytes([len(self.places)]) + listed + tail)

    def units(self):
        """Of each MCU its blocks: (place in the scan, block in zigzag order)."""
        if len(self.places) == 1:
            c = self.picture.components[self.places[0]]
            for i, j in np.ndindex(c.rows, c.columns):
                yield [(0, c.blocks[i, j, ZIGZAG].tolist())]
            return
        down = ceil_div(self.picture.height, 8 * self.picture.vmax)
        across = ceil_div(self.picture.width, 8 * self.picture.hmax)
        for i, j in np.ndindex(down, across):
            unit = []
            for n, place in enumerate(self.places):
                c = self.picture.components[place]
                for a, b in np.ndindex(c.v, c.h):
                    block = self.padded[place][i * c.v + a, j * c.h + b]
                    unit.append((n, block[ZIGZAG].tolist()))
            yield unit

    def symbols(self, progressive, tables, interval):
        """Fill `self.out`; `tables` by (class, slot)."""
        self.out, self.tables = [], tables
        self.run, self.waiting = 0, []
        self.previous = [0] * len(self.places)
        for number, unit in enumerate(self.units()):
            if interval and number and number % interval == 0:
                self.end_run()
                self.previous = [0] * len(self.places)
                self.out.append(self.RESTART)
            for n, block in unit:
                if not progressive:
                    self.dc(n, block)
                    self.sequential(n, block)
                elif self.first == 0 and self.high == 0:
                    self.dc(n, block)
                elif self.first == 0:
                    self.out.append((None, 0, block[0] >> self.low & 1, 1))
                elif self.high == 0:
                    self.ac_first(n, block)
                else:
                    self.ac_refine(n, block)
        self.end_run()

    def emit(self, kind, n, symbol, bits=0, count=0):
        table = self.tables[kind, self.slots[n][kind]]
        table.frequencies[symbol] += 1
        self.out.append((table, symbol, bits & ((1 << count) - 1), count))

    def dc(self, n, block):
        value = block[0] >> self.low
        difference = value - self.previous[n]
        self.previous[n] = value
        size = abs(difference).bit_length()
        self.emit(0, n, size, difference if difference >= 0 else difference - 1, size)

    def coefficient(self, n, run, value):
        while run > 15:
            self.emit(1, n, 0xF0)
            run -= 16
        size = abs(value).bit_length()
        self.emit(1, n, run << 4 | size, value if value >= 0 else value - 1, size)

    def sequential(self, n, block):
        run = 0
        for value in block[1:]:
            if value:
                self.coefficient(n, run, value)
                run = 0
            else:
                run += 1
        if run:
            self.emit(1, n, 0)

    def end_run(self):
        """EOBn of the blocks that ended, and the correction bits that wait."""
        if self.run:
            size = self.run.bit_length() - 1
            self.emit(1, 0, size << 4, self.run, size)
            self.run = 0
        self.correct(self.waiting)
        self.waiting = []

    def correct(self, bits):
        self.out += [(None, 0, bit, 1) for bit in bits]

    def end_block(self):
        self.run += 1
        if self.run == 0x7FFF or len(self.waiting) > 937 or self.flags & 2:
            self.end_run()

    def ac_first(self, n, block):
        run = 0
        for value in block[self.first : self.last + 1]:
            value = (abs(value) >> self.low) * (1 if value > 0 else -1)
            if value:
                self.end_run()
                self.coefficient(n, run, value)
                run = 0
            else:
                run += 1
        if run:
            self.end_block()

    def ac_refine(self, n, block):
        band = block[self.first : self.last + 1]
        sizes = [abs(value) >> self.low for value in band]
        last_new = max((k for k, size in enumerate(sizes) if size == 1), default=-1)
        run, corrections = 0, []
        for k, size in enumerate(sizes):
            if size == 0:
                run += 1
                continue
            while run > 15 and k <= last_new:
                self.end_run()
                self.emit(1, n, 0xF0)
                run -= 16
                self.correct(corrections)
                corrections = []
            if size > 1:
                corrections.append(size & 1)
                continue
            self.end_run()
            self.emit(1, n, run << 4 | 1, int(band[k] > 0), 1)
            self.correct(corrections)
            run, corrections = 0, []
        if run or corrections:
            self.waiting += corrections
            self.end_block()

    def coded(self):
        """The bytes of the scan behind its header."""
        data, text, restarts = bytearray(), [], 0
        fill = "0" if self.flags & 1 else "1"

        def flush():
            bits = "".join(text)
            text.clear()
            bits += fill * (-len(bits) % 8)
            whole = int(bits or "0", 2).to_bytes(len(bits) // 8, "big")
            data.extend(whole.replace(b"\xff", b"\xff\x00"))

        for one in self.out:
            if one is self.RESTART:
                flush()
                data.extend([255, 0xD0 + restarts % 8])
                restarts += 1
                continue
            table, symbol, bits, count = one
            if table:
                code, length = table.codes[symbol]
                text.append(f"{code:0{length}b}")
            if count:
                text.append(f"{bits:0{count}b}")
        flush()
        return self.differing(bytes(data))

    def differing(self, data):
        """Flag 4: what the true bytes are."""
        out, source = [], Reader(data)
        for kept, dropped, put in self.difference:
            out.append(source.take(kept))
            source.take(dropped)
            out.append(put)
        return b"".join(out) + source.rest()


class Recipe:
    """The recipe's parts, and the file that they make of the blocks."""

    def __init__(self, picture, data):
        self.picture, self.reader = picture, Reader(data)
        assert self.reader.byte() == 1
        count = self.reader.byte()
        assert count & 7 == len(picture.components)
        assert count < 16
        dummies = None
        if count & 8:
            dummies = self.reader.take(self.reader.varint())
        self.padded = padded_blocks(picture, dummies)
        self.pieces = [b"\xff\xd8"]  # bytes; (class << 4 | slot, Table) lists; scans
        self.tables, self.interval, self.progressive = {}, 0, False
        self.identifiers = {}
        while self.part(self.reader.byte()):
            pass
        self.pieces.append(self.reader.rest())

    def file(self):
        out = []
        for piece in self.pieces:
            if isinstance(piece, Scan):
                out += [piece.header(self.identifiers), piece.coded()]
            elif isinstance(piece, list):
                for _, table in piece:
                    table.settle()
                tables = (bytes([at]) + t.counts + t.symbols for at, t in piece)
                out.append(segment(0xC4, b"".join(tables)))
            else:
                out.append(piece)
        return b"".join(out)

    def part(self, code):
        """One part; False at the end."""
        reader, pieces = self.reader, self.pieces
        if code in (0x00, 0x01):
            pieces.append(b"\xff\xd9" if code == 0 else b"")
            return False
        if code == 0x02:
            pieces.append(reader.take(reader.varint()))
        elif code == 0x03:
            marker = reader.byte()
            pieces.append(segment(marker, reader.take(reader.varint())))
        elif code == 0x04:
            pieces.append(segment(0xE0, b"JFIF\0" + bytes([1, 1, 0, 0, 1, 0, 1, 0, 0])))
        elif code == 0x05:
            pieces.append(segment(0xE0, b"JFIF\0" + reader.take(7) + bytes(2)))
        elif code == 0x06:
            pieces.append(segment(0xEE, b"Adobe" + bytes([0, 100, 0, 0, 0, 0, reader.byte()])))
        elif code in (0x10, 0x11, 0x12, 0x13):
            steps = self.picture.components[code - 0x10].steps
            pieces.append(segment(0xDB, bytes([code - 0x10, *(steps[n] for n in ZIGZAG)])))
        elif code == 0x14:
            pieces.append(segment(0xDB, b"".join(self.dqt() for _ in range(reader.byte()))))
        elif code in (0x20, 0x21, 0x22, 0x24, 0x25, 0x26):
            self.frame(code)
        elif code == 0x30:
            self.define(self.dht())
        elif code >> 4 == 4:
            kind = (2 if code & 1 else min(code >> 1 & 3, 1), None)
            self.define([((code >> 3 & 1) << 4 | code >> 1 & 3, *kind)])
        elif code == 0x50:
            data = reader.take(2)
            self.interval = int.from_bytes(data, "big")
            pieces.append(segment(0xDD, data))
        elif code == 0x60:
            members = [(p, min(p, 1), min(p, 1)) for p in range(len(self.picture.components))]
            self.scan(members, (0, 63), (0, 0))
        elif code == 0x61:
            self.listed_scan()
        elif code == 0x80:
            for one in (0x40, 0x48, 0x42, 0x4A):
                self.part(one)
        elif code in PROGRESSIONS:
            self.progression(code)
        else:
            raise AssertionError(f"unknown part {code:#x}")
        return True

    def dqt(self):
        at, which = self.reader.take(2)
        size = 2 if at >> 4 else 1
        if which == 0xFF:
            return bytes([at]) + self.reader.take(64 * size)
        steps = self.picture.components[which].steps
        return bytes([at]) + b"".join(steps[n].to_bytes(size, "big") for n in ZIGZAG)

    def frame(self, code):
        components = self.picture.components
        if code < 0x24:
            named = [(n + 1, min(n, 1)) for n in range(len(components))]
        else:
            named = [tuple(self.reader.take(2)) for _ in components]
        self.identifiers = dict(enumerate(identifier for identifier, _ in named))
        self.progressive = code & 3 == 2
        head = struct.pack(">BHHB", 8, self.picture.height, self.picture.width, len(components))
        listed = (
            bytes([identifier, c.h << 4 | c.v, slot])
            for (identifier, slot), c in zip(named, components, strict=True)
        )
        self.pieces.append(segment(0xC0 | code & 3, head + b"".join(listed)))

    def dht(self):
        found = []
        for _ in range(self.reader.byte()):
            at, kind = self.reader.take(2)
            own = None
            if kind == 3:
                counts = self.reader.take(16)
                own = counts, self.reader.take(sum(counts))
            found.append((at, kind, own))
        return found

    def define(self, tables):
        piece = []
        for at, kind, own in tables:
            assert kind < 4
            if kind < 2:
                own = STANDARD_TABLES[at >> 4, kind]
            table = Table(*(own or ()))
            self.tables[at >> 4, at & 15] = table
            piece.append((at, table))
        self.pieces.append(piece)

    def listed_scan(self):
        reader = self.reader
        flags, count = reader.take(2)
        members = []
        for _ in range(count):
            place, slots = reader.take(2)
            members.append((place, slots >> 4, slots & 15))
        first, last, bits = reader.take(3)
        difference = []
        if flags & 4:
            for _ in range(reader.varint()):
                kept, dropped = reader.varint(), reader.varint()
                difference.append((kept, dropped, reader.take(reader.varint())))
        self.scan(members, (first, last), (bits >> 4, bits & 15), flags, difference)

    def scan(self, members, band, bits, flags=0, difference=()):
        scan = Scan(self.picture, members, band, bits, flags, difference, self.padded)
        scan.symbols(self.progressive, dict(self.tables), self.interval)
        self.pieces.append(scan)

    def progression(self, code):
        everyone = range(len(self.picture.components))
        for places, first, last, high, low in PROGRESSIONS[code]:
            if places == "each":
                scans = [[place] for place in everyone]
            else:
                scans = [list(everyone) if places is None else [places]]
            for members in scans:
                kind = int(first > 0)
                slot_of = {p: min(p, 1) if code == 0x81 else 0 for p in members}
                if kind or not high:
                    for slot in sorted(set(slot_of.values())):
                        self.part(0x41 | kind << 3 | slot << 1)
                used = [
                    (p, slot_of[p] if not kind and not high else 0, slot_of[p] if kind else 0)
                    for p in members
                ]
                self.scan(used, (first, last), (high, low))


def padded_blocks(picture, dummies):
    """The blocks of each component, those without picture included: as told, or by the rule."""
    padded = []
    source = Reader(dummies or b"")
    for c in picture.components:
        rows = c.v * ceil_div(picture.height, 8 * picture.vmax)
        columns = c.h * ceil_div(picture.width, 8 * picture.hmax)
        if len(picture.components) == 1:
            rows, columns = c.rows, c.columns
        blocks = np.zeros((rows, columns, 64), np.int64)
        blocks[: c.rows, : c.columns] = c.blocks
        if dummies is None:
            follow_rule(blocks, c)
        else:
            read_dummies(blocks, c, source)
        padded.append(blocks)
    assert not source.rest()
    return padded


def follow_rule(blocks, c):
    """libjpeg's: AC 0, DC of the block before it in the MCU."""
    rows, columns = blocks.shape[:2]
    for j in range(c.columns, columns):
        blocks[: c.rows, j, 0] = blocks[: c.rows, j - 1, 0]
    for i in range(c.rows, rows):
        for j in range(columns):
            blocks[i, j, 0] = blocks[i - 1, j // c.h * c.h + c.h - 1, 0]


def read_dummies(blocks, c, source):
    previous = 0
    for i, j in np.ndindex(blocks.shape[:2]):
        if i < c.rows and j < c.columns:
            continue
        for k in range(source.byte()):
            blocks[i, j, ZIGZAG[k]] = unfolded(source.varint()) + (0 if k else previous)
        previous = blocks[i, j, 0]


# ---------------------------------------------------------------- decoding


def decode(file, models=MODELS):
    """The bytes of a .cgx file of coding 6 -> (pixels, bytes of the JPEG file or nothing)."""
    mode, width, height, checksum, sections = sections_of(file)
    assert sections[0][0] == b"JPEG"
    head = Reader(sections[0][1])
    flags, rows = head.byte(), head.varint()
    assert flags < 32
    geometry = head.take(head.varint())
    if flags & 16:
        ((name, jpeg),) = sections[1:]
        assert name == b"JFIL"
        with Image.open(io.BytesIO(jpeg)) as image:
            pixels = np.atleast_3d(np.asarray(image))
    else:
        picture = Picture(geometry, mode, width, height)
        corrections = [0] * 31
        if flags & 4:
            halves = [half - 8 for byte in head.take(16) for half in (byte & 15, byte >> 4)]
            assert halves[31] == 0
            corrections = halves[:31]
        name, reference = sections[1]
        assert name == b"NETS"
        networks = Networks(reference, models)
        each = 8 if len(picture.components) == 1 else 8 * picture.vmax
        total = ceil_div(height, each)
        for number, start in enumerate(range(0, total, rows)):
            name, payload = sections[2 + number]
            assert name == b"JSTR"
            decode_strip(payload, networks, picture, start, rows, corrections)
        left = sections[2 + ceil_div(total, rows) :]
        pixels = render(picture)
        if left:
            ((name, payload),) = left
            assert name == b"JEXC"
            add_exceptions(pixels, payload)
        recipe = head.rest()
        if flags & 8:
            recipe = zstandard.ZstdDecompressor().decompress(recipe)
        jpeg = None
        if flags & 1:
            jpeg = Recipe(picture, recipe).file()
    if checksum != bytes(8):  # a rectangle of a page states none
        assert hashlib.blake2b(pixels.tobytes(), digest_size=8).digest() == checksum
    return pixels, jpeg
