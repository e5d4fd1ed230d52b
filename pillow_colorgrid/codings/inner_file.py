"""A file of one of Pillow's codecs inside a section: shown, or refused as damaged.

Whatever such a file makes Pillow raise becomes one error of ours: readers raise OSError, ValueError
and SyntaxError, but IndexError, struct.error, MemoryError and others, too.
"""

import io
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from pillow_colorgrid import limits
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.pixels import Bytes

JPEG_CODECS = ("JPEG", "MPO")

SCAN = b"\xff\xda"
"""The marker of a scan; within coded data no byte FF has a DA behind it."""

Codecs = tuple[str, ...]
"""Pillow's names of what a file may be; the first one stands in messages."""

T = TypeVar("T")


def scans(data: bytes) -> int:
    """How many scans a JPEG file has at most: previews count, and what merely looks like one."""
    return data.count(SCAN)


def look(data: bytes, codecs: Codecs, at: Callable[[Image.Image], T]) -> T:
    """What `at` finds in the opened file.

    Raises:
        CgxError: as `at` does.
        DamagedError: no codec of these can read it.
        LimitError: it has more scans than `limits.MAX_JPEG_SCANS`.
    """
    if codecs[0] in JPEG_CODECS:
        limits.check("MAX_JPEG_SCANS", scans(data))
    try:
        with _opened(data, codecs) as picture:
            return at(picture)
    except CgxError:
        raise
    except UnidentifiedImageError as error:
        raise DamagedError(
            f"inner {codecs[0]} damaged: no {codecs[0]} that Pillow reads"
        ) from error
    except Exception as error:
        raise DamagedError(f"inner {codecs[0]} damaged: {error or repr(error)}") from error


def _opened(data: bytes, codecs: Codecs) -> Image.Image:
    """The picture, or the first of an MPO file, whose index of others may lead nowhere."""
    if codecs[0] in JPEG_CODECS:
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    return Image.open(io.BytesIO(data), formats=codecs)


def pixels(data: bytes, codecs: Codecs, modes: tuple[str, ...], size: tuple[int, int]) -> Bytes:
    """(H, W, C) pixels; another mode or size is refused before anything is decoded.

    Args:
        modes: Pillow's; one of these.
        size: (width, height).

    Raises:
        CgxError: as `look`.
    """

    def decoded(picture: Image.Image) -> Bytes:
        if picture.mode not in modes or picture.size != size:
            raise DamagedError(
                f"inner {codecs[0]} is {picture.mode} {picture.size}, "
                f"needs {' or '.join(modes)} {size}"
            )
        return np.asarray(picture).reshape(size[1], size[0], -1)

    return look(data, codecs, decoded)
