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
        if name in (b"NETS", b"LADP", b"LPRE", b"LTIL", b"CEND"):
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
    rows, columns = -(-height // n), -(-width // n)
    networks = Networks(sizes[b"NETS"][:10])
    slopes = None
    if factor:
        (length,) = struct.unpack_from("<I", data)
        data, rest = data[4 : 4 + length], data[4 + length :]
        slopes = hints_of(rest, -(-height // m), -(-width // m), networks)
    hints = hints_of(data, rows, columns, networks)
    means = means_of(luminance, n, rows, columns)

    padded = 32 * -(-height // 32), 32 * -(-width // 32)
    seen = np.zeros((4, *padded), int)  # Y, detail, base of Co, base of Cg
    for y, x in np.ndindex(padded):
        here = int(luminance[min(y, height - 1), min(x, width - 1)])
        detail = 8 * here - base_of(means, n, y, x)
        bases = [base_of(8 * step * plane, n, y, x) for plane in hints]
        if factor:
            shading = [(base_of(4 * s, m, y, x) * detail + 32) >> 6 for s in slopes]
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
