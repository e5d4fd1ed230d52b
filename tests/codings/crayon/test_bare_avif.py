"""AVIF files without their head: there and back, and the head that FORMAT.md tells."""

import re
from pathlib import Path

import numpy as np
import pytest

from pillow_colorgrid.codings.crayon import bare_avif, luminance
from pillow_colorgrid.errors import DamagedError
from tests.conftest import photograph

FORMAT = Path(__file__).parents[3] / "FORMAT.md"


@pytest.fixture(autouse=True)
def _needs_avif() -> None:
    if not luminance.available(luminance.AVIF):
        pytest.skip("no AVIF in this Pillow")


def grey(width: int, height: int) -> np.ndarray:
    return np.asarray(photograph("coffee", width, height).convert("L")).astype(np.int16)


@pytest.mark.parametrize(
    ("size", "quality", "effort"),
    [((1, 1), 50, 5), ((301, 77), 1, 1), ((77, 301), 99, 9), ((600, 400), 30, 5)],
)
def test_all_but_the_head_is_kept(size: tuple[int, int], quality: int, effort: int) -> None:
    plane = grey(*size)
    data = luminance.encode(plane, quality, effort)
    assert data[0] == luminance.AV1
    file = bare_avif.whole(data[1:], *size)
    assert bare_avif.bare(file, *size) == data[1:]
    assert len(file) - len(data) == len(bare_avif.HEAD) - bare_avif.AV1_BYTES - 1
    shown = luminance.decode(data, size[1], size[0])
    assert np.array_equal(shown, luminance.decode(b"\1" + file, size[1], size[0]))


def test_a_file_with_another_head_is_kept_whole() -> None:
    file = bare_avif.whole(luminance.encode(grey(40, 30), 50, 5)[1:], 40, 30)
    assert bare_avif.bare(file, 40, 31) is None
    assert bare_avif.bare(file.replace(b"Color", b"color"), 40, 30) is None
    assert bare_avif.bare(file + b"\0", 40, 30) is None
    assert bare_avif.bare(file[:100], 40, 30) is None


def test_the_head_is_as_format_md_tells() -> None:
    told = FORMAT.read_text().split("#### 3.7.2", 1)[1].split("#### 3.7.3", 1)[0]
    lines = re.findall(r"^    ((?:[0-9a-f]{2,} ?)+)$", told, re.MULTILINE)
    assert bytes.fromhex("".join(lines)) == bare_avif.HEAD
    places = [int(place) for place in re.findall(r"^\| (\d+) \|", told, re.MULTILINE)]
    assert places == [bare_avif.LENGTH, bare_avif.SIZE, bare_avif.AV1, bare_avif.MDAT]


def test_a_coded_picture_of_another_size_is_refused() -> None:
    """Libavif would scale it to what the head tells."""
    data = luminance.encode(grey(40, 30), 50, 5)
    with pytest.raises(DamagedError, match=r"AV1 is \(40, 30\), needs \(41, 30\)"):
        luminance.decode(data, 30, 41)


@pytest.mark.parametrize(
    "coded",
    ["", "12000a", "12000a07", "12000a0718", "12000a0718ff", "12000a0310ffff", "0a0718ffff"],
)
def test_what_is_no_coded_picture_is_refused(coded: str) -> None:
    with pytest.raises(DamagedError, match=r"AV1 is no picture, needs \(8, 8\)"):
        luminance.decode(b"\4\x81\x04\x1c\0" + bytes.fromhex(coded), 8, 8)


def test_damage_is_an_error() -> None:
    data = bytearray(luminance.encode(grey(40, 30), 50, 5))
    for place in range(1, len(data), 7):
        wrong = bytes(data[:place]) + bytes([data[place] ^ 0x55]) + bytes(data[place + 1 :])
        try:
            luminance.decode(wrong, 30, 40)
        except DamagedError:
            continue  # what AV1 cannot tell is found by the checksum of the section
