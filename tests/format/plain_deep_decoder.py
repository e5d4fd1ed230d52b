"""A second decoder of the deep coding, written from FORMAT.md: plain and slow.

Networks, taps and symbols are those of `plain_decoder`.
"""

import struct
from itertools import product

import numpy as np
import zstandard

from tests.format.plain_decoder import (
    DIAGONAL,
    KNOWN,
    PASSES,
    Networks,
    Stream,
    Taps,
    bases_of,
    cut,
    cuts,
    row_of,
)

SAMPLES = {15: "<u2", 16: ">u2", 19: "<u2", 20: "<u2", 17: "<i4", 18: "<f4"}


def sections_of(file):
    """Section 1: size, mode and sections of a file."""
    assert file[9:11] == b"\1\x08"
    width, height = struct.unpack_from("<II", file, 16)
    found, position = [], 36
    while True:
        name, length, _ = struct.unpack_from("<4sII", file, position)
        if name == b"CEND":
            return width, height, file[11], found
        found.append((name, file[position + 12 : position + 12 + length]))
        position += 12 + length


def samples_of(data, mode):
    """Section 3.10.1: the sample of each number."""
    kind, first, top, step = struct.unpack_from("<BIHH", data, 1)
    gaps = [0] * top
    if len(data) > 10:
        raw = zstandard.ZstdDecompressor().decompress(data[10:])
        assert len(raw) == 4 * top
        gaps = [sum(raw[part * top + k] << (8 * part) for part in range(4)) for k in range(top)]
    if kind < 2 and SAMPLES[mode] != "<u2" and first >= 2**31:
        first -= 2**32
    integers = [first]
    for gap in gaps:
        integers.append(integers[-1] + step * (1 + gap))
    if kind < 2:
        return np.array(integers).astype(SAMPLES[mode])
    bits = [n ^ 2**31 if n >= 2**31 else n ^ (2**32 - 1) for n in integers]
    return np.array(bits, np.uint32).view(np.float32)


def number(stream, place, bits):
    """Section 3.10.3: number `place` of its group."""
    lane = stream.lane_of(place)
    x = stream.states[lane]
    slot = x & 16383
    x = (x >> 14 << (14 - bits)) + (slot & (2 ** (14 - bits) - 1))
    if x < 2**16:
        x = x << 16 | stream.words.pop(0)
    stream.states[lane] = x
    return slot >> (14 - bits)


def zoom_of(grid, name, i, j, fineness):
    """Section 3.10.2."""
    k, d = Taps(grid, KNOWN), Taps(grid, DIAGONAL)
    _, base = bases_of(grid, name, i, j)
    taps = [k(i + a, j + b) for a, b in product(range(-1, 3), repeat=2)]
    if name == "cross":
        taps += [d(i + a, j + b) for a, b in product(range(-2, 2), repeat=2)]
    q = sum(abs(tap - base) for tap in taps) // len(taps) >> fineness
    return max(0, q.bit_length() - 1)


def inputs_of(grid, name, i, j, top, z):
    k, d = Taps(grid, KNOWN), Taps(grid, DIAGONAL)
    bases, base = bases_of(grid, name, i, j)
    if name == "diagonal":
        seen = [k(i + a, j + b) - base for a, b in product(range(-2, 4), repeat=2)]
    else:
        seen = [k(i + a, j + b) - base for a, b in product(range(-1, 3), repeat=2)]
        seen += [d(i + a, j + b) - base for a, b in product(range(-2, 2), repeat=2)]
        seen.append(bases[0] - bases[1])
    return [*((one + 2**z // 2) >> z for one in seen), base * 255 // top - 128]


def run_pass(plane, name, level, networks, stream, top, fineness):
    grid = plane.copy()
    rows, columns = ((side + 1) // 2 for side in grid.shape)
    zooms = [[zoom_of(grid, name, i, j, fineness) for j in range(columns)] for i in range(rows)]
    lists = [
        [inputs_of(grid, name, i, j, top, zooms[i][j]) for j in range(columns)] for i in range(rows)
    ]
    inputs = (np.clip(np.array(lists), -128, 127) + 128).astype(np.uint8).transpose(2, 0, 1)
    numbers = networks.integers(f"luminance_{level}_{name}", inputs, [256, 64]).tolist()
    for pixel, place in enumerate(PASSES[name]):
        target = plane[place[0] :: 2, place[1] :: 2]
        symbols, known = {}, len(stream.escapes)
        for count, (i, j) in enumerate(np.ndindex(target.shape)):
            mean, scale = (numbers[2 * pixel + k][i][j] for k in range(2))
            base, z = bases_of(grid, name, i, j)[0][pixel], zooms[i][j]
            m = cut((mean + 4) >> 3, (-8 * base) >> z, (8 * (top - base)) >> z) - 4 + (4 >> z)
            c = cut(((scale + 8) >> 4) + 22, 0, 47)
            symbol = stream.symbol(count, row_of(0, m, c))
            escaped, known = len(stream.escapes) < known, len(stream.escapes)
            symbols[i, j] = escaped, symbol if escaped else symbol - 512 + (m >> 3), base, z
        count = 0
        for at, (escaped, found, base, z) in symbols.items():
            if not escaped:
                low = 0
                if z:
                    low, count = number(stream, count, z), count + 1
                found = base + (found << z) + low
            assert 0 <= found <= top
            target[at] = found


def refine(plane, interval, level, networks, stream, top, fineness):
    grid = plane[::interval, ::interval]
    for name, places in PASSES.items():
        if any(grid[p[0] :: 2, p[1] :: 2].size for p in places):
            run_pass(grid, name, level, networks, stream, top, fineness)


def decode(file):
    """The bytes of a file -> (H, W) samples."""
    width, height, mode, sections = sections_of(file)
    parts = dict(sections)
    networks = Networks(parts[b"NETS"])
    if b"LADP" in parts:
        networks.read_adaptation(parts[b"LADP"])
    samples = samples_of(parts[b"VALU"], mode)
    top, fineness = len(samples) - 1, parts[b"VALU"][0]
    plane = np.zeros((height, width), np.int64)

    preview = plane[::8, ::8].copy()
    stream = Stream(parts[b"LPRE"], None, networks.frequencies)
    seeds, bits = preview[::8, ::8], top.bit_length()
    for count, at in enumerate(np.ndindex(seeds.shape)):
        seeds[at] = number(stream, count, min(bits, 8))
    for count, at in enumerate(np.ndindex(seeds.shape)):
        if bits > 8:
            seeds[at] |= number(stream, count, bits - 8) << 8
    for interval in (4, 2, 1):
        refine(preview, interval, "coarse", networks, stream, top, fineness)
    stream.finish()

    plane[::8, ::8] = preview
    tiles = [payload for name, payload in sections if name == b"LTIL"]
    for payload, place in zip(tiles, product(cuts(height), cuts(width)), strict=True):
        tile = plane[place]
        stream = Stream(payload, None, networks.frequencies)
        for interval, level in ((4, "coarse"), (2, "second"), (1, "fine")):
            refine(tile, interval, level, networks, stream, top, fineness)
        stream.finish()
    return samples[plane]
