"""What ``cgx inspect`` shows: the layers of a picture, each as a picture of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from pillow_colorgrid import metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Inside
from pillow_colorgrid.codings.layers import RESIDUAL_GAIN, Layer, signed
from pillow_colorgrid.commands.info import by_section
from pillow_colorgrid.commands.pictures import load
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.frames.index import types_of_first
from pillow_colorgrid.pixels import from_image, to_image
from pillow_colorgrid.screens import for_screens


@dataclass(frozen=True)
class Layers:
    """All there is to see in a file.

    Attributes:
        picture: as it opens.
        layers: may be none: a grey picture in one piece shows nothing of its inside.
        spent: bytes by what they hold.
        told: what a comparison with the original tells: name -> a few words.
    """

    picture: Image.Image
    layers: list[Layer]
    spent: dict[str, float] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)


def picture_and_inside(
    place: Place, header: Header, sections: Sequence[Section]
) -> tuple[Image.Image, Inside | None]:
    """The picture of a file, as it opens, and its inside, decoded once for both.

    Raises:
        CgxError: as `codec.decode`.
    """
    from pillow_colorgrid import codec

    look = registry.of(header).look
    inside = look(header, sections) if look is not None else None
    types = types_of_first([section.type for section in sections])
    codec.check_sections(header, metadata.without(types))
    pixels = inside.decoded() if inside is not None else None
    if pixels is None:
        return load(place), None
    codec.check_pixels(header, pixels)
    picture = to_image(pixels, header.mode)
    with place.open() as file, Image.open(file) as opened:
        picture.info = opened.info
    return picture, inside


def layers_of(
    picture: Image.Image,
    header: Header,
    sections: Sequence[Section],
    size_bytes: int,
    original: Image.Image | None = None,
    inside: Inside | None = None,
) -> Layers:
    """Take a file apart.

    Args:
        picture: as it opens.
        size_bytes: of the whole file.
        original: what it was made of, to compare with.
        inside: of the file, if it was opened by `picture_and_inside`.

    Raises:
        CgxError: as `codec.decode`.
        ValueError: the original has another size.
    """
    shown = for_screens(picture)
    coding = registry.of(header)
    spent = by_section(coding, sections)
    found: list[Layer] = []
    if coding.look is not None:
        inside = inside or coding.look(header, sections, from_image(picture))
        found, spent = inside.layers(), inside.spent_by_plane(spent)
    if all(layer.name != "luminance" for layer in found):
        grey = Layer(
            "luminance", "The picture without its colour.", shown.convert("L"), is_picture=True
        )
        found.insert(0, grey)
    if shown.has_transparency_data:
        alpha = shown.convert("RGBA").getchannel("A")
        found.append(Layer("alpha", "Black is transparent, white opaque.", alpha))
    told: dict[str, str] = {}
    if original is not None:
        compared, told = _compared(shown, for_screens(original), found)
        found += compared
    spent["file structure"] = size_bytes - sum(spent.values())
    return Layers(
        shown,
        [layer for layer in _as_transparent(found, shown) if _worth_a_look(layer, shown)],
        {name: value for name, value in spent.items() if value > 0},
        told,
    )


def _as_transparent(layers: Sequence[Layer], shown: Image.Image) -> list[Layer]:
    """The layers; those that show the picture with its alpha."""
    if not shown.has_transparency_data:
        return list(layers)
    alpha = shown.convert("RGBA").getchannel("A")
    return [
        replace(layer, image=_with_alpha(layer.image, alpha)) if layer.is_picture else layer
        for layer in layers
    ]


def _with_alpha(image: Image.Image, alpha: Image.Image) -> Image.Image:
    seen = image.convert("RGB")
    seen.putalpha(alpha)
    return seen


def _worth_a_look(layer: Layer, shown: Image.Image) -> bool:
    """Whether a layer is more than one colour, and another picture than the picture itself."""
    if layer.is_blank:
        return False
    one, other = (image.convert("RGBA") for image in (layer.image, shown))
    return one.size != other.size or one.tobytes() != other.tobytes()


# -- beside the original --------------------------------------------------------------------------


def _compared(
    shown: Image.Image, original: Image.Image, layers: Sequence[Layer]
) -> tuple[list[Layer], dict[str, str]]:
    """The original and what is not as there; the errors of the picture and of its rivals."""
    if shown.size != original.size:
        raise ValueError(
            f"the original has {original.width} x {original.height} pixels, "
            f"this picture {shown.width} x {shown.height}"
        )
    if shown.convert("RGBA").tobytes() == original.convert("RGBA").tobytes():
        return [], {"this file": "every pixel as in the original"}
    pixels, wanted = _color(shown), _color(original)
    told = {"this file": _error(pixels, wanted)}
    for layer in layers:
        if layer.is_rival:
            told[layer.name] = _error(_color(layer.image), wanted)
    difference = np.stack(
        [np.asarray(signed(pixels[..., n] - wanted[..., n])) for n in range(3)], axis=-1
    )
    found = [
        # Its own transparency is in it.
        Layer("original", "What this file was made of.", original),
        Layer(
            "difference from the original",
            f"Red, green and blue, {RESIDUAL_GAIN} times as strong; grey is right.",
            Image.fromarray(difference),
        ),
    ]
    return found, told


def _color(image: Image.Image) -> np.ndarray:
    """(H, W, 3) int16."""
    return np.asarray(image.convert("RGB")).astype(np.int16)


def _error(pixels: np.ndarray, wanted: np.ndarray) -> str:
    error = float(np.mean((pixels - wanted).astype(np.float64) ** 2))
    unequal = float((pixels != wanted).any(axis=2).mean())
    psnr_db = 10 * math.log10(255**2 / error) if error else math.inf
    return f"PSNR {psnr_db:.2f} dB, {unequal:.1%} of the pixels differ"
