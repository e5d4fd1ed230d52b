"""Pages with gradients as browsers draw them: dithered tile by tile, words and shadows on them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

BAYER = np.array(
    [
        [0, 48, 12, 60, 3, 51, 15, 63],
        [32, 16, 44, 28, 35, 19, 47, 31],
        [8, 56, 4, 52, 11, 59, 7, 55],
        [40, 24, 36, 20, 43, 27, 39, 23],
        [2, 50, 14, 62, 1, 49, 13, 61],
        [34, 18, 46, 30, 33, 17, 45, 29],
        [10, 58, 6, 54, 9, 57, 5, 53],
        [42, 26, 38, 22, 41, 25, 37, 21],
    ]
)


def gradient(
    size: tuple[int, int],
    planes: Sequence[tuple[float, float, float]],
    tile: int | None = None,
) -> Image.Image:
    """Each channel is start + right * x + down * y, dithered in tiles, or else rounded.

    Args:
        size: (width, height).
        tile: pixels along the sides of tiles; the first is one longer.
    """
    rows, columns = np.mgrid[: size[1], : size[0]]
    added: np.ndarray | float = 0.5
    if tile is not None:
        down, across = (np.where(at > tile, (at - 1) // tile * tile, 0) for at in (rows, columns))
        added = BAYER[(rows - down) % 8, (columns - across) % 8] / 64 + 1 / 128
    exact = [start + right * columns + below * rows for start, right, below in planes]
    pixels = np.floor(np.stack(exact, axis=2) + np.expand_dims(np.asarray(added), -1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8).squeeze())


def slide(tile: int | None = 62, size: tuple[int, int] = (300, 220)) -> Image.Image:
    """White words on a gradient, and a card with a shadow and a gradient of its own."""
    image = gradient(size, [(40, 0.11, 0.07), (90, -0.06, 0.03), (120, 0.02, -0.13)], tile)
    shadow = Image.new("L", size)
    ImageDraw.Draw(shadow).rectangle((150, 90, 270, 190), fill=140)
    image.paste((0, 0, 0), (0, 0), shadow.filter(ImageFilter.GaussianBlur(7)))
    card = gradient(size, [(210, -0.2, 0.05), (60, 0.21, 0.1), (90, 0.13, 0.2)], tile)
    image.paste(card.crop((150, 80, 270, 180)), (150, 80))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    for line in range(4):
        draw.text((12, 12 + 20 * line), "some words on it", fill=(255, 255, 255), font=font)
    return image
