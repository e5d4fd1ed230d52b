"""EXIF, ICC profile and XMP, byte for byte, in ancillary sections before the pixels."""

from collections.abc import Mapping
from typing import IO, Any

from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError, TruncatedError

SECTIONS = {"exif": b"exif", "icc_profile": b"iccp", "xmp": b"xmpd"}
"""Key of `Image.info` (and keyword of `Image.save`) -> section type."""

MAX_BYTES = 64 * 2**20
"""Largest metadata section that is read."""

_KEYS = {section_type: key for key, section_type in SECTIONS.items()}


def to_write(im: Image.Image, keywords: Mapping[str, Any]) -> list[Section]:
    """The metadata sections of a file.

    What a picture was opened with is kept. ``exif=``, ``icc_profile=`` and ``xmp=`` replace it;
    None or b"" drops it.
    """
    sections = []
    for key, section_type in SECTIONS.items():
        value = keywords.get(key, im.info.get(key))
        if isinstance(value, Image.Exif):
            value = value.tobytes()
        if value:
            sections.append(Section(section_type, bytes(value)))
    return sections


def read(fp: IO[bytes], info: dict[str | tuple[int, int], Any]) -> int:
    """Read the ancillary sections before the pixels into `info`; return where the pixels begin."""
    while True:
        offset = fp.tell()
        head = fp.read(container.SECTION.size)
        fp.seek(offset)
        if len(head) < container.SECTION.size:
            raise TruncatedError("image file is truncated (no pixels)")
        section_type, length, _ = container.SECTION.unpack(head)
        if container.is_critical(section_type):
            return offset
        if length > MAX_BYTES:
            raise DamagedError(
                f"metadata section of {length} bytes, allowed {MAX_BYTES}"
            )
        section = container.read_section(fp)
        if section.type in _KEYS:
            info[_KEYS[section.type]] = section.payload
