"""The encoder of the grid coding: fit the colour, try Crayon, write the sections."""

import numpy as np

from pillow_colorgrid import container
from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.base import NETWORKS, Encoded, Picture, only
from pillow_colorgrid.codings.crayon import (
    finer,
    hint_stream,
    luminance as grid_luminance,
    network as grid_crayon,
    paint,
)
from pillow_colorgrid.codings.crayon.coding import CRAYON_ID, HEAD, LENGTH
from pillow_colorgrid.codings.crayon.description import (
    EXACT_QUALITY,
    FINER,
    GRID,
    KINDS,
    LUMINANCE,
    Options,
)
from pillow_colorgrid.codings.crayon.encoder import budget
from pillow_colorgrid.codings.crayon.hints import STRIP_ROWS, ColorGrid, Plane, step_of
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.model import MODELS_BY_EFFORT, TABLES, model
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.container import Section
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime import networks

MADE_UP = np.float32(2 / 3)
"""So much more Cg, for each step that the decoder's luminance is too bright, is nearest to the
picture: of an error e of luminance and c of Cg, red, green and blue have 3 e^2 - e c + 3/4 c^2."""

LEAST_GAIN = 0.005
"""The part of the square error (0.02 dB) that Crayon must take away; for less, no decoder need run
it."""


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, C) uint8 -> sections, and the checksum of the pixels that they decode to.

    C is 1 (L), 3 (RGB) or 4 (RGBA). The checksum is `container.UNSTATED` where the luminance is
    lossy: other versions of its codec may decode it to other pixels.
    """
    pixels = picture.pixels
    luminance, *wanted = _split(pixels)
    tables, coded = encode_luminance(luminance, options)
    lossy = next((section.payload for section in coded if section.type == LUMINANCE.type), None)
    colour, shown = None, pixels
    if wanted:
        if lossy is not None:
            exact, luminance = luminance, grid_luminance.decode(lossy, *luminance.shape)
            if options.hints == "mean":
                wanted[1] = wanted[1] + MADE_UP * (luminance - exact)
        fitted = budget.fit(wanted, luminance, options.n, options.hints, options.quality)
        colour, painted = _with_gain(Kept(luminance, fitted), pixels[..., :3])
        shown = np.concatenate([painted, pixels[..., 3:]], axis=2)
    grid = encode_grid(options.n, options.hints, colour, tables)
    sections = [*grid, *coded, *alpha.sections_of(pixels)]
    if lossy is not None:
        return Encoded(sections, container.UNSTATED, minor=grid_luminance.minor_version(lossy))
    return Encoded(sections, container.pixel_checksum(shown.tobytes()))


def _with_gain(kept: Kept, pixels: Bytes) -> tuple[ColorGrid, Bytes]:
    """The grid with the gain that comes closest to `pixels` (H, W, 3), and what it shows.

    The error is about quadratic in the gain, so what no network and the whole network paint tells
    where it is least.
    """
    network, whole = networks.index()[CRAYON_ID], grid_crayon.GAIN_STEPS
    moves: paint.Moves = {}

    def shown(gain: int) -> Bytes:
        followed = Kept(kept.luminance, kept.colour.followed(gain))
        return paint.paint(followed, network, moves)

    best = best_gain(shown(0), shown(whole), pixels)
    return kept.colour.followed(best), shown(best)


def best_gain(plain: Bytes, painted: Bytes, pixels: Bytes) -> int:
    """How far to go from `plain` to `painted`, in eighths, to be nearest to `pixels`.

    0 where all of it would be worth less than LEAST_GAIN. All (H, W, 3). The sums are of integers
    below 2**53: exact in any order, on any machine.
    """
    energy = agreement = error = 0.0
    for first in range(0, len(pixels), STRIP_ROWS):
        rows = np.s_[first : first + STRIP_ROWS]
        before = plain[rows].astype(np.float64)
        change, wanted = painted[rows] - before, pixels[rows] - before
        energy += float(np.vdot(change, change))
        agreement += float(np.vdot(change, wanted))
        error += float(np.vdot(wanted, wanted))
    if agreement <= 0 or agreement * agreement < LEAST_GAIN * error * energy:
        return 0
    return round(grid_crayon.GAIN_STEPS * min(1.0, agreement / energy))


def _split(pixels: Bytes) -> list[Plane]:
    """Y, or Y, Co, Cg: (H, W) int16 each."""
    if pixels.shape[2] == 1:
        return [pixels[..., 0].astype(np.int16)]
    return ycocg.forward(pixels[..., :3])


def encode_luminance(luminance: Plane, options: Options) -> tuple[int, list[Section]]:
    """(H, W) -> the id of the tables, and LADP (perhaps), LPRE and LTIL; or LUMA."""
    if options.quality < EXACT_QUALITY:
        coded = grid_luminance.encode(luminance, options.quality, options.effort)
        return MODELS_BY_EFFORT[options.effort], [LUMINANCE.section(coded)]
    sections = lossless.encode_luminance(luminance[None], options.effort)
    (named,) = networks.read_roles(only(sections, NETWORKS), (TABLES,))
    return named.id, [section for section in sections if section.type != NETWORKS.type]


def encode_grid(interval: int, kind: str, colour: ColorGrid | None, tables: int) -> list[Section]:
    """NETS, GFIN if there are finer hints, and GRID.

    Args:
        colour: None in mode L.
        tables: id of the lossless coding's tables.
    """
    if colour is None:
        head = HEAD.pack(interval, KINDS.index(kind), step_of(interval), 0, 0)
        return [networks.pack_references([tables]), GRID.section(head)]
    coded = hint_stream.encode(*colour.hints, model(tables))
    if colour.slopes is not None:
        slopes = hint_stream.encode(*colour.slopes, model(tables))
        coded = LENGTH.pack(len(coded)) + coded + slopes
    head = HEAD.pack(
        colour.interval, KINDS.index(kind), colour.step, colour.slope_factor, colour.gain
    )
    between = []
    if colour.finer:
        between = [FINER.section(finer.encode(colour.finer, colour.hints))]
    names = networks.pack_references([tables, CRAYON_ID])
    return [names, *between, GRID.section(head + coded)]
