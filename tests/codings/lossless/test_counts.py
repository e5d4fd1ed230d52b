"""Counted colours: values come back, ranges are as FORMAT.md says, and they are used if it pays."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from pillow_colorgrid import codec, container
from pillow_colorgrid.codings.lossless import coding as lossless, counts, model as lossless_model
from pillow_colorgrid.codings.lossless.account import examine
from pillow_colorgrid.codings.lossless.counted_stream import (
    Counted,
    CountedDecoder,
    CountedEncoder,
    CountedPrice,
)
from pillow_colorgrid.codings.lossless.counts import MOST, REACHES, WIDER_CLASSES, Counts
from pillow_colorgrid.codings.lossless.description import COUNTED, COUNTS, LOSSLESS, Options
from pillow_colorgrid.codings.lossless.distribution import CLASSES, Distribution
from pillow_colorgrid.codings.lossless.encoder import counting, encoding as lossless_encoding
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_adapted, encode_planes
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.model import STREAM_FORM, THRIFTY_FORM
from pillow_colorgrid.codings.lossless.pieces import (
    COUNTED_LANES,
    QUICK_TILE,
    TILE,
    decode,
    encode,
    stream_bytes,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.stream import CG, CO
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy import compact, rans
from pillow_colorgrid.errors import CgxError, DamagedError
from pillow_colorgrid.regions import open_region
from pillow_colorgrid.runtime import networks
from tests.conftest import encoded, noise, photograph
from tests.format import plain_counts

QUICK = Options(effort=2, origin="none")
FREQUENCIES = lossless_model.model(lossless_model.SMALL).frequencies
COUNTING = replace(lossless_model.model(lossless_model.SMALL), counts=(CO, CG))


def edited(width: int = 300, height: int = 240, name: str = "coffee") -> np.ndarray:
    """(H, W, 3): what a JPEG file shows, with more contrast."""
    file = io.BytesIO()
    photograph(name, width, height).save(file, "JPEG", quality=90)
    with Image.open(file) as image:
        pixels = np.asarray(image).astype(np.int16)
    return np.clip((pixels - 100) * 5 // 4 + 100, 0, 255).astype(np.uint8)


def header_of(pixels: np.ndarray, minor: int = 1) -> Header:
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    checksum = container.pixel_checksum(np.ascontiguousarray(pixels).tobytes())
    return Header(LOSSLESS.number, mode, (pixels.shape[1], pixels.shape[0]), checksum, minor)


def counted(pixels: np.ndarray) -> list[Section]:
    """As `lossless.encode`, with counts in any case."""
    streams = encode_planes(lossless.split(pixels), Predictor(COUNTING))
    return [
        networks.pack_references([lossless_model.SMALL]),
        COUNTS.section(b"\3"),
        *streams.sections(),
    ]


def sections_of(file: io.BytesIO) -> dict[bytes, bytes]:
    """What the sections of a file hold, by type; of several the last."""
    file.seek(0)
    container.read_header(file)
    return {section.type: section.payload for section in container.read_sections(file)}


# -- ranges ---------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([CO, CG]))
def test_ranges_are_those_of_exact_integers(seed: int, number: int) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.integers(-2040, 2041, 12).astype(np.int32)
    scale_class = rng.integers(0, CLASSES, 12).astype(np.int32)
    y, co = rng.integers(0, 256, (2, 12)).astype(np.int16)
    plain = plain_counts.Counts(FREQUENCIES.counts.tolist())
    known = Counts(number, FREQUENCIES)
    keys = counts.keys(number, y, co)
    for shift in (-41, -8, -1, 0, 0, 3, 20):  # some values are counted very often
        values = (mean >> 3) + shift
        for _ in range(int(rng.choice([1, 3, 300]))):
            known.add(keys, values)
            for k, value in enumerate(values.tolist()):
                place = plain_counts.place_of(number, int(y[k]), int(co[k]), value)
                plain.counts[number][place] = min(MOST, plain.counts[number].get(place, 0) + 1)
    found = Distribution(mean, scale_class)
    seen = 0
    for window, chosen in known.kinds(found):
        weights = known.weights(window, keys[chosen], found.some(chosen))(slice(None))
        told = [weights.of(np.full(len(chosen), one)) for one in range(window.symbols)]
        for column, k in enumerate(chosen.tolist()):
            row = int(found.row[k]) + 216 * number
            pixel = (int(mean[k]), int(y[k]), int(co[k]))
            expected = plain.starts(number, window.reach, pixel, row)
            bounds = [(int(begin[column]), int(end[column])) for begin, end in told]
            assert bounds == list(pairwise(expected))
            slots = rng.integers(0, rans.TOTAL, 8)
            search, here = weights.search(8), slice(column, column + 1)
            symbols = search.at(weights, here, slots.astype(np.uint32))
            assert np.array_equal(symbols, np.searchsorted(expected, slots, side="right") - 1)
            assert np.array_equal(search.begin, np.take(expected, symbols))
            assert np.array_equal(search.size, np.diff(expected)[symbols])
        seen += len(chosen)
    assert seen == 12


@pytest.mark.parametrize("number", [CO, CG])
def test_no_symbol_ever_takes_all(number: int) -> None:
    """The coder cannot tell one that does: whatever was counted, two have a share of a slot."""
    for entry in networks.index().values():
        if entry.role != lossless_model.TABLES:
            continue
        known = Counts(number, lossless_model.model(entry.id).frequencies)
        for kind, window in enumerate(known.windows):
            classes = np.flatnonzero(kind == counts._KINDS)
            # the means' fractions have rows of their own
            pairs = [(c, m) for c in classes.tolist() for m in range(8)]
            likely = Distribution(*np.array(pairs, np.int32).T[::-1])
            told = window.weights(likely.row, np.zeros(len(pairs), np.int64))
            begin, end = told.of(np.full(len(pairs), window.symbols - 1))
            assert begin.min() > 0
            assert (end - begin).min() > 0


def test_each_class_has_a_window() -> None:
    known = Counts(CO, FREQUENCIES)
    classes = np.arange(CLASSES, dtype=np.int32)
    found = list(known.kinds(Distribution(classes * 0, classes)))
    assert [window.reach for window, _ in found] == list(REACHES)
    assert [int(chosen[0]) for _, chosen in found] == [0, *WIDER_CLASSES]
    assert np.concatenate([chosen for _, chosen in found]).tolist() == classes.tolist()


def test_counts_end_at_the_most() -> None:
    known = Counts(CG, FREQUENCIES)
    keys = np.zeros(100_000, np.int64)
    for _ in range(2):
        known.add(keys, keys)
    assert known.counts[0] == 1 + MOST
    assert (known.counts - 1).sum() == 2 * MOST  # a window may begin at the end and go on here


# -- streams --------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 9),
    st.sampled_from(list(COUNTED.values())),
)
def test_any_values_come_back(
    seed: int, height: int, width: int, lanes: int, numbers: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(seed)
    spread = int(rng.choice([1, 6, 60, 511]))
    planes = [rng.integers(0, 256, (1, height, width)).astype(np.int16)]
    planes += [
        rng.integers(-spread, spread, (1, height, width)).clip(-255, 255).astype(np.int16)
        for _ in range(2)
    ]
    where = (slice(1, None, 2), slice(0, None, 2))
    shape = planes[0][:, *where].shape
    likely = [
        Distribution(
            rng.integers(-2040, 2041, shape).astype(np.int32),
            rng.integers(0, CLASSES, shape).astype(np.int32),
        )
        for _ in range(2)
    ]
    encoder = CountedEncoder(
        FREQUENCIES, compact.Encoder(lanes, STREAM_FORM), Counted(planes, FREQUENCIES, numbers)
    )
    price = CountedPrice(FREQUENCIES, Counted(planes, FREQUENCIES, numbers))
    for number, found in zip((CO, CG), likely, strict=True):
        encoder.code(number, planes[number], where, found)
        price.code(number, planes[number], where, found)
    data = encoder.finish()
    known = [planes[0], np.zeros_like(planes[1]), np.zeros_like(planes[2])]
    decoder = CountedDecoder(data, FREQUENCIES, STREAM_FORM, Counted(known, FREQUENCIES, numbers))
    for number, found in zip((CO, CG), likely, strict=True):
        decoder.code(number, known[number], where, found)
        assert np.array_equal(known[number][:, *where], planes[number][:, *where])
    decoder.finish()
    assert len(data) == pytest.approx(
        sum(price.bits) / 8 + stream_bytes(lanes), rel=0.02, abs=4 + 2 * lanes
    )


@pytest.mark.parametrize("given_", [False, True])
def test_pixels_that_no_stream_holds_are_not_counted(given_: bool) -> None:
    planes = lossless.split(edited(72, 64))
    pixels = np.zeros((1, 64, 72), bool)
    pixels[:, 5:50, 9:61] = np.asarray(noise("L", (52, 45))) < 200
    piece = replace(TILE, held=Held(pixels, given_))
    predictor = Predictor(COUNTING)
    coded = encode(planes, piece, predictor)
    known = [np.where(pixels, 0, plane) for plane in planes]
    for plane, one in zip(planes, known, strict=True):
        one[:, ::8, ::8] = plane[:, ::8, ::8]
    decode(coded, known, piece, predictor)
    for plane, one in zip(planes, known, strict=True):
        assert np.array_equal(one, plane)


# -- pictures -------------------------------------------------------------------------------------


def test_edited_photographs_are_counted_and_others_are_not() -> None:
    def sizes(pixels: np.ndarray) -> tuple[list[bytes], int, int]:
        planes = lossless.split(pixels)
        sections = encoded(lossless, pixels, QUICK)
        plain = encode_planes(planes, Predictor(replace(COUNTING, counts=())))
        return (
            [section.type for section in sections],
            sum(len(section.payload) for section in sections if section.type == b"CTIL"),
            sum(len(tile.color or b"") for tile in plain.tiles),
        )

    types, size, plain = sizes(edited())
    assert COUNTS.type in types
    assert size < 0.9 * plain
    shrunk = photograph("astronaut", 512, 480).resize((300, 240), Image.Resampling.LANCZOS)
    others = noise("RGB", (300, 240)), shrunk
    for other in map(np.asarray, others):
        assert COUNTS.type not in sizes(other)[0]
    assert counting.may_pay(lossless.split(edited()))
    assert not counting.may_pay(lossless.split(np.asarray(others[0])))


@pytest.mark.parametrize(("coarse", "told"), [((1,), 1), ((2,), 2), ((1, 2), 3), ((), None)])
def test_only_planes_that_become_smaller_are_counted(
    coarse: tuple[int, ...], told: int | None
) -> None:
    shrunk = photograph("astronaut", 512, 480).resize((300, 240), Image.Resampling.LANCZOS)
    planes = lossless.split(np.asarray(shrunk))
    for number in coarse:
        planes[number] = planes[number] & -2
    sections = encode_adapted(planes, Predictor(replace(COUNTING, counts=())), QUICK.effort)
    found = [section.payload for section in sections if section.type == COUNTS.type]
    assert found == ([] if told is None else [bytes([told])])


@pytest.mark.parametrize("effort", [2, 5])
def test_saved_opened_drafted_and_cropped(effort: int) -> None:
    pixels = edited()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "CGX", effort=effort, origin="none")
    assert COUNTS.type in sections_of(file)
    with Image.open(file) as image:
        assert np.array_equal(np.asarray(image), pixels)
    with Image.open(file) as image:
        image.draft("RGB", (75, 60))
        assert np.array_equal(np.asarray(image), pixels[::4, ::4])
    part = open_region(file, (100, 50, 171, 130))
    assert np.array_equal(np.asarray(part), pixels[50:130, 100:171])


def lanes_of(stream: bytes) -> int:
    """Of a stream that begins with its escapes."""
    escapes_bytes = 2 * int.from_bytes(stream[:4], "little")
    return 1 + int.from_bytes(stream[4 + escapes_bytes :][:2], "little")


@pytest.mark.parametrize(("effort", "times"), [(2, COUNTED_LANES), (8, 1)])
def test_streams_have_more_lanes_where_time_counts(effort: int, times: int) -> None:
    pixels = edited()
    sections = encode_adapted(
        lossless.split(pixels), Predictor(replace(COUNTING, counts=())), effort
    )
    assert COUNTS.type in {section.type for section in sections}
    (stream,) = (section.payload for section in sections if section.type == b"CTIL")
    assert lanes_of(stream) == times * pixels[..., 0].size // TILE.lane_pixels
    form = STREAM_FORM if times > 1 else THRIFTY_FORM
    assert Section(b"LLAN", bytes([form.tail_shift])) in sections


def saved_quickly(pixels: np.ndarray) -> dict[bytes, bytes]:
    """The sections of a file of effort 1."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "CGX", effort=1, origin="none")
    return sections_of(file)


def test_the_fastest_effort_has_more_lanes() -> None:
    pixels = np.asarray(photograph("coffee", 300, 240))
    sections = saved_quickly(pixels)
    lanes, pixel_count = lanes_of(sections[b"LTIL"]), pixels[..., 0].size
    assert lanes == pixel_count // QUICK_TILE.lane_pixels
    assert lanes > 1.5 * (pixel_count // TILE.lane_pixels)


def test_the_fastest_effort_counts_what_saves_a_third_of_a_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels = edited()
    counted = saved_quickly(pixels)
    assert COUNTS.type in counted
    monkeypatch.setattr(counting, "SURE_RATIO", np.inf)
    plain = saved_quickly(pixels)
    assert COUNTS.type not in plain
    saved_bytes = len(plain[b"CTIL"]) - len(counted[b"CTIL"])
    assert saved_bytes > pixels[..., 0].size / 3 / 8
    monkeypatch.undo()
    monkeypatch.setattr(lossless_encoding, "BIT_NANOSECONDS_QUICK", 20)
    assert COUNTS.type not in saved_quickly(pixels)


def test_several_tiles_each_count_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pillow_colorgrid.codings.tiles.MAX_EDGE", 128)
    pixels = edited()
    sections = counted(pixels)
    assert sum(section.type == b"CTIL" for section in sections) == 6
    assert np.array_equal(codec.decode(header_of(pixels), sections), pixels)
    again = [s for s in sections if s.type == b"CTIL"]
    alone = encode_planes([p[:, :120, :104] for p in lossless.split(pixels)], Predictor(COUNTING))
    assert again[0].payload == alone.tiles[0].color


def test_account_adds_up() -> None:
    pixels = edited()
    sections = counted(pixels)
    bill = examine(sections, (300, 240), 3)
    spent = sum(len(s.payload) for s in sections if s.type in (b"CTIL", b"LTIL", b"CPRE", b"LPRE"))
    assert bill.bits.sum() / 8 == pytest.approx(spent, rel=0.01)
    assert np.array_equal(np.stack(ycocg.forward(pixels)), bill.planes)


# -- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", b"\0", b"\4", b"\1\1"])
def test_other_counts_are_refused(payload: bytes) -> None:
    pixels = edited(72, 64)
    names, _, *streams = counted(pixels)
    with pytest.raises(DamagedError, match=r"counts of .*, allowed 01, 02, 03"):
        codec.decode(header_of(pixels), [names, COUNTS.section(payload), *streams])


def test_where_counts_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = edited(72, 64)
    names, told, *streams = counted(pixels)
    with pytest.raises(DamagedError, match="section LCNT where"):
        codec.decode(header_of(pixels), [names, told, told, *streams])
    small = encoded(lossless, pixels, QUICK)
    assert small[-1].type == b"LONE"
    with pytest.raises(DamagedError, match="section LCNT beside LONE"):
        codec.decode(header_of(pixels), [small[0], told, small[-1]])
    grey = encoded(lossless, pixels[..., :1], QUICK)
    with pytest.raises(DamagedError, match=r"LCNT where .* of mode L"):
        codec.decode(header_of(pixels[..., :1]), [grey[0], told, *grey[1:]])
    first = [s for s in streams if s.type in (b"LLAN", b"LPRE", b"LTIL")]
    with pytest.raises(DamagedError, match="LCNT without CPRE"):
        codec.decode(header_of(pixels), [names, told, *first])
    with pytest.raises(DamagedError, match="LCNT without LLAN"):
        codec.decode(header_of(pixels), [names, told, *(s for s in streams if s.type != b"LLAN")])
    with pytest.raises(DamagedError, match=r"1\.0 does not have"):
        codec.decode(header_of(pixels, minor=0), [names, told, *streams])


@pytest.mark.parametrize("drop", [True, False])
def test_counts_left_out_or_added_are_told(drop: bool) -> None:
    """By the end of the stream or the checksum of the pixels."""
    pixels = edited(72, 64)
    names, told, *streams = counted(pixels)
    if drop:
        sections = [names, *streams]
    else:
        plain = encode_planes(lossless.split(pixels), Predictor(replace(COUNTING, counts=())))
        sections = [names, told, *plain.sections()]
    with pytest.raises(CgxError):
        codec.decode(header_of(pixels), sections)


def test_damaged_streams_are_told() -> None:
    pixels = edited(72, 64)
    sections = counted(pixels)
    (place,) = (k for k, section in enumerate(sections) if section.type == b"CTIL")
    payload = sections[place].payload
    rng = np.random.default_rng(3)
    for at in rng.integers(0, len(payload), 60).tolist():
        damaged = bytearray(payload)
        damaged[at] ^= int(rng.integers(1, 256))
        sections[place] = Section(b"CTIL", bytes(damaged))
        with pytest.raises(CgxError):
            codec.decode(header_of(pixels), sections)


@pytest.mark.parametrize("mode", ["RGBA", "CMYK", "LAB"])
def test_beside_alpha_and_in_other_modes(mode: str) -> None:
    pixels = edited()
    image = Image.frombytes("LAB", (300, 240), pixels.tobytes())
    if mode == "CMYK":
        image = Image.fromarray(255 - pixels).convert(mode)
    elif mode == "RGBA":
        image = Image.fromarray(pixels)
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    file = io.BytesIO()
    image.save(file, "CGX", effort=2)
    assert COUNTS.type in sections_of(file)
    with Image.open(file) as again:
        assert again.mode == mode
        assert again.tobytes() == image.tobytes()
