"""What `cgx info` tells of a JPEG file that was saved: how it was made."""

from collections.abc import Collection, Sequence

import numpy as np

from pillow_colorgrid.codings.base import only
from pillow_colorgrid.codings.jpeg.description import HEAD, WHOLE_FILE
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.container import Section
from pillow_colorgrid.dropping import kind_of, kinds_in
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.jpeg import geometry
from pillow_colorgrid.jpeg.geometry import Geometry
from pillow_colorgrid.jpeg.recipe import (
    OPTIMAL,
    TOLD,
    Codes,
    Finish,
    FrameNames,
    Recipe,
    ScanScript,
)
from pillow_colorgrid.jpeg.segments import PROGRESSIVE, Raw, Restart
from pillow_colorgrid.metadata import KINDS, OTHERS

SUBSAMPLING = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}
"""Names of the factors of the first component where those of the others are 1 x 1."""

METADATA = "metadata in it"
"""Of the JPEG file: what was left out when it was saved, is not among it."""


def of(sections: Sequence[Section]) -> dict[str, object]:
    """Facts by their names; of a file that is kept as it is, its metadata alone.

    Raises:
        DamagedError: the file is damaged.
    """
    head = Head.unpack(only(sections, HEAD))
    if head.as_it_is:
        return {METADATA: _names(kinds_in(only(sections, WHOLE_FILE)))}
    try:
        parts = geometry.unpack_geometry(head.geometry)
        told: dict[str, object] = {
            "subsampling": subsampling(parts),
            "quality": quality(parts.components[0].table),
        }
        return told | of_file(Recipe.unpack(head.recipe)) if head.restorable else told
    except ValueError as error:
        raise DamagedError(f"the JPEG headers are damaged: {error}") from error


def subsampling(parts: Geometry) -> str:
    """Its usual name, or the factors of all components; "none" of a single one."""
    factors = [(part.horizontal, part.vertical) for part in parts.components]
    if len(factors) == 1:
        return "none"
    if factors[0] in SUBSAMPLING and set(factors[1:]) == {(1, 1)}:
        return SUBSAMPLING[factors[0]]
    return ", ".join(f"{h}x{v}" for h, v in factors)


def quality(table: np.ndarray) -> str:
    """Libjpeg's quality of a luminance table; "about" that of the most similar one."""
    steps = table.astype(np.float64)
    apart = []
    for number in range(1, 101):
        other = geometry.quality_table(geometry.LUMINANCE, number).astype(np.float64)
        apart.append(float(np.abs(np.log(other / steps)).mean()))
    best = min(range(100), key=apart.__getitem__)
    return f"{'about ' if apart[best] else ''}{best + 1}"


def of_file(recipe: Recipe) -> dict[str, object]:
    """How the file's bits are laid out."""
    told: dict[str, object] = {}
    codes = [code for part in recipe.parts if isinstance(part, Codes) for code in part.tables]
    scans = sum(isinstance(part, ScanScript) for part in recipe.parts)
    for part in recipe.parts:
        match part:
            case FrameNames(marker):
                order = "progressive" if marker == PROGRESSIVE else "sequential"
                told["scans"] = f"{scans} {order}"
            case Restart(interval) if interval:
                told["restart interval"] = interval
            case Finish(_, trailing) if trailing:
                told["bytes behind the picture"] = len(trailing)
    held = {kind_of(part.marker, part.payload) for part in recipe.parts if isinstance(part, Raw)}
    told[METADATA] = _names(held)
    kinds = {code.kind for code in codes}
    if kinds:
        told["Huffman tables"] = (
            "own" if TOLD in kinds else "optimal" if OPTIMAL in kinds else "standard"
        )
    return told


def _names(kinds: Collection[str | None]) -> str:
    """The names of kinds of metadata, for people."""
    names = {**{key: kind.name for key, kind in KINDS.items()}, OTHERS: "other metadata"}
    return ", ".join(name for kind, name in names.items() if kind in kinds) or "none"
