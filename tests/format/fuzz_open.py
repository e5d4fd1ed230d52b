"""Open, verify and load whatever bytes come: only documented exceptions, never wrong pixels.

An atheris harness. It starts from a corpus of small files of each coding, which it writes itself,
and runs until it finds something or is stopped (about 150 files a second)::

    python -m tests.format.fuzz_open corpus/ -max_total_time=600 -max_len=8192

`test_fuzz.py` runs the same `check` on 10,000 seeded mutations without atheris.
"""

import io
import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageFilter

import pillow_colorgrid
from pillow_colorgrid import container, pixels
from pillow_colorgrid.CgxImagePlugin import CgxImageFile, encode as pillow_encode
from pillow_colorgrid.codings import inner, registry
from pillow_colorgrid.codings.jpeg import exceptions
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.codings.stored import parts
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.frames.directory import Directory
from pillow_colorgrid.frames.payload import PATCHED
from pillow_colorgrid.jpeg.exceptions import Exceptions
from tests.format import forging

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


# -- the corpus -----------------------------------------------------------------------------------

GRID = {"mode": "grid", "effort": 1}

SMALL = (33, 20)


def pictures() -> Iterator[tuple[str, Image.Image, dict[str, object]]]:
    """Small pictures for each coding: (name, picture, keywords of save)."""
    ramp = Image.linear_gradient("L").resize((72, 64))
    cloud = Image.effect_noise((72, 64), 90).filter(ImageFilter.GaussianBlur(1.5))
    shade = Image.blend(ramp, cloud, 0.8)
    colour = Image.merge("RGB", (cloud, Image.blend(ramp, cloud, 0.6), shade))
    tiny = colour.resize((9, 7))
    small = colour.resize(SMALL)
    flat = Image.new("RGBA", (24, 16), (200, 100, 50, 0))
    flat.paste((1, 2, 3, 255), (3, 3, 9, 9))
    veiled = Image.merge("RGBA", (*small.split(), ramp.resize(SMALL)))
    indexed = colour.resize((24, 16)).quantize(9)
    indexed.info.update(transparency=bytes(range(9)), dpi=(72, 72), comment="text")
    told = tiny.convert("F")
    told.info |= {"Title": "text " * 40, "gamma": 0.45, "list": [1, (2, b"3"), {"k": None}]}
    decolorized = {"mode": "decolorized", "predict": "always"}
    yield "lossless", colour, {"effort": 1, "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}
    yield "lossless_alpha", veiled, {"effort": 1}
    yield "lossless_grey", small.convert("L"), {"effort": 1}
    for codec in ("zstd", "png", "webp"):
        yield f"decolorized_{codec}", small, {**decolorized, "inner": codec}
    yield "grid", small, {**GRID, "n": 3}
    yield "grid_lossy", veiled, {**GRID, "n": 4, "quality": 40}
    yield "grid_grey", small.convert("L"), {**GRID, "quality": 40}
    yield "stored", flat, {}
    yield "planes_indexed", indexed, {}
    yield "planes_bits", ramp.resize((21, 16)).convert("1"), {"xmp": b"<x/>"}
    yield "planes_float", told, {"icc_profile": b"icc"}
    yield "planes_cmyk", tiny.convert("CMYK"), {}
    yield "jpeg", *_jpeg(small, quality=80)
    yield "jpeg_progressive", *_jpeg(small, quality=90, subsampling=0, progressive=True)
    yield "jpeg_grey", *_jpeg(small.convert("L"), quality=60, restart_marker_blocks=2)
    yield "jpeg_cmyk", *_jpeg(tiny.convert("CMYK"), quality=50, comment=b"comment")


def _jpeg(picture: Image.Image, **options: object) -> tuple[Image.Image, dict[str, object]]:
    """A picture as a JPEG file shows it, and the option that names the file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return Image.open(file), {"jpeg": file.getvalue()}


def animations() -> Iterator[tuple[str, list[Image.Image]]]:
    """Frames that are patches, moves and repetitions of one another, and of another mode."""
    small = next(p for name, p, _ in pictures() if name == "grid")
    boxes = [small.copy() for _ in range(4)]
    for number, frame in enumerate(boxes):
        frame.paste((255, 60 * number, 0), (2 + 5 * number, 3, 9 + 5 * number, 12))
    moved = Image.new("RGB", SMALL)
    moved.paste(small, (0, -4))
    other = small.resize((20, 11)).convert("L")
    yield "frames", [*boxes, boxes[3], moved, other]
    yield "frames_indexed", [frame.quantize(12) for frame in boxes[:3]]


def assembled() -> Iterator[tuple[str, container.Header, list[container.Section]]]:
    """Files that small pictures do not lead to: sections as FORMAT.md allows them."""
    small = next(p for name, p, _ in pictures() if name == "grid")
    header = container.Header(STORED.number, "RGB", SMALL, bytes(8))
    places = parts.split(Tile(0, 0, *SMALL[::-1]))
    cut = (np.asarray(small)[tile.place] for tile in places)
    files = (inner.save(part, "WEBP", lossless=True) for part in cut)
    pieces = parts.pack([b"\2" + file for file in files])
    yield "stored_parts", header, [container.Section(b"STOR", pieces)]
    grid = next(pillow_encode(p, **k) for name, p, k in pictures() if name == "grid_lossy")
    header, sections = forging.read(grid)
    for number, codec in ((2, "WEBP"), (3, "JPEG")):
        grey = bytes([number]) + inner.save(np.asarray(small.convert("L"))[..., None], codec)
        yield (
            f"grid_{codec.lower()}",
            header,
            [container.Section(s.type, grey if s.type == b"LUMA" else s.payload) for s in sections],
        )
    shown, options = _jpeg(small, quality=70)
    header, sections = forging.read(pillow_encode(shown, **options))
    where = Exceptions(np.array([0, 7, 659]), np.array([[1, 2, 3]] * 3, np.int16))
    jpeg_exceptions = container.Section(b"JEXC", exceptions.pack(where))
    yield "jpeg_exceptions", header, [*sections, jpeg_exceptions]
    head = Head(restorable=True, tells_metadata=True, as_it_is=True).pack()
    whole = container.Section(b"JFIL", bytes(options["jpeg"]))
    yield "jpeg_file", header, [container.Section(b"JPEG", head), whole]


def corpus() -> dict[str, tuple[bytes, bytes]]:
    """Name -> file, and the pixels that it holds: of a lossy one, those that it decodes to."""
    files = {}
    for name, picture, keywords in pictures():
        data = pillow_encode(picture, **keywords)
        held = Image.open(io.BytesIO(data)) if keywords.get("mode") == "grid" else picture
        files[name] = data, held.tobytes()
    for name, frames in animations():
        file = io.BytesIO()
        frames[0].save(file, "CGX", save_all=True, append_images=frames[1:], effort=1, duration=40)
        files[name] = file.getvalue(), b"".join(frame.tobytes() for frame in frames)
    for name, header, sections in assembled():
        unstated = replace(header, checksum=container.UNSTATED)
        found = registry.of(header).work().decode(unstated, sections)
        stated = replace(header, checksum=container.pixel_checksum(found.tobytes()))
        files[name] = container.pack(stated, sections), found.tobytes()
    return files


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
