"""Pixels -> the sections of a near file."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pillow_colorgrid import container
from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.lossless import colors, rounding as lossless_rounding
from pillow_colorgrid.codings.lossless.adaptation import Adaptation
from pillow_colorgrid.codings.lossless.coding import colors_in, signs_moved
from pillow_colorgrid.codings.lossless.description import CHANNELS, ROUNDING
from pillow_colorgrid.codings.lossless.distribution import CLASSES
from pillow_colorgrid.codings.lossless.encoder.channels import LEAST_PIXELS, choose
from pillow_colorgrid.codings.lossless.encoder.encoding import (
    FITTINGS_BY_EFFORT,
    Parts,
    pack_adaptation,
)
from pillow_colorgrid.codings.lossless.encoder.regression import fit
from pillow_colorgrid.codings.lossless.model import MODELS_BY_EFFORT, model
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW,
    TILE,
    Coded,
    Piece,
    code_color,
    code_luminance,
    preview_of,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.rounded_stream import Levels
from pillow_colorgrid.codings.lossless.rounding import Rounding
from pillow_colorgrid.codings.lossless.sections import Streams
from pillow_colorgrid.codings.near.description import Options
from pillow_colorgrid.codings.near.encoder.exact import rival
from pillow_colorgrid.codings.near.encoder.levels import color_errors, luminance_errors
from pillow_colorgrid.codings.near.encoder.recording import Recorder, fit_classes
from pillow_colorgrid.color.channels import CHANNELS as ALL_CHANNELS, MIDDLE, Channels
from pillow_colorgrid.container import Section, size_bytes
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import of_this_picture

USUAL = ALL_CHANNELS[8]
"""Green, and what red and blue are above it: of pictures so small that they tell little."""

Planes = list[np.ndarray]
"""Channels, or planes, (1, H, W) int16 each."""


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, C) uint8 -> sections; C is 1 (L), 2 (with alpha), 3 (RGB) or 4 (with alpha)."""
    exact = rival(picture, options.effort) if options.origin == "auto" else None
    coded = _encode(picture, options)
    if exact is not None and size_bytes(exact.sections) <= size_bytes(coded.sections):
        return exact
    return coded


def _encode(picture: Picture, options: Options) -> Encoded:
    count = colors_in(picture.mode)
    pixels = signs_moved(picture.pixels[..., :count], picture.mode)
    way = _way(pixels)
    number = MODELS_BY_EFFORT[options.effort]
    with of_this_picture() as workers:
        rounded = _smallest(_channels(pixels, way), way, Predictor(model(number), workers), options)
    shown = _pixels(rounded.planes, way)
    _check(pixels, shown, options.max_error)
    shown = np.concatenate([signs_moved(shown, picture.mode), picture.pixels[..., count:]], axis=2)
    told = [CHANNELS.section(colors.pack(way))] if way is not None else []
    sections = [
        networks.pack_references([number]),
        *told,
        *rounded.sections,
        *alpha.sections_of(picture.pixels, count),
    ]
    return Encoded(sections, container.pixel_checksum(shown.tobytes()))


def _way(pixels: Bytes) -> Channels | None:
    """The channels to round one after the other; None of a grey picture."""
    if pixels.shape[2] == 1:
        return None
    if pixels.shape[0] * pixels.shape[1] < LEAST_PIXELS:
        return USUAL
    return choose(pixels, only=True)


def _check(pixels: Bytes, shown: Bytes, max_error: int) -> None:
    """Refuse to write what is off by more than was allowed.

    What is shown is what every decoder shows, or its checksum refuses the file.
    """
    error = np.abs(pixels.astype(np.int16) - shown).max()
    if error > max_error:
        raise CgxError(f"a sample would be off by {error}, allowed {max_error}")


def _channels(pixels: Bytes, way: Channels | None) -> Planes:
    """The channels in the order of the planes."""
    order = (0,) if way is None else way.order
    return [pixels[None, ..., channel].astype(np.int16) for channel in order]


def _pixels(planes: Planes, way: Channels | None) -> Bytes:
    """Rounded planes -> (H, W, 1) or (H, W, 3)."""
    if way is None:
        return planes[0][0, ..., None].astype(np.uint8)
    return way.inverse_clipped(*(plane[0] for plane in planes))


@dataclass(frozen=True)
class Rounded:
    """A picture in one of several ways.

    Attributes:
        planes: rounded.
        exact: what they were rounded from: of colour less what the first plane became.
        sections: NEAR, LADP (perhaps) and the streams.
    """

    planes: Planes
    exact: Planes
    sections: list[Section]

    @property
    def size_bytes(self) -> int:
        return size_bytes(self.sections)


def _smallest(
    channels: Planes, way: Channels | None, predictor: Predictor, options: Options
) -> Rounded:
    """By the networks as they are, or adapted to what they made of the picture."""
    first = _rounded(channels, way, predictor, options.max_error, {})
    tries = [first]
    for fitting in FITTINGS_BY_EFFORT[options.effort]:
        if fitting.refinements:
            seen, wanted = (_tiles(planes) for planes in (first.planes, first.exact))
            adaptation = fit(seen, fitting, predictor, exact=wanted)
            if adaptation:
                tries.append(_rounded(channels, way, predictor, options.max_error, adaptation))
    return min(tries, key=lambda one: one.size_bytes)


def _rounded(
    channels: Planes,
    way: Channels | None,
    predictor: Predictor,
    max_error: int,
    adaptation: Adaptation,
) -> Rounded:
    """Luminance of the whole picture, then its colour: that is told given what the first became."""
    errors = (luminance_errors(max_error), color_errors(max_error))[: min(len(channels), 2)]
    plain = tuple(np.arange(CLASSES) for _ in channels)
    rounding = Rounding(max_error, errors, plain)
    predictor = predictor.by(replace(predictor.model, adaptation=adaptation))
    planes = [channels[0].copy()]
    luminance = _record(planes, rounding, predictor, _luminance)
    exact, color = [channels[0]], None
    if way is not None:
        base = planes[0] if way.subtract else np.int16(MIDDLE)
        exact += [channel - base for channel in channels[1:]]
        planes += [plane.copy() for plane in exact[1:]]
        color = _record(planes, rounding, predictor, _color)
    everything = [*luminance, *(color or [])]
    frequencies = predictor.model.frequencies
    classes = tuple(fit_classes(everything, number, frequencies) for number in range(len(channels)))
    streams = [
        [one.finish(frequencies, classes) for one in recorders]
        for recorders in (luminance, color or [])
    ]
    coded = [Coded(*parts) for parts in zip(*streams[: len(errors)], strict=True)]
    told = lossless_rounding.pack(replace(rounding, classes=classes))
    sections = [
        ROUNDING.section(told),
        *pack_adaptation(adaptation),
        *Streams(coded[0], coded[1:], predictor.model.form).sections(),
    ]
    return Rounded(planes, exact, sections)


Record = Callable[[Planes, Piece, Predictor, Levels], Recorder]
"""Rounds luminance, or colour, of one piece."""


def _record(
    planes: Planes, rounding: Rounding, predictor: Predictor, record: Record
) -> list[Recorder]:
    """Of the preview, then of each tile, which begins with what the preview became."""
    preview = record(preview_of(planes), PREVIEW, predictor, Levels(rounding, preview=True))
    parts, levels = _tiles(planes), Levels(rounding, preview=False)
    if len(parts) == 1:
        return [preview, record(parts[0], TILE, predictor, levels)]
    alone = predictor.alone()
    of_tiles = predictor.workers.map(lambda part: record(part, TILE, alone, levels), parts)
    return [preview, *of_tiles]


def _tiles(planes: Planes) -> list[Planes]:
    return [part.planes for part in Parts.of(planes).tiles]


def _luminance(planes: Planes, piece: Piece, predictor: Predictor, levels: Levels) -> Recorder:
    recorder = Recorder(levels, piece.entropy(planes[0], predictor.model.form))
    code_luminance(planes[0], piece, predictor, recorder)
    return recorder


def _color(planes: Planes, piece: Piece, predictor: Predictor, levels: Levels) -> Recorder:
    recorder = Recorder(levels, piece.entropy(planes[0], predictor.model.form))
    code_color(planes, piece, predictor, recorder)
    return recorder
