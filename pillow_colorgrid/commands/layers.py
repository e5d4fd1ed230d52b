"""What ``cgx inspect`` shows: the layers of a picture, each as a picture of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.layers import Layer, coarse_heat_map
from pillow_colorgrid.commands.info import by_section
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.screens import for_screens


@dataclass(frozen=True)
class Layers:
    """All there is to see in a file.

    Attributes:
        picture: as it opens.
        layers: at least one.
        spent: bytes by what they hold.
    """

    picture: Image.Image
    layers: list[Layer]
    spent: dict[str, float] = field(default_factory=dict)


def layers_of(
    picture: Image.Image, header: Header, sections: Sequence[Section], size_bytes: int
) -> Layers:
    """Take a file apart.

    Args:
        picture: as it opens.
        size_bytes: of the whole file.

    Raises:
        CgxError: as `codec.decode`.
    """
    shown = for_screens(picture)
    coding = registry.of(header)
    spent = by_section(coding, sections)
    if coding.look is None:
        found = [_rate(header, sections)]
    else:
        inside = coding.look(header, sections)
        found, spent = inside.layers(), inside.spent_by_plane(spent)
    if all(layer.name != "luminance" for layer in found):
        found.insert(0, Layer("luminance", "The picture without its colour.", shown.convert("L")))
    spent["file structure"] = size_bytes - sum(spent.values())
    return Layers(shown, found, {name: value for name, value in spent.items() if value > 0})


def _rate(header: Header, sections: Sequence[Section]) -> Layer:
    """Bits per pixel of codings that do not tell more."""
    width, height = header.size
    bits = 8 * sum(len(section.payload) for section in sections) / (width * height)
    return coarse_heat_map(np.full((height, width), bits))
