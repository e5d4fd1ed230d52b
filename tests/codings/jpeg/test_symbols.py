"""Integers of all sizes through the entropy coder, by their distributions."""

from collections.abc import Callable

import numpy as np
import pytest

from pillow_colorgrid.codings.jpeg import outputs
from pillow_colorgrid.codings.jpeg.distribution import (
    CLASSES,
    TOTAL_BITS,
    Distribution,
    Mixture,
    Peaked,
)
from pillow_colorgrid.codings.jpeg.symbols import TAIL_LENGTHS, Reader, Writer
from pillow_colorgrid.entropy.rans import StreamError

Kind = Callable[..., tuple[Distribution, np.ndarray]]


def mixtures(count: int, seed: int, widest: int = CLASSES) -> tuple[Mixture, np.ndarray]:
    """Random mixtures and integers drawn from them."""
    rng = np.random.default_rng(seed)
    means = (rng.normal(0, 40, (2, count)) * np.exp(rng.normal(0, 1, count))).astype(np.int32)
    classes = rng.integers(0, widest, (2, count)).astype(np.int32)
    weights = rng.integers(0, 65, count).astype(np.int32)
    first = rng.random(count) < weights / 64
    scale = np.exp2((np.where(first, classes[0], classes[1]) - 40) / 8)
    values = np.where(first, means[0], means[1]) / 32 + rng.logistic(0, 1, count) * scale
    return Mixture(means, classes, weights), np.rint(values).clip(-8000, 8000).astype(np.int32)


def peaked(count: int, seed: int, widest: int = CLASSES) -> tuple[Peaked, np.ndarray]:
    """Random logistics with peaks and integers drawn from them."""
    rng = np.random.default_rng(seed)
    means = (rng.normal(0, 8, count) * np.exp(rng.normal(0, 1, count))).astype(np.int32)
    classes = rng.integers(0, widest, count).astype(np.int32)
    peaks = rng.integers(1, 1024, count).astype(np.int32)
    values = means / 32 + rng.logistic(0, 1, count) * np.exp2((classes - 40) / 8)
    values[rng.random(count) < peaks / 1024] = 0
    return Peaked(means, classes, peaks), np.rint(values).clip(-8000, 8000).astype(np.int32)


KINDS = pytest.mark.parametrize("kind", [mixtures, peaked])


@KINDS
@pytest.mark.parametrize("lanes", [1, 7, 64])
@pytest.mark.parametrize("widest", [20, 60, CLASSES])
def test_integers_come_back(kind: Kind, lanes: int, widest: int) -> None:
    likely, values = kind(3000, 1, widest)
    writer = Writer({"pass": 2})
    assert np.array_equal(writer.integers("pass", likely, values), values)
    reader = Reader(writer.finish([lanes]), {"pass": 2})
    assert np.array_equal(reader.integers("pass", likely, None), values)
    reader.finish()


@KINDS
def test_a_distribution_is_whole_and_rises(kind: Kind) -> None:
    likely, _ = kind(500, 9)
    boundaries = np.concatenate([[-60_000], np.arange(-3000, 3001), [60_000]]).astype(np.int32)
    below = likely.below(boundaries[:, None])
    assert np.all(np.diff(below, axis=0) >= 0)
    assert 0 <= below[0].min() <= below[0].max() <= 1 << 12
    assert (1 << TOTAL_BITS) - below[-1].max() >= 0
    assert (1 << TOTAL_BITS) - below[-1].min() <= 1 << 12


@KINDS
def test_joined_and_some_are_inverse(kind: Kind) -> None:
    likely, values = kind(90, 3)
    again = likely.joined([likely.some(slice(0, 40)), likely.some(np.arange(40, 90))])
    assert len(again) == 90
    assert np.array_equal(again.below(values), likely.below(values))


def test_tables_are_rounded_alike_everywhere() -> None:
    """What is rounded is far from a half: no machine's exponential function rounds it otherwise."""
    for whole, steps, largest in (
        (1 << 22, 64, 801),
        (1 << 18, 64, 801),
        (1 << 14, outputs.FLAG_STEPS, outputs.LARGEST_FLAG),
        (1 << 10, outputs.PEAK_STEPS, outputs.LARGEST_PEAK),
        (1 << 6, outputs.WEIGHT_STEPS, outputs.LARGEST_WEIGHT),
    ):
        exact = whole / (1 + np.exp(-np.arange(-largest, largest + 1) / steps))
        assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-4


def test_a_peak_is_at_zero_alone() -> None:
    found = Peaked(*(np.array([one], np.int32) for one in (320, 0, 512)))
    mass = np.diff(found.below(np.arange(-20, 21, dtype=np.int32)[:, None])[:, 0])
    assert mass[20] == 1 << 27  # at 0
    assert mass[30] == pytest.approx(1 << 27, rel=1e-4)  # at 10
    assert np.count_nonzero(mass) == 2


def test_far_away_integers_come_back() -> None:
    mixture, _ = mixtures(400, 2, 30)
    values = mixture.center() + np.linspace(-16000, 16000, 400).astype(np.int32)
    writer = Writer({})
    writer.integers("pass", mixture, values)
    reader = Reader(writer.finish([4]), {})
    assert np.array_equal(reader.integers("pass", mixture, None), values)


def test_what_lies_too_far_is_refused() -> None:
    mixture, _ = mixtures(1, 3, 30)
    with pytest.raises(ValueError, match="beyond its window"):
        Writer({}).integers("pass", mixture, mixture.center() + np.int32(1 << TAIL_LENGTHS + 1))


@KINDS
def test_rate_is_near_cross_entropy(kind: Kind) -> None:
    mixture, values = kind(40_000, 4)
    mixture.classes[:] = np.clip(mixture.classes, 16, 52)  # what coefficients have
    mass = mixture.below(values + np.int32(1)) - mixture.below(values)
    ideal = float((TOTAL_BITS - np.log2(np.maximum(mass, 1))).sum())
    writer = Writer({})
    writer.integers("pass", mixture, values)
    assert writer.parts[0].code_length_bits() < 1.03 * ideal


def test_flags_and_raw_numbers_come_back() -> None:
    rng = np.random.default_rng(5)
    frequencies = rng.integers(1, 1 << 14, 1000).astype(np.uint16)
    flags = rng.random(1000) < frequencies / (1 << 14)
    numbers = {bits: rng.integers(0, 1 << bits, 50) for bits in range(1, 15)}
    writer = Writer({})
    writer.flags(frequencies, flags)
    for bits, some in numbers.items():
        writer.raw(bits, some, 50)
    reader = Reader(writer.finish([9]), {})
    assert np.array_equal(reader.flags(frequencies, None), flags)
    for bits, some in numbers.items():
        assert np.array_equal(reader.raw(bits, None, 50), some)
    reader.finish()


def written_in_groups(groups: int) -> tuple[Writer, list[tuple[Mixture, np.ndarray]]]:
    """A writer of a beginning and some groups, and what it was shown."""
    shown = [mixtures(900, seed, 50) for seed in range(groups + 1)]
    writer = Writer({})
    for number, (mixture, values) in enumerate(shown):
        if number:
            writer.group()
        writer.integers("pass", mixture, values)
    return writer, shown


@pytest.mark.parametrize(
    ("lanes", "cut"), [((9, 4), 0), ((30, 1), 2), ((3000, 50), 1), ((1, 1), 2)]
)
def test_the_second_stream_lies_where_the_first_ends(lanes: tuple[int, int], cut: int) -> None:
    writer, shown = written_in_groups(3)
    data = writer.finish(lanes, cut)
    reader = Reader(data, {})
    for number, (mixture, values) in enumerate(shown):
        if number:
            reader.group()
        assert np.array_equal(reader.integers("pass", mixture, None), values)
    reader.finish()
    apart = [len(writer.finish([sum(lanes)])) - 1]  # no lane of one stream carries anything
    if lanes[0] < 3000:
        assert len(data) <= apart[0] - 2 * lanes[0] + 16


def test_a_second_stream_that_never_begins_is_an_error() -> None:
    writer, shown = written_in_groups(2)
    data = bytearray(writer.finish([4]))
    data[0] = 7
    reader = Reader(bytes(data), {})
    for number, (mixture, _) in enumerate(shown):
        if number:
            reader.group()
        reader.integers("pass", mixture, None)
    with pytest.raises(StreamError, match="begins with group 7 of 2"):
        reader.finish()


def test_a_second_stream_in_the_wrong_place_is_an_error() -> None:
    writer, shown = written_in_groups(2)
    data = bytearray(writer.finish([4, 4], 1))
    data[0] = 0
    reader = Reader(bytes(data), {})
    reader.integers("pass", shown[0][0], None)
    with pytest.raises(StreamError):
        reader.group()


def test_a_cut_stream_is_an_error() -> None:
    mixture, values = mixtures(3000, 6)
    writer = Writer({})
    writer.integers("pass", mixture, values)
    data = writer.finish([8])
    reader = Reader(data[: len(data) // 2 | 1], {})
    with pytest.raises(StreamError):
        reader.integers("pass", mixture, None)


def test_mass_rises_to_the_whole() -> None:
    mixture, _ = mixtures(500, 7)
    places = np.arange(-40_000, 40_000, 997, dtype=np.int32)[:, None]
    mass = mixture.below(np.broadcast_to(places, (len(places), 500)))
    assert (np.diff(mass, axis=0) >= 0).all()
    assert mass.min() >= 0
    assert mass.max() <= 1 << TOTAL_BITS
