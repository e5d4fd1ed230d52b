"""Where a picture's pixels come from: JPEG's YCbCr or Photo CD's YCC, recognised and undone.

Whoever opened a JPEG file and saved its pixels losslessly saved RGB that was computed from 8-bit
YCbCr. Only one in four of all RGB colours can come out of that; of Photo CD's YCC only one in nine.
A coder that knows which ones has 2 (3) bits per pixel less to tell. So where (nearly) every pixel
of a picture has an *origin*, a triple of luminance and two chromas of 8 bits each that renders to
exactly its RGB, the origins are coded in place of Y, Co and Cg. Pixels that have none are
*exceptions*, listed with their RGB.

An origin is recognised by the pixels alone, whatever file they are in. `renderings` has
the two renderings, `origin_search` the way back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import zstandard

from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color.renderings import HIGHEST, ORIGINS, Origin, Plane, render, strips
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Bytes

PIXELS_PER_EXCEPTION = 16
"""A reader refuses more than one exception in so many pixels, which bounds its memory."""

Places = npt.NDArray[np.int64]
"""Positions in a picture, row by row."""

AWAY, RGB = np.dtype("<u4"), np.dtype((np.uint8, 3))
"""An exception in a file: how far behind the one before it stands, and its colour."""

EXCEPTION_BYTES = AWAY.itemsize + RGB.itemsize

ZSTD_LEVEL = 19


@dataclass(frozen=True)
class Rendering:
    """How RGB comes out of a file's three planes.

    Attributes:
        origin: of the picture.
        positions: row by row, of the pixels that do not come out of it; increasing.
        colors: (n, 3), their RGB.
    """

    origin: Origin
    positions: Places
    colors: Bytes

    @property
    def names(self) -> tuple[str, ...]:
        """Of the planes."""
        return "luminance", *self.origin.chromas

    def part(self, box: Tile, width: int) -> "Rendering":
        """That of a part of the picture, which is `width` wide."""
        rows, columns = np.divmod(self.positions, width)
        rows, columns = rows - box.top, columns - box.left
        here = (rows >= 0) & (rows < box.height) & (columns >= 0) & (columns < box.width)
        return Rendering(self.origin, (rows * box.width + columns)[here], self.colors[here])

    def join(self, planes: Sequence[Plane], width: int, interval: int = 1) -> Bytes:
        """Three planes (h, w) of every `interval`-th pixel -> (h, w, 3).

        Args:
            width: of the whole picture.

        Planes that no picture has (of a damaged file) give pixels clipped to 0..255.
        """
        rgb = self.paint(planes)
        rows, places = np.divmod(self.positions, width)
        here = (rows % interval == 0) & (places % interval == 0) & (rows < len(rgb) * interval)
        rgb[rows[here] // interval, places[here] // interval] = self.colors[here]
        return rgb

    def paint(self, planes: Sequence[Plane]) -> Bytes:
        """As `join`, but for the exceptions. What is no value of a plane is clipped to one."""
        height, width = planes[0].shape
        rgb = np.empty((height, width, 3), np.uint8)
        zeros = (0, *self.origin.zeros)
        for rows in strips(height, width):
            y, c1, c2 = (
                np.clip(plane[rows], -zero, HIGHEST - zero).astype(np.int32)
                for plane, zero in zip(planes, zeros, strict=True)
            )
            for channel, values in enumerate(render(self.origin, (y, c1, c2))):
                rgb[rows, :, channel] = values
        return rgb


def pack(rendering: Rendering) -> bytes:
    """The number of the origin; then, if there are any, the exceptions, zstd over.

    First of each the distance of its position to the one before (the first: its position), then of
    each its RGB.
    """
    if not rendering.positions.size:
        return bytes([rendering.origin.number])
    away = np.diff(rendering.positions, prepend=0).astype(AWAY)
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_content_size=True)
    exceptions = compressor.compress(away.tobytes() + rendering.colors.tobytes())
    return bytes([rendering.origin.number]) + exceptions


def unpack(data: bytes, pixels: int) -> Rendering:
    """The inverse of `pack` for a picture of so many pixels. Raises DamagedError."""
    known = {origin.number: origin for origin in ORIGINS}
    if not data or data[0] not in known:
        raise DamagedError(f"origin {data[0] if data else 'missing'}, allowed {sorted(known)}")
    most = -(-pixels // PIXELS_PER_EXCEPTION)
    raw = _decompressed(data[1:], most) if len(data) > 1 else b""
    count = len(raw) // EXCEPTION_BYTES
    away = np.frombuffer(raw, AWAY, count).astype(np.int64)
    if (away[1:] == 0).any():
        raise DamagedError("two exceptions at one pixel, allowed is one")
    positions = np.cumsum(away)
    if count and positions[-1] >= pixels:
        raise DamagedError(f"exception at pixel {positions[-1]}, the picture has {pixels}")
    colors = np.frombuffer(raw, np.uint8, offset=AWAY.itemsize * count).reshape(count, 3)
    return Rendering(known[data[0]], positions, colors)


def _decompressed(data: bytes, most: int) -> bytes:
    """A zstd frame, and nothing behind it, that states the size of 1 to `most` exceptions."""
    what, allowed = "exceptions", f"{EXCEPTION_BYTES} each for 1 to {most}"
    raw = zstd.unpacked_up_to(data, EXCEPTION_BYTES * most, what=what, allowed=allowed)
    if not raw or len(raw) % EXCEPTION_BYTES:
        raise DamagedError(f"{what} of {len(raw)} bytes, allowed {allowed}")
    return raw
