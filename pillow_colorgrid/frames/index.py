"""The index of a file of several frames, section ``ANIM``: what each is like, and where it stands.

It stands between the metadata and the pixels of frame 0, so that opening a file tells the number of
frames, and any of them is found without reading another. Needs neither numpy nor onnxruntime.
"""

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from pillow_colorgrid import container, limits
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.jpeg.numbers import Source, varint

INDEX, FRAME = b"ANIM", b"FRAM"
"""The index; a frame behind the first."""

MINOR = 1
"""The minor version that files of several frames state."""

DEFAULT_IMAGE, JOINED = 1, 2
"""Flags. Frame 0 is for viewers that know no animations, and no part of this one. Every frame gives
back a JPEG file; one behind the other these are the file that was saved (MPO)."""

AS_BEFORE, NOT_STATED, FRACTION, WHOLE = range(4)
"""Codes of a duration: that of the frame before; none; an f64 follows; milliseconds from here."""

DURATION = struct.Struct("<d")

HEAD_BYTES, ENTRY_BYTES = 32, 48
"""No index has more bytes before its entries, no entry more than these."""


@dataclass(frozen=True)
class Entry:
    """One frame.

    Attributes:
        mode, size: as shown.
        duration: how long, in milliseconds; None: not stated.
        base: number of the earlier frame that it is made of; None: a picture of its own.
        metadata: number of the frame whose metadata it has; its own number: it brings some.
        length: of the payload of its section; 0: it has none and is its base once more.
    """

    mode: str
    size: tuple[int, int]
    duration: float | None = None
    base: int | None = None
    metadata: int = 0
    length: int = 0

    @property
    def section_bytes(self) -> int:
        """What it takes in the file."""
        return container.SECTION.size + self.length if self.length else 0


@dataclass(frozen=True)
class Index:
    """All frames.

    Attributes:
        first_bytes: of the sections of frame 0, heads included.
        entries: of all frames, the first one included (its length is 0: it has no ``FRAM``).
        loop: how often the animation is shown, 0: for ever; None: not stated.
        default_image, joined: what the flags say.
    """

    first_bytes: int
    entries: tuple[Entry, ...]
    loop: int | None = None
    default_image: bool = False
    joined: bool = False

    @property
    def kinds(self) -> dict[str, int]:
        """How many frames are what, for people."""
        own = sum(entry.base is None for entry in self.entries)
        patched = sum(entry.base is not None and entry.length > 0 for entry in self.entries)
        again = len(self.entries) - own - patched
        return {"pictures": own, "patched": patched, "repetitions": again}

    @property
    def payload_bytes(self) -> int:
        """Of the sections of all frames behind the first."""
        return sum(entry.length for entry in self.entries)

    @property
    def pixels(self) -> int:
        """Of all frames, as shown."""
        return sum(entry.size[0] * entry.size[1] for entry in self.entries)

    def offsets(self, first: int) -> list[int]:
        """Where the section of each frame stands, where that of frame 0 begins at `first`."""
        found, position = [first], first + self.first_bytes
        for entry in self.entries[1:]:
            found.append(position)
            position += entry.section_bytes
        return [*found, position]


def pack(index: Index) -> Section:
    """The section."""
    loop = 0 if index.loop is None else index.loop + 1
    data = bytes([DEFAULT_IMAGE * index.default_image | JOINED * index.joined])
    data += varint(loop) + varint(index.first_bytes) + varint(len(index.entries))
    before = Entry("", (0, 0))
    for number, entry in enumerate(index.entries):
        data += _pack_duration(entry.duration, before.duration)
        if number:
            data += varint(0 if entry.base is None else number - entry.base)
            data += varint(number - entry.metadata)
            data += _pack_shape(entry, before)
            data += varint(entry.length)
        before = entry
    return Section(INDEX, data)


def _pack_duration(duration: float | None, before: float | None) -> bytes:
    if duration == before:
        return varint(AS_BEFORE)
    if duration is None:
        return varint(NOT_STATED)
    if duration == int(duration) and duration < 2**31:
        return varint(WHOLE + int(duration))
    return varint(FRACTION) + DURATION.pack(duration)


def _pack_shape(entry: Entry, before: Entry) -> bytes:
    if (entry.mode, entry.size) == (before.mode, before.size):
        return varint(0)
    return varint(container.MODE_IDS[entry.mode]) + varint(entry.size[0]) + varint(entry.size[1])


def read(fp: IO[bytes], offset: int, header: container.Header) -> tuple[Index, int] | None:
    """The index that stands at `offset`, and where the pixels begin; None: only one frame.

    Args:
        header: of the file, which is that of frame 0.

    Raises:
        CgxError: it is damaged, or asks for more than `limits` allow.
    """
    fp.seek(offset)
    head = fp.read(container.SECTION.size)
    if head[:4] != INDEX:
        return None
    length = container.SECTION.unpack(head)[1] if len(head) == container.SECTION.size else 0
    limits.check("MAX_FRAMES", max(0, length - HEAD_BYTES) // ENTRY_BYTES)
    fp.seek(offset)
    payload = container.read_section(fp).payload
    return unpack(payload, header.mode, header.size), fp.tell()


def unpack(payload: bytes, mode: str, size: tuple[int, int]) -> Index:
    """The inverse of `pack`.

    Args:
        mode, size: of frame 0.

    Raises:
        DamagedError: naming what is not as described.
        LimitError: more frames, or pixels of all frames, than `limits` allow.
    """
    source = Source(payload, "index of frames")
    try:
        flags = source.byte()
        if flags & ~(DEFAULT_IMAGE | JOINED):
            raise DamagedError(
                f"index of frames has flags {flags:#x}, allowed {DEFAULT_IMAGE | JOINED:#x}"
            )
        loop, first_bytes, count = (source.varint() for _ in range(3))
        limits.check("MAX_FRAMES", count)
        entries = tuple(_entries(source, count, mode, size))
    except ValueError as error:
        raise DamagedError(f"index of frames: {error}") from error
    if source.at != len(payload):
        raise DamagedError(f"index of frames: {len(payload) - source.at} bytes behind its end")
    joined = bool(flags & JOINED)
    if joined and any(entry.base is not None for entry in entries):
        raise DamagedError("index of frames: one of several joined files is made of another frame")
    return Index(
        first_bytes, entries, loop - 1 if loop else None, bool(flags & DEFAULT_IMAGE), joined
    )


def _entries(source: Source, count: int, mode: str, size: tuple[int, int]) -> Iterator[Entry]:
    """Raises ValueError or DamagedError."""
    if count < 2:
        raise ValueError(f"{count} frames, allowed from 2 on")
    found = [Entry(mode, size, _duration(source, None))]
    pixels = size[0] * size[1]
    for number in range(1, count):
        before = found[-1]
        duration = _duration(source, before.duration)
        base, metadata = (_earlier(source.varint(), number) for _ in range(2))
        mode, size = _shape(source, before)
        entry = Entry(
            mode=mode,
            size=size,
            duration=duration,
            base=base,
            metadata=number if metadata is None else found[metadata].metadata,
            length=source.varint(),
        )
        _check(entry, number, None if base is None else found[base])
        pixels += size[0] * size[1]
        limits.check("MAX_FRAMES_PIXELS", pixels)
        found.append(entry)
    yield from found


def _duration(source: Source, before: float | None) -> float | None:
    code = source.varint()
    if code == AS_BEFORE:
        return before
    if code == NOT_STATED:
        return None
    if code >= WHOLE:
        return code - WHOLE
    duration: float = DURATION.unpack(source.take(DURATION.size))[0]
    if not (math.isfinite(duration) and duration >= 0):
        raise ValueError(f"duration {duration}, allowed: finite numbers from 0 on")
    return duration


def _earlier(distance: int, number: int) -> int | None:
    """The number of the frame so many before; None for 0."""
    if distance > number:
        raise ValueError(f"frame {number} refers to the {distance}th before it")
    return number - distance if distance else None


def _shape(source: Source, before: Entry) -> tuple[str, tuple[int, int]]:
    mode = source.varint()
    if not mode:
        return before.mode, before.size
    width, height = source.varint(), source.varint()
    if mode not in container.MODES:
        raise ValueError(f"mode {mode} is unknown, known are {sorted(container.MODES)}")
    if not (1 <= width <= container.MAX_SIDE and 1 <= height <= container.MAX_SIDE):
        raise ValueError(f"size {width}x{height}, allowed 1 to {container.MAX_SIDE} each")
    return container.MODES[mode], (width, height)


def _check(entry: Entry, number: int, base: Entry | None) -> None:
    """Raise ValueError: a frame cannot be made of its base, or has no section and needs one."""
    if base is not None and (base.size != entry.size or not convertible(base.mode, entry.mode)):
        raise ValueError(
            f"frame {number}, {entry.mode} {entry.size}, made of one of {base.mode} {base.size}"
        )
    again = base is not None and base.mode == entry.mode and entry.metadata != number
    if not entry.length and not again:
        raise ValueError(f"frame {number} has no section, and is no repetition")


def convertible(mode: str, wanted: str) -> bool:
    """Whether a frame of `mode` can be the base of one of another mode: through its palette."""
    return mode == wanted or (mode == "P" and wanted in ("RGB", "RGBA"))


def types_of_first(types: Sequence[bytes]) -> Sequence[bytes]:
    """Of the types of all sections of a file, those that a still of frame 0 would have."""
    return [section_type for section_type in types if section_type not in (INDEX, FRAME)]
