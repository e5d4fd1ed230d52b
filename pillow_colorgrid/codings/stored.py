"""The stored coding: a plain lossless codec, for what networks that know photographs do not help.

One section, ``STOR``: an inner picture (inner.py), WebP or zstd over filtered planes, whichever is
smaller. Screens, icons, drawings: few colours, repetitions, exactly flat areas.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid import color, inner
from pillow_colorgrid.codings.alpha import INNER_CODECS, WEBP_MAX_SIDE
from pillow_colorgrid.color import Bytes
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.options import SaveOptions

STORED_SECTION = b"STOR"


def encode(pixels: Bytes, options: SaveOptions) -> list[Section]:
    """(H, W, 1, 3 or 4) uint8 -> the one section."""
    alpha = pixels[..., 3:] if pixels.shape[2] == 4 else pixels[..., :0]
    if pixels.shape[2] == 1:
        planes = pixels.transpose(2, 0, 1)
    else:
        planes = color.forward_modular(pixels[..., :3])
    codecs = INNER_CODECS if max(pixels.shape[:2]) <= WEBP_MAX_SIDE else INNER_CODECS[:1]
    files = (inner.encode(planes, alpha, name) for name in codecs)
    return [Section(STORED_SECTION, min(files, key=len))]


def decode(header: Header, sections: Sequence[Section], channels: int, partial: bool) -> Bytes:
    """Sections -> (H, W, channels) uint8; with `partial`, all 0 where the section is missing.

    Raises:
        TruncatedError: the section is missing (not with `partial`).
        DamagedError: it is damaged.
    """
    width, height = header.size
    found = [section.payload for section in sections if section.type == STORED_SECTION]
    if not found:
        if partial:
            return np.zeros((height, width, channels), np.uint8)
        raise TruncatedError("image file is truncated (no stored picture)")
    if len(found) > 1:
        raise DamagedError(f"{len(found)} stored pictures, allowed 1")
    planes, alpha = inner.decode(found[0], (height, width), channels)
    if channels == 1:
        return planes.transpose(1, 2, 0)
    return np.concatenate([color.inverse_modular(planes), alpha], axis=2)
