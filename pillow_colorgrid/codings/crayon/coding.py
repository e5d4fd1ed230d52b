"""The grid coding: luminance everywhere, colour at the points of a grid; Crayon paints the rest.

Sections of a file::

    NETS  the tables of the lossless coding; then Crayon (not in mode L)
    GFIN  finer hints, where they pay (not beside points, nor in mode L)
    GRID  the grid's interval, what a hint tells; hints and slopes (none in mode L)
    LADP, LLAN, LPRE, LTIL  exact luminance, as in a lossless file of mode L; or
    LUMA  lossy luminance, a file of another codec
    ALPH  the alpha plane (mode RGBA only)

This is the one coding that loses: colour always, luminance where quality is below 100.

Source: Tassin, Goebel & Lasher, "Crayon", arXiv 2502.05402, for the idea.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings import alpha
from pillow_colorgrid.codings.base import NETWORKS, Encoded, Picture, has, only
from pillow_colorgrid.codings.crayon import (
    finer as finer_hints,
    hint_stream,
    luminance as grid_luminance,
    network as grid_crayon,
    paint,
)
from pillow_colorgrid.codings.crayon.description import (
    FINER,
    GRID,
    KINDS,
    LUMINANCE,
    Options,
)
from pillow_colorgrid.codings.crayon.hints import (
    INTERVALS,
    SLOPE_FACTORS,
    SLOPE_LIMIT,
    STEPS,
    ColorGrid,
    Plane,
    grid_size,
)
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import ADAPTATION, LANES, PREVIEW, TILE
from pillow_colorgrid.codings.lossless.model import TABLES, model
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy.rans import StreamError
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.pixels import LAYOUTS, Bytes
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.networks import Network

EXACT_LUMINANCE = tuple(kind.type for kind in (ADAPTATION, LANES, PREVIEW, TILE))
"""Sections of the lossless coding, as in a file of mode L."""

HEAD = struct.Struct("<BBBBB")
"""Begins GRID: interval n, the kind as a position in KINDS, the hints' step, the factor of the
slopes, the gain."""

HEAD_LIMITS = {
    "interval": INTERVALS,
    "kind": (0, len(KINDS) - 1),
    "step": STEPS,
    "slopes": (min(SLOPE_FACTORS), max(SLOPE_FACTORS)),
    "gain": (0, grid_crayon.GAIN_STEPS),
}
"""The least and the largest value of each byte of HEAD."""

LENGTH = struct.Struct("<I")
"""Of the hints in bytes; there only if slopes follow them."""

WHITE = 255
"""The largest luminance."""

CRAYON_ID = 189
"""The network that new files use; those before format 1.1 used 64."""

CRAYON = "crayon"
"""The name of networks that can paint."""


@dataclass(frozen=True)
class Told:
    """What NETS, GFIN and GRID say.

    Attributes:
        tables: by which hints and exact luminance are coded.
        crayon: the network that paints; None in mode L.
        colour: None in mode L.
    """

    tables: Network
    crayon: Network | None
    colour: ColorGrid | None


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, C) uint8 -> sections, and the checksum of the pixels that they decode to.

    C is 1 (L), 3 (RGB) or 4 (RGBA). The checksum is `container.UNSTATED` where the luminance is
    lossy: other versions of its codec may decode it to other pixels.
    """
    from pillow_colorgrid.codings.crayon.encoder import encoding

    return encoding.encode(picture, options)


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Bytes:
    """Sections -> (H, W, C) uint8.

    Args:
        partial: of a file that was cut, paint the preview, enlarged, where luminance is missing.

    Raises:
        CgxError: a section is damaged or missing, a network unknown, or this Pillow cannot read
            the codec of the luminance.
    """
    luminance, told = kept(header, sections, partial)
    if told.crayon is None or told.colour is None:
        return luminance[..., None].astype(np.uint8)
    pixels = paint.paint(Kept(luminance, told.colour), told.crayon)
    return alpha.joined(pixels, header.mode, sections, header.size, partial)


def kept(header: Header, sections: Sequence[Section], partial: bool = False) -> tuple[Plane, Told]:
    """What a file keeps: luminance (H, W), and what else it says. Raises as `decode`."""
    if partial and not has(sections, GRID):
        raise TruncatedError("image file is truncated (no colour grid)")
    told = read_grid(sections, header.size, LAYOUTS[header.mode].channels > 1)
    return _decode_luminance(told.tables, sections, header.size, partial), told


def read_grid(sections: Sequence[Section], size: tuple[int, int], color: bool) -> Told:
    """What NETS, GFIN and GRID say of a picture of `size` (width, height).

    Raises:
        DamagedError: an impossible value, or a network for something else.
        NetworkError: an unknown network.
    """
    roles = (TABLES, CRAYON) if color else (TABLES,)
    named = networks.read_roles(only(sections, NETWORKS), roles)
    payload = only(sections, GRID)
    if len(payload) < HEAD.size:
        raise DamagedError(f"colour grid of {len(payload)} bytes, allowed from {HEAD.size}")
    if color:
        finer = only(sections, FINER) if has(sections, FINER) else None
        return Told(named[0], named[1], _read_color(payload, finer, size, named[0]))
    _checked_head(payload)
    if len(payload) > HEAD.size:
        hints_bytes = len(payload) - HEAD.size
        raise DamagedError(f"{hints_bytes} bytes of hints in a picture without colour")
    return Told(named[0], None, None)


def _checked_head(payload: bytes) -> tuple[int, int, int, int, int]:
    """Interval, kind, step, factor of the slopes and gain. Raises DamagedError."""
    found: tuple[int, int, int, int, int] = HEAD.unpack_from(payload)
    for (name, (low, high)), value in zip(HEAD_LIMITS.items(), found, strict=True):
        if not low <= value <= high:
            raise DamagedError(f"colour grid of {name} {value}, allowed {low} to {high}")
    return found


def _read_color(
    payload: bytes, finer: bytes | None, size: tuple[int, int], tables: Network
) -> ColorGrid:
    """The colour grid in a GRID section, and in the GFIN section, if there is one.

    Raises:
        DamagedError: impossible values, or a stream that is damaged.
    """
    interval, kind, step, factor, gain = _checked_head(payload)
    data, hints_model = payload[HEAD.size :], model(tables.id)
    hints_end = len(data)
    if factor:
        hints_end = LENGTH.size + (LENGTH.unpack_from(data)[0] if len(data) >= LENGTH.size else 0)
        if not LENGTH.size < hints_end <= len(data):
            raise DamagedError(f"hints end at byte {hints_end} of {len(data)}")
    height, width = size[1], size[0]
    slopes = between = None
    try:
        head = finer_hints.read_head(finer, interval) if finer is not None else None
        rows, columns = grid_size(height, width, interval << (head.wider if head else 0))
        hints = hint_stream.decode(
            data[LENGTH.size if factor else 0 : hints_end], rows, columns, hints_model
        )
        if finer is not None and head is not None:
            between = finer_hints.decode(finer, head, height, width, interval, hints)
        if factor:
            shape = grid_size(height, width, factor * interval)
            slopes = hint_stream.decode(data[hints_end:], *shape, hints_model)
    except StreamError as error:
        raise DamagedError(f"colour grid: {error}") from error
    colour = ColorGrid(interval, KINDS[kind], step, hints, factor, slopes, gain, between)
    if colour.sent_slopes is not None:
        steepest = max(int(np.abs(plane).max()) for plane in colour.sent_slopes)
        if steepest > SLOPE_LIMIT:
            raise DamagedError(f"a slope of {steepest} sixteenths, allowed up to {SLOPE_LIMIT}")
    return colour


def _decode_luminance(
    tables: Network, sections: Sequence[Section], size: tuple[int, int], partial: bool
) -> Plane:
    """(H, W): exact or lossy, whichever the file holds."""
    if has(sections, LUMINANCE):
        return decode_lossy_luminance(sections, size)
    if partial and not any(section.type in EXACT_LUMINANCE for section in sections):
        raise TruncatedError("image file is truncated (no luminance)")
    grey = exact_luminance(tables, sections)
    if partial:
        (plane,) = lossless.decode_what_is_there(grey, size, lossless.GREY)
    else:
        plane = lossless.decode_luminance(grey, size)
    luminance: Plane = plane[0]
    if luminance.min() < 0 or luminance.max() > WHITE:
        # elsewhere the checksum of the pixels tells; here it may be unstated
        raise DamagedError(
            f"luminance from {luminance.min()} to {luminance.max()}, allowed 0 to {WHITE}"
        )
    return luminance


def decode_lossy_luminance(sections: Sequence[Section], size: tuple[int, int]) -> Plane:
    """(H, W), of LUMA. Raises CgxError as `decode`."""
    exact = [s for s in sections if s.type in EXACT_LUMINANCE]
    if exact:
        raise DamagedError(f"LUMA and {exact[0].type.decode()} in one file, allowed: either")
    return grid_luminance.decode(only(sections, LUMINANCE), size[1], size[0])


def exact_luminance(tables: Network, sections: Sequence[Section]) -> list[Section]:
    """The sections that a lossless file of mode L would have."""
    exact = [s for s in sections if s.type in EXACT_LUMINANCE]
    return [networks.pack_references([tables.id]), *exact]
