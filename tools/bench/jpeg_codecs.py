"""What makes JPEG files smaller without loss, each called in the same way.

Libraries on PyPI, looked up in November 2026: JPEG XL's transcode (pillow-jxl-plugin), Lepton
(lepton-jpeg-python, a build of the Rust port: adaptive contexts; left out of `CODECS` where it is
not installed, since it has wheels for few machines), and Huffman codes made anew
(mozjpeg-lossless-optimization). Nobody publishes packJPG or Brunsli there.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pillow_jxl
from PIL import Image

import pillow_colorgrid

try:
    import lepton_jpeg_python
except ImportError:
    lepton_jpeg_python = None

REDUCTION = 8
"""Thumbnails are made with one of so many pixels in each direction."""


@dataclass(frozen=True)
class Sample:
    """A JPEG file to be made smaller.

    Attributes:
        path: of the file.
        picture: what Pillow made the file of; None: the file was found as it is.
        options: keywords of `Image.save` that made it.
    """

    path: Path
    picture: Image.Image | None
    options: dict[str, object]


@dataclass(frozen=True)
class Codec:
    """How a codec is called.

    Attributes:
        suffix: of its files.
        encode: writes the file at the path from a JPEG file.
        pixels: reads the whole picture from a file.
        restore: the JPEG file, from a file; None: it is lost.
        small: reads the picture at an eighth.
        found_files: whether it takes files that were found, or only those made here.
    """

    suffix: str
    encode: Callable[[Sample, Path], None]
    pixels: Callable[[Path], Image.Image]
    restore: Callable[[Path], bytes] | None
    small: Callable[[Path], Image.Image]
    found_files: bool = True


# -- reading through Pillow -----------------------------------------------------------------------


def loaded(file: Path | BytesIO) -> Image.Image:
    with Image.open(file) as image:
        image.load()
        return image


def loaded_small(file: Path | BytesIO) -> Image.Image:
    """At an eighth: decoded so where the format can (`draft`), else averaged afterwards."""
    with Image.open(file) as image:
        width, height = image.size
        image.draft(image.mode, (max(1, width // REDUCTION), max(1, height // REDUCTION)))
        image.load()
        return image.reduce(REDUCTION) if image.size == (width, height) else image


# -- JPEG as it is, and with other Huffman codes --------------------------------------------------


def _copy(sample: Sample, target: Path) -> None:
    target.write_bytes(sample.path.read_bytes())


def _pillow(**more: object) -> Callable[[Sample, Path], None]:
    """Pillow saves the picture again: same coefficients, other Huffman codes."""

    def encode(sample: Sample, target: Path) -> None:
        assert sample.picture is not None
        sample.picture.save(target, "JPEG", **sample.options, **more)

    return encode


MOZJPEG = (
    "import sys, mozjpeg_lossless_optimization as m; "
    "sys.stdout.buffer.write(m.optimize(sys.stdin.buffer.read(), m.COPY_MARKERS.ALL))"
)


def _mozjpeg(sample: Sample, target: Path) -> None:
    """In a process of its own, which counts in the time: at some files the library calls exit.

    Raises:
        RuntimeError: it does not take the file.
        ValueError: it would drop the frames behind the first.
    """
    with Image.open(sample.path) as image:
        if image.format == "MPO":
            raise ValueError("drops the frames behind the first")
    command = [sys.executable, "-c", MOZJPEG]
    done = subprocess.run(command, input=sample.path.read_bytes(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise RuntimeError(done.stderr.decode(errors="replace").strip()[-90:])
    target.write_bytes(done.stdout)


# -- JPEG XL --------------------------------------------------------------------------------------


def _jpeg_xl(effort: int) -> Codec:
    """Called as pillow-jxl-plugin's `save(lossless_jpeg=True)` calls it, also for MPO files."""

    def encode(sample: Sample, target: Path) -> None:
        with Image.open(sample.path) as image:
            mode, size = image.mode, image.size
        encoder = pillow_jxl.Encoder(
            mode=mode,
            lossless=False,
            quality=90,
            decoding_speed=0,
            effort=effort,
            use_container=False,
            use_original_profile=False,
            num_threads=-1,
        )
        target.write_bytes(encoder(sample.path.read_bytes(), *size, jpeg_encode=True))

    return Codec(".jxl", encode, loaded, _jpeg_xl_restore, loaded_small)


def _jpeg_xl_restore(path: Path) -> bytes:
    is_jpeg, _, data, *_ = pillow_jxl.Decoder(num_threads=-1)(path.read_bytes())
    if not is_jpeg:
        raise ValueError("JPEG XL kept pixels, not the JPEG file")
    return data


# -- Lepton ---------------------------------------------------------------------------------------


def _lepton(sample: Sample, target: Path) -> None:
    target.write_bytes(lepton_jpeg_python.compress_bytes(sample.path.read_bytes()))


def _lepton_restore(path: Path) -> bytes:
    return lepton_jpeg_python.decompress_bytes(path.read_bytes())


# -- .cgx -----------------------------------------------------------------------------------------


def _cgx(sample: Sample, target: Path) -> None:
    with Image.open(sample.path) as image:
        image.save(target)


OWN = "CGX"
RIVAL = "JPEG XL e9"

CODECS = {
    "JPEG": Codec(".jpg", _copy, loaded, Path.read_bytes, loaded_small),
    "JPEG optimize": Codec(
        ".jpg", _pillow(optimize=True), loaded, None, loaded_small, found_files=False
    ),
    "JPEG progressive": Codec(
        ".jpg", _pillow(progressive=True), loaded, None, loaded_small, found_files=False
    ),
    "JPEG mozjpeg": Codec(".jpg", _mozjpeg, loaded, None, loaded_small),
    "Lepton": Codec(
        ".lep",
        _lepton,
        lambda path: loaded(BytesIO(_lepton_restore(path))),
        _lepton_restore,
        lambda path: loaded_small(BytesIO(_lepton_restore(path))),
    ),
    "JPEG XL e7": _jpeg_xl(7),
    RIVAL: _jpeg_xl(9),
    OWN: Codec(".cgx", _cgx, loaded, pillow_colorgrid.jpeg_bytes, loaded_small),
}
"""Adding a codec is one entry."""

if lepton_jpeg_python is None:
    del CODECS["Lepton"]
