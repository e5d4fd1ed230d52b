"""Lossy luminance: a grey picture in a file of one of Pillow's codecs.

Exact luminance is the lossless coding's affair. Where something may be lost, AVIF without colour is
the smallest (measured on Kodak: 8 to 23 % below WebP of the same PSNR); where this Pillow was built
without it, WebP takes its place, and JPEG where a side is too long for WebP.

Payload: one byte, the codec; then its file, which as AV1 lacks its head (`bare_avif`).
"""

import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, features

from pillow_colorgrid.codings import inner_file
from pillow_colorgrid.codings.crayon import bare_avif
from pillow_colorgrid.codings.crayon.hints import Plane
from pillow_colorgrid.codings.inner import WEBP_MAX_SIDE
from pillow_colorgrid.errors import CgxError, DamagedError


@dataclass(frozen=True)
class Codec:
    """One of Pillow's codecs.

    Attributes:
        number: in files; it never changes its meaning.
        name: Pillow's.
        max_side: the codec's own limit, in pixels.
        options: of save, beside `quality`.
    """

    number: int
    name: str
    max_side: int
    options: dict[str, object] = field(default_factory=dict)


AVIF = Codec(1, "AVIF", 65536, {"subsampling": "4:0:0", "range": "full"})
"""Full range: limited range gains nothing, and would round every grey once more."""

AVIF_SPEEDS = {
    **dict.fromkeys((1, 2, 3), 8),
    **dict.fromkeys((4, 5, 6), 6),
    **dict.fromkeys((7, 8, 9), 4),
}
"""By effort. Speed 6 is Pillow's default; 4 saves 3 to 4 % and takes five times as long."""

AV1 = 4
"""Number of AVIF without the head that all such files have."""

AV1_MINOR = 1
"""The minor version of the format that knows it."""

WEBP = Codec(2, "WEBP", WEBP_MAX_SIDE, {"method": 6})
JPEG = Codec(3, "JPEG", 65535, {"optimize": True})

CODECS = {codec.number: codec for codec in (AVIF, WEBP, JPEG)}
"""The best first."""

GREEN = 1
"""The channel that counts where a codec hands grey out as RGB."""


def available(codec: Codec) -> bool:
    """Whether this Pillow was built with `codec`."""
    name = codec.name.lower()
    # Pillow before 11.2 does not know the name "avif", and warns of it.
    return codec is JPEG or (name in features.modules and bool(features.check(name)))


def chosen(width: int, height: int) -> Codec:
    """The codec for new files: the first that this Pillow has and that takes this size."""
    return next(c for c in CODECS.values() if available(c) and max(width, height) <= c.max_side)


def encode(luminance: Plane, quality: int, effort: int) -> bytes:
    """(H, W) in 0..255 -> bytes; `quality` is the codec's, 1 to 99, `effort` ours, 1 to 9."""
    grey = Image.fromarray(luminance.astype(np.uint8))
    codec = chosen(*grey.size)
    options = dict(codec.options)
    if codec is AVIF:
        options["speed"] = AVIF_SPEEDS[effort]
    file = io.BytesIO()
    grey.save(file, codec.name, quality=quality, **options)
    data = file.getvalue()
    bare = bare_avif.bare(data, *grey.size) if codec is AVIF else None
    return bytes([codec.number]) + data if bare is None else bytes([AV1]) + bare


def minor_version(data: bytes) -> int:
    """The minor version of the format that can read what `encode` made."""
    return AV1_MINOR if data[0] == AV1 else 0


def decode(data: bytes, height: int, width: int) -> Plane:
    """The inverse of `encode`, as near as the codec comes: (H, W) in 0..255.

    Raises:
        CgxError: this Pillow does not have the codec.
        DamagedError: an unknown codec, or its file is damaged or of another size.
    """
    bare = data[:1] == bytes([AV1])
    codec = AVIF if bare else CODECS.get(data[0]) if data else None
    if codec is None:
        allowed = sorted([*CODECS, AV1])
        raise DamagedError(f"luminance's codec {data[:1].hex()}, allowed {allowed}")
    if not available(codec):
        raise CgxError(
            f"the luminance of this file is {codec.name}, which this Pillow was built without "
            f"(PIL.features.check({codec.name.lower()!r}) is False)"
        )
    file = bare_avif.whole(data[1:], width, height) if bare else data[1:]
    pixels = inner_file.pixels(file, (codec.name,), ("L", "RGB"), (width, height))
    return pixels[..., GREEN if pixels.shape[2] > 1 else 0].astype(np.int16)
