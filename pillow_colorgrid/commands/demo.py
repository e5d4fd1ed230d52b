"""``python -m pillow_colorgrid demo``: save pictures as .cgx, open them elsewhere, compare.

Each picture is opened again by another process that knows nothing but ``import pillow_colorgrid``
and `Image.open`, and is compared in mode, size and every pixel.
"""

import hashlib
import importlib.util
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, features

from pillow_colorgrid.commands.terminal import complain, printable, say, say_lines

PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
"""Real photographs inside scikit-image's wheel."""

RIVALS: dict[str, tuple[str, dict[str, object]]] = {
    "PNG": ("PNG", {"optimize": True}),
    "WebP": ("WEBP", {"lossless": True, "exact": True}),
    "JPEG XL": ("JXL", {"lossless": True}),
}
"""Column -> Pillow format and options. Defaults otherwise."""

DECODER = """
import hashlib, sys, time
import pillow_colorgrid
from PIL import Image

for path in sys.argv[1:]:
    begin = time.perf_counter()
    with Image.open(path) as image:
        image.load()
    milliseconds = 1000 * (time.perf_counter() - begin)
    digest = hashlib.sha256(image.tobytes()).hexdigest()
    print(image.mode, *image.size, digest, milliseconds)
"""
"""The stranger's program."""


@dataclass(frozen=True)
class Row:
    """One picture's line of the table; sizes in bytes by column, 0 where a codec cannot.

    `jpeg_bytes` is the size of the JPEG file that the .cgx gives back; 0 where there is none.
    """

    name: str
    image: Image.Image
    sizes: dict[str, int]
    encode_ms: float
    path: Path
    jpeg_bytes: int = 0


def photographs() -> list[Path]:
    """The pictures of the demonstration.

    Raises:
        FileNotFoundError: scikit-image is not installed, or without its pictures.
    """
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(
            "the demonstration's photographs come with scikit-image: pip install scikit-image, "
            "or name pictures of your own: python -m pillow_colorgrid demo a.png b.jpg"
        )
    folder = Path(found.submodule_search_locations[0]) / "data"
    paths = [folder / name for name in PHOTOGRAPHS]
    present = [path for path in paths if path.exists()]
    if not present:
        raise FileNotFoundError(f"none of {', '.join(PHOTOGRAPHS)} in {folder}")
    return present


def rivals() -> dict[str, tuple[str, dict[str, object]]]:
    """The rivals that can run here."""
    present = dict(RIVALS)
    if importlib.util.find_spec("pillow_jxl"):
        __import__("pillow_jxl")
    else:
        del present["JPEG XL"]
    if not features.check("webp"):
        del present["WebP"]
    return present


def rival_size(image: Image.Image, codec: str, options: dict[str, object]) -> int:
    """Bytes of the whole file, or 0 where `codec` refuses or does not keep the picture's mode."""
    file = io.BytesIO()
    try:
        image.save(file, codec, **options)
        kept = Image.open(io.BytesIO(file.getvalue()))
    except (OSError, ValueError):
        return 0
    return len(file.getvalue()) if kept.mode == image.mode else 0


def save_all(paths: Sequence[Path], folder: Path) -> Iterator[Row]:
    """Save each picture as .cgx (and as its rivals); tell and leave aside what cannot be saved."""
    present = rivals()
    for number, path in enumerate(paths):
        try:
            with Image.open(path) as image:
                image.load()
        except OSError as error:
            complain(f"{path}: {error}")
            continue
        target = folder / f"{number}-{path.stem}.cgx"
        begin = time.perf_counter()
        try:
            image.save(target, mode="lossless")
        except OSError as error:
            complain(f"{path}: {error}")
            continue
        encode_ms = 1000 * (time.perf_counter() - begin)
        sizes = {name: rival_size(image, *rival) for name, rival in present.items()}
        sizes["CGX"] = target.stat().st_size
        with Image.open(target) as saved:
            restorable = saved.info["cgx"].get("jpeg restorable", False)
        jpeg_bytes = path.stat().st_size if restorable else 0
        yield Row(path.stem, image, sizes, encode_ms, target, jpeg_bytes)


def open_elsewhere(rows: Sequence[Row]) -> list[float]:
    """Open the files in another process; return decoding times in ms.

    Raises:
        ValueError: a picture came back with another mode, size or pixel.
    """
    command = [sys.executable, "-c", DECODER, *(str(row.path) for row in rows)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    times = []
    for row, line in zip(rows, answer.stdout.splitlines(), strict=True):
        mode, width, height, digest, milliseconds = line.split()
        wanted = hashlib.sha256(row.image.tobytes()).hexdigest()
        if (mode, int(width), int(height), digest) != (row.image.mode, *row.image.size, wanted):
            raise ValueError(f"{row.name} came back as {mode} {width}x{height} with other pixels")
        times.append(float(milliseconds))
    return times


def cell(size: int, pixels: int) -> str:
    """Bytes and bits per pixel."""
    return f"{size:>10,} {8 * size / pixels:6.2f}" if size else f"{'-':>17}"


def table(rows: Sequence[Row], decode_ms: Sequence[float]) -> str:
    """The lines that `run` prints."""
    codecs = list(rows[0].sizes)
    head = f"{'picture':<20}{'size':>11}" + "".join(
        f"{name + ' bytes, bpp':>19}" for name in codecs
    )
    lines = [head + f"{'encode ms':>11}{'decode ms':>11}"]
    for row, decoded in zip(rows, decode_ms, strict=True):
        pixels = row.image.width * row.image.height
        cells = "".join("  " + cell(row.sizes[name], pixels) for name in codecs)
        size = f"{row.image.width}x{row.image.height}"
        lines.append(
            f"{printable(row.name)[:19]:<20}{size:>11}{cells}{row.encode_ms:>11.0f}{decoded:>11.0f}"
        )
    for name in codecs[:-1]:
        # A JPEG file's pixels in another lossless format are no rival: nobody would keep them so.
        shared = [row for row in rows if row.sizes[name] and not row.jpeg_bytes]
        if shared:
            lines.append(verdict(shared, sum(row.sizes[name] for row in shared), name))
    if jpegs := [row for row in rows if row.jpeg_bytes]:
        what = "the JPEG files it was made of, and gives them back"
        lines.append(verdict(jpegs, sum(row.jpeg_bytes for row in jpegs), what))
    return "\n".join(lines)


def verdict(rows: Sequence[Row], rival_bytes: int, rival: str) -> str:
    """How the .cgx files of `rows` compare with those of a rival."""
    ratio = sum(row.sizes["CGX"] for row in rows) / rival_bytes
    return f"CGX is {abs(1 - ratio):.1%} {'smaller' if ratio < 1 else 'LARGER'} than {rival}"


def run(paths: Sequence[Path]) -> int:
    """Print the table for `paths` (empty: scikit-image's photographs); the exit status."""
    try:
        chosen = list(paths) or photographs()
    except FileNotFoundError as error:
        complain(error)
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        rows = list(save_all(chosen, Path(temporary)))
        if not rows:
            return 1
        decode_ms = open_elsewhere(rows)
    say_lines(table(rows, decode_ms))
    say(
        f"{len(rows)} of {len(chosen)} pictures saved as .cgx, "
        "opened again by another process, every pixel equal."
    )
    return 0 if len(rows) == len(chosen) else 1
