"""``cgx inspect FILE -o report.html``: one page that needs nothing else, for looking.

Pictures are data URIs, the script is a few lines, nothing is loaded from anywhere.
"""

import base64
import html
from importlib import resources
from io import BytesIO
from pathlib import Path
from string import Template

from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.commands import info
from pillow_colorgrid.commands.layers import Layers, layers_of
from pillow_colorgrid.commands.pictures import attempt, load
from pillow_colorgrid.commands.places import Local

LONGEST_SIDE = 1600
"""Of the pictures on the page, in pixels; larger ones are made smaller."""

COLORS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2", "#97bbf5", "#9c6b4e")
"""Of the bar's parts."""


def run(source: Path, target: Path) -> int:
    """Write the page about `source`; the exit status."""
    page = attempt(Local(source), lambda: page_of(source))
    if page is None:
        return 1

    def write() -> bool:
        Local(target).write(page.encode(), replace=True)
        return True

    return 0 if attempt(Local(target), write) else 1


def page_of(path: Path) -> str:
    """The page about a .cgx file.

    Raises:
        OSError: it cannot be read, or is damaged.
        SyntaxError: not a .cgx file.
    """
    with path.open("rb") as file:
        header = container.read_header(file)
        sections = list(container.read_sections(file))
    found = info.facts(path)
    layers = layers_of(load(Local(path)), header, sections, found.size_bytes)
    template = resources.files("pillow_colorgrid.commands") / "inspection.html"
    networks = ", ".join(f"{network['id']} {network['name']}" for network in found.networks)
    return Template(template.read_text(encoding="utf-8")).substitute(
        name=html.escape(path.name),
        facts=html.escape(
            f"{found.width} × {found.height} {found.mode}, {info.coding_of(found)}, "
            f"{found.size_bytes:,} bytes, {found.rate_bpp:.3f} bits per pixel"
        ),
        networks=html.escape(networks or "none"),
        picture=_data_uri(layers.picture),
        width=found.width,
        height=found.height,
        choices=_choices(layers),
        layers=_layers(layers),
        bar=_bar(layers.spent, found.size_bytes),
        rows=_rows(layers.spent, found),
    )


def _data_uri(image: Image.Image) -> str:
    small = image.copy()
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    file = BytesIO()
    small.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _choices(layers: Layers) -> str:
    return "\n".join(
        f'<label><input type="radio" name="layer" value="{number}"'
        f"{' checked' if number == 0 else ''}> {html.escape(layer.name)}</label>"
        for number, layer in enumerate(layers.layers)
    )


def _layers(layers: Layers) -> str:
    return "\n".join(
        f'<img class="layer" alt="{html.escape(layer.name)}" '
        f'data-caption="{html.escape(layer.caption)}" src="{_data_uri(layer.image)}">'
        for layer in layers.layers
    )


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


def _rows(spent: dict[str, float], found: info.Facts) -> str:
    pixels = found.width * found.height
    return "\n".join(
        f'<tr><td><i style="background:{color}"></i>{html.escape(name)}</td>'
        f"<td>{size:,.0f}</td><td>{8 * size / pixels:.4f}</td>"
        f"<td>{size / found.size_bytes:.1%}</td></tr>"
        for name, size, color in _parts(spent)
    )
