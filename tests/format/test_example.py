"""The small file that FORMAT.md annotates byte by byte is written so, and decodes as it says."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.lossless import coding, stream
from pillow_colorgrid.codings.lossless.description import LANES, LOSSLESS, Options
from pillow_colorgrid.codings.lossless.distribution import ROWS, Distribution
from pillow_colorgrid.codings.lossless.model import FIRST_SMALL, model
from pillow_colorgrid.codings.lossless.pieces import Piece
from pillow_colorgrid.entropy import rans
from tests.conftest import ROOT
from tests.format import plain_decoder

TEXT = (ROOT / "FORMAT.md").read_text()
SECTION = re.split(r"^###.*\n", TEXT[TEXT.index("#### 3.3.12") :], flags=re.M)[1]
PIXELS = np.array([[[200, 120, 40], [202, 123, 44]], [[196, 118, 41], [90, 60, 30]]], np.uint8)
PLANES = ("Y", "Co", "Cg")


def told() -> bytes:
    """The bytes of the dump, whose offsets are checked."""
    data = b""
    for offset, digits in re.findall(r"^ {4}(\d+) +((?:[0-9a-f]{2} )+) ", SECTION, re.M):
        assert int(offset) == len(data)
        data += bytes.fromhex(digits)
    return data


def steps() -> list[dict[str, str]]:
    """The lines of the table of symbols."""
    head, *lines = SECTION[SECTION.index("    stream  ") :].strip("\n").split("\n")
    found = list(re.finditer(r"\S+(?: \S+)*", head))
    names, starts = [one.group() for one in found], [one.start() for one in found]
    ends = [*starts[1:], None]
    return [
        {name: line[a:b].strip() for name, a, b in zip(names, starts, ends, strict=True)}
        for line in lines
    ]


def test_it_is_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the networks that small efforts had up to format 1.0, and with its lanes."""
    for tables in (coding.MODELS_BY_EFFORT, coding.SMALL_MODELS_BY_EFFORT):
        monkeypatch.setitem(tables, 1, FIRST_SMALL)
    monkeypatch.setattr(Piece, "entropy", lambda *_: rans.Encoder(1))
    picture, options = Picture(PIXELS, "RGB"), Options(effort=1, origin="none")
    sections = coding.encode(picture, options, apart=True).sections
    sections = [section for section in sections if section.type != LANES.type]
    checksum = container.pixel_checksum(PIXELS.tobytes())
    header = container.Header(LOSSLESS.number, "RGB", (2, 2), checksum)
    assert container.pack(header, sections) == told()
    assert len(told()) == 164


def test_both_decoders_show_its_pixels() -> None:
    with Image.open(io.BytesIO(told())) as picture:
        assert np.array_equal(np.asarray(picture), PIXELS)
    assert np.array_equal(plain_decoder.decode(told()), PIXELS)


def test_the_text_names_its_pixels() -> None:
    named = re.findall(r"\((\d+), (\d+), (\d+)\)", SECTION)
    assert np.array_equal(np.array(named[:4], np.uint8).reshape(2, 2, 3), PIXELS)
    assert " ".join(f"{b:02x}" for b in PIXELS.tobytes()) in SECTION


def test_each_symbol_is_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distributions are those that the decoder meets; states are computed from the table."""
    met = []
    known = stream.StreamDecoder.code

    def code(
        self: stream.StreamDecoder,
        number: int,
        plane: np.ndarray,
        where: tuple[slice, slice],
        found: Distribution,
    ) -> None:
        known(self, number, plane, where, found)
        mean, scale, row = (int(v.item()) for v in (found.mean, found.scale_class, found.row))
        value = int(plane[:, *where].item())
        met.append((PLANES[number], mean, scale, row + number * ROWS, value))

    monkeypatch.setattr(stream.StreamDecoder, "code", code)
    monkeypatch.setenv("PILLOW_COLORGRID_THREADS", "1")
    with Image.open(io.BytesIO(told())) as picture:
        picture.load()
    lines = steps()
    wanted = [
        (line["plane"], *(int(line[name]) for name in ("m", "c", "row", "value"))) for line in lines
    ]
    assert sorted(met) == sorted(wanted)
    counts = model(FIRST_SMALL).frequencies.counts
    for line in lines:
        state, slot, start, frequency = (
            int(line["state"], 16), *(int(line[n]) for n in ("slot", "start", "frequency"))
        )  # fmt: skip
        coded, *escape = map(int, line["symbol"].split(" -> "))
        row = counts[int(line["row"])].astype(int)
        assert slot == state % rans.TOTAL
        assert (start, frequency) == (row[:coded].sum(), row[coded])
        symbol = escape[0] if escape else coded
        assert (coded == 0) == bool(escape)
        assert symbol - 512 + (int(line["m"]) >> 3) == int(line["value"])
        after = frequency * (state >> 14) + slot - start
        if line["word"]:
            after = after << 16 | int(line["word"], 16)
        assert after == int(line["next state"], 16)
