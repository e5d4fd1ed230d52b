"""Pictures of every mode as a screen can show them."""

from typing import Any

from PIL import Image


def for_screens(image: Image.Image) -> Image.Image:
    """`image` in a mode that PNG and every viewer take, as bright as it is meant.

    Sixteen and more bits are spread over 0..255, from the darkest pixel to the brightest.
    """
    if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        wide = image.convert("F")
        extrema: Any = wide.getextrema()
        low, high = extrema
        scale = 255 / (high - low) if high > low else 0
        return wide.point(lambda value: value * scale - low * scale).convert("L")
    return image.convert({"La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(image.mode, "RGB"))
