"""Frames -> a file: each as a picture of its own, as a repetition, or as patches onto another.

For each frame: was it shown before? Then nothing but its number is kept. Else `patching` finds what
moved and what changed since the frame before. Where nearly all changed, or where the way back to a
whole picture would become long, it is a picture of its own.
"""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.base import Coding, Picture
from pillow_colorgrid.codings.jpeg.description import PILLOW_FORMATS, check_restorable
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.frames import index, payload
from pillow_colorgrid.frames.encoder import patching
from pillow_colorgrid.frames.encoder.gathering import Animation, Frame
from pillow_colorgrid.frames.index import FRAME, Entry, Index

CHAIN_COST, CHAIN_PATCHES = 16, 512
"""A frame whose patches, and those of the frames that it is made of, would have more pixels than so
many whole frames, or be more, is a picture of its own: so any frame is found in bounded time."""


class NoFileError(Exception):
    """A picture cannot be kept so that it gives back its JPEG file."""


@dataclass(frozen=True)
class _Content:
    """How a frame is kept.

    Attributes:
        frame: what its section holds; None: it has none.
        base: number of the frame that it is made of.
        patches, cost: its own and those of the frames that it is made of; `cost` in whole frames.
    """

    frame: payload.Frame | None
    base: int | None = None
    patches: int = 0
    cost: float = 0

    @property
    def payload(self) -> bytes:
        """Of the section; b"": there is none."""
        return b"" if self.frame is None else payload.pack(self.frame)


@dataclass
class _Writer:
    """Collects a file frame by frame; holds the pixels of one.

    Attributes:
        coding, options: that were asked for.
        joined: every frame is a JPEG file; together they are the one that was saved.
        contents, entries, sections: of all frames.
    """

    coding: Coding
    options: Any
    joined: bool = False
    first: codec.Coded | None = None
    minor: int = index.MINOR
    contents: list[_Content] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    _before: Picture | None = None
    _shown: dict[bytes, int] = field(default_factory=dict)
    _metadata: dict[bytes, int] = field(default_factory=dict)

    def add(self, frame: Frame, jpeg: bytes | None = None) -> None:
        """Encode the next frame.

        Args:
            jpeg: the file that it is to give back.

        Raises:
            NoFileError: it cannot.
        """
        number = len(self.entries)
        picture = replace(frame.picture, moving=frame.duration is not None)
        whose, content = number, None
        if jpeg is not None:
            content = self._of_file(number, picture, jpeg)
        else:
            described = b"".join(map(container.pack_section, picture.metadata))
            whose = self._metadata.setdefault(described, number)
        if content is None and number:
            content = self._content(number, picture, picture.metadata if whose == number else ())
        elif content is None:
            content = self._first(picture)
        data = content.payload
        if data:
            self.sections.append(Section(FRAME, data))
        height, width, _ = picture.pixels.shape
        self.contents.append(content)
        self.entries.append(
            Entry(picture.mode, (width, height), frame.duration, content.base, whose, len(data))
        )
        self._before = picture

    def _first(self, picture: Picture) -> _Content:
        own = picture
        if getattr(self.options, "jpeg", "never") == "auto" and _holds_others(picture):
            own = replace(picture, image=None)  # its file would bring all frames along
        self.first = codec.encode_picture(own, self.coding, self.options, picture.metadata)
        self.minor = max(self.minor, self.first.header.minor)
        self._shown[_digest(picture)] = 0
        if getattr(self.options, "jpeg", "never") != "never":
            # A file that is named is that of the first frame.
            self.options = replace(self.options, jpeg="auto")
        return _Content(None)

    def _of_file(self, number: int, picture: Picture, jpeg: bytes) -> _Content:
        """As a picture of its own that gives back `jpeg`."""
        options = replace(self.options, jpeg=jpeg)
        try:
            coded = codec.encode_picture(picture, self.coding, options, picture.metadata)
            check_restorable(coded.header, coded.sections)
        except (DamagedError, ValueError) as error:
            raise NoFileError(str(error)) from error
        self.minor = max(self.minor, coded.header.minor)
        if number == 0:
            self.first = coded
            return _Content(None)
        return _Content(_frame_of(coded))

    def _content(self, number: int, picture: Picture, own: tuple[Section, ...]) -> _Content:
        again = self._shown.setdefault(_digest(picture), number)
        if again != number:
            before = self.contents[again]
            frame = payload.Frame(self._checksum(again, picture), metadata=own) if own else None
            return _Content(frame, again, before.patches, before.cost)
        patched = self._patched(number, picture, own)
        if patched is not None and not _from_file(picture):
            return patched
        whole = self._whole(picture, own)
        if patched is not None and len(patched.payload) <= len(whole.payload):
            return patched
        return whole

    def _checksum(self, again: int, picture: Picture) -> bytes:
        """Of a frame that is shown again: what it decodes to, which a lossy coding knows."""
        kept = self.contents[again].frame
        if again == 0 and self.first is not None:
            return self.first.header.checksum
        return kept.checksum if kept is not None else _checksum_of(picture)

    def _whole(self, picture: Picture, own: tuple[Section, ...]) -> _Content:
        coded = codec.encode_picture(picture, self.coding, self.options, own)
        self.minor = max(self.minor, coded.header.minor)
        return _Content(_frame_of(coded))

    def _patched(self, number: int, picture: Picture, own: tuple[Section, ...]) -> _Content | None:
        """As patches onto the frame before; None where that does not do."""
        assert self._before is not None
        if self.coding.lossy:
            return None
        found = patching.patches(self._before, picture, self.coding, self.options)
        if found is None:
            return None
        before = self.contents[number - 1]
        count, cost = before.patches + len(found.patches), before.cost + found.cost
        if count > CHAIN_PATCHES or cost > CHAIN_COST:
            return None
        self.minor = max(self.minor, found.minor)
        frame = payload.Frame(_checksum_of(picture), metadata=own, patches=found.patches)
        return _Content(frame, number - 1, count, cost)

    def file(self, animation: Animation) -> bytes:
        """All of it."""
        assert self.first is not None
        if len(self.entries) == 1:
            return codec.pack(self.first)
        size = sum(map(len, map(container.pack_section, self.first.sections)))
        found = Index(
            size, tuple(self.entries), animation.loop, animation.default_image, self.joined
        )
        header = replace(self.first.header, minor=self.minor)
        sections = [*self.first.metadata, index.pack(found), *self.first.sections, *self.sections]
        return container.pack(header, sections)


def encode(
    animation: Animation, coding: Coding, options: Any, jpegs: Sequence[bytes] | None = None
) -> bytes:
    """All frames -> the whole file; of one frame, the same as that of a still.

    Args:
        coding: that was asked for (`registry.asked_for`), with `options` of its kind.
        jpegs: for each frame the JPEG file that it is to give back.

    Raises:
        NoFileError: a frame cannot give back its JPEG file.
        OSError: the coding does not take a frame of this mode; or as `gathering` raises.
        ValueError: as `gathering` raises.
    """
    writer = _Writer(coding, options, joined=jpegs is not None)
    for frame, jpeg in zip(animation.frames, jpegs or itertools.repeat(None), strict=False):
        writer.add(frame, jpeg)
    return writer.file(animation)


def _frame_of(coded: codec.Coded) -> payload.Frame:
    return payload.Frame(coded.header.checksum, coded.header.coding, coded.metadata, coded.sections)


def _digest(picture: Picture) -> bytes:
    """Tells pictures apart for certain."""
    told = f"{picture.mode} {picture.pixels.shape}".encode()
    return hashlib.blake2b(told + picture.pixels.tobytes(), digest_size=32).digest()


def _checksum_of(picture: Picture) -> bytes:
    return container.pixel_checksum(picture.pixels.tobytes())


def _from_file(picture: Picture) -> bool:
    """Whether its coefficients may be had, which patches would not use."""
    return picture.image is not None and picture.image.format in PILLOW_FORMATS


def _holds_others(picture: Picture) -> bool:
    """Whether the file that it was opened from holds other pictures, too."""
    several = getattr(picture.image, "n_frames", 1) > 1
    return several and _from_file(picture)
