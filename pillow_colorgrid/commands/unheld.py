"""What of a file no .cgx file holds: its original is then named, and never deleted."""

import struct
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.commands import png_pixels, tiff_unheld
from pillow_colorgrid.commands.plain_files import LOOKED_AT
from pillow_colorgrid.commands.source_items import riff_chunks

OTHERS_LOOKED_AT = ("PNG", "JPEG", "MPO", "GIF", "WEBP", "TIFF", "CGX")
"""Formats whose files have been looked at, too: all that they can hold is kept, or named here."""

GIF_ASPECT = 12
"""The byte that tells how much wider than high pixels are; 0: not told."""

WEBP_PICTURES, WEBP_FRAME_HEAD = (b"VP8 ", b"VP8L"), 16


def unheld(data: bytes, image: Image.Image) -> list[str]:
    """Names of what is in a file besides what Pillow and `source_items` show of it.

    Raises:
        ValueError, struct.error, IndexError: it is not built as its format says.
    """
    name = image.format or "unknown"
    if name in LOOKED_AT:
        _, found = LOOKED_AT[name](data, image.mode)
        return found
    if name == "TIFF":
        return tiff_unheld.unheld(data)
    if name == "PNG":
        return png_pixels.unheld(data)
    if name == "MPO":
        return ["segments of its further pictures"]
    if name == "GIF" and data[GIF_ASPECT]:
        return ["shape of its pixels"]
    if name == "CGX" and _goes_on(data):
        return ["bytes behind its end"]
    if name == "WEBP":
        return list(_of_webp(data))
    return [] if name in OTHERS_LOOKED_AT else [f"anything else in it ({name}: nobody looked)"]


def _goes_on(data: bytes) -> bool:
    """Whether something follows the last section of a .cgx file."""
    file = BytesIO(data)
    container.read_header(file)
    for _ in container.read_sections(file):
        pass
    return file.tell() < len(data)


def _of_webp(data: bytes) -> Iterator[str]:
    """What stands where `source_items` does not look: in frames, and between chunks."""
    (size,) = struct.unpack_from("<I", data, 4)
    chunks, rest = riff_chunks(data[12 : 8 + size])
    for name, payload in chunks:
        parts, left = riff_chunks(payload[WEBP_FRAME_HEAD:]) if name == b"ANMF" else ([], b"")
        rest += left
        if any(part not in (b"ALPH", *WEBP_PICTURES) for part, _ in parts):
            yield "parts of its frames"
            return
    if rest.strip(b"\0"):
        yield "bytes between its parts"
