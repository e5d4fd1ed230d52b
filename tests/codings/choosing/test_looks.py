"""What looks at pixels tell of photographs and drawings is right."""

import numpy as np
import pytest

from pillow_colorgrid.codings.choosing import looks
from tests.codings.choosing.pictures import PHOTOGRAPHS, painted, pixels_of, refuse, text
from tests.conftest import photograph


@pytest.mark.parametrize(("result", "drawing"), [(0.9, True), (1.1, False)])
def test_the_contest_tells_of_soft_drawings(
    result: float, drawing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe sees that few colours repeat; not that the networks know the next one."""
    pixels = painted()
    assert looks.probe(pixels) < looks.DRAWING
    assert looks.is_soft(pixels)
    assert looks.is_drawing(pixels, looks.probe(pixels))  # too small for a contest
    monkeypatch.setattr(looks, "CONTEST_PIXELS", 1)
    monkeypatch.setattr(looks, "contest", lambda _: result)
    assert looks.is_drawing(pixels, looks.probe(pixels)) == drawing


def test_flat_drawings_need_no_contest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "CONTEST_PIXELS", 1)
    monkeypatch.setattr(looks, "contest", refuse)
    pixels = pixels_of(text(500, 400, 1).convert("RGB"))
    assert looks.is_drawing(pixels, 0.01)


def test_photographs_win_the_contest() -> None:
    for name in PHOTOGRAPHS:
        pixels = pixels_of(photograph(name, 450, 300))
        assert looks.contest(pixels) > 1
        assert looks.probe(pixels) > looks.UNCLEAR


def test_repetitions_far_away_are_seen() -> None:
    pixels = pixels_of(photograph("astronaut"))
    twice = np.concatenate([pixels, pixels])
    assert looks.probe(twice) < 0.6 * looks.probe(pixels)


@pytest.mark.parametrize("size", [(256, 256), (257, 300), (2000, 300)], ids=lambda size: f"{size}")
def test_pieces_are_whole_and_spread(size: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: size[0], : size[1]]
    pixels = np.stack([rows, columns], axis=2)
    pieces = looks.pieces_of(pixels)
    assert [piece.shape[:2] for piece in pieces] == [(256, 256)] * 5
    for axis in (0, 1):
        starts = {int(piece[0, 0, axis]) for piece in pieces}
        assert len(starts) == (5 if size[axis] >= 300 else 1)
