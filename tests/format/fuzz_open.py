"""Open, verify and load whatever bytes come: only documented exceptions, never wrong pixels.

An atheris harness. It starts from small files of each coding (`corpus`), which it writes itself,
and runs until it finds something or is stopped (about 150 files a second)::

    python -m tests.format.fuzz_open corpus/ -max_total_time=600 -max_len=8192

`test_fuzz.py` runs the same `check` on 10,000 seeded mutations without atheris.
"""

import io
import struct
import sys
import warnings
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageFile

import pillow_colorgrid
from pillow_colorgrid import container, pixels
from pillow_colorgrid.CgxImagePlugin import CgxImageFile
from pillow_colorgrid.codings import registry
from pillow_colorgrid.frames.directory import Directory
from pillow_colorgrid.frames.payload import PATCHED
from tests.format.corpus import corpus

DOCUMENTED = (
    OSError,  # CgxError and UnidentifiedImageError are
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)

MAX_PIXELS = 100_000
"""Larger pictures are bombs here: the harness is after errors, not after patience."""


class WrongPixelsError(AssertionError):
    """A picture was loaded whose pixels are not those that its header states."""


def check(
    data: bytes,
    wanted: bytes | None = None,
    tolerant: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> bool:
    """Open, verify and load `data`, whole and smaller, as JPEG, too; whether it is a picture.

    Args:
        wanted: the pixels that it must have if it loads.
        tolerant: with LOAD_TRUNCATED_IMAGES, which may leave pixels black.
        max_pixels: of a picture; larger ones are refused by Pillow.

    Raises:
        WrongPixelsError: it loads, and the pixels are wrong.
        Exception: whatever is not in DOCUMENTED.
    """
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = max_pixels, tolerant
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if not tolerant:
                _read_otherwise(data)
            return _check(data, wanted, tolerant)
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def _read_otherwise(data: bytes) -> None:
    """A smaller picture, and the JPEG file: no checksum is of them, but errors are ours."""
    with suppress(*DOCUMENTED), Image.open(io.BytesIO(data), formats=["CGX"]) as picture:
        picture.draft(None, (max(1, picture.width // 8), max(1, picture.height // 8)))
        picture.load()
    with suppress(*DOCUMENTED):
        pillow_colorgrid.jpeg_bytes(io.BytesIO(data))


def _check(data: bytes, wanted: bytes | None, tolerant: bool) -> bool:
    passes = verify(data)
    shown = b""
    try:
        with Image.open(io.BytesIO(data), formats=["CGX"]) as picture:
            assert isinstance(picture, CgxImageFile)
            directory, mode = picture._directory, picture.mode
            assert directory is not None
            for number in range(picture.n_frames):
                picture.seek(number)
                shown += picture.tobytes()
                if not tolerant:
                    _compare(picture, *stated(directory, number))
                if number == 0 and picture.mode != mode:
                    raise WrongPixelsError(f"{picture} was of mode {mode} when it was opened")
            if wanted is not None and not tolerant and shown != wanted:
                raise WrongPixelsError(f"{picture} is not what was saved")
            # Frames are found without the rest of the file, so that may be damaged.
            if not tolerant and not passes and picture.n_frames == 1:
                raise WrongPixelsError(f"{picture} loads, though it does not verify")
    except DOCUMENTED:
        return False
    return True


def _compare(picture: CgxImageFile, checksum: bytes, may_be_unstated: bool) -> None:
    if may_be_unstated and checksum == container.UNSTATED:
        return
    decoded = pixels.from_image(picture).tobytes()
    if container.pixel_checksum(decoded) != checksum:
        raise WrongPixelsError(f"{picture} does not have the checksum it states")


def stated(directory: Directory, number: int) -> tuple[bytes, bool]:
    """The checksum that a frame states, and whether its coding allows to state none."""
    entries = directory.index.entries if directory.index else ()
    while number and not entries[number].length:  # a repetition
        number = entries[number].base or 0
    checksum, coding = directory.header.checksum, directory.header.coding
    if number:
        frame = directory.read(number)
        checksum, coding = frame.checksum, frame.coding
    if coding == PATCHED:
        return checksum, False
    return checksum, registry.of(replace(directory.header, coding=coding)).may_leave_checksum


def verify(data: bytes) -> bool:
    """Whether `data` opens and verifies."""
    try:
        with Image.open(io.BytesIO(data), formats=["CGX"]) as picture:
            picture.verify()
    except DOCUMENTED:
        return False
    return True


# -- damage ---------------------------------------------------------------------------------------


def repair(data: bytes) -> bytes:
    """Make all CRCs right, so that damage gets past them, as an attacker's would."""
    file = bytearray(data)
    if len(file) < container.HEADER_BYTES:
        return data
    head = container.HEADER_BYTES - 4
    struct.pack_into("<I", file, head, zlib.crc32(file[:head]))
    start = container.HEADER_BYTES
    while start + container.SECTION.size <= len(file):
        kind, length, _ = container.SECTION.unpack_from(file, start)
        payload = file[start + container.SECTION.size :][:length]
        crc = zlib.crc32(payload, zlib.crc32(kind + struct.pack("<I", length)))
        container.SECTION.pack_into(file, start, kind, length, crc)
        start += container.SECTION.size + length
    return bytes(file)


def main() -> None:
    import atheris

    folder = Path(next((a for a in sys.argv[1:] if not a.startswith("-")), "corpus"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, (data, _) in corpus().items():
        (folder / name).write_bytes(data)

    def test_one_input(data: bytes) -> None:
        check(data)
        check(repair(data))
        check(data, tolerant=True)

    atheris.instrument_all()
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
