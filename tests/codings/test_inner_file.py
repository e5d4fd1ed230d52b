"""Files of other codecs inside sections: whatever they make Pillow raise is one error of ours."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, features

from pillow_colorgrid import limits
from pillow_colorgrid.codings import inner_file
from pillow_colorgrid.errors import DamagedError, LimitError
from tests.conftest import noise

SIZE = (24, 16)


def saved(codec: str, **options: object) -> bytes:
    file = io.BytesIO()
    noise("L", SIZE).save(file, codec, **options)
    return file.getvalue()


def with_chunk(png: bytes, name: bytes, payload: bytes) -> bytes:
    """A chunk more behind the header of a PNG, with a right CRC."""
    crc = struct.pack(">I", zlib.crc32(name + payload))
    return png[:33] + struct.pack(">I", len(payload)) + name + payload + crc + png[33:]


def show(data: bytes, codec: str) -> np.ndarray:
    return inner_file.pixels(data, (codec,), ("L", "RGB"), SIZE)


@pytest.mark.parametrize(
    "codec", ["PNG", "WEBP", "JPEG", *(["AVIF"] if "avif" in features.modules else [])]
)
def test_every_cut_of_a_file_is_shown_or_refused(codec: str) -> None:
    data = saved(codec)
    assert show(data, codec).shape[:2] == SIZE[::-1]
    for length in range(len(data)):
        with suppress(DamagedError):
            show(data[:length], codec)


@pytest.mark.parametrize(
    "chunk",
    [(b"iCCP", b""), (b"iCCP", b"name"), (b"iCCP", b"name\0"), (b"pHYs", b"1"), (b"tRNS", b""),
     (b"gAMA", b""), (b"cHRM", b"123"), (b"eXIf", b""), (b"zTXt", b""), (b"iTXt", b"a\0"),
     (b"acTL", b"1"), (b"fcTL", b""), (b"fdAT", b""), (b"IHDR", b"")],
)  # fmt: skip
def test_short_chunks_of_a_png_are_no_other_error(chunk: tuple[bytes, bytes]) -> None:
    data = with_chunk(saved("PNG"), *chunk)
    with suppress(DamagedError):
        assert show(data, "PNG").shape == (*SIZE[::-1], 1)


@pytest.mark.parametrize(
    "raised", [IndexError("x"), struct.error("x"), MemoryError(), RecursionError(), KeyError(1)]
)
def test_whatever_a_reader_raises(raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_wrongly(*_: object, **__: object) -> None:
        raise raised

    data = saved("PNG")
    monkeypatch.setattr(Image, "open", open_wrongly)
    with pytest.raises(DamagedError, match="inner PNG damaged: "):
        show(data, "PNG")


def test_other_modes_and_sizes_are_refused_before_decoding() -> None:
    data = saved("PNG")[:60]  # no pixels
    with pytest.raises(DamagedError, match=r"inner PNG is L \(24, 16\), needs RGB \(24, 16\)"):
        inner_file.pixels(data, ("PNG",), ("RGB",), SIZE)
    with pytest.raises(DamagedError, match=r"needs L \(24, 17\)"):
        inner_file.pixels(data, ("PNG",), ("L",), (24, 17))


def test_scans_are_counted_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved("JPEG", progressive=True)
    assert inner_file.scans(data) > 3
    show(data, "JPEG")
    assert limits.MAX_JPEG_SCANS
    many = data[:-2] + inner_file.SCAN * (limits.MAX_JPEG_SCANS + 1)
    with pytest.raises(LimitError, match=r"exceed pillow_colorgrid\.limits\.MAX_JPEG_SCANS = 100"):
        show(many, "JPEG")
    monkeypatch.setattr(limits, "MAX_JPEG_SCANS", 3)
    with pytest.raises(LimitError, match="MAX_JPEG_SCANS = 3"):
        show(data, "JPEG")
