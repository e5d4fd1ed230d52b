"""The deep coding: the networks of luminance predict samples of 16 bits, integers and floats.

Sections of a file::

    NETS  the tables, and by them the networks, that decode the file
    VALU  how finely differences are seen, and which samples the numbers of the plane stand for
    LADP  the adaptation of the networks to this picture, where it pays
    LPRE  the preview, which is every 8th pixel of every 8th row
    LTIL  a tile, all pixels that the preview does not hold; row by row

As a lossless file of mode L, but for `values`, for what networks see (`context`) and for how their
outputs become bytes (`distribution`, `stream`).
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.base import Encoded, Picture, only, require
from pillow_colorgrid.codings.deep import walk
from pillow_colorgrid.codings.deep.context import Depth
from pillow_colorgrid.codings.deep.description import VALUES
from pillow_colorgrid.codings.deep.values import Values
from pillow_colorgrid.codings.lossless.coding import model_of
from pillow_colorgrid.codings.lossless.decoding import damage_told, layout_of
from pillow_colorgrid.codings.lossless.description import (
    PREVIEW as PREVIEW_SECTION,
    TILE as TILE_SECTION,
    Options,
)
from pillow_colorgrid.codings.lossless.pieces import PREVIEW, PREVIEW_INTERVAL, TILE, enlarge
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.sections import read_streams
from pillow_colorgrid.codings.tiles import Tile, hull, tiles
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Pixels
from pillow_colorgrid.runtime.workers import of_this_picture

LEAST_FINENESS, MOST_FINENESS = 2, 7
"""Places in buckets are numbers of 13 bits at most; a network sees bytes."""


def pack_values(depth: Depth, values: Values) -> bytes:
    """The payload of VALU."""
    return bytes([depth.fineness]) + values.pack()


def unpack_values(data: bytes, mode: str) -> tuple[Depth, Values]:
    """The inverse of `pack_values`. Raises DamagedError."""
    if not data or not LEAST_FINENESS <= data[0] <= MOST_FINENESS:
        raise DamagedError(
            f"fineness {data[:1].hex()}, allowed {LEAST_FINENESS} to {MOST_FINENESS}"
        )
    values = Values.unpack(data[1:], mode)
    return Depth(values.top, data[0]), values


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, 1) samples -> sections. Raises ValueError: one value only, or too many."""
    from pillow_colorgrid.codings.deep.encoder import encoding

    encoded = encoding.encode(picture.pixels, options.effort)
    if encoded is None:
        raise ValueError("a picture of one value, or of too many, is not for the deep coding")
    return encoded


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Pixels:
    """Sections -> (h, w, 1) samples.

    Args:
        partial: of a file that was cut, show the preview, enlarged, where tiles are missing.
        interval: every so many pixels of every such row: 1, 2, 4 or 8; of a whole file.

    Raises:
        CgxError: a section is damaged or missing, or a network unknown.
    """
    width, height = header.size
    whole = Tile(0, 0, height, width)
    if partial:
        return _decode(header, sections, tiles(height, width), whole, 1, partial=True)
    return _decode(header, sections, layout_of(header.size, sections), whole, interval)


def decode_region(header: Header, sections: Sequence[Section], box: Tile) -> Pixels:
    """The samples (h, w, 1) of a part of the picture. Raises CgxError as the whole does."""
    layout = layout_of(header.size, sections)
    wanted = [number for number, tile in enumerate(layout) if tile.common(box)]
    of_tiles = [section for section in sections if section.type == TILE_SECTION.type]
    needed = [of_tiles[number] for number in wanted]
    others = [section for section in sections if section.type != TILE_SECTION.type]
    places = [layout[number] for number in wanted]
    return _decode(header, [*others, *needed], places, box)


def _decode(
    header: Header,
    sections: Sequence[Section],
    places: Sequence[Tile],
    box: Tile,
    interval: int = 1,
    partial: bool = False,
) -> Pixels:
    """The samples of `box`, which `places`, those of the tiles in `sections`, cover."""
    require(sections, PREVIEW_SECTION)
    streams = read_streams(sections, color=False)
    depth, values = unpack_values(only(sections, VALUES), header.mode)
    with of_this_picture() as workers:
        predictor = Predictor(model_of(sections), workers)
        width, height = (-(-side // PREVIEW_INTERVAL) for side in header.size)
        preview = np.zeros((1, height, width), np.int32)
        with damage_told():
            walk.decode(streams.preview.luminance, preview, PREVIEW, depth, predictor)
        if interval == PREVIEW_INTERVAL:
            return values.samples(preview, header.mode)
        window = hull(list(places))
        plane = np.zeros((1, window.height, window.width), np.int32)
        plane[:, ::PREVIEW_INTERVAL, ::PREVIEW_INTERVAL] = preview[
            :, *window.place_at(PREVIEW_INTERVAL)
        ]
        if partial:
            enlarge([plane], PREVIEW_INTERVAL)
        todo = [
            (coded.luminance, place.within(window))
            for coded, place in zip(streams.tiles, places, strict=False)
        ]

        def fill(job: tuple[bytes, Tile]) -> None:
            data, tile = job
            at_work = predictor if len(todo) == 1 else predictor.sharing(len(todo))
            walk.decode(data, plane[:, *tile.place], TILE, depth, at_work, interval)

        with damage_told():
            workers.map(fill, todo)
    part = plane[:, *box.within(window).place]
    return values.samples(part[:, ::interval, ::interval], header.mode)
