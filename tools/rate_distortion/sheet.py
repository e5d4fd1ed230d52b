"""The contact sheet: where Crayon gains most over bilinear colour, and where least.

A row for each picture, the largest gain first: original; luminance with the hints as dots;
bilinear colour from plain hints of the same grid; Crayon; what Crayon got wrong, amplified.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pillow_colorgrid.color import ycocg
from tools.rate_distortion.bilinear import STEP, hints_of
from tools.rate_distortion.metrics import PEAK, Rgb, psnr_db

AMPLIFIED = 8
"""The difference is shown so many times as large."""

CELL = (360, 300)
"""Width and height that a picture is fitted into."""
MARGIN = 6
CAPTION_HEIGHT = 20
FONT_SIZE = 13

DOT_SHARE = 0.25
"""Side of a dot, as a share of the way to the next; at least MIN_DOT pixels of the sheet."""
MIN_DOT = 2
MIN_DISTANCE = 8
"""Dots nearer than this would hide the luminance: only each k-th hint is shown then."""

WORST_AND_BEST = 3
"""So many pictures of either kind."""


@dataclass(frozen=True)
class Row:
    """One picture: `name`, and (H, W, 3) uint8 of what is shown."""

    name: str
    original: Rgb
    bilinear: Rgb
    crayon: Rgb

    @property
    def gain_db(self) -> float:
        """RGB PSNR of Crayon over bilinear; 0 where neither has an error."""
        ours, theirs = (psnr_db(self.original, rgb) for rgb in (self.crayon, self.bilinear))
        return ours - theirs if ours != theirs else 0.0


def best_and_worst(gains: dict[str, float], count: int = WORST_AND_BEST) -> list[str]:
    """The names of the `count` largest gains, then of the `count` smallest; none twice."""
    order = sorted(gains, key=lambda name: -gains[name])
    return list(dict.fromkeys([*order[:count], *order[-count:]]))


def shown_of(interval: int, scale: float) -> int:
    """k, where each k-th hint of each k-th row is shown as a dot.

    Args:
        scale: pixels of the sheet for a pixel of the picture.
    """
    return math.ceil(MIN_DISTANCE / (interval * scale))


def grey_with_hints(rgb: Rgb, interval: int, kind: str, size: tuple[int, int]) -> Image.Image:
    """The luminance, scaled to `size`, and the hints' colours as dots where they belong."""
    luminance, *colour = ycocg.forward(rgb)
    grey = Image.fromarray(luminance.astype(np.uint8)).resize(size).convert("RGB")
    scale = size[0] / rgb.shape[1]
    step = shown_of(interval, scale)
    hints = [
        hints_of(plane, interval, kind)[::step, ::step].astype(np.int16) * STEP for plane in colour
    ]
    # its true luminance would hide most of a dot
    dots = ycocg.inverse_clipped(np.full_like(hints[0], PEAK // 2), *hints)
    distance = interval * step * scale
    side = max(MIN_DOT, round(DOT_SHARE * distance))
    draw = ImageDraw.Draw(grey)
    for row, column in np.ndindex(dots.shape[:2]):
        left, top = round(column * distance), round(row * distance)
        place = (left, top, left + side - 1, top + side - 1)
        draw.rectangle(place, tuple(map(int, dots[row, column])))
    return grey


def difference(original: Rgb, other: Rgb) -> Rgb:
    """Absolute, AMPLIFIED times; black is no error."""
    error = np.abs(original.astype(np.int16) - other) * AMPLIFIED
    return np.clip(error, 0, PEAK).astype(np.uint8)


def panels(row: Row, interval: int, kind: str) -> list[tuple[Image.Image, str]]:
    """The five pictures of a row, each fitted into CELL, with captions."""
    height, width, _ = row.original.shape
    scale = min(CELL[0] / width, CELL[1] / height)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    bilinear, crayon = (psnr_db(row.original, rgb) for rgb in (row.bilinear, row.crayon))
    shown = [
        (row.original, row.name),
        (row.bilinear, f"bilinear, {bilinear:.2f} dB"),
        (row.crayon, f"Crayon, {crayon:.2f} dB ({row.gain_db:+.2f})"),
        (difference(row.original, row.crayon), f"original - Crayon, x {AMPLIFIED}"),
    ]
    found = [(Image.fromarray(rgb).resize(size), text) for rgb, text in shown]
    hints = grey_with_hints(row.original, interval, kind, size)
    step = shown_of(interval, scale)
    thinned = f" (1 of {step * step} shown)" if step > 1 else ""
    found.insert(1, (hints, f"luminance, hints every {interval} pixels{thinned}"))
    return found


def sheet(rows: list[Row], interval: int, kind: str) -> Image.Image:
    """All `rows` below each other."""
    lines = [panels(row, interval, kind) for row in rows]
    heights = [line[0][0].height + CAPTION_HEIGHT + MARGIN for line in lines]
    columns = len(lines[0])
    size = (columns * (CELL[0] + MARGIN) + MARGIN, sum(heights) + MARGIN)
    made = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(made)
    font = ImageFont.load_default(FONT_SIZE)
    top = MARGIN
    for line, height in zip(lines, heights, strict=True):
        for column, (picture, text) in enumerate(line):
            left = MARGIN + column * (CELL[0] + MARGIN)
            made.paste(picture, (left, top))
            draw.text((left, top + picture.height + 2), text, "black", font)
        top += height
    return made
