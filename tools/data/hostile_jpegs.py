"""JPEG files that were made to cost a reader time or memory; small ones, for the most part.

Each `Hostile` makes its bytes when asked. What a reader may do with them: refuse, or keep them as
they are; in either case soon.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pillow_colorgrid.jpeg import file
from pillow_colorgrid.jpeg.huffman import HuffmanTable
from pillow_colorgrid.jpeg.picture import Component, JpegPicture
from pillow_colorgrid.jpeg.recipe import (
    OPTIMAL,
    TOLD,
    CodeDefinition,
    Codes,
    Finish,
    FrameNames,
    Recipe,
    ScanScript,
    TableDefinition,
    Tables,
)
from pillow_colorgrid.jpeg.segments import ScanHeader

SCAN = b"\xff\xda"


def small(**options: object) -> bytes:
    """A picture of 64 x 40 pixels, by Pillow."""
    gradient = np.add.outer(np.arange(40), np.arange(64)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(gradient).convert("RGB").save(out, "JPEG", quality=80, **options)
    return out.getvalue()


def of_size(data: bytes, width: int, height: int) -> bytes:
    """The same, said to be so large."""
    at = min(place for m in (0xC0, 0xC2) if (place := data.find(bytes([0xFF, m, 0]))) > 0) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def scanned(data: bytes, entropy_coded: bytes, end: bytes = b"\xff\xd9") -> bytes:
    """The headers of a file with another scan."""
    at = data.index(SCAN)
    (length,) = struct.unpack_from(">H", data, at + 2)
    return data[: at + 2 + length] + entropy_coded + end


def grey(side: int, values: np.ndarray, step: int = 1) -> JpegPicture:
    """A square picture of blocks (rows, columns, 64)."""
    table = np.full(64, step, np.uint16)
    return JpegPicture(side, side, (Component(1, 1, table, values.astype(np.int16)),), "grey")


def many_scans(side: int) -> bytes:
    """77 scans over the whole picture: the DC bit by bit, each AC frequency alone."""
    blocks = side // 8
    values = np.random.default_rng(1).integers(-9, 10, (blocks, blocks, 64))
    scans = [ScanHeader((0,), (0,), 0, 0, 0, 13)]
    scans += [ScanHeader((0,), (0,), 0, 0, low + 1, low) for low in reversed(range(13))]
    scans += [ScanHeader((0,), (0,), k, k, 0, 0) for k in range(1, 64)]
    parts: list[object] = [Tables((TableDefinition(0, False, 0),)), FrameNames(0xC2, ((1, 0),))]
    for scan in scans:
        if scan.high == 0:
            parts.append(Codes((CodeDefinition(0x10 if scan.first else 0, OPTIMAL),)))
        parts.append(ScanScript(scan))
    recipe = Recipe(1, (*parts, Finish(True, b"")))  # type: ignore[arg-type]
    return file.write(grey(side, values), recipe)


def corrections(side: int) -> bytes:
    """Eleven scans that refine every coefficient by one more bit."""
    blocks = side // 8
    values = np.random.default_rng(2).integers(-1000, 1000, (blocks, blocks, 64))
    scans = [ScanHeader((0,), (0,), 0, 0, 0, 0), ScanHeader((0,), (0,), 1, 63, 0, 10)]
    scans += [ScanHeader((0,), (0,), 1, 63, low + 1, low) for low in reversed(range(10))]
    parts: list[object] = [Tables((TableDefinition(0, False, 0),)), FrameNames(0xC2, ((1, 0),))]
    for scan in scans:
        parts += [Codes((CodeDefinition(0x10 if scan.first else 0, OPTIMAL),)), ScanScript(scan)]
    recipe = Recipe(1, (*parts, Finish(True, b"")))  # type: ignore[arg-type]
    return file.write(grey(side, values), recipe)


def never_in_step(side: int) -> bytes:
    """All codes have nine bits and all values the same number of bits: nothing synchronises."""
    blocks = side // 8
    values = np.random.default_rng(3).choice([-600, 600], (blocks, blocks, 64))
    dc = HuffmanTable(bytes([0] * 8 + [16] + [0] * 7), bytes(range(16)))
    ac = HuffmanTable(bytes([0] * 8 + [255, 1] + [0] * 6), bytes(range(256)))
    codes = Codes((CodeDefinition(0, TOLD, dc), CodeDefinition(16, TOLD, ac)))
    scan = ScanScript(ScanHeader((0,), (0,), 0, 63, 0, 0))
    names = FrameNames(0xC0, ((1, 0),))
    parts = (Tables((TableDefinition(0, False, 0),)), names, codes, scan, Finish(True, b""))
    return file.write(grey(side, values), Recipe(1, parts))


@dataclass(frozen=True)
class Hostile:
    """A file, and what it is meant to do."""

    name: str
    make: Callable[[], bytes]


def _repeated(segment: bytes, times: int) -> Callable[[], bytes]:
    return lambda: small()[:2] + segment * times + small()[2:]


def _noise(size: int) -> bytes:
    return np.random.default_rng(4).bytes(size)


CASES = (
    Hostile("65500 x 65500 pixels in 1 KB", lambda: of_size(small(), 65_500, 65_500)),
    Hostile("65500 x 8", lambda: of_size(small(), 65_500, 8)),
    Hostile("8 x 65500", lambda: of_size(small(), 8, 65_500)),
    Hostile(
        "4000 x 4000, 40 KB of zeros",
        lambda: of_size(scanned(small(), bytes(40_000)), 4_000, 4_000),
    ),
    Hostile(
        "4000 x 4000 progressive, 20 MB behind the end",
        lambda: of_size(small(progressive=True), 4_000, 4_000) + bytes(20_000_000),
    ),
    Hostile("scan of 8 MB of noise, no end", lambda: scanned(small(), _noise(8_000_000), b"")),
    Hostile("scan of 8 MB of zeros", lambda: scanned(small(), bytes(8_000_000))),
    Hostile("scan of 8 MB of FF 00", lambda: scanned(small(), b"\xff\0" * 4_000_000)),
    Hostile(
        "scan of 500,000 restart markers",
        lambda: scanned(
            small(), b"".join(bytes([0x55, 0xFF, 0xD0 + n % 8]) for n in range(500_000))
        ),
    ),
    Hostile("1024 x 1024, a restart marker behind each block", lambda: _restarts()),
    Hostile(
        "restart interval of 65535 in 64 x 40",
        lambda: small()[:2] + b"\xff\xdd\0\4\xff\xff" + small()[2:],
    ),
    Hostile("77 progressive scans of 1024 x 1024", lambda: many_scans(1024)),
    Hostile("11 refinements of 1024 x 1024", lambda: corrections(1024)),
    Hostile(
        "5,000 scans",
        lambda: (
            small(progressive=True)[:-2]
            + small(progressive=True)[small(progressive=True).rindex(SCAN) : -2] * 5000
            + b"\xff\xd9"
        ),
    ),
    Hostile("codes that never synchronise, 1024 x 1024", lambda: never_in_step(1024)),
    Hostile("10 MB of fill bytes", _repeated(b"\xff" * 1_000_000, 10)),
    Hostile("1,000,000 empty comments", _repeated(b"\xff\xfe\0\2", 1_000_000)),
    Hostile("20,000 quantisation tables", _repeated(b"\xff\xdb\0\x43\0" + b"\1" * 64, 20_000)),
    Hostile("20,000 Huffman tables", _repeated(b"\xff\xc4\0\x14\0\1" + bytes(15) + b"\0", 20_000)),
    Hostile("20 MB of noise behind FF D8", lambda: b"\xff\xd8\xff" + _noise(20_000_000)),
    Hostile("30 MB of zeros behind the end", lambda: small() + bytes(30_000_000)),
    Hostile("10,000 pictures behind the end", lambda: small() * 10_000),
    Hostile("half of a file", lambda: never_in_step(256)[:60_000]),
    Hostile("no scan", lambda: small()[: small().index(SCAN)] + b"\xff\xd9"),
)


def _restarts() -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(5).integers(0, 256, (1024, 1024), np.uint8)
    Image.fromarray(noise).save(out, "JPEG", restart_marker_blocks=1)
    return out.getvalue()
