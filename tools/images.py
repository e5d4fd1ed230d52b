"""Pictures to measure on: the files of a folder that Pillow can open, in the order of their names."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError


@dataclass(frozen=True)
class Picture:
    """One file; `mode` and `size` (width, height) as Pillow states them."""

    path: Path
    mode: str
    size: tuple[int, int]

    def open(self) -> Image.Image:
        with Image.open(self.path) as image:
            image.load()
            return image


def pictures(folder: Path) -> list[Picture]:
    """All pictures of `folder`, sorted by name; other files are left aside."""
    found = []
    for path in sorted(folder.iterdir()):
        try:
            with Image.open(path) as image:
                found.append(Picture(path, image.mode, image.size))
        except (UnidentifiedImageError, IsADirectoryError):
            continue
    if not found:
        raise FileNotFoundError(f"no pictures in {folder}")
    return found


def bpp(size_bytes: int, pixels: int) -> float:
    """Bits per pixel."""
    return 8 * size_bytes / pixels
