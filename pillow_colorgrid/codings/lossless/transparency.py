"""Alpha that comes before colour, and the colour of what it hides.

Alpha is an inner picture (AINN); or streams as of luminance (AADP, APRE, ATIL); or both: then the
inner picture tells which pixels are transparent and which opaque, the streams hold the soft ones.

In modes CMYK and RGBX the last channel is coded as alpha is, but hides nothing.

Colour is told given all of alpha: where one hidden colour (LHID) is that of all hidden pixels, or
of most, no stream of colour holds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pillow_colorgrid.codings import alpha, inner
from pillow_colorgrid.codings.base import has, only
from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.adaptation import unpack
from pillow_colorgrid.codings.lossless.decoding import decode_preview, decode_tiles
from pillow_colorgrid.codings.lossless.description import (
    ALPHA_ADAPTATION,
    ALPHA_INNER,
    ALPHA_PREVIEW,
    ALPHA_TILE,
    HIDDEN,
    LAST_ALPHA,
    WITH_LAST,
)
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.pieces import PREVIEW_INTERVAL, Coded, enlarge
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.sections import Streams
from pillow_colorgrid.codings.tiles import Tile, hull, tiles
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.workers import of_this_picture

TRANSPARENT, SOFT, OPAQUE = 0, 1, 255
"""Values of an inner picture that tells kinds."""

COLOR, OTHERS, PICTURE = range(3)
"""Hidden pixels have one colour; but for others, which streams hold; or those of a picture."""

NO, YES = 0, 255
"""Values of the inner picture of hidden pixels that streams hold all the same."""


@dataclass(frozen=True)
class Hidden:
    """The colours of hidden pixels, where streams of colour do not hold all of them.

    Attributes:
        color: (C,) uint8, of hidden pixels; None: `picture` has them.
        others: (H, W) bool: hidden pixels that have another one, and are held; None: none are.
        picture: (H, W, C) uint8: hidden pixels have the colours that it has there.
    """

    color: np.ndarray | None
    others: np.ndarray | None = None
    picture: Bytes | None = None

    def held(self, plane: Bytes, box: Tile, interval: int = 1) -> Held:
        """What streams of colour hold of a part of the picture, on a grid.

        Args:
            plane: the part's alpha, (h, w).
        """
        found: np.ndarray = plane != TRANSPARENT
        if self.others is not None:
            found = found | levels.level(self.others[box.place], interval)
        return Held(found[None])

    def shown(self, box: Tile, interval: int) -> np.ndarray:
        """The colours of hidden pixels in a part of the picture, on a grid: (h, w, C), or (C,)."""
        if self.picture is not None:
            return self.picture[box.place][::interval, ::interval]
        assert self.color is not None
        return self.color

    def pack(self) -> bytes:
        """One byte, what it is of; then that."""
        if self.picture is not None:
            return bytes([PICTURE]) + alpha.smallest(self.picture)
        assert self.color is not None
        if self.others is None:
            return bytes([COLOR]) + self.color.tobytes()
        others = self.others.astype(np.uint8) * YES
        return bytes([OTHERS]) + self.color.tobytes() + alpha.smallest(others[..., None])

    @classmethod
    def unpack(cls, data: bytes, size: tuple[int, int], channels: int) -> "Hidden":
        """The inverse, for a picture of `size` (width, height). Raises DamagedError."""
        kind, rest = data[:1], data[1:]
        if kind == bytes([PICTURE]):
            return cls(None, picture=inner.decode_pixels(rest, size[::-1], channels))
        color = np.frombuffer(rest[:channels], np.uint8)
        if kind == bytes([COLOR]) and len(rest) == channels:
            return cls(color)
        if kind != bytes([OTHERS]) or len(rest) <= channels:
            raise DamagedError(
                f"hidden colour of {len(data)} bytes and kind {kind.hex()}, "
                f"allowed: {COLOR:02x} and {channels} bytes, {OTHERS:02x} or {PICTURE:02x} and more"
            )
        others = inner.decode_pixels(rest[channels:], size[::-1], 1)[..., 0]
        if np.any((others != NO) & (others != YES)):
            raise DamagedError(f"hidden pixels of another colour, allowed values {NO} and {YES}")
        return cls(color, others == YES)


@dataclass(frozen=True)
class Shown:
    """The alpha of a picture, or of a part of it, and what it hides.

    Attributes:
        preview: every 8th pixel of every 8th row of the whole picture, (h, w) uint8.
        plane: the alpha of `box`, (h, w) uint8; where it was asked at an interval, only pixels on
            its grid are right.
        window: part of the picture; the tiles that were decoded.
    """

    hidden: Hidden | None
    preview: Bytes
    plane: Bytes
    window: Tile

    def joined(self, pixels: Bytes, box: Tile, interval: int = 1) -> Bytes:
        """Colour (h, w, C) of a part of the window with hidden colours, and alpha behind it."""
        within = box.within(self.window).place
        plane = levels.level(self.plane[within], interval)
        if self.hidden is not None:
            held = self.hidden.held(self.plane, self.window).pixels[0][within]
            here = levels.level(held, interval)[..., None]
            pixels = np.where(here, pixels, self.hidden.shown(box, interval))
        return np.concatenate([pixels, plane[..., None]], axis=2)


def held_of_preview(shown: Shown | None) -> Held | None:
    """What streams of colour hold of the preview; None: all of it."""
    if shown is None or shown.hidden is None:
        return None
    height, width = (side * PREVIEW_INTERVAL for side in shown.preview.shape)
    return shown.hidden.held(shown.preview, Tile(0, 0, height, width), PREVIEW_INTERVAL)


def held_of_window(shown: Shown | None) -> Held | None:
    """The same of the tiles that were decoded; at an interval, of its grid."""
    if shown is None or shown.hidden is None:
        return None
    return shown.hidden.held(shown.plane, shown.window)


def is_first(sections: Sequence[Section]) -> bool:
    """Whether a file's alpha comes before its colour."""
    return has(sections, ALPHA_INNER) or has(sections, ALPHA_PREVIEW)


def check(sections: Sequence[Section], mode: str, partial: bool) -> None:
    """Refuse alpha that is told twice, in part or not at all.

    Raises:
        DamagedError: naming what there is.
        TruncatedError: there is none, and it may have stood at the end.
    """
    types = {section.type for section in sections}
    for kind in (ALPHA_ADAPTATION, ALPHA_TILE):
        if kind.type in types and ALPHA_PREVIEW.type not in types:
            raise DamagedError(f"section {kind.type.decode()} without APRE")
    first, last = is_first(sections), LAST_ALPHA.type in types
    if first and last:
        raise DamagedError("alpha before colour and behind it, allowed is one of them")
    if HIDDEN.type in types and not first:
        raise DamagedError("section LHID, allowed only where alpha comes before colour")
    if mode in WITH_LAST and not (first or last or partial):
        raise TruncatedError("image file is truncated: no alpha, ALPH belongs at its end")


def decode(
    sections: Sequence[Section],
    size: tuple[int, int],
    channels: int,
    model: Model,
    wanted: Sequence[int] | None = None,
    interval: int = 1,
    partial: bool = False,
) -> Shown | None:
    """The alpha of a file where it comes before colour; None: it does not.

    Args:
        size: (width, height) of the picture; `channels`: of its colour.
        model: of the picture's luminance, without adaptation.
        wanted: the numbers of the tiles to decode; None: all.
        interval: every so many pixels of every such row are enough.
        partial: of a file that was cut; where alpha is missing it is that of the preview.

    Raises:
        CgxError: a section is damaged or missing.
    """
    if not is_first(sections):
        return None
    width, height = size
    layout = tiles(height, width)
    numbers = range(len(layout)) if wanted is None else wanted
    window = hull([layout[number] for number in numbers])
    hidden = (
        Hidden.unpack(only(sections, HIDDEN), size, channels) if has(sections, HIDDEN) else None
    )
    whole = None
    if has(sections, ALPHA_INNER):
        whole = alpha.decode(only(sections, ALPHA_INNER), height, width)
    if not has(sections, ALPHA_PREVIEW):
        assert whole is not None
        return Shown(hidden, levels.level(whole, PREVIEW_INTERVAL), whole[window.place], window)
    coded = [Coded(s.payload) for s in _chosen(sections, numbers, len(layout), partial)]
    streams = Streams(Coded(only(sections, ALPHA_PREVIEW)), coded)
    if has(sections, ALPHA_ADAPTATION):
        adaptation = unpack(only(sections, ALPHA_ADAPTATION), model.features)
        model = replace(model, adaptation=adaptation)
    soft = None if whole is None else Held((whole == SOFT)[None], given=True)
    start = np.zeros(size[::-1], np.int16) if whole is None else whole.astype(np.int16)
    preview = [levels.level(start, PREVIEW_INTERVAL)[None].copy()]
    planes = [start[window.place][None]]
    with of_this_picture() as workers:
        predictor = Predictor(model, workers)
        decode_preview(streams, preview, predictor, soft and soft.level(PREVIEW_INTERVAL))
        known = preview[0][:, *window.place_at(PREVIEW_INTERVAL)]
        levels.level(planes[0], PREVIEW_INTERVAL)[...] = known
        part = soft and soft.part(window)
        if partial:
            _guess(planes[0], part)
        if interval < PREVIEW_INTERVAL:
            places = [layout[number].within(window) for number in numbers]
            decode_tiles(streams, planes, places, predictor, interval, part)
    return Shown(hidden, preview[0][0].astype(np.uint8), planes[0][0].astype(np.uint8), window)


def _chosen(
    sections: Sequence[Section], numbers: Sequence[int], count: int, partial: bool
) -> list[Section]:
    """The sections of these tiles of `count`; of a cut file those that are there."""
    found = [section for section in sections if section.type == ALPHA_TILE.type]
    if len(found) != count and not (partial and len(found) < count):
        raise DamagedError(f"{len(found)} tiles of alpha, the picture has {count}")
    return [found[number] for number in numbers if number < len(found)]


def _guess(plane: np.ndarray, soft: Held | None) -> None:
    """Fill (1, h, w) with its preview, enlarged, where streams tell it."""
    guessed = [plane.copy()]
    enlarge(guessed, PREVIEW_INTERVAL)
    np.copyto(plane, guessed[0], where=True if soft is None else soft.pixels)
