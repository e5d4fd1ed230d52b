"""Adding a coding: raw bytes, described in under 40 lines; all else knows it by its description."""

import inspect
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Coding, Encoded, Kind, Picture, one, only
from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.commands.inspection import page_of
from pillow_colorgrid.errors import CgxError, DamagedError, NewerFormatError
from pillow_colorgrid.pixels import LAYOUTS
from tests.conftest import noise

# -- the whole coding -----------------------------------------------------------------------------


class Raw:
    """Two sections: how often each byte is repeated, and the bytes."""

    TIMES, BYTES = Kind(b"TIMS", "repetitions"), Kind(b"RAWB", "raw bytes")

    @classmethod
    def encode(cls, picture: Picture, options: object) -> Encoded:
        return Encoded([cls.TIMES.section(b"\1"), cls.BYTES.section(picture.pixels.tobytes())])

    @classmethod
    def decode(cls, header, sections, partial=False, interval=1):
        channels = LAYOUTS[header.mode].channels
        data = np.frombuffer(only(sections, cls.BYTES), np.uint8)
        if len(data) != header.size[0] * header.size[1] * channels:
            raise DamagedError(f"{len(data)} raw bytes, wrong for {header.size}")
        return data.reshape(*header.size[::-1], channels)


RAW = Coding(
    number=200,
    name="raw",
    modes=("L", "RGB"),
    parts=(one(Raw.TIMES), one(Raw.BYTES)),
    work=lambda: Raw,
)

# -- what the rest of the house makes of it -------------------------------------------------------


@pytest.fixture
def raw() -> Iterator[Coding]:
    registry.register(RAW)
    yield RAW
    registry.unregister(RAW)


@pytest.fixture
def path(raw: Coding, tmp_path: Path) -> Path:
    noise("RGB", (7, 5)).save(tmp_path / "x.cgx", mode="raw")
    return tmp_path / "x.cgx"


def test_it_is_short() -> None:
    text = inspect.getsource(inspect.getmodule(test_it_is_short))  # type: ignore[arg-type]
    whole = text[text.index("# -- the whole coding") : text.index("# -- what the rest")]
    assert len(whole.splitlines()) < 40


def test_it_is_saved_opened_and_verified(path: Path) -> None:
    with Image.open(path) as picture:
        assert picture.info["cgx"] == {"coding": "raw", "lossless": True}
        assert picture.tobytes() == noise("RGB", (7, 5)).tobytes()
    with Image.open(path) as picture:
        picture.verify()
    assert main(["verify", "--deep", str(path)]) == 0


def test_info_and_inspect_list_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", str(path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["coding"] == "raw"
    assert told["spent"]["raw bytes"] == 7 * 5 * 3
    assert told["spent"]["repetitions"] == 1
    assert "raw bytes" in page_of(path)


@pytest.mark.parametrize(
    "types",
    [[], [b"TIMS"], [b"RAWB"], [b"RAWB", b"TIMS"], [b"TIMS", b"RAWB", b"RAWB"],
     [b"TIMS", b"STOR", b"RAWB"], [b"TIMS", b"RAWB", b"PLTE"], [b"TIMS", b"RAWB", b"ALPH"]],
)  # fmt: skip
def test_any_other_order_is_refused(types: list[bytes], path: Path) -> None:
    with path.open("rb") as file:
        header = container.read_header(file)
        by_type = {section.type: section for section in container.read_sections(file)}
    wrong = [by_type.get(name, container.Section(name, b"")) for name in types]
    data = container.pack(header, wrong)
    with pytest.raises(CgxError), Image.open(io.BytesIO(data)) as picture:
        picture.load()
    with pytest.raises(CgxError), Image.open(io.BytesIO(data)) as picture:
        picture.verify()


def test_modes_it_does_not_take_are_told(raw: Coding) -> None:
    with pytest.raises(OSError, match=r"mode RGBA as CGX with mode='raw' \(allowed: L, RGB;"):
        noise("RGBA", (7, 5)).save(io.BytesIO(), "CGX", mode="raw")


def test_who_does_not_have_it_says_so(path: Path) -> None:
    registry.unregister(RAW)
    try:
        with pytest.raises(NewerFormatError, match="coding 200 is unknown, known are"):
            Image.open(path)
    finally:
        registry.register(RAW)


def test_numbers_and_names_are_taken_once() -> None:
    for coding in registry.all_codings():
        registry.register(coding)  # again: no harm
    with pytest.raises(ValueError, match=r"coding 3 \(raw\): 3 is lossless already"):
        registry.register(Coding(3, "raw", ("L",), (), lambda: Raw))
