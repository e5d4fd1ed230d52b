"""The file: signature, header, sections, checksums. FORMAT.md describes each byte.

A file is a header of 36 bytes and a row of sections, the last of which is ``CEND``. This module
needs neither numpy nor onnxruntime, so that `Image.open` costs next to nothing.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, NamedTuple

from pillow_colorgrid import limits
from pillow_colorgrid.errors import DamagedError, NewerFormatError, TruncatedError

SIGNATURE = b"\x89CGX\r\n\x1a\n"
"""As PNG's: a high bit, a name, CR LF and LF (text-mode damage), Ctrl-Z (ends a DOS listing)."""

MAJOR, MINOR = 1, 1
"""The newest that this release knows. A newer major version is refused. A file states the oldest
minor version whose readers know its coding and all of its critical sections; a reader of an older
one refuses what it does not know by name."""

ACCEPT_BYTES = 16
"""What Pillow shows a plugin before it opens a file: signature, version, coding, mode, flags."""

HEADER = struct.Struct("<8sBBBBIII8sI")
"""signature, major, minor, coding, mode, flags, width, height, pixel checksum, CRC-32."""

HEADER_BYTES = HEADER.size

SECTION = struct.Struct("<4sII")
"""type, payload length in bytes, CRC-32 of type, length and payload."""

END = b"CEND"

NETWORKS = b"NETS"
"""The section that names the networks which decode the file."""

MAX_SIDE = 30_000
"""Largest width and height, in pixels."""

MAX_SECTION_BYTES = 2**31 - 1

STARTS, START_BYTES = 6, 16
"""So many sections, and bytes of each, tell what a file is like (`section_starts`)."""

UNSTATED = bytes(8)
"""A pixel checksum that is not stated; codings say whether it may be left out."""

READ_BYTES = 2**20
"""A section is read in pieces, because read(n) may set n bytes aside before it finds fewer."""

MODE_IDS = {
    "1": 1,
    "L": 2,
    "LA": 3,
    "P": 4,
    "PA": 5,
    "RGB": 6,
    "RGBX": 7,
    "RGBA": 8,
    "RGBa": 9,
    "La": 10,
    "CMYK": 11,
    "YCbCr": 12,
    "LAB": 13,
    "HSV": 14,
    "I;16": 15,
    "I;16B": 16,
    "I": 17,
    "F": 18,
    "I;16L": 19,
    "I;16N": 20,
}
"""Pillow modes that can be stored. An id never changes its meaning."""

MODES = {number: name for name, number in MODE_IDS.items()}
"""The inverse of MODE_IDS."""


@dataclass(frozen=True)
class Header:
    """The fixed part of a file.

    Attributes:
        coding: its number (`codings.registry`).
        mode: Pillow's mode, a key of MODE_IDS.
        size: (width, height) in pixels.
        checksum: `pixel_checksum` of the decoded pixels, 8 bytes, or UNSTATED.
        minor: version that a reader must have for this coding and its critical sections.
    """

    coding: int
    mode: str
    size: tuple[int, int]
    checksum: bytes
    minor: int = 0


@dataclass(frozen=True)
class Section:
    """A typed piece of a file. An upper-case first letter of `type` makes it critical."""

    type: bytes
    payload: bytes

    @property
    def critical(self) -> bool:
        return is_critical(self.type)


def size_bytes(sections: Iterable[Section]) -> int:
    """What sections take in a file."""
    return sum(SECTION.size + len(section.payload) for section in sections)


def is_critical(section_type: bytes) -> bool:
    """Whether a decoder that does not know this section must refuse the file."""
    return section_type[:1].isupper()


def pixel_checksum(pixels: bytes | memoryview) -> bytes:
    """BLAKE2b with 8 bytes of digest over the pixels, row by row, channels interleaved."""
    return hashlib.blake2b(pixels, digest_size=8).digest()


# -- header -----------------------------------------------------------------------------------


def pack_header(header: Header) -> bytes:
    fields = (
        SIGNATURE,
        MAJOR,
        header.minor,
        header.coding,
        MODE_IDS[header.mode],
        0,
        *header.size,
        header.checksum,
    )
    crc = zlib.crc32(HEADER.pack(*fields, 0)[:-4])
    return HEADER.pack(*fields, crc)


def newer_version(prefix: bytes) -> str | None:
    """Why `prefix` (16 bytes of a genuine .cgx file) is too new for this release, or None."""
    if len(prefix) > len(SIGNATURE) and prefix[len(SIGNATURE)] > MAJOR:
        return (
            f"CGX format version {prefix[8]} is newer than version {MAJOR}, "
            "which this pillow_colorgrid reads; please update it"
        )
    return None


def versions(minor: int) -> str:
    """What a file states and what is read here, for messages about what is unknown here."""
    return f"the file states format version {MAJOR}.{minor}, this release reads {MAJOR}.{MINOR}"


def read_header(fp: IO[bytes]) -> Header:
    """Read HEADER_BYTES from `fp`.

    Raises:
        SyntaxError: not a .cgx file, or cut short inside the header.
        NewerFormatError: a later major version.
        DamagedError: a wrong checksum, an unknown mode, an impossible size.
    """
    data = fp.read(HEADER_BYTES)
    if data[: len(SIGNATURE)] != SIGNATURE:
        raise SyntaxError("not a CGX file")
    newer = newer_version(data)
    if newer:
        raise NewerFormatError(newer)
    if len(data) < HEADER_BYTES:
        raise SyntaxError(f"CGX header has {len(data)} bytes, needs {HEADER_BYTES}")
    _, major, minor, coding, mode, flags, width, height, checksum, crc = HEADER.unpack(data)
    if crc != zlib.crc32(data[:-4]):
        raise DamagedError(f"CGX header damaged: CRC-32 {zlib.crc32(data[:-4]):08x}, not {crc:08x}")
    if major < 1:
        raise DamagedError(f"CGX format version {major}, allowed 1 to {MAJOR}")
    if mode not in MODES:
        raise NewerFormatError(
            f"CGX mode {mode} is unknown, known are {sorted(MODES)}; {versions(minor)}"
        )
    if flags:
        raise NewerFormatError(f"CGX flags {flags:#x} are reserved, known is 0; {versions(minor)}")
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise DamagedError(f"CGX size {width}x{height}, allowed 1 to {MAX_SIDE} each")
    return Header(coding, MODES[mode], (width, height), checksum, minor)


# -- sections ---------------------------------------------------------------------------------


def pack_section(section: Section) -> bytes:
    if len(section.payload) > MAX_SECTION_BYTES:
        raise ValueError(
            f"section of {len(section.payload)} bytes, allowed {MAX_SECTION_BYTES} at most"
        )
    return _section_head(section.type, section.payload) + section.payload


def _section_head(section_type: bytes, payload: bytes) -> bytes:
    crc = _section_crc(section_type, payload)
    return SECTION.pack(section_type, len(payload), crc)


def _section_crc(section_type: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(section_type + struct.pack("<I", len(payload))))


class UnreadSection(Section):
    """A section whose payload is read, and checked, when it is first asked for.

    The file must stay open, and only one thread may ask.
    """

    _read: Callable[[], bytes]

    def __init__(self, fp: IO[bytes], head: "_Head") -> None:
        offset = fp.tell()

        def read() -> bytes:
            fp.seek(offset)
            return _read_payload(fp, head)

        object.__setattr__(self, "type", head.type)
        object.__setattr__(self, "_read", read)

    def __getattr__(self, name: str) -> bytes:
        if name != "payload":
            raise AttributeError(name)
        payload = self._read()
        object.__setattr__(self, "payload", payload)
        return payload


class _Head(NamedTuple):
    """What stands before a payload."""

    type: bytes
    length: int
    crc: int


def read_section(fp: IO[bytes]) -> Section:
    """Read the next section, checked.

    Raises:
        TruncatedError: the file ends inside it.
        DamagedError: its checksum is wrong or its type or length impossible.
    """
    head = _read_head(fp)
    return Section(head.type, _read_payload(fp, head))


def _read_head(fp: IO[bytes]) -> _Head:
    head = fp.read(SECTION.size)
    if len(head) < SECTION.size:
        raise TruncatedError("image file is truncated (no end section)")
    section_type, length, crc = SECTION.unpack(head)
    if not section_type.isalpha() or not section_type.isascii():
        raise DamagedError(f"section type {section_type!r}, allowed four ASCII letters")
    if length > MAX_SECTION_BYTES:
        raise DamagedError(f"section of {length} bytes, allowed {MAX_SECTION_BYTES} at most")
    return _Head(section_type, length, crc)


def _read_payload(fp: IO[bytes], head: _Head) -> bytes:
    section_type, length, crc = head
    payload = _read_up_to(fp, length)
    if len(payload) < length:
        raise TruncatedError(
            f"image file is truncated ({len(payload)} of {length} bytes "
            f"of section {section_type.decode()})"
        )
    found = _section_crc(section_type, payload)
    if found != crc:
        raise DamagedError(
            f"section {section_type.decode()} damaged: CRC-32 {found:08x}, not {crc:08x}"
        )
    return payload


def _read_up_to(fp: IO[bytes], length: int) -> bytes:
    """Read `length` bytes, or fewer at the end of the file; set aside little more than found."""
    if length <= READ_BYTES:
        return fp.read(length)
    pieces = []
    while length and (piece := fp.read(min(length, READ_BYTES))):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def section_starts(fp: IO[bytes], offset: int) -> dict[bytes, bytes]:
    """The first bytes of the first sections from `offset` on, by type; nothing is checked.

    Enough to tell people what a file is like before its pixels are needed. `fp` stays where it is.
    """
    before = fp.tell()
    found: dict[bytes, bytes] = {}
    for _ in range(STARTS):
        fp.seek(offset)
        head = fp.read(SECTION.size)
        if len(head) < SECTION.size:
            break
        section_type, length, _ = SECTION.unpack(head)
        found.setdefault(section_type, fp.read(min(length, START_BYTES)))
        offset += SECTION.size + length
    fp.seek(before)
    return found


def read_sections(fp: IO[bytes], later: bool = False) -> Iterator[Section]:
    """Read sections up to and without the end section.

    Args:
        later: leave payloads out, until one is asked for; `fp` must stay open.

    Raises:
        LimitError: more than `limits.MAX_SECTIONS`.
    """
    count = 0
    while (section := _skip_section(fp) if later else read_section(fp)).type != END:
        count += 1
        limits.check("MAX_SECTIONS", count)
        yield section
    if section.payload:
        raise DamagedError(f"end section of {len(section.payload)} bytes, allowed 0")


def unpack_sections(data: bytes) -> list[Section]:
    """All sections of `data`, which ends with the last of them.

    Raises:
        DamagedError: it ends inside a section.
        LimitError: more than `limits.MAX_SECTIONS`.
    """
    file = BytesIO(data)
    found: list[Section] = []
    try:
        while file.tell() < len(data):
            found.append(read_section(file))
            limits.check("MAX_SECTIONS", len(found))
    except TruncatedError as error:
        raise DamagedError(f"sections inside a section: {error}") from error
    return found


def _skip_section(fp: IO[bytes]) -> Section:
    """As `read_section`, but for the payload."""
    head = _read_head(fp)
    section = UnreadSection(fp, head)
    fp.seek(head.length, os.SEEK_CUR)
    return section


def pack(header: Header, sections: Iterable[Section]) -> bytes:
    """The whole file."""
    packed = map(pack_section, (*sections, Section(END, b"")))
    return b"".join([pack_header(header), *packed])
