"""Lossless or stored? The smaller one, without paying for both where one look tells which.

A fast general compressor finds what stored codecs live on: flat areas, few colours, repetitions. It
gets nowhere on a photograph. Between the two, both codings are tried.
"""

import numpy as np
import zstandard

from pillow_colorgrid.codings import lossless, stored
from pillow_colorgrid.color import Bytes
from pillow_colorgrid.container import Section
from pillow_colorgrid.options import SaveOptions

PROBE_LEVEL = 1
"""zstd's fastest: some milliseconds for each megapixel."""

PHOTOGRAPH, DRAWING = 0.55, 0.12
"""Above, the probe's size (as a part of the raw bytes) means a photograph; below, a drawing."""

SMALL_PIXELS = 64 * 64
"""Pictures so small are tried both ways: it costs next to nothing."""


def encode(pixels: Bytes, options: SaveOptions) -> tuple[str, list[Section]]:
    """(H, W, C) uint8 -> the name of the coding, and its sections."""
    share = probe(pixels)
    tries = []
    small = pixels.shape[0] * pixels.shape[1] <= SMALL_PIXELS
    if small or share < PHOTOGRAPH:
        tries.append(("stored", stored.encode(pixels, options)))
    if small or share > DRAWING:
        tries.append(("lossless", lossless.encode(pixels, options)))
    return min(tries, key=lambda one: sum(len(section.payload) for section in one[1]))


def probe(pixels: Bytes) -> float:
    """What is left of the raw bytes after a fast compressor, 0 to about 1."""
    raw = np.ascontiguousarray(pixels).tobytes()
    return len(zstandard.ZstdCompressor(level=PROBE_LEVEL).compress(raw)) / len(raw)
