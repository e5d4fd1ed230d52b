# ruff: noqa: E501  markup
"""Screens with photographs and gradients in them, as a browser draws them.

    python -m tools.data.mixed_pages PHOTOGRAPHS... --out FOLDER [--seed N] [--count N]

Pages of some kinds (a chat, an article, a shop, slides, a map, a desktop, a feed, a chart) are
filled with words and with the photographs of the folders, most of them as JPEG files as pages have them.
Headless Chromium shows them at one, one and a half, or two pixels for each of CSS; the PNG files
are what `tools.bench.kinds` measures. The same photographs and seed give the same page; the pixels
depend on the browser and its fonts. Two seconds a page.

For measuring, photographs and seed are others than for choosing constants.
"""

import argparse
import base64
import html
import io
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tools.data.images import pictures
from tools.screenshots import browser

WORDS = [
    "the",
    "morning",
    "a",
    "train",
    "window",
    "from",
    "to",
    "light",
    "river",
    "stone",
    "market",
    "old",
    "and",
    "quiet",
    "of",
    "letter",
    "in",
    "north",
    "winter",
    "bridge",
    "small",
    "with",
    "bread",
    "garden",
    "evening",
    "is",
    "was",
    "rain",
    "table",
    "colour",
    "about",
    "between",
    "paper",
    "summer",
    "harbour",
    "street",
    "light",
    "house",
    "we",
    "they",
    "under",
    "long",
    "road",
    "blue",
    "over",
    "hill",
    "water",
    "time",
]

SCALES = (1, 1, 1.5, 2)
"""Pixels of the screen for each of CSS: most screens have 1."""

PLAIN_SHARE = 0.25
"""So many of the photographs are PNG files, without a trace of JPEG."""

JPEG_QUALITIES = (75, 85, 92)

FONTS = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Condensed", "DejaVu Sans Mono")


class Desk:
    """What pages are made of: words and photographs, by chance."""

    def __init__(self, photographs: list[Path], seed: str) -> None:
        """`seed` tells all that chance decides."""
        self.chance = random.Random(seed)
        self.photographs = list(photographs)
        self.chance.shuffle(self.photographs)

    def words(self, least: int, most: int) -> str:
        text = " ".join(self.chance.choices(WORDS, k=self.chance.randint(least, most)))
        return html.escape(text.capitalize())

    def paragraphs(self, count: int) -> str:
        return "".join(f"<p>{self.words(25, 70)}.</p>" for _ in range(count))

    def color(self, light: bool) -> str:
        span = "86,97" if light else "22,45"
        low, high = map(int, span.split(","))
        return f"hsl({self.chance.randrange(360)},{self.chance.randint(20, 80)}%,{self.chance.randint(low, high)}%)"

    def photograph(self) -> str:
        """A data URI."""
        path = self.photographs.pop()
        self.photographs.insert(0, path)
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        file = io.BytesIO()
        if self.chance.random() < PLAIN_SHARE:
            kind = "png"
            image.save(file, "PNG")
        else:
            kind = "jpeg"
            image.save(file, "JPEG", quality=self.chance.choice(JPEG_QUALITIES))
        return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"

    def image(self, style: str) -> str:
        return f'<img style="object-fit:cover;{style}" src="{self.photograph()}">'


# -- kinds of pages -------------------------------------------------------------------------------


def chat(desk: Desk) -> str:
    """Bubbles left and right, photographs with round corners among them."""
    rows = []
    for _ in range(9):
        mine = desk.chance.random() < 0.5
        side, color = ("right", "#d6f5c6") if mine else ("left", "#ffffff")
        if desk.chance.random() < 0.4:
            inside = desk.image(f"width:{desk.chance.randint(180, 300)}px;border-radius:12px")
        else:
            inside = desk.words(3, 30)
        rows.append(
            f'<div style="text-align:{side};margin:8px"><div style="display:inline-block;'
            f"max-width:320px;padding:8px;border-radius:14px;background:{color};text-align:left;"
            f'box-shadow:0 1px 2px #0003">{inside}</div></div>'
        )
    wall = desk.chance.choice(("#ece5dd", "linear-gradient(160deg,#cfe3f5,#f4d9e6)"))
    return f'<div style="width:420px;min-height:860px;padding:6px;background:{wall}">{"".join(rows)}</div>'


def article(desk: Desk) -> str:
    """Words in columns around photographs."""
    float_ = desk.image("float:right;width:260px;margin:0 0 12px 16px")
    hero = desk.image("width:100%;height:230px")
    return (
        f'<div style="width:760px;padding:24px;background:#fff"><h1>{desk.words(4, 7)}</h1>{hero}'
        f'{desk.paragraphs(2)}{float_}{desk.paragraphs(3)}<blockquote style="background:#f3f3f3;'
        f'padding:10px">{desk.words(10, 20)}</blockquote>{desk.image("width:340px")}{desk.paragraphs(1)}</div>'
    )


def shop(desk: Desk) -> str:
    """A grid of cards."""
    cards = "".join(
        f'<div style="border:1px solid #ddd;border-radius:8px;overflow:hidden;background:#fff">'
        f'{desk.image("width:100%;height:150px;display:block")}<div style="padding:8px"><b>'
        f"{desk.words(2, 4)}</b><p>{desk.words(6, 14)}</p><button>{desk.chance.randint(3, 90)}.99"
        f"</button></div></div>"
        for _ in range(desk.chance.choice((6, 8, 12)))
    )
    return (
        f'<div style="width:960px;background:#f6f6f8"><div style="background:{desk.color(False)};'
        f'color:#fff;padding:14px;font-size:20px">{desk.words(2, 3)} <input value="{desk.words(1, 2)}">'
        f'</div><div style="display:grid;grid-template-columns:repeat(4,1fr);gap:14px;padding:14px">'
        f"{cards}</div></div>"
    )


def slide(desk: Desk) -> str:
    """Words over a gradient, and one or two photographs."""
    angle = desk.chance.randrange(360)
    points = "".join(f"<li>{desk.words(4, 9)}</li>" for _ in range(5))
    return (
        f'<div style="width:960px;height:540px;color:#fff;background:linear-gradient({angle}deg,'
        f'{desk.color(False)},{desk.color(False)});position:relative"><h1 style="margin:0;padding:'
        f'36px;font-size:40px">{desk.words(2, 4)}</h1><ul style="font-size:22px;width:520px">'
        f"{points}</ul>"
        f"{desk.image('position:absolute;right:40px;top:150px;width:300px;box-shadow:0 8px 30px #0008')}"
        f"</div>"
    )


def map_(desk: Desk) -> str:
    """Streets, water and parks, shaded relief, names with outlines."""
    chance = desk.chance
    parts = []
    for _ in range(14):
        x, y, r = chance.randrange(900), chance.randrange(640), chance.randint(60, 200)
        parts.append(f'<circle cx="{x}" cy="{y}" r="{r}" fill="url(#hill)"/>')
    for _ in range(10):
        points = " ".join(
            f"{chance.randrange(-50, 950)},{chance.randrange(-50, 700)}" for _ in range(4)
        )
        width, color = chance.choice(((3, "#fff"), (7, "#fce39a"), (16, "#a9cdea")))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{width}"/>'
        )
    for _ in range(40):
        x, y = chance.randrange(860), chance.randrange(640)
        parts.append(
            f'<text x="{x}" y="{y}" font-size="{chance.choice((10, 12, 15))}" stroke="#fff" '
            f'stroke-width="3" paint-order="stroke" fill="#444">{desk.words(1, 2)}</text>'
        )
    card = (
        f'<div style="position:absolute;left:16px;top:16px;width:250px;background:#fff;'
        f'box-shadow:0 2px 8px #0005">{desk.image("width:250px;height:140px")}<div style="padding:'
        f'10px"><b>{desk.words(1, 3)}</b><p>{desk.words(8, 16)}</p></div></div>'
    )
    return (
        f'<div style="position:relative;width:900px;height:640px"><svg width="900" height="640">'
        f'<radialGradient id="hill"><stop offset="0" stop-color="#b9d29a"/><stop offset="1" '
        f'stop-color="#e8ead8" stop-opacity="0"/></radialGradient><rect width="900" height="640" '
        f'fill="#eef0e2"/>{"".join(parts)}</svg>{card}</div>'
    )


def desktop(desk: Desk) -> str:
    """Windows over a photograph that fills the screen."""
    windows = []
    for _ in range(2):
        left, top = desk.chance.randint(20, 420), desk.chance.randint(30, 220)
        lines = "<br>".join(desk.words(3, 9) for _ in range(12))
        windows.append(
            f'<div style="position:absolute;left:{left}px;top:{top}px;width:380px;border-radius:8px;'
            f"overflow:hidden;background:#1e1e24;color:#d0d0e0;font:13px DejaVu Sans Mono;"
            f'box-shadow:0 6px 24px #0009"><div style="background:#3a3a44;padding:5px">'
            f'{desk.words(1, 2)}</div><div style="padding:8px">{lines}</div></div>'
        )
    return (
        f'<div style="position:relative;width:960px;height:600px">{desk.image("width:960px;height:600px")}'
        f'<div style="position:absolute;left:0;top:0;right:0;background:#222;color:#eee;padding:3px">'
        f"{desk.words(3, 6)}</div>{''.join(windows)}</div>"
    )


def feed(desk: Desk) -> str:
    """Posts: a round face, a photograph over the whole width, words over its darkened foot."""
    posts = "".join(
        f'<div style="margin-bottom:18px;background:#fff"><div style="padding:8px">'
        f"{desk.image('width:36px;height:36px;border-radius:50%;vertical-align:middle')} "
        f'<b>{desk.words(1, 2)}</b></div><div style="position:relative">'
        f'{desk.image("width:400px;height:300px;display:block")}<div style="position:absolute;'
        f"bottom:0;left:0;right:0;padding:40px 12px 8px;color:#fff;font-size:18px;background:"
        f'linear-gradient(transparent,#000b)">{desk.words(3, 7)}</div></div><p style="padding:8px">'
        f"{desk.words(8, 25)}</p></div>"
        for _ in range(2)
    )
    return f'<div style="width:400px;background:#e9ebee">{posts}</div>'


def chart(desk: Desk) -> str:
    """Cards with gradients, soft shadows, lines and numbers; no photograph."""
    cards = []
    for _ in range(6):
        points = " ".join(f"{20 * i},{desk.chance.randint(10, 90)}" for i in range(14))
        cards.append(
            f'<div style="border-radius:14px;padding:14px;color:#fff;box-shadow:0 6px 18px #0004;'
            f'background:linear-gradient(135deg,{desk.color(False)},{desk.color(False)})"><b>'
            f'{desk.words(1, 3)}</b><h2>{desk.chance.randint(100, 9999)}</h2><svg width="260" '
            f'height="100"><polyline points="{points}" fill="none" stroke="#fff" stroke-width="2.5"/>'
            f"</svg></div>"
        )
    return (
        f'<div style="width:960px;background:linear-gradient(#f5f7fb,#dfe6f2);padding:20px"><h1>'
        f'{desk.words(2, 4)}</h1><div style="display:grid;grid-template-columns:repeat(3,1fr);'
        f'gap:18px">{"".join(cards)}</div>{desk.paragraphs(1)}</div>'
    )


KINDS: dict[str, Callable[[Desk], str]] = {
    "article": article,
    "chart": chart,
    "chat": chat,
    "desktop": desktop,
    "feed": feed,
    "map": map_,
    "shop": shop,
    "slide": slide,
}


# -- the browser ----------------------------------------------------------------------------------


def page(kind: str, photographs: list[Path], seed: str) -> tuple[str, float]:
    """The page, and its pixels for each of CSS."""
    desk = Desk(photographs, seed)
    font, scale = desk.chance.choice(FONTS), desk.chance.choice(SCALES)
    body = KINDS[kind](desk)
    return (
        f'<!doctype html><meta charset="utf-8"><body style="margin:0;font:15px {font}">'
        f'<div id="page" style="display:inline-block;vertical-align:top">{body}</div>',
        scale,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("photographs", type=Path, nargs="+", help="folders of photographs")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the pages")
    parser.add_argument("--seed", type=int, default=1, help="of the layout")
    parser.add_argument("--count", type=int, default=1, help="pages of each kind")
    arguments = parser.parse_args()
    paths = [picture.path for folder in arguments.photographs for picture in pictures(folder)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    driver = browser()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for kind in KINDS:
                for number in range(arguments.count):
                    text, scale = page(kind, paths, f"{arguments.seed} {kind} {number}")
                    file = Path(folder) / "page.html"
                    file.write_text(text)
                    image = screenshot(driver, file, scale)
                    target = arguments.out / f"{kind}-{number}.png"
                    image.save(target, optimize=True)
                    print(target, *image.size, target.stat().st_size, "bytes")
    finally:
        driver.quit()


def screenshot(driver: object, file: Path, scale: float) -> Image.Image:
    """The element `page`, whole."""
    shape = {"width": 1000, "height": 900, "deviceScaleFactor": scale, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    driver.get(file.as_uri())
    size = driver.execute_script(
        "const box = document.getElementById('page').getBoundingClientRect();"
        "return [Math.ceil(box.width), Math.ceil(box.height)]"
    )
    clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
    taken = driver.execute_cdp_cmd(
        "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
    )
    return Image.open(io.BytesIO(base64.b64decode(taken["data"]))).convert("RGB")


if __name__ == "__main__":
    main()
