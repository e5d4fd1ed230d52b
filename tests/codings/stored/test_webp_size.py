"""What WebP's file takes at least: estimates of photographs hold, and see what pieces cannot."""

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.codings.choosing.looks import probe
from pillow_colorgrid.codings.stored.encoder.parts import QUICK, webp
from pillow_colorgrid.codings.stored.encoder.webp_size import LEAST_PIXELS, by_pieces, least_bytes
from pillow_colorgrid.pixels import Bytes
from tests.conftest import photograph

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee")

LARGE, SMALL = (400, 260), (120, 90)


def of_photograph(name: str, size: tuple[int, int]) -> Bytes:
    return np.asarray(photograph(name, 400, 260).resize(size, Image.Resampling.BICUBIC))


def estimated(pixels: Bytes) -> float:
    return least_bytes(pixels, probe, probe(pixels))


@pytest.mark.parametrize("size", [LARGE, SMALL])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_webp_is_not_smaller_and_not_much_larger(name: str, size: tuple[int, int]) -> None:
    pixels = of_photograph(name, size)
    assert (pixels.shape[0] * pixels.shape[1] >= LEAST_PIXELS) == (size == LARGE)
    found = len(webp(pixels, *QUICK))
    assert found >= estimated(pixels) >= 0.75 * found


def test_repetitions_are_not_missed() -> None:
    """Pieces of them look like any others."""
    pixels = np.tile(of_photograph("coffee", LARGE), (2, 2, 1))
    assert estimated(pixels) <= len(webp(pixels, *QUICK))


def test_what_is_restless_between_the_pieces_counts() -> None:
    """Half of the picture is smooth: the mean of both is right, wherever the pieces are."""
    pixels = np.array(of_photograph("coffee", (800, 520)))
    pixels[:, :400] = pixels[:, :400] // 16
    about = by_pieces(pixels, probe, probe(pixels)) / len(webp(pixels, *QUICK))
    assert 0.85 < about < 1.15


@pytest.mark.parametrize("value", [0, 255])
def test_a_flat_picture_has_an_estimate(value: int) -> None:
    pixels = np.full((260, 400, 3), value, np.uint8)
    assert 0 <= estimated(pixels) < 1000
