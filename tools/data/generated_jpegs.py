"""JPEG files of all kinds, made by number: the same number gives the same file.

Half of them are written by Pillow (qualities, samplings, progressive, optimised, restart markers,
tables of its user, metadata, L, RGB, CMYK), half by this package's own writer (all sampling factors
that Pillow shows, random tables, steps beyond 255, several sequential scans, progressions that
libjpeg does not write). To a third of all something is done afterwards: bytes behind the end or the
last scan, a segment nobody knows, fill bytes between segments, a picture that is smaller than its
blocks.
"""

import io
import struct
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from pillow_colorgrid.jpeg import file
from pillow_colorgrid.jpeg.picture import Component, JpegPicture, block_shape
from pillow_colorgrid.jpeg.recipe import (
    OPTIMAL,
    CodeDefinition,
    Codes,
    Finish,
    FrameNames,
    Recipe,
    ScanScript,
    TableDefinition,
    Tables,
)
from pillow_colorgrid.jpeg.segments import (
    BASELINE,
    EXTENDED,
    PROGRESSIVE,
    Raw,
    Restart,
    ScanHeader,
)

LARGEST_SIDE = 90

FACTORS = (
    *([(1, 1)], [(2, 2)], [(3, 1)]),
    *([(1, 1)] * 3, [(2, 2), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)]),
    *([(4, 1), (1, 1), (1, 1)], [(4, 2), (1, 1), (1, 1)], [(2, 2), (2, 1), (2, 1)]),
    *([(2, 2), (1, 2), (1, 2)], [(2, 1), (2, 1), (1, 1)], [(1, 1), (2, 2), (1, 2)]),
    *([(3, 1), (1, 1), (1, 1)], [(2, 2)] * 3, [(1, 2), (1, 2), (1, 1)], [(4, 1), (2, 1), (2, 1)]),
    *([(1, 1)] * 4, [(2, 2), (1, 1), (1, 1), (2, 2)], [(2, 1), (1, 1), (1, 1), (2, 1)]),
)
"""Horizontal and vertical factors of the components, first those of pictures of one component."""


@dataclass(frozen=True)
class Generated:
    """A file and the words that tell its kind."""

    kind: str
    data: bytes


def generate(number: int) -> Generated:
    """The file of this number."""
    rng = np.random.default_rng(number)
    made = _by_pillow(rng) if number % 2 else _by_hand(rng)
    return _changed(made, rng) if number % 3 == 0 else made


def _size(rng: np.random.Generator) -> tuple[int, int]:
    largest = 9 if rng.random() < 0.15 else LARGEST_SIDE
    return int(rng.integers(1, largest + 1)), int(rng.integers(1, largest + 1))


def _picture(rng: np.random.Generator, mode: str) -> Image.Image:
    """Edges, gradients and grain, more or less of them."""
    width, height = _size(rng)
    cell = int(rng.integers(2, 40))
    small = rng.integers(0, 256, (height // cell + 2, width // cell + 2, 3), np.uint8)
    filters = (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)
    grown = Image.fromarray(small).resize((width, height), filters[int(rng.integers(2))])
    grain = rng.normal(0, float(rng.choice([0, 2, 20])), (height, width, 3))
    return Image.fromarray((np.asarray(grown) + grain).clip(0, 255).astype(np.uint8)).convert(mode)


def _by_pillow(rng: np.random.Generator) -> Generated:
    mode = str(rng.choice(["RGB", "RGB", "RGB", "L", "CMYK"]))
    options: dict[str, object] = {"quality": int(rng.integers(1, 101))}
    words = [f"Pillow {mode}"]
    if mode == "RGB":
        sampling = ("4:4:4", "4:2:2", "4:2:0")[number := int(rng.integers(3))]
        options["subsampling"] = number
        words.append(sampling)
    layout = int(rng.integers(4))
    if layout:
        options["optimize" if layout == 1 else "progressive"] = layout != 3
        words.append({1: "optimised", 2: "progressive", 3: "baseline"}[layout])
    else:
        words.append("baseline")
    if rng.random() < 0.3:
        name = ("restart_marker_blocks", "restart_marker_rows")[int(rng.integers(2))]
        options[name] = int(rng.integers(1, 4))
        words.append("restarts")
    if rng.random() < 0.2:
        largest = int(rng.choice([2, 60, 255, 2000]))
        count = 1 if mode == "L" else int(rng.integers(1, 3))
        options["qtables"] = [rng.integers(1, largest, 64).tolist() for _ in range(count)]
        del options["quality"]
        words.append("tables of 16 bits" if largest > 255 else "own tables")
    if mode == "RGB" and rng.random() < 0.1:
        options |= {"keep_rgb": True, "subsampling": 0}
        words.append("kept RGB")
    if rng.random() < 0.3:
        exif = Image.Exif()
        exif[0x0110] = "camera"
        options |= {"exif": exif, "dpi": (300, 300), "comment": "words" * int(rng.integers(9))}
        words.append("metadata")
    out = io.BytesIO()
    _picture(rng, mode).save(out, "JPEG", **options)
    return Generated(", ".join(words), out.getvalue())


# -- by hand --------------------------------------------------------------------------------------

COSINES = np.cos(np.arange(8)[:, None] * (2 * np.arange(8) + 1) * np.pi / 16) / 2
COSINES[0] /= np.sqrt(2)
"""(8, 8) discrete cosine transform: frequency, place."""


def _by_hand(rng: np.random.Generator) -> Generated:
    factors = FACTORS[int(rng.integers(len(FACTORS)))]
    mode = {1: "L", 3: "YCbCr", 4: "CMYK"}[len(factors)]
    image = _picture(rng, "RGB").convert(mode)
    width, height = image.size
    highest, widest = max(v for _, v in factors), max(h for h, _ in factors)
    components = []
    most = int(rng.choice([3, 30, 255, 1200]))
    for (h, v), channel in zip(factors, image.split(), strict=True):
        rows, columns = block_shape(width, height, h, v, widest, highest)
        table = rng.integers(1, most + 1, 64).astype(np.uint16)
        blocks = np.asarray(channel.resize((8 * columns, 8 * rows)), np.float64) - 128
        blocks = blocks.reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3)
        values = (COSINES @ blocks @ COSINES.T).reshape(rows, columns, 64) / table
        components.append(Component(h, v, table, np.round(values).astype(np.int16)))
    transform = {1: "grey", 3: "ycc", 4: "cmyk"}[len(factors)]
    read = JpegPicture(width, height, tuple(components), transform)
    names = ":".join(f"{h}x{v}" for h, v in factors)
    words, marker, scans = _script(rng, len(factors), fits=_fits(factors))
    restart = int(rng.integers(1, 4)) if rng.random() < 0.3 else 0
    if restart:
        words += ", restarts"
    if most > 255:
        words += ", tables of 16 bits"
        marker = max(marker, EXTENDED)
    return Generated(f"{names} {words}", _written(read, marker, scans, restart, most > 255, rng))


def _fits(factors: list[tuple[int, int]]) -> bool:
    """Whether all components may stand in one scan."""
    return sum(h * v for h, v in factors) <= 10


def _script(rng: np.random.Generator, count: int, fits: bool) -> tuple[str, int, list[ScanHeader]]:
    every = tuple(range(count))
    slots = tuple(min(n, 1) * 0x11 for n in every)
    kind = int(rng.integers(3))
    if kind == 0 and fits:
        return "one scan", BASELINE, [ScanHeader(every, slots, 0, 63, 0, 0)]
    if kind <= 1:
        return "scans", BASELINE, [ScanHeader((n,), (slots[n],), 0, 63, 0, 0) for n in every]
    together = [every] if fits else [(n,) for n in every]
    low = int(rng.integers(0, 3))
    scans = [ScanHeader(some, (0x10,) * len(some), 0, 0, 0, low) for some in together]
    cut, fine = int(rng.integers(1, 63)), int(rng.integers(0, 3))
    for n in every:
        scans += [
            ScanHeader((n,), (1,), 1, cut, 0, 0),
            ScanHeader((n,), (0,), cut + 1, 63, 0, fine),
        ]
    for bit in reversed(range(low)):
        scans += [ScanHeader(some, (0,) * len(some), 0, 0, bit + 1, bit) for some in together]
    for bit in reversed(range(fine)):
        scans += [ScanHeader((n,), (1,), cut + 1, 63, bit + 1, bit) for n in every]
    return "progressive", PROGRESSIVE, scans


def _written(
    read: JpegPicture,
    marker: int,
    scans: list[ScanHeader],
    restart: int,
    wide: bool,
    rng: np.random.Generator,
) -> bytes:
    count = len(read.components)
    parts: list[object] = [Raw(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")] if count == 3 else []
    if count == 4:
        parts.append(Raw(0xEE, b"Adobe\0\x64\0\0\0\0\0"))
    named = 1 if count == 3 or rng.random() < 0.5 else 65
    tables = tuple(TableDefinition(n, wide, n) for n in range(count))
    parts += [Tables(tables), FrameNames(marker, tuple((n + named, n) for n in range(count)))]
    if restart:
        parts.append(Restart(restart))
    zeros = rng.random() < 0.2
    for scan in scans:
        places = sorted({slots >> 4 for slots in scan.tables} if scan.first == 0 else set())
        places += sorted({16 | slots & 15 for slots in scan.tables} if scan.last else set())
        parts.append(Codes(tuple(CodeDefinition(place, OPTIMAL) for place in places)))
        parts.append(replace(ScanScript(scan), zeros=zeros))
    return file.write(read, Recipe(count, (*parts, Finish(True, b""))))  # type: ignore[arg-type]


# -- what is done to files ------------------------------------------------------------------------


def _changed(made: Generated, rng: np.random.Generator) -> Generated:
    data, scan = made.data, made.data.index(b"\xff\xda")
    change = int(rng.integers(5))
    if change == 0:
        tail = rng.bytes(int(rng.integers(1, 3000)))
        return Generated(f"{made.kind}, tail", data + tail)
    if change == 1:
        return Generated(f"{made.kind}, behind a scan", data[:-2] + b"\0\0" + data[-2:])
    if change == 2:
        return Generated(f"{made.kind}, fill bytes", data[:scan] + b"\xff" * 3 + data[scan:])
    if change == 3:
        segment = b"\xff\xeb\0\x12" + rng.bytes(16)
        return Generated(f"{made.kind}, unknown segment", data[:2] + segment + data[2:])
    frame = min(at for at in (data.find(bytes([0xFF, m, 0])) for m in (0xC0, 0xC1, 0xC2)) if at > 0)
    height, width = struct.unpack_from(">HH", data, frame + 5)
    smaller = struct.pack(">HH", max(1, height - 1), max(1, width - 1))
    changed = data[: frame + 5] + smaller + data[frame + 9 :]
    return Generated(f"{made.kind}, cropped", changed)
