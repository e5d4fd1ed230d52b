"""Structure and checksums of a whole file, of one frame or several, without decoding a pixel."""

from typing import IO

from pillow_colorgrid import codec, container, metadata
from pillow_colorgrid.codings.jpeg.description import check_restorable
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.frames import payload
from pillow_colorgrid.frames.directory import Directory, open_directory
from pillow_colorgrid.frames.index import FRAME, INDEX, types_of_first
from pillow_colorgrid.frames.payload import MOVE, PATCHED, Frame


def check(fp: IO[bytes]) -> None:
    """Read a file to its end.

    Raises:
        CgxError: what is wrong.
        SyntaxError: not a .cgx file.
    """
    fp.seek(0)
    directory = open_directory(fp)
    fp.seek(container.HEADER_BYTES)
    offset, types = fp.tell(), []
    frames: list[tuple[int, Section]] = []
    for section in container.read_sections(fp):
        types.append(section.type)
        if section.type == FRAME:
            frames.append((offset, section))
        elif frames:
            raise DamagedError(f"section {section.type.decode()} behind a frame")
        offset = fp.tell()
    first = types_of_first(types)
    codec.check_sections(directory.header, metadata.without(first))
    if types.count(INDEX) > 1:
        raise DamagedError(f"{types.count(INDEX)} indexes of frames, allowed 1")
    if INDEX in types or frames:
        _check_frames(directory, frames, offset)


def _check_frames(directory: Directory, found: list[tuple[int, Section]], end: int) -> None:
    """Compare the frames behind the first with the index, and look into them.

    Args:
        found: offset and section of each that has one.
        end: where the last one ends.
    """
    index, offsets = directory.index, directory.offsets
    if index is None:
        raise DamagedError("frames without an index before the first")
    if index.joined:
        check_restorable(directory.header, list(directory.first_sections()))
    numbers = [n for n, entry in enumerate(index.entries) if entry.length]
    stated = [offsets[number] for number in numbers]
    if [offset for offset, _ in found] != stated or end != offsets[-1]:
        raise DamagedError(f"{len(found)} frames, which are not where the index says")
    for number, (_, section) in zip(numbers, found, strict=True):
        _check_frame(directory, number, directory.unpack(number, section))


def _check_frame(directory: Directory, number: int, frame: Frame) -> None:
    size = directory.header_of(number, frame.coding, frame.checksum).size
    payload.check_cost([frame], size)
    if frame.coding != PATCHED:
        header = directory.header_of(number, frame.coding, frame.checksum)
        codec.check_sections(header, [section.type for section in frame.sections])
        if directory.index is not None and directory.index.joined:
            check_restorable(header, frame.sections)
        return
    for patch in frame.patches:
        if patch.kind != MOVE:
            header = directory.header_of(number, patch.coding, container.UNSTATED)
            codec.check_sections(header, [section.type for section in patch.sections])
