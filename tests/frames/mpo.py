"""MPO files as cameras and phones write them, and Pillow's own writer does not.

JPEG files one behind the other, bytes between them, attributes in each of the others.
"""

import io
import struct
from collections.abc import Sequence
from typing import Any

from PIL import Image

LITTLE = b"II\x2a\0\x08\0\0\0"
VERSION, NUMBER, PICTURES, INDIVIDUAL = 0xB000, 0xB001, 0xB002, 0xB101


def jpeg(image: Image.Image, **options: Any) -> bytes:
    """A JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def _entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag, kind, count) + value


def _with_segment(data: bytes, payload: bytes) -> bytes:
    """A JPEG file with an MPF segment behind its first."""
    at = 4 + struct.unpack_from(">H", data, 4)[0]
    segment = b"\xff\xe2" + struct.pack(">H", 6 + len(payload)) + b"MPF\0" + payload
    return data[:at] + segment + data[at:]


def mpo(files: Sequence[bytes], gaps: Sequence[bytes] = (), shift: int = 0) -> bytes:
    """Several JPEG files in one.

    Args:
        gaps: what stands behind each.
        shift: by which the index is wrong about the second.
    """
    others = []
    for number, data in enumerate(files[1:], 2):
        told = _entry(VERSION, 7, 4, b"0100") + _entry(INDIVIDUAL, 4, 1, struct.pack("<I", number))
        others.append(_with_segment(data, LITTLE + struct.pack("<H", 2) + told + bytes(4)))
    gaps = [*gaps, *[b""] * (len(files) - len(gaps))]
    ifd_bytes = 2 + 3 * 12 + 4
    at = 4 + struct.unpack_from(">H", files[0], 4)[0] + 8  # of the index, in the file
    first_bytes = len(files[0]) + 8 + 8 + ifd_bytes + 16 * len(files)
    position, entries = first_bytes + len(gaps[0]), [(0x030000, first_bytes, 0)]
    for data, gap in zip(others, gaps[1:], strict=True):
        entries.append((0, len(data), position - at + shift * (len(entries) == 1)))
        position += len(data) + len(gap)
    ifd = struct.pack("<H", 3) + _entry(VERSION, 7, 4, b"0100")
    ifd += _entry(NUMBER, 4, 1, struct.pack("<I", len(files)))
    ifd += _entry(PICTURES, 7, 16 * len(files), struct.pack("<I", 8 + ifd_bytes)) + bytes(4)
    pictures = b"".join(struct.pack("<LLLHH", *entry, 0, 0) for entry in entries)
    first = _with_segment(files[0], LITTLE + ifd + pictures)
    return b"".join(one + gap for one, gap in zip([first, *others], gaps, strict=True))
