"""What of a file no .cgx file holds: its original is then named, and never deleted."""

import struct

from PIL import Image

from pillow_colorgrid.commands import tiff_tags

HELD = ("PNG", "JPEG", "MPO", "GIF", "WEBP", "TIFF", "BMP", "DIB", "QOI", "PPM", "CGX")
"""Formats whose files have been looked at: all that they can hold is kept, or named here."""

BMP_PLAIN_HEADERS = (12, 40)
"""Bytes. Longer ones tell of colour spaces."""


def unheld(data: bytes, image: Image.Image) -> list[str]:
    """Names of what is in a file besides what Pillow and `source_items` show of it.

    Raises:
        ValueError, struct.error, IndexError: it is not built as its format says.
    """
    name = image.format or "unknown"
    if name == "TIFF":
        return tiff_tags.unheld(data)
    if name == "PNG" and data[24] == 16 and data[25] != 0:
        return ["low bits (samples of 16)"]  # Pillow reads the upper 8
    if name in ("BMP", "DIB"):
        start = 14 if name == "BMP" else 0
        (size,) = struct.unpack_from("<I", data, start)
        return [] if size in BMP_PLAIN_HEADERS else ["colour space (long BMP header)"]
    if name == "PPM":
        return _of_ppm(data, image)
    return [] if name in HELD else [f"further parts, if any ({name}: nobody looked)"]


def _of_ppm(data: bytes, image: Image.Image) -> list[str]:
    head = data[:1024].split(b"\n255\n")[0]
    found = ["comments"] if b"#" in head else []
    numbers = b" ".join(line.split(b"#")[0] for line in data[2:200].split(b"\n")).split()
    if image.mode == "RGB" and len(numbers) > 2 and numbers[2].isdigit() and int(numbers[2]) > 255:
        found.append("low bits (samples of 16)")
    return found
