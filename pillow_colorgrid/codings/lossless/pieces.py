"""Planes <-> a preview and independent tiles: where the streams begin and end.

The *preview* is every 8th pixel of every 8th row. It comes first and knows nothing of tiles, so
that a 64th of the pixels shows the whole scene. Each tile refines its part of it down to all
pixels. Either is a *piece* of the picture: one stream of luminance, and one of colour.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.counted_stream import (
    Counted,
    CountedDecoder,
    CountedEncoder,
    CountedPrice,
)
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.rounded_stream import Levels, RoundedDecoder
from pillow_colorgrid.codings.lossless.stream import (
    CG,
    CO,
    LUMINANCE,
    Price,
    Stream,
    StreamDecoder,
    StreamEncoder,
)
from pillow_colorgrid.codings.lossless.walk import (
    Refinement,
    code_at,
    walk,
    walk_color,
    walk_luminance,
)
from pillow_colorgrid.entropy import compact
from pillow_colorgrid.entropy.rans import StreamError

PREVIEW_INTERVAL = tiles.ALIGNMENT

SEED_INTERVAL = levels.COARSEST_INTERVAL // PREVIEW_INTERVAL
"""Every 8th pixel of the preview comes first, before any network can help."""

SEED_DISTRIBUTIONS = ((128, 40), (0, 32), (0, 32))
"""Mean and class of scale for the seeds of Y, Co, Cg: scales 64, 16, 16."""

PREVIEW_REFINEMENTS = tuple(Refinement(interval, "coarse") for interval in (4, 2, 1))
"""Of the preview, from its seeds to all of its pixels."""

TILE_REFINEMENTS = (Refinement(4, "coarse"), Refinement(2, "second"), Refinement(1, "fine"))
"""Of a tile, from the preview to all pixels."""


MOST_LANES, MOST_PREVIEW_LANES = 1024, 256
"""More do not make large tiles, or large previews, noticeably faster."""

COUNTED_LANES = 3
"""So many times as many where colours are counted: a step takes more calls there. On a photograph
of 2.4 megapixels two threads took 0.82 of the time at effort 4 by four times as many, for 0.3 %
more bytes; a quarter less than those are as fast, as now more lanes have the tail."""

LEAST_LANE_PIXELS = 3072
"""Where little is coded there are fewer lanes, but one for so many pixels: as fast as ever."""

REFUSED_LANE_PIXELS = 4096
"""A stream that has fewer than one lane for so many pixels is refused: it would take long."""

HEAD_BYTES = 11
"""Of a stream: the number of its escapes, and what a lane takes at least."""

FIRST_MOST_COLOR_LANES = 128
"""Of files of the first releases, whose lanes cost 3 bytes each."""


@dataclass(frozen=True)
class Piece:
    """A kind of piece.

    Attributes:
        seeded: its coarsest pixels come first; else they are known before.
        refinements: what its streams hold then.
        lane_pixels, most_lanes: one lane of the entropy coder for so many pixels, so many at most.
        first_lane_pixels: the same in files of the first releases, without a limit.
        first_color_lane_pixels: the same for the stream of colour, which has
            FIRST_MOST_COLOR_LANES at most.
        held: of its pixels; None: its streams hold all.
        counted_lanes: so many times as many lanes where colours are counted.
    """

    seeded: bool
    refinements: tuple[Refinement, ...]
    lane_pixels: int
    first_lane_pixels: int
    first_color_lane_pixels: int
    most_lanes: int = MOST_LANES
    held: Held | None = None
    counted_lanes: int = COUNTED_LANES

    def lanes(self, plane: np.ndarray, counted: bool = False) -> int:
        """Of a stream of planes (1, h, w): what a writer asks for."""
        times = self.counted_lanes if counted else 1
        wanted = times * self.pixel_count(plane) // self.lane_pixels
        return max(1, min(times * self.most_lanes, wanted))

    def entropy(
        self, plane: np.ndarray, form: compact.Form | None, counted: bool = False
    ) -> compact.Encoder:
        """What codes the symbols of such a stream, which tells its lanes so.

        Raises:
            ValueError: `form` is None, that of files of the first releases, which are only read.
        """
        if form is None:
            raise ValueError("form of streams is None, allowed: one that tells their lanes")
        lanes = self.lanes(plane, counted)
        most = self.pixel_count(plane) // LEAST_LANE_PIXELS
        return compact.Encoder(lanes, replace(form, least=max(1, min(lanes, most))))

    def form(self, plane: np.ndarray, told: compact.Form) -> compact.Form:
        """How such a stream tells its lanes, which are not too few."""
        return replace(told, least=max(1, self.pixel_count(plane) // REFUSED_LANE_PIXELS))

    def first_lanes(self, plane: np.ndarray) -> int:
        """Of the stream of a luminance plane (1, h, w), in files of the first releases."""
        return max(1, plane.size // self.first_lane_pixels)

    def first_color_lanes(self, plane: np.ndarray) -> int:
        """Of the stream of two colour planes there, (1, h, w) each."""
        return max(1, min(FIRST_MOST_COLOR_LANES, plane.size // self.first_color_lane_pixels))

    def pixel_count(self, plane: np.ndarray) -> int:
        """So many pixels of a plane (1, h, w) its streams hold."""
        return plane.size if self.held is None else int(np.count_nonzero(self.held.pixels))

    def counted(self, planes: list[np.ndarray], model: Model) -> Counted | None:
        """What is counted of its planes: of tiles, where the model says so; None: nothing is."""
        if not self.counts(model):
            return None
        return Counted(planes, model.frequencies, model.counts)

    def counts(self, model: Model) -> bool:
        """Whether anything is counted."""
        return bool(model.counts) and not self.seeded

    def is_empty(self) -> bool:
        """Whether its streams hold nothing."""
        return self.held is not None and not self.held.pixels.any()

    def finished(self, stream: StreamEncoder) -> bytes:
        """The bytes of a stream; none where it holds nothing."""
        return b"" if self.is_empty() else stream.finish()


PREVIEW = Piece(True, PREVIEW_REFINEMENTS, 64, 256, 512, MOST_PREVIEW_LANES)
TILE = Piece(False, TILE_REFINEMENTS, 768, 3072, 3072)

QUICK_TILE = replace(TILE, lane_pixels=384, most_lanes=2 * MOST_LANES)
"""For writers to whom time matters more: 0.93 of the time to show two photographs of three
megapixels by two threads at effort 1, for 0.3 % more bytes."""

THRIFTY_TILE = replace(TILE, counted_lanes=1)
"""For writers to whom bytes matter more."""


@dataclass(frozen=True)
class Coded:
    """The streams of a piece; `color` is None in mode L, and in files of the first release.

    Those have all planes in one stream.
    """

    luminance: bytes
    color: bytes | None = None


def encode(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> Coded:
    """Y, or Y, Co, Cg of a preview or tile, (1, h, w) int16 each."""
    if len(planes) == 1:
        return Coded(encode_luminance(planes, piece, predictor))
    coming = predictor.workers.beside(partial(encode_color, planes, piece, predictor))
    return Coded(encode_luminance(planes, piece, predictor), coming.result())


def encode_luminance(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> bytes:
    """The stream of luminance, as in `encode`."""
    model = predictor.model
    stream = StreamEncoder(model.frequencies, piece.entropy(planes[0], model.form))
    code_luminance(planes[0], piece, predictor, stream)
    return piece.finished(stream)


def encode_color(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> bytes:
    """The stream of colour, as in `encode`."""
    model = predictor.model
    counted = piece.counted(planes, model)
    entropy = piece.entropy(planes[0], model.form, piece.counts(model))
    stream = (
        CountedEncoder(model.frequencies, entropy, counted)
        if counted
        else StreamEncoder(model.frequencies, entropy)
    )
    code_color(planes, piece, predictor, stream)
    return piece.finished(stream)


def stream_bytes(lanes: int) -> float:
    """About what a stream takes beside its symbols: the numbers before it, and its lanes."""
    return HEAD_BYTES + compact.LANE_BYTES * lanes


def estimated_bytes(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> np.ndarray:
    """(2,): the bytes of the streams of luminance and of colour, within about 0.1 %."""
    luminance = Price(predictor.model.frequencies)
    code_luminance(planes[0], piece, predictor, luminance)
    of_luminance = luminance.bits[LUMINANCE] / 8 + stream_bytes(piece.lanes(planes[0]))
    of_color = estimated_color_bytes(planes, piece, predictor) if len(planes) > 1 else 0.0
    return np.array([of_luminance, of_color])


def estimated_color_bytes(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> float:
    """As `estimated_bytes`, of the colour of Y, Co, Cg alone."""
    lanes = piece.lanes(planes[0], piece.counts(predictor.model))
    return sum(estimated_bytes_by_plane(planes, piece, predictor)) + stream_bytes(lanes)


def estimated_bytes_by_plane(
    planes: list[np.ndarray], piece: Piece, predictor: Predictor
) -> tuple[float, float]:
    """The bytes of Co and of Cg, without what lanes cost."""
    model = predictor.model
    counted = piece.counted(planes, model)
    color = CountedPrice(model.frequencies, counted) if counted else Price(model.frequencies)
    code_color(planes, piece, predictor, color)
    return color.bits[CO] / 8, color.bits[CG] / 8


Watch = Callable[[Stream], Stream]
"""In place of a stream another one, that does the same and sees what passes."""


def decode(
    coded: Coded,
    planes: list[np.ndarray],
    piece: Piece,
    predictor: Predictor,
    interval: int = 1,
    watch: Watch | None = None,
) -> None:
    """Fill all pixels of `planes` down to the grid of `interval`; a tile's preview is known.

    Raises StreamError if `coded` is damaged.
    """
    watch = watch or _unwatched
    piece = _down_to(piece, interval)
    if piece.is_empty():
        _check_empty(coded, interval)
        return
    model = predictor.model
    luminance = _opened(coded.luminance, piece, planes[0], piece.first_lanes(planes[0]), model)
    if coded.color is None:
        code_interleaved(planes, piece, predictor, watch(luminance))
        streams = [luminance]
    else:
        counted = piece.counted(planes, model)
        lanes = piece.first_color_lanes(planes[0])
        color = _opened(coded.color, piece, planes[0], lanes, model, counted)
        streams = [luminance, color]
        of_luminance, of_color = watch(luminance), watch(color)
        coming = []
        for level in _levels(piece):
            code_luminance(planes[0], level, predictor, of_luminance)
            # colour of a level goes on while luminance is one level ahead
            work = partial(code_color, planes, level, predictor, of_color)
            coming.append(predictor.workers.beside(work))
        for one in coming:
            one.result()
    if interval == 1:
        for stream in streams:
            stream.finish()


def _unwatched(stream: Stream) -> Stream:
    return stream


def _check_empty(coded: Coded, interval: int) -> None:
    """Raises StreamError where streams of nothing have bytes; at an interval they may."""
    size_bytes = len(coded.luminance) + len(coded.color or b"")
    if interval == 1 and size_bytes:
        raise StreamError(f"streams of {size_bytes} bytes where there are no pixels, allowed 0")


def _opened(
    data: bytes,
    piece: Piece,
    plane: np.ndarray,
    first_lanes: int,
    model: Model,
    counted: Counted | None = None,
) -> StreamDecoder:
    """A stream of a piece, exact or rounded. Raises StreamError.

    Args:
        plane: of the piece; first_lanes: that it has in files of the first releases.
        counted: in the stream of colour, if some of that is counted.
    """
    lanes = first_lanes if model.form is None else piece.form(plane, model.form)
    if model.rounding is not None:
        levels = Levels(model.rounding, preview=piece.seeded)
        return RoundedDecoder(data, model.frequencies, lanes, levels)
    if counted is not None:
        return CountedDecoder(data, model.frequencies, lanes, counted)
    return StreamDecoder(data, model.frequencies, lanes)


def _levels(piece: Piece) -> list[Piece]:
    """A piece as pieces of one refinement each."""
    return [
        replace(piece, seeded=piece.seeded and step is piece.refinements[0], refinements=(step,))
        for step in piece.refinements
    ]


def _down_to(piece: Piece, interval: int) -> Piece:
    wanted = tuple(step for step in piece.refinements if step.interval >= interval)
    return replace(piece, refinements=wanted)


def code_luminance(plane: np.ndarray, piece: Piece, predictor: Predictor, stream: Stream) -> None:
    """All of the luminance of a piece, in the order of its stream."""
    if piece.seeded:
        code_seeds([plane], LUMINANCE, stream, piece.held)
    walk_luminance(plane, piece.refinements, predictor, stream, piece.held)


def code_color(
    planes: list[np.ndarray], piece: Piece, predictor: Predictor, stream: Stream
) -> None:
    """All of the colour of a piece whose luminance is known, in the order of its stream."""
    if piece.seeded:
        code_seeds(planes[1:], CO, stream, piece.held)
    walk_color(planes, piece.refinements, predictor, stream, piece.held)


def code_interleaved(
    planes: list[np.ndarray], piece: Piece, predictor: Predictor, stream: Stream
) -> None:
    """Luminance and colour in one stream, as in files of the first release."""
    if piece.seeded:
        code_seeds(planes, LUMINANCE, stream, piece.held)
    walk(planes, piece.refinements, predictor, stream, piece.held)


def code_seeds(
    planes: list[np.ndarray], first: int, stream: Stream, held: Held | None = None
) -> None:
    """The coarsest pixels of `planes`; the first of them is plane `first` of the picture."""
    # they are the known ones of cells twice as wide
    at = (SEED_INTERVAL // 2, levels.KNOWN)
    for number, plane in enumerate(planes, first):
        shape = levels.level(plane, SEED_INTERVAL).shape
        distribution = Distribution.uniform(shape, *SEED_DISTRIBUTIONS[number])
        code_at(stream, number, plane, at, distribution, held and held.level(at[0]))


def preview_of(planes: list[np.ndarray]) -> list[np.ndarray]:
    """The pixels of the preview, as views."""
    return [levels.level(plane, PREVIEW_INTERVAL) for plane in planes]


def tile_of(planes: list[np.ndarray], tile: tiles.Tile) -> list[np.ndarray]:
    """The pixels of one tile, as views."""
    return [plane[:, *tile.place] for plane in planes]


def enlarge(planes: Iterable[np.ndarray], interval: int) -> None:
    """Repeat the pixels on the grid of `interval` over all pixels of `planes`."""
    for plane in planes:
        known = levels.level(plane, interval)
        big = known.repeat(interval, axis=1).repeat(interval, axis=2)
        plane[...] = big[:, : plane.shape[1], : plane.shape[2]]
