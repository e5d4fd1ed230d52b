"""How small are pictures that are no photographs, and what does that cost beside WebP alone?

    python -m tools.bench.stored --out tools/results/stored.tsv \\
        ../shared/data/eval/screens ../shared/data/eval/icons

Each picture is saved as lossless WebP (method 4, quality 80, exact) and as .cgx by some efforts;
each .cgx file is opened again and compared. The table has a line for each folder and encoder:
bytes of whole files, together; CPU time beside that of WebP; and by how many bytes the .cgx file
that fares worst exceeds its WebP file, of which 64 are allowed (else the exit status is 1). Ten
minutes for nine folders; expect screens to be 13 % smaller than WebP by default.
"""

import csv
import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.bench import folders
from tools.data.images import pictures

EFFORTS = (1, 5, 9)

WEBP = {"lossless": True, "exact": True, "quality": 80}

PROMISED_BYTES = 64

ENCODERS: dict[str, tuple[str, dict[str, object]]] = {
    "WebP m4": ("WEBP", {**WEBP, "method": 4}),
    "WebP m6": ("WEBP", {**WEBP, "method": 6}),
    **{f"CGX e{effort}": ("CGX", {"effort": effort}) for effort in EFFORTS},
}
"""Name -> Pillow's format and options of save. The first is what the others are compared with."""


@dataclass
class Account:
    """What an encoder made of a folder."""

    size_bytes: int = 0
    cpu_s: float = 0.0
    exceeds_bytes: int = -(2**31)


def plain(image: Image.Image) -> Image.Image:
    """In a mode that WebP keeps exactly, without metadata."""
    mode = image.mode
    if mode not in ("L", "RGB", "RGBA"):
        transparent = "transparency" in image.info or mode in ("LA", "PA")
        mode = "RGBA" if transparent else "RGB" if mode == "P" else "L"
    converted = image.convert(mode)
    converted.info.clear()
    return converted


def encode(image: Image.Image, codec: str, options: dict[str, object]) -> tuple[bytes, float]:
    """The file, and the CPU seconds it took (of all threads)."""
    file = io.BytesIO()
    start = time.process_time()
    image.save(file, codec, **options)
    return file.getvalue(), time.process_time() - start


def measure(folder: Path, progress: Callable[[], object]) -> dict[str, Account]:
    """All encoders on all pictures of a folder.

    Raises:
        ValueError: a .cgx file is not the picture.
    """
    accounts = {name: Account() for name in ENCODERS}
    for picture in pictures(folder):
        image = plain(picture.open())
        webp_bytes = 0
        for name, (codec, options) in ENCODERS.items():
            file, cpu_s = encode(image, codec, options)
            webp_bytes = webp_bytes or len(file)
            if codec == "CGX":
                with Image.open(io.BytesIO(file)) as opened:
                    if opened.tobytes() != image.tobytes():
                        raise ValueError(f"{picture.path.name}: {name} does not hold its pixels")
            account = accounts[name]
            account.size_bytes += len(file)
            account.cpu_s += cpu_s
            account.exceeds_bytes = max(account.exceeds_bytes, len(file) - webp_bytes)
        progress()
    return accounts


def main() -> int:
    arguments = folders.parsed(__doc__)
    encode(Image.new("RGB", (300, 300)).effect_spread(9), "CGX", {})  # loads what loads once
    kept = True
    with arguments.out.open("w", newline="") as file:
        file.write(folders.heading("stored", arguments.folders))
        table = csv.writer(file, delimiter="\t")
        table.writerow(
            ["folder", "encoder", "size_bytes", "ratio_size", "ratio_cpu", "largest_excess_bytes"]
        )
        for folder in arguments.folders:
            with tqdm(total=len(pictures(folder)), desc=folder.name) as bar:
                accounts = measure(folder, bar.update)
            base = next(iter(accounts.values()))
            for name, account in accounts.items():
                size, cpu = account.size_bytes / base.size_bytes, account.cpu_s / base.cpu_s
                row = [account.size_bytes, f"{size:.4f}", f"{cpu:.2f}", account.exceeds_bytes]
                table.writerow([folder.name, name, *row])
                kept &= not name.startswith("CGX") or account.exceeds_bytes <= PROMISED_BYTES
            file.flush()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
