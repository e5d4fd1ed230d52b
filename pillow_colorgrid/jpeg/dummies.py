"""Blocks that hold no picture: they fill the last MCUs of interleaved scans."""

import numpy as np

from pillow_colorgrid.jpeg.layout import Layout
from pillow_colorgrid.jpeg.numbers import Source, varint
from pillow_colorgrid.jpeg.picture import Coefficients
from pillow_colorgrid.jpeg.zigzag import ORDER


def fill(layout: Layout, flat: Coefficients, component: int) -> None:
    """Write what libjpeg puts there: AC 0, DC of the block before it in the MCU."""
    plane = layout.planes[component]
    blocks = layout.plane(flat, component)
    blocks[:, plane.columns :] = 0
    blocks[plane.rows :] = 0
    dc = blocks[:, :, 0]
    for x in range(plane.columns, plane.all_columns):
        dc[: plane.rows, x] = dc[: plane.rows, x - 1]
    for y in range(plane.rows, plane.all_rows):
        last = dc[y - 1].reshape(-1, plane.horizontal)[:, -1]
        dc[y] = np.repeat(last, plane.horizontal)


def follow_rule(layout: Layout, flat: Coefficients, component: int) -> bool:
    """Whether a component's blocks without picture are as `fill` makes them."""
    plane = layout.planes[component]
    blocks = layout.plane(flat, component)
    right = blocks[: plane.rows, plane.columns - 1 :]
    if right[:, 1:, 1:].any() or (right[:, 1:, 0] != right[:, :-1, 0]).any():
        return False
    below = blocks[plane.rows - 1 :]
    if below[1:, :, 1:].any():
        return False
    last = below[:-1, plane.horizontal - 1 :: plane.horizontal, 0]
    return bool((below[1:, :, 0] == np.repeat(last, plane.horizontal, axis=1)).all())


def pack(layout: Layout, flat: Coefficients) -> bytes:
    """All blocks without picture, component by component, row by row.

    Each: the number of coefficients up to the last that is not 0 in zigzag order, and each of
    them as a varint of 2 v or -2 v - 1; the DC less that of the one before it (the first less 0).
    """
    out = bytearray()
    for component in range(len(layout.planes)):
        blocks = layout.plane(flat, component)[layout.dummies(component)][:, ORDER]
        previous = 0
        for block in blocks.astype(np.int64):
            used = np.flatnonzero(block)
            difference = int(block[0]) - previous
            previous = int(block[0])
            values = block.tolist()
            values[0] = difference
            number = int(used[-1]) + 1 if len(used) else 0
            if difference:
                number = max(number, 1)
            out.append(number)
            for value in values[:number]:
                out += varint(2 * value if value >= 0 else -2 * value - 1)
    return bytes(out)


def unpack(data: bytes, layout: Layout, flat: Coefficients) -> None:
    """Write blocks that `pack` told to their places.

    Raises:
        ValueError: too few or too many bytes, or a coefficient beyond 16 bits.
    """
    source = Source(data)
    for component in range(len(layout.planes)):
        mask = layout.dummies(component)
        count = int(mask.sum())
        if count > len(data):
            raise ValueError(f"{len(data)} bytes for {count} blocks without picture, too few")
        blocks = np.zeros((count, 64), np.int16)
        previous = 0
        for block in blocks:
            number = source.byte()
            if number > 64:
                raise ValueError(f"{number} coefficients of a block, at most 64")
            for k in range(number):
                told = source.varint()
                value = -(told + 1 >> 1) if told & 1 else told >> 1
                if k == 0:
                    value += previous
                if not -32767 <= value <= 32767:
                    raise ValueError(f"coefficient {value}, allowed are -32767 to 32767")
                block[ORDER[k]] = value
            previous = int(block[0])
        layout.plane(flat, component)[mask] = blocks
    if source.at != len(data):
        raise ValueError(f"{len(data)} bytes of blocks without picture, {source.at} expected")
