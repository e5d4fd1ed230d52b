"""What of a TIFF file is neither a picture that Pillow shows nor a tag."""

import struct
from collections.abc import Iterator

from pillow_colorgrid.commands import tiff_tags
from pillow_colorgrid.commands.tiff_places import unpointed
from pillow_colorgrid.commands.tiff_tags import (
    BITS,
    ORIENTATION,
    RAW_VERSION,
    SUBORDINATE,
    UPRIGHT,
    WORD_BYTES,
    Directory,
)

PHOTOMETRIC, COLORS, EXTRA_SAMPLES, SAMPLE_FORMAT = 262, 320, 338, 339

WHITE_IS_ZERO, RGB = 0, 2
"""Values of PHOTOMETRIC."""

WITH_ALPHA = (0, 1, 2, 3)
"""Values of PHOTOMETRIC whose first extra sample Pillow shows, if it is alpha."""

MULTIPLIED, ALPHA, OF_COREL = 1, 2, 999
"""Values of EXTRA_SAMPLES."""

UNSIGNED, SIGNED = 1, 2
"""Values of SAMPLE_FORMAT."""


def unheld(data: bytes) -> list[str]:
    """Names, of all pages; raises ValueError, struct.error."""
    order = tiff_tags.header(data)
    found = []
    for place in tiff_tags.directory_places(data):
        _, directory, _ = tiff_tags.read(data, place)
        found += [*_of_structure(directory, order), *_of_samples(directory, order)]
    missed, _ = unpointed(data)
    if missed:
        found.append(f"{missed:,} bytes that no directory points to")
    return list(dict.fromkeys(found))


def _numbers(directory: Directory, order: str, tag: int) -> tuple[int, ...]:
    entry = directory.get(tag)
    if entry is None:
        return ()
    letter = {1: "B", 2: "H", 4: "I"}[WORD_BYTES.get(entry.kind, 1)]
    return struct.unpack(f"{order}{entry.count}{letter}", entry.data)


def _of_structure(directory: Directory, order: str) -> Iterator[str]:
    if SUBORDINATE in directory:
        yield "subordinate pictures (SubIFDs)"
    if RAW_VERSION in directory:
        yield "raw data (DNG)"
    if _numbers(directory, order, ORIENTATION) not in ((), (UPRIGHT,)):
        yield "orientation (Pillow hands out the picture upright)"


def _of_samples(directory: Directory, order: str) -> Iterator[str]:
    """What Pillow leaves out of pixels, or does to them, that cannot be undone."""
    bits = max(_numbers(directory, order, BITS), default=1)
    colors = (*_numbers(directory, order, PHOTOMETRIC), -1)[0]
    extra = _numbers(directory, order, EXTRA_SAMPLES)
    formats = set(_numbers(directory, order, SAMPLE_FORMAT)) or {UNSIGNED}
    if len(_numbers(directory, order, BITS)) > 1 and bits > 8:
        yield f"low bits (samples of {bits})"
    if extra and colors in WITH_ALPHA and extra[0] in (MULTIPLIED, ALPHA, OF_COREL):
        if extra[0] == MULTIPLIED and colors == RGB:
            yield "colours as they are (multiplied by alpha; Pillow divides them)"
        extra = extra[1:]
    if extra:
        yield "further channels"
    if (formats == {SIGNED} and bits == 8) or (formats == {UNSIGNED} and bits == 32):
        yield "signs of samples, or that there are none"
    if colors == WHITE_IS_ZERO and bits >= 16:
        yield "that 0 is white"
    if any(value & 0xFF not in (0, value >> 8) for value in _numbers(directory, order, COLORS)):
        yield "low bits of the palette"
