"""Damaged and forged files of several frames: an error, or the very frames; never others."""

import io
import struct
import zlib

import numpy as np
import pytest

from pillow_colorgrid import container
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.frames import index
from tests.conftest import noise
from tests.format.test_plain_frames import GOLDEN
from tests.frames.animations import opened, saved, sprite

FILE = (GOLDEN / "1.1-frames.cgx").read_bytes()
PALETTE_FILE = (GOLDEN / "1.1-frames-palette.cgx").read_bytes()


def shown(data: bytes) -> list[tuple[str, tuple[int, int], bytes]]:
    with opened(data) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append((image.mode, image.size, image.tobytes()))
        return found


def repaired(data: bytes, depth: int = 0, start: int = container.HEADER_BYTES) -> bytes:
    """With the right CRC-32 of every section, also of those inside frames and patches."""
    out = data[:start]
    while start < len(data):
        name, length, crc = struct.unpack_from("<4sII", data, start)
        payload = data[start + 12 : start + 12 + length]
        if name == b"FRAM":
            payload = repaired(payload, 1, 9)
        elif name == b"PTCH" and payload[:1] != b"\x02":
            payload = repaired(payload, 2, 10)
        if len(payload) == length:
            crc = zlib.crc32(payload, zlib.crc32(name + struct.pack("<I", length)))
        out += struct.pack("<4sII", name, length, crc) + payload
        start += 12 + length
    return out


def test_repairing_changes_nothing_that_is_whole() -> None:
    assert repaired(FILE) == FILE


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("file", [FILE, PALETTE_FILE], ids=["frames", "palette"])
def test_a_changed_byte_never_shows_other_frames(file: bytes, repair: bool) -> None:
    right = shown(file)
    with opened(file) as image:
        first, *offsets = image._directory.offsets
    places = set(range(first - 60, first)) if repair else set(range(container.HEADER_BYTES, first))
    for offset in offsets[:-1]:  # heads of frames, of patches, and a part of the rest
        places |= set(range(offset, offset + 60))
    rng = np.random.default_rng(2)
    places |= set(rng.integers(offsets[0], len(file) - 12, 60).tolist())
    for place in sorted(places):
        damaged = bytearray(file)
        damaged[place] ^= int(rng.integers(1, 256))
        try:
            data = repaired(bytes(damaged)) if repair else bytes(damaged)
            found = shown(data)
        except (OSError, SyntaxError, struct.error):
            continue
        # What is left: durations, metadata, the order of frames; every frame is one that was saved.
        assert set(found) <= set(right), place


def forged(change) -> bytes:
    """The file with another index."""
    file = io.BytesIO(FILE)
    header = container.read_header(file)
    sections = list(container.read_sections(file))
    at = next(n for n, section in enumerate(sections) if section.type == index.INDEX)
    sections[at] = Section(index.INDEX, change(sections[at].payload))
    return container.pack(header, sections)


def test_the_index_is_as_described() -> None:
    payload = forged_payload()
    flags, loop = payload[:2]
    assert (flags, loop) == (1, 4)


def forged_payload() -> bytes:
    found: list[bytes] = []
    forged(lambda payload: found.append(payload) or payload)
    return found[0]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (b"\x01" + b"\x00" + b"\x00\x00\x00\x00\x05", "1 frames, allowed from 2"),
        (b"\x02" + b"\x00" + b"\x00\x02\x00\x00\x05", "refers to the 2th before it"),
        (b"\x02" + b"\x00" + b"\x00\x00\x02\x00\x05", "refers to the 2th before it"),
        (b"\x02" + b"\x00" + b"\x00\x00\x01\x00\x00", "no section, and is no repetition"),
        (b"\x02" + b"\x00" + b"\x00\x01\x00\x00\x00", "no section, and is no repetition"),
        (b"\x02" + b"\x00" + b"\x00\x01\x01\x63\x01\x01\x05", "mode 99 is unknown"),
        (b"\x02" + b"\x00" + b"\x00\x01\x01\x06\x00\x01\x05", "size 0x1, allowed 1 to 30000"),
        (b"\x02" + b"\x00" + b"\x00\x01\x01\x06\x01\x01\x05", "made of one of RGB"),
        (b"\x02" + b"\x02" + struct.pack("<d", float("nan")) + b"\0\0\1\0\5", "duration nan"),
        (b"\x02" + b"\x02" + struct.pack("<d", -1) + b"\0\0\1\0\5", "duration -1"),
        (b"\x02" + b"\x00" + b"\x00\x00\x01\x00", "index of frames ends after"),
        (b"\x02" + b"\x00" + b"\x00\x00\x01\x00\xff\xff\xff\xff\xff\x01", "more than 5 bytes"),
    ],
)
def test_a_forged_index_says_what_is_wrong(entries: bytes, said: str) -> None:
    payload = forged_payload()
    rest = payload[2:]
    first = next(n for n, byte in enumerate(rest) if byte < 128) + 1
    with pytest.raises(CgxError, match=said):
        opened(forged(lambda _: payload[: 2 + first] + entries))


def test_the_version_must_have_frames() -> None:
    data = bytearray(FILE)
    data[9] = 0
    data[32:36] = struct.pack("<I", zlib.crc32(bytes(data[:32])))
    with pytest.raises(CgxError, match=r"version 1\.0 does not have several frames"):
        opened(bytes(data))


def test_verify_reads_to_the_end() -> None:
    with opened(FILE) as image:
        image.verify()
    offsets = opened(FILE)._directory.offsets
    for start, end in ((offsets[2], offsets[4]), (offsets[-2], offsets[-1])):
        with opened(FILE[:start] + FILE[end:]) as image, pytest.raises(CgxError):
            image.verify()
    damaged = bytearray(FILE)
    damaged[-20] ^= 1
    with opened(bytes(damaged)) as image, pytest.raises(CgxError, match="FRAM damaged"):
        image.verify()


def test_one_damaged_frame_leaves_the_others() -> None:
    frames = [*sprite(2), noise("RGB", (30, 20)), noise("RGB", (30, 20), 2)]
    data = bytearray(saved(frames, effort=1))
    data[opened(bytes(data))._directory.offsets[2] + 40] ^= 1
    with opened(bytes(data)) as image:
        for number in (3, 0, 1):
            image.seek(number)
            assert image.tobytes() == frames[number].tobytes()
        image.seek(2)
        with pytest.raises(CgxError, match="FRAM damaged"):
            image.load()
