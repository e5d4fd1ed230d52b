"""The planes coding: for all modes but 8-bit photographs. Differences, byte planes, zstd.

Palettes, bilevel scans, 16-bit and float pictures, CMYK and the like have no networks. A picture
is cut into strips of rows, each a section of its own, so that memory is bounded and the whole
strips of a file that was cut are still there. FORMAT.md describes each byte.

Way of a channel of a strip: samples as unsigned integers; less the channel before it; differences
from the left, from above, or both; samples of several bytes folded (small differences of either
sign become small numbers) and taken apart into byte planes, the highest first; zstd. Channels of 0
and 255 only become bits instead. All is modulo the sample's range, so nothing ever clips.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.inner import FILTERS
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.planes.description import STRIP
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.pixels import LAYOUTS, Layout, Pixels
from pillow_colorgrid.runtime.workers import of_this_picture

STRIP_NUMBER = struct.Struct("<I")
"""Begins a strip; then one byte (`Preparation`) for each channel, then a zstd frame."""

STRIP_BYTES = 2**22
"""A strip is as many whole rows as fit into this, at least one."""

PROBE_LEVEL = 3
"""zstd level that compares ways to prepare a channel."""

ZSTD_LEVELS = {1: 6, 2: 6, 3: 9, 4: 12, 5: 15, 6: 15, 7: 19, 8: 19, 9: 19}
"""zstd level of a strip for each effort."""

SMALL_BYTES, SMALL_EFFORT = 2**20, 5
"""From this effort on, strips so small are compressed at the highest level, in 0.5 s at most."""

ABOVE = FILTERS.index((0,))

WHITE = 255
"""The byte of a set pixel in mode 1."""


Samples = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Preparation:
    """What is done to a channel before zstd.

    Attributes:
        filter: index into inner.FILTERS.
        minus_previous: the channel before this one is subtracted first.
        bits: the samples are 0 and 255 only and become single bits; `filter` is 0 or ABOVE, which
            then is exclusive or with the row above.
    """

    filter: int = 0
    minus_previous: bool = False
    bits: bool = False

    def pack(self) -> int:
        return self.filter | self.minus_previous << 2 | self.bits << 3

    @classmethod
    def unpack(cls, byte: int, channel: int, sample_bytes: int) -> "Preparation":
        """Raises DamagedError where the format does not allow `byte` for this channel."""
        found = cls(byte & 3, bool(byte & 4), bool(byte & 8))
        allowed = byte < 16 and not (found.minus_previous and channel == 0)
        if found.bits:
            allowed &= sample_bytes == 1 and found.filter in (0, ABOVE)
            allowed &= not found.minus_previous
        if not allowed:
            raise DamagedError(f"preparation {byte:#x} of channel {channel} is not allowed")
        return found


def strips(layout: Layout, size: tuple[int, int]) -> list[slice]:
    """The rows of each strip of a picture of `size` (width, height)."""
    width, height = size
    rows = max(1, STRIP_BYTES // (width * layout.channels * layout.sample_bytes))
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]


# -- one channel ----------------------------------------------------------------------------------


def _prepare(channel: Samples, previous: Samples | None, how: Preparation) -> bytes:
    """(h, W) samples -> what zstd sees."""
    if how.bits:
        flags = channel == WHITE
        if how.filter == ABOVE:
            flags[1:] ^= flags[:-1].copy()
        return np.packbits(flags, axis=1).tobytes()
    if how.minus_previous and previous is not None:
        channel = channel - previous
    for axis in FILTERS[how.filter]:
        channel = np.diff(channel, axis=axis, prepend=channel.dtype.type(0))
    if channel.itemsize > 1 and (how.filter or how.minus_previous):
        channel = _fold(channel)
    return _split(channel)


def _restore(data: bytes, previous: Samples | None, how: Preparation, into: Samples) -> None:
    """The inverse of `_prepare`: fill `into`, (h, W)."""
    if how.bits:
        packed = np.frombuffer(data, np.uint8).reshape(into.shape[0], -1)
        unpacked = np.unpackbits(packed, axis=1)
        flags, filling = np.split(unpacked, [into.shape[1]], axis=1)
        if filling.any():
            raise DamagedError("bits behind the last pixel of a row are set, allowed: 0")
        if how.filter == ABOVE:
            flags = np.bitwise_xor.accumulate(flags, axis=0)
        into[...] = flags * np.uint8(WHITE)
        return
    channel = _join(data, into)
    if channel.itemsize > 1 and (how.filter or how.minus_previous):
        channel = _unfold(channel)
    for axis in reversed(FILTERS[how.filter]):
        channel = np.add.accumulate(channel, axis=axis, dtype=channel.dtype)
    if how.minus_previous and previous is not None:
        channel = channel + previous
    into[...] = channel


def _prepared_bytes(shape: tuple[int, int], sample_bytes: int, how: Preparation) -> int:
    """How many bytes `_prepare` makes of a channel."""
    rows, width = shape
    return rows * -(-width // 8) if how.bits else rows * width * sample_bytes


def _fold(channel: Samples) -> Samples:
    """0, -1, 1, -2, ... (modulo the range) -> 0, 1, 2, 3, ..."""
    signed = channel.view(f"i{channel.itemsize}")
    folded: Samples = ((signed << 1) ^ (signed >> (8 * channel.itemsize - 1))).view(channel.dtype)
    return folded


def _unfold(channel: Samples) -> Samples:
    """The inverse of `_fold`."""
    one = channel.dtype.type(1)
    return (channel >> one) ^ (channel.dtype.type(0) - (channel & one))


def _split(channel: Samples) -> bytes:
    """(h, W) samples -> their byte planes, the highest first."""
    apart = channel.astype(channel.dtype.newbyteorder(">")).view(np.uint8)
    return apart.reshape(-1, channel.itemsize).T.tobytes()


def _join(data: bytes, like: Samples) -> Samples:
    """The inverse of `_split`, in the shape and type of `like`."""
    apart = np.frombuffer(data, np.uint8).reshape(like.itemsize, -1)
    together = np.ascontiguousarray(apart.T).view(like.dtype.newbyteorder(">"))
    return together.astype(like.dtype).reshape(like.shape)


def _choose(channel: Samples, previous: Samples | None) -> tuple[Preparation, bytes]:
    """The preparation that zstd likes best."""
    ways = [Preparation(number) for number in range(len(FILTERS))]
    if previous is not None:
        ways += [Preparation(way.filter, minus_previous=True) for way in ways]
    if channel.itemsize == 1 and not np.any((channel != 0) & (channel != WHITE)):
        ways += [Preparation(bits=True), Preparation(ABOVE, bits=True)]
    probe = zstandard.ZstdCompressor(level=PROBE_LEVEL)
    prepared = ((way, _prepare(channel, previous, way)) for way in ways)
    return min(prepared, key=lambda pair: len(probe.compress(pair[1])))


# -- strips ---------------------------------------------------------------------------------------


def _channels(strip: Pixels) -> Iterator[Samples]:
    """The channels of (h, W, C) pixels as unsigned integers of this machine's byte order."""
    for number in range(strip.shape[2]):
        channel = np.ascontiguousarray(strip[..., number])
        unsigned = channel.view(channel.dtype.str.replace("i", "u").replace("f", "u"))
        yield unsigned.astype(f"=u{channel.itemsize}", copy=False)


def _encode_strip(number: int, strip: Pixels, effort: int) -> Section:
    previous, head, prepared = None, STRIP_NUMBER.pack(number), []
    for channel in _channels(strip):
        way, data = _choose(channel, previous)
        head += bytes([way.pack()])
        prepared.append(data)
        previous = channel
    raw = b"".join(prepared)
    small = len(raw) <= SMALL_BYTES and effort >= SMALL_EFFORT
    level = max(ZSTD_LEVELS.values()) if small else ZSTD_LEVELS[effort]
    return STRIP.section(head + zstandard.ZstdCompressor(level=level).compress(raw))


def _decode_strip(payload: bytes, layout: Layout, into: Pixels) -> None:
    """Fill `into`, the (h, W, C) pixels of a strip. Raises DamagedError."""
    body = payload[STRIP_NUMBER.size :]
    if len(body) < layout.channels:
        raise DamagedError(f"strip of {len(payload)} bytes is too short")
    ways = [
        Preparation.unpack(byte, channel, layout.sample_bytes)
        for channel, byte in enumerate(body[: layout.channels])
    ]
    shape = into.shape[:2]
    sizes = [_prepared_bytes((shape[0], shape[1]), layout.sample_bytes, way) for way in ways]
    raw = zstd.unpacked(body[layout.channels :], sum(sizes))
    if len(raw) != sum(sizes):
        raise DamagedError(f"strip of {len(raw)} bytes, needs {sum(sizes)}")
    previous, start = None, 0
    for number, (way, size) in enumerate(zip(ways, sizes, strict=True)):
        channel: Samples = np.empty(shape, f"=u{layout.sample_bytes}")
        _restore(raw[start : start + size], previous, way, channel)
        unsigned = np.dtype(layout.sample.replace("i", "u").replace("f", "u"))
        into[..., number] = channel.astype(unsigned, copy=False).view(layout.sample)
        previous, start = channel, start + size


# -- the picture ----------------------------------------------------------------------------------


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, C) pixels of any sample type -> one section for each strip."""
    pixels = picture.pixels
    height, width, channels = pixels.shape
    layout = Layout(channels, pixels.dtype.str)
    todo = [pixels[rows] for rows in strips(layout, (width, height))]
    with of_this_picture() as workers:
        coded = workers.map(lambda job: _encode_strip(*job, options.effort), [*enumerate(todo)])
    return Encoded(coded)


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Pixels:
    """Sections -> (H, W, C) pixels; with `partial`, strips that are missing stay 0.

    Raises:
        TruncatedError: a strip is missing (not with `partial`).
        DamagedError: a section holds what the format does not allow.
    """
    width, height = header.size
    return _decode(header, sections, Tile(0, 0, height, width), partial)


def decode_region(header: Header, sections: Sequence[Section], box: Tile) -> Pixels:
    """The pixels (h, w, C) of a part of the picture; the strips it meets are decoded.

    Raises as `decode`.
    """
    return _decode(header, sections, box, partial=False)


def _decode(header: Header, sections: Sequence[Section], box: Tile, partial: bool) -> Pixels:
    layout = LAYOUTS[header.mode]
    todo = strips(layout, header.size)
    found = [section for section in sections if section.type == STRIP.type]
    if len(found) > len(todo):
        raise DamagedError(f"{len(found)} strips, allowed {len(todo)}")
    if len(found) < len(todo) and not partial:
        raise TruncatedError(f"image file is truncated ({len(found)} of {len(todo)} strips)")
    jobs = []
    for number, (section, rows) in enumerate(zip(found, todo, strict=False)):
        if rows.stop <= box.top or rows.start >= box.bottom:
            continue
        head = section.payload[: STRIP_NUMBER.size]
        if head != STRIP_NUMBER.pack(number):
            raise DamagedError(f"strip {number} has the number {head.hex()}")
        jobs.append((section.payload, rows))
    pixels = np.zeros((box.height, box.width, layout.channels), layout.sample)

    def fill(job: tuple[bytes, slice]) -> None:
        payload, rows = job
        strip = np.empty((rows.stop - rows.start, header.size[0], layout.channels), layout.sample)
        _decode_strip(payload, layout, strip)
        first, last = max(rows.start, box.top), min(rows.stop, box.bottom)
        part = strip[first - rows.start : last - rows.start, box.left : box.right]
        pixels[first - box.top : last - box.top] = part

    with of_this_picture() as workers:
        workers.map(fill, jobs)
    if header.mode == "1" and np.any((pixels != 0) & (pixels != WHITE)):
        raise DamagedError(f"bytes of mode 1 are neither 0 nor {WHITE}")
    return pixels
