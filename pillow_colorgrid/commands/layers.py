"""What ``cgx inspect`` shows: the layers of a picture, each as a picture of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from pillow_colorgrid.codec import CHANNELS, decode
from pillow_colorgrid.codings.decolorized import coding as decolorized
from pillow_colorgrid.codings.decolorized.bottleneck import Bottleneck
from pillow_colorgrid.codings.lossless import (
    account as lossless_account,
    coding as lossless,
    sections as lossless_sections,
)
from pillow_colorgrid.codings.tiles import tiles
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.color.ycocg_bytes import CHROMA_ZERO
from pillow_colorgrid.commands.pictures import for_screens
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.draft import decode as decode_draft
from pillow_colorgrid.metadata import SECTIONS as METADATA_SECTIONS
from pillow_colorgrid.pixels import to_image
from pillow_colorgrid.runtime import networks

RESIDUAL_GAIN = 4
"""Residuals are shown around grey, this many times as strong."""

HEAT = ((0, 0, 40), (60, 20, 140), (200, 50, 90), (250, 160, 40), (255, 255, 220))
"""Colours of the heat map, from the fewest bits to the most."""

HEAT_PERCENTILE = 99.5
"""The brightest colour; the few pixels above would make all others dark."""


@dataclass(frozen=True)
class Layer:
    """One thing to look at.

    Attributes:
        name: what it is, in a few words.
        caption: how to read it.
    """

    name: str
    caption: str
    image: Image.Image


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
    rate = _rate(header, sections)
    if header.coding == "lossless":
        found, spent = _lossless(header, sections)
    elif header.coding == "decolorized":
        found, spent = _decolorized(header, sections)
    else:
        found, spent = [], _by_section(sections)
    grey = Layer("luminance", "The picture without its colour.", shown.convert("L"))
    if not found:
        found = [grey, rate]
    elif header.coding == "decolorized":
        found = [grey, *found, rate]
    spent["file structure"] = size_bytes - sum(spent.values())
    return Layers(shown, found, {name: value for name, value in spent.items() if value > 0})


def _by_section(sections: Sequence[Section]) -> dict[str, float]:
    """Bytes of payloads; metadata under the names that Pillow gives them."""
    names = {section: key for key, section in METADATA_SECTIONS.items()}
    spent: dict[str, float] = {}
    for section in sections:
        name = names.get(section.type, section.type.decode())
        spent[name] = spent.get(name, 0) + len(section.payload)
    return spent


# -- lossless -----------------------------------------------------------------------------------


def _lossless(header: Header, sections: Sequence[Section]) -> tuple[list[Layer], dict[str, float]]:
    account = lossless_account.examine(sections, header.size, CHANNELS[header.mode])
    preview = to_image(decode_draft(header, sections, 8), header.mode)
    expected = account.expected
    rendering = lossless.rendering_of(sections, header.size)
    if rendering is not None:
        painted = Image.fromarray(rendering.paint([*expected]))
    elif len(expected) == 3:
        painted = Image.fromarray(ycocg.inverse_clipped(*expected.astype(np.int32)))
    else:
        painted = Image.fromarray(np.clip(expected[0], 0, 255).astype(np.uint8))
    bits = account.bits.sum(axis=0)
    found = [
        Layer(
            "luminance",
            "The first plane: colour is told given all of it.",
            Image.fromarray(account.planes[0].astype(np.uint8)),
        ),
        Layer(
            "preview",
            "Every 8th pixel of every 8th row: what the file begins with.",
            for_screens(preview).resize(header.size, Image.Resampling.NEAREST),
        ),
        Layer(
            "prediction",
            "What the networks expected of each pixel, given the ones before it.",
            painted,
        ),
        Layer(
            "residual of luminance",
            f"What they did not foresee, {RESIDUAL_GAIN} times as strong; grey is right.",
            _signed(account.planes[0] - expected[0]),
        ),
    ]
    if len(expected) == 3:
        found.append(
            Layer(
                "residual of colour",
                f"{account.names[1]} as red, {account.names[2]} as green, "
                f"{RESIDUAL_GAIN} times as strong; grey is right.",
                _signed_color(account.planes - expected),
            )
        )
    found.append(heat_map(bits, "bits per pixel"))
    spent = _by_section(sections)
    streams = sum(spent.pop(name.decode(), 0) for name in lossless_sections.STREAMS)
    planes = account.bits_per_plane()
    # The coder's overhead goes to the planes by their share; it is about 0.1 %.
    share = streams / sum(planes.values())
    spent |= {name: bits * share for name, bits in planes.items()}
    readable = {
        "LORG": "origin",
        "LCLP": "clipping",
        "LADP": "adaptation",
        "ALPH": "alpha",
        "NETS": "names of networks",
    }
    return found, {readable.get(name, name): value for name, value in spent.items()}


def _signed(residual: np.ndarray) -> Image.Image:
    """(H, W) residual around grey."""
    grey = 128 + RESIDUAL_GAIN * residual.astype(np.int32)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _signed_color(residual: np.ndarray) -> Image.Image:
    """(3, H, W) residual of luminance and colours: the latter as red and green around grey."""
    red, green = (128 + RESIDUAL_GAIN * residual[1:].astype(np.int32)).clip(0, 255)
    return Image.fromarray(np.stack([red, green, np.full_like(red, 128)], -1).astype(np.uint8))


# -- decolorized --------------------------------------------------------------------------------


def _decolorized(
    header: Header, sections: Sequence[Section]
) -> tuple[list[Layer], dict[str, float]]:
    spent = _by_section(sections)
    readable = {"BTNK": "bottleneck", "INNR": "inner picture", "NETS": "names of networks"}
    named = {readable.get(name, name): value for name, value in spent.items()}
    references = [s.payload for s in sections if s.type == networks.REFERENCE_SECTION]
    if not references or CHANNELS[header.mode] < 3:
        return [], named
    network = networks.read_references(references[0])[0]
    width, height = header.size
    pixels = decode(header, sections)[..., :3]
    painted = np.zeros((height, width, 3), np.uint8)
    residual = np.zeros((height, width), np.int16)
    seen = np.full((height, width, 3), 128, np.uint8)
    bottlenecks = {
        decolorized.TILE_NUMBER.unpack_from(section.payload)[0]: section.payload[4:]
        for section in sections
        if section.type == decolorized.BOTTLENECK_SECTION
    }
    for number, tile in enumerate(tiles(height, width)):
        y, co, cg = ycocg.forward(pixels[tile.place])
        if number not in bottlenecks:
            painted[tile.place] = y[..., None]
            continue
        blocks = (-(-tile.height // decolorized.BLOCK), -(-tile.width // decolorized.BLOCK))
        bottleneck = Bottleneck.unpack(bottlenecks[number], blocks)
        chroma = decolorized.predict_chroma(network, bottleneck, y.astype(np.uint8))
        expected = chroma.astype(np.int32) - CHROMA_ZERO
        painted[tile.place] = ycocg.inverse_clipped(y.astype(np.int32), *expected)
        residual[tile.place] = abs(co - expected[0]) + abs(cg - expected[1])
        values = bottleneck.network_bytes().repeat(decolorized.BLOCK, 1)
        values = values.repeat(decolorized.BLOCK, 2)[:, : tile.height, : tile.width]
        seen[tile.place][..., :2] = values.transpose(1, 2, 0)
    found = [
        Layer(
            "bottleneck",
            f"Two numbers for {decolorized.BLOCK} x {decolorized.BLOCK} pixels, as red and green.",
            Image.fromarray(seen),
        ),
        Layer(
            "prediction",
            "What the network paints from luminance and bottleneck alone.",
            Image.fromarray(painted),
        ),
        Layer(
            "residual of colour",
            f"|Co| + |Cg| it did not foresee, {RESIDUAL_GAIN} times as strong; black is right.",
            Image.fromarray(np.clip(RESIDUAL_GAIN * residual, 0, 255).astype(np.uint8)),
        ),
    ]
    return found, named


# -- heat ---------------------------------------------------------------------------------------


def heat_map(bits: np.ndarray, name: str) -> Layer:
    """(H, W) bits as colours."""
    top = max(float(np.percentile(bits, HEAT_PERCENTILE)), 1e-6)
    places = np.clip(bits / top, 0, 1) * (len(HEAT) - 1)
    stops = np.arange(len(HEAT))
    colors = [np.interp(places, stops, channel) for channel in zip(*HEAT, strict=True)]
    image = Image.fromarray(np.stack(colors, axis=-1).astype(np.uint8))
    caption = f"Dark: none; bright: {top:.1f} bits and more. On average {bits.mean():.2f}."
    return Layer(name, caption, image)


def _rate(header: Header, sections: Sequence[Section]) -> Layer:
    """Bits per pixel of codings that do not tell more: by tile, or all over the picture."""
    width, height = header.size
    bits = np.zeros((height, width))
    if header.coding == "decolorized":
        layout = tiles(height, width)
        for section in sections:
            if section.type in (decolorized.BOTTLENECK_SECTION, decolorized.INNER_SECTION):
                tile = layout[decolorized.TILE_NUMBER.unpack_from(section.payload)[0]]
                bits[tile.place] += 8 * len(section.payload) / (tile.height * tile.width)
    else:
        bits += 8 * sum(len(section.payload) for section in sections) / (width * height)
    found = heat_map(bits, "bits per pixel, by tile")
    caption = f"{found.caption} This coding's bits cannot be told apart any finer."
    return Layer(found.name, caption, found.image)
