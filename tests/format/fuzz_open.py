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
from pathlib import Path

from PIL import Image, ImageFile, ImageFilter

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid import container, pixels
from pillow_colorgrid.CgxImagePlugin import CgxImageFile
from pillow_colorgrid.codings import registry

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


def check(data: bytes, wanted: bytes | None = None, tolerant: bool = False) -> bool:
    """Open, verify and load `data`; whether it is a picture.

    Args:
        wanted: the pixels that it must have if it loads.
        tolerant: with LOAD_TRUNCATED_IMAGES, which may leave pixels black.

    Raises:
        WrongPixelsError: it loads, and the pixels are wrong.
        Exception: whatever is not in DOCUMENTED.
    """
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = MAX_PIXELS, tolerant
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _check(data, wanted, tolerant)
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def _check(data: bytes, wanted: bytes | None, tolerant: bool) -> bool:
    passes = verify(data)
    try:
        with Image.open(io.BytesIO(data), formats=["CGX"]) as picture:
            assert isinstance(picture, CgxImageFile)
            assert picture._header is not None
            stated, coding = picture._header.checksum, registry.of(picture._header)
            mode = picture.mode
            found = picture.tobytes()
            if picture.mode != mode or (wanted is not None and not tolerant and found != wanted):
                raise WrongPixelsError(f"{picture} is not what was saved")
            if not tolerant:
                decoded = pixels.from_image(picture).tobytes()
                unstated = coding.may_leave_checksum and stated == container.UNSTATED
                if not unstated and container.pixel_checksum(decoded) != stated:
                    raise WrongPixelsError(f"{picture} does not have the checksum it states")
                if not passes:
                    raise WrongPixelsError(f"{picture} loads, though it does not verify")
    except DOCUMENTED:
        return False
    return True


def verify(data: bytes) -> bool:
    """Whether `data` opens and verifies."""
    try:
        with Image.open(io.BytesIO(data), formats=["CGX"]) as picture:
            picture.verify()
    except DOCUMENTED:
        return False
    return True


# -- the corpus -----------------------------------------------------------------------------------


def pictures() -> Iterator[tuple[str, Image.Image, dict[str, object]]]:
    """Small pictures for each coding: (name, picture, keywords of save)."""
    ramp = Image.linear_gradient("L").resize((72, 64))
    cloud = Image.effect_noise((72, 64), 90).filter(ImageFilter.GaussianBlur(1.5))
    shade = Image.blend(ramp, cloud, 0.8)
    colour = Image.merge("RGB", (cloud, Image.blend(ramp, cloud, 0.6), shade))
    flat = Image.new("RGBA", (24, 16), (200, 100, 50, 0))
    flat.paste((1, 2, 3, 255), (3, 3, 9, 9))
    indexed = colour.resize((24, 16)).quantize(9)
    indexed.info.update(transparency=bytes(range(9)), dpi=(72, 72), comment="text")
    yield "lossless", colour, {"effort": 1, "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}
    yield (
        "decolorized",
        colour.resize((33, 20)),
        {"mode": "decolorized", "inner": "zstd", "predict": "always"},
    )
    yield (
        "decolorized_png",
        colour.resize((33, 20)),
        {"mode": "decolorized", "inner": "png", "predict": "always"},
    )
    yield (
        "decolorized_webp",
        colour.resize((33, 20)),
        {"mode": "decolorized", "inner": "webp", "predict": "always"},
    )
    yield "grid", colour.resize((33, 20)), {"mode": "grid", "n": 3, "effort": 1}
    yield "stored", flat, {}
    yield "planes_indexed", indexed, {}
    yield "planes_bits", ramp.resize((24, 16)).convert("1"), {"xmp": b"<x/>"}
    yield "planes_float", ramp.resize((9, 7)).convert("F"), {"icc_profile": b"icc"}
    yield "planes_cmyk", colour.resize((9, 7)).convert("CMYK"), {}


def corpus() -> dict[str, tuple[bytes, bytes]]:
    """Name -> file, and the pixels that it holds: of the grid coding, those that it decodes to."""
    files = {}
    for name, picture, keywords in pictures():
        file = io.BytesIO()
        picture.save(file, "CGX", **keywords)
        held = picture
        if keywords.get("mode") == "grid":
            held = Image.open(file, formats=["CGX"])
        files[name] = file.getvalue(), held.tobytes()
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
