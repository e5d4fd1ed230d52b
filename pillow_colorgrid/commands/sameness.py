"""Is this file that picture? In mode, size, every pixel, and what belongs to it besides."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.jpeg.numbers import EXIF

HIGHEST = 255
"""Of a sample that is a byte."""

RESOLUTION_TOLERANCE = 0.005
"""PNG keeps whole pixels per metre."""


def difference(image: Image.Image, other: Image.Image) -> str:
    """What first tells two pictures apart: mode, size, pixels or colours; "" if nothing does."""
    if other.mode != image.mode:
        return f"mode {other.mode}, not {image.mode}"
    if other.size != image.size:
        return f"size {other.size}, not {image.size}"
    if other.tobytes() != image.tobytes():
        return "other pixels"
    # Unused colours of a palette may differ.
    if other.getpalette() != image.getpalette() and (
        other.convert("RGBA").tobytes() != image.convert("RGBA").tobytes()
    ):
        return "other colours in the palette"
    return ""


def difference_of_size(image: Image.Image, other: Image.Image) -> str:
    """As `difference`, where pixels may be others."""
    return "" if other.size == image.size else f"size {other.size}, not {image.size}"


def difference_beside_colour(image: Image.Image, other: Image.Image) -> str:
    """As `difference`, of mode, size and alpha alone."""
    if other.mode != image.mode or other.size != image.size:
        return difference(image, other)
    if image.mode == "RGBA" and other.getchannel("A").tobytes() != image.getchannel("A").tobytes():
        return "other alpha"
    return ""


def difference_of_grid(image: Image.Image, other: Image.Image, exact_luminance: bool) -> str:
    """As `difference`, where `other` may lose colour: mode, size, alpha, luminance.

    Args:
        exact_luminance: whether luminance was to be kept; it is, but where painted colour was cut.
    """
    from pillow_colorgrid.color import ycocg

    found = difference_beside_colour(image, other)
    if found or not exact_luminance:
        return found
    pixels, shown = (np.asarray(picture.convert("RGB")) for picture in (image, other))
    inside = ((shown > 0) & (shown < 255)).all(axis=2)
    changed = ycocg.forward(pixels)[0] != ycocg.forward(shown)[0]
    return "other luminance" if (changed & inside).any() else ""


@dataclass(frozen=True)
class Loss:
    """How far pixels are from those that they stand for.

    Attributes:
        most: of any sample.
        squared: the mean of squares.
    """

    most: int
    squared: float

    def __str__(self) -> str:
        """For people."""
        if not self.most:
            return "every sample is exact"
        psnr = 10 * math.log10(HIGHEST * HIGHEST / self.squared)
        return f"no sample is off by more than {self.most} (PSNR {psnr:.2f} dB)"


def loss_between(image: Image.Image, other: Image.Image) -> Loss:
    """Of two pictures of the same mode, whose samples are bytes, and size."""
    first, second = (np.asarray(picture).astype(np.int16) for picture in (image, other))
    apart = np.abs(first - second).astype(np.int32)
    return Loss(int(apart.max()), float(np.mean(apart * apart)))


def all_of(losses: Sequence[Loss]) -> Loss | None:
    """Of several pictures, or frames, each counting the same; None of none."""
    if not losses:
        return None
    mean = math.fsum(one.squared for one in losses) / len(losses)
    return Loss(max(one.most for one in losses), mean)


def difference_of_near(
    image: Image.Image, other: Image.Image, max_error: int, losses: list[Loss] | None = None
) -> str:
    """As `difference`, where each sample but alpha may be off by so much.

    Args:
        losses: by how much they are off is added, where that is allowed.
    """
    found = difference_beside_colour(image, other)
    if found:
        return found
    loss = loss_between(image, other)
    if loss.most > max_error:
        return f"samples off by {loss.most}, allowed {max_error}"
    if losses is not None:
        losses.append(loss)
    return ""


def states_pixels_of(file: IO[bytes], image: Image.Image) -> bool:
    """Whether a .cgx file is whole and states mode, size and pixel checksum of `image`.

    Much faster than decoding it.
    """
    from pillow_colorgrid import pixels

    try:
        header = container.read_header(file)
        for _ in container.read_sections(file):
            pass
    except (OSError, SyntaxError):
        return False
    if (header.mode, header.size) != (image.mode, image.size):
        return False
    return header.checksum == container.pixel_checksum(pixels.from_image(image).tobytes())


def alike(value: object, other: object, key: object) -> bool:
    """Whether a value of `Image.info` is what it was, as far as formats can tell."""
    if key == "exif" and isinstance(value, bytes) and isinstance(other, bytes):
        # some formats hand EXIF out with its prefix, some without
        return value.removeprefix(EXIF) == other.removeprefix(EXIF)
    if key == "dpi" and isinstance(value, tuple) and isinstance(other, tuple):
        return all(
            math.isclose(float(a), float(b), rel_tol=RESOLUTION_TOLERANCE)
            for a, b in zip(value, other, strict=True)
        )
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=1e-9) or (math.isnan(value) and math.isnan(other))
    for name in ("lang", "tkey"):  # of PNG's international texts
        if (getattr(value, name, None) or "") != (getattr(other, name, None) or ""):
            return False
    return bool(value == other)
