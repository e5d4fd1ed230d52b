"""How a stored picture is best cut into parts, and which codec each part has.

A tree: the parts of a rectangle are its children. Level by level each rectangle becomes an inner
picture of its own. Then, from the leaves up, parts stay only where they are smaller than the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import features

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.stored.parts import LENGTH, PARTS, pack, split
from pillow_colorgrid.codings.stored.pieces import bare
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.color import ycocg_bytes
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.workers import Workers, of_this_picture

QUICK = (4, 80)
"""WebP's method and "quality", which for lossless means effort: Pillow's defaults."""

SLOWEST = (6, 100)
"""A second for 10,000 pixels; QUICK takes milliseconds. Icons become up to a fifth smaller."""

WHOLE_PIXELS = 2**25
"""What is larger is always cut: WebP needs 35 bytes of memory for each pixel."""

SPLIT_BYTES, SPLIT_PIXELS = 20_000, 2**16
"""What is smaller is not cut: each part has to send a palette and codes of its own."""

SPLIT_BPP = 2
"""What has more bits for each pixel is full of noise or texture: parts are no smaller."""

NOISY_SHARE = 0.6
"""Where QUICK left so much of the raw bytes, other settings of WebP find nothing, in minutes."""

EAGER_PIXELS = 2**20
"""Of larger pictures the first parts are tried while the whole still is: all cores have work."""


BARE_SHARE = 1 / 200
"""Where bare WebP saves less of a file, release 0.2 may as well read it."""


@dataclass(frozen=True)
class Care:
    """How hard to try.

    Attributes:
        depth: how often a picture may be cut.
        webp: (method, quality) to try beside QUICK, on what was left whole.
        slowest_pixels: up to so many, SLOWEST is tried there, too.
        zstd: whether zstd is.
    """

    depth: int = 0
    webp: tuple[tuple[int, int], ...] = ()
    slowest_pixels: int = 0
    zstd: bool = False


CARES_BY_EFFORT = {
    **dict.fromkeys((1, 2, 3), Care(zstd=True)),
    4: Care(depth=3, zstd=True),
    **dict.fromkeys((5, 6), Care(3, webp=((4, 100),), slowest_pixels=2**11, zstd=True)),
    **dict.fromkeys((7, 8), Care(4, webp=((4, 100), (6, 80)), slowest_pixels=2**14, zstd=True)),
    9: Care(4, webp=((4, 100), (6, 80)), slowest_pixels=2**17, zstd=True),
}
"""WebP (4, 100) takes half as long again as (4, 80) for 1 %, (6, 80) for less than that."""


@dataclass
class Node:
    """A rectangle of the picture.

    Attributes:
        file: it as one inner picture; empty: not tried yet, or too large to be one.
        parts: it cut; empty: not tried, or not worth it.
    """

    tile: Tile
    file: bytes = b""
    parts: list["Node"] = field(default_factory=list)


# -- one rectangle ------------------------------------------------------------------------------


def fits(tile: Tile) -> bool:
    """Whether a rectangle can be one WebP file."""
    return (
        tile.height * tile.width <= WHOLE_PIXELS
        and max(tile.height, tile.width) <= inner.WEBP_MAX_SIDE
    )


def webp(pixels: Bytes, method: int, quality: int) -> bytes:
    """(H, W, C) uint8 as an inner picture by Pillow's WebP, hidden colour kept.

    By zstd, where Pillow was built without WebP.
    """
    if not features.check("webp"):
        return _zstd(pixels)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    options = {**inner.WEBP, "method": method, "quality": quality}
    return inner.KIND.pack(inner.CODECS["webp"][0]) + inner.save(pixels, "WEBP", **options)


def _smallest(file: bytes, pixels: Bytes, care: Care) -> bytes:
    """An inner picture of `pixels`, or a smaller one."""
    files = [file]
    if len(file) < NOISY_SHARE * pixels.size:
        files += [webp(pixels, *settings) for settings in care.webp]
        if pixels.shape[0] * pixels.shape[1] <= care.slowest_pixels:
            files.append(webp(pixels, *SLOWEST))
    if care.zstd:
        files.append(_zstd(pixels))
    return min(files, key=len)


def _zstd(pixels: Bytes) -> bytes:
    return inner.encode(*ycocg_bytes.separate(pixels), "zstd")


# -- the tree -----------------------------------------------------------------------------------


def search(pixels: Bytes, care: Care, file: bytes = b"") -> bytes:
    """(H, W, C) uint8 -> an inner picture, or parts: the smallest found.

    Args:
        file: the whole picture by QUICK, where that is known already.
    """
    root = Node(Tile(0, 0, *pixels.shape[:2]), file)
    if care.depth > 0 and root.tile.height * root.tile.width > EAGER_PIXELS:
        root.parts = _parts(root.tile)
    with of_this_picture() as workers:
        _fill([root, *root.parts], pixels, workers)
        _grow(root, pixels, care.depth, workers)
        _prune(root)
        leaves = _leaves(root)
        smallest = workers.map(
            lambda leaf: _smallest(leaf.file, pixels[leaf.tile.place], care), leaves
        )
    for leaf, found in zip(leaves, smallest, strict=True):
        leaf.file = found
    return _packed(root)


def bare_parts(payload: bytes, tile: Tile, channels: int) -> bytes:
    """An inner picture or parts with WebP files made bare."""
    if not payload.startswith(PARTS):
        return bare(payload, (tile.height, tile.width), channels)
    position, shorter = len(PARTS), []
    for part in split(tile):
        (length,) = LENGTH.unpack_from(payload, position)
        position += LENGTH.size + length
        shorter.append(bare_parts(payload[position - length : position], part, channels))
    return pack(shorter)


def _parts(tile: Tile) -> list[Node]:
    return [Node(part) for part in split(tile)]


def _fill(nodes: Sequence[Node], pixels: Bytes, workers: Workers) -> None:
    """Make an inner picture of each node that can be one and is none yet."""
    empty = [node for node in nodes if not node.file and fits(node.tile)]
    files = workers.map(lambda node: webp(pixels[node.tile.place], *QUICK), empty)
    for node, file in zip(empty, files, strict=True):
        node.file = file


def _grow(root: Node, pixels: Bytes, depth: int, workers: Workers) -> None:
    """Cut what is worth it, `depth` times, and what cannot be one file as often as it takes."""
    level = [root]
    while level:
        chosen = [node for node in level if not node.file or (depth > 0 and _worth_cutting(node))]
        for node in chosen:
            node.parts = node.parts or _parts(node.tile)
        level = [part for node in chosen for part in node.parts]
        _fill(level, pixels, workers)
        depth -= 1


def _worth_cutting(node: Node) -> bool:
    count = node.tile.height * node.tile.width
    size_bytes = len(node.file)
    return (
        size_bytes >= SPLIT_BYTES and count >= SPLIT_PIXELS and 8 * size_bytes <= SPLIT_BPP * count
    )


def _prune(node: Node) -> None:
    """Take away the parts that are not smaller than the whole."""
    for part in node.parts:
        _prune(part)
    if node.file and node.parts and len(_packed(node)) >= len(node.file):
        node.parts = []


def _leaves(node: Node) -> list[Node]:
    if not node.parts:
        return [node]
    return [leaf for part in node.parts for leaf in _leaves(part)]


def _packed(node: Node) -> bytes:
    """What is left of the tree; a node with parts consists of them."""
    return pack([_packed(part) for part in node.parts]) if node.parts else node.file
