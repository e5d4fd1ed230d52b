"""Which section of a file holds which stream of the lossless coding.

Colour pictures::

    LLAN  how streams tell their lanes; files of the first releases do not have it
    CPRE  colour of the preview
    LPRE  luminance of the preview
    LTIL  luminance of a tile, then
    CTIL  its colour; both for each tile, row by row

CPRE comes first: who meets LPRE without it knows at once that there are no streams of colour. That
is so in mode L, and in files of the first release, whose LPRE and LTIL hold all planes.

Luminance knows nothing of colour, so LPRE and LTIL are what they would be in a file of mode L.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle

from pillow_colorgrid.codings.lossless.description import (
    ALPHA_ADAPTATION,
    ALPHA_PREVIEW,
    ALPHA_TILE,
    CHANNELS,
    CLIPPING,
    COLOR_PREVIEW,
    COLOR_TILE,
    COUNTS,
    HIDDEN,
    LANES,
    ORIGIN,
    PREVIEW,
    ROUNDING,
    TILE,
)
from pillow_colorgrid.codings.lossless.pieces import Coded
from pillow_colorgrid.container import Section
from pillow_colorgrid.entropy import compact
from pillow_colorgrid.errors import DamagedError

STREAMS = tuple(kind.type for kind in (COLOR_PREVIEW, PREVIEW, TILE, COLOR_TILE))
"""Types of the sections that hold pixels of luminance and colour."""

NOT_BESIDE_ONE = tuple(
    kind.type
    for kind in (HIDDEN, ALPHA_ADAPTATION, ALPHA_PREVIEW, ALPHA_TILE, ROUNDING, COUNTS, LANES)
)
"""Types of others that a picture in one stream does not have: hidden pixels, tiles."""


@dataclass(frozen=True)
class Streams:
    """The streams of a picture; `tiles` row by row, and fewer in a file that was cut.

    Attributes:
        form: how they tell their lanes; None: no section says it.
    """

    preview: Coded
    tiles: list[Coded]
    form: compact.Form | None = None

    def sections(self) -> Iterator[Section]:
        if self.form is not None:
            yield LANES.section(bytes([self.form.tail_shift]))
        if self.preview.color is not None:
            yield COLOR_PREVIEW.section(self.preview.color)
        yield PREVIEW.section(self.preview.luminance)
        for tile in self.tiles:
            yield TILE.section(tile.luminance)
            if tile.color is not None:
                yield COLOR_TILE.section(tile.color)

    def with_luminance(self, tiles: Sequence[bytes]) -> "Streams":
        """The same with other luminance in its tiles."""
        pairs = zip(tiles, self.tiles, strict=True)
        return replace(self, tiles=[Coded(luminance, old.color) for luminance, old in pairs])

    def with_color(self, tiles: Sequence[bytes]) -> "Streams":
        """The same with other colour in its tiles."""
        pairs = zip(tiles, self.tiles, strict=True)
        return replace(self, tiles=[Coded(old.luminance, color) for color, old in pairs])


def read_streams(sections: Sequence[Section], color: bool, partial: bool = False) -> Streams:
    """The streams of a file.

    Args:
        color: whether the picture has colour.
        partial: the file was cut; a tile without its colour counts as missing.

    Raises:
        DamagedError: no preview, sections that do not follow one another as they must, or that
            this picture cannot have.
    """
    types = {section.type for section in sections}
    _check_color(types, color)
    found = [section for section in sections if section.type in STREAMS]
    apart = color and bool(found) and found[0].type == COLOR_PREVIEW.type
    if COUNTS.type in types and found and not apart:
        raise DamagedError("section LCNT without CPRE, allowed where colour has its own streams")
    head, group = ([COLOR_PREVIEW], [TILE, COLOR_TILE]) if apart else ([], [TILE])
    head.append(PREVIEW)
    for section, expected in zip(found, chain(head, cycle(group)), strict=False):
        if section.type != expected.type:
            raise DamagedError(
                f"section {section.type.decode()} where {expected.type.decode()} belongs"
            )
    if len(found) < len(head):
        raise DamagedError(f"{len(found)} sections of the preview, allowed {len(head)}: no LPRE")
    payloads = [section.payload for section in found]
    if not apart:
        return Streams(Coded(payloads[0]), [Coded(payload) for payload in payloads[1:]])
    if len(payloads) % 2 and not partial:
        raise DamagedError("section LTIL without CTIL behind it, allowed: pairs of them")
    pairs = zip(payloads[2::2], payloads[3::2], strict=False)
    return Streams(Coded(payloads[1], payloads[0]), [Coded(*pair) for pair in pairs])


def check_alone(sections: Sequence[Section], color: bool) -> None:
    """Refuse what does not go with LONE: other streams, and what only colour pictures have.

    Raises:
        DamagedError: naming them.
    """
    types = {section.type for section in sections}
    _check_color(types, color)
    others = types.intersection((*STREAMS, *NOT_BESIDE_ONE))
    if others:
        names = " and ".join(sorted(name.decode() for name in others))
        raise DamagedError(f"section {names} beside LONE, allowed: either")


def _check_color(types: set[bytes], color: bool) -> None:
    """Refuse what only colour pictures have, and what excludes one another."""
    special = types & {ORIGIN.type, CHANNELS.type, CLIPPING.type}
    of_color = types & {*special, COUNTS.type}
    if of_color and not color:
        names = " and ".join(sorted(name.decode() for name in of_color))
        raise DamagedError(f"section {names} in a grey picture, allowed where there is colour")
    if len(special) > 1:
        names = " and ".join(sorted(name.decode() for name in special))
        raise DamagedError(f"sections {names}, allowed is one of them: clipping is of Co, Cg")
