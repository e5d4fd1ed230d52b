"""The lossless coding: networks tell how likely each pixel value is, rANS writes what it was.

Sections of a file::

    NETS  the tables, and by them the networks, that decode the file
    LADP  the adaptation of the networks to this picture, where it pays
    LPRE  the preview: every 8th pixel of every 8th row
    LTIL  one for each tile, row by row: all its other pixels
    ALPH  the alpha plane (mode RGBA only)

FORMAT.md tells the whole way; `lossless_planes`, `lossless_walk` and `lossless_stream` are its
steps.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pillow_colorgrid import grid, networks
from pillow_colorgrid.blas import one_thread
from pillow_colorgrid.codings import alpha, lossless_color
from pillow_colorgrid.codings.lossless_adaptation import PASSES, pack, unpack
from pillow_colorgrid.codings.lossless_model import MODELS_BY_EFFORT, model
from pillow_colorgrid.codings.lossless_planes import (
    PREVIEW_INTERVAL,
    TILE_REFINEMENTS,
    decode_preview,
    decode_tile,
    encode_preview,
    encode_tile,
    enlarge,
    preview_of,
    tile_of,
)
from pillow_colorgrid.codings.lossless_regression import Care, fit
from pillow_colorgrid.codings.lossless_walk import Model, Predict
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy import StreamError
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.options import SaveOptions
from pillow_colorgrid.tiles import Tile, tiles

ADAPTATION = b"LADP"
PREVIEW = b"LPRE"
TILE = b"LTIL"
ALPHA = b"ALPH"

SECOND, FINE = TILE_REFINEMENTS[1:]

CARES_BY_EFFORT: dict[int, tuple[Care, ...]] = {
    **dict.fromkeys((1, 2, 3), (Care(),)),
    **dict.fromkeys((4, 5, 6), (Care((FINE,)),)),
    **dict.fromkeys((7, 8), (Care((SECOND, FINE)),)),
    9: (Care((FINE,)), Care((SECOND, FINE), cells=100_000)),
}
"""How the networks are adapted to the picture; of several ways, the one that is smallest."""

T = TypeVar("T")
R = TypeVar("R")

GREY, COLOR = 1, 3
"""Numbers of planes."""


def encode(pixels: np.ndarray, options: SaveOptions) -> list[Section]:
    """(H, W, C) uint8 -> sections; C is 1 (L), 3 (RGB) or 4 (RGBA)."""
    number = MODELS_BY_EFFORT[options.effort]
    by, planes = model(number), split(pixels)
    layout = tiles(*pixels.shape[:2])
    if len(layout) == 1:
        by = replace(by, predict=_remembering(by.predict))
    middle = tile_of(planes, layout[len(layout) // 2])
    tries = []
    for care in CARES_BY_EFFORT[options.effort]:
        with one_thread():
            adaptation = fit(middle, care, by)
        coded = encode_planes(planes, replace(by, adaptation=adaptation))
        tries.append([Section(ADAPTATION, pack(adaptation)), *coded] if adaptation else coded)
    smallest = min(tries, key=lambda sections: sum(len(s.payload) for s in sections))
    sections = [networks.pack_references([number]), *smallest]
    if pixels.shape[2] == 4:
        sections.append(Section(ALPHA, alpha.encode(pixels[..., 3])))
    return sections


def decode(header: Header, sections: Sequence[Section], channels: int, partial: bool) -> np.ndarray:
    """Sections -> (H, W, channels) uint8.

    Args:
        partial: of a file that was cut, show the preview, enlarged, where tiles are missing.

    Raises:
        CgxError: a section is damaged or missing, or a network unknown.
    """
    count = GREY if channels == 1 else COLOR
    decoded = decode_what_is_there if partial else decode_planes
    pixels = join(decoded(sections, header.size, count))
    if channels < 4:
        return pixels
    height, width = pixels.shape[:2]
    if partial and not any(section.type == ALPHA for section in sections):
        plane = np.full((height, width), 255, np.uint8)
    else:
        plane = alpha.decode(_only(sections, ALPHA).payload, height, width)
    return np.concatenate([pixels, plane[..., None]], axis=2)


def _remembering(predict: Predict) -> Predict:
    """What fitting an adaptation had the networks compute, coding the only tile need not repeat."""
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def remembered(name: str, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if name not in PASSES:
            return predict(name, inputs)
        if name not in found:
            found[name] = predict(name, inputs)
            return found[name]
        return found.pop(name)

    return remembered


def split(pixels: np.ndarray) -> list[np.ndarray]:
    """(H, W, C) uint8 -> Y, or Y, Co, Cg: (1, H, W) int16 each. Alpha is left aside."""
    if pixels.shape[2] == 1:
        return [pixels[None, ..., 0].astype(np.int16)]
    return [plane[None] for plane in lossless_color.forward(pixels[..., :3])]


def join(planes: list[np.ndarray]) -> np.ndarray:
    """Planes of `split` -> (H, W, 1) or (H, W, 3) uint8."""
    if len(planes) == GREY:
        return planes[0][0, ..., None].astype(np.uint8)
    return lossless_color.inverse(*(plane[0] for plane in planes))


def encode_planes(planes: list[np.ndarray], by: Model) -> list[Section]:
    """Y, or Y, Co, Cg (1, H, W) int16 each, as preview and tiles."""
    parts = [tile_of(planes, tile) for tile in tiles(*planes[0].shape[1:])]
    return [
        Section(PREVIEW, encode_preview(preview_of(planes), by)),
        *(Section(TILE, data) for data in _each(lambda part: encode_tile(part, by), parts)),
    ]


def decode_planes(
    sections: Sequence[Section], size: tuple[int, int], count: int, interval: int = 1
) -> list[np.ndarray]:
    """The planes (1, h, w) int16 of a file: every `interval`-th pixel of every such row.

    Args:
        count: GREY or COLOR.
        interval: 1, 2, 4 or 8; at 8 the preview is enough.
    """
    by = model_of(sections)
    width, height = size
    planes = [np.zeros((1, height, width), np.int16) for _ in range(count)]
    preview = [np.ascontiguousarray(plane) for plane in preview_of(planes)]
    try:
        decode_preview(_only(sections, PREVIEW).payload, preview, by)
        if interval == PREVIEW_INTERVAL:
            return preview
        for plane, known in zip(preview_of(planes), preview, strict=True):
            plane[...] = known
        todo = tiles(height, width)
        found = [section.payload for section in sections if section.type == TILE]
        if len(found) != len(todo):
            raise DamagedError(f"{len(found)} tiles, {width}x{height} pixels have {len(todo)}")

        def fill(one: tuple[bytes, Tile]) -> None:
            decode_tile(one[0], tile_of(planes, one[1]), by, interval)

        _each(fill, list(zip(found, todo, strict=True)))
    except StreamError as error:
        raise DamagedError(f"lossless coding: {error}") from error
    return [grid.level(plane, interval) for plane in planes]


def decode_what_is_there(
    sections: Sequence[Section], size: tuple[int, int], count: int
) -> list[np.ndarray]:
    """As `decode_planes` for a file cut short: missing tiles show the preview, enlarged.

    Raises:
        TruncatedError: not even the preview is there.
    """
    if not any(section.type == PREVIEW for section in sections):
        raise TruncatedError("image file is truncated (no preview)")
    width, height = size
    planes = [np.zeros((1, height, width), np.int16) for _ in range(count)]
    preview = decode_planes(sections, size, count, PREVIEW_INTERVAL)
    for plane, known in zip(preview_of(planes), preview, strict=True):
        plane[...] = known
    enlarge(planes, PREVIEW_INTERVAL)
    by = model_of(sections)
    found = [section.payload for section in sections if section.type == TILE]
    for data, tile in zip(found, tiles(height, width), strict=False):
        decode_tile(data, tile_of(planes, tile), by)
    return planes


def _each(work: Callable[[T], R], parts: list[T]) -> Iterable[R]:
    """`work` on all parts, in order, on all cores when there are several."""
    if len(parts) == 1:
        return [work(parts[0])]
    with ThreadPoolExecutor(networks.threads()) as pool:
        return list(pool.map(work, parts))


def model_of(sections: Sequence[Section]) -> Model:
    named = networks.read_references(_only(sections, networks.REFERENCE_SECTION).payload)
    if len(named) != 1:
        raise DamagedError(f"{len(named)} networks named, the lossless coding has 1")
    by = model(named[0].id)
    if not any(section.type == ADAPTATION for section in sections):
        return by
    adaptation = unpack(_only(sections, ADAPTATION).payload, by.features)
    return replace(by, adaptation=adaptation)


def _only(sections: Sequence[Section], section_type: bytes) -> Section:
    """The one section of a type."""
    found = [section for section in sections if section.type == section_type]
    if len(found) != 1:
        raise DamagedError(f"{len(found)} sections {section_type.decode()}, allowed 1")
    return found[0]
