"""A second decoder of the grid coding, written from FORMAT.md 3.7: plain and slow.

Luminance and the streams are those of `plain_decoder`. What it and the package decode must be
equal; it takes exact luminance and mode RGB.
"""

import json
import struct
from math import isqrt

import numpy as np

from tests.format import plain_decoder
from tests.format.plain_decoder import MODELS, PASSES, Networks, Stream, cut, row_of
from tools.export import evaluate

PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))


def sections_of(file):
    """Size and sections of a file."""
    assert (file[10], file[11]) == (4, 6)
    width, height = struct.unpack_from("<II", file, 16)
    found, position = [], 36
    while True:
        name, length, _ = struct.unpack_from("<4sII", file, position)
        if name == b"CEND":
            return width, height, found
        found.append((name, file[position + 12 : position + 12 + length]))
        position += 12 + length


def luminance_of(file, sections):
    """As a lossless file of mode L would give it."""
    grey = bytearray(file[:36])
    grey[10:12] = 3, 2
    for name, payload in [*sections, (b"CEND", b"")]:
        if name in (b"NETS", b"LLAN", b"LADP", b"LPRE", b"LTIL", b"CEND"):
            payload = payload[:10] if name == b"NETS" else payload
            grey += struct.pack("<4sII", name, len(payload), 0) + payload
    return plain_decoder.decode(bytes(grey))[..., 0].astype(int)


def hints_of(data, rows, columns, networks):
    """3.7.1: Co and Cg (rows, columns) of hints, or of slopes."""
    planes = [np.full((rows, columns), value) for value in (128, 0, 0)]
    stream = Stream(data, max(1, rows * columns // 1024), networks.frequencies)
    for number in (1, 2):
        seeds = planes[number][::8, ::8]
        for count, at in enumerate(np.ndindex(seeds.shape)):
            seeds[at] = stream.symbol(count, row_of(number, 0, 32)) - 512
    for interval, level in ((4, "second"), (2, "second"), (1, "fine")):
        grids = [plane[::interval, ::interval] for plane in planes]
        for name, places in PASSES.items():
            if any(grids[0][p[0] :: 2, p[1] :: 2].size for p in places):
                plain_decoder.color_pass(grids, name, level, networks, stream)
    stream.finish()
    return planes[1:]


# 3.7.5
KINDS = (
    ((0, 3, 0, 28), (0, 6, 0, 0), (0, 2, 0, 0)),
    ((28, 8, 0, 12), (31, 12, 0, 1), (22, 12, 0, 1)),
    ((0, 2, 4, 0), (0, 4, 3, 1), (0, 0, 3, 0)),
    ((20, 4, 6, 0), (22, 7, 6, 6), (32, 8, 5, 1)),
)
ROWS = (
    (0, 16359, 108), (4, 16359, 108), (5, 16359, 108), (7, 16359, 108), (9, 16349, 108),
    (12, 16329, 108), (16, 16329, 108), (21, 16289, 108), (28, 16276, 108), (37, 16091, 108),
    (49, 15994, 108), (64, 15810, 108), (84, 14934, 108), (111, 14077, 108), (147, 12120, 108),
    (194, 10065, 108), (256, 7405, 108), (338, 4339, 108), (446, 1791, 115), (588, 327, 127),
    (776, 327, 146), (1024, 327, 163), (1351, 327, 176), (1783, 327, 195),
)  # fmt: skip


def finer_frequencies():
    """Symbol 0 is an escape, 504 to 520 are -8 to 8."""
    found = []
    for _, zero, ratio in ROWS:
        row, left = [0] * 1024, 16384 - zero
        row[512] = zero
        for m in range(1, 9):
            row[512 - m] = row[512 + m] = left * (256 - ratio) >> 9
            left -= 2 * row[512 + m]
        row[0] = left
        found.append(row)
    return np.array(found)


def finer_of(data, steps, hints, sizes):
    """3.7.5: the values of each level, of Co and of Cg."""
    lanes = max(1, sum(rows * columns for rows, columns in sizes) // 4096)
    stream = Stream(data, lanes, finer_frequencies())
    above = []
    for plane in hints:
        around = np.pad(plane, 1, mode="edge")
        bends = np.zeros(plane.shape, int)
        for y, x in np.ndindex(plane.shape):
            four = around[y, x + 1] + around[y + 2, x + 1] + around[y + 1, x] + around[y + 1, x + 2]
            bends[y, x] = abs(4 * plane[y, x] - four) // 2
        above.append(bends)
    levels = []
    for level, (rows, columns) in enumerate(sizes):
        planes = []
        for number in (0, 1):
            values, known = np.zeros((rows, columns), int), np.zeros((rows, columns), int)
            before = above[number]
            for p, q in ((0, 0), (1, 1), (0, 1), (1, 0)):
                count = 0
                now = known.copy()
                for y in range(p, rows, 2):
                    for x in range(q, columns, 2):

                        def at(plane, y, x):
                            inside = 0 <= y < plane.shape[0] and 0 <= x < plane.shape[1]
                            return int(plane[y, x]) if inside else 0

                        cross = ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
                        diagonal = ((y + a, x + b) for a in (-1, 1) for b in (-1, 1))
                        near = 2 * sum(at(now, *place) for place in cross)
                        near += sum(at(now, *place) for place in diagonal)
                        last, end = before.shape[0] - 1, before.shape[1] - 1
                        wide = sum(
                            int(before[min(i, last), min(j, end)])
                            for i in (y // 2, (y + 1) // 2)
                            for j in (x // 2, (x + 1) // 2)
                        )
                        beside = 0
                        if number:
                            co = np.abs(planes[0])
                            beside = 2 * at(co, y, x) + sum(at(co, *place) for place in cross)
                        kind = 2 * number + ((p, q) != (0, 0))
                        a, b, c, d = KINDS[kind][min(level, 2)]
                        total = a * near + b * wide + c * beside + d
                        row = max(k for k, (least, _, _) in enumerate(ROWS) if total >= least)
                        values[y, x] = stream.symbol(count, row) - 512
                        known[y, x] = abs(values[y, x])
                        count += 1
            above[number] = known
            planes.append(values)
        levels.append(planes)
    stream.finish()
    return levels


def stored_of(hints, step, levels, steps):
    """3.7.5: colour at the finest points, in eighths."""
    found = []
    for number in (0, 1):
        values = 8 * step * hints[number]
        for each, level in zip(steps, levels, strict=True):
            finer = np.zeros(level[number].shape, int)
            for y, x in np.ndindex(finer.shape):
                here = base_of(values, 2, y, x) + 8 * each * int(level[number][y, x])
                finer[y, x] = cut(here, -8192, 8191)
            values = finer
        found.append(values)
    return found


def base_of(values, k, y, x):
    """3.7.3."""
    (i, a), (j, b) = divmod(y, k), divmod(x, k)
    last_row, last_column = values.shape[0] - 1, values.shape[1] - 1

    def v(row, column):
        return int(values[min(row, last_row), min(column, last_column)])

    between = (k - a) * ((k - b) * v(i, j) + b * v(i, j + 1))
    between += a * ((k - b) * v(i + 1, j) + b * v(i + 1, j + 1))
    return (2 * between + k * k) // (2 * k * k)


def means_of(luminance, n, rows, columns):
    """3.7.3: what the base of Y is made of."""
    means = np.zeros((rows, columns), int)
    for i, j in np.ndindex(means.shape):
        total = weights = 0
        for (y, x), value in np.ndenumerate(luminance):
            w = max(0, n - abs(y - i * n)) * max(0, n - abs(x - j * n))
            total, weights = total + w * int(value), weights + w
        means[i, j] = (16 * total + weights) // (2 * weights)
    return means


def decode(file):
    """The bytes of a file of mode RGB with exact luminance -> (H, W, 3) uint8."""
    width, height, sections = sections_of(file)
    sizes = dict(sections)
    luminance = luminance_of(file, sections)
    n, kind, step, factor, gain = sizes[b"GRID"][:5]
    data, m = sizes[b"GRID"][5:], factor * n
    wider = unit = 0
    k, steps, finer = n, [], None
    if b"GFIN" in sizes:
        wider, unit, count = sizes[b"GFIN"][:3]
        steps, finer = list(sizes[b"GFIN"][3 : 3 + count]), sizes[b"GFIN"][3 + count :]
        k = n << wider
    rows, columns = -(-height // k), -(-width // k)
    networks = Networks(sizes[b"NETS"][:10])
    slopes = None
    if factor:
        (length,) = struct.unpack_from("<I", data)
        data, rest = data[4 : 4 + length], data[4 + length :]
        slopes = hints_of(rest, -(-height // m), -(-width // m), networks)
    hints = hints_of(data, rows, columns, networks)
    levels = []
    if finer is not None:
        each = [k >> level for level in range(1, len(steps) + 1)]
        shapes = [(-(-height // e), -(-width // e)) for e in each]
        levels = finer_of(finer, steps, hints, shapes)
        k = each[-1]
    stored = stored_of(hints, step, levels, steps)
    means = means_of(luminance, n, -(-height // n), -(-width // n))

    padded = 32 * -(-height // 32), 32 * -(-width // 32)
    seen = np.zeros((4, *padded), int)  # Y, detail, base of Co, base of Cg
    for y, x in np.ndindex(padded):
        here = int(luminance[min(y, height - 1), min(x, width - 1)])
        detail = 8 * here - base_of(means, n, y, x)
        bases = [base_of(plane, k, y, x) for plane in stored]
        if factor:
            shading = [(base_of(4 * (s << unit), m, y, x) * detail + 32) >> 6 for s in slopes]
            bases = [base + shade for base, shade in zip(bases, shading, strict=True)]
        seen[:, y, x] = here, detail, *bases

    inputs = np.zeros((1, 19, padded[0] // 2, padded[1] // 2), np.uint8)
    for row, column in np.ndindex(inputs.shape[2:]):
        values = []
        for plane, shift, zero in zip(seen, (0, 3, 4, 4), (128, 0, 0, 0), strict=True):
            values += [(int(plane[2 * row + p, 2 * column + q]) - zero) >> shift for p, q in PHASES]
        r, c = (max(n - 2 * k % n, 2 * k % n) for k in (row, column))
        values += [255 * r * c // (n * n) - 128, isqrt(484 * n) - 128, -64 if kind else 64]
        inputs[0, :, row, column] = [cut(value, -128, 127) + 128 for value in values]

    numbers = np.zeros((16, padded[0] // 2, padded[1] // 2), int)
    if gain:
        (number,) = struct.unpack_from("<H", sizes[b"NETS"], 10)
        index = {e["id"]: e for e in json.loads((MODELS / "index.json").read_text())["networks"]}
        graph = evaluate.load(MODELS / index[number]["file"])
        (outputs,) = evaluate.run(graph, {"inputs": inputs})
        numbers = np.rint(outputs[0].astype(float) * 64).astype(int)

    pixels = np.zeros((height, width, 3), np.uint8)
    for y, x in np.ndindex(height, width):
        phase = 2 * (y % 2) + x % 2
        of_pixel = numbers[:, y // 2, x // 2].tolist()
        here, detail, *bases = seen[:, y, x].tolist()
        colour = []
        for plane, base in enumerate(bases):
            offset, slope = of_pixel[4 * plane + phase], of_pixel[8 + 4 * plane + phase]
            move = cut(offset + ((cut(slope, -128, 128) * detail) >> 6), -32768, 32767)
            eighths = base + ((gain * move) >> 3) + 4
            colour.append(cut(eighths >> 3, -255, 255))
        t = here - (colour[1] >> 1)
        blue = t - (colour[0] >> 1)
        pixels[y, x] = [cut(v, 0, 255) for v in (blue + colour[0], colour[1] + t, blue)]
    return pixels
