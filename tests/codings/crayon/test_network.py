"""What Crayon sees and how it paints: exact integers, the same for a part as for the whole."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.codings.crayon import coding as crayon, hints, network as grid_crayon, paint
from pillow_colorgrid.codings.crayon.network import BASE_STEPS, PHASES, Surroundings
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime import networks
from tests.codings.crayon import dense
from tests.conftest import MODELS, photograph


def random_seen(height: int, width: int, seed: int = 1) -> Surroundings:
    rng = np.random.default_rng(seed)

    def plane(low: int, high: int) -> np.ndarray:
        return rng.integers(low, high + 1, (height, width)).astype(np.int32)

    color = 2 * 128 * BASE_STEPS
    return Surroundings(
        luminance=plane(0, 255),
        detail=plane(-255 * BASE_STEPS, 255 * BASE_STEPS),
        co=plane(-color, color - 1),
        cg=plane(-color, color - 1),
        mask=plane(0, 255),
    )


def kept_of(rgb: Bytes, interval: int, kind: str = "mean") -> Kept:
    luminance, *colour = ycocg.forward(rgb)
    return Kept(luminance, dense.fit(colour, luminance, interval, kind))


# -- inputs and outputs ----------------------------------------------------------------------------


def test_inputs_are_the_plain_formula() -> None:
    """Those that the network was trained with: FORMAT.md 3.7.4."""
    seen, interval = random_seen(32, 64), 20
    found = grid_crayon.inputs(seen, interval, "point")
    expected = []
    for plane, unit in ((seen.luminance - 128, 1), (seen.detail, 8), (seen.co, 16), (seen.cg, 16)):
        for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
            expected.append(np.floor(plane[row::2, column::2] / unit))
    expected.append(seen.mask[::2, ::2] - 128)
    expected.append(np.full((16, 32), int(22 * np.sqrt(interval)) - 128))
    expected.append(np.full((16, 32), -64))
    assert found.dtype == np.uint8
    assert np.array_equal(found[0], np.clip(np.stack(expected), -128, 127) + 128)


@pytest.mark.parametrize("gain", [0, 1, 5, 8])
def test_paint_is_the_plain_formula(gain: int) -> None:
    seen = random_seen(32, 32)
    rng = np.random.default_rng(2)
    # in units finer than those of offsets and slopes, halves and saturation among them
    outputs = (rng.integers(-400, 401, (1, 16, 16, 16)) / 128).astype(np.float32)
    outputs[0, :, 0, 0] = 1e6
    outputs[0, :, 0, 1] = -1e6
    for number, (move, base) in enumerate(
        zip(grid_crayon.moves(outputs, seen), (seen.co, seen.cg), strict=True)
    ):
        found = grid_crayon.follow(base, move, gain)
        for phase, (row, column) in enumerate(PHASES):
            at = np.s_[row::2, column::2]
            offset = np.rint(outputs[0, 4 * number + phase].astype(float) * 64)
            slope = np.clip(
                np.rint(outputs[0, 8 + 4 * number + phase].astype(float) * 64), -128, 128
            )
            moved = np.clip(offset + np.floor(slope * seen.detail[at] / 64), -32768, 32767)
            eighths = base[at] + np.floor(gain * moved / 8)
            assert np.array_equal(found[at], np.clip(np.floor((eighths + 4) / 8), -255, 255))


def test_no_gain_is_unpainted() -> None:
    seen = random_seen(32, 32)
    outputs = np.random.default_rng(2).normal(size=(1, 16, 16, 16)).astype(np.float32)
    found = [
        grid_crayon.follow(base, move, 0)
        for base, move in zip((seen.co, seen.cg), grid_crayon.moves(outputs, seen), strict=True)
    ]
    assert np.array_equal(found, paint.unpainted(seen))


@settings(max_examples=20, deadline=None)
@given(interval=st.integers(2, 128), top=st.integers(0, 300), left=st.integers(0, 300))
def test_mask_of_a_part(interval: int, top: int, left: int) -> None:
    whole = grid_crayon.mask(interval, top + 40, left + 50)
    assert np.array_equal(grid_crayon.mask(interval, 40, 50, top, left), whole[top:, left:])
    assert whole[0, 0] == 255
    assert whole.min() >= 0


# -- colour back to RGB ----------------------------------------------------------------------------


def test_unite_is_the_inverse_of_the_transform() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (40, 40, 3), np.uint8)
    assert np.array_equal(ycocg.inverse_clipped(*ycocg.forward(rgb)), rgb)


def test_unite_cuts_what_is_no_colour() -> None:
    y, co, cg = (np.array([[v]], np.int16) for v in (200, 255, -255))
    # t = 200 + 128; green = 328 - 255, blue = 328 - 127, red = 201 + 255
    assert ycocg.inverse_clipped(y, co, cg).tolist() == [[[255, 73, 201]]]


# -- regions ---------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 9000), width=st.integers(1, 9000))
def test_regions_cover_each_pixel_once(height: int, width: int) -> None:
    found = list(paint.regions(height, width))
    assert sum(r.core.height * r.core.width for r in found) == height * width
    assert len({(r.core.top, r.core.left) for r in found}) == len(found)
    for region in found:
        for part in (region.seen.top, region.seen.left, region.seen.height, region.seen.width):
            assert part % grid_crayon.ALIGNMENT == 0
        assert max(region.core.height, region.core.width) <= paint.CORE
        for core, seen, side in (
            (region.core.place[0], region.seen.place[0], height),
            (region.core.place[1], region.seen.place[1], width),
        ):
            padded = -(-side // 32) * 32
            assert seen.start == 0 or core.start - seen.start >= paint.SURROUNDINGS
            assert seen.stop == padded or seen.stop - core.stop >= paint.SURROUNDINGS


@pytest.mark.parametrize("interval", [6, 50])
def test_seams_are_not_there(interval: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In regions as in the whole, to the last bit; so nothing differs across a seam."""
    rgb = np.asarray(photograph("astronaut", 500, 490))
    kept, network = kept_of(rgb, interval), networks.index()[crayon.CRAYON_ID]
    whole = paint.paint(kept, network)
    monkeypatch.setattr(paint, "CORE", 96)
    assert len(list(paint.regions(490, 500))) == 36
    assert np.array_equal(paint.paint(kept, network), whole)


def test_another_gain_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kept_of(np.asarray(photograph("coffee", 130, 90)), 6)
    network = networks.index()[crayon.CRAYON_ID]
    monkeypatch.setattr(paint, "CORE", 64)
    faint = Kept(kept.luminance, kept.colour.followed(3))
    expected = paint.paint(faint, network)
    moves: paint.Moves = {}
    paint.paint(kept, network, moves)
    assert len(moves) == 6
    monkeypatch.setattr(networks, "session", None)
    assert np.array_equal(paint.paint(faint, network, moves), expected)


def test_crayon_looks_no_farther_than_its_surroundings() -> None:
    """Its inputs beyond SURROUNDINGS are changed altogether: no pixel of the core changes."""
    session = networks.session(networks.index()[crayon.CRAYON_ID])
    margin, core = paint.SURROUNDINGS // 2, grid_crayon.ALIGNMENT // 2
    cells, extra = 2 * margin + core, 32
    rng = np.random.default_rng(5)
    shape = (1, grid_crayon.INPUTS, cells + 2 * extra, cells + 2 * extra)
    one, other = (rng.integers(0, 256, shape, np.uint8) for _ in range(2))
    inner = np.s_[..., extra : extra + cells, extra : extra + cells]
    other[inner] = one[inner]
    painted = [session.run(["outputs"], {"inputs": inputs})[0] for inputs in (one, other)]
    middle = np.s_[
        ..., extra + margin : extra + margin + core, extra + margin : extra + margin + core
    ]
    assert np.array_equal(painted[0][middle], painted[1][middle])
    assert not np.array_equal(painted[0], painted[1])


def test_padding_repeats_the_edge() -> None:
    kept = kept_of(np.asarray(photograph("coffee", 45, 37)), 20)
    means = hints.tent_means(kept.luminance, 20, BASE_STEPS)
    seen = paint.see(kept, means, Tile(0, 0, 64, 64))
    padded = np.pad(kept.luminance, ((0, 27), (0, 19)), mode="edge")
    assert np.array_equal(seen.luminance, padded)
    detail = kept.luminance * np.int32(8) - hints.luminance_base(kept.luminance, 20)
    assert np.array_equal(seen.detail[:37, :45], detail)


# -- the network -----------------------------------------------------------------------------------


def test_crayon_is_small() -> None:
    entries = json.loads((MODELS / "index.json").read_text())["networks"]
    (entry,) = (entry for entry in entries if entry["id"] == crayon.CRAYON_ID)
    assert entry["name"] == crayon.CRAYON
    assert entry["integer"]
    assert entry["size_bytes"] <= 2 * 2**20
    assert entry["mac_per_pixel"] <= 120_000


def test_without_gain_the_network_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot make a grey picture coloured, and costs no time."""
    monkeypatch.setattr(networks, "session", None)
    kept = kept_of(np.asarray(photograph("coffee", 70, 50)), 20)
    still = Kept(kept.luminance, kept.colour.followed(0))
    means = hints.tent_means(kept.luminance, 20, BASE_STEPS)
    seen = paint.see(kept, means, Tile(0, 0, 50, 70))
    expected = ycocg.inverse_clipped(kept.luminance, *paint.unpainted(seen))
    assert np.array_equal(paint.paint(still, networks.index()[crayon.CRAYON_ID]), expected)
