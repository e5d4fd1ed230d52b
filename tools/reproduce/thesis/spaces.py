"""Colour as the thesis keeps it (CIELAB, real numbers) and as we do (YCoCg-R, bytes).

A space takes a picture apart into luminance and chroma, puts what a network missed in the place of
the chroma (the decolorized picture, three bytes a pixel) and brings the picture back from that.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from skimage.color import lab2rgb, rgb2lab

from pillow_colorgrid.color import ycocg_bytes
from pillow_colorgrid.pixels import Bytes

Predict = Callable[[np.ndarray], np.ndarray]
"""Luminance (H, W) -> chroma (H, W, 2), both float32 in the units of the space."""


class Space(Protocol):
    """A way to keep colour."""

    name: str
    chroma_scale: float
    """Chroma divided by it is about -1..1: what a network paints."""
    luminance_scale: float

    def planes(self, rgb: Bytes) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) -> luminance (H, W) and chroma (H, W, 2), float32."""

    def decolorized(self, rgb: Bytes, predicted: np.ndarray) -> Bytes:
        """The picture with what `predicted` (H, W, 2) missed in the place of its chroma."""

    def restored(self, decolorized: Bytes, predict: Predict) -> Bytes:
        """The picture again, from what a decoder has."""

    def rendered(self, rgb: Bytes, predicted: np.ndarray) -> Bytes:
        """The picture's luminance with the chroma as predicted: what the network alone shows."""


def _bytes(rgb: np.ndarray) -> Bytes:
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


class Lab:
    """As written in the thesis: CIELAB, the error in the place of A and B, rounded to RGB.

    Errors outside of -128..127 are clipped, as there. Rounding loses more: see the measurements.
    """

    name = "LAB"
    chroma_scale = 110.0
    luminance_scale = 100.0

    def planes(self, rgb: Bytes) -> tuple[np.ndarray, np.ndarray]:
        lab = rgb2lab(rgb).astype(np.float32)
        return lab[..., 0], lab[..., 1:]

    def _rgb(self, luminance: np.ndarray, chroma: np.ndarray) -> Bytes:
        lab = np.concatenate([luminance[..., None], np.clip(chroma, -128, 127)], axis=-1)
        return _bytes(lab2rgb(lab.astype(np.float64)))

    def decolorized(self, rgb: Bytes, predicted: np.ndarray) -> Bytes:
        luminance, chroma = self.planes(rgb)
        return self._rgb(luminance, chroma - predicted)

    def restored(self, decolorized: Bytes, predict: Predict) -> Bytes:
        luminance, error = self.planes(decolorized)
        return self._rgb(luminance, error + predict(luminance))

    def rendered(self, rgb: Bytes, predicted: np.ndarray) -> Bytes:
        return self._rgb(self.planes(rgb)[0], predicted)


class Integer:
    """Ours: YCoCg-R and prediction in integers, the error modulo 256. Nothing is ever lost.

    The network's floats are rounded, so encoder and decoder must be the same machine here; the
    decolorized coding of the package has a network of integers instead.
    """

    name = "YCoCg-R"
    chroma_scale = 128.0
    luminance_scale = 255.0

    def planes(self, rgb: Bytes) -> tuple[np.ndarray, np.ndarray]:
        y, co, cg = ycocg_bytes.forward_modular(rgb).astype(np.float32)
        return y, np.stack([co, cg], axis=-1) - np.float32(ycocg_bytes.CHROMA_ZERO)

    def decolorized(self, rgb: Bytes, predicted: np.ndarray) -> Bytes:
        planes = ycocg_bytes.forward_modular(rgb)
        return np.stack([planes[0], *(planes[1:] - _steps(predicted))], axis=-1)

    def restored(self, decolorized: Bytes, predict: Predict) -> Bytes:
        y, *error = np.moveaxis(decolorized, -1, 0)
        chroma = np.stack(error) + _steps(predict(y.astype(np.float32)))
        return ycocg_bytes.inverse_modular(np.stack([y, *chroma]))

    def rendered(self, rgb: Bytes, predicted: np.ndarray) -> Bytes:
        y = ycocg_bytes.forward_modular(rgb)[0].astype(np.int16)
        co, cg = np.rint(predicted).astype(np.int16).clip(-128, 127).transpose(2, 0, 1)
        t = y - (cg >> 1)
        blue = t - (co >> 1)
        return np.stack([blue + co, cg + t, blue], axis=-1).clip(0, 255).astype(np.uint8)


def _steps(predicted: np.ndarray) -> np.ndarray:
    """Predicted chroma (H, W, 2) as bytes modulo 256 (2, H, W)."""
    return np.rint(predicted).astype(np.int16).transpose(2, 0, 1).astype(np.uint8)


SPACES: tuple[Space, ...] = (Lab(), Integer())
