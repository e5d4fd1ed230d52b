"""Values of `Image.info` <-> bytes: those of Python that plugins put there, each with its type.

A value is a byte that names its type, then what the type says. Lengths and counts are u32.
`pack_value` and `unpack_value` are mirror images; FORMAT.md, section 2.1.
"""

import struct
from collections.abc import Iterable
from typing import Any

from pillow_colorgrid.errors import DamagedError

NOTHING, FALSE, TRUE, INTEGER, FLOAT, TEXT, BYTES = range(7)
TUPLE, LIST, DICTIONARY, SET, INTERNATIONAL_TEXT, FRACTION = range(7, 13)

COUNT = struct.Struct("<I")
REAL = struct.Struct("<d")

MAX_DEPTH = 16
"""Of values inside values."""

MAX_VALUES = 1 << 18
"""In one section: an item of one byte takes eight and more in memory."""

MAX_INTEGER_BYTES = 64


# -- packing --------------------------------------------------------------------------------------


def pack_value(value: Any, depth: int = 0) -> bytes:
    """The bytes of a value.

    Raises:
        ValueError: it, or something in it, is of a type that has no place here.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"values {depth} deep, allowed {MAX_DEPTH}")
    if value is None:
        return bytes([NOTHING])
    if isinstance(value, bool):
        return bytes([TRUE if value else FALSE])
    if isinstance(value, int):
        return bytes([INTEGER]) + _pack_integer(value)
    if isinstance(value, float):
        return bytes([FLOAT]) + REAL.pack(value)
    if isinstance(value, str):
        if not hasattr(value, "tkey"):
            return bytes([TEXT]) + _pack_text(value)
        parts = (value, getattr(value, "lang", None), value.tkey)
        return bytes([INTERNATIONAL_TEXT]) + b"".join(_pack_text(_as_text(p)) for p in parts)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes([BYTES]) + _sized(bytes(value))
    if isinstance(value, tuple | list):
        kind = TUPLE if isinstance(value, tuple) else LIST
        return _pack_items(kind, (pack_value(item, depth + 1) for item in value))
    if isinstance(value, set):
        return _pack_items(SET, sorted(pack_value(item, depth + 1) for item in value))
    if isinstance(value, dict):
        pairs = (
            pack_value(key, depth + 1) + pack_value(item, depth + 1) for key, item in value.items()
        )
        return _pack_items(DICTIONARY, pairs)
    if type(value).__name__ == "IFDRational":
        pair = (value.numerator, value.denominator)
        return bytes([FRACTION]) + b"".join(map(_pack_integer, pair))
    raise ValueError(f"value of type {type(value).__name__}")


def _as_text(part: Any) -> str:
    """Of Pillow's iTXt, a str with language and translated keyword: text, bytes, or not given."""
    return part.decode("utf-8") if isinstance(part, bytes) else part or ""


def _sized(data: bytes) -> bytes:
    return COUNT.pack(len(data)) + data


def _pack_text(text: str) -> bytes:
    return _sized(str.encode(text, "utf-8", "surrogatepass"))


def _pack_integer(value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    if size > MAX_INTEGER_BYTES:
        raise ValueError(f"integer of {size} bytes, allowed {MAX_INTEGER_BYTES}")
    return bytes([size]) + value.to_bytes(size, "little", signed=True)


def _pack_items(kind: int, items: Iterable[bytes]) -> bytes:
    found = list(items)
    return bytes([kind]) + COUNT.pack(len(found)) + b"".join(found)


# -- unpacking ------------------------------------------------------------------------------------


def unpack_value(data: bytes) -> Any:
    """The inverse of `pack_value`.

    Raises:
        DamagedError: not the bytes of one value, or more than this format allows.
    """
    source = _Source(data)
    value = source.value(0)
    if source.at != len(data):
        raise DamagedError(f"{len(data) - source.at} bytes behind a value, allowed 0")
    return value


class _Source:
    """Bytes that are taken from the front; each `value` is counted."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.values = 0

    def take(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise DamagedError(f"a value ends after {len(part)} of {size} bytes")
        self.at += size
        return part

    def sized(self) -> bytes:
        return self.take(*COUNT.unpack(self.take(COUNT.size)))

    def text(self) -> str:
        try:
            return self.sized().decode("utf-8", "surrogatepass")
        except UnicodeError as error:
            raise DamagedError(f"a text that is no UTF-8: {error}") from error

    def integer(self) -> int:
        size = self.take(1)[0]
        if not 1 <= size <= MAX_INTEGER_BYTES:
            raise DamagedError(f"integer of {size} bytes, allowed 1 to {MAX_INTEGER_BYTES}")
        return int.from_bytes(self.take(size), "little", signed=True)

    def value(self, depth: int) -> Any:
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            raise DamagedError(
                f"{self.values} values, {depth} deep, allowed {MAX_VALUES} and {MAX_DEPTH}"
            )
        kind = self.take(1)[0]
        if kind in (NOTHING, FALSE, TRUE):
            return (None, False, True)[kind]
        if kind == INTEGER:
            return self.integer()
        if kind == FLOAT:
            return REAL.unpack(self.take(REAL.size))[0]
        if kind == TEXT:
            return self.text()
        if kind == BYTES:
            return self.sized()
        if kind in (TUPLE, LIST, DICTIONARY, SET):
            return self._several(kind, depth + 1)
        if kind == INTERNATIONAL_TEXT:
            from PIL.PngImagePlugin import iTXt

            return iTXt(self.text(), self.text(), self.text())
        if kind == FRACTION:
            from PIL.TiffImagePlugin import IFDRational

            return IFDRational(self.integer(), self.integer())
        raise DamagedError(f"value of type {kind}, allowed 0 to {FRACTION}")

    def _several(self, kind: int, depth: int) -> Any:
        (count,) = COUNT.unpack(self.take(COUNT.size))
        # No list of `count` is set aside: each item takes at least one byte that must be there.
        items = [self.value(depth) for _ in range(count * (2 if kind == DICTIONARY else 1))]
        try:
            if kind == DICTIONARY:
                found = dict(zip(items[::2], items[1::2], strict=True))
            else:
                found = {TUPLE: tuple, LIST: list, SET: set}[kind](items)
        except TypeError as error:  # a list or a dictionary as a key
            raise DamagedError(f"a key of a type that is none: {error}") from error
        if len(found) != count:
            raise DamagedError(f"{count} keys of which only {len(found)} differ")
        return found
