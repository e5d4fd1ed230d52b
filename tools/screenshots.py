"""The pictures of docs/inspect.md: ``python -m tools.screenshots`` (a minute; needs chromium).

Six kinds of files are made of a photograph of scikit-image (CC0) and of drawings, ``cgx inspect``
tells of each, and a browser shows the page 1400 and 400 pixels wide, light and dark. The four
screenshots of a kind become one WebP of some 40 to 80 KB.
"""

import argparse
import base64
import io
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from PIL import Image, ImageDraw, ImageFont

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid.commands.inspection import page_of

DOCS = Path(__file__).resolve().parents[1] / "docs"

WIDTHS, SCHEMES = (1400, 400), ("light", "dark")

LAYERS = {
    "photograph": "bits per pixel",
    "icon": "luminance",
    "screen": "luminance",
    "grid": "what the network adds",
    "animation": "prediction",
    "jpeg": "bits per pixel, by block",
}
"""Kind -> the layer that dark pages show; light ones show the preview, or the first layer."""

SCALE, QUALITY = 0.5, 75

BROWSER_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


# -- files ----------------------------------------------------------------------------------------


def photograph() -> Image.Image:
    with Image.open(Path(skimage.__file__).parent / "data" / "coffee.png") as image:
        return image.convert("RGB")


def icon() -> Image.Image:
    """48 x 48, its alpha fading downwards."""
    image = Image.new("RGBA", (48, 48))
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 4, 43, 43), fill=(240, 150, 40, 255))
    for left in (14, 29):
        draw.ellipse((left, 16, left + 5, 23), fill=(40, 30, 20, 255))
    draw.arc((13, 18, 35, 36), 20, 160, fill=(40, 30, 20, 255), width=3)
    pixels = np.array(image)
    pixels[..., 3] = pixels[..., 3] * np.linspace(1, 0.35, 48)[:, None]
    return Image.fromarray(pixels)


def screen() -> Image.Image:
    """A window full of words, and a photograph in it."""
    image = Image.new("RGB", (1000, 620), (250, 250, 250))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    draw.rectangle((0, 0, 1000, 44), fill=(44, 62, 90))
    draw.text((16, 12), "pictures - terminal", fill="white", font=font)
    chance = random.Random(3)
    words = ("cgx", "convert", "holiday", "archive", "beach.cgx", "verify", "2.1 MB", "lossless")
    for row in range(26):
        line = " ".join(chance.choices(words, k=11))
        color = chance.choice([(30, 30, 30), (20, 90, 160), (150, 40, 40)])
        draw.text((20, 60 + row * 21), line, fill=color, font=font)
    image.paste(photograph().resize((240, 160)), (740, 70))
    return image


def animation() -> list[Image.Image]:
    """A ball that crosses a photograph."""
    frames = []
    for number in range(12):
        frame = photograph().resize((300, 200))
        left = 20 + 20 * number
        ball = (left, 60, left + 40, 100)
        ImageDraw.Draw(frame).ellipse(ball, fill=(250, 220, 60), outline=(40, 40, 40))
        frames.append(frame)
    return frames


def pages(folder: Path) -> Iterator[tuple[str, str]]:
    """Kind and page of each."""
    files = {kind: folder / f"{kind}.cgx" for kind in LAYERS}
    photograph().save(files["photograph"])
    icon().save(files["icon"])
    screen().save(files["screen"])
    photograph().save(files["grid"], mode="grid", n=20)
    first, *rest = animation()
    durations = [*len(rest) * [80], 500]
    first.save(files["animation"], save_all=True, append_images=rest, duration=durations, loop=0)
    photograph().save(folder / "jpeg.jpg", quality=85)
    with Image.open(folder / "jpeg.jpg") as jpeg:
        jpeg.save(files["jpeg"])
    for kind, path in files.items():
        yield kind, page_of(path, photograph() if kind == "grid" else None)


# -- browser --------------------------------------------------------------------------------------


def browser() -> Any:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for option in BROWSER_OPTIONS:
        options.add_argument(option)
    return webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )


def screenshot(driver: Any, page: Path, width: int, scheme: str, layer: str) -> Image.Image:
    """The whole page, however long."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    driver.get(page.as_uri())
    names = driver.execute_script("return layers.map(layer => layer.alt)")
    number = names.index(layer) if layer in names else 0
    driver.execute_script(f"document.querySelectorAll('input[name=layer]')[{number}].click()")
    height = driver.execute_script("return document.body.offsetHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    taken = driver.execute_cdp_cmd(
        "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
    )
    return Image.open(io.BytesIO(base64.b64decode(taken["data"]))).convert("RGB")


def sheet(shots: list[Image.Image]) -> Image.Image:
    """All side by side, as they are where it is wide, and smaller."""
    whole = Image.new("RGB", (sum(s.width for s in shots), max(s.height for s in shots)), "#888")
    left = 0
    for shot in shots:
        whole.paste(shot, (left, 0))
        left += shot.width
    size = round(SCALE * whole.width), round(SCALE * whole.height)
    return whole.resize(size, Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=DOCS)
    out = parser.parse_args().out
    driver = browser()
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            for kind, page in pages(folder):
                path = folder / f"{kind}.html"
                path.write_text(page)
                layers = {"light": "preview", "dark": LAYERS[kind]}
                shots = [
                    screenshot(driver, path, width, scheme, layers[scheme])
                    for width in WIDTHS
                    for scheme in SCHEMES
                ]
                target = out / f"inspect_{kind}.webp"
                sheet(shots).save(target, quality=QUALITY, method=6)
                print(f"{target}: {target.stat().st_size:,} bytes")
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
