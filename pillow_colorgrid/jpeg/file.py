"""A JPEG file into picture and recipe, and back to the very same bytes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg import (
    dummies,
    progressive_writer,
    refinement_reader,
    scan_reader,
    scan_writer,
    symbols,
)
from pillow_colorgrid.jpeg.bits import padding_is_ones
from pillow_colorgrid.jpeg.difference import changes_between, with_changes
from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.huffman import STANDARD, HuffmanTable, optimal
from pillow_colorgrid.jpeg.layout import Layout, ScanLayout
from pillow_colorgrid.jpeg.picture import Coefficients, Component, JpegPicture, Table, transform_of
from pillow_colorgrid.jpeg.recipe import (
    OPTIMAL,
    TOLD,
    CodeDefinition,
    Codes,
    Finish,
    FrameNames,
    Part,
    Recipe,
    ScanScript,
    TableDefinition,
    Tables,
)
from pillow_colorgrid.jpeg.segments import (
    DHT,
    DQT,
    DRI,
    PROGRESSIVE,
    SOS,
    End,
    FilePart,
    Frame,
    FrameComponent,
    Huffman,
    Junk,
    Quantisation,
    Raw,
    Restart,
    Scan,
    ScanHeader,
    check_scan,
    split,
)
from pillow_colorgrid.jpeg.zigzag import ORDER

MAX_PIXELS = 178_956_970
"""Twice `PIL.Image.MAX_IMAGE_PIXELS`, where Pillow refuses a picture."""


# -- reading ------------------------------------------------------------------------------------


def read(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[JpegPicture, Recipe]:
    """Read a JPEG file.

    Args:
        data: the whole file.
        max_pixels: width * height that are allowed.

    Returns:
        The picture, and what `write` needs beside it. Whether both give exactly this file has
        not been tried: `read_exact` does.

    Raises:
        UnsupportedJpegError: why it cannot be read.
    """
    return _Reading(data, max_pixels).result()


def read_exact(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[JpegPicture, Recipe]:
    """Read a JPEG file of which `write` gives exactly these bytes; otherwise as `read`.

    Raises:
        UnsupportedJpegError: why it cannot be read, or that it is not rebuilt exactly.
    """
    reading = _Reading(data, max_pixels)
    picture, recipe = reading.result()
    rebuilt = []
    parts = list(recipe.parts)
    scans = iter(reading.scans)
    try:
        for number, piece in _Writing(picture, recipe).pieces():
            part = parts[number] if number is not None else None
            if number is not None and isinstance(part, ScanScript):
                scan = next(scans)
                original = data[scan.start : scan.stop]
                if piece != original:
                    changes = changes_between(piece, original)
                    parts[number] = replace(part, changes=changes)
                    piece = original
            rebuilt.append(piece)
    except UnsupportedJpegError:
        raise
    except ValueError as error:
        raise UnsupportedJpegError(f"not rebuilt: {error}") from error
    if b"".join(rebuilt) != data:
        raise UnsupportedJpegError("not rebuilt exactly")
    return picture, replace(recipe, parts=tuple(parts))


@dataclass
class _Definition:
    """A Huffman table of the file, and how often its symbols occurred in the scans."""

    place: int
    table: HuffmanTable
    histogram: NDArray[np.int64]

    def told(self) -> CodeDefinition:
        """Its shortest description."""
        for kind, table in enumerate(STANDARD[self.place >> 4]):
            if table == self.table:
                return CodeDefinition(self.place, kind)
        if optimal(self.histogram) == self.table:
            return CodeDefinition(self.place, OPTIMAL)
        return CodeDefinition(self.place, TOLD, self.table)


class _Reading:
    """A file on its way into picture and recipe.

    Attributes:
        scans: where its scans are.
    """

    def __init__(self, data: bytes, max_pixels: int) -> None:
        self.data = data
        parts = split(data)
        self.frame = next(part for part in parts if isinstance(part, Frame))
        pixels = self.frame.width * self.frame.height
        if pixels > max_pixels:
            raise UnsupportedJpegError(
                f"{self.frame.width} x {self.frame.height} pixels, at most {max_pixels} allowed"
            )
        factors = [(c.horizontal, c.vertical) for c in self.frame.components]
        self.layout = Layout(self.frame.width, self.frame.height, factors)
        blocks = max(plane.rows * plane.columns for plane in self.layout.planes)
        if blocks > 8 * len(data):
            raise UnsupportedJpegError(f"{len(data)} bytes for {blocks} blocks: damaged or cut off")
        self.flat: Coefficients = np.zeros(self.layout.size, np.int16)
        self.scans: list[Scan] = []
        self.slots: dict[int, tuple[int, ...]] = {}
        self.tables: dict[int, tuple[int, ...]] = {}
        """Quantisation tables of components whose first scan was seen, zigzag order."""
        self.definitions: dict[int, _Definition] = {}
        self.restart = 0
        self.low = np.full((len(factors), 64), -1, np.int64)
        """Of each coefficient the bits that are still missing; -1: all."""
        self.is_interleaved = [False] * len(factors)
        self.has_jfif = False
        self.adobe: int | None = None
        self.parts: list[FilePart | list[_Definition] | ScanScript] = []
        for part in parts:
            self.parts.append(self._take(part))
        for component in range(len(factors)):
            if self.low[component, 0] < 0:
                raise UnsupportedJpegError(f"component {component} has no scan")

    def _take(self, part: FilePart) -> "FilePart | list[_Definition] | ScanScript":
        match part:
            case Quantisation(tables):
                self.slots.update((table.slot, table.steps) for table in tables)
            case Huffman(tables):
                some = [_Definition(d.place, d.table, np.zeros(256, np.int64)) for d in tables]
                self.definitions.update((d.place, d) for d in some)
                return some
            case Restart(interval):
                self.restart = interval
            case Raw(0xE0, payload) if not self.scans:
                # libjpeg's conditions, that of the length too.
                self.has_jfif |= len(payload) >= 14 and payload[:5] == b"JFIF\0"
            case Raw(0xEE, payload) if not self.scans:
                if len(payload) >= 12 and payload[:5] == b"Adobe":
                    self.adobe = payload[11]
            case Scan():
                return self._scan(part)
        return part

    def _scan(self, scan: Scan) -> ScanScript:
        header = scan.header
        for component in header.components:
            slot = self.frame.components[component].slot
            if component not in self.tables:
                if slot not in self.slots:
                    raise UnsupportedJpegError(f"quantisation table {slot} is not defined")
                self.tables[component] = self.slots[slot]
            known = self.low[component, header.first : header.last + 1]
            if (known != (header.high if header.high else -1)).any():
                raise UnsupportedJpegError("scans that do not follow one another")
            known[:] = header.low
            if len(header.components) > 1:
                self.is_interleaved[component] = True
            if header.first > 0 and self.low[component, 0] < 0:
                raise UnsupportedJpegError("a scan of a component whose DC is unknown")
        self.scans.append(scan)
        layout = ScanLayout(self.layout, header.components, self.restart)
        data = self.data[scan.start : scan.stop]
        tables = {place: d.table for place, d in self.definitions.items()}
        progressive = self.frame.marker == PROGRESSIVE
        if header.high == 0:
            found, single_ends, bits = scan_reader.read(
                data, header, tables, layout, self.flat, progressive
            )
        elif header.first == 0:
            bits = refinement_reader.read_dc(data, header, layout, self.flat)
            found, single_ends = {}, False
        else:
            place = 16 | header.tables[0] & 15
            if place not in tables:
                raise UnsupportedJpegError(f"a scan uses the undefined Huffman table {place:#04x}")
            scan_bits = refinement_reader.AcRefinement(
                data, header, tables[place], layout, self.flat
            )
            found, single_ends = {place: scan_bits.histogram}, scan_bits.has_single_ends
            bits = scan_bits.data, scan_bits.stops, scan_bits.ends
        for place, histogram in found.items():
            self.definitions[place].histogram += histogram
        return ScanScript(header, not padding_is_ones(*bits), single_ends)

    def result(self) -> tuple[JpegPicture, Recipe]:
        """Picture and recipe of the file."""
        components = []
        told = False
        for number, part in enumerate(self.frame.components):
            plane = self.layout.planes[number]
            if self.is_interleaved[number]:
                told |= not dummies.follow_rule(self.layout, self.flat, number)
            table: Table = np.empty(64, np.uint16)
            table[ORDER] = self.tables[number]
            blocks = self.layout.plane(self.flat, number)[: plane.rows, : plane.columns]
            components.append(
                Component(part.horizontal, part.vertical, table, np.ascontiguousarray(blocks))
            )
        transform = transform_of(
            tuple(c.identifier for c in self.frame.components), self.has_jfif, self.adobe
        )
        picture = JpegPicture(self.frame.width, self.frame.height, tuple(components), transform)
        parts = tuple(self._told(part) for part in self.parts)
        packed = dummies.pack(self.layout, self.flat) if told else None
        return picture, Recipe(len(components), parts, packed)

    def _told(self, part: FilePart | list[_Definition] | ScanScript) -> Part:
        match part:
            case list():
                return Codes(tuple(definition.told() for definition in part))
            case Quantisation(tables):
                return Tables(tuple(self._told_table(t.slot, t.wide, t.steps) for t in tables))
            case Frame(marker, _, _, components):
                return FrameNames(marker, tuple((c.identifier, c.slot) for c in components))
            case End(marked, trailing):
                return Finish(marked, trailing)
            case Junk() | Raw() | Restart() | ScanScript():
                return part
        raise AssertionError(part)

    def _told_table(self, slot: int, wide: bool, steps: tuple[int, ...]) -> TableDefinition:
        """A table by the component that has it: that of the slot's number if it does."""
        owners = [number for number, table in self.tables.items() if table == steps]
        if not owners:
            return TableDefinition(slot, wide, None, steps)
        return TableDefinition(slot, wide, slot if slot in owners else min(owners))


# -- writing ------------------------------------------------------------------------------------


def write(picture: JpegPicture, recipe: Recipe) -> bytes:
    """The JPEG file of a picture and a recipe.

    Raises:
        ValueError: they do not fit each other.
    """
    return b"".join(piece for _, piece in _Writing(picture, recipe).pieces())


def _segment(marker: int, payload: bytes) -> bytes:
    if len(payload) > 65_533:
        raise ValueError(f"segment of {len(payload)} bytes, at most 65533")
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


class _Writing:
    """A file on its way back."""

    def __init__(self, picture: JpegPicture, recipe: Recipe) -> None:
        self.picture = picture
        self.recipe = recipe
        components = picture.components
        names = [part for part in recipe.parts if isinstance(part, FrameNames)]
        if len(names) != 1:
            raise ValueError(f"{len(names)} frames in a recipe, not 1")
        if not recipe.count == len(components) == len(names[0].components):
            raise ValueError(f"a recipe for {recipe.count} components, not {len(components)}")
        if not (0 < picture.width < 65_536 and 0 < picture.height < 65_536):
            raise ValueError(f"{picture.width} x {picture.height} pixels, sides at most 65535")
        self.frame = Frame(
            names[0].marker,
            picture.width,
            picture.height,
            tuple(
                FrameComponent(identifier, c.horizontal, c.vertical, slot)
                for (identifier, slot), c in zip(names[0].components, components, strict=True)
            ),
        )
        factors = [(c.horizontal, c.vertical) for c in components]
        self.layout = Layout(picture.width, picture.height, factors)
        self.flat: Coefficients = np.zeros(self.layout.size, np.int16)
        for number, component in enumerate(components):
            plane = self.layout.planes[number]
            shape = (plane.rows, plane.columns, 64)
            if component.coefficients.shape != shape:
                raise ValueError(f"blocks {component.coefficients.shape}, expected are {shape}")
            blocks = self.layout.plane(self.flat, number)
            blocks[: plane.rows, : plane.columns] = component.coefficients
            if recipe.dummies is None:
                dummies.fill(self.layout, self.flat, number)
        if recipe.dummies is not None:
            dummies.unpack(recipe.dummies, self.layout, self.flat)
        self._find_users()

    def _find_users(self) -> None:
        """Which scans use which definition of an optimal Huffman table."""
        current: dict[int, tuple[int, int]] = {}
        self.users: dict[tuple[int, int], list[int]] = {}
        self.restarts: dict[int, int] = {}
        self.optimal: dict[tuple[int, int], HuffmanTable] = {}
        restart = 0
        for number, part in enumerate(self.recipe.parts):
            match part:
                case Codes(tables):
                    for place, definition in enumerate(tables):
                        current[definition.place] = number, place
                        self.users[number, place] = []
                case Restart(interval):
                    restart = interval
                case ScanScript(header):
                    check_scan(header, self.frame)
                    self.restarts[number] = restart
                    for place in _places(header):
                        if place not in current:
                            raise ValueError(f"Huffman table {place:#04x} is not defined")
                        self.users[current[place]].append(number)

    def pieces(self) -> Iterator[tuple[int | None, bytes]]:
        """The file in pieces: number of the part, and bytes.

        A scan's header is a piece of no part, its entropy-coded data one of the part.
        """
        tables: dict[int, HuffmanTable] = {}
        yield None, b"\xff\xd8"
        for number, part in enumerate(self.recipe.parts):
            match part:
                case Finish(marked, trailing):
                    yield number, (b"\xff\xd9" if marked else b"") + trailing
                case Junk(data):
                    yield number, data
                case Raw(marker, payload):
                    yield number, _segment(marker, payload)
                case Tables(some):
                    yield number, _segment(DQT, b"".join(self._table(t) for t in some))
                case FrameNames():
                    yield number, self._frame()
                case Codes(definitions):
                    payload = b""
                    for place, definition in enumerate(definitions):
                        table = self._code_table(number, place, definition)
                        tables[definition.place] = table
                        payload += bytes([definition.place]) + table.pack()
                    yield number, _segment(DHT, payload)
                case Restart(interval):
                    yield number, _segment(DRI, struct.pack(">H", interval))
                case ScanScript(header, zeros, _, changes):
                    yield None, self._scan_header(header)
                    data = symbols.encode(self._symbols(number), tables, not zeros)
                    yield number, with_changes(data, changes)

    def _frame(self) -> bytes:
        frame = self.frame
        payload = struct.pack(">BHHB", 8, frame.height, frame.width, len(frame.components))
        for c in frame.components:
            payload += bytes([c.identifier, c.horizontal << 4 | c.vertical, c.slot])
        return _segment(frame.marker, payload)

    def _table(self, definition: TableDefinition) -> bytes:
        steps = definition.steps
        if definition.component is not None:
            table = self.picture.components[definition.component].table
            steps = tuple(table[ORDER].tolist())
        if not definition.wide and max(steps) > 255:
            raise ValueError(f"quantisation step {max(steps)} in a table of 8 bits")
        head = bytes([definition.wide << 4 | definition.slot])
        return head + struct.pack(">64H" if definition.wide else ">64B", *steps)

    def _code_table(self, number: int, place: int, definition: CodeDefinition) -> HuffmanTable:
        if definition.table is not None:
            return definition.table
        if definition.kind != OPTIMAL:
            return STANDARD[definition.place >> 4][definition.kind]
        if (number, place) not in self.optimal:
            total = np.zeros(256, np.int64)
            for user in sorted(set(self.users[number, place])):
                total += symbols.histograms(self._symbols(user))[definition.place]
            self.optimal[number, place] = optimal(total)
        return self.optimal[number, place]

    def _symbols(self, number: int) -> Iterator[symbols.Symbols]:
        part = self.recipe.parts[number]
        if not isinstance(part, ScanScript):
            raise AssertionError(part)
        layout = ScanLayout(self.layout, part.header.components, self.restarts[number])
        if self.frame.marker == PROGRESSIVE:
            return progressive_writer.progressive(self.flat, part.header, layout, part.single_ends)
        return scan_writer.sequential(self.flat, part.header, layout)

    def _scan_header(self, header: ScanHeader) -> bytes:
        payload = bytes([len(header.components)])
        for component, slots in zip(header.components, header.tables, strict=True):
            payload += bytes([self.frame.components[component].identifier, slots])
        payload += bytes([header.first, header.last, header.high << 4 | header.low])
        return _segment(SOS, payload)


def _places(header: ScanHeader) -> set[int]:
    """The Huffman tables that a scan uses, as class << 4 | slot."""
    places: set[int] = set()
    if header.first == 0 and header.high == 0:
        places |= {slots >> 4 for slots in header.tables}
    if header.last > 0:
        places |= {16 | slots & 15 for slots in header.tables}
    return places
