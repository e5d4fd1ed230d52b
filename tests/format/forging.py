"""Files as an attacker would forge them: something inside is wrong, every checksum is right.

`forged` changes a header, the sections, a payload, or what lies packed inside a payload: a zstd
frame is unpacked, changed and packed again, a PNG's chunks and the pixels in them likewise, their
CRCs made right; the sizes in a WebP file, the segments of a JPEG file. It works on any file whose
sections can be read, of whatever coding.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import zstandard

from pillow_colorgrid import container
from pillow_colorgrid.codings.stored import rectangles
from pillow_colorgrid.codings.stored.description import RECTANGLE
from pillow_colorgrid.container import Section
from pillow_colorgrid.frames import index as frames
from pillow_colorgrid.frames.payload import CODING, HEAD, PATCH, PATCH_HEAD

ZSTD, PNG, WEBP, JPEG = b"\x28\xb5\x2f\xfd", b"\x89PNG\r\n\x1a\n", b"RIFF", b"\xff\xd8\xff"

NESTED = {
    frames.FRAME: HEAD.size,
    PATCH: PATCH_HEAD.size + CODING.size,
    RECTANGLE.type: rectangles.HEAD.size,
}
"""Types of sections that hold sections, and where these begin."""

OTHER_INFO = b"info"
"""Metadata of all kinds, perhaps packed by zlib."""

PARTS = b"\4"
"""Begins a stored picture that is cut into parts."""

INTERESTING = bytes([0, 1, 7, 8, 9, 127, 128, 254, 255])

LARGEST = 1 << 22
"""Bytes that are unpacked here at most: all files that are forged here are small."""

BOMB = 1 << 26
"""Bytes of zeros that a forged frame may hold."""


# -- bytes ----------------------------------------------------------------------------------------


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Change `data` in one of the ways in which files are damaged or forged."""
    file = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        if not file:
            break
        position = rng.randrange(len(file))
        length = rng.choice((1, 2, 4, rng.randrange(1, 64)))
        kind = rng.randrange(8)
        if kind <= 1:
            file[position] ^= 1 << rng.randrange(8)
        elif kind == 2:
            file[position] = rng.choice(INTERESTING)
        elif kind == 3:
            file[position : position + length] = rng.randbytes(length)
        elif kind == 4:
            del file[position : position + length]
        elif kind == 5:
            file[position:position] = file[position : position + length]
        elif kind == 6:
            del file[position:]
        else:
            # The header and the heads of sections are a small part of a file, yet steer it.
            file[rng.randrange(min(48, len(file)))] = rng.randrange(256)
    return bytes(file)


# -- what lies inside -----------------------------------------------------------------------------


def _zstd(data: bytes, rng: random.Random) -> bytes:
    """Another content, a size that is not stated, a bomb, or something behind the frame."""
    kind = rng.randrange(12)
    if kind == 0:
        return data + rng.choice((b"\0", data, b"\x50\x2a\x4d\x18\4\0\0\0abcd"))
    if kind == 1:
        return zstandard.ZstdCompressor(level=1).compress(bytes(rng.randrange(BOMB)))
    try:
        content = zstandard.ZstdDecompressor().decompress(
            data, max_output_size=LARGEST, allow_extra_data=True
        )
    except zstandard.ZstdError:
        return mutate(data, rng)
    if kind > 2:
        content = mutate(content, rng)
    stated = kind > 3
    return zstandard.ZstdCompressor(level=1, write_content_size=stated).compress(content)


def _png(data: bytes, rng: random.Random) -> bytes:
    """A chunk changed, doubled, dropped, moved or added, its pixels changed; all CRCs right."""
    chunks, position = [], len(PNG)
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        name = data[position + 4 : position + 8]
        chunks.append((name, data[position + 8 : position + 8 + length]))
        position += 12 + length
    if not chunks:
        return mutate(data, rng)
    at = rng.randrange(len(chunks))
    name, payload = chunks[at]
    kind = rng.randrange(8)
    if kind == 0:
        chunks.insert(at, chunks[at])
    elif kind == 1:
        del chunks[at]
    elif kind == 2:
        chunks.insert(rng.randrange(len(chunks)), chunks.pop(at))
    elif kind <= 4:
        names = (b"iCCP", b"tRNS", b"zTXt", b"iTXt", b"pHYs", b"gAMA", b"acTL", b"fcTL", b"fdAT",
                 b"PLTE", b"eXIf", b"cHRM", b"sRGB", b"IDAT")  # fmt: skip
        chunks.insert(rng.randrange(1, len(chunks) + 1), (rng.choice(names), rng.randbytes(at)))
    elif name == b"IDAT" or rng.random() < 0.5:
        pixels = [n for n, chunk in enumerate(chunks) if chunk[0] == b"IDAT"]
        if pixels:
            at = rng.choice(pixels)
            try:
                content = zlib.decompressobj().decompress(chunks[at][1], LARGEST)
                changed = zlib.compress(mutate(content, rng), 1)
            except zlib.error:
                changed = mutate(chunks[at][1], rng)
            chunks[at] = (b"IDAT", changed)
    else:
        chunks[at] = (name, mutate(payload, rng))
    return PNG + b"".join(
        struct.pack(">I", len(payload)) + name + payload
        + struct.pack(">I", zlib.crc32(name + payload))
        for name, payload in chunks
    )  # fmt: skip


def _webp(data: bytes, rng: random.Random) -> bytes:
    """A chunk changed, doubled or dropped; the sizes right, or one of them wrong."""
    chunks, position = [], 12
    while position + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, position + 4)
        start = position + 8
        chunks.append((data[position : position + 4], data[start : start + length]))
        position = start + length + length % 2
    if not chunks:
        return mutate(data, rng)
    at = rng.randrange(len(chunks))
    kind = rng.randrange(6)
    if kind == 0:
        chunks.insert(at, chunks[at])
    elif kind == 1:
        name = rng.choice((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF"))
        chunks.insert(at, (name, rng.randbytes(rng.randrange(24))))
    else:
        chunks[at] = (chunks[at][0], mutate(chunks[at][1], rng))
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(payload)) + payload + bytes(len(payload) % 2)
        for name, payload in chunks
    )
    wrong = rng.choice((0, 0, 0, 1, -9, 2**20))
    return WEBP + struct.pack("<I", max(0, len(body) + wrong)) + body


def _jpeg(data: bytes, rng: random.Random) -> bytes:
    """A segment changed, its length kept right, doubled or dropped; or what is behind them."""
    segments, position = [], 2
    while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, position + 2)
        segments.append((data[position + 1], data[position + 4 : position + 2 + length]))
        position += 2 + length
    rest = data[position:]
    if not segments or rng.random() < 0.3:
        return data[:position] + mutate(rest, rng)
    at = rng.randrange(len(segments))
    kind = rng.randrange(8)
    if kind == 0:
        segments.insert(at, segments[at])
    elif kind == 1:
        del segments[at]
    elif kind == 2:
        segments.insert(at, (rng.choice((0xFE, 0xE1, 0xE2, 0xED, 0xEE, 0xDD, 0xC2, 0xC9)), b""))
    elif kind == 3:
        rest = rest[:-2] + rest * rng.choice((1, 2, 300))
    else:
        segments[at] = (segments[at][0], mutate(segments[at][1], rng)[: 2**16 - 3])
    packed = (
        struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
        for marker, payload in segments
    )
    return data[:2] + b"".join(packed) + rest


def _info(data: bytes, rng: random.Random) -> bytes:
    """Other metadata with other values, packed or not; or a bomb."""
    try:
        values = zlib.decompressobj().decompress(data[1:], LARGEST) if data[0] else data[1:]
    except zlib.error:
        return mutate(data, rng)
    if rng.randrange(20) == 0:
        values = bytes(rng.randrange(BOMB))
    values = mutate(values, rng)
    return b"\1" + zlib.compress(values, 1) if rng.random() < 0.5 else b"\0" + values


def _parts(data: bytes, rng: random.Random) -> bytes:
    """One part of a stored picture changed, doubled or dropped; the lengths right."""
    parts, position = [], len(PARTS)
    while position + 4 <= len(data):
        (length,) = struct.unpack_from("<I", data, position)
        parts.append(data[position + 4 : position + 4 + length])
        position += 4 + length
    if not parts:
        return mutate(data, rng)
    at = rng.randrange(len(parts))
    kind = rng.randrange(6)
    if kind == 0:
        parts.insert(at, parts[at])
    elif kind == 1:
        del parts[at]
    else:
        parts[at] = inside(parts[at], rng)
    return PARTS + b"".join(struct.pack("<I", len(part)) + part for part in parts)


INSIDES: tuple[tuple[bytes, Callable[[bytes, random.Random], bytes]], ...] = (
    (ZSTD, _zstd),
    (PNG, _png),
    (WEBP, _webp),
    (JPEG, _jpeg),
)
"""How files of other formats begin, and how they are changed; they reach to the payload's end."""


def inside(payload: bytes, rng: random.Random) -> bytes:
    """Change what lies packed in a payload; the payload itself where nothing does."""
    if payload.startswith(PARTS) and len(payload) > 5 and rng.random() < 0.8:
        return _parts(payload, rng)
    found = [(at, change) for magic, change in INSIDES if (at := payload.find(magic)) >= 0]
    if not found:
        return mutate(payload, rng)
    at, change = rng.choice(found)
    return payload[:at] + change(payload[at:], rng)


def _nested(section: Section, rng: random.Random) -> Section:
    """A frame or a patch with one of the sections in it changed, its CRC right."""
    begin = NESTED[section.type]
    _, inner = parsed(bytes(container.HEADER_BYTES) + section.payload[begin:])
    if not inner:
        return Section(section.type, mutate(section.payload, rng))
    at = rng.randrange(len(inner))
    inner[at] = changed(inner[at], rng)
    return Section(
        section.type, section.payload[:begin] + b"".join(map(container.pack_section, inner))
    )


def changed(section: Section, rng: random.Random) -> Section:
    """A section with something else in it."""
    if section.type in NESTED and rng.random() < 0.8:
        return _nested(section, rng)
    change = inside if rng.random() < 0.6 else mutate
    if section.type == OTHER_INFO and section.payload:
        change = _info
    return Section(section.type, change(section.payload, rng))


# -- the file -------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[container.Header, list[Section]]:
    """The header and the sections of a whole file, checked."""
    file = io.BytesIO(data)
    return container.read_header(file), list(container.read_sections(file))


def parsed(data: bytes) -> tuple[bytearray, list[Section]]:
    """The header and the sections of a whole file."""
    header = bytearray(data[: container.HEADER_BYTES])
    sections, start = [], container.HEADER_BYTES
    while start + container.SECTION.size <= len(data):
        kind, length, _ = container.SECTION.unpack_from(data, start)
        start += container.SECTION.size
        if kind == container.END:
            break
        sections.append(Section(kind, data[start : start + length]))
        start += length
    return header, sections


def packed(header: bytearray, sections: Sequence[Section]) -> bytes:
    """The inverse of `parsed`, with right CRCs."""
    struct.pack_into("<I", header, len(header) - 4, zlib.crc32(header[:-4]))
    every = (*sections, Section(container.END, b""))
    return bytes(header) + b"".join(map(container.pack_section, every))


HEADER_FIELDS = (9, 10, 11, 16, 17, 20, 21, 24)
"""Minor version, coding, mode, width, height, checksum."""


def _header(header: bytearray, rng: random.Random) -> None:
    at = rng.choice(HEADER_FIELDS)
    if at == 24:  # a checksum that some codings need not state
        header[24:32] = bytes(8) if rng.random() < 0.7 else rng.randbytes(8)
    elif at in (17, 21):
        header[at] = rng.choice((0, 0, 1, 2))
    else:
        header[at] = (header[at] + rng.choice((-1, 1, 1, 3))) % 256 or 1


def _sections(sections: list[Section], rng: random.Random, donors: Sequence[Section]) -> None:
    at = rng.randrange(len(sections))
    kind = rng.randrange(7)
    if kind == 0:
        del sections[at]
    elif kind == 1:
        sections.insert(at, sections[at])
    elif kind == 2:
        other = rng.randrange(len(sections))
        sections[at], sections[other] = sections[other], sections[at]
    elif kind == 3:
        sections[at] = Section(rng.choice(donors).type, sections[at].payload)
    elif kind == 4:
        sections.insert(rng.randrange(len(sections) + 1), rng.choice(donors))
    elif kind == 5:  # another payload of the same type
        same = [one for one in donors if one.type == sections[at].type]
        sections[at] = rng.choice(same or [sections[at]])
    else:
        sections[at] = Section(sections[at].type, b"")


def forged(data: bytes, rng: random.Random, donors: Sequence[Section]) -> bytes:
    """A file with something wrong inside and right checksums.

    Args:
        donors: sections that other files have.
    """
    header, sections = parsed(data)
    what = rng.random()
    if what < 0.1:
        _header(header, rng)
    if what < 0.05 or 0.1 <= what < 0.25:
        _sections(sections, rng, donors)
    if sections and what >= 0.25:
        at = rng.randrange(len(sections))
        sections[at] = changed(sections[at], rng)
    if rng.random() < 0.9:
        sections = indexed(header, sections)
    return packed(header, sections)


def indexed(header: bytearray, sections: list[Section]) -> list[Section]:
    """The sections of several frames with the lengths in their index right, where it is one."""
    types = [section.type for section in sections]
    if frames.INDEX not in types:
        return sections
    at = types.index(frames.INDEX)
    rest = types[at + 1 :]
    first = at + 1 + (rest.index(frames.FRAME) if frames.FRAME in rest else len(rest))
    try:
        head = container.read_header(io.BytesIO(packed(header, [])))
        found = frames.unpack(sections[at].payload, head.mode, head.size)
    except (OSError, SyntaxError):
        return sections
    lengths = iter([len(s.payload) for s in sections[first:] if s.type == frames.FRAME])
    entries = [replace(e, length=next(lengths, 1)) if e.length else e for e in found.entries]
    first_bytes = sum(container.SECTION.size + len(s.payload) for s in sections[at + 1 : first])
    right = frames.pack(replace(found, first_bytes=first_bytes, entries=tuple(entries)))
    return [*sections[:at], right, *sections[at + 1 :]]
