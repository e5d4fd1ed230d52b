"""An MPO file (of phones, stereo cameras) -> frames: each of its JPEG files by itself.

The file is cut where its pictures begin. What stands between them belongs to the one before; so the
pieces, one behind the other, are the file, to the byte, and each is coded as any JPEG file is.
"""

import itertools
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from PIL import Image, JpegImagePlugin

from pillow_colorgrid import limits, metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Coding
from pillow_colorgrid.codings.jpeg.encoder import files
from pillow_colorgrid.dropping import SeveralPicturesError
from pillow_colorgrid.frames.encoder import gathering, writing

FORMAT = "MPO"
"""Pillow's name."""

PICTURES = 0xB002
"""Tag of the index of an MPO file: its pictures."""

INDEX_AT = "mpoffset"
"""Key of `Image.info`: where the index stands, in the file of whichever picture was shown last."""


def encode(
    image: Image.Image, coding: Coding, options: Any, keywords: Mapping[str, Any]
) -> bytes | None:
    """The .cgx file of an MPO file, from which that comes back byte for byte.

    Args:
        image: opened from the file.
        coding, options: that were asked for (`registry.asked_for`).

    Returns:
        None where this does not do: `image` is of no MPO file, or not as it was in the file any
        more; or a picture of the file is none that the jpeg coding takes.

    Raises:
        ValueError: as `gathering` raises.
        SeveralPicturesError: keywords drop metadata that pictures of the file have.
    """
    several = image.format == FORMAT and not keywords.get("append_images")
    if not several or coding is not registry.DEFAULT:
        return None
    data = files.source_of(image, options.jpeg)
    pieces = None if data is None else split(data)
    if pieces is None:
        return None
    try:
        pictures = [JpegImagePlugin.JpegImageFile(BytesIO(piece)) for piece in pieces]
        if not _shows(image, pictures):
            return None
    except Exception:  # whatever a reader raises on a broken file
        return None
    first, *rest = pictures
    found = gathering.gather(first, {**keywords, "append_images": rest})
    try:
        return writing.encode(found, coding, options, pieces)
    except writing.NoFileError:
        return None
    except SeveralPicturesError:
        if metadata.dropped_by(keywords):
            raise
        return None  # replaced: the file would still hold the old ones


def split(data: bytes) -> list[bytes] | None:
    """The pieces of an MPO file, each with one of its pictures at the beginning.

    None where its index does not tell them, in the order in which they stand; or too many.
    """
    try:
        jpeg = JpegImagePlugin.JpegImageFile(BytesIO(data))
        index = jpeg._getmp()
        if index is None:
            return None
        _, *others = (entry["DataOffset"] + jpeg.info[INDEX_AT] for entry in index[PICTURES])
    except Exception:  # whatever a reader raises on a broken file
        return None
    starts = [0, *others, len(data)]
    most = limits.MAX_FRAMES
    if len(starts) < 3 or (most is not None and len(starts) > most + 1):
        return None
    if any(one >= other for one, other in itertools.pairwise(starts)):
        return None
    pieces = [data[one:other] for one, other in itertools.pairwise(starts)]
    return pieces if all(piece.startswith(files.SIGNATURE) for piece in pieces) else None


def _shows(image: Image.Image, pictures: Sequence[Image.Image]) -> bool:
    """Whether an open MPO file shows these pictures, and the metadata of each."""
    if getattr(image, "n_frames", 1) != len(pictures):
        return False
    everything = [_told(picture) for picture in pictures]
    before = image.tell()
    try:
        for number, (picture, own) in enumerate(zip(pictures, everything, strict=True)):
            image.seek(number)
            if (image.mode, image.size) != (picture.mode, picture.size):
                return False
            if image.tobytes() != picture.tobytes():
                return False
            if not _is_of(_told(image), own, everything):
                return False
    finally:
        image.seek(before)
    return True


def _told(image: Image.Image) -> dict[Any, Any]:
    return {key: value for key, value in image.info.items() if key != INDEX_AT}


def _is_of(
    shown: Mapping[Any, Any], own: Mapping[Any, Any], everything: Sequence[Mapping[Any, Any]]
) -> bool:
    """Whether metadata are those of a picture, apart from what Pillow leaves there of others."""
    return own.keys() <= shown.keys() and all(
        any(key in told and told[key] == value for told in everything)
        for key, value in shown.items()
    )
