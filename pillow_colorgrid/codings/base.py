"""What a coding is, and how it describes itself.

A coding is a folder with a `description` (a `Coding`) and the modules that do its work. Who reads,
writes, lists or explains files asks the description; nobody knows a coding by its name.
Descriptions need neither numpy nor onnxruntime: `Image.open` reads them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol

from pillow_colorgrid import container
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError, TruncatedError

if TYPE_CHECKING:
    from PIL import Image

    from pillow_colorgrid.codings.layers import Layer
    from pillow_colorgrid.pixels import Pixels


# -- sections -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """One kind of section.

    Attributes:
        type: four letters, in files.
        name: for people.
        optional: it may be missing.
        modes: of the pictures that have it; () for all.
        since: the minor version of the format that brought it.
    """

    type: bytes
    name: str
    optional: bool = False
    modes: tuple[str, ...] = ()
    since: int = 0

    def section(self, payload: bytes) -> Section:
        """A section of this kind."""
        return Section(self.type, payload)


@dataclass(frozen=True)
class Part:
    """Sections that stand together, in their order; a repeated part occurs any number of times.

    How many times it must, the coding knows: once for each tile or strip.
    """

    kinds: tuple[Kind, ...]
    repeated: bool = False

    def of_mode(self, mode: str) -> "Part":
        """The same for pictures of one mode."""
        kinds = tuple(kind for kind in self.kinds if not kind.modes or mode in kind.modes)
        return Part(kinds, self.repeated)


def one(kind: Kind) -> Part:
    """The part that is this section alone."""
    return Part((kind,))


def each(*kinds: Kind) -> Part:
    """The part that is there for each tile or strip."""
    return Part(kinds, repeated=True)


NETWORKS = Kind(container.NETWORKS, "names of networks")
"""Of the networks that decode the file."""

ALPHA = Kind(b"ALPH", "alpha", modes=("RGBA",))
"""The alpha plane, coded by itself."""


# -- what is asked of a coding --------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """What is to be encoded.

    Attributes:
        pixels: (H, W, C), as `pixels` lays them out for `mode`.
        mode: Pillow's.
        image: what Pillow was asked to save, for a coding that looks for the file it came from.
        metadata: the sections that go with it.
        moving: it is shown for a moment only, in an animation.
    """

    pixels: "Pixels"
    mode: str
    image: "Image.Image | None" = None
    metadata: tuple[Section, ...] = ()
    moving: bool = False


@dataclass(frozen=True)
class Encoded:
    """What a coding made of a picture.

    Attributes:
        sections: from the first critical one to the last.
        checksum: of the pixels that they decode to; None: those of the picture.
        tells_metadata: they hold the picture's metadata, too.
        coding: of the sections; None: the one that was asked for.
        minor: the minor version of the format that has what is in them; their types tell more.
    """

    sections: list[Section]
    checksum: bytes | None = None
    tells_metadata: bool = False
    coding: "Coding | None" = None
    minor: int = 0


class Work(Protocol):
    """What a coding does: its module, or any object with these two."""

    def encode(self, picture: Picture, options: Any) -> Encoded:
        """Make sections of a picture; `options` are of the coding's own kind."""

    def decode(
        self, header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
    ) -> "Pixels":
        """Make pixels of sections whose order was checked.

        Args:
            partial: show what is surely right of a file that was cut; the rest is 0, or guessed.
            interval: every so many pixels of every such row; 1, or one of the coding's
                `draft_intervals`.

        Raises:
            CgxError: one of its subclasses says what is wrong.
        """


class Inside(Protocol):
    """What a coding shows of the inside of one file, to ``cgx info`` and ``cgx inspect``."""

    def decoded(self) -> "Pixels | None":
        """The pixels, where they are known or must be decoded for what is told; unchecked.

        Raises:
            CgxError: as `Work.decode`.
        """

    def spent(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """Bytes by what they hold, where that is more than sections tell."""

    def spent_by_plane(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """The same, by the planes of the picture."""

    def layers(self) -> "list[Layer]":
        """What there is to see, one after the other."""


Info = Callable[[Header, IO[bytes]], dict[str, Any]]
"""A file's header, and the file where its first critical section begins -> of `Image.info`."""

Sure = Callable[[Header, Sequence[bytes]], Sequence[Tile]]
"""The header of a cut file, and the types of the sections that are left -> rectangles."""

Region = Callable[[Header, Sequence[Section], Tile], "Pixels"]
"""A file's header and sections, and a rectangle -> its pixels. Sections whose payload it does not
ask for are not read."""


class Look(Protocol):
    """Shows the inside of a file."""

    def __call__(
        self, header: Header, sections: Sequence[Section], pixels: "Pixels | None" = None
    ) -> Inside:
        """Of a file's header and sections its inside.

        Args:
            pixels: what they decode to, where that is known already: it saves time.
        """


def nothing_special(starts: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The facts of a coding that has none."""
    return {}


@dataclass(frozen=True)
class NoOptions:
    """A coding that cannot be chosen otherwise has none."""


@dataclass(frozen=True)
class Coding:
    """The description of a coding.

    Attributes:
        number: in files; it never changes its meaning.
        name: for people.
        modes: of the pictures that it takes, Pillow's names.
        parts: its critical sections, in order.
        work: imports and gives what encodes and decodes, when that is needed.
        keyword: the `mode=` of save that leads to it; "": its name.
        options: a dataclass (`options`).
        loses: what files may lose, for people; "": nothing.
        draft_intervals: of the pixels that it can decode alone, the coarsest first.
        may_leave_checksum: files need not state the checksum of their pixels.
        facts: the first bytes of sections by their type -> what they tell, by name.
        details: whole sections -> what else they tell, by name; None: nothing.
        info: reads metadata that the coding itself keeps; None: it keeps none.
        region: decodes a part of the picture alone; None: it takes all of it.
        sure: tells which parts of a cut file are exact; None: nobody can say without decoding.
        look: shows the inside of a file; None: there is nothing to see.
        since: the minor version of the format that brought it.
    """

    number: int
    name: str
    modes: tuple[str, ...]
    parts: tuple[Part, ...]
    work: Callable[[], Work]
    keyword: str = ""
    options: type[Any] = NoOptions
    loses: str = ""
    draft_intervals: tuple[int, ...] = ()
    may_leave_checksum: bool = False
    facts: Callable[[Mapping[bytes, bytes]], dict[str, Any]] = nothing_special
    details: Callable[[Sequence[Section]], dict[str, Any]] | None = None
    info: Info | None = None
    region: Region | None = None
    sure: Sure | None = None
    look: Look | None = None
    since: int = 0

    @property
    def lossy(self) -> bool:
        """Whether it may lose something."""
        return bool(self.loses)

    @property
    def asked_by(self) -> str:
        """The `mode=` of save that leads to it."""
        return self.keyword or self.name

    @property
    def section_names(self) -> dict[bytes, str]:
        """Type -> name, for people."""
        return {kind.type: kind.name for part in self.parts for kind in part.kinds}

    def minor_version(self, types: Sequence[bytes]) -> int:
        """The oldest minor version of the format that has it and sections of these types."""
        kinds = (kind for part in self.parts for kind in part.kinds if kind.type in types)
        return max(self.since, *(kind.since for kind in kinds), 0)

    def draft_interval(self, size: tuple[int, int], wanted: tuple[int, int]) -> int:
        """The coarsest interval at which a picture of `size` is at least as large as `wanted`.

        1 where nothing can be left out.
        """
        for interval in self.draft_intervals:
            if size[0] // interval >= wanted[0] and size[1] // interval >= wanted[1]:
                return interval
        return 1


# -- the order of sections ------------------------------------------------------------------------


def check_order(coding: Coding, mode: str, types: Sequence[bytes], partial: bool = False) -> None:
    """Refuse sections that are not those of the coding, in its order.

    Args:
        types: of the sections, without metadata; ancillary ones are not looked at.
        partial: the file was cut, so its last sections may be missing.

    Raises:
        DamagedError: naming the section found, and what belongs there.
        TruncatedError: sections are missing at the end.
    """
    found = [section_type for section_type in types if container.is_critical(section_type)]
    position = 0
    possible: list[str] = []
    for part in (part.of_mode(mode) for part in coding.parts):
        begin = -1
        while begin < position and (part.repeated or begin < 0):
            begin = position
            for kind in part.kinds:
                if position < len(found) and found[position] == kind.type:
                    position, possible = position + 1, []
                    continue
                possible.append(kind.type.decode())
                if kind.optional:
                    continue
                if part.repeated and position == begin:
                    break
                if partial and position == len(found):
                    return
                raise _misplaced(coding, mode, found[position:], possible)
    if position < len(found):
        raise _misplaced(coding, mode, found[position:], [*possible, "the end"])


def _misplaced(
    coding: Coding, mode: str, rest: Sequence[bytes], expected: Sequence[str]
) -> CgxError:
    wanted = f"{' or '.join(expected)} belongs"
    if not rest:
        return TruncatedError(f"image file is truncated: {wanted} at its end")
    return DamagedError(
        f"section {rest[0].decode()} where {wanted} in a {coding.name} file of mode {mode}"
    )


def only(sections: Sequence[Section], kind: Kind) -> bytes:
    """The payload of the one section of a kind.

    Raises:
        DamagedError: there is none, or more than one.
    """
    found = [section.payload for section in sections if section.type == kind.type]
    if len(found) != 1:
        raise DamagedError(f"{len(found)} sections {kind.type.decode()}, allowed 1")
    return found[0]


def require(sections: Sequence[Section], kind: Kind) -> None:
    """Refuse what is left of a file that was cut before a section without which nothing is shown.

    Whole files have it: `check_order` looked.

    Raises:
        TruncatedError: it is not there.
    """
    if not has(sections, kind):
        raise TruncatedError(f"image file is truncated (no {kind.name})")


def has(sections: Sequence[Section], kind: Kind) -> bool:
    """Whether there is a section of a kind."""
    return any(section.type == kind.type for section in sections)
