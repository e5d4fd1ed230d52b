"""A second decoder of the lossless and the near coding, written from FORMAT.md: plain and slow.

It shares no code with the package but the tables and graphs of models/ and the int64 evaluator of
tools/. What it and the package decode must be equal.
"""

import io
import json
import struct
from itertools import product

import numpy as np
import zstandard
from PIL import Image

from tests.conftest import MODELS
from tests.format.plain_counts import Counts
from tools.export import evaluate

KNOWN, RIGHT, BELOW, DIAGONAL = (0, 0), (0, 1), (1, 0), (1, 1)
PASSES = {"diagonal": [DIAGONAL], "cross": [RIGHT, BELOW]}


def sections_of(file):
    """Section 1: size, mode and sections of a file (checksums are the package's tests)."""
    coding, mode = file[10], file[11]
    width, height = struct.unpack_from("<II", file, 16)
    assert coding in (3, 7)
    found, position = [], 36
    while True:
        name, length, _ = struct.unpack_from("<4sII", file, position)
        if name == b"CEND":
            return width, height, mode, found
        found.append((name, file[position + 12 : position + 12 + length]))
        position += 12 + length


class Networks:
    """3.3.7: the tables that the file names, and the graphs that they name."""

    def __init__(self, reference):
        (number,) = struct.unpack_from("<H", reference)
        index = {
            entry["id"]: entry
            for entry in json.loads((MODELS / "index.json").read_text())["networks"]
        }
        assert bytes.fromhex(index[number]["hash"]) == reference[2:10]
        tables = np.load(io.BytesIO((MODELS / index[number]["file"]).read_bytes()))
        names = [
            f"{plane}_{level}_{name}"
            for plane in ("luminance", "color")
            for level in ("fine", "second", "coarse")
            for name in ("diagonal", "cross")
        ]
        self.ids = {name: int(one) for name, one in zip(names, tables["networks"], strict=True)}
        self.graphs = {
            name: evaluate.load(MODELS / index[one]["file"]) for name, one in self.ids.items()
        }
        self.frequencies = tables["frequencies"].astype(int).tolist()
        self.adaptation = {}
        self.clipping, self.counts = None, 0
        self.rounding, self.level = None, 0

    def read_adaptation(self, data):
        """Section 3.3.6."""
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        position = 0
        for level in ("second", "fine"):
            for plane, name in product(("luminance", "color"), ("diagonal", "cross")):
                flag = data[position]
                position += 1
                if not flag:
                    continue
                pixels = len(PASSES[name])
                each, of = (2, 2) if plane == "luminance" else (4, 6)
                inputs = {"luminance": (37, 34), "color": (83, 106)}[plane][name == "cross"]
                number = self.ids[f"{plane}_{level}_{name}"]
                middle = any(number in range(a, a + 12) for a in (150, 163))
                small = any(number in range(a, a + 12) for a in (32, 176, 201))
                features = 32 if small else 48 if middle else 64
                columns, rows = features + inputs + 1, each * pixels
                shifts = list(data[position : position + rows])
                position += rows
                weights = np.frombuffer(data, np.int8, rows * columns, position).reshape(
                    rows, columns
                )
                position += rows * columns
                outputs = [pixel * of + k for pixel in range(pixels) for k in range(each)]
                self.adaptation[f"{plane}_{level}_{name}"] = list(
                    zip(outputs, shifts, weights.astype(np.int64), strict=True)
                )
        assert position == len(data)

    def read_lanes(self, sections):
        """Section 3.3.16."""
        self.tail_shift = sections[b"LLAN"][0] if b"LLAN" in sections else None

    def read_rounding(self, data, planes):
        """Section 3.9: the errors of the levels of each plane, and its classes."""
        of_luminance, of_color = list(data[1:5]), list(data[5:9])
        position = 5 if planes == 1 else 9
        self.rounding = []
        for plane in range(planes):
            first = data[position]
            bits = int.from_bytes(data[position + 1 : position + 7], "little")
            classes = [first + (bits & (2**c - 1)).bit_count() for c in range(48)]
            errors = of_color if plane else of_luminance
            self.rounding.append((errors, [min(c, 47) for c in classes]))
            position += 7
        assert position == len(data)

    def value(self, stream, number, plane, m, c):
        """Symbol `number` of its group, as a value of a plane."""
        if not self.rounding:
            return stream.symbol(number, row_of(plane, m, c)) - 512 + (m >> 3)
        errors, classes = self.rounding[plane]
        center, size = (m + 4) >> 3, 2 * errors[self.level] + 1
        shift = center - (m >> 3)
        step = stream.step(number, row_of(plane, m, classes[c]), shift, errors[self.level])
        return cut(center + step * size, -255 if plane else 0, 255)

    def integers(self, name, inputs, units):
        """One network: bytes (inputs, rows, columns) -> integers (outputs, rows, columns)."""
        graph = self.graphs[name]
        results = dict(
            zip(
                [output.name for output in graph.graph.output],
                evaluate.run(graph, {"inputs": inputs[None]}),
                strict=True,
            )
        )
        outputs, features = results["outputs"][0].astype(np.float64), results["features"][0]
        units = units * (len(outputs) // len(units))
        numbers = np.array([np.rint(o * u) for o, u in zip(outputs, units, strict=True)]).astype(
            np.int64
        )
        columns = np.concatenate(
            [
                features.astype(np.int64),
                inputs.astype(np.int64) - 128,
                np.full((1, *inputs.shape[1:]), 64),
            ]
        )
        for output, shift, weights in self.adaptation.get(name, []):
            total = (weights[:, None, None] * columns).sum(0)
            numbers[output] += (total + 2**shift // 2) >> shift
        return numbers


def told_lanes(data, count_bytes):
    """Section 3.3.16: the states, M and the words."""
    lanes = 1 + int.from_bytes(data[:count_bytes], "little")
    begin = count_bytes + 3
    bits = "".join(f"{byte:08b}" for byte in data[begin:])
    lengths = [17 + int(bits[4 * lane : 4 * lane + 4], 2) for lane in range(lanes)]
    position, states = 4 * lanes, []
    for length in lengths:
        states.append(int("1" + bits[position : position + length - 1], 2))
        position += length - 1
    end = -(-position // 8)
    assert "1" not in bits[position : 8 * end]
    words = [int(x) for x in np.frombuffer(data, "<u2", offset=begin + end)]
    return states, int.from_bytes(data[count_bytes:begin], "little"), words


class Stream:
    """Section 3.3.5, or, where `lanes` is None, 3.3.16."""

    before_tail, offset = None, 0

    def __init__(self, data, lanes, frequencies, counts=None, tail_shift=5):
        self.counts = counts
        (escapes,) = struct.unpack_from("<I", data)
        self.escapes = list(np.frombuffer(data, "<u2", escapes, 4))
        position = 4 + 2 * escapes
        self.frequencies = frequencies
        self.ends = {}
        if lanes is None:
            self.states, self.before_tail, self.words = told_lanes(data[position:], 2)
            self.tail_lanes = max(1, len(self.states) >> tail_shift)
            return
        self.states = [int(x) for x in np.frombuffer(data, "<u4", lanes, position)]
        self.words = [int(x) for x in np.frombuffer(data, "<u2", offset=position + 4 * lanes)]

    def lane_of(self, number):
        """Of symbol `number` of its group, which is the next one."""
        if number == 0:
            self.offset = 0
        if self.before_tail == 0:
            self.begin_tail()
            self.offset = number
        if self.before_tail is not None:
            self.before_tail -= 1
        return (number - self.offset) % len(self.states)

    def begin_tail(self):
        """Section 3.3.16."""
        assert not self.words
        assert all(x < 2**17 for x in self.states[self.tail_lanes :])
        self.words = [x - 2**16 for x in self.states[self.tail_lanes :]]
        self.states = self.states[: self.tail_lanes]

    def symbol(self, number, row):
        """Symbol `number` of its group."""
        lane = self.lane_of(number)
        x = self.states[lane]
        slot = x & 16383
        if row not in self.ends:
            self.ends[row] = np.cumsum(self.frequencies[row])
        symbol = int(np.searchsorted(self.ends[row], slot, side="right"))
        frequency = self.frequencies[row][symbol]
        x = frequency * (x >> 14) + slot - (int(self.ends[row][symbol]) - frequency)
        if x < 2**16:
            x = x << 16 | self.words.pop(0)
        self.states[lane] = x
        return symbol if symbol else int(self.escapes.pop(0))

    def by_starts(self, number, starts):
        """Section 3.3.15: as `symbol`, where each pixel has frequencies of its own."""
        lane = self.lane_of(number)
        x = self.states[lane]
        slot = x & 16383
        symbol = int(np.searchsorted(starts, slot, side="right")) - 1
        x = (starts[symbol + 1] - starts[symbol]) * (x >> 14) + slot - starts[symbol]
        if x < 2**16:
            x = x << 16 | self.words.pop(0)
        self.states[lane] = x
        return symbol

    def step(self, number, row, shift, error):
        """Section 3.9: as `symbol`, where several symbols are one step; its number."""
        lane, size = self.lane_of(number), 2 * error + 1
        x = self.states[lane]
        slot = x & 16383
        starts = [0, *np.cumsum(self.frequencies[row]).tolist()]
        symbol = int(np.searchsorted(starts, slot, side="right")) - 1
        step = (symbol - 512 - shift + error) // size
        first = 512 + shift + step * size - error
        first, end = (0, 1) if symbol == 0 else (max(first, 1), min(first + size, 1024))
        x = (starts[end] - starts[first]) * (x >> 14) + slot - starts[first]
        if x < 2**16:
            x = x << 16 | self.words.pop(0)
        self.states[lane] = x
        return step if symbol else int(self.escapes.pop(0)) - 512

    def finish(self):
        if self.before_tail == 0:
            self.begin_tail()
        assert self.before_tail is None or self.before_tail <= 0
        assert not any(self.words)
        assert self.before_tail is not None or not self.words
        assert not self.escapes
        assert set(self.states) == {2**16}


def row_of(plane, m, c):
    return 216 * plane + (8 * c + (m & 7) if c < 24 else 168 + c)


def mean4(*four):
    return (sum(four) + 2) >> 2


def cut(value, lowest, highest):
    return max(lowest, min(highest, value))


class Taps:
    """The pixels of one place of the cells of a grid, by cell; 3.3.3 says what lies outside."""

    def __init__(self, grid, place):
        self.pixels = grid[place[0] :: 2, place[1] :: 2]
        if not self.pixels.size:
            self.pixels = grid[::2, ::2]

    def __call__(self, row, column):
        height, width = self.pixels.shape
        return int(self.pixels[cut(row, 0, height - 1), cut(column, 0, width - 1)])


def bases_of(grid, name, i, j):
    """The bases of the pixels of a pass, and the middle one."""
    k, d = Taps(grid, KNOWN), Taps(grid, DIAGONAL)
    if name == "diagonal":
        base = mean4(k(i, j), k(i, j + 1), k(i + 1, j), k(i + 1, j + 1))
        return [base], base
    right = mean4(k(i, j), k(i, j + 1), d(i - 1, j), d(i, j))
    below = mean4(k(i, j), k(i + 1, j), d(i, j - 1), d(i, j))
    return [right, below], (right + below + 1) >> 1


def neighbours(grid, name, i, j, first):
    """Differences of known (and diagonal) pixels to the base; `first`: the first known tap."""
    k, d = Taps(grid, KNOWN), Taps(grid, DIAGONAL)
    bases, base = bases_of(grid, name, i, j)
    last = 1 - first
    seen = [k(i + a, j + b) - base for a, b in product(range(first, last + 1), repeat=2)]
    if name == "cross":
        seen += [d(i + a, j + b) - base for a, b in product(range(-2, 2), repeat=2)]
        seen.append(bases[0] - bases[1])
    return seen, base


def luminance_inputs(grids, name, i, j):
    seen, base = neighbours(grids[0], name, i, j, -2 if name == "diagonal" else -1)
    return [*seen, base - 128]


def color_inputs(grids, name, i, j):
    luminance, co, cg = grids
    of_co, base_co = neighbours(co, name, i, j, -1)
    of_cg, base_cg = neighbours(cg, name, i, j, -1)

    def y(p, q):
        height, width = luminance.shape
        return int(luminance[cut(2 * i + p, 0, height - 1), cut(2 * j + q, 0, width - 1)])

    if name == "diagonal":
        here = y(1, 1)
        window = [y(p, q) - here for p, q in product(range(-2, 5), repeat=2) if (p, q) != (1, 1)]
    else:
        here = (y(0, 1) + y(1, 0) + 1) >> 1
        window = [y(p, q) - here for p, q in product(range(-2, 4), repeat=2)]
        window.append(y(0, 1) - y(1, 0))
    return [*of_co, *of_cg, *window, here - 128, base_co >> 1, base_cg >> 1]


def inputs_of(see, grids, name):
    """(inputs, rows, columns) bytes for all cells."""
    height, width = grids[0].shape
    rows, columns = (height + 1) // 2, (width + 1) // 2
    lists = [[see(grids, name, i, j) for j in range(columns)] for i in range(rows)]
    return (np.clip(np.array(lists), -128, 127) + 128).astype(np.uint8).transpose(2, 0, 1)


def distribution(mean, scale, base, lowest):
    """Section 3.3.4: m and c."""
    return cut(8 * base + ((mean + 4) >> 3), lowest, 2040), cut(((scale + 8) >> 4) + 22, 0, 47)


def surprise(distance, c):
    octave, quarter = divmod(c - 16, 4)
    bound = 8 * (65536, 77936, 92682, 110218)[quarter] / 65536 * 2.0**octave
    reached = sum(abs(distance) >= bound * k for k in (0.5, 1, 2, 4))
    return (-11, -3, 5, 16, 29)[reached]


def given_co(mean, scale, slope, weight, co, m, c):
    """3.3.4: what a network says of Cg, once Co, which was expected at m and c, is known."""
    distance = 8 * co - m
    mean += (cut(slope, -16, 16) * distance) >> 1
    scale += (cut(weight, -16, 16) * surprise(distance, c) + 2) >> 2
    return mean, scale


def clipped_channels(grids, name, place, i, j):
    """3.3.10: the values of red, green and blue that are clipped in all known pixels around."""
    if name == "diagonal":
        known, diagonal = [(0, 0), (0, 1), (1, 0), (1, 1)], []
    elif place == RIGHT:
        known, diagonal = [(0, 0), (0, 1)], [(-1, 0), (0, 0)]
    else:
        known, diagonal = [(0, 0), (1, 0)], [(0, -1), (0, 0)]
    around = []
    for of_cell, taps in ((KNOWN, known), (DIAGONAL, diagonal)):
        planes = [Taps(grid, of_cell) for grid in grids]
        around += [rgb_of(*(plane(i + a, j + b) for plane in planes)) for a, b in taps]
    same = [{pixel[channel] for pixel in around} for channel in range(3)]
    return [min(values) if values in ({0}, {255}) else None for values in same]


def co_interval(y, r, g, b):
    """3.3.10: case and interval, or nothing."""
    if r is not None and b is not None:
        return 1, r - b, r - b
    if g is not None and r is not None:
        return 2, 2 * (r + g - 2 * y) - 3, 2 * (r + g - 2 * y)
    if g is not None and b is not None:
        return 3, 2 * (2 * y - g - b), 2 * (2 * y - g - b) + 3
    return None


def cg_interval(y, co, r, g, b):
    if r is not None or b is not None:
        t = (r - co if r is not None else b) + (co >> 1)
        return (4, g - t, g - t) if g is not None else (5, 2 * (y - t), 2 * (y - t) + 1)
    return None if g is None else (6, 2 * (g - y) - 1, 2 * (g - y))


def narrowed(m, c, interval, classes):
    if interval is None or classes[interval[0] - 1] == 255:
        return m, c
    case, *ends = interval
    lowest, highest = (8 * cut(end, -255, 255) for end in ends)
    return cut(m, lowest, highest), min(c, classes[case - 1])


BEFORE = {"diagonal": [KNOWN], "cross": [KNOWN, DIAGONAL]}


class Held:
    """3.3.14: the pixels of planes that streams hold; the others are given, or hidden."""

    def __init__(self, pixels, given=False):
        self.pixels, self.given = pixels, given

    def __getitem__(self, where):
        return Held(self.pixels[where], self.given)

    def filled(self, grids, name):
        """What the networks see of the planes of a level."""
        known = np.full(self.pixels.shape, False)
        for place in BEFORE[name]:
            at = (slice(place[0], None, 2), slice(place[1], None, 2))
            known[at] = self.pixels[at]
        if self.given:
            known |= ~self.pixels
        whole = [known] if len(grids) == 1 else [self.pixels, known, known]
        pairs = zip(grids, whole, (128, 0, 0), strict=False)
        return [fill(grid, of_grid, otherwise) for grid, of_grid, otherwise in pairs]


def fill(grid, known, otherwise):
    """3.3.14: storey by storey."""
    if grid.size == 1:
        return grid.copy() if known[0, 0] else np.full_like(grid, otherwise)
    height, width = grid.shape
    above = np.zeros(((height + 1) // 2, (width + 1) // 2), np.int64)
    above_known = np.full(above.shape, False)
    for i, j in np.ndindex(above.shape):
        square = np.s_[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        values = grid[square][known[square]].tolist()
        if values:
            above[i, j], above_known[i, j] = sum(values) // len(values), True
    above = fill(above, above_known, otherwise)
    found = grid.copy()
    for i, j in np.ndindex(grid.shape):
        if not known[i, j]:
            found[i, j] = above[i // 2, j // 2]
    return found


def group_of(target, place, held):
    """The pixels of a group: their numbers in it, and where they are."""
    of_place = None if held is None else held.pixels[place[0] :: 2, place[1] :: 2]
    pixels = [at for at in np.ndindex(target.shape) if held is None or of_place[at]]
    return list(enumerate(pixels))


def luminance_pass(grids, name, level, networks, stream, held=None):
    own = grids[0]
    if held is not None:
        grids = held.filled(grids[:1], name)
    inputs = inputs_of(luminance_inputs, grids, name)
    numbers = networks.integers(f"luminance_{level}_{name}", inputs, [256, 64]).tolist()
    grid = grids[0].copy()
    for pixel, place in enumerate(PASSES[name]):
        target = own[place[0] :: 2, place[1] :: 2]
        for count, (i, j) in group_of(target, place, held):
            mean, scale = (numbers[2 * pixel + k][i][j] for k in range(2))
            m, c = distribution(mean, scale, bases_of(grid, name, i, j)[0][pixel], 0)
            target[i, j] = networks.value(stream, count, 0, m, c)


def color_pass(grids, name, level, networks, stream, held=None):
    own = grids
    if held is not None:
        grids = held.filled(grids, name)
    inputs = inputs_of(color_inputs, grids, name)
    numbers = networks.integers(
        f"color_{level}_{name}", inputs, [256, 64, 256, 64, 16, 16]
    ).tolist()
    before = [grid.copy() for grid in grids]
    for pixel, place in enumerate(PASSES[name]):
        y, co, cg = (grid[place[0] :: 2, place[1] :: 2] for grid in own)
        of_co, expected = {}, []
        for _, (i, j) in group_of(co, place, held):
            mean, scale = (numbers[6 * pixel + k][i][j] for k in range(2))
            m, c = distribution(mean, scale, bases_of(before[1], name, i, j)[0][pixel], -2040)
            of_co[i, j] = m, c
            if networks.clipping:
                clipped = clipped_channels(before, name, place, i, j)
                m, c = narrowed(m, c, co_interval(int(y[i, j]), *clipped), networks.clipping)
            expected.append((m, c, int(y[i, j]), 0))
        fill_group(co, group_of(co, place, held), expected, 1, networks, stream)
        expected = []
        for _, (i, j) in group_of(cg, place, held):
            outputs = (numbers[6 * pixel + k][i][j] for k in range(2, 6))
            mean, scale = given_co(*outputs, int(co[i, j]), *of_co[i, j])
            m, c = distribution(mean, scale, bases_of(before[2], name, i, j)[0][pixel], -2040)
            if networks.clipping:
                clipped = clipped_channels(before, name, place, i, j)
                interval = cg_interval(int(y[i, j]), int(co[i, j]), *clipped)
                m, c = narrowed(m, c, interval, networks.clipping)
            expected.append((m, c, int(y[i, j]), int(co[i, j])))
        fill_group(cg, group_of(cg, place, held), expected, 2, networks, stream)


def fill_group(target, group, expected, plane, networks, stream):
    """Decode the values of a group, each by m and c, and if colours are counted by Y and Co."""
    if stream.counts is not None and plane in stream.counts.counts:
        values = stream.counts.values(stream, plane, expected, row_of)
    else:
        values = [
            networks.value(stream, count, plane, m, c)
            for (count, _), (m, c, *_) in zip(group, expected, strict=True)
        ]
    for (_, at), value in zip(group, values, strict=True):
        target[at] = value


def refine(planes, interval, level, networks, streams, held=None):
    """3.3.2: one refinement of `planes` (views of) in place; a stream for each of the passes."""
    grids = [plane[::interval, ::interval] for plane in planes]
    if held is not None:
        held = held[::interval, ::interval]
    for run, stream in zip((luminance_pass, color_pass), streams, strict=False):
        for name, places in PASSES.items():
            if any(group_of(grids[0][p[0] :: 2, p[1] :: 2], p, held) for p in places):
                run(grids, name, level, networks, stream, held)


class Empty:
    """3.3.14: a stream that holds nothing."""

    def finish(self):
        pass


def streams_of(payloads, area, per_lane, networks, held=None, counts=0):
    """3.3.5: the streams of luminance and of colour; the same one where there is only one.

    Args:
        counts: the byte that tells what of colour is counted (3.3.15), or 0.
    """
    found = []
    for payload, pixels, most in zip(payloads, per_lane, (area, 128), strict=False):
        if held is not None and not held.pixels.any():
            assert payload == b""
            found.append(Empty())
            continue
        lanes = max(1, min(area // pixels, most))
        counted = Counts(networks.frequencies, counts) if counts and found else None
        if networks.tail_shift is None:
            assert held is None
            assert not counts
            found.append(Stream(payload, lanes, networks.frequencies))
        else:
            shift = networks.tail_shift
            found.append(Stream(payload, None, networks.frequencies, counted, shift))
    return found if len(found) == 2 else found * 2


def cuts(length):
    """Section 3.6."""
    pieces = -(-length // 1024)
    step = 8 * -(-length // (8 * pieces))
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]


def rgb_of(y, co, cg):
    """The inverse of 3.3.1."""
    t = y - (cg >> 1)
    blue = t - (co >> 1)
    return blue + co, cg + t, blue


def of_channels(planes, number, clipped=False):
    """3.3.11, or 3.9: (H, W, 3)."""
    order = ("RGB", "RBG", "GRB", "GBR", "BRG", "BGR")[(number - 1) % 6]
    a, b, c = planes
    base = 128 if number <= 6 else a
    found = dict(zip(order, (a, b + base, c + base), strict=True))
    pixels = np.stack([found[channel] for channel in "RGB"], axis=2)
    return (pixels.clip(0, 255) if clipped else pixels).astype(np.uint8)


def rendered(planes, data):
    """3.3.9: (H, W, 3)."""
    y, p, q = planes
    if data[0] == 1:
        red = y + ((91881 * q + 32768) >> 16)
        green = y + ((-22554 * p - 46802 * q + 32768) >> 16)
        blue = y + ((116130 * p + 32768) >> 16)
    else:
        assert data[0] == 2
        red = (13584 * y + 18215 * q) // 10000
        green = (13584 * y - 1940 * (22179 * p // 10000) - 5090 * (18215 * q // 10000)) // 10000
        blue = (13584 * y + 22179 * p) // 10000
    pixels = np.clip([red, green, blue], 0, 255).transpose(1, 2, 0).astype(np.uint8)
    if len(data) > 1:
        raw = zstandard.ZstdDecompressor().decompress(data[1:])
        count = len(raw) // 7
        number = 0
        for k, (away,) in enumerate(struct.iter_unpack("<I", raw[: 4 * count])):
            number += away
            color = raw[4 * count + 3 * k : 4 * count + 3 * k + 3]
            pixels[divmod(number, y.shape[1])] = list(color)
    return pixels


def inner_picture(data, height, width, channels):
    """3.2: (height, width, channels), the kinds of inner picture that alpha has."""
    if data[0] == 2:
        with Image.open(io.BytesIO(data[1:])) as image:
            rgb = np.asarray(image.convert("RGB"))
        return rgb if channels == 3 else rgb[..., 1:2]
    assert data[0] == 3
    filters, raw = (
        data[1 : 1 + channels],
        zstandard.ZstdDecompressor().decompress(data[1 + channels :]),
    )
    planes = np.frombuffer(raw, np.uint8).reshape(channels, height, width).astype(int)
    for plane, one in zip(planes, filters, strict=True):
        for axis in {0: (), 1: (1,), 2: (0,), 3: (1, 0)}[one]:
            plane[...] = plane.cumsum(axis) % 256
    if channels == 1:
        return planes[0][..., None].astype(np.uint8)
    co, cg = planes[1] - 128, planes[2] - 128
    t = planes[0] - (cg >> 1)
    blue = t - (co >> 1)
    return (np.stack([co + blue, cg + t, blue], axis=2) % 256).astype(np.uint8)


def alpha_of(sections, sizes, networks, height, width):
    """3.3.14 and 3.3.8: (height, width)."""
    whole = sizes.get(b"AINN", sizes.get(b"ALPH"))
    if whole is not None and len(whole) == 1:
        whole = np.full((height, width), whole[0])
    elif whole is not None:
        whole = inner_picture(whole, height, width, 1)[..., 0]
    if b"APRE" not in sizes:
        return whole
    plane = np.zeros((height, width), np.int64) if whole is None else whole.astype(np.int64)
    held = None if whole is None else Held(whole == 1, given=True)
    if b"AADP" in sizes:
        networks.read_adaptation(sizes[b"AADP"])
    tiles = [payload for name, payload in sections if name == b"ATIL"]
    decode_planes([plane], [sizes[b"APRE"]], tiles, networks, held)
    return plane


def decode(file):
    """The bytes of a file -> (H, W, channels) uint8."""
    width, height, mode, sections = sections_of(file)
    sizes = dict(sections)
    colors = 1 if mode in (2, 3, 10) else 3
    has_alpha = mode in (3, 10, 7, 8, 9, 11)
    if not has_alpha:
        pixels = decode_colors(sections, sizes, height, width, colors, None)
        return pixels ^ np.array([0, 128, 128], np.uint8) if mode == 13 else pixels
    networks = Networks(sizes[b"NETS"])
    networks.read_lanes(sizes)
    alpha = alpha_of(sections, sizes, networks, height, width)
    held, hidden = None, sizes.get(b"LHID")
    if hidden is not None:
        held = Held(alpha != 0)
        if hidden[0] == 2:
            seen = inner_picture(hidden[1:], height, width, colors)
        else:
            seen = np.array(list(hidden[1 : 1 + colors]), np.uint8)
        if hidden[0] == 1:
            held = Held(
                held.pixels | (inner_picture(hidden[1 + colors :], height, width, 1) == 255)[..., 0]
            )
    pixels = decode_colors(sections, sizes, height, width, colors, held)
    if held is not None:
        pixels = np.where(held.pixels[..., None], pixels, seen)
    return np.concatenate([pixels, alpha[..., None].astype(np.uint8)], axis=2)


def decode_colors(sections, sizes, height, width, colors, held):
    """Without alpha: (H, W, colors)."""
    networks = Networks(sizes[b"NETS"])
    if b"LADP" in sizes:
        networks.read_adaptation(sizes[b"LADP"])
    networks.read_lanes(sizes)
    networks.clipping = sizes.get(b"LCLP")
    (networks.counts,) = sizes.get(b"LCNT", b"\0")
    assert networks.counts in range(4)
    if b"NEAR" in sizes:
        networks.read_rounding(sizes[b"NEAR"], colors)
    planes = [np.zeros((height, width), np.int64) for _ in range(colors)]
    of_preview = [sizes[name] for name in (b"LPRE", b"CPRE") if name in sizes]
    of_tiles = [payload for name, payload in sections if name in (b"LTIL", b"CTIL")]
    if b"LONE" in sizes:
        from tests.format.plain_small_decoder import read_small  # it builds on this one

        read_small(planes, sizes[b"LONE"], networks)
    else:
        decode_planes(planes, of_preview, of_tiles, networks, held)
    if len(planes) == 1:
        return planes[0][..., None].astype(np.uint8)
    if b"LORG" in sizes:
        return rendered(planes, sizes[b"LORG"])
    if b"LCHN" in sizes:
        return of_channels(planes, *sizes[b"LCHN"], clipped=b"NEAR" in sizes)
    return np.stack(rgb_of(*planes), axis=2).astype(np.uint8)


def decode_planes(planes, of_preview, of_tiles, networks, held):
    """3.3.2: fill the planes."""
    height, width = planes[0].shape
    preview = [plane[::8, ::8].copy() for plane in planes]
    seen = None if held is None else held[::8, ::8]
    streams = streams_of(of_preview, preview[0].size, (256, 512), networks, seen)
    for number, plane in enumerate(preview):
        seeds = plane[::8, ::8]
        m, c = (8 * 128, 40) if number == 0 else (0, 32)
        of_seeds = None if seen is None else seen[::4, ::4]
        for count, at in group_of(seeds, KNOWN, of_seeds):
            seeds[at] = networks.value(streams[number > 0], count, number, m, c)
    for interval in (4, 2, 1):
        refine(preview, interval, "coarse", networks, streams[: len(planes)], seen)
    for stream in streams:
        stream.finish()

    for plane, known in zip(planes, preview, strict=True):
        plane[::8, ::8] = known
    each = len(of_preview)
    places = list(product(cuts(height), cuts(width)))
    for number, place in enumerate(places):
        tile = [plane[place] for plane in planes]
        of_tile = of_tiles[number * each : (number + 1) * each]
        seen = None if held is None else held[place]
        streams = streams_of(of_tile, tile[0].size, (3072, 3072), networks, seen, networks.counts)
        for interval, level in ((4, "coarse"), (2, "second"), (1, "fine")):
            networks.level = {4: 1, 2: 2, 1: 3}[interval]
            refine(tile, interval, level, networks, streams[: len(planes)], seen)
        for stream in streams:
            stream.finish()
