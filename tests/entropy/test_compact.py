"""Streams whose lanes are cheap."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.entropy import compact, rans
from pillow_colorgrid.entropy.compact import Form
from pillow_colorgrid.entropy.rans import Frequencies, StreamError

ONE, SOME = Form(count_bytes=1, tail_shift=8), Form(count_bytes=2, tail_shift=3)
"""The tail in one lane, and in one of eight."""

TOTAL = rans.TOTAL
FREQUENCIES = Frequencies(
    np.array([[TOTAL // 4] * 4, [TOTAL - 3, 1, 1, 1], [1, 2, 3, TOTAL - 6], [0, 0, 9, TOTAL - 9]])
)
POSSIBLE = [np.flatnonzero(row) for row in FREQUENCIES.counts]


def passes(lengths: list[int], seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows and symbols, all that are possible equally likely."""
    rng = np.random.default_rng(seed)
    found = []
    for length in lengths:
        rows = rng.integers(0, len(POSSIBLE), length)
        found.append((rows, np.array([rng.choice(POSSIBLE[row]) for row in rows], int)))
    return found


def coded(some: list[tuple[np.ndarray, np.ndarray]], lanes: int, form: Form = ONE) -> bytes:
    encoder = compact.Encoder(lanes, form)
    for rows, symbols in some:
        encoder.add(FREQUENCIES, rows, symbols)
    return encoder.finish()


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 300), max_size=6),
    st.integers(1, 256),
    st.sampled_from([ONE, SOME, Form(2, 0), Form(2, 15)]),
    st.integers(1, 40),
    st.integers(0, 99),
)
def test_roundtrip(lengths: list[int], lanes: int, form: Form, least: int, seed: int) -> None:
    some = passes(lengths, seed)
    form = replace(form, least=min(lanes, least))
    data = coded(some, lanes, form)
    assert form.least <= int.from_bytes(data[: form.count_bytes], "little") + 1 <= lanes
    decoder = compact.Decoder(data, form)
    for rows, symbols in some:
        assert np.array_equal(decoder.decode(FREQUENCIES, rows), symbols)
    decoder.finish()


@settings(deadline=None)
@given(st.integers(1, 100), st.integers(0, 99), st.sampled_from([ONE, SOME]))
def test_all_kinds_of_passes(lanes: int, seed: int, form: Form) -> None:
    """The tail may begin in any of them: cuts of their own, equally likely numbers, joined ones."""
    rng = np.random.default_rng(seed)
    encoder = compact.Encoder(lanes, form)
    bounds = FREQUENCIES.bounds[0][1:-1].astype(np.uint16)
    rows = np.zeros(60, int)
    symbols = rng.integers(0, 4, 60)
    numbers = rng.integers(0, 8, 60)
    kinds, low, high = np.zeros(60, int), np.array([0, 0, 2, 2]), np.array([2, 2, 4, 4])
    for _ in range(3):
        encoder.add(FREQUENCIES, rows, symbols)
        encoder.add_intervals(numbers << 11, (numbers + 1) << 11)
        starts = FREQUENCIES.bounds[0]
        encoder.add_intervals(starts[low[symbols]], starts[high[symbols]])
    decoder = compact.Decoder(encoder.finish(), form)
    for _ in range(3):
        assert np.array_equal(decoder.decode_bounds(np.repeat(bounds[:, None], 60, 1)), symbols)
        assert np.array_equal(decoder.decode_raw(3, 60), numbers)
        found = decoder.decode_joined(FREQUENCIES, rows, kinds, low, high)
        assert np.array_equal(low[found], low[symbols])
    decoder.finish()


def test_nothing_else_is_carried() -> None:
    with pytest.raises(ValueError, match="2 bytes to carry, allowed none"):
        compact.Encoder(3, ONE).finish(b"ab")


@pytest.mark.parametrize("lanes", [1, 5, 12, 13, 200])
def test_symbols_in_turn_are_passes_of_one(lanes: int) -> None:
    ((rows, symbols), rest) = passes([90, 400], 3)
    one_by_one = [(row[None], symbol[None]) for row, symbol in zip(rows, symbols, strict=True)]
    decoder = compact.Decoder(coded([*one_by_one, rest], lanes), ONE)
    found: list[int] = []

    def ask() -> rans.InTurn:
        for row in rows.tolist():
            symbol = yield row
            found.append(symbol)

    decoder.decode_in_turn(FREQUENCIES, ask())
    assert found == symbols.tolist()
    assert np.array_equal(decoder.decode(FREQUENCIES, rest[0]), rest[1])
    decoder.finish()


@pytest.mark.parametrize("lanes", [16, 64, 256])
def test_lanes_cost_half_a_byte(lanes: int) -> None:
    some = [(np.zeros(9000, int), np.random.default_rng(lanes).integers(0, 4, 9000))]
    size, ideal = len(coded(some, lanes)), 9000 * 2 / 8
    assert coded(some, lanes)[0] + 1 in (lanes, lanes - 1)
    assert ideal < size < ideal + ONE.head_bytes + 2 + compact.LANE_BYTES * lanes


@pytest.mark.parametrize("lanes", [200, 1000])
def test_so_they_do_where_several_have_the_tail(lanes: int) -> None:
    form = Form(count_bytes=2, tail_shift=5)
    some = [(np.zeros(90_000, int), np.random.default_rng(lanes).integers(0, 4, 90_000))]
    size, ideal = len(coded(some, lanes, form)), 90_000 * 2 / 8
    assert int.from_bytes(coded(some, lanes, form)[:2], "little") + 1 == lanes
    assert ideal < size < ideal + form.head_bytes + 2 + (compact.LANE_BYTES + 0.1) * lanes


def test_known_payload() -> None:
    """One lane, a tail of one symbol in four: 2 bits each."""
    data = coded([(np.zeros(8, int), np.array([0, 1, 2, 3, 0, 1, 2, 3]))], 1)
    assert data.hex() == "00060000" + _state(data)


def _state(data: bytes) -> str:
    """By rANS: 8 symbols of 2 bits each take 16 bits, so one word leaves the state."""
    state = rans.LOWEST_STATE
    words: list[int] = []
    for symbol in (3, 2, 1, 0, 3, 2, 1, 0):
        state = rans.pushed(state, TOTAL // 4, symbol * TOTAL // 4, words)
    length = state.bit_length()
    bits = f"{length - 17:04b}{state - (1 << (length - 1)):0{length - 1}b}"
    padded = bits + "0" * (-len(bits) % 8)
    told = int(padded, 2).to_bytes(len(padded) // 8, "big")
    return (told + np.array(words[::-1], "<u2").tobytes()).hex()


def test_little_information_has_few_lanes() -> None:
    """1 bit in 4000 symbols gives no words to 100 lanes."""
    data = coded([(np.ones(4000, int), np.zeros(4000, int))], 100)
    assert data[0] == 0
    assert len(data) < 10


def test_no_fewer_lanes_than_asked_for() -> None:
    data = coded([(np.ones(4000, int), np.zeros(4000, int))], 100, replace(SOME, least=40))
    assert int.from_bytes(data[:2], "little") + 1 == 40
    assert len(data) < 40 * 2.5 + 10
    with pytest.raises(StreamError, match="40 lanes, allowed from 41 on"):
        compact.Decoder(data, replace(SOME, least=41))


@pytest.mark.parametrize("form", [ONE, SOME])
def test_damage_is_told(form: Form) -> None:
    """Each bit changed: another symbol, or an error; never silently the same stream."""
    rows, symbols = passes([150], 5)[0]
    data = coded([(rows, symbols)], 30, form)
    for at in range(8 * len(data)):
        forged = bytearray(data)
        forged[at // 8] ^= 1 << at % 8
        try:
            decoder = compact.Decoder(bytes(forged), form)
            found = decoder.decode(FREQUENCIES, rows)
            decoder.finish()
        except StreamError:
            continue
        assert not np.array_equal(found, symbols), at


@pytest.mark.parametrize("size", range(0, 40))
def test_cut_streams_are_refused(size: int) -> None:
    rows, symbols = passes([150], 5)[0]
    data = coded([(rows, symbols)], 20)
    assert len(data) > 40
    with pytest.raises(StreamError):  # noqa: PT012
        decoder = compact.Decoder(data[:size], ONE)
        decoder.decode(FREQUENCIES, rows)
        decoder.finish()
