"""What each pixel of a lossless file cost, and what the networks expected it to be.

The picture is decoded, and the walk over it is gone once more with a stream that neither reads nor
writes but adds up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pillow_colorgrid.codings.base import has
from pillow_colorgrid.codings.lossless import levels, small, transparency
from pillow_colorgrid.codings.lossless.coding import (
    COLOR,
    base_model,
    decode_planes,
    model_of,
    split,
)
from pillow_colorgrid.codings.lossless.colors import colors_of
from pillow_colorgrid.codings.lossless.description import (
    CHANNELS,
    COLOR_PREVIEW,
    COLOR_TILE,
    IN_ONE,
    ORIGIN,
    PREVIEW as PREVIEW_SECTION,
    TILE as TILE_SECTION,
)
from pillow_colorgrid.codings.lossless.distribution import Distribution
from pillow_colorgrid.codings.lossless.groups import Group
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.pieces import (
    PREVIEW,
    PREVIEW_INTERVAL,
    TILE,
    Piece,
    code_interleaved,
    preview_of,
    tile_of,
)
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.rounded_stream import (
    Levels,
    bits as rounded_bits,
    expected as expected_of,
    steps_to,
)
from pillow_colorgrid.codings.lossless.small_stream import KnownInTurn
from pillow_colorgrid.codings.lossless.stream import prices, symbols_of
from pillow_colorgrid.codings.lossless.transparency import held_of_preview, held_of_window
from pillow_colorgrid.codings.tiles import Tile, tiles
from pillow_colorgrid.container import Section
from pillow_colorgrid.pixels import Pixels
from pillow_colorgrid.runtime.workers import of_this_picture


@dataclass(frozen=True)
class Account:
    """Each array is (1 or 3, H, W): luminance, or luminance and two planes of colour.

    Attributes:
        names: of the planes.
        planes: int16, the values of the picture.
        expected: int16, the mean of the distribution by which each value was coded, rounded down.
        bits: float32, ideal code lengths (the entropy coder adds about 0.1 %).
    """

    names: tuple[str, ...]
    planes: np.ndarray
    expected: np.ndarray
    bits: np.ndarray

    def bits_per_plane(self) -> dict[str, float]:
        """Bits of all pixels by the plane's name."""
        return {
            name: float(bits.sum(dtype=np.float64))
            for name, bits in zip(self.names, self.bits, strict=True)
        }


@dataclass(frozen=True)
class _Bill:
    """A stream that notes for each value of a piece what it cost and what was expected.

    Attributes:
        prices: bits of each symbol in each row of the tables.
        bits, expected: planes of the piece, filled in.
    """

    prices: np.ndarray
    bits: list[np.ndarray]
    expected: list[np.ndarray]

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        cost = self.prices[symbols_of(number, plane[:, *where], distribution)]
        self.bits[number][:, *where] = cost
        self.expected[number][:, *where] = distribution.floor


@dataclass(frozen=True)
class _RoundedBill(_Bill):
    """The same of values that are told in steps.

    Attributes:
        model: that rounds; levels: of the piece.
    """

    model: Model
    levels: Levels

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        steps = self.levels.steps(number, where)
        found = expected_of(number, distribution, self.levels.rounding.classes[number])
        values = plane[:, *where]
        numbers = steps_to(values.reshape(-1), found, steps)
        cost = rounded_bits(self.model.frequencies, found, numbers, steps)
        self.bits[number][:, *where] = cost.reshape(values.shape)
        self.expected[number][:, *where] = found.center.reshape(values.shape)


@dataclass(frozen=True)
class _BillInOne(KnownInTurn):
    """As `_Bill`, of a picture in one stream."""

    prices: np.ndarray
    bits: list[np.ndarray]
    expected: list[np.ndarray]

    def code(self, number: int, plane: np.ndarray, group: Group, found: Distribution) -> None:
        cost = self.prices[symbols_of(number, group.of(plane), found)]
        group.fill(self.bits[number], cost)
        group.fill(self.expected[number], found.floor)


def _bill(piece: Piece, model: Model, bits: list[np.ndarray], expected: list[np.ndarray]) -> _Bill:
    """Of a piece, whose planes are to be filled in."""
    priced = prices(model.frequencies)
    if model.rounding is None:
        return _Bill(priced, bits, expected)
    levels = Levels(model.rounding, preview=piece.seeded)
    return _RoundedBill(priced, bits, expected, model, levels)


def examine(
    sections: Sequence[Section],
    size: tuple[int, int],
    channels: int,
    pixels: Pixels | None = None,
) -> Account:
    """Decode a file's sections and tell of each value what it cost.

    Args:
        size: (width, height).
        channels: of its colour; what alpha costs is not told.
        pixels: what they decode to, if that is known: of Y, Co and Cg it is enough.

    Raises:
        CgxError: as `lossless.decode`.
    """
    count = channels
    shown = transparency.decode(sections, size, count, base_model(sections))
    if pixels is None or has(sections, ORIGIN) or has(sections, CHANNELS):
        planes = decode_planes(sections, size, count, shown=shown)
    else:
        planes = split(pixels[..., :count])
    # what no stream holds costs nothing, and is as expected
    bits, expected = [np.zeros(p.shape, np.float32) for p in planes], [p.copy() for p in planes]
    held = held_of_window(shown)
    with of_this_picture() as workers:
        predictor = Predictor(model_of(sections), workers)
        model = predictor.model
        if has(sections, IN_ONE):
            bill_in_one = _BillInOne(prices(model.frequencies), bits, expected)
            small.code(planes, predictor, bill_in_one)
            names = colors_of(sections, size, count).names
            return Account(names, *map(np.concatenate, (planes, expected, bits)))
        bill = _bill(PREVIEW, model, preview_of(bits), preview_of(expected))
        preview = replace(PREVIEW, held=held_of_preview(shown))
        code_interleaved(preview_of(planes), preview, predictor, bill)
        layout = tiles(size[1], size[0])
        at_work = predictor if len(layout) == 1 else predictor.alone()

        def price(tile: Tile) -> None:
            bill = _bill(TILE, model, tile_of(bits, tile), tile_of(expected, tile))
            piece = replace(TILE, held=held and held.part(tile))
            code_interleaved(tile_of(planes, tile), piece, at_work, bill)

        workers.map(price, layout)
    names = colors_of(sections, size, count).names
    return Account(names, *map(np.concatenate, (planes, expected, bits)))


def size_bytes_of(found: Account) -> dict[str, float]:
    """Bytes by name: "preview luminance", "preview colour", "luminance", "colour"."""
    bits = found.bits.astype(np.float64)
    preview = levels.level(bits, PREVIEW_INTERVAL).sum(axis=(1, 2)) / 8
    rest = bits.sum(axis=(1, 2)) / 8 - preview
    spent = {}
    for names, by_plane in (
        ((PREVIEW_SECTION.name, COLOR_PREVIEW.name), preview),
        ((TILE_SECTION.name, COLOR_TILE.name), rest),
    ):
        spent[names[0]] = float(by_plane[0])
        if len(by_plane) == COLOR:
            spent[names[1]] = float(by_plane[1:].sum())
    return spent


def account(sections: Sequence[Section], size: tuple[int, int], channels: int) -> dict[str, float]:
    """`size_bytes_of` the account of a file. Raises CgxError as `lossless.decode`."""
    return size_bytes_of(examine(sections, size, channels))
