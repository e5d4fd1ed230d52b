"""Pictures without noise, and the networks that are tried on them."""

import io

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings.base import NETWORKS
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.lossless.encoder.smoothness import (
    RENDERED_SHARE,
    looks_rendered,
    smooth_share,
)
from pillow_colorgrid.codings.lossless.model import RENDERED, RENDERED_EFFORT, TABLES
from pillow_colorgrid.runtime import networks
from tests.conftest import noise, photograph, picture_of


def gradient(width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8, each channel rounded by itself."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    far = np.hypot(x - width / 3, y + 20)
    return np.stack([far / 2, 250 - far**2 / 900, 90 + 60 * np.sin(far / 70)], -1).astype(np.uint8)


def tables_of(pixels: np.ndarray, effort: int) -> int:
    """The id of the tables that the encoder chose; the file gives back the pixels."""
    picture = picture_of(pixels)
    sections = lossless.encode(picture, Options(effort=effort)).sections
    size = (pixels.shape[1], pixels.shape[0])
    checksum = container.pixel_checksum(pixels.tobytes())
    minor = LOSSLESS.minor_version([section.type for section in sections])
    header = container.Header(LOSSLESS.number, picture.mode, size, checksum, minor)
    with Image.open(io.BytesIO(container.pack(header, sections))) as image:
        assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)
    (payload,) = (section.payload for section in sections if section.type == NETWORKS.type)
    return networks.read_roles(payload, (TABLES,))[0].id


@pytest.mark.parametrize("size", [(90, 70), (300, 250)])
def test_a_gradient_has_networks_of_its_own(size: tuple[int, int]) -> None:
    pixels = gradient(*size)
    assert tables_of(pixels, 5) == RENDERED
    assert tables_of(pixels[..., :1], 5) == RENDERED  # grey
    assert tables_of(pixels, RENDERED_EFFORT - 1) != RENDERED


def test_alpha_and_colour_are_by_the_same_networks() -> None:
    pixels = np.dstack([gradient(300, 250), gradient(250, 300)[..., 0].T])
    assert tables_of(pixels, 5) == RENDERED


@pytest.mark.parametrize("effort", [3, 5])
def test_a_photograph_does_not(effort: int) -> None:
    assert tables_of(np.asarray(photograph("astronaut", 130, 90)), effort) != RENDERED


def test_the_smaller_of_both_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the look says."""
    pixels = np.asarray(photograph("coffee", 100, 80))
    monkeypatch.setattr("pillow_colorgrid.codings.lossless.encoder.smoothness.RENDERED_SHARE", -1.0)
    assert tables_of(pixels, 5) != RENDERED


def test_share_of_what_lies_on_planes() -> None:
    y, x = np.mgrid[:40, :50]
    assert smooth_share([(2 * x + 3 * y)[None].astype(np.int16)]) == 1
    rough = np.asarray(noise("RGB", (50, 40))).astype(np.int16)
    assert not looks_rendered([rough[None, ..., channel] for channel in range(3)])
    assert 0 < smooth_share([rough[None, ..., 0]]) < RENDERED_SHARE


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_lines_tell_nothing(size: tuple[int, int]) -> None:
    assert smooth_share([np.zeros((1, *size), np.int16)]) == 0
