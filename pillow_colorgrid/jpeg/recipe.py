"""What is in a JPEG file beside geometry, quantisation tables and coefficients.

A `Recipe` is the list of the file's parts in order. Parts that follow from the picture hold only
what does not follow; `Recipe.pack` gives one byte to each that is as libjpeg writes it.

Layout of a packed recipe. Numbers are bytes; "varint" is little-endian base 128: seven bits a
byte, bit 7 set if another byte follows, at most 5 bytes, below 2**32.

    1       version, 1
    1       number of components, 1, 3 or 4; and 8 if blocks without picture are told (dummies);
            else they follow libjpeg's rule: AC 0, DC of the block before it in the MCU
    ...     dummies, if told: varint n and n bytes, see `dummies.pack`
    ...     parts, each a code and what the table says

    code    part
    00      end of image: marker FF D9; the rest of the recipe follows it in the file
    01      end of the file without FF D9; the rest of the recipe is the file's end
    02      bytes before a marker: varint n, n bytes
    03      a segment as it is: marker, varint n, n bytes without the length
    04      APP0 of JFIF 1.01, no unit, density 1 x 1, no thumbnail
    05      APP0 of JFIF without a thumbnail: 7 bytes, from the version to the density
    06      APP14 of Adobe, version 100, flags 0: transform
    10..13  DQT of one table of 8 bits: that of component `code - 10`, in the slot of this number
    14      DQT: number of tables; each: precision << 4 | slot, and 0..3, the component whose table
            it is, or FF and 64 steps in zigzag order, of 1 or (precision 1) 2 bytes, big-endian
    20..22  SOF0..SOF2: components are 1, 2, ...; slot 0 for the first, 1 for the others
    24..26  SOF0..SOF2: for each component its identifier and slot
    30      DHT: number of tables; each: class << 4 | slot, and a kind
              0  standard luminance   1  standard chrominance (T.81 K.3)
              2  optimal (T.81 K.2) for the symbols that are coded with it
              3  16 counts and the symbols follow
    40..4F  DHT of one table: 40 | class << 3 | slot << 1 | kind; kind 0: standard, luminance in
            slot 0 and chrominance in others; 1: optimal
    50      DRI: interval, 2 bytes, big-endian
    60      scan of all components, sequential, with tables 0 for the first, 1 for the others
    61      scan: flags, number of components; each: place in the frame, DC slot << 4 | AC slot;
            first and last coefficient, high << 4 | low point transform; a difference if flag 4
              flag 1  bytes are filled with zeros, not ones
              flag 2  every block has its own end, runs of ends are not used (progressive)
              flag 4  a difference follows: varint n; n times: varint bytes that are kept, varint
                      bytes that are dropped, varint n of bytes that are put there, these bytes;
                      what is left of the scan is kept
    80      DHT four times: 40, 48, 42, 4A (libjpeg's, three components)
    81      progression of libjpeg with optimal tables, three components being YCbCr: the parts
            that `_progression` lists
    82      the same, all components being coded with tables 0

All other codes are refused.

Tables "optimal": where the symbols of several scans are coded with one table, all count.
"""

import struct
from dataclasses import dataclass

from pillow_colorgrid.jpeg.huffman import HuffmanTable
from pillow_colorgrid.jpeg.numbers import ADOBE, JFIF, PLAIN_JFIF, Source, varint
from pillow_colorgrid.jpeg.segments import (
    ALONE,
    DHT,
    DQT,
    DRI,
    EOI,
    FRAMES,
    MAX_SCANS,
    REFUSED,
    SOI,
    SOS,
    Junk,
    Raw,
    Restart,
    ScanHeader,
)

VERSION = 1

MAX_PAYLOAD = 65_533
"""Bytes of a segment without its length."""

STANDARD_LUMINANCE, STANDARD_CHROMINANCE, OPTIMAL, TOLD = range(4)
"""Kinds of Huffman tables."""

UNTOLD = {0x00, 0xFF, SOI, EOI, SOS, DQT, DHT, DRI, *FRAMES, *REFUSED, *ALONE}
"""Markers that no `Raw` part has."""


@dataclass(frozen=True)
class TableDefinition:
    """A quantisation table of a DQT segment: that of a component, or its steps in zigzag order."""

    slot: int
    wide: bool
    component: int | None
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tables:
    """A DQT segment."""

    tables: tuple[TableDefinition, ...]


@dataclass(frozen=True)
class CodeDefinition:
    """A Huffman table of a DHT segment: class << 4 | slot, and its kind or the table itself."""

    place: int
    kind: int
    table: HuffmanTable | None = None


@dataclass(frozen=True)
class Codes:
    """A DHT segment."""

    tables: tuple[CodeDefinition, ...]


@dataclass(frozen=True)
class FrameNames:
    """What a frame header holds beside geometry: identifier and table slot of each component."""

    marker: int
    components: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Change:
    """Bytes of a scan that are not as rebuilt: after `kept` bytes, `dropped` become `put`."""

    kept: int
    dropped: int
    put: bytes


@dataclass(frozen=True)
class ScanScript:
    """A scan.

    Attributes:
        header: the scan's header.
        zeros: bytes are filled with zeros, not ones.
        single_ends: no runs of ends of blocks.
        changes: where the file differs from what is rebuilt.
    """

    header: ScanHeader
    zeros: bool = False
    single_ends: bool = False
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Finish:
    """The end of the picture, with or without its marker, and what follows."""

    marked: bool
    trailing: bytes


Part = Junk | Raw | Tables | Codes | Restart | FrameNames | ScanScript | Finish


def _default_names(count: int) -> tuple[tuple[int, int], ...]:
    return tuple((n + 1, min(n, 1)) for n in range(count))


def _default_scan(count: int) -> ScanHeader:
    return ScanHeader(
        tuple(range(count)), tuple(min(n, 1) * 0x11 for n in range(count)), 0, 63, 0, 0
    )


def _progression(count: int, has_chroma: bool) -> tuple[Part, ...]:
    """What libjpeg's `jpeg_simple_progression` writes, with optimal tables before each scan."""
    every = tuple(range(count))
    if has_chroma:
        bands: list[tuple[tuple[int, ...], int, int, int, int]] = [
            (every, 0, 0, 0, 1),
            ((0,), 1, 5, 0, 2),
            ((2,), 1, 63, 0, 1),
            ((1,), 1, 63, 0, 1),
            ((0,), 6, 63, 0, 2),
            ((0,), 1, 63, 2, 1),
            (every, 0, 0, 1, 0),
            ((2,), 1, 63, 1, 0),
            ((1,), 1, 63, 1, 0),
            ((0,), 1, 63, 1, 0),
        ]
    else:
        bands = [(every, 0, 0, 0, 1)]
        for band in ((1, 5, 0, 2), (6, 63, 0, 2), (1, 63, 2, 1)):
            bands += [((c,), *band) for c in every]
        bands.append((every, 0, 0, 1, 0))
        bands += [((c,), 1, 63, 1, 0) for c in every]
    parts: list[Part] = []
    for components, first, last, high, low in bands:
        slots = [int(has_chroma and c > 0) for c in components]
        places: set[int] = set()
        tables = tuple(slots)
        if first > 0:
            places = {16 | slots[0]}
        elif high == 0:
            places = set(slots)
            tables = tuple(slot << 4 for slot in slots)
        else:
            tables = (0,) * len(slots)
        parts += [Codes((CodeDefinition(place, OPTIMAL),)) for place in sorted(places)]
        parts.append(ScanScript(ScanHeader(components, tables, first, last, high, low)))
    return tuple(parts)


def _macros(count: int) -> dict[int, tuple[Part, ...]]:
    """Codes that stand for several parts, of pictures with `count` components."""
    places = (0x00, 0x10, 0x01, 0x11)
    macros: dict[int, tuple[Part, ...]] = {
        0x80: tuple(Codes((CodeDefinition(place, place & 1),)) for place in places),
        0x82: _progression(count, False),
    }
    if count == 3:
        macros[0x81] = _progression(3, True)
    return macros


@dataclass(frozen=True)
class Recipe:
    """All of a JPEG file that is in no `JpegPicture`.

    Attributes:
        count: number of components.
        parts: in the file's order; the last one is `Finish`.
        dummies: None for libjpeg's rule, else the blocks without picture, see `dummies.pack`.
    """

    count: int
    parts: tuple[Part, ...]
    dummies: bytes | None = None

    def pack(self) -> bytes:
        """The bytes that the module's docstring describes."""
        out = bytearray([VERSION, self.count | (self.dummies is not None) << 3])
        if self.dummies is not None:
            out += varint(len(self.dummies)) + self.dummies
        macros = _macros(self.count)
        at = 0
        while at < len(self.parts):
            for code, macro in macros.items():
                if self.parts[at : at + len(macro)] == macro:
                    out.append(code)
                    at += len(macro)
                    break
            else:
                out += _pack_part(self.parts[at], self.count)
                at += 1
        return bytes(out)

    @classmethod
    def unpack(cls, data: bytes) -> "Recipe":
        """The inverse of `pack`.

        Raises:
            ValueError: not a packed recipe; names what was found and what is allowed.
        """
        source = Source(data)
        version = source.byte()
        if version != VERSION:
            raise ValueError(f"recipe of version {version}, known is {VERSION}")
        flags = source.byte()
        count = flags & 7
        if count not in (1, 3, 4) or flags > 15:
            raise ValueError(f"recipe begins with {flags}, allowed are 1, 3, 4 and these plus 8")
        dummies = source.take(source.varint()) if flags & 8 else None
        macros = _macros(count)
        parts: list[Part] = []
        scans = 0
        while not parts or not isinstance(parts[-1], Finish):
            code = source.byte()
            some = macros[code] if code in macros else (_unpack_part(source, code, count),)
            scans += sum(isinstance(part, ScanScript) for part in some)
            if scans > MAX_SCANS:
                raise ValueError(f"more than {MAX_SCANS} scans in a recipe")
            parts += some
        return cls(count, tuple(parts), dummies)


def _pack_part(part: Part, count: int) -> bytes:
    match part:
        case Finish(marked, trailing):
            return bytes([0 if marked else 1]) + trailing
        case Junk(data):
            return b"\x02" + varint(len(data)) + data
        case Raw(marker, payload):
            return _pack_raw(marker, payload)
        case Tables(tables):
            return _pack_tables(tables)
        case FrameNames(marker, components):
            kind = FRAMES.index(marker)
            if components == _default_names(len(components)):
                return bytes([0x20 + kind])
            return bytes([0x24 + kind, *(b for pair in components for b in pair)])
        case Codes(tables):
            return _pack_codes(tables)
        case Restart(interval):
            return b"\x50" + struct.pack(">H", interval)
        case ScanScript():
            return _pack_scan(part, count)


def _pack_raw(marker: int, payload: bytes) -> bytes:
    if marker == 0xE0 and payload == PLAIN_JFIF:
        return b"\x04"
    if marker == 0xE0 and len(payload) == 14 and payload[:5] == JFIF and payload[12:] == b"\0\0":
        return b"\x05" + payload[5:12]
    if marker == 0xEE and len(payload) == 12 and payload[:11] == ADOBE:
        return b"\x06" + payload[11:]
    return bytes([3, marker]) + varint(len(payload)) + payload


def _pack_tables(tables: tuple[TableDefinition, ...]) -> bytes:
    if len(tables) == 1:
        only = tables[0]
        if only.component is not None and only.slot == only.component and not only.wide:
            return bytes([0x10 + only.component])
    out = bytearray([0x14, len(tables)])
    for table in tables:
        out.append(table.wide << 4 | table.slot)
        if table.component is not None:
            out.append(table.component)
        else:
            out.append(0xFF)
            out += struct.pack(">64H" if table.wide else ">64B", *table.steps)
    return bytes(out)


def _pack_codes(tables: tuple[CodeDefinition, ...]) -> bytes:
    if len(tables) == 1:
        only = tables[0]
        short = 0x40 | only.place >> 4 << 3 | (only.place & 3) << 1
        if only.kind == OPTIMAL:
            return bytes([short | 1])
        if only.kind == min(only.place & 3, 1):
            return bytes([short])
    out = bytearray([0x30, len(tables)])
    for table in tables:
        out += bytes([table.place, table.kind])
        if table.table is not None:
            out += table.table.pack()
    return bytes(out)


def _pack_scan(scan: ScanScript, count: int) -> bytes:
    header = scan.header
    if scan == ScanScript(_default_scan(count)):
        return b"\x60"
    flags = scan.zeros | scan.single_ends << 1 | (len(scan.changes) > 0) << 2
    out = bytearray([0x61, flags, len(header.components)])
    for component, tables in zip(header.components, header.tables, strict=True):
        out += bytes([component, tables])
    out += bytes([header.first, header.last, header.high << 4 | header.low])
    if scan.changes:
        out += varint(len(scan.changes))
        for change in scan.changes:
            out += varint(change.kept) + varint(change.dropped)
            out += varint(len(change.put)) + change.put
    return bytes(out)


def _unpack_part(source: Source, code: int, count: int) -> Part:
    match code:
        case 0x00 | 0x01:
            return Finish(code == 0, source.take(len(source.data) - source.at))
        case 0x02:
            return Junk(source.take(source.varint()))
        case 0x03:
            marker = source.byte()
            if marker in UNTOLD:
                raise ValueError(f"segment FF {marker:02X} as it is in a recipe")
            return Raw(marker, _payload(source))
        case 0x04:
            return Raw(0xE0, PLAIN_JFIF)
        case 0x05:
            return Raw(0xE0, JFIF + source.take(7) + b"\0\0")
        case 0x06:
            return Raw(0xEE, ADOBE + source.take(1))
        case 0x10 | 0x11 | 0x12 | 0x13:
            return Tables((TableDefinition(code & 3, False, _below(code & 3, count)),))
        case 0x14:
            return _unpack_tables(source, count)
        case 0x20 | 0x21 | 0x22:
            return FrameNames(FRAMES[code & 3], _default_names(count))
        case 0x24 | 0x25 | 0x26:
            names = tuple((source.byte(), _below(source.byte(), 4)) for _ in range(count))
            return FrameNames(FRAMES[code & 3], names)
        case 0x30:
            return _unpack_codes(source)
        case 0x50:
            return Restart(int.from_bytes(source.take(2), "big"))
        case 0x60:
            return ScanScript(_default_scan(count))
        case 0x61:
            return _unpack_scan(source, count)
        case _ if 0x40 <= code <= 0x4F:
            place = (code & 8) << 1 | code >> 1 & 3
            kind = OPTIMAL if code & 1 else min(place & 3, 1)
            return Codes((CodeDefinition(place, kind),))
    raise ValueError(f"code {code:#04x} of a part of a recipe")


def _below(number: int, limit: int) -> int:
    if number >= limit:
        raise ValueError(f"number {number} in a recipe, at most {limit - 1}")
    return number


def _payload(source: Source) -> bytes:
    size = source.varint()
    if size > MAX_PAYLOAD:
        raise ValueError(f"segment of {size} bytes in a recipe, at most {MAX_PAYLOAD}")
    return source.take(size)


def _unpack_tables(source: Source, count: int) -> Tables:
    tables = []
    for _ in range(source.byte()):
        wide, slot = divmod(_below(source.byte(), 32), 16)
        component = source.byte()
        if component == 0xFF:
            size = 128 if wide else 64
            steps = struct.unpack(">64H" if wide else ">64B", source.take(size))
            if 0 in steps:
                raise ValueError("quantisation step 0 in a recipe, at least 1")
            tables.append(TableDefinition(_below(slot, 4), wide == 1, None, steps))
        else:
            owner = _below(component, count)
            tables.append(TableDefinition(_below(slot, 4), wide == 1, owner))
    return Tables(tuple(tables))


def _unpack_codes(source: Source) -> Codes:
    tables = []
    for _ in range(source.byte()):
        place = source.byte()
        if place & ~0x13:
            raise ValueError(f"Huffman table {place:#04x} in a recipe, allowed are 0-3 and 10-13")
        kind = _below(source.byte(), 4)
        table = None
        if kind == TOLD:
            counts = source.take(16)
            table = HuffmanTable(counts, source.take(sum(counts)))
            table.check()
        tables.append(CodeDefinition(place, kind, table))
    return Codes(tuple(tables))


def _unpack_scan(source: Source, count: int) -> ScanScript:
    flags = _below(source.byte(), 8)
    number = source.byte()
    if not 1 <= number <= count:
        raise ValueError(f"scan of {number} components in a recipe, allowed are 1 to {count}")
    pairs = [(_below(source.byte(), count), source.byte()) for _ in range(number)]
    first, last, points = source.take(3)
    header = ScanHeader(
        tuple(c for c, _ in pairs),
        tuple(t for _, t in pairs),
        first,
        last,
        points >> 4,
        points & 15,
    )
    changes = []
    if flags & 4:
        for _ in range(source.varint()):
            kept, dropped = source.varint(), source.varint()
            changes.append(Change(kept, dropped, source.take(source.varint())))
    return ScanScript(header, bool(flags & 1), bool(flags & 2), tuple(changes))
