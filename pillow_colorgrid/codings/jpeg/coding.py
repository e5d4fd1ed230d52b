"""The jpeg coding: coefficients of a JPEG file, told to networks that know colour.

JPEG: geometry, corrections, and the recipe of the file (`head`). NETS: the networks. JSTR: a strip
of coefficients each (`strips`). JEXC: pixels that the coefficients do not render to, of a picture
that was recovered from pixels. Or, of a file whose coefficients cannot be had, JFIL: the file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pillow_colorgrid.codings import inner_file
from pillow_colorgrid.codings.base import Encoded, Picture, has, only
from pillow_colorgrid.codings.jpeg import exceptions, model, strips
from pillow_colorgrid.codings.jpeg.description import (
    EXCEPTIONS,
    HEAD,
    NETWORK_NAMES,
    PILLOW_FORMATS,
    STRIP,
    WHOLE_FILE,
)
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.jpeg import file, fresh, render
from pillow_colorgrid.jpeg.geometry import COMPONENTS, unpack_geometry
from pillow_colorgrid.jpeg.picture import JpegPicture
from pillow_colorgrid.jpeg.recipe import Recipe
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import of_this_picture

MODES = {"grey": "L", "ycc": "RGB", "rgb": "RGB", "cmyk": "CMYK", "ycck": "CMYK"}
"""Pillow's mode of each transform."""

LAST_DIAGONAL = {8: 0, 4: 2}
"""By draft interval: where the decoder may stop; at other intervals it takes all."""


def encode(picture: Picture, options: object) -> Encoded:
    """The file that `picture.image` was opened from (`encoder.files`).

    Raises:
        OSError: there is none.
    """
    from pillow_colorgrid.codings.jpeg.encoder import files

    encoded = files.encode(picture, "auto")
    if encoded is None:
        raise OSError("this picture was not opened from a JPEG file, or is not as it was")
    return encoded


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Bytes:
    """Sections -> (H, W, C) uint8, as Pillow shows the JPEG file.

    At an interval the picture is rendered smaller, as libjpeg does it, from low frequencies.

    Raises:
        CgxError: one of its subclasses says what is wrong.
    """
    head = head_of(sections)
    if head.as_it_is:
        return shown_by_pillow(header, only(sections, WHOLE_FILE), interval)
    found = picture_of(header, head, sections, partial, LAST_DIAGONAL.get(interval))
    return _pixels_of(found, sections, interval)


def _pixels_of(found: JpegPicture, sections: Sequence[Section], interval: int = 1) -> Bytes:
    try:
        pixels = render.pixels_scaled(found, 8 // interval)
    except ValueError as error:
        raise DamagedError(f"coefficients that cannot be shown: {error}") from error
    if has(sections, EXCEPTIONS) and interval == 1:
        exceptions.unpack(only(sections, EXCEPTIONS), pixels.shape).apply(pixels)
    return pixels


def restore(header: Header, sections: Sequence[Section]) -> bytes:
    """The JPEG file that was saved, byte for byte.

    Raises:
        CgxError: the file is damaged.
        ValueError: only pixels were to be had when it was saved.
    """
    head = _restorable(sections)
    if head.as_it_is:
        return only(sections, WHOLE_FILE)
    return _file_of(picture_of(header, head, sections), head)


def restore_and_decode(header: Header, sections: Sequence[Section]) -> tuple[bytes, Bytes]:
    """What `restore` and `decode` give, for little more than the price of one of them.

    Raises:
        CgxError: the file is damaged.
        ValueError: as `restore`.
    """
    head = _restorable(sections)
    if head.as_it_is:
        return only(sections, WHOLE_FILE), decode(header, sections)
    found = picture_of(header, head, sections)
    return _file_of(found, head), _pixels_of(found, sections)


def _restorable(sections: Sequence[Section]) -> Head:
    head = head_of(sections)
    if not (head.as_it_is or head.restorable):
        raise ValueError("this picture was saved from pixels, not from a JPEG file")
    return head


def _file_of(found: JpegPicture, head: Head) -> bytes:
    try:
        return file.write(found, Recipe.unpack(head.recipe))
    except ValueError as error:
        raise DamagedError(f"the recipe of the JPEG file is damaged: {error}") from error


def new_file(header: Header, sections: Sequence[Section], info: Mapping[str, Any]) -> bytes:
    """A JPEG file of the same coefficients, for a picture that was saved from pixels.

    Args:
        info: Pillow's, whose metadata the file gets.

    Raises:
        CgxError: the file is damaged.
        ValueError: some pixels are not those of the coefficients, or a new file cannot be made.
    """
    head = head_of(sections)
    if has(sections, EXCEPTIONS):
        raise ValueError("some pixels are not those of its JPEG coefficients, so no JPEG shows it")
    if head.as_it_is:
        return only(sections, WHOLE_FILE)
    return fresh.write(picture_of(header, head, sections), info)


def head_of(sections: Sequence[Section]) -> Head:
    """What the first section says; the others must be those that it calls for."""
    head = Head.unpack(only(sections, HEAD))
    kinds = (NETWORK_NAMES, STRIP, EXCEPTIONS) if head.as_it_is else (WHOLE_FILE,)
    for kind in kinds:
        if has(sections, kind):
            kept = "as it is" if head.as_it_is else "as coefficients"
            raise DamagedError(f"section {kind.type.decode()} in a JPEG file that is kept {kept}")
    return head


def picture_of(
    header: Header,
    head: Head,
    sections: Sequence[Section],
    partial: bool = False,
    last_diagonal: int | None = None,
    rows: tuple[int, int] | None = None,
) -> JpegPicture:
    """All coefficients, or those up to a diagonal; with `partial` those of the strips found.

    Args:
        rows: of pixels, the first and the one behind the last: other strips are left 0.
    """
    try:
        geometry = unpack_geometry(head.geometry)
    except ValueError as error:
        raise DamagedError(f"the geometry of a JPEG picture is damaged: {error}") from error
    if MODES[geometry.transform] != header.mode:
        raise DamagedError(
            f"a JPEG picture of {COMPONENTS[geometry.transform]} components "
            f"({geometry.transform}) in a file of mode {header.mode}"
        )
    width, height = header.size
    frame = strips.frame_of(geometry, width, height, head.strip_rows)
    found = [section for section in sections if section.type == STRIP.type]
    if len(found) != frame.strips and not (partial and len(found) < frame.strips):
        raise DamagedError(f"{len(found)} strips, needs {frame.strips}")
    wanted = range(len(found)) if rows is None else frame.strips_of(*rows)
    payloads = {number: found[number].payload for number in wanted}
    whole = [np.zeros((*shape, 64), np.int16) for shape in frame.shapes]
    known = slice(1) if last_diagonal == 0 else slice(None)
    if payloads:
        (used,) = networks.read_roles(only(sections, NETWORK_NAMES), (model.SET,))
        predict = model.predict_by(used.id)

        def decode_strip(number: int) -> None:
            strip = strips.decode(
                predict, frame, number, payloads[number], head.corrections, last_diagonal
            )
            for component, coefficients in enumerate(strip):
                whole[component][frame.rows(component, number), :, known] = coefficients[..., known]

        with of_this_picture() as workers:
            workers.map(decode_strip, list(payloads))
    return geometry.picture(width, height, list(whole))


def shown_by_pillow(header: Header, data: bytes, interval: int) -> Bytes:
    pixels = inner_file.pixels(data, PILLOW_FORMATS, (header.mode,), header.size)
    return np.ascontiguousarray(pixels[::interval, ::interval])
