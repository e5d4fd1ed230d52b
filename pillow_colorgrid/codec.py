"""The way of a picture, both directions, on one page.

encode: pixels -> coding (the one asked for; of the exact ones the smallest) -> sections -> bytes
decode: bytes -> sections -> order checked -> coding -> pixels -> checksum

`codings.base` says what a coding is, `codings.registry` which there are.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pillow_colorgrid import container
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Coding, Picture, check_order
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, NewerFormatError
from pillow_colorgrid.metadata import PALETTE
from pillow_colorgrid.pixels import Pixels

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Coded:
    """A picture that was encoded.

    Attributes:
        header: of a file that holds it alone.
        metadata: sections that stand before its own; none, where those tell it.
        sections: from the first critical one to the last.
    """

    header: Header
    metadata: tuple[Section, ...]
    sections: tuple[Section, ...]


def encode(
    picture: Picture, coding: Coding, options: Any, metadata: Sequence[Section] = ()
) -> bytes:
    """A picture -> the whole file.

    Args:
        coding: that was asked for (`registry.asked_for`), with `options` of its kind. The default
            stands for whichever exact coding suits the picture best.
        metadata: sections before the pixels, so that reading them needs no decoding.

    Raises:
        OSError: the coding does not take pictures of this mode.
    """
    coded = encode_picture(picture, coding, options, metadata)
    data = pack(coded)
    if logger.isEnabledFor(logging.DEBUG):
        chosen = registry.of(coded.header)
        width, height = coded.header.size
        logger.debug(
            "saved %s as %s: %d bytes, %.3f bits per pixel (%s)",
            f"{width}x{height} {picture.mode}",
            chosen.name,
            len(data),
            8 * len(data) / (width * height),
            _sizes(chosen, coded.sections),
        )
    return data


def pack(coded: Coded) -> bytes:
    """The file that holds this picture alone."""
    return container.pack(coded.header, [*coded.metadata, *coded.sections])


def encode_picture(
    picture: Picture, coding: Coding, options: Any, metadata: Sequence[Section] = ()
) -> Coded:
    """As `encode`, before it becomes a file."""
    if coding is registry.DEFAULT:
        from pillow_colorgrid.codings.choosing import choice

        coding, encoded = choice.encode(picture, options)
    else:
        if picture.mode not in coding.modes:
            raise OSError(
                f"cannot write mode {picture.mode} as CGX with mode={coding.asked_by!r} (allowed: "
                f"{', '.join(coding.modes)}; mode={registry.DEFAULT.asked_by!r} takes all)"
            )
        encoded = coding.work().encode(picture, options)
        coding = encoded.coding or coding
    checksum = encoded.checksum or _checksum(picture.pixels)
    height, width, _ = picture.pixels.shape
    types = [section.type for section in encoded.sections]
    minor = max(coding.minor_version(types), encoded.minor)
    header = Header(coding.number, picture.mode, (width, height), checksum, minor)
    told = () if encoded.tells_metadata else tuple(metadata)
    return Coded(header, told, tuple(encoded.sections))


def _sizes(coding: Coding, sections: Iterable[Section]) -> str:
    """Bytes of a coding's sections by their names, for the log."""
    sizes: dict[str, int] = {}
    for section in sections:
        name = coding.section_names.get(section.type, section.type.decode())
        sizes[name] = sizes.get(name, 0) + len(section.payload)
    return ", ".join(f"{name} {size}" for name, size in sizes.items())


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Pixels:
    """The sections of a file -> its (H, W, C) pixels (pixels.py).

    They are exactly those that were saved; of a lossy coding, those that its checksum states.

    Args:
        sections: from the pixels on, without metadata.
        partial: show what is surely right of a file that was cut; the rest is 0, or guessed.
        interval: every so many pixels of every such row, exactly as in the whole picture: 1, or
            one of the coding's `draft_intervals`. The checksum, which is of all pixels, cannot be
            compared then; the sections' own checksums were.

    Raises:
        CgxError: one of its subclasses says what is wrong. Wrong pixels are never returned.
    """
    pixels = decode_unchecked(header, sections, partial, interval)
    coding = registry.of(header)
    logger.debug(
        "decoded %s of %dx%d %s%s%s",
        coding.name,
        *header.size,
        header.mode,
        f", every {interval} pixels" if interval > 1 else "",
        ", what is left of a cut file" if partial else "",
    )
    if not partial and interval == 1:
        check_pixels(header, pixels)
    return pixels


def check_pixels(header: Header, pixels: Pixels) -> None:
    """Compare the decoded pixels of a whole picture with the checksum that the header states.

    Raises:
        DamagedError: they have another one.
    """
    if registry.of(header).may_leave_checksum and header.checksum == container.UNSTATED:
        return
    if _checksum(pixels) != header.checksum:
        raise DamagedError("the decoded pixels do not have the checksum that the file states")


def _checksum(pixels: Pixels) -> bytes:
    """Of (H, W, C) pixels: without a copy where they lie row by row."""
    return container.pixel_checksum(pixels.reshape(-1).data)


def decode_unchecked(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Pixels:
    """As `decode`; but the checksum of the pixels is the caller's to compare."""
    check_sections(header, [section.type for section in sections], partial)
    return registry.of(header).work().decode(header, sections, partial, interval)


def decode_region(header: Header, sections: Sequence[Section], box: Tile) -> Pixels:
    """The pixels (h, w, C) of a part of the picture, the same as in the whole.

    Args:
        sections: as for `decode`; of those that are not needed no payload is asked for.
        box: inside of the picture.

    The checksum of the pixels cannot be compared: it is of all of them. Those of the sections that
    are read were.

    Raises:
        CgxError: as `decode`.
    """
    coding = registry.of(header)
    if coding.region is None:
        return decode(header, sections)[box.place]
    check_sections(header, [section.type for section in sections])
    return coding.region(header, sections, box)


def check_sections(header: Header, types: Sequence[bytes], partial: bool = False) -> None:
    """Refuse a mode or sections that the file's coding does not have, without decoding anything.

    Args:
        types: of the sections from the pixels on.
        partial: the file was cut, so its last sections may be missing.

    Raises:
        CgxError: naming what was found, and what is allowed.
    """
    coding = registry.of(header)
    if header.mode not in coding.modes:
        raise DamagedError(f"coding {coding.name} does not take mode {header.mode}")
    known = {t for other in registry.all_codings() for t in other.section_names}
    known.add(PALETTE)
    for section_type in types:
        if container.is_critical(section_type) and section_type not in known:
            raise NewerFormatError(
                f"critical section {section_type.decode()} is unknown, known are "
                f"{', '.join(sorted(t.decode() for t in known))}; "
                f"{container.versions(header.minor)}"
            )
    check_order(coding, header.mode, types, partial)
    if header.minor < (needed := coding.minor_version(types)):
        raise DamagedError(
            f"format version {container.MAJOR}.{header.minor} does not have all sections of this "
            f"file, allowed: {container.MAJOR}.{needed} and later"
        )
