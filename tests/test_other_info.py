"""All of `Image.info` comes back, with its types; what is hostile is refused."""

import io
import math
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo, iTXt
from PIL.TiffImagePlugin import IFDRational

from pillow_colorgrid import info_values, limits, metadata, other_info
from pillow_colorgrid.errors import CgxError, DamagedError, LimitError
from pillow_colorgrid.info_values import MAX_DEPTH, pack_value, unpack_value

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**500), 2**500)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)

KEYS = PLAIN | st.tuples(PLAIN, PLAIN)

VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(KEYS, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types all the way down; 1 is neither True nor 1.0."""
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, dict):
        return all(map(same, one.items(), other.items()))
    if isinstance(one, tuple | list):
        return all(map(same, one, other))
    return True


def opened(picture: Image.Image, **keywords: Any) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "CGX", **keywords)
    return Image.open(file)


def told(picture: Image.Image) -> dict[Any, Any]:
    return {key: value for key, value in picture.info.items() if key != "cgx"}


# -- values ---------------------------------------------------------------------------------------


@settings(deadline=None)
@given(VALUES)
def test_values_come_back(value: Any) -> None:
    assert same(unpack_value(pack_value(value)), value)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        value = unpack_value(data)
    except DamagedError:
        return
    assert unpack_value(pack_value(value)) == value or "nan" in repr(value)


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        *[(None, "00"), (False, "01"), (True, "02")],
        *[(0, "030100"), (-1, "0301ff"), (128, "03028000"), (45455, "03038fb100")],
        (0.5, "04000000000000e03f"),
        *[("é", "0502000000c3a9"), (b"\0", "060100000000"), ("\udcff", "0503000000edb3bf")],
        *[((1,), "0701000000030101"), ([], "0800000000"), ({2, 1}, "0a02000000030101030102")],
        ({"a": 1}, "0901000000" + "050100000061" + "030101"),
        (iTXt("t", "de", "k"), "0b" + "0100000074" + "020000006465" + "010000006b"),
        (IFDRational(1, 3), "0c" + "0101" + "0103"),
    ],
)
def test_value_layout(value: Any, packed: str) -> None:
    assert pack_value(value).hex() == packed
    assert unpack_value(bytes.fromhex(packed)) == value
    assert type(unpack_value(bytes.fromhex(packed))) is type(value)


def test_what_pillow_gives_stays_what_it_is() -> None:
    text = unpack_value(pack_value(iTXt("text", "de", "Titel")))
    assert (text, text.lang, text.tkey) == ("text", "de", "Titel")
    fraction = unpack_value(pack_value(IFDRational(1, 0)))
    assert (fraction.numerator, fraction.denominator) == (1, 0)
    assert math.isnan(unpack_value(pack_value(math.nan)))


IMPOSSIBLE = {
    "nothing": "",
    "unknown type": "0d",
    "bytes behind": "0000",
    "empty integer": "0300",
    "long integer": "0341" + "00" * 65,
    "cut integer": "030400",
    "cut float": "0400",
    "cut text": "0505000000",
    "no UTF-8": "0501000000ff",
    "huge text": "05ffffffff",
    "huge list": "08ffffffff",
    "huge dictionary": "09ffffffff00",
    "key twice": "0902000000" + "0000" * 2,
    "member twice": "0a02000000" + "0000",
    "list as a key": "0901000000" + "0800000000" + "00",
    "too deep": "0801000000" * (MAX_DEPTH + 1) + "00",
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_values_are_refused(name: str) -> None:
    with pytest.raises(DamagedError):
        unpack_value(bytes.fromhex(IMPOSSIBLE[name]))


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info_values, "MAX_VALUES", 10)
    unpack_value(pack_value([None] * 9))
    with pytest.raises(DamagedError, match="allowed 10"):
        unpack_value(pack_value([None] * 10))


# -- the section ----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_info_comes_back(info: dict[str, Any]) -> None:
    info = {key: value for key, value in info.items() if key not in (*metadata.KINDS, "cgx")}
    picture = Image.new("L", (1, 1))
    picture.info = dict(info)
    assert same(told(opened(picture)), info)


def test_through_two_generations_and_dropped() -> None:
    picture = Image.new("RGB", (2, 2))
    picture.info = {"gamma": 0.45455, "text": "x" * 1000, 7: (1, 2)}
    with opened(picture) as first, opened(first) as second, opened(second, info=None) as third:
        assert told(second) == picture.info
        assert told(third) == {}
        assert told(opened(second, info={"a": 1})) == {"a": 1}


def test_names_of_other_sections_are_ignored() -> None:
    with opened(Image.new("L", (1, 1)), info={"exif": b"no", "cgx": 1, "a": 2}) as found:
        assert told(found) == {"a": 2}
        assert found.info["cgx"]["lossless"]


@pytest.mark.parametrize("info", [{"a": object()}, {"a": [1, {2: iter(())}]}, {"a": 2**600}, 5])
def test_what_cannot_be_kept(info: Any) -> None:
    with pytest.raises(ValueError, match=r"^info=.*, allowed: "):
        opened(Image.new("L", (1, 1)), info=info)
    if info != 5:
        picture = Image.new("L", (1, 1))
        picture.info = {**info, "b": 1}
        assert told(opened(picture)) == {"b": 1}


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValueError, match="deep"):
        pack_value(value)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\2",
        b"\0\0",
        b"\1no zlib",
        b"\1" + zlib.compress(pack_value({}))[:-2],
        b"\1" + zlib.compress(pack_value({})) + b"more",
        b"\1" + zlib.compress(pack_value([])),
    ],
)
def test_impossible_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(DamagedError):
        other_info.unpack(payload)


def test_a_small_section_cannot_ask_for_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_METADATA_BYTES", 10_000)
    bomb = b"\1" + zlib.compress(b"\6" + struct.pack("<I", 10**7) + bytes(10**7))
    with pytest.raises(LimitError, match="MAX_METADATA_BYTES"):
        other_info.unpack(bomb)
    with pytest.raises(CgxError):
        opened(Image.new("L", (1, 1)), info={"a": bytes(20_000)})


def test_texts_of_png_come_back_as_png_shows_them() -> None:
    texts = PngInfo()
    texts.add_text("Title", "plain")
    texts.add_itxt("Description", "grüße 漢", lang="de", tkey="Beschreibung", zip=True)
    texts.add(b"gAMA", struct.pack(">I", 45455))
    texts.add(b"cHRM", struct.pack(">8I", *range(1, 9)))
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=texts)
    with Image.open(file) as source:
        source.load()
        found = opened(source)
        assert same(told(found), source.info)
        assert found.info["Description"].lang == "de"
        assert found.info["Description"].tkey == "Beschreibung"
        assert found.info["gamma"] == 0.45455
