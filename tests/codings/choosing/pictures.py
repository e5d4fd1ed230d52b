"""Pictures of all kinds, and what must not be asked of them."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pillow_colorgrid.pixels import Bytes
from tests.conftest import noise, photograph

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee")


def pixels_of(image: Image.Image) -> Bytes:
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def noisy(width: int, height: int, seed: int) -> Image.Image:
    return noise("RGBA", (width, height), seed)


def gradient(width: int, height: int, seed: int) -> Image.Image:
    slopes = np.random.default_rng(seed).uniform(-3, 3, (2, 4))
    rows, columns = np.mgrid[:height, :width]
    ramps = rows[..., None] * slopes[0] + columns[..., None] * slopes[1]
    return Image.fromarray(ramps.astype(np.int64).astype(np.uint8))


def text(width: int, height: int, seed: int) -> Image.Image:
    image = Image.new("RGBA", (width, height), "white")
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(seed)
    for top in range(0, height, 12):
        letters = "".join(map(chr, rng.integers(33, 127, width // 6 + 1)))
        draw.text((1, top), letters, fill=(0, 0, int(rng.integers(256)), 255))
    return image


def photo(width: int, height: int, seed: int) -> Image.Image:
    whole = photograph(PHOTOGRAPHS[seed % len(PHOTOGRAPHS)]).convert("RGBA")
    whole.info.clear()  # the profile would be kept
    left, top = seed * 37 % 90, seed * 53 % 90
    crop = whole.crop((left, top, left + width, top + height))
    crop.putalpha(Image.linear_gradient("L").resize(crop.size) if seed % 2 else 255)
    return crop


def repeated(width: int, height: int, seed: int) -> Image.Image:
    """What comes again far away: a photograph for networks, half of one for WebP."""
    pixels = pixels_of(photo(width, -(-height // 2), seed))
    return Image.fromarray(np.concatenate([pixels, pixels])[:height])


KINDS: tuple[Callable[[int, int, int], Image.Image], ...] = (noisy, gradient, text, photo, repeated)


def painted() -> Bytes:
    """(300, 400, 3): soft clouds on a flat sky; each colour is repeated many times."""
    clouds = Image.new("L", (400, 300))
    for number in range(9):
        place = (41 * number, 29 * number % 200, 41 * number + 90, 29 * number % 200 + 50)
        ImageDraw.Draw(clouds).ellipse(place, fill=40)
    sky = Image.new("RGB", clouds.size, (0, 140, 190))
    sky.paste((255, 255, 255), (0, 0), clouds.filter(ImageFilter.GaussianBlur(24)))
    return np.asarray(sky)


def refuse(*arguments: object) -> None:
    raise AssertionError("must not be called")
