"""Pixels from coefficients by FORMAT.md and Python's integers alone: slow, easy to read."""

MATRIX = [
    [8192, 11363, 10703, 9633, 8192, 6437, 4433, 2260],
    [8192, 9633, 4433, -2259, -8192, -11362, -10704, -6436],
    [8192, 6437, -4433, -11362, -8192, 2261, 10704, 9633],
    [8192, 2260, -10703, -6436, 8192, 9633, -4433, -11363],
    [8192, -2260, -10703, 6436, 8192, -9633, -4433, 11363],
    [8192, -6437, -4433, 11362, -8192, -2261, 10704, -9633],
    [8192, -9633, 4433, 2259, -8192, 11362, -10704, 6436],
    [8192, -11363, 10703, -9633, 8192, -6437, 4433, -2260],
]
HALF_MATRIX = [
    [8192, 10498, 7568, 3686],
    [8192, 4348, -7568, -8900],
    [8192, -4348, -7568, 8900],
    [8192, -10498, 7568, -3686],
]
MATRICES = {8: MATRIX, 4: HALF_MATRIX, 2: [[8192, 7423], [8192, -7423]], 1: [[8192]]}


def cut(value, low, high):
    return min(max(value, low), high)


def wrap(value, bits):
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def narrow(x, shift):
    """Eight numbers -> eight, as registers of 16 bits have them."""
    e3, e2 = 10703 * x[2] + 4433 * x[6], 4433 * x[2] - 10704 * x[6]
    e0, e1 = 8192 * wrap(x[0] + x[4], 16), 8192 * wrap(x[0] - x[4], 16)
    a, b = wrap(x[7] + x[3], 16), wrap(x[5] + x[1], 16)
    c, d = 9633 * b - 6436 * a, 6437 * b + 9633 * a
    o0, o1 = 4926 * x[1] - 7373 * x[7] + d, 4177 * x[3] - 20995 * x[5] + c
    o2, o3 = -4176 * x[5] - 20995 * x[3] + d, -4927 * x[7] - 7373 * x[1] + c
    evens, odds = (e0 + e3, e1 + e2, e1 - e2, e0 - e3), (o0, o1, o2, o3)
    y = [e + o for e, o in zip(evens, odds, strict=True)]
    y += [e - o for e, o in zip(evens[::-1], odds[::-1], strict=True)]
    return [cut(wrap(v + 2 ** (shift - 1), 32) >> shift, -(2**15), 2**15 - 1) for v in y]


def block_samples(coefficients, table, n=8):
    """64 coefficients and steps -> n rows of n samples."""
    x = [
        [wrap(int(coefficients[8 * v + u]) * int(table[8 * v + u]), 16) for u in range(n)]
        for v in range(n)
    ]
    m = MATRICES[n]
    w = [
        [(sum(m[y][v] * x[v][u] for v in range(n)) + 1024) >> 11 for u in range(n)]
        for y in range(n)
    ]
    if n == 8 and any(not -16383 <= value <= 16383 for row in w for value in row):
        return wild_samples(coefficients, x)
    s = [
        [(sum(m[k][u] * w[y][u] for u in range(n)) + 131072) >> 18 for k in range(n)]
        for y in range(n)
    ]
    return [[cut(value + 128, 0, 255) for value in row] for row in s]


def wild_samples(coefficients, x):
    if not any(coefficients[8:]):
        w = [[wrap(4 * value, 16) for value in x[0]] for _ in range(8)]
    else:
        columns = [narrow([x[v][u] for v in range(8)], 11) for u in range(8)]
        w = [[columns[u][y] for u in range(8)] for y in range(8)]
    return [[cut(value, -128, 127) + 128 for value in narrow(row, 18)] for row in w]


def spread(rows, down, across):
    """Samples of the true size -> pixels."""
    if across == 2 and down == 1 and len(rows[0]) > 2:
        return [across_two(row, 1, 2, 2) for row in rows]
    if down == 2 and (across == 1 or (across == 2 and len(rows[0]) > 2)):
        tall = []
        for j, row in enumerate(rows):
            for other in (rows[max(j - 1, 0)], rows[min(j + 1, len(rows) - 1)]):
                tall += [[3 * near + far for near, far in zip(row, other, strict=True)]]
        if across == 2:
            return [across_two(row, 8, 7, 4) for row in tall]
        return [[(value + 1 + j % 2) >> 2 for value in row] for j, row in enumerate(tall)]
    return [[value for value in row for _ in range(across)] for row in rows for _ in range(down)]


def across_two(row, left_bias, right_bias, shift):
    found = []
    for i, value in enumerate(row):
        left, right = row[max(i - 1, 0)], row[min(i + 1, len(row) - 1)]
        found.append((3 * value + left + left_bias) >> shift)
        found.append((3 * value + right + right_bias) >> shift)
    return found


def up(number, divisor):
    return -(-number // divisor)


def render(picture, n=8):
    """Rows of pixels, each a tuple of its channels."""
    h_max = max(c.horizontal for c in picture.components)
    v_max = max(c.vertical for c in picture.components)
    width, height = up(picture.width * n, 8), up(picture.height * n, 8)
    planes = []
    for c in picture.components:
        wide = up(picture.width * c.horizontal * n, 8 * h_max)
        high = up(picture.height * c.vertical * n, 8 * v_max)
        blocks = [
            [block_samples(block.tolist(), c.table, n) for block in row] for row in c.coefficients
        ]
        rows = [[blocks[y // n][x // n][y % n][x % n] for x in range(wide)] for y in range(high)]
        planes.append(spread(rows, v_max // c.vertical, h_max // c.horizontal))
    return [
        [pixel(picture.transform, [plane[y][x] for plane in planes]) for x in range(width)]
        for y in range(height)
    ]


def pixel(transform, values):
    if transform in ("grey", "rgb"):
        return tuple(values)
    if transform == "cmyk":
        return tuple(255 - value for value in values)
    y, p, q = values[0], values[1] - 128, values[2] - 128
    red = y + ((91881 * q + 32768) >> 16)
    green = y + ((-22554 * p - 46802 * q + 32768) >> 16)
    blue = y + ((116130 * p + 32768) >> 16)
    found = [cut(channel, 0, 255) for channel in (red, green, blue)]
    return tuple(found) if transform == "ycc" else (*found, 255 - values[3])
