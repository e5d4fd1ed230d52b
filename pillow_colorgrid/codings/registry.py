"""All codings, by number, by name, and by what a user asked for. Adding a coding is one line."""

from collections.abc import Iterator, Mapping
from typing import Any

from pillow_colorgrid.codings.base import Coding
from pillow_colorgrid.codings.bilevel.description import BILEVEL
from pillow_colorgrid.codings.blended.description import BLENDED
from pillow_colorgrid.codings.crayon.description import CRAYON
from pillow_colorgrid.codings.decolorized.description import DECOLORIZED
from pillow_colorgrid.codings.deep.description import DEEP
from pillow_colorgrid.codings.indexed.description import INDEXED
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless.description import LOSSLESS
from pillow_colorgrid.codings.near.description import NEAR
from pillow_colorgrid.codings.planes.description import PLANES
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.container import MAJOR, Header, versions
from pillow_colorgrid.errors import DamagedError, NewerFormatError
from pillow_colorgrid.options import checked, described

DEFAULT = LOSSLESS
"""What `Image.save` asks for where nobody says otherwise."""

_codings: dict[int, Coding] = {}


def register(coding: Coding) -> None:
    """Let files of a coding be read and written.

    Raises:
        ValueError: its number or its name belongs to another one.
    """
    for other in _codings.values():
        if other != coding and (coding.number == other.number or coding.name == other.name):
            raise ValueError(
                f"coding {coding.number} ({coding.name}): {other.number} is {other.name} already"
            )
    _codings[coding.number] = coding


def unregister(coding: Coding) -> None:
    """Undo `register`."""
    del _codings[coding.number]


for _known in (
    LOSSLESS,
    DECOLORIZED,
    CRAYON,
    STORED,
    PLANES,
    JPEG,
    NEAR,
    DEEP,
    BILEVEL,
    INDEXED,
    BLENDED,
):
    register(_known)


def all_codings() -> Iterator[Coding]:
    """All codings, in the order in which they were registered."""
    return iter(tuple(_codings.values()))


def named(name: str) -> Coding:
    """The coding of a name; KeyError where there is none."""
    return next(coding for coding in all_codings() if coding.name == name)


def of(header: Header) -> Coding:
    """The coding of a file.

    Raises:
        NewerFormatError: this release does not have it.
        DamagedError: the version that the file states did not have it.
    """
    if header.coding not in _codings:
        raise NewerFormatError(
            f"CGX coding {header.coding} is unknown, known are {sorted(_codings)}; "
            f"{versions(header.minor)}"
        )
    coding = _codings[header.coding]
    if header.minor < coding.since:
        raise DamagedError(
            f"format version {MAJOR}.{header.minor} does not have the coding {coding.name}, "
            f"allowed: {MAJOR}.{coding.since} and later"
        )
    return coding


# -- what a user asked for ------------------------------------------------------------------------


def _choices() -> dict[str, Coding]:
    """What `mode=` may be."""
    return {coding.name: coding for coding in all_codings() if coding.asked_by == coding.name}


def modes_with(option: str) -> list[str]:
    """The values of `mode=` whose coding has an option."""
    return [name for name, coding in _choices().items() if option in described(coding.options)]


def asked_for(keywords: Mapping[str, Any]) -> tuple[Coding, Any]:
    """The coding that the keywords of `Image.save` ask for, and its options.

    ``coding=`` means the same as ``mode=`` (imageio keeps `mode` for itself). Keywords that no
    coding has are ignored, as Pillow's own plugins do.

    Raises:
        ValueError: naming the option, its value and what is allowed; or the coding that has it.
    """
    mode = keywords.get("mode", keywords.get("coding", DEFAULT.name))
    if "mode" in keywords and keywords.get("coding", mode) != mode:
        raise ValueError(f"mode={mode!r} and coding={keywords['coding']!r} contradict each other")
    choices = _choices()
    if not isinstance(mode, str) or mode not in choices:
        raise ValueError(f"mode={mode!r}, allowed: {', '.join(map(repr, choices))}")
    chosen = choices[mode]
    own = described(chosen.options)
    for name in keywords:
        having = modes_with(name)
        if having and name not in own:
            raise ValueError(
                f"{name}={keywords[name]!r} is no option of mode={mode!r}, but of "
                f"{' and '.join(f'mode={other!r}' for other in having)}"
            )
    return chosen, checked(chosen.options, keywords)
