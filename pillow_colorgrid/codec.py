"""The way of a picture, both directions, on one page.

encode: pixels -> coding (decolorized, ...) -> sections -> container -> bytes
decode: bytes -> container -> sections -> coding -> pixels -> checksum
"""

from collections.abc import Sequence
from typing import Protocol

from pillow_colorgrid import container
from pillow_colorgrid.codings import choose, planes
from pillow_colorgrid.codings.crayon import coding as crayon
from pillow_colorgrid.codings.decolorized import coding as decolorized
from pillow_colorgrid.codings.lossless import coding as lossless, sections as lossless_sections
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.color.ycocg_bytes import Bytes
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError, NewerFormatError
from pillow_colorgrid.options import SaveOptions
from pillow_colorgrid.pixels import LAYOUTS, Pixels

CHANNELS = {mode: layout.channels for mode, layout in LAYOUTS.items()}
"""Samples of a pixel for each Pillow mode that can be stored."""

PHOTOGRAPH_MODES = ("L", "RGB", "RGBA")
"""The modes that every coding takes; the planes coding takes all others."""


class Coding(Protocol):
    """What a module of `codings` offers."""

    def decode(
        self, header: Header, sections: Sequence[Section], channels: int, partial: bool
    ) -> Bytes:
        """Sections -> (H, W, C) uint8; with `partial`, what is missing stays 0."""


class ExactCoding(Coding, Protocol):
    """A coding whose files give back the pixels that were saved."""

    def encode(self, pixels: Bytes, options: SaveOptions) -> list[Section]:
        """(H, W, C) uint8 -> sections."""


EXACT_CODINGS: dict[str, ExactCoding] = {
    "decolorized": decolorized,
    "lossless": lossless,
    "planes": planes,
    "stored": stored,
}

CODINGS: dict[str, Coding] = {**EXACT_CODINGS, "grid": crayon}
"""Adding a coding is one entry."""

UNSTATED_CODINGS = ("grid",)
"""Codings whose files need not state the checksum of their pixels."""

KNOWN_SECTIONS = {
    *(b"NETS", b"BTNK", b"INNR"),
    *lossless_sections.KNOWN,
    *(crayon.GRID, crayon.LUMINANCE),
    *(planes.PLANES_SECTION, stored.STORED_SECTION),
}
"""Critical sections that this release understands."""


def encode(
    pixels: Pixels, mode: str, options: SaveOptions, metadata: Sequence[Section] = ()
) -> bytes:
    """(H, W, C) pixels of a Pillow `mode` (pixels.py) -> the whole file.

    `metadata` sections stand before the pixels, so that reading them needs no decoding.

    Raises:
        OSError: a coding was asked for that does not take this mode.
    """
    height, width, _ = pixels.shape
    coding = _coding_of(mode, options)
    if coding == "grid":
        sections, checksum = crayon.encode(pixels, options)
    else:
        checksum = container.pixel_checksum(pixels.tobytes())
        if coding == "lossless":
            coding, sections = choose.encode(pixels, options)
        else:
            sections = EXACT_CODINGS[coding].encode(pixels, options)
    header = Header(coding=coding, mode=mode, size=(width, height), checksum=checksum)
    return container.pack(header, [*metadata, *sections])


def _coding_of(mode: str, options: SaveOptions) -> str:
    """The coding for a picture: the default becomes `planes` where networks do not help."""
    if mode in PHOTOGRAPH_MODES:
        return options.coding
    if options.mode != "lossless":
        allowed = ", ".join(PHOTOGRAPH_MODES)
        raise OSError(
            f"cannot write mode {mode} as CGX with mode={options.mode!r} (allowed: {allowed}; "
            'mode="lossless" takes all)'
        )
    return "planes"


def decode(header: Header, sections: Sequence[Section], partial: bool = False) -> Pixels:
    """The sections of a file -> its (H, W, C) pixels (pixels.py).

    They are exactly those that were saved; of the grid coding, those that its checksum states.

    Args:
        partial: show what is surely right of a file that was cut; the rest is 0.

    Raises:
        CgxError: one of its subclasses says what is wrong. Wrong pixels are never returned.
    """
    if header.coding not in CODINGS:
        raise NewerFormatError(f"coding {header.coding} cannot be decoded by this release")
    check_known(sections)
    channels = CHANNELS[header.mode]
    if header.coding != "planes" and header.mode not in PHOTOGRAPH_MODES:
        raise DamagedError(f"coding {header.coding} does not take mode {header.mode}")
    pixels = CODINGS[header.coding].decode(header, sections, channels, partial)
    unstated = header.coding in UNSTATED_CODINGS and header.checksum == container.UNSTATED
    if partial or unstated:
        return pixels
    if container.pixel_checksum(pixels.tobytes()) != header.checksum:
        raise DamagedError("the decoded pixels do not have the checksum that the file states")
    return pixels


def check_known(sections: Sequence[Section]) -> None:
    """Refuse critical sections that this release does not understand."""
    for section in sections:
        if section.critical and section.type not in KNOWN_SECTIONS:
            raise CgxError(
                f"critical section {section.type.decode()} is unknown to format version "
                f"{container.MAJOR}.{container.MINOR}, known are "
                f"{', '.join(sorted(s.decode() for s in KNOWN_SECTIONS))}"
            )
