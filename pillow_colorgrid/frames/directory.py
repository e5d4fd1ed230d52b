"""The frames of an open file: where each stands and what it is like, without a pixel decoded.

Needs neither numpy nor onnxruntime: `Image.open` and `seek` come here.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from PIL import ImagePalette

from pillow_colorgrid import container, metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.frames import index, payload
from pillow_colorgrid.frames.index import FRAME, Index
from pillow_colorgrid.frames.payload import HEAD, PATCHED, Frame
from pillow_colorgrid.metadata import Metadata

ONE_FILE = "frames of one file"
"""Key in ``Image.info["cgx"]``: all frames together give back the file that was saved."""


@dataclass(frozen=True)
class Description:
    """What Pillow shows of a frame before its pixels are needed."""

    mode: str
    size: tuple[int, int]
    info: dict[Any, Any]
    palette: ImagePalette.ImagePalette | None
    draft_header: Header | None
    """Of a frame whose coding may leave pixels out (`Coding.draft_interval`); None: it cannot."""


@dataclass(frozen=True)
class Directory:
    """Frames by number.

    Attributes:
        fp: the file.
        header: of the file, which is that of frame 0.
        found: the metadata of frame 0.
        first: where the sections of frame 0 begin.
        index: None: a still, whose sections go on to the end of the file.
    """

    fp: IO[bytes]
    header: Header
    found: Metadata
    first: int
    index: Index | None

    @property
    def offsets(self) -> list[int]:
        """Where the section of each frame stands, and where the last one ends."""
        return self.index.offsets(self.first) if self.index else [self.first]

    @property
    def count(self) -> int:
        """How many frames."""
        return len(self.index.entries) if self.index else 1

    def whole_count(self) -> int:
        """How many frames are whole, as far as the length of the file tells; at least 1."""
        end = self.fp.seek(0, os.SEEK_END)
        return max(1, sum(offset <= end for offset in self.offsets[2:]) + 1) if self.index else 1

    # -- what a frame is like ---------------------------------------------------------------------

    def describe(self, number: int) -> Description:
        """A frame, its metadata included.

        Raises:
            CgxError: that is damaged, or the file ends before it.
        """
        if self.index is None:
            info, palette, facts = self._told(0, self.header, self.found, self.first)
            shape = self.header
            info["cgx"] = facts
            return Description(shape.mode, shape.size, info, _fresh(palette), self.header)
        entry = self.index.entries[number]
        header, found, start = self._beginning(number)
        info, palette, facts = self._told(number, header, found, start)
        if entry.metadata != number:
            whose = self._beginning(entry.metadata)
            info, palette, _ = self._told(entry.metadata, *whose)
        info |= self._timing(self.index, number)
        if self.index.joined:
            facts[ONE_FILE] = True
        draft = header if entry.base is None else None
        info["cgx"] = facts
        return Description(entry.mode, entry.size, info, _fresh(palette), draft)

    def _beginning(self, number: int) -> tuple[Header | None, Metadata, int]:
        """Header, own metadata and start of the sections of a frame; no header: it is patched."""
        if number == 0:
            return self.header, self.found, self.first
        assert self.index is not None
        entry = self.index.entries[number]
        nothing = Metadata({}, None, 0)
        if not entry.length:
            return None, nothing, 0
        start = self.offsets[number] + container.SECTION.size
        self.fp.seek(start)
        head = self.fp.read(HEAD.size)
        if len(head) < HEAD.size:
            raise TruncatedError(f"image file is truncated (no frame {number})")
        checksum, coding = HEAD.unpack(head)
        found = metadata.read(self.fp, entry.mode) if entry.metadata == number else nothing
        header = None if coding == PATCHED else self.header_of(number, coding, checksum)
        return header, found, found.pixel_offset or start + HEAD.size

    def header_of(self, number: int, coding: int, checksum: bytes) -> Header:
        """The header that a file of one frame alone would have."""
        assert self.index is not None
        entry = self.index.entries[number]
        return Header(coding, entry.mode, entry.size, checksum, self.header.minor)

    def _told(
        self, number: int, header: Header | None, found: Metadata, start: int
    ) -> tuple[dict[str, Any], ImagePalette.ImagePalette | None, dict[str, Any]]:
        """`Image.info`, palette, and what the coding tells, of a frame's own sections."""
        if header is None:
            assert self.index is not None
            facts = {"coding": "patches", "lossless": True}
            return dict(found.info), found.palette, facts
        coding = registry.of(header)
        info: dict[str, Any] = {}
        if coding.info is not None:
            self.fp.seek(start)
            info |= coding.info(header, self.fp)
        facts = {
            "coding": coding.name,
            "lossless": not coding.lossy,
            **coding.facts(container.section_starts(self.fp, start)),
        }
        return {**info, **found.info}, found.palette, facts

    @staticmethod
    def _timing(found: Index, number: int) -> dict[str, Any]:
        """What the index adds to `Image.info`."""
        duration = found.entries[number].duration
        told: dict[str, Any] = {} if duration is None else {"duration": duration}
        if found.loop is not None:
            told["loop"] = found.loop
        if found.default_image:
            told["default_image"] = True
        return told

    # -- its sections -----------------------------------------------------------------------------

    def first_sections(self) -> Iterator[Section]:
        """Of frame 0 of several.

        Raises:
            CgxError: one is damaged, or the file ends inside it.
        """
        end = self.offsets[1]
        self.fp.seek(self.first)
        while self.fp.tell() < end:
            yield container.read_section(self.fp)
        if self.fp.tell() != end:
            raise DamagedError(f"frame 0 ends at byte {self.fp.tell()}, its index says {end}")

    def picture(self, number: int) -> tuple[Header, Sequence[Section]]:
        """Header and sections of a frame of several that is a picture of its own.

        Raises:
            CgxError: it is damaged, or the file ends before or inside it.
        """
        if number == 0:
            return self.header, list(self.first_sections())
        frame = self.read(number)
        return self.header_of(number, frame.coding, frame.checksum), frame.sections

    def read(self, number: int) -> Frame:
        """What the section of a frame behind the first holds; of a repetition, nothing.

        Raises:
            CgxError: it is damaged, or the file ends before or inside it.
        """
        assert self.index is not None
        if not self.index.entries[number].length:
            return Frame(b"")
        self.fp.seek(self.offsets[number])
        return self.unpack(number, container.read_section(self.fp))

    def unpack(self, number: int, section: Section) -> Frame:
        """A frame behind the first, out of its section; raises CgxError."""
        assert self.index is not None
        entry = self.index.entries[number]
        if section.type != FRAME or len(section.payload) != entry.length:
            raise DamagedError(
                f"section {section.type.decode()} of {len(section.payload)} bytes where frame "
                f"{number} of {entry.length} bytes belongs"
            )
        frame = payload.unpack(section.payload, entry.mode, entry.size, entry.metadata == number)
        if (frame.coding == PATCHED) != (entry.base is not None):
            raise DamagedError(f"frame {number} of coding {frame.coding} has base {entry.base}")
        return frame


def _fresh(palette: ImagePalette.ImagePalette | None) -> ImagePalette.ImagePalette | None:
    """A palette that Pillow has not handed to a picture yet, as it does but once."""
    if palette is None:
        return None
    found = ImagePalette.ImagePalette(palette.mode, bytearray(palette.palette))
    found.dirty = 1
    return found


def open_directory(fp: IO[bytes]) -> Directory:
    """Read header, metadata and index of a file; its pixels are left alone.

    Raises:
        SyntaxError: not a .cgx file.
        CgxError: it is damaged, cut short, or too new.
    """
    header = container.read_header(fp)
    registry.of(header)
    found = metadata.read(fp, header.mode)
    several = index.read(fp, found.pixel_offset, header)
    if several is None:
        return Directory(fp, header, found, found.pixel_offset, None)
    if header.minor < index.MINOR:
        raise DamagedError(
            f"format version {container.MAJOR}.{header.minor} does not have several frames, "
            f"allowed: {container.MAJOR}.{index.MINOR} and later"
        )
    return Directory(fp, header, found, several[1], several[0])


def read_first(fp: IO[bytes]) -> tuple[Header, list[Section]]:
    """Header and sections of frame 0, metadata included, of a file that is read to its end.

    Raises:
        SyntaxError: not a .cgx file.
        CgxError: it is damaged, cut short, or too new.
    """
    header = container.read_header(fp)
    several = (index.INDEX, FRAME)
    return header, [s for s in container.read_sections(fp) if s.type not in several]
