"""What a network is worth: real files of real codecs, and whether the picture comes back."""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log2
from typing import TypeVar

import numpy as np
import pillow_jxl  # noqa: F401  registers .jxl
import torch
from PIL import Image

from pillow_colorgrid.pixels import Bytes
from tools.rate_distortion.metrics import psnr_db
from tools.reproduce.thesis.network import HALVINGS, Autoencoder, quantised
from tools.reproduce.thesis.spaces import Space

CODECS: dict[str, dict[str, object]] = {
    "png": {"format": "PNG", "optimize": True},
    "webp": {"format": "WEBP", "lossless": True, "exact": True, "method": 4},
    "jxl": {"format": "JXL", "lossless": True, "effort": 7, "num_threads": 1},
}
"""Pillow's options of each codec, all lossless."""

JPEG: dict[str, dict[str, object]] = {"jpeg": {"format": "JPEG", "quality": 75}}
"""What the sizes that the thesis calls PNG look like."""

FLOAT_BYTES = 4

BLOCK = 2**HALVINGS
"""Edge of the square that one place of the bottleneck stands for."""

T = TypeVar("T")


def sizes(rgb: Bytes, codecs: dict[str, dict[str, object]] = CODECS) -> dict[str, int]:
    """Bytes of a picture in each codec."""
    found = {}
    for name, options in codecs.items():
        file = io.BytesIO()
        Image.fromarray(rgb).save(file, **options)
        found[name] = len(file.getvalue())
    return found


def entropy(values: np.ndarray) -> float:
    """Bits of one value by its own statistics: the thesis's single pixel entropy."""
    _, counts = np.unique(np.rint(values), return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum())


def bottleneck_bytes(values: int, levels: int | None) -> int:
    return values * FLOAT_BYTES if levels is None else ceil(values * log2(levels) / 8)


@dataclass(frozen=True)
class Codec:
    """A trained network at work on one picture after the other."""

    network: Autoencoder
    space: Space
    levels: int | None

    @torch.no_grad()
    def bottleneck(self, chroma: np.ndarray) -> torch.Tensor:
        """(H, W, 2) -> what the decoder is told."""
        x = torch.from_numpy(chroma / np.float32(self.space.chroma_scale)).permute(2, 0, 1)[None]
        return quantised(self.network.bottleneck(x), self.network.variant, self.levels)

    @torch.no_grad()
    def predict(self, bottleneck: torch.Tensor, luminance: np.ndarray) -> np.ndarray:
        """Luminance (H, W) -> chroma (H, W, 2)."""
        x = torch.from_numpy(luminance / np.float32(self.space.luminance_scale))[None, None]
        painted = self.network.painted(bottleneck, x)[0].permute(1, 2, 0)
        return painted.numpy() * np.float32(self.space.chroma_scale)


def interpolated_means(chroma: np.ndarray) -> np.ndarray:
    """What two numbers for each 32 x 32 pixels tell without any network: (H, W, 2) -> the same."""
    high, wide = chroma.shape[0] // BLOCK, chroma.shape[1] // BLOCK
    means = chroma.reshape(high, BLOCK, wide, BLOCK, 2).mean((1, 3))
    told = [Image.fromarray(plane) for plane in np.moveaxis(means, -1, 0).astype(np.float32)]
    size = (chroma.shape[1], chroma.shape[0])
    return np.stack([np.asarray(t.resize(size, Image.Resampling.BILINEAR)) for t in told], -1)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and its processor time in ms."""
    begin = time.process_time()
    return work(), 1000 * (time.process_time() - begin)


def measure(codec: Codec, rgb: Bytes) -> dict[str, float]:
    """All figures of one picture, sides multiples of 32; sizes are of the decolorized one."""
    space = codec.space
    luminance, chroma = space.planes(rgb)

    def encode() -> tuple[torch.Tensor, np.ndarray, Bytes]:
        told = codec.bottleneck(space.planes(rgb)[1])
        predicted = codec.predict(told, luminance)
        return told, predicted, space.decolorized(rgb, predicted)

    (told, predicted, decolorized), encode_ms = timed(encode)
    restored, decode_ms = timed(
        lambda: space.restored(decolorized, lambda seen: codec.predict(told, seen))
    )
    error = chroma - predicted
    beyond = (error < -128) | (error > 127)
    wrong = (restored != rgb).any(axis=-1)
    return {
        "mse": float(np.square(error).mean()),
        "mean_mse": float(chroma.var(axis=(0, 1)).mean()),
        "means_mse": float(np.square(chroma - interpolated_means(chroma)).mean()),
        "psnr_db": psnr_db(rgb, space.rendered(rgb, predicted)),
        "entropy": entropy(error),
        "chroma_entropy": entropy(chroma),
        "bottleneck_bytes": bottleneck_bytes(told.numel(), codec.levels),
        "beyond": float(beyond.any()),
        "pixels_beyond": float(beyond.any(axis=-1).sum()),
        "exact": float(not wrong.any()),
        "wrong_pixels": float(wrong.mean()),
        "restored_mse": float(np.square(restored.astype(float) - rgb).mean()),
        "encode_ms": encode_ms,
        "decode_ms": decode_ms,
        **sizes(decolorized),
    }


def sizes_without(space: Space, rgb: Bytes) -> dict[str, int]:
    """What no network changes: sizes of the picture itself (`plain_...`), and of what the colour
    space alone makes of it (`transform_...`)."""
    unpainted = space.decolorized(rgb, np.zeros((*rgb.shape[:2], 2), np.float32))
    ways = {"plain": rgb, "transform": unpainted}
    return {f"{way}_{name}": size for way, p in ways.items() for name, size in sizes(p).items()}
