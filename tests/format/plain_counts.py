"""Section 3.3.15 of FORMAT.md, plain and slow: the colour of a tile, with counts."""


def place_of(plane, y, co, value):
    """Where a value of Co (1) or Cg (2) is counted."""
    key = 512 * y + 256
    if plane == 1:
        return (key + value) % 2**17
    return (64 * (((key + co) * 2654435761 % 2**32) >> 17) + 256 + value) % 2**21


class Counts:
    """What one tile has counted."""

    def __init__(self, frequencies, told=3):
        """`told`: the byte of LCNT."""
        self.frequencies = frequencies
        self.counts = {plane: {} for plane in (1, 2) if told & plane}

    def values(self, stream, plane, expected, row_of):
        """The values of a group.

        Args:
            expected: m, c, Y and Co of each pixel (of Co itself anything).
            row_of: plane, m and c -> the row of the tables.
        """
        found = [0] * len(expected)
        beyond = []
        for reach, classes in ((4, range(12)), (10, range(12, 20)), (20, range(20, 48))):
            chosen = [n for n, (_, c, *_) in enumerate(expected) if c in classes]
            for at, n in enumerate(chosen):
                m, c, y, co = expected[n]
                starts = self.starts(plane, reach, (m, y, co), row_of(plane, m, c))
                symbol = stream.by_starts(at, starts)
                found[n] = (m >> 3) - reach + symbol
                if symbol == 2 * reach + 1:
                    beyond.append(n)
        for at, n in enumerate(beyond):
            m, c, *_ = expected[n]
            found[n] = stream.symbol(at, row_of(plane, m, c)) - 512 + (m >> 3)
        counts = self.counts[plane]
        for value, (_, _, y, co) in zip(found, expected, strict=True):
            place = place_of(plane, y, co, value)
            counts[place] = min(counts.get(place, 0) + 1, 255)
        return found

    def starts(self, plane, reach, pixel, row):
        """Where the range of each symbol begins, and the end of the last."""
        m, y, co = pixel
        row, counts = self.frequencies[row], self.counts[plane]
        sums = [0]
        for value in range((m >> 3) - reach, (m >> 3) + reach + 1):
            count = counts.get(place_of(plane, y, co, value), 0)
            sums.append(sums[-1] + row[value - (m >> 3) + 512] * (1 + count))
        beyond = sum(row[: 512 - reach]) + sum(row[512 + reach + 1 :])
        total = sums[-1] + beyond + (sums[-1] >> 13) + 1
        return [*(s * 16384 // total for s in sums), 16384]
