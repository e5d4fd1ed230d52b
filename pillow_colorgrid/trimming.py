"""A grid file out of a lossless one, whose luminance is copied, not coded again.

Colour is thinned out to a grid; a network paints it again when the file is opened. numpy and
onnxruntime are imported when it is done, not at ``import pillow_colorgrid``.
"""

import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.crayon.description import CRAYON, INTERVAL
from pillow_colorgrid.codings.lossless.description import COLORED, LOSSLESS
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

    A lossless file without such a luminance (small, with an origin, of a JPEG file, of the first
    release, stored, decolorized) is decoded instead, and saved with mode="grid".

    Args:
        source: a path, or a binary file. target: likewise; written once, when all is done.
        grid: pixels from one kept colour to the next, 2 to 128.

    Raises:
        ValueError: a bad `grid`.
        CgxError: `source` is damaged, has no colour, is lossy already, or of a mode or number of
            frames that has no grid file.
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
    data = file.read()
    file = BytesIO(data)
    header = container.read_header(file)
    coding = registry.of(header)
    if coding.lossy:
        raise CgxError(f"this file is of coding {coding.name}, which is lossy already")
    allowed = [mode for mode in CRAYON.modes if mode in COLORED]
    if header.mode not in allowed:
        raise CgxError(
            f"a picture of mode {header.mode} has no colour to trim (allowed: {', '.join(allowed)})"
        )
    sections = list(container.read_sections(file))
    if any(section.type == INDEX for section in sections):
        raise CgxError("only files of one frame can be trimmed")

    from pillow_colorgrid.codings.crayon import trim as grid_trimming

    if coding is not LOSSLESS or not grid_trimming.has_own_luminance(sections):
        return _coded_anew(data, interval)
    kept = [section for section in sections if not section.critical]
    kept += grid_trimming.trim(header, sections, interval)
    header = replace(
        header,
        coding=CRAYON.number,
        checksum=container.UNSTATED,
        minor=CRAYON.minor_version([section.type for section in kept]),
    )
    return container.pack(header, kept)


def _coded_anew(data: bytes, interval: int) -> bytes:
    """The grid file of a picture that has to be decoded for it."""
    from pillow_colorgrid.CgxImagePlugin import FORMAT, encode

    with Image.open(BytesIO(data), formats=(FORMAT,)) as image:
        image.load()
        return encode(image, mode=CRAYON.name, n=interval)
