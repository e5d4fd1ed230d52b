"""The entropy coder: exact bytes, any number of lanes, near the ideal code length."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pillow_colorgrid.entropy import rans
from pillow_colorgrid.entropy.rans import TOTAL, Decoder, Encoder, Frequencies, StreamError


def two_sided(scales, symbols=257):
    """Rows of two-sided geometric distributions around the middle symbol."""
    rows = []
    for scale in scales:
        share = np.exp(-np.abs(np.arange(symbols) - symbols // 2) / scale) + 1e-6
        counts = np.maximum(1, np.floor(share / share.sum() * (TOTAL - symbols))).astype(np.int64)
        counts[symbols // 2] += TOTAL - counts.sum()
        rows.append(counts)
    return Frequencies(np.array(rows))


def draw(frequencies, rows, rng):
    """Symbols that really have the probabilities of their rows."""
    symbol_of, _ = frequencies.slots(rows)
    return symbol_of.reshape(-1, TOTAL)[rows, rng.integers(0, TOTAL, len(rows))]


def test_slots_are_filled_row_by_row():
    """Whatever was asked for before, and by however many threads."""
    whole, parts = two_sided([1, 3, 9, 27]), two_sided([1, 3, 9, 27])
    expected = [table.reshape(-1, TOTAL) for table in whole.slots(np.arange(4))]
    for rows in ([2], [2, 0, 0, 2], [3, 1]):
        found = [table.reshape(-1, TOTAL) for table in parts.slots(np.array(rows))]
        assert all(np.array_equal(a[rows], b[rows]) for a, b in zip(expected, found, strict=True))
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            fresh = two_sided([1, 3, 9, 27])
            found = threads.map(fresh.slots, np.random.default_rng(1).integers(0, 4, (16, 2)))
            assert len({id(table) for tables in found for table in tables}) == 2


def ideal_bits(frequencies, rows, symbols):
    return -np.log2(frequencies.counts[rows, symbols] / TOTAL).sum()


KNOWN_PAYLOAD = "2670034400000080"
"""Two states, no words: a change of the format, if ever it changes."""


def test_known_payload():
    frequencies = Frequencies(np.array([[1, TOTAL - 3, 2], [TOTAL // 2, TOTAL // 2, 0]]))
    encoder = Encoder(2)
    encoder.add(frequencies, np.array([0, 1, 0]), np.array([1, 0, 2]))
    encoder.add(frequencies, np.array([1, 0]), np.array([1, 0]))
    data = encoder.finish()
    assert data.hex() == KNOWN_PAYLOAD
    decoder = Decoder(data, 2)
    assert decoder.decode(frequencies, np.array([0, 1, 0])).tolist() == [1, 0, 2]
    assert decoder.decode(frequencies, np.array([1, 0])).tolist() == [1, 0]
    decoder.finish()


@pytest.mark.parametrize("lanes", [1, 3, 64, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 63, 5000])
def test_roundtrip(lanes, count):
    rng = np.random.default_rng(count)
    frequencies = two_sided([0.2, 1, 8, 60])
    passes = []
    encoder = Encoder(lanes)
    for _ in range(3):
        rows = rng.integers(0, 4, count)
        passes.append((rows, draw(frequencies, rows, rng)))
        encoder.add(frequencies, *passes[-1])
    decoder = Decoder(encoder.finish(), lanes)
    for rows, symbols in passes:
        assert np.array_equal(decoder.decode(frequencies, rows), symbols)
    decoder.finish()


def test_rate_is_near_cross_entropy():
    """Within 0.3 % of the ideal, and 0.2 % more for the lanes of a picture like Kodak's."""
    rng = np.random.default_rng(1)
    frequencies = two_sided(2.0 ** np.linspace(-2, 5, 40))
    rows = rng.integers(0, 40, 768 * 512)
    symbols = draw(frequencies, rows, rng)
    encoder = Encoder(128)
    encoder.add(frequencies, rows, symbols)
    assert 8 * len(encoder.finish()) < 1.005 * ideal_bits(frequencies, rows, symbols)


def test_a_lane_costs_at_most_four_bytes():
    rng = np.random.default_rng(2)
    frequencies = two_sided([3.0])
    rows = np.zeros(100_000, int)
    symbols = draw(frequencies, rows, rng)
    sizes = []
    for lanes in (1, 501):
        encoder = Encoder(lanes)
        encoder.add(frequencies, rows, symbols)
        sizes.append(len(encoder.finish()))
    assert sizes[1] - sizes[0] <= 4 * 500


def test_impossible_symbol_is_an_error():
    frequencies = Frequencies(np.array([[TOTAL // 2, TOTAL // 2, 0]]))
    with pytest.raises(ValueError, match="frequency 0"):
        Encoder(1).add(frequencies, np.array([0]), np.array([2]))


@pytest.mark.parametrize("counts", [[[TOTAL - 1, 2]], [[TOTAL, 0]], [[1, 2]]])
def test_impossible_frequencies_are_an_error(counts):
    with pytest.raises(ValueError, match=r"sum up|allowed"):
        Frequencies(np.array(counts))


def stream(lanes=4, count=500):
    rng = np.random.default_rng(3)
    frequencies = two_sided([1, 5])
    rows = rng.integers(0, 2, count)
    symbols = draw(frequencies, rows, rng)
    encoder = Encoder(lanes)
    encoder.add(frequencies, rows, symbols)
    return frequencies, rows, symbols, encoder.finish()


def decode_all(data, frequencies, rows):
    decoder = Decoder(data, 4)
    symbols = decoder.decode(frequencies, rows)
    decoder.finish()
    return symbols


def test_each_truncation_is_an_error():
    frequencies, rows, _, data = stream()
    for length in range(len(data)):
        with pytest.raises(StreamError):
            decode_all(data[:length], frequencies, rows)


def test_damage_raises_stream_errors_alone():
    """Whether damage is noticed is for the container's checksums; here nothing else may happen."""
    frequencies, rows, _, data = stream()
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << (position % 8)
        with contextlib.suppress(StreamError):
            assert len(decode_all(bytes(damaged), frequencies, rows)) == len(rows)


def test_state_never_leaves_32_bits():
    """The most and the least likely symbols in a long row: no lane overflows or starves."""
    frequencies = Frequencies(np.array([[1, TOTAL - 1]]))
    for symbol in (0, 1):
        encoder = Encoder(1)
        encoder.add(frequencies, np.zeros(1000, int), np.full(1000, symbol))
        decoder = Decoder(encoder.finish(), 1)
        assert (decoder.decode(frequencies, np.zeros(1000, int)) == symbol).all()
        decoder.finish()


def test_precision_is_part_of_the_format():
    assert (rans.PRECISION_BITS, rans.LOWEST_STATE) == (14, 65536)


@pytest.mark.parametrize("lanes", [1, 2, 5, rans.FEW_LANES])
@pytest.mark.parametrize("count", [0, 1, 4, 4999])
def test_few_lanes_one_by_one_or_at_once(lanes, count, monkeypatch):
    """Both ways give the same bytes, and read each other's."""
    rng = np.random.default_rng(count)
    frequencies = two_sided([0.2, 1, 8, 60])
    passes = []
    for length in (count, 3 * lanes, count):
        rows = rng.integers(0, 4, length)
        passes.append((rows, draw(frequencies, rows, rng)))
    files = []
    for few in (rans.FEW_LANES, 0):
        monkeypatch.setattr(rans, "FEW_LANES", few)
        encoder = Encoder(lanes)
        for one in passes:
            encoder.add(frequencies, *one)
        files.append(encoder.finish())
        decoder = Decoder(files[0], lanes)
        for rows, symbols in passes:
            assert np.array_equal(decoder.decode(frequencies, rows), symbols)
        decoder.finish()
    assert files[0] == files[1]


@pytest.mark.parametrize("lanes", [1, rans.FEW_LANES, rans.FEW_LANES + 1])
def test_a_stream_that_ends_early_is_told(lanes):
    frequencies = two_sided([8])
    rows = np.zeros(3000, np.int64)
    encoder = Encoder(lanes)
    encoder.add(frequencies, rows, draw(frequencies, rows, np.random.default_rng(1)))
    data = encoder.finish()
    with pytest.raises(StreamError, match="stream ends after"):
        Decoder(data[: 4 * lanes + 40], lanes).decode(frequencies, rows)
