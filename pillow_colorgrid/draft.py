"""A smaller picture from the early levels of a file, for `Image.draft` and `Image.thumbnail`.

The lossless coding stores every 8th pixel of every 8th row first, then refines. A draft is every
2nd, 4th or 8th pixel, exactly as in the whole picture. The checksum of all pixels cannot be
compared then; the sections' own checksums are.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codec import CHANNELS, check_known
from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.sections import ALPHA, only
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.pixels import Pixels

INTERVALS = {"lossless": (8, 4, 2)}
"""For each coding that has early levels: what it can leave out, the coarsest first."""


def interval(coding: str, size: tuple[int, int], wanted: tuple[int, int]) -> int:
    """The coarsest interval at which a picture of `size` is at least as large as `wanted`.

    1 where nothing can be left out.
    """
    for number in INTERVALS.get(coding, ()):
        if size[0] // number >= wanted[0] and size[1] // number >= wanted[1]:
            return number
    return 1


def size_at(size: tuple[int, int], number: int) -> tuple[int, int]:
    """(width, height) of every `number`-th pixel of every such row."""
    return -(-size[0] // number), -(-size[1] // number)


def decode(header: Header, sections: Sequence[Section], number: int) -> Pixels:
    """Every `number`-th pixel of every such row of a file of a coding in `INTERVALS`.

    Raises:
        CgxError: as `codec.decode`.
    """
    check_known(sections)
    channels = CHANNELS[header.mode]
    count = lossless.GREY if channels == 1 else lossless.COLOR
    planes = lossless.decode_planes(sections, header.size, count, number)
    pixels = lossless.pixels_of(planes, sections, header.size, number)
    if channels < 4:
        return pixels
    plane = alpha.decode(only(sections, ALPHA).payload, header.size[1], header.size[0])
    return np.concatenate([pixels, plane[::number, ::number, None]], axis=2)
