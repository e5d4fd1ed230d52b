"""The jpeg coding, decoded by a second decoder that was written from FORMAT.md alone."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.conftest import GOLDEN, photograph
from tests.format.plain_jpeg_decoder import decode

SAVED = {  # what Pillow is told; mode, size
    "baseline 4:2:0": ("RGB", (48, 40), {"quality": 75}),
    "optimised 4:2:2": ("RGB", (37, 29), {"quality": 60, "subsampling": 1, "optimize": True}),
    "progressive 4:4:4": ("RGB", (40, 24), {"quality": 88, "subsampling": 0, "progressive": True}),
    "progressive 4:2:0": ("RGB", (41, 33), {"quality": 70, "progressive": True}),
    "restart": ("RGB", (50, 34), {"quality": 50, "restart_marker_blocks": 2}),
    "grey": ("L", (41, 35), {"quality": 80}),
    "grey, progressive": ("L", (24, 40), {"quality": 90, "progressive": True}),
    "CMYK": ("CMYK", (24, 17), {"quality": 85}),
    "RGB kept": ("RGB", (24, 24), {"quality": 85, "keep_rgb": True}),
    "best quality": ("RGB", (24, 16), {"quality": 100}),
    "worst quality": ("RGB", (64, 64), {"quality": 2}),
    "one pixel": ("RGB", (1, 1), {"quality": 75}),
}


def jpeg_of(mode, size, options):
    stream = io.BytesIO()
    photograph("coffee", *size).convert(mode).save(stream, "JPEG", **options)
    return stream.getvalue()


def with_real_dummies():
    """A file whose blocks beside and below the picture hold picture: its size was cut."""
    data = bytearray(jpeg_of("RGB", (48, 32), {"quality": 80}))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = bytes([0, 20, 0, 36])
    return bytes(data)


def with_wild_blocks():
    """A file whose steps are so large that sums leave 16 bits (3.8.6)."""
    data = bytearray(jpeg_of("L", (24, 16), {"quality": 100}))
    table = data.index(b"\xff\xdb")
    data[table + 5 : table + 69] = bytes([255]) * 64
    return bytes(data)


def with_a_difference():
    """Of the bits that fill the bytes before restart markers, a few are 0, most are 1."""
    data = bytearray(jpeg_of("RGB", (64, 48), {"quality": 98, "restart_marker_blocks": 1}))
    for marker in (3, 6):
        at = data.index(bytes([255, 0xD0 + marker])) - 1
        data[at] &= 254
    return bytes(data)


def compare(jpeg, folder):
    """Save it as .cgx by the package, decode by the plain decoder: pixels and bytes are equal."""
    (folder / "a.jpg").write_bytes(jpeg)
    with Image.open(folder / "a.jpg") as image:
        image.save(folder / "a.cgx")
    file = (folder / "a.cgx").read_bytes()
    assert file[10] == 6
    pixels, restored = decode(file)
    with Image.open(io.BytesIO(jpeg)) as image:
        shown = np.asarray(image)
    assert np.array_equal(pixels.reshape(shown.shape), shown)
    assert restored == jpeg


@pytest.mark.parametrize("kind", SAVED)
def test_plain_decoder_agrees(kind, tmp_path):
    compare(jpeg_of(*SAVED[kind]), tmp_path)


def test_blocks_without_picture_that_are_told(tmp_path):
    compare(with_real_dummies(), tmp_path)


def test_wild_blocks(tmp_path):
    compare(with_wild_blocks(), tmp_path)


def test_a_difference_of_the_scan(tmp_path):
    compare(with_a_difference(), tmp_path)


def test_what_stands_behind_the_end_of_the_image(tmp_path):
    compare(jpeg_of("RGB", (24, 24), {"quality": 75}) + b"behind", tmp_path)


GOLDEN_JPEG = sorted(p for p in GOLDEN.glob("*-jpeg-*.cgx") if p.read_bytes()[10] == 6)


@pytest.mark.parametrize("path", GOLDEN_JPEG, ids=lambda path: path.stem)
def test_golden_files(path):
    pixels, _ = decode(path.read_bytes())  # compares the checksum of the header
    with Image.open(path) as image:
        shown = np.asarray(image)
    assert np.array_equal(pixels.reshape(shown.shape), shown)
