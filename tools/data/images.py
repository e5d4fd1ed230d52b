"""Pictures to measure on: the files of a folder that Pillow can open, sorted by name."""

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


def mosaic(folder: Path, size: tuple[int, int], path: Path) -> None:
    """Write one large RGB picture of `size` (width, height), made of the photographs of `folder`.

    They are laid side by side in rows of equal height until the picture is full.
    """
    sources = [picture.open().convert("RGB") for picture in pictures(folder)]
    row_height = min(source.height for source in sources)
    canvas = Image.new("RGB", size)
    left = top = number = 0
    while top < size[1]:
        source = sources[number % len(sources)]
        canvas.paste(source.crop((0, 0, source.width, row_height)), (left, top))
        left, number = left + source.width, number + 1
        if left >= size[0]:
            left, top = 0, top + row_height
    canvas.save(path, compress_level=1)


def bpp(size_bytes: int, pixels: int) -> float:
    """Bits per pixel."""
    return 8 * size_bytes / pixels
