"""Make the golden files of a release: ``python -m tools.data.golden``.

Writes small .cgx files of every coding into tests/format/golden/ and a line for each into
files.tsv; their names begin with the version of the format that they state. Nothing that exists is
ever overwritten: files of old releases are what later releases must read.
"""

import argparse
import csv
import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import skimage
from PIL import Image, ImageDraw, ImageFilter
from PIL.PngImagePlugin import iTXt
from PIL.TiffImagePlugin import IFDRational

from pillow_colorgrid import container
from pillow_colorgrid.CgxImagePlugin import encode
from pillow_colorgrid.codings.lossless.origin import Rendering
from pillow_colorgrid.codings.stored import gradients
from pillow_colorgrid.color.renderings import PhotoCD

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "format" / "golden"
PHOTOGRAPHS = Path(skimage.__file__).parent / "data"


WITHOUT_ORIGIN = (100, 101, 100)
"""A colour that neither JPEG nor Photo CD has."""

OTHER_INFO = {
    "gamma": 0.45455,
    "sizes": {(16, 16), (-1, 2**40)},
    "loop": None,
    "flags": [True, False],
    "Title": iTXt("gold", "de", "Titel"),
    "resolution": IFDRational(72, 1),
    "nested": {b"\0\xff": "é", 1: {}},
}
"""A value of each type."""

MUST_HOLD = {
    "metadata-other": b"info",
    "lossless-origin-jpeg": b"LORG",
    "lossless-origin-photo-cd": b"LORG",
    "lossless-clipping": b"LCLP",
    "lossless-channels": b"LCHN",
    "lossless-channels-less": b"LCHN",
    "lossless-counts": b"LCNT",
    "lossless-tail": b"LLAN",
    "lossless-alpha-first": b"AINN",
    "lossless-alpha-soft": b"APRE",
    "lossless-alpha-grey": b"LHID",
    "lossless-cmyk": b"LCHN",
    "lossless-lab": b"LCHN",
    "lossless-ycbcr": b"LCHN",
    "deep-i16": b"LADP",
    "indexed-p": b"INDX",
    "indexed-rgba": b"INDX",
    "indexed-i16": b"INDX",
    "blended-i16": b"BSAM",
    "blended-f": b"BSAM",
    "stored-rectangles": b"RECT",
    "stored-gradients": b"GRAD",
    "small-rgb": b"LONE",
    "small-rgba-clipping": b"LCLP",
    "small-origin": b"LORG",
    "small-channels": b"LCHN",
    "small-adapted": b"LADP",
    "small-middle": b"LADP",
    "grid-finer": b"GFIN",
    "grid-painted": b"GFIN",
    "jpeg-420": b"JSTR",
    "jpeg-once": b"JSTR",
}
"""A section without which a file would not show what it is there for."""


def graded(width: int, height: int) -> Image.Image:
    """Without noise: gradients that differ by channel, and a disc."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    light = np.hypot(x - 0.7 * width, y - 0.2 * height) / np.hypot(width, height)
    pixels = np.stack([255 * light, 200 - 150 * light**2, 40 + 120 * y / height], -1)
    pixels[np.hypot(x - 0.4 * width, y - 0.5 * height) < 0.3 * height] *= 0.6
    return Image.fromarray(np.rint(pixels).clip(0, 255).astype(np.uint8))


def photograph(name: str, box: tuple[int, int, int, int]) -> Image.Image:
    with Image.open(PHOTOGRAPHS / name) as image:
        return Image.fromarray(np.asarray(image.crop(box)))


def page() -> Image.Image:
    """Two photographs on paper: one by the networks, one that shows a JPEG file."""
    canvas = Image.new("RGB", (330, 180), (250, 248, 240))
    canvas.paste(photograph("coffee.png", (200, 150, 280, 246)), (8, 20))
    shown, _ = jpeg(photograph("astronaut.png", (60, 60, 252, 204)), quality=80)
    canvas.paste(shown, (100, 10))
    return canvas


def slide() -> Image.Image:
    """A dithered gradient, drawn in tiles of 62 pixels; a card on it has a shadow, one is plain."""
    rows, columns = np.mgrid[:180, :260]
    added = gradients.PATTERN[rows % 62 % 8, columns % 62 % 8] / 64 + 1 / 128
    channels = [40 + 0.11 * columns, 90 - 0.06 * columns + 0.03 * rows, 150 - 0.13 * rows]
    image = Image.fromarray(np.floor(np.stack(channels, 2) + added[..., None]).astype(np.uint8))
    shadow = Image.new("L", image.size)
    ImageDraw.Draw(shadow).rectangle((110, 48, 239, 156), fill=130)
    image.paste((0, 0, 0), (0, 0), shadow.filter(ImageFilter.GaussianBlur(7)))
    plain = np.rint(np.stack([20 + 0.83 * columns, 200 - 0.71 * rows, 90 + 0 * rows], 2))
    card = Image.fromarray(plain.clip(0, 255).astype(np.uint8))
    image.paste(card.crop((110, 40, 240, 150)), (110, 40))
    ImageDraw.Draw(image).text((10, 20), "golden", fill=(255, 255, 255))
    return image


def transparent(image: Image.Image) -> Image.Image:
    """With a gradient of alpha from 0 to 255: hidden colour included."""
    alpha = Image.linear_gradient("L").resize(image.size)
    return Image.merge("RGBA", (*image.split(), alpha))


def cut_out(image: Image.Image, soft: float, roughness: float) -> Image.Image:
    """Its middle, edges blurred and rough; what is hidden is white but for a part."""
    alpha = Image.new("L", image.size)
    width, height = image.size
    ImageDraw.Draw(alpha).ellipse((8, 6, width - 12, height - 9), 255)
    alpha = alpha.filter(ImageFilter.GaussianBlur(soft))
    edges = np.asarray(alpha)
    rough = edges + np.random.default_rng(1).normal(0, roughness, edges.shape)
    kept = (edges == 0) | (edges == 255)
    alpha = Image.fromarray(np.where(kept, edges, np.clip(rough, 1, 254)).astype(np.uint8))
    hidden = Image.new(image.mode, image.size, "white")
    hidden.paste(image.crop((0, 0, 20, 12)), (0, 0))
    seen = alpha.point(lambda value: 255 * (value > 0))
    found = Image.composite(image, hidden, seen)
    found.putalpha(alpha)
    return found


def inked(image: Image.Image) -> Image.Image:
    """In CMYK; half of the ink that all three have is black."""
    inks = 255 - np.asarray(image)
    black = inks.min(axis=2) // 2
    pixels = np.dstack([inks - black[..., None], black])
    return Image.frombytes("CMYK", image.size, pixels.tobytes())


def signed(image: Image.Image) -> Image.Image:
    """In LAB, about: two channels have signs."""
    pixels = np.asarray(image.convert("YCbCr")) ^ np.array([0, 128, 128], np.uint8)
    return Image.frombytes("LAB", image.size, pixels.tobytes())


def regions() -> Image.Image:
    """Four pictures of 16 colours each, side by side: large enough to be stored in parts."""
    canvas = Image.new("RGB", (400, 300))
    for number, name in enumerate(("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")):
        part = photograph(name, (100, 50, 300, 200)).quantize(16, dither=Image.Dither.NONE)
        canvas.paste(part.convert("RGB"), (number % 2 * 200, number // 2 * 150))
    return canvas


def from_jpeg() -> Image.Image:
    """A part of a JPEG file, some of its pixels painted over."""
    pixels = np.array(photograph("rocket.jpg", (280, 180, 380, 270)))
    pixels[[0, 40, -1], [0, 50, -1]] = WITHOUT_ORIGIN
    return Image.fromarray(pixels)


def from_photo_cd() -> Image.Image:
    """A photograph as if it came from Photo CD, some of its pixels painted over."""
    y, cb, cr = np.moveaxis(
        np.asarray(photograph("coffee.png", (200, 150, 290, 240)).convert("YCbCr")), 2, 0
    ).astype(np.int16)
    planes = [y // 2 + 40, (cb - 128) // 2, (cr - 128) // 2]
    nothing = (np.zeros(0, np.int64), np.zeros((0, 3), np.uint8))
    pixels = Rendering(PhotoCD(), *nothing).join(planes, y.shape[1])
    pixels[[0, 40, -1], [0, 50, -1]] = WITHOUT_ORIGIN
    return Image.fromarray(pixels)


def unrelated() -> Image.Image:
    """Three channels that know nothing of one another."""
    box = (150, 60, 220, 141)
    names = ("coffee.png", "chelsea.png", "astronaut.png")
    return Image.merge("RGB", [photograph(name, box).getchannel(1) for name in names])


def yellowish() -> Image.Image:
    """Green follows red, blue is dark and knows nothing of them."""
    red = np.asarray(photograph("coffee.png", (150, 60, 240, 160)).getchannel(0)) // 2
    rng = np.random.default_rng(1)
    y, x = np.indices(red.shape)
    green = red + (x + y) // 9 + rng.integers(0, 2, red.shape)
    blue = rng.integers(0, 20, red.shape)
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))


def clipped() -> Image.Image:
    """A photograph too dark, which cuts its shadows."""
    pixels = np.asarray(photograph("coffee.png", (200, 150, 290, 240))).astype(np.int16)
    return Image.fromarray(np.clip(pixels - 60, 0, 255).astype(np.uint8))


def edited(box: tuple[int, int, int, int]) -> Image.Image:
    """A part of a JPEG file, in the colours and with the contrast that an editor gave it."""
    shown, _ = jpeg(photograph("coffee.png", box), quality=85)
    duller = shown.convert("RGB", (0.8, 0.1, 0.1, 0, 0.1, 0.8, 0.1, 0, 0.1, 0.1, 0.8, 0))
    brighter = duller.point([min(255, value * 5 // 4) for value in range(256)] * 3)
    return Image.fromarray(np.asarray(brighter))


def scan() -> Image.Image:
    """A part of a page of text, as a scanner sees it in black and white."""
    with Image.open(PHOTOGRAPHS / "page.png") as image:
        grey = image.convert("L").crop((40, 10, 220, 91))
    return grey.point(lambda value: 255 * (value > 120)).convert("1")


def sensor(image: Image.Image) -> Image.Image:
    """12 bits with the noise of a sensor, and a few pixels that are stuck."""
    grey = np.asarray(image.convert("L")).astype(np.float64) * 16
    rng = np.random.default_rng(1)
    noisy = grey + rng.normal(0, 1, grey.shape) * np.sqrt(grey + 1) / 2
    pixels = np.clip(noisy, 0, 4095).astype(np.uint16)
    pixels[[3, 40, -1], [0, 50, -1]] = 65535
    return Image.fromarray(pixels)


def enlarged(image: Image.Image) -> Image.Image:
    """10 bits with noise, 1.7 times as large: so scanners of bodies enlarge what they see."""
    grey = np.asarray(image.convert("L")).astype(np.float32) * 4
    noise = np.random.default_rng(1).normal(0, 9, grey.shape)
    noisy = Image.fromarray((grey + noise).astype(np.float32))
    size = image.width * 17 // 10, image.height * 17 // 10
    large = noisy.resize(size, Image.Resampling.BICUBIC)
    return Image.fromarray(np.clip(np.asarray(large), 0, 1023).astype(np.uint16))


def heights(image: Image.Image) -> Image.Image:
    """A landscape around the level of the sea, in steps of 25."""
    smooth = image.convert("L").resize(image.size, Image.Resampling.BICUBIC)
    return Image.fromarray((np.asarray(smooth).astype(np.int32) - 90) * 25)


def few_colors(image: Image.Image) -> Image.Image:
    """A dithered drawing of nine colours, higher than wide, half of it behind glass."""
    drawing = image.quantize(palette=image.quantize(9)).convert("RGBA").crop((10, 5, 41, 53))
    drawing.putalpha(Image.linear_gradient("L").resize(drawing.size).point(lambda a: a // 86 * 127))
    return drawing


def jpeg(image: Image.Image, **options: object) -> tuple[Image.Image, dict[str, object]]:
    """A picture as a JPEG file shows it, and the option that names the file."""
    file = BytesIO()
    image.save(file, "JPEG", **options)
    return Image.open(file), {"jpeg": file.getvalue()}


def wandering() -> tuple[Image.Image, dict[str, object]]:
    """A box over a photograph, a repetition, a scrolled one, a page of other mode and size."""
    coffee = photograph("coffee.png", (200, 150, 264, 198))
    frames = [coffee]
    for left in (4, 30):
        frame = coffee.copy()
        frame.paste((255, 40, 0), (left, 8, left + 12, 20))
        frames.append(frame)
    scrolled = photograph("coffee.png", (200, 156, 264, 204))
    noisy = np.asarray(scrolled) + np.random.default_rng(1).integers(-1, 2, (48, 64, 3))
    frames += [frames[1].copy(), scrolled, Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))]
    frames.append(photograph("coffee.png", (200, 150, 217, 159)).convert("L"))
    durations = [100, 100, 33.25, 40, None, 0, 7]
    return coffee, {
        "save_all": True,
        "append_images": frames[1:],
        "duration": durations,
        "loop": 3,
        "default_image": True,
    }


def as_gif_shows() -> tuple[Image.Image, dict[str, object]]:
    """The first frame with a palette and a transparent colour, the others in RGBA, RGB."""
    first = photograph("coffee.png", (200, 150, 240, 180)).quantize(16, dither=Image.Dither.NONE)
    first.info["transparency"] = 3
    second = first.convert("RGBA")
    second.paste((1, 2, 3, 255), (5, 5, 15, 15))
    first.info["comment"] = b"first"
    third = first.convert("RGB")
    third.paste((1, 2, 3), (8, 5, 18, 15))
    return first, {"save_all": True, "append_images": [second, first.copy(), third]}


def phone() -> tuple[Image.Image, dict[str, object]]:
    """An MPO file: a photograph, a smaller view of it, a map of one channel, bytes behind them."""
    coffee = photograph("coffee.png", (200, 150, 248, 186))
    others = [coffee.resize((24, 18)), coffee.convert("L").resize((12, 9))]
    file = BytesIO()
    coffee.save(file, "MPO", save_all=True, append_images=others, quality=80)
    data = file.getvalue() + b"behind"
    return Image.open(BytesIO(data)), {"save_all": True, "jpeg": data}


def subjects() -> dict[str, tuple[Image.Image, dict[str, object]]]:
    """Name -> picture and options of save."""
    astronaut = photograph("astronaut.png", (150, 60, 247, 137))
    coffee = photograph("coffee.png", (200, 150, 270, 231))
    drawing = coffee.quantize(5).convert("RGB").resize((140, 162), Image.Resampling.NEAREST)
    return {
        "lossless-rgb-effort5": (astronaut, {"effort": 5}),
        "lossless-rgb-effort9": (astronaut, {"effort": 9}),
        "lossless-l": (coffee.convert("L"), {}),
        "lossless-rgba": (transparent(coffee), {}),
        "lossless-apart-rgb": (photograph("astronaut.png", (150, 60, 330, 220)), {"effort": 6}),
        "lossless-apart-rgba": (transparent(coffee), {"effort": 1}),
        "lossless-origin-jpeg": (from_jpeg(), {}),
        "lossless-origin-photo-cd": (from_photo_cd(), {"effort": 1}),
        "lossless-clipping": (clipped(), {"origin": "none"}),
        "lossless-middle": (photograph("astronaut.png", (100, 60, 400, 300)), {}),
        "lossless-small": (photograph("astronaut.png", (100, 60, 400, 300)), {"effort": 2}),
        "lossless-quick": (photograph("astronaut.png", (100, 60, 400, 300)), {"effort": 1}),
        "lossless-wide": (photograph("astronaut.png", (100, 60, 400, 300)), {"effort": 7}),
        "lossless-tail": (photograph("astronaut.png", (100, 60, 400, 300)), {"effort": 3}),
        "lossless-rendered": (graded(270, 250), {}),
        "small-rendered": (graded(90, 70), {}),
        "lossless-channels": (unrelated(), {}),
        "lossless-channels-less": (transparent(yellowish()), {}),
        "lossless-counts": (edited((100, 60, 370, 310)), {"effort": 2, "origin": "none"}),
        "lossless-alpha-first": (cut_out(astronaut, 0.7, 5), {}),
        "lossless-alpha-soft": (cut_out(coffee, 9, 0), {"effort": 1}),
        "lossless-alpha-grey": (cut_out(coffee.convert("L"), 3, 1), {}),
        "lossless-cmyk": (inked(coffee), {}),
        "lossless-lab": (signed(astronaut), {"effort": 1}),
        "lossless-ycbcr": (coffee.convert("YCbCr"), {}),
        "small-rgb": (astronaut, {"effort": 9}),
        "small-middle": (photograph("astronaut.png", (150, 60, 390, 300)), {"effort": 6}),
        "small-l": (coffee.convert("L"), {"effort": 1}),
        "small-rgba-clipping": (transparent(clipped()), {"origin": "none"}),
        "small-origin": (from_jpeg(), {"effort": 1}),
        "small-channels": (unrelated(), {}),
        "small-adapted": (photograph("astronaut.png", (150, 60, 390, 300)), {"effort": 9}),
        "stored-rgb": (drawing, {}),
        "stored-parts": (regions(), {}),
        "stored-rectangles": (page(), {"effort": 2}),
        "stored-gradients": (slide(), {"effort": 2}),
        "decolorized-png": (
            astronaut,
            {"mode": "decolorized", "inner": "png", "predict": "always"},
        ),
        "decolorized-webp": (
            transparent(coffee),
            {"mode": "decolorized", "inner": "webp", "predict": "always"},
        ),
        "decolorized-zstd": (
            astronaut,
            {"mode": "decolorized", "inner": "zstd", "predict": "always", "levels": 31},
        ),
        "decolorized-l": (
            coffee.convert("L"),
            {"mode": "decolorized", "inner": "zstd", "predict": "always"},
        ),
        "grid-rgb": (astronaut, {"mode": "grid", "n": 6}),
        "grid-rgb-wide": (astronaut, {"mode": "grid", "n": 40, "effort": 1}),
        "grid-rgb-grey": (coffee.convert("L").convert("RGB"), {"mode": "grid", "effort": 1}),
        "grid-rgba-point": (transparent(coffee), {"mode": "grid", "hints": "point", "effort": 1}),
        "grid-finer": (astronaut, {"mode": "grid", "n": 6}),
        "grid-painted": (photograph("coffee.png", (100, 60, 260, 200)), {"mode": "grid"}),
        "grid-l": (coffee.convert("L"), {"mode": "grid"}),
        "planes-p": (coffee.quantize(31), {"effort": 1}),
        "indexed-p": (coffee.quantize(31), {}),
        "indexed-rgba": (few_colors(coffee), {"effort": 9}),
        "indexed-i16": (
            Image.fromarray(np.asarray(coffee.convert("L").quantize(20)).astype(np.uint16) * 3000),
            {},
        ),
        "bilevel": (scan(), {}),
        "blended-i16": (enlarged(photograph("astronaut.png", (150, 60, 280, 210))), {}),
        "blended-f": (
            Image.fromarray(np.asarray(enlarged(coffee)).astype(np.float32) / 4 - 30),
            {},
        ),
        "deep-i16": (
            sensor(photograph("astronaut.png", (150, 60, 330, 220))),
            {"effort": 4},
        ),
        "deep-i16-stretched": (
            Image.fromarray(np.asarray(coffee.convert("L")).astype(np.uint16) * 257),
            {"effort": 1},
        ),
        "deep-i": (heights(coffee), {"effort": 4}),
        "deep-f": (
            Image.fromarray(np.asarray(heights(coffee)).astype(np.float32)),
            {"effort": 4},
        ),
        "deep-f-steps": (
            Image.fromarray((np.asarray(heights(coffee)) / 10).astype(np.float32)),
            {"effort": 1},
        ),
        "jpeg-420": jpeg(astronaut, quality=80),
        # large enough for a second stream in its strip
        "jpeg-two-streams": jpeg(photograph("coffee.png", (0, 0, 200, 160)), quality=93),
        "jpeg-progressive-444": jpeg(
            coffee, quality=92, subsampling=0, progressive=True, comment=b"golden"
        ),
        "jpeg-grey": jpeg(coffee.convert("L"), quality=60, optimize=True),
        "jpeg-cmyk": jpeg(coffee.convert("CMYK").crop((0, 0, 41, 33)), quality=85),
        "jpeg-restarts-422": jpeg(
            coffee, quality=70, subsampling=1, restart_marker_blocks=5, dpi=(300, 300)
        ),
        "jpeg-once": (
            jpeg(photograph("coffee.png", (0, 0, 200, 160)), quality=75)[0].copy(),
            {"info": None},
        ),
        "near-rgb": (astronaut, {"mode": "near", "max_error": 3, "origin": "none"}),
        "near-rgba": (
            transparent(coffee),
            {"mode": "near", "max_error": 16, "effort": 2, "origin": "none"},
        ),
        "near-l": (coffee.convert("L"), {"mode": "near", "effort": 9, "origin": "none"}),
        "near-cmyk": (
            coffee.convert("CMYK"),
            {"mode": "near", "max_error": 2, "effort": 2, "origin": "none"},
        ),
        "frames": wandering(),
        "frames-palette": as_gif_shows(),
        "frames-mpo": phone(),
        "metadata": (
            coffee.crop((0, 0, 9, 7)),
            {"exif": b"Exif\0\0golden", "icc_profile": b"profile", "xmp": b"<x/>"},
        ),
        "metadata-other": (coffee.crop((0, 0, 9, 7)), {"info": OTHER_INFO}),
        "metadata-other-deflated": (
            coffee.crop((0, 0, 9, 7)),
            {"info": {"Description": iTXt("words " * 100, "en", "Words")}},
        ),
    }


def tell_frames(path: Path) -> None:
    """A line for each frame behind the first into frames.tsv."""
    with Image.open(path) as image, (GOLDEN / "frames.tsv").open("a", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        if not file.tell():
            writer.writerow(["file", "frame", "mode", "width", "height", "duration", "sha256"])
        for number in range(1, image.n_frames):
            image.seek(number)
            digest = hashlib.sha256(image.tobytes()).hexdigest()
            duration = image.info.get("duration")
            writer.writerow([path.name, number, image.mode, *image.size, duration, digest])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.parse_args()
    table = GOLDEN / "files.tsv"
    fresh = not table.exists()
    with table.open("a", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        if fresh:
            writer.writerow(["file", "mode", "width", "height", "sha256 of the pixels"])
        for name, (image, options) in subjects().items():
            data = encode(image, **options)
            header = container.read_header(BytesIO(data))
            # Of several versions: what a later one writes in another way is there by another name.
            known = sorted(GOLDEN.glob(f"{container.MAJOR}.[0-9]*-{name}.cgx"))
            path = GOLDEN / f"{container.MAJOR}.{header.minor}-{name}.cgx"
            if known:
                same = any(one.read_bytes() == data for one in known)
                told = "the same bytes" if same else "other bytes than now"
                print(f"{known[-1].name} exists ({told}): kept")
                continue
            path.write_bytes(data)
            with Image.open(path) as saved:
                shown = saved.tobytes()
            image.seek(0)
            if options.get("mode") not in ("grid", "near") and shown != image.tobytes():
                raise ValueError(f"{path.name} does not hold its pixels")
            if MUST_HOLD.get(name, b"") not in path.read_bytes():
                path.unlink()
                raise ValueError(f"{path.name} has no section {MUST_HOLD[name].decode()}")
            digest = hashlib.sha256(shown).hexdigest()
            writer.writerow([path.name, image.mode, *image.size, digest])
            tell_frames(path)
            print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
