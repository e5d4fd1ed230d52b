"""Which values a picture has, and in what order: from dark to bright.

So ranks of neighbouring pixels are near each other, and the larger half of the ranks left is the
brighter one.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.indexed.coding import MOST_VALUES
from pillow_colorgrid.container import Section
from pillow_colorgrid.metadata import (
    INDEXED,
    PALETTE,
    PALETTE_MODES,
    SECTIONS,
    VALUE_PER_COLOR,
)
from pillow_colorgrid.pixels import Pixels

SAMPLE_PIXELS = 2**14
"""So many are looked at before all."""

BOTH_PIXELS = 2**14
"""Of pictures that are not larger, the order without a list is tried, too."""

OPAQUE = 255

LUMINANCE = np.array([299, 587, 114], np.int64)
"""Of red, green and blue, in thousandths (ITU-R BT.601)."""


def values_of(pixels: Pixels) -> Pixels | None:
    """(H, W, C) -> (n, C), ascending; None where there are more than MOST_VALUES."""
    numbers = _numbered(pixels).reshape(-1)
    step = max(1, numbers.size // SAMPLE_PIXELS)
    if step > 1 and len(np.unique(numbers[::step])) > MOST_VALUES:
        return None
    found, first = np.unique(numbers, return_index=True)
    if len(found) > MOST_VALUES:
        return None
    values: Pixels = pixels.reshape(-1, pixels.shape[2])[first]
    return values


def ranks_of(pixels: Pixels, values: Pixels) -> np.ndarray:
    """(H, W) int64: the place of each pixel in `values`, which has all of them."""
    numbers, wanted = _numbered(pixels), _numbered(values)
    sorting = wanted.argsort()
    ranks: np.ndarray = sorting.take(np.searchsorted(wanted, numbers, sorter=sorting))
    return ranks


def _numbered(pixels: Pixels) -> np.ndarray:
    """(..., C) of one sample or at most four bytes -> (...) one number for each pixel."""
    numbers: np.ndarray = pixels[..., 0]
    for channel in range(1, pixels.shape[-1]):
        numbers = numbers.astype(np.uint32) << np.uint32(8) | pixels[..., channel]
    return numbers


def orders(picture: Picture, values: Pixels) -> list[Pixels]:
    """The orders of values that are worth a trial."""
    brightness = _brightness(values, picture.mode, picture.metadata)
    found = [values[np.argsort(brightness, kind="stable")]]
    small = picture.pixels.shape[0] * picture.pixels.shape[1] <= BOTH_PIXELS
    counted = values.shape[1] == 1 and values.min() >= 0 and values.max() < MOST_VALUES
    if counted and (small or np.array_equal(found[0], values)):
        plain = np.arange(int(values.max()) + 1, dtype=values.dtype)[:, None]
        if len(plain) == len(values) and np.array_equal(found[0], values):
            return [plain]
        if small:
            found.append(plain)
    return found


def _brightness(values: Pixels, mode: str, metadata: Sequence[Section]) -> np.ndarray:
    """(n,) int64 of the values (n, C): light, as far as it is opaque; then alpha."""
    samples = values.astype(np.int64)
    alpha = samples[:, -1] if mode in ("LA", "PA", "RGBA") else np.full(len(values), OPAQUE)
    if mode in INDEXED:
        light, see_through = _palette(metadata)
        alpha = alpha * see_through[samples[:, 0]]
        light = light[samples[:, 0]]
    elif mode in ("RGB", "RGBA"):
        light = samples[:, :3] @ LUMINANCE
    else:
        light = samples[:, 0] * LUMINANCE.sum()
    return (light + 1) * alpha


def _palette(metadata: Sequence[Section]) -> tuple[np.ndarray, np.ndarray]:
    """(256,) int64 each: how light the colours are, and their alpha; what has none is black."""
    light, alpha = np.zeros(MOST_VALUES, np.int64), np.full(MOST_VALUES, OPAQUE)
    for section in metadata:
        data = np.frombuffer(section.payload, np.uint8).astype(np.int64)
        if section.type == PALETTE:
            mode = PALETTE_MODES[data[0]]
            colors = data[1:].reshape(-1, len(mode))
            light[: len(colors)] = colors[:, :3] @ LUMINANCE
            if mode == "RGBA":
                alpha[: len(colors)] = colors[:, 3]
        elif section.type == SECTIONS["transparency"] and data[0] == VALUE_PER_COLOR:
            alpha[: len(data) - 1] = data[1 : MOST_VALUES + 1]
    return light, alpha
