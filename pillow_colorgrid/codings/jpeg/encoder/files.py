"""From a picture that is to be saved to the JPEG file it was opened from, and into sections."""

import logging
import os
from pathlib import Path

import numpy as np
from PIL import Image

from pillow_colorgrid import limits
from pillow_colorgrid.codings import inner_file
from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.jpeg import exceptions, model, strips
from pillow_colorgrid.codings.jpeg.description import (
    EXCEPTIONS,
    HEAD,
    PILLOW_FORMATS,
    STRIP,
    WHOLE_FILE,
)
from pillow_colorgrid.codings.jpeg.encoder import encoding, leaving_out
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.container import Section, size_bytes
from pillow_colorgrid.dropping import SeveralPicturesError
from pillow_colorgrid.errors import LimitError
from pillow_colorgrid.jpeg import file, render
from pillow_colorgrid.jpeg.geometry import Geometry, GeometryComponent, pack_geometry
from pillow_colorgrid.jpeg.picture import JpegPicture
from pillow_colorgrid.jpeg.recover.picture import Recovered, recover
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import of_this_picture

logger = logging.getLogger(__name__)

SIGNATURE = b"\xff\xd8\xff"

MAX_FILE_BYTES = 1 << 30

Given = str | bytes | os.PathLike[str]
"""The option `jpeg`: "auto", "never", the bytes of a file, or its path."""


def encode(picture: Picture, given: Given) -> Encoded | None:
    """The sections of the JPEG file of a picture; None where there is none.

    Args:
        picture: with the image that Pillow was asked to save.
        given: "auto" looks for the file that the image was opened from.

    Raises:
        ValueError: `given` is a file, and not that of these pixels.
        OSError: `given` cannot be read; or it holds several pictures, and metadata is dropped.
    """
    data = source_of(picture.image, given)
    if data is None:
        return None
    try:
        left = leaving_out.left_of(picture, data)
    except SeveralPicturesError:
        if given != "auto" or leaving_out.asked(picture.image):
            raise
        return None
    if left is None:
        if given == "auto":
            return None
        raise ValueError("jpeg= is not the file of this picture: it shows other pixels")
    data, tells = left
    encoded, kept = _coefficients(picture, data, tells), _as_it_is(data, tells)
    if encoded is None or kept is None:
        return encoded or kept
    return min(encoded, kept, key=lambda one: size_bytes(one.sections))


# -- which file -----------------------------------------------------------------------------------


def source_of(image: Image.Image | None, given: Given) -> bytes | None:
    """The bytes of the file of an image, as `encode` is told of it; None: there is none.

    Raises:
        ValueError: `given` is no JPEG file.
        OSError: `given` cannot be read.
    """
    if isinstance(given, str) and given in ("auto", "never"):
        return _file_of(image) if given == "auto" else None
    return _read(given)


def _file_of(image: Image.Image | None) -> bytes | None:
    """The bytes of the file that an image says it was opened from, if they can be had."""
    if image is None or image.format not in PILLOW_FORMATS:
        return None
    name = getattr(image, "filename", "")
    if not name:
        return None
    try:
        return _bytes_of(Path(os.fsdecode(name)))
    except OSError:
        return None  # moved, deleted, or never a file of this machine


def _read(given: Given) -> bytes:
    if isinstance(given, bytes):
        data = given
    else:
        try:
            data = _bytes_of(Path(given))
        except OSError as error:
            named = f"jpeg={os.fspath(given)!r}"
            if error.errno is None:
                raise OSError(f"{named}: {error}") from error
            reason = f"{error.strerror}, allowed: 'auto', 'never', the bytes of a file, or its path"
            raise type(error)(error.errno, f"{named}: {reason}") from error
    if not data.startswith(SIGNATURE):
        raise ValueError(f"jpeg= begins with {data[:3].hex()}, allowed: {SIGNATURE.hex()}")
    return data


def _bytes_of(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise OSError(f"{path.name} has {size} bytes, allowed {MAX_FILE_BYTES}")
    return path.read_bytes()


# -- what becomes of it ---------------------------------------------------------------------------


def _coefficients(picture: Picture, data: bytes, tells: bool) -> Encoded | None:
    """Sections with coefficients; None where they are not to be had, or show other pixels."""
    height, width, _ = picture.pixels.shape
    try:
        found, recipe = file.read_exact(data, max_pixels=height * width)
        # by our own arithmetic: Pillow's may be another one on another machine
        if not np.array_equal(render.pixels(found), picture.pixels):
            return None
        return Encoded(coefficient_sections(found, recipe.pack(), tells), tells_metadata=tells)
    except ValueError as error:  # UnsupportedJpegError, and what neither renderer nor coder takes
        logger.debug("jpeg: no coefficients of this file: %s", error)
        return None


def _as_it_is(data: bytes, tells: bool) -> Encoded | None:
    """Sections that keep the file; None where no reader would want it."""
    try:
        limits.check("MAX_JPEG_SCANS", inner_file.scans(data))
    except LimitError:
        return None
    head = Head(restorable=True, tells_metadata=tells, as_it_is=True)
    sections = [HEAD.section(head.pack()), WHOLE_FILE.section(data)]
    return Encoded(sections, tells_metadata=tells)


def coefficient_sections(
    found: JpegPicture, recipe: bytes = b"", tells_metadata: bool = False
) -> list[Section]:
    """The sections of coefficients.

    Args:
        recipe: what else is in their file; b"": there is no file.

    Raises:
        ValueError: a coefficient is too large for this coding.
    """
    geometry = Geometry(
        tuple(GeometryComponent(c.horizontal, c.vertical, c.table) for c in found.components),
        found.transform,
    )
    frame = strips.frame_of(geometry, found.width, found.height)
    predict = model.predict_by(model.CURRENT)
    coefficients = [component.coefficients for component in found.components]
    with of_this_picture() as workers:
        payloads, corrections = encoding.encode(predict, frame, coefficients, workers)
    head = Head(
        restorable=bool(recipe),
        tells_metadata=tells_metadata,
        strip_rows=frame.strip_rows,
        geometry=pack_geometry(found),
        recipe=recipe,
        corrections=corrections,
    )
    return [
        HEAD.section(head.pack()),
        networks.pack_references([model.CURRENT]),
        *(STRIP.section(payload) for payload in payloads),
    ]


# -- pictures that once were JPEG files -----------------------------------------------------------


def encode_recovered(recovered: Recovered) -> Encoded:
    """The sections of a picture whose coefficients were found in its pixels."""
    sections = coefficient_sections(recovered.picture)
    if len(recovered.exceptions.positions):
        sections.append(EXCEPTIONS.section(exceptions.pack(recovered.exceptions)))
    return Encoded(sections)


def encode_once_a_jpeg(pixels: np.ndarray) -> Encoded | None:
    """The sections of a picture that once was a JPEG file; None where it was not, or hardly.

    Args:
        pixels: (H, W, 1 or 3) uint8.
    """
    recovered = recover(pixels)
    return None if recovered is None else encode_recovered(recovered)
