"""What the encoder finds: rectangles that changed, and what moved. Exact, whatever the pictures."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from pillow_colorgrid.frames import index
from pillow_colorgrid.frames.encoder import changes, moves
from pillow_colorgrid.frames.index import Entry, Index
from tests.conftest import photograph
from tests.frames.animations import opened, saved

masks = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.tuples(
        st.just(seed), st.integers(1, 60), st.integers(1, 60), st.sampled_from([0, 0.001, 0.05, 1])
    )
)


@given(masks)
@settings(max_examples=60, deadline=None)
def test_boxes_hold_all_that_changed(case) -> None:
    seed, height, width, share = case
    changed = np.random.default_rng(seed).random((height, width)) < share
    covered = np.zeros((height, width), int)
    for box in changes.boxes(changed):
        assert changed[box.place].any()
        covered[box.place] += 1
    assert (covered[changed] == 1).all()
    assert covered.max(initial=0) <= 1


def test_far_corners_are_two_boxes() -> None:
    changed = np.zeros((200, 300), bool)
    changed[3:9, 5:20] = changed[180:190, 250:260] = True
    found = changes.boxes(changed)
    assert [(b.left, b.top, b.width, b.height) for b in found] == [
        (5, 3, 15, 6),
        (250, 180, 10, 10),
    ]


def test_near_ones_are_one() -> None:
    changed = np.zeros((40, 40), bool)
    changed[3, 5] = changed[6, 9] = True
    assert len(changes.boxes(changed)) == 1


@pytest.mark.parametrize(("dx", "dy"), [(0, 13), (0, -9), (17, 0), (-5, 0), (6, -11), (-31, 40)])
def test_pans_are_found_exactly(dx: int, dy: int) -> None:
    big = np.asarray(photograph("coffee", 220, 200))
    old = np.ascontiguousarray(big[50:150, 50:170])
    new = np.ascontiguousarray(big[50 + dy : 150 + dy, 50 + dx : 170 + dx])
    (move,) = moves.find(old, new, (old != new).any(axis=2))
    assert (move.source[0] - move.box.left, move.source[1] - move.box.top) == (dx, dy)
    assert (move.box.width, move.box.height) == (120 - abs(dx), 100 - abs(dy))


def test_noise_has_not_moved() -> None:
    rng = np.random.default_rng(1)
    old, new = rng.integers(0, 256, (2, 64, 64, 3), np.uint8)
    assert moves.find(old, new, (old != new).any(axis=2)) == []


@given(st.integers(0, 2**32 - 1), st.sampled_from(["L", "RGBA", "P", "I;16"]))
@settings(max_examples=12, deadline=None)
def test_any_frames_come_back(seed: int, mode: str) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 40, 2)
    channels = {"RGBA": (4,)}.get(mode, ())
    kind = np.uint16 if mode == "I;16" else np.uint8
    pixels = rng.integers(0, 200, (height, width, *channels)).astype(kind)
    frames = []
    for _ in range(5):
        pixels = pixels.copy()
        if rng.random() < 0.5:
            pixels = np.roll(pixels, rng.integers(-9, 10, 2), (0, 1))
        top, left = rng.integers(0, height), rng.integers(0, width)
        area = pixels[top : top + 9, left : left + 12]
        area[...] = rng.integers(0, 256, area.shape)
        frame = Image.fromarray(pixels)
        if mode == "P":
            frame.putpalette(bytes(range(256)) * 3)
        frames.append(frame)
    with opened(saved(frames, effort=1)) as image:
        for number in rng.permutation(5).tolist():
            image.seek(number)
            assert image.tobytes() == frames[number].tobytes()


durations = st.one_of(st.none(), st.integers(0, 2**31 - 1), st.floats(0, 1e12, allow_nan=False))


@given(st.lists(durations, min_size=2, max_size=9), st.one_of(st.none(), st.integers(0, 2**31 - 2)))
@settings(deadline=None)
def test_the_index_comes_back(each: list[float | None], loop: int | None) -> None:
    entries = [Entry("RGB", (5, 4), each[0])]
    for number, duration in enumerate(each[1:], 1):
        base = None if number % 3 == 0 else number - 1
        shape = (
            {"mode": "RGB", "size": (5, 4)} if base is not None else {"mode": "L", "size": (5, 4)}
        )
        if base is not None:
            shape["mode"] = entries[base].mode
        entries.append(
            Entry(**shape, duration=duration, base=base, metadata=number % 2 * number, length=7)
        )
    wanted = Index(12345, tuple(entries), loop, default_image=bool(len(each) % 2))
    assert index.unpack(index.pack(wanted).payload, "RGB", (5, 4)) == wanted
