"""``cgx diff A B``: how far apart two pictures are, and where they part first."""

import importlib
import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from pillow_colorgrid.commands import animation
from pillow_colorgrid.commands.pictures import attempt, opened
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.terminal import complain, say, say_lines
from pillow_colorgrid.pixels import from_image
from pillow_colorgrid.screens import for_screens

NEEDS_SKIMAGE = 'needs scikit-image: pip install "pillow_colorgrid[diff]"'


@dataclass(frozen=True)
class Difference:
    """What tells two pictures of one mode and size apart.

    Attributes:
        pixels: how many differ.
        of: how many there are.
        first: (x, y) of the first that differs, row by row; None if none does.
        values: of that pixel in A and in B.
        psnr_db: over all channels; infinite if nothing differs.
        ciede2000_mean, ciede2000_max: colour differences as people see them (1 is just
            noticeable); None where scikit-image is not installed.
    """

    pixels: int
    of: int
    first: tuple[int, int] | None
    values: tuple[list[float], list[float]] | None
    psnr_db: float
    ciede2000_mean: float | None
    ciede2000_max: float | None


def compare(one: Image.Image, other: Image.Image) -> Difference:
    """Compare pictures pixel by pixel.

    Raises:
        ValueError: they differ in mode or size, so that pixels cannot be compared.
    """
    if (one.mode, one.size) != (other.mode, other.size):
        raise ValueError(f"{_kind(one)} and {_kind(other)} cannot be compared pixel by pixel")
    if one.mode == "P":  # the colours, not their numbers
        one, other = one.convert("RGBA"), other.convert("RGBA")
    a, b = from_image(one), from_image(other)
    unequal = (a != b).any(axis=2)
    count = int(unequal.sum())
    first = values = None
    if count:
        y, x = divmod(int(unequal.argmax()), one.width)
        first, values = (x, y), (a[y, x].tolist(), b[y, x].tolist())
    mean, highest = _ciede2000(one, other)
    return Difference(count, unequal.size, first, values, _psnr_db(a, b), mean, highest)


def _kind(image: Image.Image) -> str:
    return f"{image.width}x{image.height} {image.mode}"


def _psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    peak = np.iinfo(a.dtype).max if a.dtype.kind in "iu" else float(max(abs(a).max(), 1e-300))
    return 10 * math.log10(peak**2 / error) if error else math.inf


def _ciede2000(one: Image.Image, other: Image.Image) -> tuple[float, float] | tuple[None, None]:
    """Mean and maximum; alpha is not looked at."""
    try:
        color: Any = importlib.import_module("skimage.color")
    except ImportError:
        return None, None
    lab = [color.rgb2lab(np.asarray(for_screens(image).convert("RGB"))) for image in (one, other)]
    found = color.deltaE_ciede2000(*lab)
    return float(found.mean()), float(found.max())


def text(found: Difference) -> str:
    """The lines that `run` prints."""
    if not found.first or not found.values:
        return f"every one of {found.of:,} pixels is equal (PSNR infinite)"
    x, y = found.first
    a, b = (", ".join(f"{value:g}" for value in values) for values in found.values)
    if found.ciede2000_mean is None:
        colour = NEEDS_SKIMAGE
    else:
        colour = f"mean {found.ciede2000_mean:.3f}, maximum {found.ciede2000_max:.3f}"
    return "\n".join(
        [
            f"differing   {found.pixels:,} of {found.of:,} pixels ({found.pixels / found.of:.2%})",
            f"first       x={x} y={y}: ({a}) and ({b})",
            f"PSNR        {found.psnr_db:.2f} dB",
            f"CIEDE2000   {colour}",
        ]
    )


def _first_difference(one: Image.Image, other: Image.Image) -> tuple[int, Difference]:
    """The number of the first frame that differs, and how; where none does, all pixels of all.

    Raises:
        ValueError: one has more frames than the other, or frames cannot be compared.
    """
    if animation.count(one) != animation.count(other):
        raise ValueError(f"{animation.count(one)} frames and {animation.count(other)} frames")
    pixels = 0
    for number in range(animation.count(one)):
        for image in (one, other):
            image.seek(number)
            image.load()
        found = compare(one, other)
        if found.pixels:
            return number, found
        pixels += found.of
    return number, replace(found, of=pixels)


def run(one: Place, other: Place, as_json: bool) -> int:
    """Print the differences; status 0 if there is none, 1 if there are, 2 if it cannot be told."""
    a, b = attempt(one, lambda: opened(one)), attempt(other, lambda: opened(other))
    if a is None or b is None:
        return 2
    try:
        number, found = _first_difference(a, b)
    except ValueError as error:
        complain(f"cgx diff: {error}")
        return 2
    if as_json:
        fields = asdict(found)
        # JSON has no infinity.
        fields["frame"] = number
        fields["psnr_db"] = found.psnr_db if math.isfinite(found.psnr_db) else None
        say(json.dumps(fields))
    else:
        frames = animation.count(a)
        if frames > 1:
            told = f"{number}, the first that differs" if found.pixels else f"all {frames}"
            say(f"frame       {told}")
        say_lines(text(found))
    return 1 if found.pixels else 0
