"""Kinds of JPEG files that Pillow does not write: made by hand, or refused."""

import struct
from dataclasses import replace

import numpy as np
import pytest

from pillow_colorgrid.jpeg import file
from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.huffman import HuffmanTable, optimal
from pillow_colorgrid.jpeg.picture import Component, JpegPicture, block_shape, transform_of
from pillow_colorgrid.jpeg.recipe import (
    OPTIMAL,
    CodeDefinition,
    Codes,
    Finish,
    FrameNames,
    Recipe,
    ScanScript,
    TableDefinition,
    Tables,
)
from pillow_colorgrid.jpeg.segments import Restart, ScanHeader, split
from tests.jpeg.test_jpeg_file import picture, saved


def made(width: int, height: int, factors: list[tuple[int, int]], seed: int = 0) -> JpegPicture:
    """Random coefficients, most of them 0, with steps beyond 255."""
    rng = np.random.default_rng(seed)
    h_max, v_max = max(h for h, _ in factors), max(v for _, v in factors)
    components = []
    for h, v in factors:
        shape = (*block_shape(width, height, h, v, h_max, v_max), 64)
        values = np.round(rng.laplace(0, 3 / (1 + np.arange(64) / 6), shape)).astype(np.int16)
        values[:, :, 0] = rng.integers(-300, 300, shape[:2])
        table = rng.integers(1, 1000, 64).astype(np.uint16)
        components.append(Component(h, v, table, values))
    transform = {1: "grey", 3: "ycc", 4: "cmyk"}[len(factors)]
    return JpegPicture(width, height, tuple(components), transform)


def with_scans(read: JpegPicture, marker: int, scans: list[ScanHeader], restart: int) -> bytes:
    """The file of a picture with tables of 16 bits and optimal Huffman tables before each scan."""
    count = len(read.components)
    tables = tuple(TableDefinition(n, True, n) for n in range(count))
    parts = [Tables(tables), FrameNames(marker, tuple((n + 65, n) for n in range(count)))]
    for number, scan in enumerate(scans):
        places = sorted({slots >> 4 for slots in scan.tables} if scan.first == 0 else set())
        places += sorted({16 | slots & 15 for slots in scan.tables} if scan.last else set())
        parts.append(Codes(tuple(CodeDefinition(place, OPTIMAL) for place in places)))
        parts += [Restart(restart + number if restart else 0), ScanScript(scan)]
    return file.write(read, Recipe(count, (*parts, Finish(True, b""))))


def check(data: bytes, read: JpegPicture) -> Recipe:
    """The file gives these coefficients, and these bytes again."""
    found, recipe = file.read_exact(data)
    for mine, theirs in zip(found.components, read.components, strict=True):
        assert np.array_equal(mine.coefficients, theirs.coefficients)
        assert np.array_equal(mine.table, theirs.table)
    assert file.write(found, Recipe.unpack(recipe.pack())) == data
    return recipe


FACTORS = [
    [(1, 1)],
    [(2, 2)],
    [(2, 2), (1, 1), (1, 1)],
    [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)],
    [(3, 2), (1, 2), (1, 1)],
    [(1, 1), (2, 2), (1, 2)],
    [(2, 1), (1, 1), (1, 1), (2, 1)],
]


@pytest.mark.parametrize("factors", FACTORS, ids=str)
@pytest.mark.parametrize("restart", [0, 1, 3])
@pytest.mark.parametrize("size", [(1, 1), (50, 37), (97, 64)])
def test_sequential_scans(
    factors: list[tuple[int, int]], restart: int, size: tuple[int, int]
) -> None:
    read = made(*size, factors)
    every = tuple(range(len(factors)))
    slots = tuple(min(n, 3) * 0x11 for n in every)
    check(with_scans(read, 0xC1, [ScanHeader(every, slots, 0, 63, 0, 0)], restart), read)
    alone = [ScanHeader((n,), (0x11,), 0, 63, 0, 0) for n in every]
    check(with_scans(read, 0xC0, alone, restart), read)


@pytest.mark.parametrize("factors", FACTORS, ids=str)
@pytest.mark.parametrize("restart", [0, 2])
def test_progressive_scans(factors: list[tuple[int, int]], restart: int) -> None:
    """Bands and point transforms that libjpeg's own script does not use."""
    read = made(75, 53, factors)
    every = tuple(range(len(factors)))
    scans = [ScanHeader(every, (0x10,) * len(every), 0, 0, 0, 2)]
    for n in every:
        scans += [ScanHeader((n,), (2,), 1, 2, 0, 0), ScanHeader((n,), (0,), 3, 63, 0, 3)]
    scans += [ScanHeader((n,), (0,), 0, 0, 2, 1) for n in every]
    for n in every:
        scans += [ScanHeader((n,), (1,), 3, 63, low + 1, low) for low in (2, 1, 0)]
    scans.append(ScanHeader(every, (0,) * len(every), 0, 0, 1, 0))
    # The DC refinement takes no table.
    check(with_scans(read, 0xC2, scans, restart), read)


def test_single_ends_of_blocks() -> None:
    read = made(120, 90, [(1, 1)])
    read.components[0].coefficients[:, :, 5:] = 0
    read.components[0].coefficients[3:5, 2:] = 0
    scans = [
        ScanHeader((0,), (0,), 0, 0, 0, 0),
        ScanHeader((0,), (0,), 1, 63, 0, 1),
        ScanHeader((0,), (0,), 1, 63, 1, 0),
    ]
    _, recipe = file.read(with_scans(read, 0xC2, scans, 0))
    parts = tuple(
        replace(part, single_ends=True) if isinstance(part, ScanScript) and n > 5 else part
        for n, part in enumerate(recipe.parts)
    )
    single = file.write(read, replace(recipe, parts=parts))
    assert single != file.write(read, recipe)
    told = check(single, read)
    assert any(isinstance(part, ScanScript) and part.single_ends for part in told.parts)


def test_long_runs_and_many_corrections() -> None:
    """More than 32767 empty blocks, and more than 937 waiting correction bits."""
    read = made(1600, 1600, [(1, 1)])
    values = read.components[0].coefficients
    values[:, :, 1:] = 0
    values[3:20, :, 1] = 5
    scans = [
        ScanHeader((0,), (0,), 0, 0, 0, 0),
        ScanHeader((0,), (0,), 1, 63, 0, 1),
        ScanHeader((0,), (0,), 1, 63, 1, 0),
    ]
    check(with_scans(read, 0xC2, scans, 0), read)


def test_bytes_between_segments_and_after_the_end() -> None:
    data = saved(picture(30, 20))
    scan = data.index(b"\xff\xda")
    for damaged in (
        data + b"\xff\xd8 another picture \xff\xd9",
        data[:-2],
        data[:scan] + b"\xff\xff\xff" + data[scan:],
        data[:scan] + b"junk" + data[scan:],
        data[:2] + b"\xff\xe5\0\x06\xff\xd8\xff\xd9" + data[2:],
    ):
        assert file.write(*file.read_exact(damaged)) == damaged


def test_padding_of_zeros() -> None:
    read, recipe = file.read(saved(picture(41, 31), restart_marker_blocks=1))
    parts = tuple(
        replace(part, zeros=True) if isinstance(part, ScanScript) else part for part in recipe.parts
    )
    zeros = file.write(read, replace(recipe, parts=parts))
    assert zeros != file.write(read, recipe)
    assert not any(
        part.changes for part in check(zeros, read).parts if isinstance(part, ScanScript)
    )


def test_blocks_without_picture_that_break_the_rule() -> None:
    """As written by programs that fill the last MCUs with the picture's edge."""
    whole = saved(picture(64, 64))
    size = whole.index(b"\xff\xc0") + 5
    cropped = whole[:size] + struct.pack(">HH", 49, 50) + whole[size + 4 :]
    read, recipe = file.read_exact(cropped)
    assert recipe.dummies
    assert file.write(read, Recipe.unpack(recipe.pack())) == cropped


def test_bytes_after_a_scan_are_a_difference() -> None:
    data = saved(picture(30, 20))
    odd = data[:-2] + b"\0\0\0" + data[-2:]
    read, recipe = file.read_exact(odd)
    assert file.write(read, Recipe.unpack(recipe.pack())) == odd
    assert len(recipe.pack()) < 30


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d[2:], "begin"),
        (lambda d: d.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "12 bits"),
        (lambda d: d.replace(b"\xff\xc0", b"\xff\xc9"), "arithmetic"),
        (lambda d: d.replace(b"\xff\xc0", b"\xff\xc3"), "lossless"),
        (lambda d: d.replace(b"\xff\xc0", b"\xff\xc5"), "hierarchical"),
        (lambda d: d[: len(d) * 3 // 4], "cut off"),
        (lambda d: d[:100], "cut off"),
        (lambda d: d[:-2] + b"\xff\xdc\0\x04\0\x20\xff\xd9", "DNL"),
    ],
)
def test_what_is_refused(change, message: str) -> None:
    with pytest.raises(UnsupportedJpegError, match=message):
        file.read(change(saved(picture(64, 40))))


def test_bombs_are_refused_at_once() -> None:
    data = saved(picture(64, 40))
    size = data.index(b"\xff\xc0") + 5
    huge = data[:size] + struct.pack(">HH", 65500, 65500) + data[size + 4 :]
    with pytest.raises(UnsupportedJpegError, match="pixels, at most"):
        file.read(huge)
    with pytest.raises(UnsupportedJpegError, match="blocks"):
        file.read(huge, max_pixels=1 << 40)
    scans = split(saved(picture(64, 40), progressive=True))
    assert len(scans) > 10
    progressive = saved(picture(8, 8), progressive=True)
    last = progressive.rindex(b"\xff\xda")
    with pytest.raises(UnsupportedJpegError, match="more than 100 scans"):
        file.read(progressive[:-2] + progressive[last:-2] * 100)


def test_damaged_files_are_refused_or_come_back() -> None:
    rng = np.random.default_rng(3)
    sources = [
        saved(picture(40, 24), **options)
        for options in ({}, {"progressive": True}, {"restart_marker_blocks": 2, "optimize": True})
    ]
    outcomes = [0, 0]
    for number in range(450):
        data = bytearray(sources[number % 3])
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(2, len(data)))
            match rng.integers(4):
                case 0:
                    data[at] = rng.integers(256)
                case 1:
                    data[at] ^= 1 << rng.integers(8)
                case 2:
                    data[at:at] = rng.bytes(int(rng.integers(1, 9)))
                case 3 if len(data) > 100:
                    del data[at : at + int(rng.integers(1, 9))]
        try:
            read, recipe = file.read_exact(bytes(data))
        except UnsupportedJpegError:
            outcomes[0] += 1
            continue
        assert file.write(read, Recipe.unpack(recipe.pack())) == data
        outcomes[1] += 1
    assert min(outcomes) > 50


def test_optimal_table_is_limited_to_16_bits() -> None:
    """Frequencies of Fibonacci make a tree of one long branch."""
    frequencies = [1, 1]
    while len(frequencies) < 30:
        frequencies.append(sum(frequencies[-2:]))
    histogram = np.zeros(256, np.int64)
    histogram[:30] = frequencies
    table = optimal(histogram)
    table.check()
    assert sorted(table.symbols) == list(range(30))
    assert table.counts[15] > 0
    with pytest.raises(UnsupportedJpegError, match="too many codes of 1 bits"):
        HuffmanTable(bytes([3] + [0] * 15), bytes(3)).check()


@pytest.mark.parametrize(
    ("ids", "jfif", "adobe", "expected"),
    [
        ((9,), False, None, "grey"),
        ((1, 2, 3), False, None, "ycc"),
        ((82, 71, 66), False, None, "rgb"),
        ((82, 71, 66), True, None, "ycc"),
        ((1, 2, 3), False, 0, "rgb"),
        ((1, 2, 3), True, 0, "ycc"),
        ((1, 2, 3, 4), False, None, "cmyk"),
        ((1, 2, 3, 4), False, 0, "cmyk"),
        ((1, 2, 3, 4), False, 2, "ycck"),
    ],
)
def test_transform(ids: tuple[int, ...], jfif: bool, adobe: int | None, expected: str) -> None:
    assert transform_of(ids, jfif, adobe) == expected


def test_coefficients_are_jpeglibs(tmp_path) -> None:
    jpeglib = pytest.importorskip("jpeglib")
    for options in ({}, {"progressive": True, "quality": 95}, {"restart_marker_blocks": 1}):
        data = saved(picture(70, 45), **options)
        path = tmp_path / "a.jpg"
        path.write_bytes(data)
        reference = jpeglib.read_dct(str(path))
        read, _ = file.read(data)
        planes = (reference.Y, reference.Cb, reference.Cr)
        for component, plane in zip(read.components, planes, strict=True):
            rows, columns = component.coefficients.shape[:2]
            expected = np.asarray(plane).reshape(*plane.shape[:2], 64)[:rows, :columns]
            assert np.array_equal(component.coefficients, expected)
