"""What stands in `Image.info` and has no section of its own: texts of PNG, gamma, loops, ...

A dictionary (`info_values`), plain or deflated.
"""

import zlib
from collections.abc import Mapping
from typing import Any

from pillow_colorgrid import limits
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.info_values import pack_value, unpack_value

PLAIN, DEFLATED = 0, 1
"""The first byte: values as they are, or a zlib stream (RFC 1950) of them."""

WORTH_DEFLATING = 256
"""Bytes. Short ones stay as they are, so that what they are is seen."""


def pack(key: str, value: Any) -> bytes:
    """The payload of a dictionary.

    Raises:
        ValueError: naming `key`; it is none, or holds what cannot be kept.
        LimitError: more than a reader would take.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{key}={value!r:.60}, allowed: a dictionary")
    try:
        plain = pack_value(dict(value))
    except ValueError as error:
        raise ValueError(f"{key}={value!r:.60}, allowed: plain values, not a {error}") from error
    limits.check("MAX_METADATA_BYTES", len(plain))
    deflated = zlib.compress(plain, 9)
    if len(plain) < WORTH_DEFLATING or len(deflated) >= len(plain):
        return bytes([PLAIN]) + plain
    return bytes([DEFLATED]) + deflated


def unpack(data: bytes) -> dict[Any, Any]:
    """The inverse.

    Raises:
        DamagedError: not the payload of a dictionary.
        LimitError: it would be larger than metadata may be.
    """
    kind, packed = data[:1], data[1:]
    if kind == bytes([DEFLATED]):
        packed = _inflated(packed)
    elif kind != bytes([PLAIN]):
        raise DamagedError(f"other metadata of kind {kind.hex()}, allowed {PLAIN} and {DEFLATED}")
    found = unpack_value(packed)
    if not isinstance(found, dict):
        raise DamagedError(f"other metadata in a {type(found).__name__}, allowed: a dictionary")
    return found


def _inflated(packed: bytes) -> bytes:
    """Never more than metadata may have, whatever the stream says."""
    allowed = limits.MAX_METADATA_BYTES
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(packed, 0 if allowed is None else allowed + 1)
    except zlib.error as error:
        raise DamagedError(f"other metadata is not as described: {error}") from error
    limits.check("MAX_METADATA_BYTES", len(plain))
    if not inflate.eof or inflate.unused_data:
        raise DamagedError("other metadata is cut short, or more follows it")
    return plain


def can_be_kept(value: Any) -> bool:
    """Whether a value, and all that is in it, is of a type that has a place in the file."""
    try:
        pack_value(value)
    except ValueError:
        return False
    return True
