"""Pictures inside a page: data URIs that together stay small.

Small pictures are exact. Large ones are lossy WebP, and made smaller where that is not enough.
"""

import base64
from io import BytesIO

from PIL import Image, features

LONGEST_SIDE = 1600
"""In pixels; larger pictures are made smaller."""

EXACT_PIXELS = 2**17
"""Up to here pictures are exact if they fit."""

QUALITIES = (80, 55, 30)
"""Of WebP, one after the other until a picture fits."""

SMALLEST_SIDE = 16
"""No picture is made smaller than this, whatever it takes."""


def data_uri(image: Image.Image, budget_bytes: int) -> str:
    """`image` in about so many bytes at most, before base64 adds a third."""
    kind, data = _encoded(image, budget_bytes)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _encoded(image: Image.Image, budget_bytes: int) -> tuple[str, bytes]:
    small = image.copy()
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if small.width * small.height <= EXACT_PIXELS or not features.check("webp"):
        data = _saved(small, "PNG", optimize=True)
        if len(data) <= budget_bytes:
            return "png", data
    while True:
        ways = QUALITIES if features.check("webp") else (0,)
        for quality in ways:
            if quality:
                data = _saved(_for_webp(small), "WEBP", quality=quality, method=2)
            else:
                data = _saved(small, "PNG")
            if len(data) <= budget_bytes:
                return ("webp" if quality else "png"), data
        if max(small.size) <= SMALLEST_SIDE:
            return ("webp" if features.check("webp") else "png"), data
        small.thumbnail((max(1, small.width // 2), max(1, small.height // 2)))


def _for_webp(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _saved(image: Image.Image, codec: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, codec, **options)
    return file.getvalue()
