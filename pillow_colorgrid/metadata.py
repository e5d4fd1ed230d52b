"""What belongs to a picture besides its pixels, byte for byte, in sections before the pixels.

EXIF, ICC profile, XMP, comment, resolution, transparency, and whatever else stands in `Image.info`:
what a picture was opened with is kept, a keyword of `Image.save` replaces it, and None (or b"", "")
drops it. Nothing is interpreted; an orientation is neither applied nor rewritten. A palette is part
of modes P and PA and always kept.

Each kind has a `_pack_` and an `_unpack_` function, side by side.
"""

import math
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image, ImageFile, ImagePalette

from pillow_colorgrid import container, dropping, limits, other_info
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError, TruncatedError

PALETTE = b"PLTE"
"""Critical, and the only critical section that stands before the pixels."""

INDEXED = ("P", "PA")
"""The modes that have a palette."""

PALETTE_MODES = ("RGB", "RGBA", "CMYK")
"""The first byte of PALETTE is an index into this; the colours follow."""

PALETTE_COLORS = 256
"""At most."""

EMPTY_EXIF_BYTES = 20
"""Of Pillow: "Exif", the head of TIFF, and a list of no tags."""

TEXT, BYTES = 1, 0
"""The first byte of a comment: str (UTF-8) or bytes."""

RESOLUTION = struct.Struct("<dd")
"""Dots per inch: horizontal, vertical."""

ONE_VALUE, VALUE_PER_CHANNEL, VALUE_PER_COLOR = 0, 1, 2
"""The first byte of a transparency: an int (a level or an index), a tuple of them, or bytes."""

TRANSPARENCY_VALUE = struct.Struct("<i")

MAX_TRANSPARENCY_CHANNELS = 4


# -- one kind each --------------------------------------------------------------------------------


def _pack_block(key: str, value: Any) -> bytes:
    """EXIF, ICC profile, XMP: bytes as they are."""
    if isinstance(value, Image.Exif):
        value = value.tobytes()
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ValueError(f"{key}={value!r:.60}, allowed: bytes" + " or Exif" * (key == "exif"))
    return bytes(value)


def _unpack_block(data: bytes) -> bytes:
    return data


def _pack_comment(key: str, value: Any) -> bytes:
    if isinstance(value, str):
        return bytes([TEXT]) + value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes([BYTES]) + bytes(value)
    raise ValueError(f"{key}={value!r:.60}, allowed: bytes or str")


def _unpack_comment(data: bytes) -> str | bytes:
    if data[:1] == bytes([TEXT]):
        return data[1:].decode("utf-8", "surrogatepass")
    if data[:1] == bytes([BYTES]):
        return data[1:]
    raise DamagedError(f"comment of kind {data[:1].hex()}, allowed {BYTES} and {TEXT}")


def _pack_dpi(key: str, value: Any) -> bytes:
    try:
        horizontal, vertical = map(float, value)
    except (TypeError, ValueError, ZeroDivisionError):
        horizontal = vertical = math.nan
    if not all(map(math.isfinite, (horizontal, vertical))):
        raise ValueError(f"{key}={value!r:.60}, allowed: two finite numbers")
    return RESOLUTION.pack(horizontal, vertical)


def _unpack_dpi(data: bytes) -> tuple[float, float]:
    horizontal, vertical = RESOLUTION.unpack(data)
    return horizontal, vertical


def _pack_transparency(key: str, value: Any) -> bytes:
    wrong = ValueError(f"{key}={value!r:.60}, allowed: an integer, a tuple of them, or bytes")
    if isinstance(value, bytes | bytearray):
        return bytes([VALUE_PER_COLOR]) + bytes(value)
    kind, values = ONE_VALUE, [value]
    if isinstance(value, tuple | list):
        kind, values = VALUE_PER_CHANNEL, list(value)
    if not 1 <= len(values) <= MAX_TRANSPARENCY_CHANNELS:
        raise wrong
    try:
        return bytes([kind]) + b"".join(map(TRANSPARENCY_VALUE.pack, values))
    except struct.error:
        raise wrong from None


def _unpack_transparency(data: bytes) -> int | tuple[int, ...] | bytes:
    kind, rest = data[:1], data[1:]
    if kind == bytes([VALUE_PER_COLOR]):
        return rest
    values = tuple(int(value) for (value,) in TRANSPARENCY_VALUE.iter_unpack(rest))
    if kind == bytes([VALUE_PER_CHANNEL]) and 1 <= len(values) <= MAX_TRANSPARENCY_CHANNELS:
        return values
    if kind == bytes([ONE_VALUE]) and len(values) == 1:
        return int(values[0])
    raise DamagedError(f"transparency of kind {kind.hex()} with {len(values)} values")


@dataclass(frozen=True)
class _Kind:
    """How one key of `Image.info` is kept.

    Attributes:
        section: its type.
        name: for people.
        pack: (key, value) -> payload; ValueError for a value that cannot be kept.
        unpack: the inverse; DamagedError, struct.error or UnicodeError for an impossible payload.
    """

    section: bytes
    name: str
    pack: Callable[[str, Any], bytes]
    unpack: Callable[[bytes], Any]


KINDS = {
    "exif": _Kind(b"exif", "EXIF", _pack_block, _unpack_block),
    "icc_profile": _Kind(b"iccp", "ICC profile", _pack_block, _unpack_block),
    "xmp": _Kind(b"xmpd", "XMP", _pack_block, _unpack_block),
    "comment": _Kind(b"comm", "comment", _pack_comment, _unpack_comment),
    "dpi": _Kind(b"dpis", "dots per inch", _pack_dpi, _unpack_dpi),
    "transparency": _Kind(b"trns", "transparency", _pack_transparency, _unpack_transparency),
}
"""Key of `Image.info`, and keyword of `Image.save`. Adding a kind is one entry."""

OTHERS = dropping.OTHERS
"""Keyword of `Image.save`: what else is to stand in `Image.info`; None or {}: nothing."""

_OTHERS = _Kind(b"info", "other metadata", other_info.pack, other_info.unpack)

OWN_FACTS = "cgx"
"""Key of `Image.info` that tells of the .cgx file itself, and is not kept in another."""

SECTIONS = {key: kind.section for key, kind in KINDS.items()}

NAMES = {PALETTE: "palette", **{kind.section: kind.name for kind in (*KINDS.values(), _OTHERS)}}
"""Section type -> what it holds, for people."""

_KEYS = {kind.section: key for key, kind in KINDS.items()}


# -- the palette ----------------------------------------------------------------------------------


def _pack_palette(im: Image.Image) -> bytes:
    """The palette of a loaded picture of mode P or PA; b"" if it has no colours."""
    mode = im.im.getpalettemode()
    colors = bytes(im.im.getpalette(mode, mode))
    if mode not in PALETTE_MODES:
        raise OSError(f"cannot write a palette of mode {mode} as CGX (allowed: {PALETTE_MODES})")
    return bytes([PALETTE_MODES.index(mode)]) + colors if colors else b""


def _unpack_palette(data: bytes) -> ImagePalette.ImagePalette:
    if not data or data[0] >= len(PALETTE_MODES):
        raise DamagedError(f"palette of kind {data[:1].hex()}, allowed below {len(PALETTE_MODES)}")
    mode, colors = PALETTE_MODES[data[0]], data[1:]
    if len(colors) % len(mode) or not 1 <= len(colors) // len(mode) <= PALETTE_COLORS:
        raise DamagedError(f"{mode} palette of {len(colors)} bytes, allowed 1 to 256 colours")
    palette = ImagePalette.ImagePalette(mode, bytearray(colors))
    # Image.load() then hands it to the pixels.
    palette.dirty = 1
    return palette


# -- all of it ------------------------------------------------------------------------------------


def to_write(
    im: Image.Image, keywords: Mapping[str, Any], kept_elsewhere: Collection[str] = ()
) -> list[Section]:
    """The sections before the pixels of a loaded picture.

    Args:
        kept_elsewhere: keys of `Image.info` that have no section of their own, and get none.

    Raises:
        ValueError: a keyword with a value that cannot be kept. A value in `Image.info` that cannot
            be kept (nobody asked for it) is left out.
        LimitError: more than a reader would take.
    """
    sections = []
    if im.mode in INDEXED and (palette := _pack_palette(im)):
        sections.append(Section(PALETTE, palette))
    for key, kind in KINDS.items():
        asked = key in keywords
        value = keywords[key] if asked else im.info.get(key)
        if is_nothing(value):
            continue
        try:
            sections.append(Section(kind.section, kind.pack(key, value)))
        except ValueError:
            if asked:
                raise
    replaced = [key for key in keywords if key in KINDS and keywords[key] != im.info.get(key)]
    found = dropping.others_without(others_of(im), {*replaced, *dropped_by(keywords)})
    found = {key: value for key, value in found.items() if key not in kept_elsewhere}
    if others := keywords.get(OTHERS, found):
        sections.append(Section(_OTHERS.section, _OTHERS.pack(OTHERS, others)))
    size = sum(container.SECTION.size + len(section.payload) for section in sections)
    limits.check("MAX_METADATA_BYTES", size)
    return sections


def dropped_by(keywords: Mapping[str, Any]) -> list[str]:
    """The kinds of metadata that keywords of `Image.save` drop."""
    return [key for key in (*KINDS, OTHERS) if key in keywords and is_nothing(keywords[key])]


def is_nothing(value: Any) -> bool:
    """Whether a value stands for no metadata: None, an empty one, EXIF without a tag."""
    if isinstance(value, Image.Exif):
        return not len(value) and len(value.tobytes()) <= EMPTY_EXIF_BYTES
    return value is None or (isinstance(value, bytes | bytearray | str | Mapping) and not value)


def others_of(im: Image.Image) -> dict[Any, Any]:
    """Of `Image.info` what has no section of its own, and can be kept."""
    others = {key: value for key, value in im.info.items() if not _is_own(key)}
    return {key: others[key] for key in others if other_info.can_be_kept({key: others[key]})}


def _is_own(key: Any) -> bool:
    return key in KINDS or key == OWN_FACTS


@dataclass
class Metadata:
    """What stands before the pixels of a file.

    Attributes:
        info: for `Image.info`.
        palette: of modes P and PA.
        pixel_offset: where in the file the pixels begin.
    """

    info: dict[str, Any]
    palette: ImagePalette.ImagePalette | None
    pixel_offset: int


def read(fp: IO[bytes], mode: str) -> Metadata:
    """Read all sections before the pixels; stop at the first critical one but the palette.

    With `ImageFile.LOAD_TRUNCATED_IMAGES`, a damaged ancillary section is left out.

    Args:
        mode: of the picture; only INDEXED ones have a palette.

    Raises:
        TruncatedError: the file ends before the pixels.
        DamagedError: a section is damaged, or a palette that the mode does not have.
        LimitError: more than `limits.MAX_METADATA_BYTES` or `limits.MAX_SECTIONS`.
    """
    found = Metadata({}, None, 0)
    size = count = 0
    while True:
        found.pixel_offset = fp.tell()
        head = fp.read(container.SECTION.size)
        if len(head) < container.SECTION.size:
            raise TruncatedError("image file is truncated (no pixels)")
        section_type, length, _ = container.SECTION.unpack(head)
        if container.is_critical(section_type) and section_type != PALETTE:
            return found
        if section_type == PALETTE and mode not in INDEXED:
            raise DamagedError(f"section PLTE in mode {mode}, allowed in {' and '.join(INDEXED)}")
        count += 1
        limits.check("MAX_SECTIONS", count)
        size += container.SECTION.size + length
        limits.check("MAX_METADATA_BYTES", size)
        fp.seek(found.pixel_offset)
        try:
            _add(container.read_section(fp), found)
        except TruncatedError:
            raise
        except DamagedError:
            if section_type == PALETTE or not ImageFile.LOAD_TRUNCATED_IMAGES:
                raise


def unpack(sections: Sequence[Section]) -> Metadata:
    """What sections of `to_write` say.

    Raises:
        DamagedError: one is damaged.
    """
    found = Metadata({}, None, 0)
    for section in sections:
        _add(section, found)
    return found


def without(types: Sequence[bytes]) -> Sequence[bytes]:
    """Of the sections of a file, those from the pixels on."""
    for number, section_type in enumerate(types):
        if container.is_critical(section_type) and section_type != PALETTE:
            return types[number:]
    return []


def _add(section: Section, found: Metadata) -> None:
    """Take one section into `found`; one that is not known here is skipped."""
    try:
        if section.type == PALETTE:
            found.palette = _unpack_palette(section.payload)
        elif section.type in _KEYS:
            key = _KEYS[section.type]
            found.info[key] = KINDS[key].unpack(section.payload)
        elif section.type == _OTHERS.section:
            others = _OTHERS.unpack(section.payload)
            found.info |= {key: others[key] for key in others if not _is_own(key)}
    except (struct.error, UnicodeError) as error:
        raise DamagedError(
            f"section {section.type.decode()} is not as described: {error}"
        ) from error
