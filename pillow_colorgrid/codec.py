"""The way of a picture, both directions, on one page.

encode: pixels -> coding (decolorized, ...) -> sections -> container -> bytes
decode: bytes -> container -> sections -> coding -> pixels -> checksum
"""

from collections.abc import Sequence
from typing import Protocol

from pillow_colorgrid import container
from pillow_colorgrid.codings import decolorized
from pillow_colorgrid.color import Bytes
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError, NewerFormatError
from pillow_colorgrid.options import SaveOptions

CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}
"""Bytes of a pixel for each Pillow mode that can be stored."""


class Coding(Protocol):
    """What a module of `codings` offers."""

    def encode(self, pixels: Bytes, options: SaveOptions) -> list[Section]:
        """(H, W, C) uint8 -> sections."""

    def decode(
        self, header: Header, sections: Sequence[Section], channels: int, partial: bool
    ) -> Bytes:
        """Sections -> (H, W, C) uint8; with `partial`, what is missing stays 0."""


CODINGS: dict[str, Coding] = {"decolorized": decolorized}
"""Adding a coding is one entry."""

KNOWN_SECTIONS = {b"NETS", b"BTNK", b"INNR"}
"""Critical sections that this release understands."""


def encode(
    pixels: Bytes, mode: str, options: SaveOptions, metadata: Sequence[Section] = ()
) -> bytes:
    """(H, W, C) uint8 pixels of a Pillow `mode` -> the whole file.

    `metadata` sections stand before the pixels, so that reading them needs no decoding.
    """
    height, width, _ = pixels.shape
    header = Header(
        coding=options.coding,
        mode=mode,
        size=(width, height),
        checksum=container.pixel_checksum(pixels.tobytes()),
    )
    sections = CODINGS[options.coding].encode(pixels, options)
    return container.pack(header, [*metadata, *sections])


def decode(header: Header, sections: Sequence[Section], partial: bool = False) -> Bytes:
    """The sections of a file -> its (H, W, C) uint8 pixels, exactly as they were saved.

    Args:
        partial: show what is surely right of a file that was cut; the rest is 0.

    Raises:
        CgxError: one of its subclasses says what is wrong. Wrong pixels are never returned.
    """
    if header.coding not in CODINGS:
        raise NewerFormatError(f"coding {header.coding} cannot be decoded by this release")
    check_known(sections)
    channels = CHANNELS[header.mode]
    pixels = CODINGS[header.coding].decode(header, sections, channels, partial)
    if not partial and container.pixel_checksum(pixels.tobytes()) != header.checksum:
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
