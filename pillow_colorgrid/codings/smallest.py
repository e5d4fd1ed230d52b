"""Lossless or stored? The smaller one, without paying for both where one look tells which.

A fast general compressor finds what stored codecs live on: flat areas, few colours, repetitions. It
gets nowhere on a photograph. Between the two, both codings are tried.
"""

import numpy as np
import zstandard

from pillow_colorgrid.codings import lossless, stored
from pillow_colorgrid.color import Bytes
from pillow_colorgrid.container import SECTION, Section
from pillow_colorgrid.options import SaveOptions

PROBE_LEVEL = 1
"""zstd's fastest: some milliseconds for each megapixel."""

PHOTOGRAPH, DRAWING = 0.65, 0.06
"""Above, the probe's size (as a part of the raw bytes) means a photograph; below, a drawing."""

NOISY_BITS = 10 / 3
"""Above so many bits for each value even a photograph is tried with WebP: noise makes all equal."""

NOISY_PIXELS = 4_000_000
"""Larger photographs are not: WebP would take more memory and time than all the rest."""

SMALL_PIXELS = 64 * 64
"""Pictures so small are tried both ways: it costs next to nothing."""


def encode(pixels: Bytes, options: SaveOptions) -> tuple[str, list[Section]]:
    """(H, W, C) uint8 -> the name of the coding, and its sections."""
    share = probe(pixels)
    count = pixels.shape[0] * pixels.shape[1]
    small = count <= SMALL_PIXELS
    if share < DRAWING and not small:
        return "stored", stored.encode(pixels, options)
    sections = lossless.encode(pixels, options)
    size_bytes = sum(len(section.payload) + SECTION.size for section in sections)
    noisy = 8 * size_bytes > NOISY_BITS * pixels.size and count <= NOISY_PIXELS
    if small or noisy or share < PHOTOGRAPH:
        rival = stored.quick(pixels)
        if len(rival[0].payload) + SECTION.size < size_bytes:
            return "stored", stored.improved(pixels, rival)
    return "lossless", sections


def probe(pixels: Bytes) -> float:
    """What is left of the raw bytes after a fast compressor, 0 to about 1."""
    raw = np.ascontiguousarray(pixels).tobytes()
    return len(zstandard.ZstdCompressor(level=PROBE_LEVEL).compress(raw)) / len(raw)
