"""The very JPEG file that a .cgx file was made of: ``pillow_colorgrid.jpeg_bytes``."""

import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image

from pillow_colorgrid import metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.jpeg.description import JPEG, check_restorable
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.frames.directory import open_directory, read_first


def jpeg_bytes(file: str | os.PathLike[str] | bytes | IO[bytes]) -> bytes:
    """The JPEG file, byte for byte.

    Args:
        file: a .cgx file: its path, its bytes, or open for reading in binary mode. Of several
            frames that were no MPO file, the first counts.

    Metadata that were dropped when it was saved are not in it.

    Raises:
        TypeError: `file` is none of these.
        ValueError: no JPEG file went into it, only pixels.
        CgxError: it is damaged.
        SyntaxError: it is no .cgx file.
    """
    if isinstance(file, str | os.PathLike):
        with Path(file).open("rb") as opened:
            return jpeg_bytes(opened)
    if isinstance(file, bytes | bytearray | memoryview):
        file = BytesIO(file)
    if not hasattr(file, "read"):
        raise TypeError(f"file={file!r:.60}, allowed: a path, bytes, or a file open for reading")
    from pillow_colorgrid.codings.jpeg import coding as jpeg

    return b"".join(jpeg.restore(header, sections) for header, sections in _files(file))


def jpegs_and_pictures(file: IO[bytes]) -> Iterator[tuple[bytes, Image.Image]]:
    """The JPEG file, and the pixels that the .cgx file shows: decoded once for both.

    Of an MPO file several, whose bytes belong one behind the other.

    Args:
        file: a .cgx file, open for reading in binary mode.

    Raises:
        ValueError, CgxError, SyntaxError: as `jpeg_bytes`.
    """
    from pillow_colorgrid import codec, pixels
    from pillow_colorgrid.codings.jpeg import coding as jpeg

    for header, sections in _files(file):
        data, shown = jpeg.restore_and_decode(header, sections)
        codec.check_pixels(header, shown)
        yield data, pixels.to_image(shown, header.mode)


def new_jpeg_bytes(file: IO[bytes]) -> bytes:
    """A new JPEG file that shows the same picture, where only pixels went into the .cgx file.

    Its coefficients are those that were found in the pixels: nothing is lost.

    Args:
        file: a .cgx file, open for reading in binary mode.

    Raises:
        ValueError: its coefficients are not known, or are not all of it.
        CgxError: it is damaged.
        SyntaxError: it is no .cgx file.
    """
    with Image.open(file, formats=("CGX",)) as image:
        info = {str(key): value for key, value in image.info.items()}
        pixels = image.tobytes()
    file.seek(0)
    header, sections = _sections(file)

    from pillow_colorgrid.codings.jpeg import coding as jpeg

    data = jpeg.new_file(header, sections, info)
    with Image.open(BytesIO(data), formats=("JPEG",)) as shown:
        if shown.mode != header.mode or shown.tobytes() != pixels:
            raise ValueError("a new JPEG file would show other pixels on this machine")
    return data


def _files(file: IO[bytes]) -> Iterator[tuple[Header, Sequence[Section]]]:
    """Header and sections of the one JPEG file, or of all those that an MPO file consists of."""
    from pillow_colorgrid import codec

    if not file.seekable():
        file = BytesIO(file.read())
    start = file.tell()
    directory = open_directory(file)
    if directory.index is None or not directory.index.joined:
        file.seek(start)
        yield _sections(file)
        return
    for number in range(directory.count):
        header, sections = directory.picture(number)
        codec.check_sections(header, [section.type for section in sections])
        check_restorable(header, sections)
        yield header, sections


def _sections(file: IO[bytes]) -> tuple[Header, list[Section]]:
    """Of a file of coefficients, in the order that they must have."""
    header, sections = read_first(file)
    coding = registry.of(header)
    if coding is not JPEG:
        raise ValueError(f"holds pixels (coding {coding.name}), no JPEG file")

    from pillow_colorgrid import codec

    codec.check_sections(header, metadata.without([section.type for section in sections]))
    return header, sections
