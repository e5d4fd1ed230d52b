"""What section ``FRAM`` holds: a picture of its own, or patches onto an earlier frame.

Needs neither numpy nor onnxruntime; pixels are the reader's (`frames.reader`).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from pillow_colorgrid import container, limits
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError

HEAD = struct.Struct("<8sB")
"""Begins a frame: pixel checksum, coding (0: patches). Metadata and other sections follow."""

PATCHED = 0
"""Stands where a frame has its coding, and is no number of any."""

PATCH = b"PTCH"
"""A patch, inside ``FRAM``."""

PATCH_HEAD = struct.Struct("<BHHHH")
"""Begins a patch: kind, left, top, width, height in pixels."""

PIXELS, DIFFERENCE, MOVE = range(3)
"""Kinds: pixels take the place of those that are there; they are added to those, less MIDDLE;
a rectangle of the base, as it was before all patches."""

MIDDLE = 128
"""Stands for no difference."""

CODING = struct.Struct("<B")
"""Begins what follows the head of kinds PIXELS and DIFFERENCE: the coding; then its sections."""

SOURCE = struct.Struct("<HH")
"""Follows the head of kind MOVE: left, top in the base."""

MAX_PATCHES = 256
"""Of one frame."""

BYTE_MODES = ("L", "LA", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "La", "CMYK", "YCbCr", "LAB",
              "HSV")  # fmt: skip
"""Samples of 8 bits: what DIFFERENCE is for."""


@dataclass(frozen=True)
class Box:
    """A rectangle of a frame, in pixels; at least one."""

    left: int
    top: int
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many."""
        return self.width * self.height

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns, for an array (H, W, C)."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


@dataclass(frozen=True)
class Patch:
    """A change of some pixels.

    Attributes:
        kind: PIXELS, DIFFERENCE or MOVE.
        coding, sections: of the picture of `box`; kind MOVE has none.
        source: (left, top) in the base; only kind MOVE.
    """

    kind: int
    box: Box
    coding: int = 0
    sections: tuple[Section, ...] = ()
    source: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Frame:
    """What a section holds.

    Attributes:
        checksum: of the pixels as shown.
        coding: PATCHED, or that of a picture.
        metadata: sections of its own.
        sections: of the picture, from the first critical one on.
        patches: in order.
    """

    checksum: bytes
    coding: int = PATCHED
    metadata: tuple[Section, ...] = ()
    sections: tuple[Section, ...] = ()
    patches: tuple[Patch, ...] = ()


def pack(frame: Frame) -> bytes:
    """The payload of the section."""
    inside = [*frame.metadata, *frame.sections, *map(_pack_patch, frame.patches)]
    return HEAD.pack(frame.checksum, frame.coding) + b"".join(map(container.pack_section, inside))


def _pack_patch(patch: Patch) -> Section:
    box = patch.box
    head = PATCH_HEAD.pack(patch.kind, box.left, box.top, box.width, box.height)
    if patch.kind == MOVE:
        return Section(PATCH, head + SOURCE.pack(*patch.source))
    packed = b"".join(map(container.pack_section, patch.sections))
    return Section(PATCH, head + CODING.pack(patch.coding) + packed)


def unpack(data: bytes, mode: str, size: tuple[int, int], own_metadata: bool) -> Frame:
    """The inverse of `pack`.

    Args:
        mode, size: of the frame.
        own_metadata: whether sections before the first critical one are allowed.

    Raises:
        CgxError: it is not as described, or asks for more than `limits` allow.
    """
    if len(data) < HEAD.size:
        raise DamagedError(f"frame of {len(data)} bytes, allowed from {HEAD.size} on")
    checksum, coding = HEAD.unpack_from(data)
    sections = container.unpack_sections(data[HEAD.size :])
    from pillow_colorgrid import metadata

    types = [section.type for section in sections]
    start = len(types) - len(metadata.without(types))
    if start and not own_metadata:
        raise DamagedError(f"frame with a section {types[0].decode()}, and metadata of another")
    before, rest = tuple(sections[:start]), tuple(sections[start:])
    if coding != PATCHED:
        return Frame(checksum, coding, before, rest)
    if len(rest) > MAX_PATCHES:
        raise DamagedError(f"frame of {len(rest)} patches, allowed {MAX_PATCHES}")
    patches = tuple(_unpack_patch(section, mode, size) for section in rest)
    return Frame(checksum, coding, before, patches=patches)


def _unpack_patch(section: Section, mode: str, size: tuple[int, int]) -> Patch:
    data = section.payload
    if section.type != PATCH:
        raise DamagedError(f"section {section.type.decode()} where {PATCH.decode()} belongs")
    if len(data) < PATCH_HEAD.size:
        raise DamagedError(f"patch of {len(data)} bytes, allowed from {PATCH_HEAD.size} on")
    kind, *numbers = PATCH_HEAD.unpack_from(data)
    box, rest = Box(*numbers), data[PATCH_HEAD.size :]
    _check_inside(box, size)
    if kind == MOVE:
        if len(rest) != SOURCE.size:
            raise DamagedError(f"move of {len(rest)} bytes, allowed {SOURCE.size}")
        left, top = SOURCE.unpack(rest)
        _check_inside(Box(left, top, box.width, box.height), size)
        return Patch(kind, box, source=(left, top))
    if kind > MOVE or (kind == DIFFERENCE and mode not in BYTE_MODES):
        raise DamagedError(f"patch of kind {kind} in mode {mode}")
    if not rest:
        raise DamagedError("patch without a coding")
    (coding,) = CODING.unpack_from(rest)
    return Patch(kind, box, coding, tuple(container.unpack_sections(rest[CODING.size :])))


def _check_inside(box: Box, size: tuple[int, int]) -> None:
    right, bottom = box.left + box.width, box.top + box.height
    if not box.pixels or right > size[0] or bottom > size[1]:
        raise DamagedError(f"patch at {box}, allowed inside {size[0]}x{size[1]} pixels")


def check_cost(frames: Sequence[Frame], size: tuple[int, int]) -> None:
    """Refuse a frame that costs too much; `frames` are it and all that it is made of.

    Raises:
        LimitError: naming what was found, and the limit.
    """
    patches = [patch for frame in frames for patch in frame.patches]
    limits.check("MAX_FRAME_PATCHES", len(patches))
    pixels = sum(patch.box.pixels for patch in patches)
    limits.check("MAX_FRAME_COST", pixels // (size[0] * size[1]))
