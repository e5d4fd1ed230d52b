"""A piece of a stored picture: an inner picture (inner.py), or WebP without what is known of it.

A lossless WebP file begins with 25 bytes that tell its own length, size, and that it is one. Icons
take some 500 bytes.
"""

import struct
from collections.abc import Iterable

from pillow_colorgrid.codings import inner
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Bytes

BARE = inner.KIND.pack(5)
"""Stands where an inner picture has its codec; a number that inner.py leaves free."""

WEBP = inner.KIND.pack(inner.CODECS["webp"][0])

RIFF = struct.Struct("<4sI4s4sI")
"""Begins a WebP file: "RIFF", length of what follows, "WEBP", "VP8L", length of its data."""

HEAD = struct.Struct("<BI")
"""Begins the data: SIGNATURE; width - 1 (14 bits), height - 1 (14), whether there is alpha."""

SIGNATURE = 0x2F

SIDE_BITS, ALPHA_BIT = 14, 1 << 28

ALPHA_CHANNELS = 4

RIFF_BEFORE = 8
"""Bytes before those that RIFF's length counts."""

MINOR = 1
"""The minor version of the format that brought BARE."""


def minor_version(pieces: Iterable[bytes]) -> int:
    """The oldest minor version of the format that has all of these pieces."""
    return MINOR if any(piece.startswith(BARE) for piece in pieces) else 0


def bare(piece: bytes, size: tuple[int, int], channels: int) -> bytes:
    """A piece without what is known of it; as it is, where that is not all that is missing.

    Args:
        size: (height, width).
    """
    begin = len(WEBP) + RIFF.size
    if not piece.startswith(WEBP) or len(piece) < begin + HEAD.size:
        return piece
    *_, length = RIFF.unpack_from(piece, len(WEBP))
    signature, told = HEAD.unpack_from(piece, begin)
    with_alpha = HEAD.pack(signature, told & ~ALPHA_BIT | ALPHA_BIT * (channels == ALPHA_CHANNELS))
    rest = piece[begin + HEAD.size :]
    found = BARE + rest[: length - HEAD.size]
    return found if whole(found, size, channels) == piece[:begin] + with_alpha + rest else piece


def whole(piece: bytes, size: tuple[int, int], channels: int) -> bytes:
    """The inner picture that a piece is; the inverse of `bare`, but that alpha may be opaque."""
    if not piece.startswith(BARE):
        return piece
    height, width = size
    told = (width - 1) | (height - 1) << SIDE_BITS | ALPHA_BIT * (channels == ALPHA_CHANNELS)
    data = HEAD.pack(SIGNATURE, told & 0xFFFFFFFF) + piece[len(BARE) :]
    padding = bytes(len(data) % 2)
    inside = len(data) + len(padding) + RIFF.size - RIFF_BEFORE
    return WEBP + RIFF.pack(b"RIFF", inside, b"WEBP", b"VP8L", len(data)) + data + padding


def decode(piece: bytes, size: tuple[int, int], channels: int) -> Bytes:
    """(H, W, channels) pixels of a piece.

    Raises:
        DamagedError: an unknown kind of piece, or it is damaged or of another size or mode.
    """
    if piece.startswith(BARE) and max(size) > inner.WEBP_MAX_SIDE:
        raise DamagedError(f"WebP of {size[1]}x{size[0]} pixels, allowed {inner.WEBP_MAX_SIDE}")
    return inner.decode_pixels(whole(piece, size, channels), size, channels)
