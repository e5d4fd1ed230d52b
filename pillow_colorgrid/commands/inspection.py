"""``cgx inspect FILE -o report.html``: one page that needs nothing else, for looking.

Pictures are data URIs, the script is a few lines, nothing is loaded from anywhere.
"""

import html
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template

from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings.layers import Layer
from pillow_colorgrid.commands import info
from pillow_colorgrid.commands.animations import animation_of, section_of
from pillow_colorgrid.commands.layers import Layers, layers_of, picture_and_inside
from pillow_colorgrid.commands.page_pictures import EXACT_PIXELS, data_uri
from pillow_colorgrid.commands.pictures import attempt, load
from pillow_colorgrid.commands.places import Local
from pillow_colorgrid.version import __version__

PICTURES_BYTES = 2_000_000
"""Of all pictures of a page together, before base64: with it they stay below 3 MB."""

SHARP_SIDE = 256
"""Pictures up to this longer side are shown with hard edges: icons."""

LARGEST_FACTOR, LARGEST_PIXELS = 24, 512
"""How much a small picture is enlarged: so many times, but no wider than this."""

TINY_SIDE = 64
"""Below this height, as shown, there is no room for the handle on the line."""

LOSSY_NOTE = " The pictures here are lossy, so that the page is small; the figures are the file's."

COLORS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2", "#97bbf5", "#9c6b4e")
"""Of the bar's parts."""


def run(source: Path, target: Path, original: Path | None = None) -> int:
    """Write the page about `source`, beside its `original` where that is given; the exit status."""
    known = None
    if original is not None:
        known = attempt(Local(original), lambda: load(Local(original)))
        if known is None:
            return 1
    page = attempt(Local(source), lambda: page_of(source, known))
    if page is None:
        return 1

    def write() -> bool:
        Local(target).write(page.encode(), replace=True)
        return True

    return 0 if attempt(Local(target), write) else 1


def page_of(path: Path, original: Image.Image | None = None) -> str:
    """The page about a .cgx file.

    Raises:
        OSError: it cannot be read, or is damaged.
        SyntaxError: not a .cgx file.
        ValueError: the original has another size.
    """
    with path.open("rb") as file:
        header = container.read_header(file)
        sections = list(container.read_sections(file))
    found = info.facts(path, deep=False)
    frames = animation_of(path)
    picture, inside = picture_and_inside(Local(path), header, sections)
    layers = layers_of(picture, header, sections, found.size_bytes, original, inside)
    template = resources.files("pillow_colorgrid.commands") / "inspection.html"
    budget = PICTURES_BYTES // (1 + len(layers.layers))
    count = len(frames.sizes) if frames else 1
    pixels = found.width * found.height
    longest = max(found.width, found.height)
    return Template(template.read_text(encoding="utf-8")).substitute(
        name=html.escape(path.name),
        facts=html.escape(
            f"{found.width} × {found.height} {found.mode}, {_coding(found)}, "
            f"{found.size_bytes:,} bytes, {found.rate_bpp:.3f} bits per pixel"
            f"{info.frames_of(found)}"
        ),
        networks=html.escape(_networks(found)),
        picture=data_uri(layers.picture, budget),
        sharp="sharp" if longest <= SHARP_SIDE else "",
        width=found.width,
        height=found.height,
        largest=max(longest, min(LARGEST_FACTOR * longest, LARGEST_PIXELS))
        * found.width
        // longest,
        size_class="tiny" if found.height * LARGEST_FACTOR < TINY_SIDE else "",
        cut=50 if layers.layers else 0,
        hidden="" if layers.layers else "hidden",
        choices=_choices(layers),
        layers=_layers(layers, (found.width, found.height), budget),
        frames=section_of(frames) if frames else "",
        told=_told(layers.told),
        bar=_bar(layers.spent, found.size_bytes),
        rows=_rows(layers.spent, found.size_bytes, pixels * count),
        note=html.escape(
            f"Made by cgx inspect, pillow_colorgrid {__version__}."
            + (LOSSY_NOTE if pixels > EXACT_PIXELS else "")
        ),
    )


def _coding(found: info.Facts) -> str:
    """The coding and what it tells, in words."""
    told = [] if found.coding == "lossless" else ["lossless" if found.lossless else "lossy"]
    for name, value in found.told.items():
        if value is not False:
            told.append(name if value is True else f"{name} {value}")
    return f"{found.coding} ({', '.join(told)})" if told else found.coding


def _networks(found: info.Facts) -> str:
    if not found.networks:
        return "No networks."
    names = ", ".join(f"{network['name']} ({network['id']})" for network in found.networks)
    return f"Networks: {names}."


def _choices(layers: Layers) -> str:
    if not layers.layers:
        return '<p class="quiet">Of this coding\'s inside there is nothing to see.</p>'
    choices = "\n".join(
        f'<label><input type="radio" name="layer" value="{number}"'
        f"{' checked' if number == 0 else ''}><span>{html.escape(layer.name)}</span></label>"
        for number, layer in enumerate(layers.layers)
    )
    return (
        f'<div class="choices" role="radiogroup" aria-label="layer on the left">\n{choices}\n</div>'
    )


def _layers(layers: Layers, size: tuple[int, int], budget: int) -> str:
    return "\n".join(
        f'<img class="layer{_sharp(layer, size)}"{_place(layer, size)} '
        f'alt="{html.escape(layer.name)}" data-caption="{html.escape(layer.caption)}" '
        f'src="{data_uri(layer.image, budget)}">'
        for layer in layers.layers
    )


def _sharp(layer: Layer, size: tuple[int, int]) -> str:
    return " sharp" if layer.block > 1 or max(size) <= SHARP_SIDE else ""


def _place(layer: Layer, size: tuple[int, int]) -> str:
    """Blocks keep their size: the last ones of a row reach beyond the picture."""
    if layer.block == 1:
        return ""
    wide, high = (
        100 * side * layer.block / whole for side, whole in zip(layer.image.size, size, strict=True)
    )
    return f' style="width:{wide:.3f}%;height:{high:.3f}%"'


def _told(told: Mapping[str, str]) -> str:
    """What the comparison with the original says."""
    if not told:
        return ""
    rows = "\n".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(words)}</td></tr>"
        for name, words in told.items()
    )
    return f'<h2>Beside the original</h2>\n<table class="words">\n{rows}\n</table>'


def _parts(spent: dict[str, float]) -> list[tuple[str, float, str]]:
    """Name, bytes and colour, the largest first."""
    ordered = sorted(spent.items(), key=lambda part: -part[1])
    return [
        (name, size, COLORS[number % len(COLORS)]) for number, (name, size) in enumerate(ordered)
    ]


def _bar(spent: dict[str, float], size_bytes: int) -> str:
    return "".join(
        f'<span style="width:{100 * size / size_bytes:.3f}%;background:{color}" '
        f'title="{html.escape(name)}"></span>'
        for name, size, color in _parts(spent)
    )


def _rows(spent: dict[str, float], size_bytes: int, pixels: int) -> str:
    return "\n".join(
        f'<tr><td><i style="background:{color}"></i>{html.escape(name)}</td>'
        f'<td>{size:,.0f}</td><td class="optional">{8 * size / pixels:.4f}</td>'
        f"<td>{size / size_bytes:.1%}</td></tr>"
        for name, size, color in _parts(spent)
    )
