"""What the jpeg coding is: its number, its sections, what it tells."""

from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from pillow_colorgrid.codings.base import NETWORKS, Coding, Inside, Kind, Work, each, one
from pillow_colorgrid.codings.jpeg.head import RESTORABLE
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError

if TYPE_CHECKING:
    from pillow_colorgrid.pixels import Pixels

HEAD = Kind(b"JPEG", "JPEG headers")
NETWORK_NAMES = Kind(NETWORKS.type, NETWORKS.name, optional=True)
STRIP = Kind(b"JSTR", "coefficients")
EXCEPTIONS = Kind(b"JEXC", "exceptions", optional=True)
WHOLE_FILE = Kind(b"JFIL", "JPEG file as it is", optional=True)

PILLOW_FORMATS = ("JPEG", "MPO")
"""Pillow's names of the files that this coding gives back."""

RESTORES = "jpeg restorable"
"""Key in ``Image.info["cgx"]``: the JPEG file comes back byte for byte."""


def _facts(starts: Mapping[bytes, bytes]) -> dict[str, Any]:
    flags = starts.get(HEAD.type, b"\0")[:1]
    return {"origin": "JPEG", RESTORES: bool(flags and flags[0] & RESTORABLE)}


def _info(header: Header, fp: IO[bytes]) -> dict[str, Any]:
    from pillow_colorgrid.codings.jpeg import opening

    return opening.info(header, fp)


def _details(sections: Sequence[Section]) -> dict[str, Any]:
    from pillow_colorgrid.codings.jpeg import details

    return details.of(sections)


def _work() -> Work:
    from pillow_colorgrid.codings.jpeg import coding

    return coding


def _region(header: Header, sections: Sequence[Section], box: Tile) -> "Pixels":
    from pillow_colorgrid.codings.jpeg import region

    return region.decode(header, sections, box)


def _look(header: Header, sections: Sequence[Section], pixels: "Pixels | None" = None) -> Inside:
    from pillow_colorgrid.codings.jpeg import look

    return look.Inside(header, sections, pixels)


def check_restorable(header: Header, sections: Sequence[Section]) -> None:
    """Refuse a picture that does not give back a JPEG file, where one must.

    Raises:
        DamagedError: it is of another coding, or only pixels went into it.
    """
    flags = [section.payload[:1] for section in sections if section.type == HEAD.type]
    if header.coding != JPEG.number or not (flags and _facts({HEAD.type: flags[0]})[RESTORES]):
        raise DamagedError("a frame gives back no JPEG file, and is said to be part of one")


JPEG = Coding(
    number=6,
    name="jpeg",
    modes=("L", "RGB", "CMYK"),
    parts=(one(HEAD), one(NETWORK_NAMES), each(STRIP), one(EXCEPTIONS), one(WHOLE_FILE)),
    work=_work,
    keyword=LOSSLESS.name,
    options=LOSSLESS.options,
    draft_intervals=(8, 4, 2),
    facts=_facts,
    details=_details,
    info=_info,
    region=_region,
    look=_look,
    since=1,
)
