"""Pages that a browser could have drawn: lines of words, and photographs among them."""

import io

from PIL import Image, ImageDraw, ImageFont

from tests.conftest import photograph

PHOTOGRAPH = (130, 30)
"""Left and top of the photograph on `page`."""


def page(mode: str = "RGB", size: tuple[int, int] = (260, 200), lines: int = 12) -> Image.Image:
    """Words beside a photograph of 96 x 80 pixels."""
    image = Image.new("RGB", size, (250, 250, 250))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for line in range(lines):
        draw.text((8, 8 + 15 * line), "a page of words"[line % 5 :], fill=(40, 40, 60), font=font)
    image.paste(photograph("coffee", 96, 80), PHOTOGRAPH)
    return image.convert(mode)


def page_with_jpeg() -> Image.Image:
    """A page that shows a JPEG file as large as it is."""
    image = page(size=(260, 330), lines=2)
    file = io.BytesIO()
    photograph("astronaut", 192, 160).save(file, "JPEG", quality=80)
    image.paste(Image.open(file), (40, 140))
    return image
