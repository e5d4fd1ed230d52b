"""The codec under the decolorized picture: PNG, WebP, or zstd over predictor-filtered planes.

PNG and WebP are Pillow's own. PNG and zstd take the planes as they are, with Y as green; WebP takes
the planes turned back into RGB, because its own colour transform then does better (both measured,
see README.md).
"""

import io
import struct
from collections.abc import Callable

import numpy as np
import zstandard
from PIL import Image

from pillow_colorgrid.codings import inner_file
from pillow_colorgrid.color import ycocg_bytes
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Bytes

KIND = struct.Struct("<B")
"""Begins an inner file: a key of _BY_ID."""

ZSTD_LEVEL = 12
"""Level 15 takes four times as long for 0.3 % (Kodak)."""

WEBP_METHODS = (4, 6)
"""The smaller of both is kept: method 6 saves 0.7 % on Kodak, yet now and then costs 4 %."""

WEBP_MAX_SIDE = 16383
"""WebP's own limit, in pixels."""

WEBP = {"lossless": True, "exact": True, "quality": 80}
"""`exact` keeps the colour under alpha 0. Quality 100 takes 40 times as long for 1 %."""

FILTERS: tuple[tuple[int, ...], ...] = ((), (1,), (0,), (0, 1))
"""Axes (0: from above, 1: from the left) along which a plane is replaced by its differences."""

Encoder = Callable[[Bytes, Bytes], bytes]
Decoder = Callable[[bytes, tuple[int, int], int], tuple[Bytes, Bytes]]


# -- pictures that Pillow's codecs can take -----------------------------------------------------


def _interleave(planes: Bytes, alpha: Bytes) -> Bytes:
    """(1 or 3, H, W) planes and alpha -> (H, W, C), Y as green."""
    order = [0] if len(planes) == 1 else [1, 0, 2]
    return np.concatenate([planes[order].transpose(1, 2, 0), alpha], axis=2)


def _separate(pixels: Bytes) -> tuple[Bytes, Bytes]:
    """The inverse of `_interleave`."""
    if pixels.shape[2] == 1:
        return pixels.transpose(2, 0, 1), pixels[..., 1:]
    return pixels[..., [1, 0, 2]].transpose(2, 0, 1), pixels[..., 3:]


def save(pixels: Bytes, codec: str, **options: object) -> bytes:
    """(H, W, C) pixels as a whole file of one of Pillow's codecs."""
    file = io.BytesIO()
    squeezed = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    Image.fromarray(np.ascontiguousarray(squeezed)).save(file, codec, **options)
    return file.getvalue()


# -- PNG ----------------------------------------------------------------------------------------


def _encode_png(planes: Bytes, alpha: Bytes) -> bytes:
    return save(_interleave(planes, alpha), "PNG", optimize=True)


def _decode_png(data: bytes, size: tuple[int, int], channels: int) -> tuple[Bytes, Bytes]:
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    return _separate(inner_file.pixels(data, ("PNG",), (mode,), size[::-1]))


# -- WebP ---------------------------------------------------------------------------------------


def _encode_webp(planes: Bytes, alpha: Bytes) -> bytes:
    if len(planes) == 1:
        return save_webp(np.repeat(planes.transpose(1, 2, 0), 3, axis=2))
    return save_webp(np.concatenate([ycocg_bytes.inverse_modular(planes), alpha], axis=2))


def save_webp(pixels: Bytes) -> bytes:
    """The smallest lossless WebP file of (H, W, 3 or 4) pixels among WEBP_METHODS."""
    return min((save(pixels, "WEBP", **WEBP, method=m) for m in WEBP_METHODS), key=len)


def _decode_webp(data: bytes, size: tuple[int, int], channels: int) -> tuple[Bytes, Bytes]:
    return ycocg_bytes.separate(_webp_pixels(data, size, channels))


def _webp_pixels(data: bytes, size: tuple[int, int], channels: int) -> Bytes:
    # An opaque picture loses its alpha channel in WebP.
    modes = ("RGB", "RGBA") if channels == 4 else ("RGB",)
    pixels = inner_file.pixels(data, ("WEBP",), modes, size[::-1])
    if channels == 1:
        return pixels[..., 1:2]
    if pixels.shape[2] < channels:
        return np.concatenate([pixels, np.full((*size, 1), 255, np.uint8)], axis=2)
    return pixels


# -- zstd over filtered planes ------------------------------------------------------------------


def filter_plane(plane: Bytes, axes: tuple[int, ...]) -> Bytes:
    """Replace a plane by its differences along `axes`, modulo 256."""
    for axis in axes:
        plane = np.diff(plane, axis=axis, prepend=np.uint8(0))
    return plane


def unfilter_plane(plane: Bytes, axes: tuple[int, ...]) -> Bytes:
    """The inverse of `filter_plane`: running sums modulo 256."""
    for axis in reversed(axes):
        plane = np.add.accumulate(plane, axis=axis, dtype=np.uint8)
    return plane


def _roughness(plane: Bytes) -> int:
    """Sum of the magnitudes of a plane's bytes taken as -128..127, as PNG's heuristic does."""
    return int(np.abs(plane.view(np.int8).astype(np.int16)).sum())


def _encode_zstd(planes: Bytes, alpha: Bytes) -> bytes:
    """One byte (an index into FILTERS) for each plane, then the filtered planes through zstd."""
    chosen, filtered = [], []
    for plane in (*planes, *alpha.transpose(2, 0, 1)):
        variants = [filter_plane(plane, axes) for axes in FILTERS]
        best = min(range(len(FILTERS)), key=lambda number: _roughness(variants[number]))
        chosen.append(best)
        filtered.append(variants[best].tobytes())
    data = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(b"".join(filtered))
    return bytes(chosen) + data


def _decode_zstd(data: bytes, size: tuple[int, int], channels: int) -> tuple[Bytes, Bytes]:
    chosen = data[:channels]
    if len(chosen) < channels or max(chosen) >= len(FILTERS):
        raise DamagedError(f"plane filters {list(chosen)}, allowed {channels} below {len(FILTERS)}")
    raw = zstd.unpacked(data[channels:], channels * size[0] * size[1])
    if len(raw) != channels * size[0] * size[1]:
        raise DamagedError(f"planes of {len(raw)} bytes, needs {channels * size[0] * size[1]}")
    filtered = np.frombuffer(raw, np.uint8).reshape(channels, *size)
    planes = np.stack(
        [unfilter_plane(p, FILTERS[f]) for p, f in zip(filtered, chosen, strict=True)]
    )
    colored = 1 if channels == 1 else 3
    return planes[:colored], planes[colored:].transpose(1, 2, 0)


# -- by name and by number ----------------------------------------------------------------------

CODECS: dict[str, tuple[int, Encoder, Decoder]] = {
    "png": (1, _encode_png, _decode_png),
    "webp": (2, _encode_webp, _decode_webp),
    "zstd": (3, _encode_zstd, _decode_zstd),
}
"""Adding an inner codec is one entry; a number never changes its meaning."""

_DECODERS = {number: decoder for number, _, decoder in CODECS.values()}


def encode(planes: Bytes, alpha: Bytes, name: str) -> bytes:
    """(1 or 3, H, W) modular YCoCg-R planes and (H, W, 0 or 1) alpha -> the inner file.

    Args:
        name: a key of CODECS, or "auto" for the smallest.
    """
    chosen = CODECS.values() if name == "auto" else [CODECS[name]]
    return min(
        (KIND.pack(number) + encoder(planes, alpha) for number, encoder, _ in chosen), key=len
    )


def decode(data: bytes, size: tuple[int, int], channels: int) -> tuple[Bytes, Bytes]:
    """The inverse of `encode` for a picture of `size` (height, width) with `channels`.

    Raises:
        DamagedError: an unknown codec, or its file is damaged or of another size or mode.
    """
    if not data or data[0] not in _DECODERS:
        raise DamagedError(f"inner codec {data[:1].hex()}, allowed {sorted(_DECODERS)}")
    return _DECODERS[data[0]](data[KIND.size :], size, channels)


def decode_pixels(data: bytes, size: tuple[int, int], channels: int) -> Bytes:
    """As `decode`, to (H, W, channels) pixels; WebP's need not become planes for that."""
    if data[: KIND.size] == KIND.pack(CODECS["webp"][0]):
        return _webp_pixels(data[KIND.size :], size, channels)
    return ycocg_bytes.unite(*decode(data, size, channels))
