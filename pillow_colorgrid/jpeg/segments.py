"""A JPEG file as a list of its parts, in order; nothing is decoded.

Source: ITU-T T.81, annex B.
"""

import re
import struct
from dataclasses import dataclass

from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.huffman import HuffmanTable

MAX_SCANS = 100
"""Scans of a file. Encoders write at most 64; each costs a walk over the picture."""

SOI, EOI, SOS, DQT, DHT, DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
FRAMES = (BASELINE, EXTENDED, PROGRESSIVE)

REFUSED = {
    0xC3: "lossless coding",
    0xC5: "hierarchical coding",
    0xC6: "hierarchical coding",
    0xC7: "hierarchical coding",
    0xC8: "a reserved frame",
    0xC9: "arithmetic coding",
    0xCA: "arithmetic coding",
    0xCB: "lossless coding",
    0xCC: "arithmetic coding",
    0xCD: "hierarchical coding",
    0xCE: "hierarchical coding",
    0xCF: "hierarchical coding",
    0xDC: "a number of lines told after the scan (DNL)",
    0xDE: "hierarchical coding",
    0xDF: "hierarchical coding",
}
"""Markers that are no part of what is read here."""

ALONE = (0x01, *range(0xD0, 0xD8))
"""Markers without a segment. Outside of a scan they mean nothing."""


@dataclass(frozen=True)
class Junk:
    """Bytes before a marker that belong to no segment, such as fill bytes 0xFF."""

    data: bytes


@dataclass(frozen=True)
class Raw:
    """A segment that does not steer the decoding: APPn, COM, and others."""

    marker: int
    payload: bytes


@dataclass(frozen=True)
class QuantisationTable:
    """One table of a DQT segment: `steps` are 64 numbers in zigzag order."""

    slot: int
    wide: bool
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Quantisation:
    """A DQT segment."""

    tables: tuple[QuantisationTable, ...]


@dataclass(frozen=True)
class HuffmanDefinition:
    """One table of a DHT segment; `place` is class << 4 | slot, class 0 is DC and 1 is AC."""

    place: int
    table: HuffmanTable


@dataclass(frozen=True)
class Huffman:
    """A DHT segment."""

    tables: tuple[HuffmanDefinition, ...]


@dataclass(frozen=True)
class Restart:
    """A DRI segment; interval in MCUs, 0: none."""

    interval: int


@dataclass(frozen=True)
class FrameComponent:
    """A component as in the frame header; `slot` names its quantisation table."""

    identifier: int
    horizontal: int
    vertical: int
    slot: int


@dataclass(frozen=True)
class Frame:
    """An SOF segment of 8 bits a sample."""

    marker: int
    width: int
    height: int
    components: tuple[FrameComponent, ...]


@dataclass(frozen=True)
class ScanHeader:
    """An SOS segment.

    Attributes:
        components: places in the frame's components.
        tables: for each of them DC slot << 4 | AC slot.
        first: first coefficient of the band, zigzag order.
        last: last coefficient of the band.
        high: point transform of the scan before (0: none).
        low: point transform of this scan.
    """

    components: tuple[int, ...]
    tables: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int


@dataclass(frozen=True)
class Scan:
    """A scan header and where its entropy-coded data lies in the file: data[start:stop]."""

    header: ScanHeader
    start: int
    stop: int


@dataclass(frozen=True)
class End:
    """The EOI marker (`marked` is False where the file has none) and all bytes after it."""

    marked: bool
    trailing: bytes


FilePart = Junk | Raw | Quantisation | Huffman | Restart | Frame | Scan | End

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)
"""What ends entropy-coded data: a marker that does not restart it."""


def split(data: bytes) -> list[FilePart]:
    """All parts of a JPEG file; the last one is its `End`.

    Raises:
        UnsupportedJpegError: not a JPEG file, a coding that is not supported, or broken.
    """
    if data[:2] != b"\xff\xd8":
        raise UnsupportedJpegError("no JPEG file: it does not begin with FF D8")
    parts: list[FilePart] = []
    frame: Frame | None = None
    scans = 0
    at = 2
    while True:
        found = _NEXT_MARKER.search(data, at)
        while found and data[found.start() + 1] in ALONE:
            found = _NEXT_MARKER.search(data, found.end())
        if found is None:
            if scans == 0:
                raise UnsupportedJpegError("the file ends before its first scan")
            parts.append(End(False, data[at:]))
            return parts
        if found.start() > at:
            parts.append(Junk(data[at : found.start()]))
        marker = data[found.start() + 1]
        at = found.end()
        if marker == EOI:
            if scans == 0:
                raise UnsupportedJpegError("the file has no scan")
            parts.append(End(True, data[at:]))
            return parts
        if marker in REFUSED:
            raise UnsupportedJpegError(f"{REFUSED[marker]} (marker FF {marker:02X})")
        if marker == SOI:
            raise UnsupportedJpegError("a second FF D8 inside of the picture")
        if at + 2 > len(data):
            raise UnsupportedJpegError("the file ends within a segment")
        (length,) = struct.unpack_from(">H", data, at)
        payload = data[at + 2 : at + length]
        if length < 2 or len(payload) != length - 2:
            raise UnsupportedJpegError(f"segment FF {marker:02X} of {length} bytes, cut off")
        at += length
        if marker in FRAMES:
            if frame is not None:
                raise UnsupportedJpegError("two frames in one file")
            frame = _frame(marker, payload)
            parts.append(frame)
        elif marker == DQT:
            parts.append(_quantisation(payload))
        elif marker == DHT:
            parts.append(_huffman(payload))
        elif marker == DRI:
            if len(payload) != 2:
                raise UnsupportedJpegError(f"DRI of {len(payload)} bytes, not 2")
            parts.append(Restart(int.from_bytes(payload, "big")))
        elif marker == SOS:
            if frame is None:
                raise UnsupportedJpegError("a scan before the frame")
            scans += 1
            if scans > MAX_SCANS:
                raise UnsupportedJpegError(f"more than {MAX_SCANS} scans")
            header = _scan_header(payload, frame)
            end = END_OF_SCAN.search(data, at)
            stop = end.start() if end else len(data)
            parts.append(Scan(header, at, stop))
            at = stop
        else:
            parts.append(Raw(marker, payload))


def _frame(marker: int, payload: bytes) -> Frame:
    if len(payload) < 6 or len(payload) != 6 + 3 * payload[5]:
        raise UnsupportedJpegError(f"frame header of {len(payload)} bytes")
    bits, height, width, number = struct.unpack_from(">BHHB", payload)
    if bits != 8:
        raise UnsupportedJpegError(f"{bits} bits a sample, not 8")
    if width == 0 or height == 0:
        raise UnsupportedJpegError(f"a picture of {width} x {height} pixels")
    if number not in (1, 3, 4):
        raise UnsupportedJpegError(f"{number} components, not 1, 3 or 4")
    components = []
    for at in range(6, len(payload), 3):
        identifier, factors, slot = payload[at : at + 3]
        if not (1 <= factors >> 4 <= 4 and 1 <= factors & 15 <= 4):
            raise UnsupportedJpegError(
                f"sampling factors {factors >> 4} x {factors & 15}, not 1 to 4"
            )
        if slot > 3:
            raise UnsupportedJpegError(f"quantisation table {slot}, not 0 to 3")
        components.append(FrameComponent(identifier, factors >> 4, factors & 15, slot))
    if len({c.identifier for c in components}) != number:
        raise UnsupportedJpegError("two components of one identifier")
    return Frame(marker, width, height, tuple(components))


def _quantisation(payload: bytes) -> Quantisation:
    tables = []
    at = 0
    while at < len(payload):
        wide, slot = payload[at] >> 4, payload[at] & 15
        size = 64 * (wide + 1)
        at += 1
        if wide > 1 or slot > 3 or at + size > len(payload):
            raise UnsupportedJpegError(f"quantisation table {slot} of precision {wide}, or cut off")
        steps = struct.unpack_from(">64H" if wide else ">64B", payload, at)
        if 0 in steps:
            raise UnsupportedJpegError("quantisation step 0")
        tables.append(QuantisationTable(slot, bool(wide), steps))
        at += size
    return Quantisation(tuple(tables))


def _huffman(payload: bytes) -> Huffman:
    tables = []
    at = 0
    while at < len(payload):
        place = payload[at]
        counts = payload[at + 1 : at + 17]
        symbols = payload[at + 17 : at + 17 + sum(counts)]
        if place & ~0x13 or len(counts) != 16 or len(symbols) != sum(counts):
            raise UnsupportedJpegError(f"Huffman table {place:#04x}, or cut off")
        table = HuffmanTable(counts, symbols)
        table.check()
        tables.append(HuffmanDefinition(place, table))
        at += 17 + len(symbols)
    return Huffman(tuple(tables))


def _scan_header(payload: bytes, frame: Frame) -> ScanHeader:
    number = payload[0] if payload else 0
    if not 1 <= number <= 4 or len(payload) != 4 + 2 * number:
        raise UnsupportedJpegError(f"scan header of {len(payload)} bytes, {number} components")
    identifiers = [c.identifier for c in frame.components]
    components = []
    for identifier in payload[1 : 1 + 2 * number : 2]:
        if identifier not in identifiers:
            raise UnsupportedJpegError(f"a scan of the unknown component {identifier}")
        components.append(identifiers.index(identifier))
    first, last, points = payload[-3:]
    header = ScanHeader(
        tuple(components),
        tuple(payload[2 : 2 + 2 * number : 2]),
        first,
        last,
        points >> 4,
        points & 15,
    )
    check_scan(header, frame)
    return header


def check_scan(header: ScanHeader, frame: Frame) -> None:
    """Refuse scans that no encoder writes.

    Raises:
        UnsupportedJpegError: what is wrong.
    """
    if list(header.components) != sorted(set(header.components)):
        raise UnsupportedJpegError("components of a scan out of order")
    if header.components[-1] >= len(frame.components):
        raise UnsupportedJpegError(f"a scan of component {header.components[-1]}")
    if any(tables & ~0x33 for tables in header.tables):
        raise UnsupportedJpegError("Huffman table beyond 3")
    if len(header.components) > 1:
        blocks = sum(
            frame.components[c].horizontal * frame.components[c].vertical for c in header.components
        )
        if blocks > 10:
            raise UnsupportedJpegError(f"{blocks} blocks in an MCU, not 1 to 10")
    band = (header.first, header.last, header.high, header.low)
    if frame.marker != PROGRESSIVE:
        if band != (0, 63, 0, 0):
            raise UnsupportedJpegError(f"a sequential scan of band {band}")
        return
    if header.first == 0:
        good = header.last == 0
    else:
        good = header.first <= header.last <= 63 and len(header.components) == 1
    if not good or header.low > 13 or header.high not in (0, header.low + 1):
        raise UnsupportedJpegError(f"a progressive scan of band {band}")
