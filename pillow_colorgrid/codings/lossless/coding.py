"""The lossless coding: networks tell how likely each pixel value is, rANS writes what it was.

Sections of a file::

    NETS  the tables, and by them the networks, that decode the file
    LORG  the origin of the picture (JPEG, Photo CD), where it has one: what the planes are
    LCHN  the channels that its planes are, where they are not Y, Co, Cg
    LCLP  how sharply its channels are clipped, where they are
    LCNT  that colour is told by how often each was there already, where that pays
    LADP  the adaptation of the networks to this picture, where it pays
    LLAN  how streams tell their lanes
    CPRE  colour of the preview (not in mode L), which is every 8th pixel of every 8th row
    LPRE  luminance of the preview
    LTIL  luminance of a tile, all pixels that the preview does not hold;
    CTIL  then its colour (not in mode L): one pair for each tile, row by row
    LONE  of a small picture, in place of the four above: all planes in one stream
    ALPH  the alpha plane (mode RGBA only), where it does not come first:

    AINN  alpha, or which pixels are transparent and which opaque
    LHID  the colour of what is transparent; streams of colour then do not hold it
    AADP, APRE, ATIL  streams of alpha, as those of luminance: all but ATIL before the preview of
          colour, ATIL before LTIL of the same tile

FORMAT.md tells the whole way; `sections`, `pieces`, `walk` and
`stream` are its steps, and `small`, `small_walk` and `small_stream` those of small pictures.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.base import NETWORKS, Encoded, Picture, has, only, require
from pillow_colorgrid.codings.lossless import (
    clipping as lossless_clipping,
    colors,
    levels,
    origin as lossless_origin,
    rounding as lossless_rounding,
    small,
    transparency,
)
from pillow_colorgrid.codings.lossless.adaptation import apart, unpack
from pillow_colorgrid.codings.lossless.decoding import (
    around,
    damage_told,
    decode_preview,
    decode_tiles,
    empty_preview,
    layout_of,
)
from pillow_colorgrid.codings.lossless.description import (
    ADAPTATION,
    ALPHA_PREVIEW,
    CHANNELS,
    CLIPPING,
    COUNTED,
    COUNTS,
    HIDDEN,
    IN_ONE,
    LANES,
    MOST_TAIL_SHIFT,
    OF_CHANNELS,
    ORIGIN,
    PREVIEW as PREVIEW_SECTION,
    ROUNDING,
    TRANSPARENT,
    WITH_LAST,
    Options,
)
from pillow_colorgrid.codings.lossless.model import (
    ALL_SETS_EFFORT,
    LARGE_MODELS_BY_EFFORT,
    LARGE_PIXELS,
    MODELS_BY_EFFORT,
    RENDERED,
    RENDERED_EFFORT,
    SMALL_MODELS_BY_EFFORT,
    STREAM_FORM,
    TABLES,
    Model,
    model,
)
from pillow_colorgrid.codings.lossless.pieces import PREVIEW_INTERVAL, Coded, Watch, enlarge
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.sections import Streams, check_alone, read_streams
from pillow_colorgrid.codings.lossless.stream import Stream
from pillow_colorgrid.codings.lossless.transparency import (
    Shown,
    held_of_preview,
    held_of_window,
)
from pillow_colorgrid.codings.tiles import Tile, tiles
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.container import Header, Section, size_bytes
from pillow_colorgrid.entropy import compact
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import LAYOUTS, Bytes
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import of_this_picture

GREY, COLOR = 1, 3
"""Numbers of planes."""


class Watcher(Protocol):
    """Sees all that passes while a picture is decoded (`account`)."""

    def of_preview(self, stream: Stream) -> Stream:
        """A stream of the preview, watched."""

    def of_tile(self, tile: Tile) -> Watch:
        """What watches the streams of a tile."""


def encode(picture: Picture, options: Options, apart: bool = False) -> Encoded:
    """(H, W, C) uint8 -> sections; C is 1 (L), 2 (with alpha), 3 (RGB) or 4 (with alpha).

    Args:
        apart: preview and tiles, luminance and colour have streams of their own, however small the
            picture is.
    """
    from pillow_colorgrid.codings.lossless.encoder import sets as encoder_sets, smoothness

    pixels, looks = picture.pixels, options.origin == "auto"
    colors = colors_in(picture.mode)
    seen = pixels[..., -1] != 0 if picture.mode in TRANSPARENT else None
    colored = signs_moved(pixels[..., :colors], picture.mode)
    planes, told = planes_of(colored, looks, seen, picture.mode, options.effort)
    by_effort = LARGE_MODELS_BY_EFFORT if planes[0].size > LARGE_PIXELS else MODELS_BY_EFFORT
    number = by_effort[options.effort]
    sets = [(number, SMALL_MODELS_BY_EFFORT[options.effort])]
    if options.effort >= RENDERED_EFFORT and smoothness.looks_rendered(planes):
        sets.append((RENDERED, RENDERED))
        if planes[0].size > small.MOST_PIXELS and options.effort < ALL_SETS_EFFORT:
            with of_this_picture() as workers:
                likely = encoder_sets.likely_smallest((number, RENDERED), planes, seen, workers)
            sets = [one for one in sets if one[0] == likely]
    found = [_encode_by(*one, picture, planes, told, options, apart) for one in sets]
    return min(found, key=lambda encoded: size_bytes(encoded.sections))


def _encode_by(
    number: int,
    number_if_small: int,
    picture: Picture,
    planes: list[np.ndarray],
    told: Sequence[Section],
    options: Options,
    apart: bool,
) -> Encoded:
    """By the networks of some tables; of others if the picture is small."""
    from pillow_colorgrid.codings.lossless.encoder import transparency as encoder_transparency
    from pillow_colorgrid.codings.lossless.encoder.encoding import encode_adapted

    looks = options.origin == "auto"
    with of_this_picture() as workers:
        predictor = Predictor(model(number), workers)
        alpha_first = encoder_transparency.encode(picture, planes, predictor, options.effort, looks)
        clips = len(planes) == COLOR and not told
        in_one = not apart and planes[0].size <= small.MOST_PIXELS and alpha_first.stands_apart
        if in_one:
            number = number_if_small
            predictor = Predictor(model(number), workers)
        coded = encode_adapted(planes, predictor, options.effort, clips, alpha_first.held, in_one)
    named = networks.pack_references([number])
    return Encoded([named, *told, *alpha_first.around(coded)])


def colors_in(mode: str) -> int:
    """The channels of a mode but for alpha, or what is coded as alpha."""
    return LAYOUTS[mode].channels - (mode in WITH_LAST)


def check(sections: Sequence[Section], mode: str, partial: bool) -> None:
    """Refuse a file without what its mode must have. Raises CgxError."""
    transparency.check(sections, mode, partial)
    if mode in OF_CHANNELS:
        only(sections, CHANNELS)
    for kind in (ALPHA_PREVIEW, HIDDEN, COUNTS):
        if has(sections, kind) and not (has(sections, LANES) or has(sections, IN_ONE)):
            raise DamagedError(f"section {kind.type.decode()} without LLAN")


def signs_moved(pixels: np.ndarray, mode: str) -> np.ndarray:
    """LAB's a and b, which have signs, as numbers around 128; its own inverse."""
    return pixels ^ np.array([0, 128, 128], np.uint8) if mode == "LAB" else pixels


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Bytes:
    """Sections -> (h, w, C) uint8.

    Args:
        partial: of a file that was cut, show the preview, enlarged, where tiles are missing.
        interval: every so many pixels of every such row: 1, 2, 4 or 8; of a whole file.

    Raises:
        CgxError: a section is damaged or missing, or a network unknown.
    """
    count = colors_in(header.mode)
    check(sections, header.mode, partial)
    shown = transparency.decode(
        sections, header.size, count, base_model(sections), None, interval, partial
    )
    if partial:
        planes, interval = decode_what_is_there(sections, header.size, count, shown), 1
    else:
        planes = decode_planes(sections, header.size, count, interval, shown)
    return with_alpha(planes, header, sections, shown, partial, interval)


def with_alpha(
    planes: list[np.ndarray],
    header: Header,
    sections: Sequence[Section],
    shown: Shown | None,
    partial: bool = False,
    interval: int = 1,
) -> Bytes:
    """Planes of colour -> pixels (h, w, C) uint8, with the alpha of the file.

    Args:
        shown: alpha that comes before colour.
    """
    width, height = header.size
    pixels = signs_moved(pixels_of(planes, sections, header.size, interval), header.mode)
    if shown is not None:
        return shown.joined(pixels, Tile(0, 0, height, width), interval)
    return alpha.joined(pixels, header.mode, sections, header.size, partial, interval)


def planes_of(
    pixels: np.ndarray,
    look: bool = True,
    seen: np.ndarray | None = None,
    mode: str = "RGB",
    effort: int = 1,
) -> tuple[list[np.ndarray], list[Section]]:
    """The planes to code, and the section that tells what they are if not Y, Co, Cg.

    Args:
        look: for an origin, and whether channels are shorter; else Y, Co, Cg in any case.
        seen: (H, W) bool, the pixels that count for that; None: all.
        mode: in some only channels are allowed.
        effort: from some on, channels are tried, too.
    """
    if pixels.shape[2] == GREY or not (look or mode in OF_CHANNELS):
        return split(pixels), []
    from pillow_colorgrid.codings.lossless.encoder import (
        channel_trial,
        channels as encoder_channels,
        origin as encoder_origin,
    )

    rgb = pixels[..., :COLOR]
    found = None if mode in OF_CHANNELS else encoder_origin.recognise(rgb)
    if found is not None:
        rendering, planes = found
        return planes, [ORIGIN.section(lossless_origin.pack(rendering))]
    channels = encoder_channels.choose(rgb, seen, only=mode in OF_CHANNELS)
    if channels is not None and effort >= channel_trial.LEAST_EFFORT:
        channels = channel_trial.best(rgb, seen, channels, only=mode in OF_CHANNELS)
    if channels is None:
        return split(pixels), []
    planes = [plane[None] for plane in channels.forward(rgb)]
    return planes, [CHANNELS.section(colors.pack(channels))]


def pixels_of(
    planes: list[np.ndarray],
    sections: Sequence[Section],
    size: tuple[int, int],
    interval: int = 1,
    box: Tile | None = None,
) -> np.ndarray:
    """Planes (1, h, w) of every `interval`-th pixel -> (h, w, 1) or (h, w, 3) uint8.

    Args:
        size: (width, height) of the whole picture.
        box: the part that `planes` are of, at interval 1; None: the whole.
    """
    found = colors.colors_of(sections, size, len(planes))
    if box is not None:
        return found.part(box, size[0]).join([plane[0] for plane in planes], box.width)
    return found.join([plane[0] for plane in planes], size[0], interval)


def split(pixels: np.ndarray) -> list[np.ndarray]:
    """(H, W, C) uint8 -> Y, or Y, Co, Cg: (1, H, W) int16 each. Alpha is left aside."""
    if pixels.shape[2] == 1:
        return [pixels[None, ..., 0].astype(np.int16)]
    return [plane[None] for plane in ycocg.forward(pixels[..., :3])]


def join(planes: list[np.ndarray]) -> np.ndarray:
    """Planes of `split` -> (H, W, 1) or (H, W, 3) uint8."""
    if len(planes) == GREY:
        return planes[0][0, ..., None].astype(np.uint8)
    return ycocg.inverse(*(plane[0] for plane in planes))


def encode_luminance(plane: np.ndarray, effort: int) -> list[Section]:
    """A plane (1, H, W) int16 in 0..255 alone, as in a large file of mode L.

    Returns the sections that name the networks, adapt them and hold the pixels.
    """
    grey = Picture(plane[0, ..., None].astype(np.uint8), "L")
    return encode(grey, Options(effort=effort), apart=True).sections


def luminance_of(sections: Sequence[Section]) -> list[Section]:
    """What `encode_luminance` would give for the luminance of a colour picture, undecoded.

    The adaptation keeps its part for luminance; the streams stay byte for byte.

    Raises:
        DamagedError: luminance cannot be told from colour (a small file, or one of the first
            release), or sections are missing.
    """
    from pillow_colorgrid.codings.lossless.encoder.encoding import pack_adaptation

    if has(sections, IN_ONE):
        raise DamagedError("luminance and colour are in one stream (a small picture)")
    streams = read_streams(sections, color=True)
    if has(sections, ORIGIN):
        raise DamagedError(
            "the luminance of this file is that of its origin (JPEG or Photo CD), not of Y, Co, Cg"
        )
    if has(sections, CHANNELS):
        raise DamagedError("this file has a channel in place of luminance, not Y, Co, Cg")
    if streams.preview.color is None:
        raise DamagedError("luminance and colour are in one stream (a file of the first release)")
    found = model_of(sections)
    kept, _ = apart(found.adaptation)
    luminance = Streams(
        Coded(streams.preview.luminance),
        [Coded(tile.luminance) for tile in streams.tiles],
        found.form,
    )
    return [
        NETWORKS.section(only(sections, NETWORKS)),
        *pack_adaptation(kept),
        *luminance.sections(),
    ]


def decode_planes(
    sections: Sequence[Section],
    size: tuple[int, int],
    count: int,
    interval: int = 1,
    shown: Shown | None = None,
    watcher: Watcher | None = None,
) -> list[np.ndarray]:
    """The planes (1, h, w) int16 of a file: every `interval`-th pixel of every such row.

    Args:
        count: GREY or COLOR.
        interval: 1, 2, 4 or 8; at 8 the preview is enough.
        shown: alpha that comes before colour; what it hides is 0.
        watcher: sees what passes in the streams of preview and tiles.

    Raises:
        CgxError: as `decode`.
    """
    if has(sections, IN_ONE):
        return decode_in_one(sections, size, count, interval)
    streams = read_streams(sections, count == COLOR)
    layout = layout_of(size, sections)
    width, height = size
    with of_this_picture() as workers:
        predictor = Predictor(model_of(sections), workers)
        preview = empty_preview(size, count)
        of_preview = watcher.of_preview if watcher is not None else None
        decode_preview(streams, preview, predictor, held_of_preview(shown), of_preview)
        if interval == PREVIEW_INTERVAL:
            return preview
        planes = around(preview, height, width)
        held = held_of_window(shown)
        of_tile = watcher.of_tile if watcher is not None else None
        decode_tiles(streams, planes, layout, predictor, interval, held, of_tile)
    return [levels.level(plane, interval) for plane in planes]


def decode_in_one(
    sections: Sequence[Section], size: tuple[int, int], count: int, interval: int = 1
) -> list[np.ndarray]:
    """As `decode_planes`, of a picture in one stream."""
    check_alone(sections, count == COLOR)
    width, height = size
    if width * height > small.ALLOWED_PIXELS:
        raise DamagedError(
            f"LONE of {width}x{height} pixels, allowed up to {small.ALLOWED_PIXELS} pixels"
        )
    planes = [np.zeros((1, height, width), np.int16) for _ in range(count)]
    with of_this_picture() as workers, damage_told():
        predictor = Predictor(model_of(sections), workers)
        small.decode(only(sections, IN_ONE), planes, predictor, interval)
    return [levels.level(plane, interval) for plane in planes]


def decode_luminance(
    sections: Sequence[Section], size: tuple[int, int], interval: int = 1
) -> np.ndarray:
    """The luminance (1, h, w) int16 alone, of sections that hold it alone (`encode_luminance`).

    Args:
        interval: as in `decode_planes`.

    Raises:
        CgxError: as `decode`.
    """
    return decode_planes(sections, size, GREY, interval)[0]


def decode_what_is_there(
    sections: Sequence[Section], size: tuple[int, int], count: int, shown: Shown | None = None
) -> list[np.ndarray]:
    """As `decode_planes` for a file cut short: missing tiles show the preview, enlarged.

    Raises:
        TruncatedError: not even the preview is there.
    """
    if has(sections, IN_ONE):
        return decode_in_one(sections, size, count)
    require(sections, PREVIEW_SECTION)
    streams = read_streams(sections, count == COLOR, partial=True)
    with of_this_picture() as workers:
        predictor = Predictor(model_of(sections), workers)
        width, height = size
        preview, held = empty_preview(size, count), held_of_preview(shown)
        decode_preview(streams, preview, predictor, held)
        planes = around(preview if held is None else held.filled(preview), height, width)
        enlarge(planes, PREVIEW_INTERVAL)
        decode_tiles(streams, planes, tiles(height, width), predictor, 1, held_of_window(shown))
    return planes


def base_model(sections: Sequence[Section]) -> Model:
    """The model that a file names. Raises CgxError."""
    require(sections, NETWORKS)
    (tables,) = networks.read_roles(only(sections, NETWORKS), (TABLES,))
    form = _form(only(sections, LANES)) if has(sections, LANES) else None
    return replace(model(tables.id), form=form)


def _form(told: bytes) -> compact.Form:
    """How streams tell their lanes. Raises DamagedError."""
    if len(told) != 1 or told[0] > MOST_TAIL_SHIFT:
        raise DamagedError(
            f"lanes of {told[:8].hex() or 'nothing'}, allowed 00 to {MOST_TAIL_SHIFT:02x}"
        )
    return compact.Form(STREAM_FORM.count_bytes, told[0])


def _counted(told: bytes) -> tuple[int, ...]:
    """The planes that are counted. Raises DamagedError."""
    planes = COUNTED.get(told[0]) if len(told) == 1 else None
    if planes is None:
        allowed = ", ".join(f"{one:02x}" for one in COUNTED)
        raise DamagedError(f"counts of {told[:8].hex() or 'nothing'}, allowed {allowed}")
    return planes


def model_of(sections: Sequence[Section]) -> Model:
    """The model that a file names, adapted as it says; it rounds if the file is of that coding."""
    found = base_model(sections)
    if has(sections, ADAPTATION):
        adaptation = unpack(only(sections, ADAPTATION), found.features)
        found = replace(found, adaptation=adaptation)
    if has(sections, CLIPPING):
        clipping = lossless_clipping.unpack(only(sections, CLIPPING))
        found = replace(found, clipping=clipping)
    if has(sections, COUNTS):
        found = replace(found, counts=_counted(only(sections, COUNTS)))
    if has(sections, ROUNDING):
        planes = COLOR if has(sections, CHANNELS) else GREY
        rounding = lossless_rounding.unpack(only(sections, ROUNDING), planes)
        found = replace(found, rounding=rounding)
    return found
