"""The file's bytes: exact layout, damage, versions, unknown sections."""

import io
import subprocess
import sys
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Kind, one
from pillow_colorgrid.codings.decolorized.description import DECOLORIZED
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, DamagedError, NewerFormatError, TruncatedError

HEADER = Header(DECOLORIZED.number, "RGB", (768, 512), b"\1\2\3\4\5\6\7\x08")

HEADER_HEX = (
    "89 43 47 58 0d 0a 1a 0a"  # signature
    "01 00 02 06 00 00 00 00"  # version 1.0, coding 2, mode 6, flags
    "00 03 00 00 00 02 00 00"  # 768 x 512
    "01 02 03 04 05 06 07 08"  # checksum of the pixels
)


def with_crc(data: bytes) -> bytes:
    return data + zlib.crc32(data).to_bytes(4, "little")


def test_header_layout() -> None:
    expected = with_crc(bytes.fromhex(HEADER_HEX))
    assert container.pack_header(HEADER) == expected
    assert len(expected) == container.HEADER_BYTES == 36


def test_section_layout() -> None:
    packed = container.pack_section(Section(b"INNR", b"abc"))
    crc = zlib.crc32(b"INNR" + b"\3\0\0\0" + b"abc").to_bytes(4, "little")
    assert packed == b"INNR" + b"\3\0\0\0" + crc + b"abc"


@given(
    coding=st.integers(0, 255),
    mode=st.sampled_from(sorted(container.MODE_IDS)),
    size=st.tuples(*[st.integers(1, container.MAX_SIDE)] * 2),
    checksum=st.binary(min_size=8, max_size=8),
)
def test_header_roundtrip(coding: int, mode: str, size: tuple[int, int], checksum: bytes) -> None:
    header = Header(coding, mode, size, checksum)
    assert container.read_header(io.BytesIO(container.pack_header(header))) == header


@given(
    st.lists(
        st.builds(Section, st.from_regex(rb"[A-BD-Za-z][A-Za-z]{3}", fullmatch=True), st.binary())
    )
)
def test_sections_roundtrip(sections: list[Section]) -> None:
    file = io.BytesIO(container.pack(HEADER, sections))
    assert container.read_header(file) == HEADER
    assert list(container.read_sections(file)) == sections


def read_all(data: bytes) -> list[Section]:
    file = io.BytesIO(data)
    container.read_header(file)
    return list(container.read_sections(file))


def test_every_flipped_bit_is_an_error() -> None:
    data = container.pack(HEADER, [Section(b"exif", b"Exif"), Section(b"INNR", b"pixels")])
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises((SyntaxError, CgxError)):
            read_all(bytes(damaged))


def test_every_truncation_is_an_error() -> None:
    data = container.pack(HEADER, [Section(b"INNR", b"pixels")])
    for length in range(len(data)):
        expected = SyntaxError if length < container.HEADER_BYTES else TruncatedError
        with pytest.raises(expected):
            read_all(data[:length])


@pytest.mark.parametrize(
    ("position", "value", "named"),
    [(8, 2, "version 2"), (10, 99, "coding 99"), (11, 99, "mode 99"), (12, 1, "flags 0x1")],
)
def test_newer_files_are_refused_by_name(position: int, value: int, named: str) -> None:
    header = bytearray(container.pack_header(HEADER)[:-4])
    header[position] = value
    with pytest.raises(NewerFormatError, match=named):
        registry.of(container.read_header(io.BytesIO(with_crc(bytes(header)))))


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (container.MAX_SIDE + 1, 1)])
def test_impossible_sizes_are_refused(size: tuple[int, int]) -> None:
    header = container.pack_header(Header(STORED.number, "L", size, bytes(8)))
    with pytest.raises(DamagedError, match="allowed 1 to 30000"):
        container.read_header(io.BytesIO(header))


def test_newer_minor_version_is_read() -> None:
    newer = Header(DECOLORIZED.number, "L", (1, 1), bytes(8), minor=7)
    assert container.read_header(io.BytesIO(container.pack_header(newer))) == newer
    codec.check_sections(newer, [b"INNR"])


def test_what_is_unknown_names_the_versions() -> None:
    newer = Header(DECOLORIZED.number, "L", (1, 1), bytes(8), minor=7)
    versions = rf"states format version 1\.7, this release reads 1\.{container.MINOR}"
    with pytest.raises(NewerFormatError, match=rf"ZZZZ is unknown, .*{versions}"):
        codec.check_sections(newer, [b"ZZZZ"])
    with pytest.raises(NewerFormatError, match=rf"coding 99 is unknown, .*{versions}"):
        registry.of(replace(newer, coding=99))


def test_each_coding_states_the_version_that_brought_it() -> None:
    assert {coding.number: coding.since for coding in registry.all_codings()} == {
        **dict.fromkeys(range(1, 6), 0),
        **dict.fromkeys(range(6, 12), 1),
    }
    older = Header(JPEG.number, "L", (1, 1), bytes(8), minor=0)
    with pytest.raises(DamagedError, match=r"1\.0 does not have the coding jpeg, allowed: 1\.1"):
        registry.of(older)


def test_a_newer_kind_of_section_raises_the_version() -> None:
    old, new = Kind(b"OLDK", "old"), Kind(b"NEWK", "new", optional=True, since=3)
    coding = replace(STORED, parts=(one(old), one(new)))
    assert coding.minor_version([b"OLDK"]) == 0
    assert coding.minor_version([b"OLDK", b"NEWK"]) == 3


def test_unknown_critical_section_is_refused_and_ancillary_skipped() -> None:
    codec.check_sections(HEADER, [b"zzzz", b"INNR"])
    with pytest.raises(CgxError, match=r"ZZZZ is unknown, known are .* states format version 1\.0"):
        codec.check_sections(HEADER, [b"INNR", b"ZZZZ"])


def test_huge_section_length_is_not_allocated() -> None:
    head = container.SECTION.pack(b"INNR", container.MAX_SECTION_BYTES, 0)
    with pytest.raises(TruncatedError, match="0 of 2147483647 bytes"):
        container.read_section(io.BytesIO(head))
    head = container.SECTION.pack(b"INNR", 2**32 - 1, 0)
    with pytest.raises(DamagedError, match="allowed 2147483647"):
        container.read_section(io.BytesIO(head))


def test_container_needs_neither_numpy_nor_onnxruntime() -> None:
    code = (
        "import sys, pillow_colorgrid.container\n"
        "assert not {'numpy', 'onnxruntime', 'zstandard'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
