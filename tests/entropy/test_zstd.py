"""zstd frames: what is allowed comes back; bombs, cuts and what lies behind are refused."""

import tracemalloc

import pytest
import zstandard

from pillow_colorgrid.codings.lossless import adaptation
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError


def frame(data: bytes, stated: bool = True) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=stated).compress(data)


@pytest.mark.parametrize("stated", [True, False])
def test_contents_come_back(stated: bool) -> None:
    assert zstd.unpacked_up_to(frame(b"words", stated), 99, stated) == b"words"
    assert zstd.unpacked(frame(b"words" * 99), 495) == b"words" * 99


@pytest.mark.parametrize("stated", [True, False])
def test_bombs_are_refused_before_they_are_unpacked(stated: bool) -> None:
    bomb = frame(bytes(64 << 20), stated)
    tracemalloc.start()
    with pytest.raises(DamagedError, match="zstd data"):
        zstd.unpacked_up_to(bomb, 1000)
    with pytest.raises(DamagedError, match="adaptation"):
        adaptation.unpack(bomb, dict.fromkeys(adaptation.PASSES, 64))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_other_sizes_cuts_and_tails_are_refused() -> None:
    data = frame(b"words" * 99)
    for wrong in (data[:-2], data + b"behind", data + data, b"", b"no zstd"):
        with pytest.raises(DamagedError):
            zstd.unpacked(wrong, 495)
    with pytest.raises(DamagedError, match="needs 500"):
        zstd.unpacked(data, 500)
    with pytest.raises(DamagedError, match="not stated"):
        zstd.unpacked_up_to(frame(b"words", stated=False), 99)
