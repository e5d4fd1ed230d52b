"""A JPEG file without the metadata that its picture is to be saved without.

A keyword (``exif=None``) says so, or `Image.info`, from which it was removed: Pillow puts all there
when it opens the file. What is replaced is left out, too; the new one stands in the .cgx file.
"""

from collections.abc import Collection, Mapping
from io import BytesIO

import numpy as np
from PIL import Image, JpegImagePlugin

from pillow_colorgrid import metadata, other_info
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.jpeg.description import PILLOW_FORMATS
from pillow_colorgrid.dropping import SeveralPicturesError, jpeg_without
from pillow_colorgrid.info_values import pack_value

Told = Mapping[str, bytes]
"""Kinds of metadata (`metadata.KINDS`, `metadata.OTHERS`), and what their sections hold."""

KINDS = {**{key: kind.section for key, kind in metadata.KINDS.items()}, metadata.OTHERS: b"info"}

OF_THE_FILE = ("jfif", "adobe", "progressi", "mp")
"""How those keys of `Image.info` begin that are no metadata: they tell how a file was written."""


def left_of(picture: Picture, data: bytes) -> tuple[bytes, bool] | None:
    """What is left of a file, and whether its headers tell the metadata of the picture.

    None: it shows other pixels.

    Raises:
        SeveralPicturesError: it holds several, and metadata is dropped.
    """
    before = _told_by(data, picture)
    if before is None:
        return None
    wanted = {kind: payload for kind in KINDS for payload in _payloads(picture, kind)}
    dropped = _dropped(picture.image, before, wanted)
    try:
        left = jpeg_without(data, dropped)
    except SeveralPicturesError as error:
        raise SeveralPicturesError(f"{error}; jpeg='never' saves pixels without it") from error
    if left == data:
        return data, all(_agree(kind, wanted, before) for kind in KINDS)
    after = _told_by(left, picture)
    if after is None:
        return None
    # Of what was not touched the file itself decides: a resolution may have been in its EXIF.
    untouched = {kind for kind in KINDS if wanted.get(kind) == before.get(kind)}
    return left, all(kind in untouched or _agree(kind, wanted, after) for kind in KINDS)


def asked(image: Image.Image | None) -> list[str]:
    """The kinds of metadata that `Image.save` was told to drop."""
    return metadata.dropped_by(getattr(image, "encoderinfo", {}))


def _dropped(image: Image.Image | None, before: Told, wanted: Told) -> Collection[str]:
    """The kinds that are not to be in the file any more."""
    keywords = getattr(image, "encoderinfo", {})
    opened = image is not None and image.format in PILLOW_FORMATS
    changed = [
        kind
        for kind in before
        if (opened or kind in keywords) and not _agree(kind, wanted, before, added=True)
    ]
    return {*changed, *asked(image)}


def _agree(kind: str, wanted: Told, told: Told, added: bool = False) -> bool:
    """Whether a picture has the metadata of a kind that a file tells.

    Args:
        added: others may have been added to them.
    """
    if kind != metadata.OTHERS:
        return wanted.get(kind) == told.get(kind)
    new, old = _others(wanted), _others(told)
    return new == old or (added and old.items() <= new.items())


def _others(told: Told) -> dict[str, bytes]:
    """Values as bytes by their keys, but for those that tell of the file itself."""
    payload = told.get(metadata.OTHERS)
    found = other_info.unpack(payload) if payload else {}
    return {
        repr(key): pack_value(value)
        for key, value in found.items()
        if not str(key).startswith(OF_THE_FILE)
    }


def _payloads(picture: Picture, kind: str) -> list[bytes]:
    return [section.payload for section in picture.metadata if section.type == KINDS[kind]]


def _told_by(data: bytes, picture: Picture) -> dict[str, bytes] | None:
    """The metadata that a file's headers tell; None: it shows other pixels than the picture."""
    height, width, _ = picture.pixels.shape
    try:
        with _opened(data, picture.image) as shown:
            if (shown.mode, shown.size) != (picture.mode, (width, height)):
                return None
            pixels = np.asarray(shown).reshape(height, width, -1)
            told = {section.type: section.payload for section in metadata.to_write(shown, {})}
    except Exception:  # whatever a reader raises on a broken file
        return None
    if not np.array_equal(pixels, picture.pixels):
        return None
    return {kind: told[section] for kind, section in KINDS.items() if section in told}


def _opened(data: bytes, like: Image.Image | None) -> Image.Image:
    """A JPEG file as Pillow opened the picture: a part of an MPO file is no MPO file by itself."""
    if like is not None and like.format == "JPEG":
        return JpegImagePlugin.JpegImageFile(BytesIO(data))
    return Image.open(BytesIO(data), formats=PILLOW_FORMATS)
