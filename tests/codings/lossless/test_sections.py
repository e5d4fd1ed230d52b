"""Which section holds which stream: there and back, old files and new, and nothing out of order."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from pillow_colorgrid.codings.lossless.model import STREAM_FORM
from pillow_colorgrid.codings.lossless.pieces import Coded
from pillow_colorgrid.codings.lossless.sections import Streams, read_streams
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import DamagedError

PAYLOADS = st.binary(max_size=5)
COLORED = st.builds(Coded, PAYLOADS, PAYLOADS)
ALONE = st.builds(Coded, PAYLOADS, st.none())


def streams_of(piece):
    return st.builds(Streams, piece, st.lists(piece, max_size=4))


@given(streams_of(COLORED))
def test_colour_pictures_come_back(streams):
    sections = [*replace(streams, form=STREAM_FORM).sections()]
    types = [section.type for section in sections]
    assert types == [b"LLAN", b"CPRE", b"LPRE", *[b"LTIL", b"CTIL"] * len(streams.tiles)]
    others = [Section(b"NETS", b""), *sections, Section(b"ALPH", b"")]
    assert read_streams(others, color=True) == streams


@given(streams_of(ALONE), st.booleans())
def test_one_stream_for_all_planes_comes_back(streams, color):
    """Mode L, and colour pictures of the first release."""
    sections = [*streams.sections()]
    assert [section.type for section in sections] == [b"LPRE", *[b"LTIL"] * len(streams.tiles)]
    assert read_streams(sections, color) == streams


@given(streams_of(COLORED), st.data())
def test_luminance_without_its_colour_is_no_tile(streams, data):
    sections = [*streams.sections()]
    kept = data.draw(st.integers(2, len(sections)))
    if kept % 2:
        with pytest.raises(DamagedError, match="LTIL without CTIL"):
            read_streams(sections[:kept], color=True)
    found = read_streams(sections[:kept], color=True, partial=True)
    assert found.tiles == streams.tiles[: (kept - 2) // 2]


@given(st.permutations([b"CPRE", b"LPRE", b"LTIL", b"CTIL", b"LTIL", b"CTIL"]), st.booleans())
def test_any_other_order_is_an_error(types, color):
    sections = [Section(name, b"") for name in types]
    if color and types == [b"CPRE", b"LPRE", b"LTIL", b"CTIL", b"LTIL", b"CTIL"]:
        return
    with pytest.raises(DamagedError, match="belongs"):
        read_streams(sections, color)


@pytest.mark.parametrize("types", [[], [b"CPRE"]])
@pytest.mark.parametrize("color", [False, True])
def test_no_preview_is_an_error(types, color):
    with pytest.raises(DamagedError, match="LPRE"):
        read_streams([Section(name, b"") for name in types], color)
