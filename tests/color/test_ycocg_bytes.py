"""Reversible colour: every triple comes back, and known values."""

import numpy as np
from hypothesis import given
from hypothesis.extra import numpy as hnp

from pillow_colorgrid.color import ycocg_bytes


def test_every_rgb_triple_comes_back() -> None:
    green, blue = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    for red in range(256):
        rgb = np.stack([np.full_like(green, red), green, blue], axis=-1)
        assert np.array_equal(ycocg_bytes.inverse_modular(ycocg_bytes.forward_modular(rgb)), rgb)


def test_modular_transform_is_a_bijection_on_a_slice() -> None:
    # All 2**16 (Co, Cg) of one Y come from different triples.
    co, cg = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    rgb = ycocg_bytes.inverse_modular(np.stack([np.full_like(co, 77), co, cg])).reshape(-1, 3)
    assert len(np.unique(rgb, axis=0)) == 2**16


def test_known_values() -> None:
    rgb = np.array([[[10, 20, 30], [0, 0, 0], [255, 0, 0], [128, 128, 128]]], np.uint8)
    y, co, cg = ycocg_bytes.forward_modular(rgb)
    # 10, 20, 30: Co = -20, t = 30 - 10 = 20, Cg = 0, Y = 20
    assert y[0].tolist()[:2] == [20, 0]
    assert co[0].tolist()[:2] == [108, 128]
    assert cg[0].tolist()[:2] == [128, 128]
    # 255, 0, 0: Co = 255 = -1 modulo 256, t = -1 = 255, Cg = 1, Y = 255
    assert (y[0, 2], co[0, 2], cg[0, 2]) == (255, 127, 129)
    # grey has no colour
    assert (y[0, 3], co[0, 3], cg[0, 3]) == (128, 128, 128)


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2).map(lambda s: (*s, 3))))
def test_roundtrip(rgb: np.ndarray) -> None:
    planes = ycocg_bytes.forward_modular(rgb)
    assert planes.dtype == np.uint8
    assert planes.shape == (3, *rgb.shape[:2])
    assert np.array_equal(ycocg_bytes.inverse_modular(planes), rgb)
