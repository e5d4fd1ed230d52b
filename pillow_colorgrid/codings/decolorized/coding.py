"""The decolorized coding: luminance, and what a network could not foresee of the colour.

Way of a tile: YCoCg-R modulo 256; the A-encoder reduces the chroma to a bottleneck of two numbers
for each 32 x 32 pixels; the A-decoder paints the chroma back from bottleneck and luminance; the
residual modulo 256 takes the place of the chroma. What results is an ordinary 8-bit picture, which
any lossless codec can take (inner.py).

Residuals are taken modulo 256 and decoded modulo 256, so nothing ever clips and no mask is needed.
"""

import struct
from collections.abc import Iterator, Sequence

import numpy as np

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.base import NETWORKS, Encoded, Picture, has
from pillow_colorgrid.codings.decolorized.bottleneck import Bottleneck
from pillow_colorgrid.codings.decolorized.description import BOTTLENECK, INNER, Options
from pillow_colorgrid.codings.tiles import Tile, tiles
from pillow_colorgrid.color import ycocg_bytes
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError, TruncatedError
from pillow_colorgrid.pixels import LAYOUTS, Bytes
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import of_this_picture

TILE_NUMBER = struct.Struct("<I")
"""Begins bottleneck and inner picture: the number of the tile, row by row."""

A_DECODER = "a_decoder"
"""The role in the index of the network that predicts chroma."""

A_DECODER_ID = 1
"""The network that new files use."""

A_ENCODER_ID = 2

BLOCK = 32
"""Edge of the square of pixels that shares a bottleneck value."""

CHROMA_STEPS = np.float32(64)
"""The A-encoder sees luminance and chroma as -2..1.98."""


# -- chroma <-> residual ------------------------------------------------------------------------


def _padded(planes: Bytes) -> Bytes:
    """Repeat the last row and column until both sides are multiples of BLOCK."""
    height, width = planes.shape[1:]
    return np.pad(planes, ((0, 0), (0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")


def find_bottleneck(planes: Bytes, levels: int) -> Bottleneck:
    """Let the A-encoder sum up the colour of a tile.

    Args:
        planes: (3, H, W) modular YCoCg-R.
        levels: number of uniform levels, 8 to 256.
    """
    network = networks.index()[A_ENCODER_ID]
    signed = _padded(planes).astype(np.float32) - np.float32(ycocg_bytes.CHROMA_ZERO)
    (found,) = networks.session(network).run(None, {"picture": signed[None] / CHROMA_STEPS})
    return Bottleneck.from_real(found[0], levels)


def predict_chroma(network: networks.Network, bottleneck: Bottleneck, luminance: Bytes) -> Bytes:
    """Let the A-decoder paint: (H, W) luminance -> (2, H, W) chroma bytes, exact integers."""
    height, width = luminance.shape
    inputs = {
        "bottleneck": bottleneck.network_bytes()[None],
        "luminance": _padded(luminance[None])[None],
    }
    (chroma,) = networks.session(network).run(None, inputs)
    return np.asarray(chroma[0, :, :height, :width])


def residual(planes: Bytes, predicted: Bytes) -> Bytes:
    """Chroma minus prediction modulo 256, around CHROMA_ZERO."""
    chroma = planes[1:] - predicted + np.uint8(ycocg_bytes.CHROMA_ZERO)
    return np.concatenate([planes[:1], chroma])


def _chroma(planes: Bytes, predicted: Bytes) -> Bytes:
    """The inverse of `residual`."""
    chroma = planes[1:] + predicted - np.uint8(ycocg_bytes.CHROMA_ZERO)
    return np.concatenate([planes[:1], chroma])


# -- one tile -----------------------------------------------------------------------------------


def _encode_tile(number: int, pixels: Bytes, options: Options) -> list[Section]:
    """The sections of one tile: the smaller of those with and without prediction (`predict`)."""
    planes, alpha = ycocg_bytes.separate(pixels)
    head = TILE_NUMBER.pack(number)
    candidates = []
    if len(planes) == 1 or options.predict == "auto":
        plain = inner.encode(planes, alpha, options.inner)
        candidates.append([INNER.section(head + plain)])
    if len(planes) == 3:
        bottleneck = find_bottleneck(planes, options.levels)
        network = networks.index()[A_DECODER_ID]
        predicted = predict_chroma(network, bottleneck, planes[0])
        decolorized = inner.encode(residual(planes, predicted), alpha, options.inner)
        candidates.append(
            [
                BOTTLENECK.section(head + bottleneck.pack()),
                INNER.section(head + decolorized),
            ]
        )
    return min(candidates, key=lambda sections: sum(len(s.payload) + 12 for s in sections))


def _decode_tile(
    sections: dict[bytes, bytes], network: networks.Network | None, tile: Tile, channels: int
) -> Bytes:
    planes, alpha = inner.decode(sections[INNER.type], (tile.height, tile.width), channels)
    if BOTTLENECK.type in sections:
        if network is None or len(planes) == 1:
            raise DamagedError("a bottleneck without a network or without colour")
        blocks = (-(-tile.height // BLOCK), -(-tile.width // BLOCK))
        bottleneck = Bottleneck.unpack(sections[BOTTLENECK.type], blocks)
        planes = _chroma(planes, predict_chroma(network, bottleneck, planes[0]))
    return ycocg_bytes.unite(planes, alpha)


# -- the picture --------------------------------------------------------------------------------


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, 1, 3 or 4) uint8 -> sections."""
    pixels = picture.pixels
    layout = tiles(*pixels.shape[:2])
    with of_this_picture() as workers:
        parts = workers.map(
            lambda job: _encode_tile(job[0], pixels[job[1].place], options), [*enumerate(layout)]
        )
    sections = [section for part in parts for section in part]
    if has(sections, BOTTLENECK):
        sections.insert(0, networks.pack_references([A_DECODER_ID]))
    return Encoded(sections)


def _by_tile(sections: Sequence[Section]) -> Iterator[list[Section]]:
    """Group the sections by tile: an inner section ends each group."""
    group: list[Section] = []
    for section in sections:
        if section.type not in (BOTTLENECK.type, INNER.type):
            continue
        group.append(section)
        if section.type == INNER.type:
            yield group
            group = []


def _of_tile(number: int, group: Sequence[Section]) -> dict[bytes, bytes]:
    """What the sections of a tile hold, by their type."""
    found: dict[bytes, bytes] = {}
    for section in group:
        head = section.payload[: TILE_NUMBER.size]
        if head != TILE_NUMBER.pack(number) or section.type in found:
            raise DamagedError(f"section {section.type.decode()} is not of tile {number}")
        found[section.type] = section.payload[TILE_NUMBER.size :]
    return found


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Bytes:
    """Sections -> (H, W, C) uint8; with `partial`, tiles that are missing stay 0.

    Raises:
        TruncatedError: a tile is missing (not with `partial`).
        DamagedError: a section holds what the format does not allow.
        NetworkError: a network is unknown or computed wrongly here.
    """
    width, height = header.size
    return _decode(header, sections, Tile(0, 0, height, width), partial)


def decode_region(header: Header, sections: Sequence[Section], box: Tile) -> Bytes:
    """The pixels (h, w, C) uint8 of a part of the picture. Raises as `decode`."""
    return _decode(header, sections, box, partial=False)


def _decode(header: Header, sections: Sequence[Section], box: Tile, partial: bool) -> Bytes:
    width, height = header.size
    channels = LAYOUTS[header.mode].channels
    layout = tiles(height, width)
    references = [s.payload for s in sections if s.type == NETWORKS.type]
    network = networks.read_roles(references[0], (A_DECODER,))[0] if references else None
    if network is not None and not has(sections, BOTTLENECK) and not partial:
        raise DamagedError("section NETS without a bottleneck, allowed: where there is one")
    groups = list(_by_tile(sections))
    if len(groups) > len(layout):
        raise DamagedError(f"{len(groups)} tiles, allowed {len(layout)}")
    if len(groups) < len(layout) and not partial:
        raise TruncatedError(f"image file is truncated ({len(groups)} of {len(layout)} tiles)")
    pixels = np.zeros((box.height, box.width, channels), np.uint8)
    wanted = []
    for number, (tile, group) in enumerate(zip(layout, groups, strict=False)):
        common = tile.common(box)
        if common is not None:
            wanted.append((tile, common, _of_tile(number, group)))

    def decode_tile(one: tuple[Tile, Tile, dict[bytes, bytes]]) -> None:
        tile, common, payloads = one
        whole = _decode_tile(payloads, network, tile, channels)
        pixels[common.within(box).place] = whole[common.within(tile).place]

    with of_this_picture() as workers:
        workers.map(decode_tile, wanted)
    return pixels
