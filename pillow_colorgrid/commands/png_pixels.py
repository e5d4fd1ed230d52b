"""What a PNG file has in its pixels, and Pillow does not show."""

import struct
import zlib
from collections.abc import Iterator, Sequence

from pillow_colorgrid.commands.png_items import FEW_BITS, GREY, INDEXED, chunks_of

CHANNELS = {GREY: 1, 2: 3, INDEXED: 1, 4: 2, 6: 4}
"""Of each type of colour."""

PASSES = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""Of interlaced pictures: first column and row, steps between columns and rows."""

STEP = 1 << 20
"""So many bytes of pixels are had at once."""


def unheld(data: bytes) -> list[str]:
    """Names; raises struct.error, zlib.error, KeyError."""
    width, height, depth, color, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    chunks = list(chunks_of(data))
    there = {name for name, _ in chunks}
    found = []
    if depth == 16 and color != GREY:
        found.append("low bits (samples of 16)")  # Pillow reads the upper 8
    if color == GREY and depth in FEW_BITS and {b"acTL", b"tRNS"} <= there:
        found.append(f"transparency (of {depth} bits)")  # no way back for frames
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    bits = depth * CHANNELS[color]
    frames = [(size, parts) for size, parts in _streams((width, height), chunks) if parts]
    if any(_has_more(parts, _bytes_of(size, bits, passes)) for size, parts in frames):
        found.append("bytes behind its pixels, in IDAT or fdAT")
    return found


def _streams(
    size: tuple[int, int], chunks: Sequence[tuple[bytes, bytes]]
) -> Iterator[tuple[tuple[int, int], list[bytes]]]:
    """Size and parts of the deflated rows of each frame."""
    parts: list[bytes] = []
    for name, payload in chunks:
        if name == b"fcTL" and parts:
            yield size, parts
            parts = []
        if name == b"fcTL":
            size = struct.unpack_from(">II", payload, 4)
        elif name == b"IDAT":
            parts.append(payload)
        elif name == b"fdAT":
            parts.append(payload[4:])
    yield size, parts


def _bytes_of(size: tuple[int, int], bits: int, passes: Sequence[tuple[int, ...]]) -> int:
    """Of all rows, each with its filter."""
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-(size[0] - left) // across), -(-(size[1] - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _has_more(parts: Sequence[bytes], wanted: int) -> bool:
    """Whether a zlib stream has more than so many bytes, or something follows it."""
    inflate = zlib.decompressobj()
    for part in parts:
        if inflate.eof and part:
            return True
        while part and not inflate.eof:
            wanted -= len(inflate.decompress(part, STEP))
            part = inflate.unconsumed_tail
            if wanted < 0:
                return True
    return bool(inflate.unused_data) or wanted < len(inflate.flush())
