"""A part of a lossless picture: the preview, and the tiles that the part meets."""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.base import has
from pillow_colorgrid.codings.lossless import transparency
from pillow_colorgrid.codings.lossless.coding import (
    COLOR,
    base_model,
    check,
    colors_in,
    decode_in_one,
    model_of,
    pixels_of,
    signs_moved,
)
from pillow_colorgrid.codings.lossless.decoding import (
    around,
    decode_preview,
    decode_tiles,
    empty_preview,
    layout_of,
)
from pillow_colorgrid.codings.lossless.description import COLOR_TILE, IN_ONE, TILE
from pillow_colorgrid.codings.lossless.pieces import PREVIEW_INTERVAL
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.sections import read_streams
from pillow_colorgrid.codings.lossless.transparency import (
    Shown,
    held_of_preview,
    held_of_window,
)
from pillow_colorgrid.codings.tiles import Tile, hull, tiles
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.workers import of_this_picture


def decode(header: Header, sections: Sequence[Section], box: Tile) -> Bytes:
    """The pixels (h, w, C) uint8 of a part of the picture. Raises CgxError as the whole does."""
    count, (width, height) = colors_in(header.mode), header.size
    check(sections, header.mode, partial=False)
    wanted = [number for number, tile in enumerate(tiles(height, width)) if tile.common(box)]
    shown = transparency.decode(sections, header.size, count, base_model(sections), wanted)
    planes = decode_planes(sections, header.size, count, box, shown)
    pixels = signs_moved(pixels_of(planes, sections, header.size, box=box), header.mode)
    if shown is not None:
        return shown.joined(pixels, box)
    return alpha.joined(pixels, header.mode, sections, header.size, box=box)


def decode_planes(
    sections: Sequence[Section],
    size: tuple[int, int],
    count: int,
    box: Tile,
    shown: Shown | None = None,
) -> list[np.ndarray]:
    """The planes (1, h, w) int16 of a part of a picture.

    Args:
        size: (width, height) of the whole picture.
        count: GREY or COLOR.
        shown: alpha of the tiles that the part meets, where it comes before colour.

    Raises:
        CgxError: as `decode`.
    """
    if has(sections, IN_ONE):
        return [plane[:, *box.place] for plane in decode_in_one(sections, size, count)]
    layout = layout_of(size, sections)
    wanted = {number for number, tile in enumerate(layout) if tile.common(box)}
    streams = read_streams(_of_tiles(sections, wanted), count == COLOR)
    if len(streams.tiles) != len(wanted):
        raise DamagedError(f"{len(streams.tiles)} tiles with colour, {len(wanted)} are needed")
    places = [layout[number] for number in sorted(wanted)]
    window = hull(places)
    with of_this_picture() as workers:
        predictor = Predictor(model_of(sections), workers)
        preview = empty_preview(size, count)
        decode_preview(streams, preview, predictor, held_of_preview(shown))
        known = [plane[:, *window.place_at(PREVIEW_INTERVAL)] for plane in preview]
        planes = around(known, window.height, window.width)
        places = [place.within(window) for place in places]
        decode_tiles(streams, planes, places, predictor, held=held_of_window(shown))
    return [plane[:, *box.within(window).place] for plane in planes]


def _of_tiles(sections: Sequence[Section], wanted: set[int]) -> list[Section]:
    """The sections but for those of other tiles."""
    kept, number = [], -1
    for section in sections:
        number += section.type == TILE.type
        if section.type not in (TILE.type, COLOR_TILE.type) or number in wanted:
            kept.append(section)
    return kept
