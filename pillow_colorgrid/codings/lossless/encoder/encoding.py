"""Planes -> streams: fit adaptations to the picture, encode by them, keep what pays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from pillow_colorgrid.codings.lossless import clipping as lossless_clipping, small
from pillow_colorgrid.codings.lossless.adaptation import Adaptation, Correction, apart, pack
from pillow_colorgrid.codings.lossless.clipping import Clipping
from pillow_colorgrid.codings.lossless.context import Rows
from pillow_colorgrid.codings.lossless.description import (
    ADAPTATION,
    CLIPPING,
    COUNTED,
    COUNTS,
    IN_ONE,
)
from pillow_colorgrid.codings.lossless.encoder import counting
from pillow_colorgrid.codings.lossless.encoder.clipping import fit as fit_clipping, windows
from pillow_colorgrid.codings.lossless.encoder.regression import Fitting, fit
from pillow_colorgrid.codings.lossless.encoder.sets import sampled
from pillow_colorgrid.codings.lossless.encoder.verifying import Verifying
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import (
    ALL_SETS_EFFORT,
    STREAM_FORM,
    THRIFTY_FORM,
    WIDE_EFFORT,
    Model,
)
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW,
    PREVIEW_INTERVAL,
    QUICK_TILE,
    THRIFTY_TILE,
    TILE,
    TILE_REFINEMENTS,
    Coded,
    Piece,
    encode,
    encode_color,
    encode_luminance,
    estimated_bytes_by_plane,
    preview_of,
    tile_of,
)
from pillow_colorgrid.codings.lossless.predict import Band, Memory, Predictor
from pillow_colorgrid.codings.lossless.sections import Streams
from pillow_colorgrid.codings.lossless.stream import CG, CO
from pillow_colorgrid.codings.tiles import Tile, tiles
from pillow_colorgrid.container import Section
from pillow_colorgrid.entropy import compact

Result = TypeVar("Result")

SECOND, FINE = TILE_REFINEMENTS[1:]

FITTINGS_BY_EFFORT: dict[int, tuple[Fitting, ...]] = {
    1: (Fitting(),),
    2: (Fitting((FINE,), cells=12_000),),
    3: (Fitting((FINE,)),),
    4: (Fitting((SECOND, FINE)),),
    5: (Fitting((SECOND, FINE), cells=50_000),),
    6: (Fitting((SECOND, FINE), cells=50_000),),
    7: (Fitting((SECOND, FINE), cells=50_000, all_bend=True),),
    8: (Fitting((SECOND, FINE), cells=100_000, all_bend=True),),
    9: (
        Fitting((FINE,)),
        Fitting((SECOND, FINE)),
        Fitting((SECOND, FINE), cells=100_000, all_bend=True, rounds=2),
    ),
}
"""How the networks are adapted to the picture; of several ways, the one that is smallest. Whether
each effort is smaller and slower than the one before `tools.bench.efforts` tells."""

QUICK_EFFORT = 1
"""For speed: more lanes, and colours are counted only where that saves a lot."""

THRIFTY_EFFORT = 8
"""From here on entropy coders have fewer lanes, and fewer of them have tails."""

CLIPPING_BYTES = 18
"""What the section of the clipping takes."""

COUNTS_BYTES = 13
"""What the section of the counts takes."""

COUNTS_NANOSECONDS, CLIPPING_NANOSECONDS = 200, 40
"""How much longer it takes to show a pixel whose Co, or Cg, is counted; one of a picture whose
clipping is looked at."""

BIT_NANOSECONDS_QUICK, BIT_NANOSECONDS, BIT_NANOSECONDS_WIDE = 600, 1600, 8000
"""What takes longer must save a bit of a pixel for so many: by quick networks, before
the wide networks, and with them (WIDE_EFFORT); efforts that try all sets of networks ask for
nothing. For 200 nanoseconds the small networks save a third of a bit beside the quick ones, the
middle ones an eighth beside those, and the wide ones a fortieth
(tools/results/lossless_frontier.tsv)."""


UNSURE = 0.001
"""Of several tiles an adaptation stays if it may lose so little: to encode them once more takes all
their networks. What it saves is told no better either."""


@dataclass(frozen=True)
class Part:
    """A piece of a picture.

    Attributes:
        planes: (1, h, w) int16 each; piece: what its streams hold of them.
        memory: what networks say of it, if that is asked several times.
    """

    planes: list[np.ndarray]
    piece: Piece
    memory: Memory | None = None

    @classmethod
    def of(
        cls, planes: list[np.ndarray], tile: Tile, held: Held | None, piece: Piece = TILE
    ) -> "Part":
        """A tile of a picture."""
        return cls(tile_of(planes, tile), replace(piece, held=held and held.part(tile)))

    def predictor(self, other: Predictor) -> Predictor:
        """Another one at work in the calling thread, for this piece alone."""
        return Predictor(other.model, run=other.run, memory=self.memory)

    def at_work(self, other: Predictor) -> Predictor:
        """As `predictor`, unless the other one has a memory, which is of this piece then."""
        return self.predictor(other) if other.memory is None else other


@dataclass(frozen=True)
class Parts:
    """A picture as preview and tiles."""

    preview: Part
    tiles: Sequence[Part]

    @classmethod
    def of(cls, planes: list[np.ndarray], held: Held | None = None, piece: Piece = TILE) -> "Parts":
        """Y, or Y, Co, Cg (1, H, W) int16 each; `piece`: what its tiles are."""
        layout = tiles(*planes[0].shape[1:])
        preview = replace(PREVIEW, held=held and held.level(PREVIEW_INTERVAL))
        return cls(
            Part(preview_of(planes), preview),
            [Part.of(planes, tile, held, piece) for tile in layout],
        )

    def remembering(self) -> "Parts":
        """The same; the first of several tiles that estimates are made on has a memory."""
        if len(self.tiles) == 1:
            return self  # the predictor has one
        return self._with_memory({})

    def forgetting(self) -> "Parts":
        """The same, whose memory is used up as it is asked."""
        memory = self._first.memory
        return self if memory is None else self._with_memory(_UsedUp(memory))

    @property
    def _first(self) -> Part:
        return sampled(self.tiles)[0]

    def _with_memory(self, memory: Memory) -> "Parts":
        first = replace(self._first, memory=memory)
        return Parts(self.preview, [first if one is self._first else one for one in self.tiles])


class _UsedUp(Memory):
    """Bands that are forgotten when they are asked for, and no others: those of the colour of a
    tile of a megapixel take 130 MB."""

    def __getitem__(self, key: tuple[str, tuple[int, ...], Rows]) -> Band:
        return self.pop(key)

    def __setitem__(self, key: tuple[str, tuple[int, ...], Rows], band: Band) -> None:
        pass


def encode_adapted(
    planes: list[np.ndarray],
    predictor: Predictor,
    effort: int,
    clips: bool = False,
    held: Held | None = None,
    in_one: bool = False,
) -> list[Section]:
    """Y, or Y, Co, Cg (1, H, W) int16 each -> clipping and adaptation, where they pay, and streams.

    Args:
        clips: channels may be clipped: the planes are Y, Co, Cg.
        held: of the planes; None: the streams hold all pixels.
        in_one: all pixels in one stream (`small`); not of a picture of several tiles.
    """
    parts = Parts.of(planes, held, _tile(effort))
    predictor = predictor.by(replace(predictor.model, form=_form(effort)))
    if len(parts.tiles) == 1:
        predictor = predictor.remembering()
    if clips:
        clipping = fit_clipping(planes, predictor.model.frequencies, held)
        if clipping is not None:
            predictor = _with_clipping(parts, planes, held, predictor, clipping, effort)
    if len(planes) > 1 and not in_one:
        parts = parts.remembering()
        predictor = _with_counts(parts.tiles, predictor, effort)
    fitted = [_fitted(parts.tiles, fitting, predictor) for fitting in FITTINGS_BY_EFFORT[effort]]
    if in_one:
        tries = [_encode_in_one(planes, adaptation, predictor) for adaptation in fitted]
    else:
        *others, last = fitted
        tries = [_encode_once(parts, adaptation, predictor) for adaptation in others]
        tries.append(_encode_once(parts.forgetting(), last, predictor))
    smallest = min(tries, key=lambda sections: sum(len(section.payload) for section in sections))
    return [*_told(predictor.model), *smallest]


def _tile(effort: int) -> Piece:
    """By how many lanes its streams get."""
    if effort <= QUICK_EFFORT:
        return QUICK_TILE
    return THRIFTY_TILE if effort >= THRIFTY_EFFORT else TILE


def _form(effort: int) -> compact.Form:
    """How its streams tell their lanes; those of alpha do as those of colour."""
    return THRIFTY_FORM if effort >= THRIFTY_EFFORT else STREAM_FORM


def _told(model: Model) -> Iterator[Section]:
    """What a file says of the picture's model before its adaptation."""
    if model.clipping is not None:
        yield CLIPPING.section(lossless_clipping.pack(model.clipping))
    if model.counts:
        (told,) = (byte for byte, planes in COUNTED.items() if planes == model.counts)
        yield COUNTS.section(bytes([told]))


def _fitted(parts: Sequence[Part], fitting: Fitting, predictor: Predictor) -> Adaptation:
    planes, held = [part.planes for part in parts], [part.piece.held for part in parts]
    return fit(planes, fitting, predictor, held)


def _with_clipping(
    parts: Parts,
    planes: list[np.ndarray],
    held: Held | None,
    predictor: Predictor,
    clipping: Clipping,
    effort: int,
) -> Predictor:
    """By the picture's clipping, if that makes colour smaller.

    What it costs where neighbours mislead is seen only beside what the networks would have said.
    """
    model = replace(predictor.model, clipping=clipping)
    if len(parts.tiles) == 1:
        sample, weights = parts.tiles, [1.0]
    else:
        places, weights = map(list, zip(*windows(planes, held), strict=True))
        sample = [Part.of(planes, place, held) for place in places]

    def sizes(part: Part) -> list[float]:
        both = (part.at_work(predictor).remembering().by(one) for one in (predictor.model, model))
        return [sum(estimated_bytes_by_plane(part.planes, part.piece, one)) for one in both]

    now, then = np.transpose(predictor.workers.map(sizes, sample))
    least = CLIPPING_BYTES + _least_gain_bytes(effort, CLIPPING_NANOSECONDS, parts.tiles)
    pays = float(weights @ (now - then)) > least
    return predictor.by(model) if pays else predictor


def _with_counts(parts: Sequence[Part], predictor: Predictor, effort: int) -> Predictor:
    """With those planes counted that become smaller by it."""
    sample = sampled(parts)
    ratio = counting.SURE_RATIO if effort <= QUICK_EFFORT else counting.LEAST_RATIO
    if not any(counting.may_pay(part.planes, part.piece.held, ratio) for part in sample):
        return predictor

    def sizes(part: Part) -> np.ndarray:
        return counting.color_bytes(part.planes, part.piece, part.at_work(predictor))

    now, then = np.sum(predictor.workers.map(sizes, sample), axis=0)
    lanes = sum(part.piece.lanes(part.planes[0], counted=True) for part in sample)
    least = COUNTS_BYTES + compact.LANE_BYTES * lanes
    least += _least_gain_bytes(effort, COUNTS_NANOSECONDS, sample)
    gains = zip((CO, CG), now - then, strict=True)
    counted = tuple(number for number, gain in gains if gain > least)
    return predictor.by(replace(predictor.model, counts=counted))


def _least_gain_bytes(effort: int, nanoseconds: int, parts: Sequence[Part]) -> float:
    """What must be saved of some parts by what takes so much longer for each pixel."""
    if effort >= ALL_SETS_EFFORT:
        return 0.0
    bit = BIT_NANOSECONDS
    if effort <= QUICK_EFFORT:
        bit = BIT_NANOSECONDS_QUICK
    elif effort >= WIDE_EFFORT:
        bit = BIT_NANOSECONDS_WIDE
    pixels = sum(part.piece.pixel_count(part.planes[0]) for part in parts)
    return nanoseconds / bit * pixels / 8


def _encode_once(parts: Parts, adaptation: Adaptation, predictor: Predictor) -> list[Section]:
    """By an adaptation, or by what of it pays."""
    if not adaptation:
        return [*encode_parts(parts, predictor).sections()]
    adapted = predictor.by(replace(predictor.model, adaptation=adaptation))
    found = _on_tiles(_encode_verifying, parts, adapted)
    tiles_coded = [coded for coded, _ in found]
    streams = Streams(_encode_preview(parts, predictor), tiles_coded, predictor.model.form)
    gains = np.sum([saved for _, saved in found], axis=0)
    of_luminance, of_color = apart(adaptation)
    sizes = np.sum(
        [(len(tile.luminance), len(tile.color or b"")) for tile in streams.tiles], axis=0
    )
    if len(parts.tiles) > 1:
        gains += UNSURE * sizes
    if of_luminance and gains[0] < len(pack(of_luminance)):
        streams = streams.with_luminance(_on_tiles(encode_luminance, parts, predictor))
        of_luminance = {}
    if of_color and gains[1] < len(pack(of_color)):
        streams = streams.with_color(_on_tiles(encode_color, parts, predictor))
        of_color = {}
    return [*pack_adaptation({**of_luminance, **of_color}), *streams.sections()]


def _encode_in_one(
    planes: list[np.ndarray], adaptation: Adaptation, predictor: Predictor
) -> list[Section]:
    """As `_encode_once`, in one stream."""
    kept: dict[str, Correction] = {}
    if adaptation:
        adapted = predictor.by(replace(predictor.model, adaptation=adaptation))
        gains = small.estimated_bytes(planes, predictor) - small.estimated_bytes(planes, adapted)
        for part, gain in zip(apart(adaptation), gains, strict=True):
            if part and gain > len(pack(part)):
                kept.update(part)
    chosen = predictor.by(replace(predictor.model, adaptation=kept))
    return [*pack_adaptation(kept), IN_ONE.section(small.encode(planes, chosen))]


def _encode_verifying(
    planes: list[np.ndarray], piece: Piece, predictor: Predictor
) -> tuple[Coded, np.ndarray]:
    """The streams, and (2,) about the bytes that the adaptation saves of each."""
    verifying = Verifying(planes, piece, predictor)
    return encode(planes, piece, verifying), verifying.saved_bytes()


def encode_parts(parts: Parts, predictor: Predictor) -> Streams:
    """The streams of preview and tiles."""
    form = predictor.model.form
    return Streams(_encode_preview(parts, predictor), _on_tiles(encode, parts, predictor), form)


def encode_planes(
    planes: list[np.ndarray], predictor: Predictor, held: Held | None = None
) -> Streams:
    """Y, or Y, Co, Cg (1, H, W) int16 each, as preview and tiles."""
    return encode_parts(Parts.of(planes, held), predictor)


def _encode_preview(parts: Parts, predictor: Predictor) -> Coded:
    return encode(parts.preview.planes, parts.preview.piece, predictor.forgetting())


def _on_tiles(
    work: Callable[[list[np.ndarray], Piece, Predictor], Result],
    parts: Parts,
    predictor: Predictor,
) -> list[Result]:
    """`work` on all tiles: all workers share each one's if it is the only one, else the tiles."""
    if len(parts.tiles) == 1:
        (only,) = parts.tiles
        return [work(only.planes, only.piece, predictor)]
    return predictor.workers.map(
        lambda part: work(part.planes, part.piece, part.predictor(predictor)), parts.tiles
    )


def pack_adaptation(adaptation: Adaptation) -> list[Section]:
    """Its section, or none."""
    return [ADAPTATION.section(pack(adaptation))] if adaptation else []
