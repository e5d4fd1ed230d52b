"""A grid file out of a lossless one, whose luminance is copied, not coded again.

Colour is thinned out to a grid; a network paints it again when the file is opened. numpy and
onnxruntime are imported when it is done, not at ``import pillow_colorgrid``.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import IO

from pillow_colorgrid import container
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.crayon.description import CRAYON, INTERVAL
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.frames.index import INDEX

DEFAULT_INTERVAL = 16
"""Pixels from one kept colour to the next, unless another number is given.

A multiple of 8 needs the preview alone: a 64th of the pixels is decoded.
"""


def trim(
    source: str | os.PathLike[str] | IO[bytes],
    target: str | os.PathLike[str] | IO[bytes],
    grid: int = DEFAULT_INTERVAL,
) -> None:
    """Write the picture of a lossless .cgx file as a grid file: exact luminance, painted colour.

    Luminance, alpha and metadata are copied byte for byte. Of the colour the pixels at every
    `grid`-th row and column are kept; for a multiple of 8 they are decoded from the preview alone.
    Nobody has seen the painted pixels yet, so the new file states no checksum of them.

    Args:
        source: a path, or a binary file. target: likewise; written once, when all is done.
        grid: pixels from one kept colour to the next, 2 to 128.

    Raises:
        ValueError: a bad `grid`.
        CgxError: `source` is damaged, or holds no luminance of its own: it is of another coding or
            of the first release, or its luminance is that of an origin. Open it and save it with
            mode="grid" instead.
        SyntaxError: `source` is no .cgx file.
    """
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as file:
            data = trimmed(file, grid)
    else:
        data = trimmed(source, grid)
    if isinstance(target, str | os.PathLike):
        Path(target).write_bytes(data)
    else:
        target.write(data)


def trimmed(file: IO[bytes], grid: int) -> bytes:
    """The bytes that `trim` writes; raises as it does."""
    interval = INTERVAL.checked("grid", grid)
    header = container.read_header(file)
    if header.coding != LOSSLESS.number:
        raise CgxError(
            f"only lossless files can be trimmed, this one is {registry.of(header).name}; "
            'save it with mode="grid", or: cgx convert --mode grid'
        )
    sections = list(container.read_sections(file))
    if any(section.type == INDEX for section in sections):
        raise CgxError('only files of one frame can be trimmed; save it with mode="grid" instead')

    from pillow_colorgrid.codings.crayon import trim as grid_trimming

    kept = [section for section in sections if not section.critical]
    kept += grid_trimming.trim(header, sections, interval)
    header = replace(
        header,
        coding=CRAYON.number,
        checksum=container.UNSTATED,
        minor=CRAYON.minor_version([section.type for section in kept]),
    )
    return container.pack(header, kept)
