"""A part of a picture, without decoding all of it."""

import os
from typing import IO

from PIL import Image

from pillow_colorgrid.CgxImagePlugin import FORMAT, CgxImageFile


def open_region(
    file: str | os.PathLike[str] | IO[bytes], box: tuple[int, int, int, int]
) -> Image.Image:
    """A part of a .cgx picture: the pixels of ``Image.open(file).crop(box)``, sooner.

    Only the tiles (of at most 1024 x 1024 pixels) or strips that the box meets are read and
    decoded, and a preview of the whole, a 64th of its pixels. Sections that are read are checked by
    their checksums; that of all pixels cannot be compared, because they are not there.

    Args:
        file: a path, or a binary file that can seek.
        box: (left, upper, right, lower) in pixels as they are stored, inside of the picture.

    Returns:
        The part, with mode, palette and `info` of the whole.

    Raises:
        CgxError: what is read is damaged, or the file ends before its end section.
        ValueError: `box` is empty, or not inside of the picture.
        PIL.UnidentifiedImageError: no .cgx file.
    """
    with Image.open(file, formats=(FORMAT,)) as image:
        assert isinstance(image, CgxImageFile)  # for mypy
        return image.region(box)
