"""BMP, DIB, Netpbm and QOI files, a head and samples: where they end, and what is not shown.

Each function returns where the picture ends, and names of what is neither in the pixels that Pillow
shows, nor behind that end.
"""

import re
import struct
from collections.abc import Callable
from itertools import islice

import numpy as np

Found = tuple[int, list[str]]
"""End in bytes; names for people."""

# -- BMP ------------------------------------------------------------------------------------------

BMP_FILE_HEAD, BMP_OLD, BMP_PLAIN = 14, 12, 40
"""Bytes: of what BMP has before DIB; of the two heads that tell of no colour space."""

BMP_RAW, BMP_RLE8, BMP_RLE4, BMP_MASKS = range(4)
"""Ways to keep pixels."""

BMP_555 = (0x7C00, 0x03E0, 0x001F)


def bmp(data: bytes, mode: str) -> Found:
    """Of a BMP file."""
    (pixels,) = struct.unpack_from("<I", data, 10)
    end, found = _bitmap(data, BMP_FILE_HEAD, pixels, mode)
    return end, found + ["reserved bytes"] * any(data[6:10])


def dib(data: bytes, mode: str) -> Found:
    """Of a BMP file without its first 14 bytes."""
    return _bitmap(data, 0, 0, mode)


def _bitmap(data: bytes, start: int, pixels: int, mode: str) -> Found:
    """Args: pixels: where they begin; 0: behind the palette."""
    (size,) = struct.unpack_from("<I", data, start)
    at = start + size
    if size == BMP_OLD:
        width, height, _, bits = struct.unpack_from("<4H", data, start + 4)
        way, colors, entry = BMP_RAW, 0, 3
    elif size == BMP_PLAIN:
        width, height, _, bits, way = struct.unpack_from("<iiHHI", data, start + 4)
        colors, entry = *struct.unpack_from("<I", data, start + 32), 4
    else:
        return len(data), ["colour space (long BMP header)"]
    height = abs(height)
    masks = BMP_555 if bits == 16 else (0xFFFFFF,)
    if way == BMP_MASKS:
        masks = struct.unpack_from("<3I", data, at)
        at += 12
    if bits <= 8:
        at += (colors or 1 << bits) * entry
    pixels = pixels or at
    found = ["bytes between its head and its pixels"] * any(data[at:pixels])
    if way in (BMP_RLE8, BMP_RLE4):
        return _end_of_runs(data, pixels, way), found
    stride = (width * bits + 31) // 32 * 4
    rows = np.frombuffer(data, np.uint8, stride * height, pixels).reshape(height, stride)
    if rows[:, (width * bits + 7) // 8 :].any():
        found.append("bytes between its rows")
    if bits in (16, 32) and mode == "RGB":
        whole = rows[:, : width * bits // 8].copy().view(f"<u{bits // 8}")
        unused = (1 << bits) - 1 & ~sum(masks)
        if len(np.unique(whole & unused)) > 1 or (whole[0, 0] & unused) not in (0, unused):
            found.append("bits of its pixels that are no colour")
    return pixels + stride * height, found


def _end_of_runs(data: bytes, at: int, way: int) -> int:
    while True:
        count, told = data[at], data[at + 1]
        at += 2
        if count or told == 0:
            continue
        if told == 1:
            return at
        if told == 2:
            at += 2
        else:
            size = (told + 1) // 2 if way == BMP_RLE4 else told
            at += size + (size & 1)


# -- Netpbm ---------------------------------------------------------------------------------------

NETPBM_BANDS = {b"P3": 3, b"P6": 3, b"P0CMYK": 4, b"PyRGBA": 4, b"PyCMYK": 4}
"""Samples of a pixel, where they are not one."""

NETPBM_PLAIN = {b"P1": rb"[01]", b"P2": rb"\S+", b"P3": rb"\S+"}
"""Those that write samples as text, and what a sample is."""

NETPBM_COMMENT = re.compile(rb"#[^\r\n]*")

NETPBM_HEAD = re.compile(rb"P\w+\s+(?:\d+\s+){2}")
"""How another picture begins."""


def netpbm(data: bytes, mode: str) -> Found:
    """Of a PBM, PGM, PPM or PFM file."""
    magic, size, highest, at, comments = _netpbm_head(data)
    width, height = size
    count = width * height * NETPBM_BANDS.get(magic, 1)
    found = []
    if magic in NETPBM_PLAIN:
        text = NETPBM_COMMENT.sub(lambda comment: b" " * len(comment[0]), data[at:])
        last = next(islice(re.finditer(NETPBM_PLAIN[magic], text), count - 1, None), None)
        if last is None:
            raise ValueError("fewer samples than pixels")
        end = at + last.end()
        comments = comments or b"#" in data[at:end]
        end = len(data) if not data[end:].strip() else end
    elif magic == b"P4":
        stride = (width + 7) // 8
        end = at + stride * height
        if width % 8 and any(
            byte & 0xFF >> width % 8 for byte in data[at + stride - 1 : end : stride]
        ):
            found.append("bits between its rows")
    elif magic == b"Pf":
        end = at + 4 * count
    else:
        end = at + count * (2 if highest > 255 else 1)
    if comments:
        found.append("comments")
    if highest > 255 and mode != "I":
        found.append("low bits (samples of 16)")
    elif highest and highest != (stretched := 65535 if mode == "I" else 255):
        found.append(f"samples as they are (of 0 to {highest}, Pillow makes 0 to {stretched})")
    if NETPBM_HEAD.match(data[end : end + 64].lstrip()):
        found.append("further pictures, behind the first one")
        end = len(data)
    return end, found


def _netpbm_head(data: bytes) -> tuple[bytes, tuple[int, int], int, int, bool]:
    """Name, size, highest sample (0: not told), where samples begin, whether there are comments."""
    match = re.match(rb"P\w+", data)
    magic = match[0] if match else b""
    wanted = 2 if magic in (b"P1", b"P4") else 3
    tokens: list[bytes] = []
    at, token, comments = len(magic), b"", False
    while len(tokens) < wanted:
        byte = data[at : at + 1]
        at += 1
        if byte == b"#":
            comments = True
            while data[at - 1 : at] not in (b"\r", b"\n", b""):
                at += 1
        elif byte and not byte.isspace():
            token += byte
        elif token:
            tokens.append(token)
            token = b""
        elif not byte:
            raise ValueError("the head is cut short")
    size = int(tokens[0]), int(tokens[1])
    return magic, size, 0 if wanted == 2 or magic == b"Pf" else int(tokens[2]), at, comments


# -- QOI ------------------------------------------------------------------------------------------

QOI_HEAD, QOI_END = 14, bytes(7) + b"\1"

QOI_SIZES = {**dict.fromkeys(range(0x80, 0xC0), 2), 0xFE: 4, 0xFF: 5}
"""Bytes of what begins with a byte, where they are not 1. Source: qoiformat.org."""


def qoi(data: bytes, mode: str) -> Found:
    """Of a QOI file."""
    width, height = struct.unpack_from(">II", data, 4)
    left, at = width * height, QOI_HEAD
    while left > 0:
        byte = data[at]
        left -= (byte & 0x3F) + 1 if 0xC0 <= byte < 0xFE else 1
        at += QOI_SIZES.get(byte, 1)
    return (at + len(QOI_END) if data.startswith(QOI_END, at) else at), []


LOOKED_AT: dict[str, Callable[[bytes, str], Found]] = {
    "BMP": bmp,
    "DIB": dib,
    "PPM": netpbm,
    "QOI": qoi,
}
"""Pillow's names of formats; data and Pillow's mode -> what is found."""
