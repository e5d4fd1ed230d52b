"""The very JPEG file that a .cgx file was made of: ``pillow_colorgrid.jpeg_bytes``."""

import os
from pathlib import Path
from typing import IO

from pillow_colorgrid import metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.frames.directory import read_first


def jpeg_bytes(file: str | os.PathLike[str] | IO[bytes]) -> bytes:
    """The JPEG file, byte for byte.

    Args:
        file: a .cgx file: its path, or open for reading in binary mode. Of several frames the first
            counts.

    Raises:
        ValueError: no JPEG file went into it, only pixels.
        CgxError: it is damaged.
        SyntaxError: it is no .cgx file.
    """
    if isinstance(file, str | os.PathLike):
        with Path(file).open("rb") as opened:
            return jpeg_bytes(opened)
    header, sections = read_first(file)
    coding = registry.of(header)
    if coding is not JPEG:
        raise ValueError(f"this file holds pixels (coding {coding.name}), not a JPEG file")

    from pillow_colorgrid import codec
    from pillow_colorgrid.codings.jpeg import coding as jpeg

    codec.check_sections(header, metadata.without([section.type for section in sections]))
    return jpeg.restore(header, sections)
