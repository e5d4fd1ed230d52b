"""JPEG files into coefficients and back to the same bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.jpeg import file
from pillow_colorgrid.jpeg.recipe import Recipe


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Something with edges, slopes and noise."""
    rng = np.random.default_rng(width * 1000 + height)
    y, x = np.mgrid[:height, :width]
    planes = [(x * a + y * b) % 256 for a, b in ((1, 2), (3, 1), (2, 5))]
    pixels = np.stack(planes, 2) + rng.integers(-20, 21, (height, width, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).convert(mode)


def saved(image: Image.Image, **options: object) -> bytes:
    """The JPEG file that Pillow makes."""
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (16, 16), (17, 31), (40, 33), (200, 150)])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 95, "subsampling": 0},
        {"quality": 30, "subsampling": 1},
        {"optimize": True},
        {"restart_marker_blocks": 2},
        {"restart_marker_rows": 1, "optimize": True, "quality": 100},
        {"qtables": [list(range(1, 65)), [3] * 64]},
    ],
    ids=str,
)
def test_bytes_come_back(size: tuple[int, int], mode: str, options: dict[str, object]) -> None:
    data = saved(picture(*size, mode), **options)
    read, recipe = file.read(data)
    assert file.write(read, Recipe.unpack(recipe.pack())) == data


def test_known_recipe() -> None:
    """Version, components, JFIF, two tables, frame, Huffman tables, scan, end."""
    _, recipe = file.read_exact(saved(picture(64, 48)))
    assert recipe.pack().hex() == "01 03 04 10 11 20 80 60 00".replace(" ", "")
