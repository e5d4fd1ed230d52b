"""What ``cgx inspect`` shows of a file of several frames: some of them, and what each one takes."""

import html
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pillow_colorgrid.commands.page_pictures import data_uri
from pillow_colorgrid.frames.directory import open_directory
from pillow_colorgrid.frames.index import Index
from pillow_colorgrid.screens import for_screens

MOST_SHOWN = 12
"""Frames that are decoded for the page, from the first to the last."""

MOST_BARS = 200
"""Of the chart; with more frames each bar stands for several."""

HEIGHT = 192
"""Of a shown frame, in pixels: twice what the page gives it, for fine screens."""

FRAME_BYTES = 16_000
"""Of a shown frame in the page."""


@dataclass(frozen=True)
class Animation:
    """The frames of a file.

    Attributes:
        sizes: bytes that each one takes.
        shown: number and picture of some.
    """

    index: Index
    sizes: list[int]
    shown: list[tuple[int, Image.Image]]


def animation_of(path: Path) -> Animation | None:
    """The frames of a file; None where there is only one.

    Raises:
        CgxError: it is damaged.
    """
    with path.open("rb") as file:
        index = open_directory(file).index
    if index is None or len(index.entries) < 2:
        return None
    sizes = [index.first_bytes, *(entry.section_bytes for entry in index.entries[1:])]
    count = len(index.entries)
    numbers = sorted({round(n * (count - 1) / (MOST_SHOWN - 1)) for n in range(MOST_SHOWN)})
    shown = []
    with Image.open(path) as image:
        for number in numbers:
            image.seek(number)
            seen = for_screens(image).copy()
            seen.thumbnail((4 * HEIGHT, HEIGHT))
            shown.append((number, seen))
    return Animation(index, sizes, shown)


def section_of(found: Animation) -> str:
    """The part of the page: numbers, a chart of bytes by frame, some frames."""
    return (
        f"<h2>Frames</h2>\n<div>{html.escape(_numbers(found))}</div>\n"
        f'<div class="chart" aria-hidden="true">{_chart(found.sizes)}</div>\n'
        f'<p class="quiet">Bytes by frame; the largest takes {max(found.sizes):,}.</p>\n'
        f'<div class="frames" tabindex="0">\n{_figures(found)}\n</div>'
    )


def _numbers(found: Animation) -> str:
    entries = found.index.entries
    told = [f"{len(entries)} frames"]
    durations = [entry.duration for entry in entries if entry.duration is not None]
    if durations:
        told.append(f"{sum(durations) / 1000:.2f} s")
    if found.index.loop is not None:
        told.append("for ever" if found.index.loop == 0 else f"{found.index.loop} times")
    alone = sum(entry.base is None for entry in entries)
    again = sum(not entry.length for entry in entries[1:])
    told.append(f"{alone} coded as pictures of their own")
    if again:
        told.append(f"{again} repeat an earlier one")
    return ", ".join(told) + "."


def _chart(sizes: list[int]) -> str:
    step = -(-len(sizes) // MOST_BARS)
    bars = [max(sizes[first : first + step]) for first in range(0, len(sizes), step)]
    highest = max(*bars, 1)
    return "".join(f'<span style="height:{100 * bar / highest:.1f}%"></span>' for bar in bars)


def _figures(found: Animation) -> str:
    figures = []
    for number, picture in found.shown:
        entry = found.index.entries[number]
        lasts = "" if entry.duration is None else f", {entry.duration:g} ms"
        takes = f"{found.sizes[number]:,} bytes" if found.sizes[number] else "nothing"
        made = "" if entry.base is None else f", from frame {entry.base}"
        figures.append(
            f'<figure><img alt="frame {number}" src="{data_uri(picture, FRAME_BYTES)}">'
            f"<figcaption>frame {number}{lasts}: {takes}{made}</figcaption></figure>"
        )
    return "\n".join(figures)
