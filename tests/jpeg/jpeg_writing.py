"""Writes any coefficients as a baseline JPEG file, also those that no encoder would write.

Each Huffman table gives all 256 symbols a code of 9 bits, so that coefficients may have up to 15
bits. For tests of what Pillow shows then.
"""

import struct

import numpy as np

from pillow_colorgrid.jpeg.picture import JpegPicture

ADOBE = {"cmyk": 0, "ycck": 2, "rgb": 0, "ycc": 1}
"""The transform that Adobe's marker names."""

CODE_BITS = 9


def zigzag() -> np.ndarray:
    """(64,) the places, row by row, in the order of a file."""
    v, h = np.divmod(np.arange(64), 8)
    along = np.where((v + h) % 2, v, h)
    return np.lexsort((along, v + h))


ZIGZAG = zigzag()


def write(picture: JpegPicture, adobe: bool = False, names: bytes = b"\1\2\3\4") -> bytes:
    """The file; with Adobe's marker, or JFIF's nothing, and so named components."""
    parts = [b"\xff\xd8"]
    if adobe:
        marker = b"Adobe" + struct.pack(">HHHB", 100, 0, 0, ADOBE[picture.transform])
        parts.append(_segment(0xEE, marker))
    for number, component in enumerate(picture.components):
        table = component.table[ZIGZAG].astype(">u2").tobytes()
        parts.append(_segment(0xDB, bytes([0x10 | number]) + table))
    frame = struct.pack(">BHHB", 8, picture.height, picture.width, len(picture.components))
    scan = bytes([len(picture.components)])
    for number, component in enumerate(picture.components):
        frame += bytes([names[number], component.horizontal << 4 | component.vertical, number])
        scan += bytes([names[number], 0])
    # 16-bit steps are no baseline: SOF1
    parts.append(_segment(0xC1, frame))
    # the 256th code of 9 bits would be all ones, which is not allowed: it gets a bit more
    for kind, symbols, longer in ((0x00, 16, 0), (0x10, 255, 1)):
        counts = bytes({CODE_BITS: symbols, CODE_BITS + 1: longer}.get(k, 0) for k in range(1, 17))
        parts.append(_segment(0xC4, bytes([kind]) + counts + bytes(range(symbols + longer))))
    parts.append(_segment(0xDA, scan + b"\0\x3f\0"))
    parts.append(_entropy_coded(picture))
    return b"".join(parts) + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _units(picture: JpegPicture) -> np.ndarray:
    """(n, 64) blocks in the order of the scan, zigzag, first coefficients as differences."""
    tallest = max(component.vertical for component in picture.components)
    widest = max(component.horizontal for component in picture.components)
    alone = len(picture.components) == 1
    down = -(-picture.height // (8 if alone else 8 * tallest))
    across = -(-picture.width // (8 if alone else 8 * widest))
    parts = []
    for component in picture.components:
        v, h = (1, 1) if alone else (component.vertical, component.horizontal)
        blocks = component.coefficients.astype(np.int64)
        rows, columns = blocks.shape[:2]
        blocks = np.pad(
            blocks, ((0, down * v - rows), (0, across * h - columns), (0, 0)), mode="edge"
        )
        blocks = blocks.reshape(down, v, across, h, 64).transpose(0, 2, 1, 3, 4)
        blocks = blocks.reshape(down * across, v * h, 64)[..., ZIGZAG]
        first = blocks[..., 0].reshape(-1)
        blocks[..., 0] = np.diff(first, prepend=0).reshape(blocks.shape[:2])
        parts.append(blocks)
    return np.concatenate(parts, axis=1).reshape(-1, 64)


def _entropy_coded(picture: JpegPicture) -> bytes:
    blocks = _units(picture)
    n = len(blocks)
    sizes = np.frexp(np.abs(blocks).astype(np.float64))[1]
    bits = np.where(blocks < 0, blocks + (1 << sizes) - 1, blocks)
    rows, places = np.nonzero(blocks[:, 1:])
    places += 1
    before = np.where(np.diff(rows, prepend=-1) != 0, 0, np.roll(places, 1))
    runs = places - before - 1
    long = np.repeat(np.arange(len(runs)), runs >> 4)
    ends = np.flatnonzero(blocks[:, 63] == 0)
    symbols = (runs & 15) << 4 | sizes[rows, places]
    # block, place within it (long runs before their coefficient, the end after all), code, bits
    entries = [
        (np.arange(n), np.zeros(n, int), sizes[:, 0], sizes[:, 0], bits[:, 0]),
        (rows[long], 2 * places[long] - 1, np.full(len(long), 0xF0), 0 * long, 0 * long),
        (rows, 2 * places, symbols, sizes[rows, places], bits[rows, places]),
        (ends, np.full(len(ends), 200), 0 * ends, 0 * ends, 0 * ends),
    ]
    block, place, symbol, size, value = (
        np.concatenate(column) for column in zip(*entries, strict=True)
    )
    order = np.lexsort((place, block))
    symbol, size, value = symbol[order], size[order], value[order]
    last = symbol == 255
    code = np.where(last, 255 << 1, symbol)
    length = CODE_BITS + last + size
    word = code << size | value
    start = np.cumsum(length) - length
    which = np.repeat(np.arange(len(word)), length)
    within = np.arange(length.sum()) - start[which]
    stream = (word[which] >> (length[which] - 1 - within) & 1).astype(np.uint8)
    stream = np.concatenate([stream, np.ones(-len(stream) % 8, np.uint8)])
    return np.packbits(stream).tobytes().replace(b"\xff", b"\xff\0")
