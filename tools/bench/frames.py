"""How small are animations, and how fast is a frame found, beside other formats?

    python -m tools.bench.frames ../shared/data/eval --out tools/results/frames.tsv

Animations are made of the pictures of DATA (kodak, screens, cutouts): a pan by whole pixels, one by
halves with noise as of a camera, a cross-fade, a page that scrolls below a bar, a typed text, a
cut-out that wanders over a photograph, and the same in 64 colours. Each format that holds an
animation exactly is decoded and compared before its size counts; "-" stands where it does not.
AVIF and JPEG XL are those of imagecodecs, because Pillow's AVIF is not lossless and
pillow-jxl-plugin writes no animations. "stills" are .cgx files of each frame alone, together;
"seek" is the CPU time of the last frame alone, as a multiple of that of decoding a still. Five
minutes of CPU time.
"""

import argparse
import csv
import io
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image, ImageDraw, ImageSequence
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx

FRAMES, WIDTH, HEIGHT = 8, 240, 180

Frames = list[Image.Image]


def photograph(data: Path, number: int) -> Image.Image:
    return Image.open(data / "kodak" / f"{number:02}.png").convert("RGB")


def window(image: Image.Image, left: int, top: int) -> Image.Image:
    return image.crop((left, top, left + WIDTH, top + HEIGHT))


# -- animations -----------------------------------------------------------------------------------


def pan(data: Path) -> Frames:
    image = photograph(data, 7)
    return [window(image, 100 + 5 * number, 80 + 2 * number) for number in range(FRAMES)]


def from_floats(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def camera(data: Path) -> Frames:
    image = photograph(data, 7)
    rng = np.random.default_rng(3)
    frames = []
    for number in range(FRAMES):
        shift = (1, 0, 100 + 2.5 * number, 0, 1, 80)
        way = Image.Transform.AFFINE, shift, Image.Resampling.BICUBIC
        moved = image.transform((WIDTH, HEIGHT), *way)
        frames.append(from_floats(np.asarray(moved) + rng.normal(0, 1.5, (HEIGHT, WIDTH, 3))))
    return frames


def still_camera(data: Path) -> Frames:
    image = np.asarray(window(photograph(data, 5), 100, 80)).astype(float)
    rng = np.random.default_rng(4)
    return [from_floats(image + rng.normal(0, 1, image.shape)) for _ in range(FRAMES)]


def fade(data: Path) -> Frames:
    one, other = (window(photograph(data, number), 100, 80) for number in (3, 15))
    return [Image.blend(one, other, number / (FRAMES - 1)) for number in range(FRAMES)]


def screen(data: Path) -> Image.Image:
    return Image.open(data / "screens" / "codec_wiki.png").convert("RGB")


def scroll(data: Path) -> Frames:
    page = screen(data)
    frames = []
    for number in range(FRAMES):
        frame = page.crop((0, 0, 480, 360))
        frame.paste(page.crop((0, 60 + 37 * number, 480, 360 + 37 * number)), (0, 60))
        frames.append(frame)
    return frames


def typed(data: Path) -> Frames:
    page = screen(data).crop((0, 0, 480, 360))
    text = "a text that is typed, word by word, and a cursor that blinks"
    frames = []
    for number in range(FRAMES):
        frame = page.copy()
        draw = ImageDraw.Draw(frame)
        draw.rectangle((100, 200, 460, 260), "white", "black")
        draw.text((110, 220), text[: 9 * (number // 2)], "black")
        if number % 2:
            draw.rectangle((440, 240, 446, 254), "black")
        frames.append(frame)
    return frames


def sprite(data: Path) -> Frames:
    background = window(photograph(data, 21), 0, 100)
    shape = Image.open(data / "cutouts" / "capybara.png").convert("RGBA")
    shape.thumbnail((80, 80))
    frames = []
    for number in range(FRAMES):
        frame = background.copy()
        frame.paste(shape, (10 + 18 * number, 120 + 15 * (number % 3)), shape)
        frames.append(frame)
    return frames


def few_colors(data: Path) -> Frames:
    frames = sprite(data)
    palette = frames[0].quantize(64, dither=Image.Dither.NONE)
    return [
        frame.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB") for frame in frames
    ]


ANIMATIONS: dict[str, Callable[[Path], Frames]] = {
    "pan": pan,
    "moving camera": camera,
    "still camera": still_camera,
    "fade": fade,
    "scroll": scroll,
    "typed": typed,
    "sprite": sprite,
    "sprite, 64 colours": few_colors,
}


# -- formats --------------------------------------------------------------------------------------


def by_pillow(name: str, **options: object) -> Callable[[Frames], bytes]:
    def encode(frames: Frames) -> bytes:
        file = io.BytesIO()
        first, *rest = frames
        first.save(file, name, save_all=True, append_images=rest, duration=100, **options)
        return file.getvalue()

    return encode


def gif(frames: Frames) -> bytes:
    if any(frame.getcolors(256) is None for frame in frames):
        raise ValueError("more than 256 colours")
    return by_pillow("GIF")(frames)


def stack(frames: Frames) -> np.ndarray:
    return np.stack([np.asarray(frame) for frame in frames])


FORMATS: dict[str, Callable[[Frames], bytes]] = {
    "cgx": by_pillow("CGX"),
    "apng": by_pillow("PNG", optimize=True),
    "gif": gif,
    "webp": by_pillow("WEBP", lossless=True, quality=80, method=4, minimize_size=True),
    "avif": lambda frames: imagecodecs.avif_encode(stack(frames), level=100, speed=6, numthreads=1),
    "jxl": lambda frames: imagecodecs.jpegxl_encode(
        stack(frames), lossless=True, effort=7, numthreads=1
    ),
}

DECODERS = {"avif": imagecodecs.avif_decode, "jxl": imagecodecs.jpegxl_decode}


def holds(name: str, file: bytes, frames: Frames) -> bool:
    """Whether a file shows these frames; equal neighbours may have become one."""
    if name in DECODERS:
        return np.array_equal(DECODERS[name](file), stack(frames))
    with Image.open(io.BytesIO(file)) as image:
        shown = [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]
    return merged(shown) == merged([frame.tobytes() for frame in frames])


def merged(frames: list[bytes]) -> list[bytes]:
    return [frame for frame, _ in itertools.groupby(frames)]


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of the faster of two runs."""
    found = []
    for _ in range(2):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def last_frame(file: bytes) -> None:
    with Image.open(io.BytesIO(file)) as image:
        image.seek(image.n_frames - 1)
        image.load()


def measure(frames: Frames) -> dict[str, str]:
    """A row of the table: bytes by format.

    Raises:
        ValueError: a .cgx file is not the animation.
    """
    row = {}
    for name, encode in FORMATS.items():
        try:
            file = encode(frames)
            row[name] = str(len(file)) if holds(name, file, frames) else "-"
        except (OSError, ValueError, RuntimeError):
            row[name] = "-"
        if name == "cgx":
            if row[name] == "-":
                raise ValueError("the .cgx file does not hold the animation")
            ours = file
    stills = [by_pillow("CGX")([frame]) for frame in frames]
    row["stills"] = str(sum(map(len, stills)))
    of_a_still = seconds(lambda: last_frame(stills[-1]))
    row["seek"] = f"{seconds(lambda: last_frame(ours)) / of_a_still:.2f}"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with kodak, screens, cutouts")
    parser.add_argument("--out", type=Path, required=True, help="the table (TSV) to write")
    arguments = parser.parse_args()
    with arguments.out.open("w", newline="") as file:
        columns = ["animation", "frames", "width", "height", *FORMATS, "stills", "seek"]
        writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        for name, make in tqdm(ANIMATIONS.items()):
            frames = make(arguments.data)
            width, height = frames[0].size
            about = {"animation": name, "frames": len(frames), "width": width, "height": height}
            writer.writerow({**about, **measure(frames)})
            file.flush()


if __name__ == "__main__":
    main()
