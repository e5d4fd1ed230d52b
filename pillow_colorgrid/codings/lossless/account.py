"""What each pixel of a lossless file cost, and what the networks expected it to be.

The picture is decoded by streams that are watched. A small one is decoded, and the walk over it is
gone once more with a stream that neither reads nor writes but adds up.
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
)
from pillow_colorgrid.codings.lossless.colors import colors_of
from pillow_colorgrid.codings.lossless.counted_stream import Counted, CountedDecoder, CountedPrice
from pillow_colorgrid.codings.lossless.description import (
    COLOR_PREVIEW,
    COLOR_TILE,
    IN_ONE,
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
    Watch,
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
from pillow_colorgrid.codings.lossless.stream import Price, Stream, prices, symbols_of
from pillow_colorgrid.codings.lossless.transparency import Shown, held_of_window
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Section
from pillow_colorgrid.runtime.workers import of_this_picture


@dataclass(frozen=True)
class Account:
    """Each array is (1 or 3, H, W): luminance, or luminance and two planes of colour.

    Attributes:
        names: of the planes.
        planes: int16, the values of the picture.
        expected: int16, the mean of the distribution by which each value was coded, rounded down.
        bits: float32, ideal code lengths (the entropy coder adds about 0.1 %).
        shown: alpha that came before colour.
    """

    names: tuple[str, ...]
    planes: np.ndarray
    expected: np.ndarray
    bits: np.ndarray
    shown: Shown | None = None

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
        price: tells what the values cost.
        bits, expected: planes of the piece, filled in.
    """

    price: Price
    bits: list[np.ndarray]
    expected: list[np.ndarray]

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        cost = self.price.cost(number, plane, where, distribution)
        self.bits[number][:, *where] = cost.reshape(distribution.mean.shape)
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


@dataclass(frozen=True)
class _Watched:
    """A decoder's stream, and the bill of what it fills in."""

    stream: Stream
    bill: _Bill

    def code(
        self, number: int, plane: np.ndarray, where: Where, distribution: Distribution
    ) -> None:
        self.stream.code(number, plane, where, distribution)
        self.bill.code(number, plane, where, distribution)


@dataclass(frozen=True)
class _Bills:
    """The bills of preview and tiles, whose planes `bits` and `expected` are filled in."""

    model: Model
    bits: list[np.ndarray]
    expected: list[np.ndarray]

    def of_preview(self, stream: Stream) -> Stream:
        bill = self._bill(PREVIEW, preview_of(self.bits), preview_of(self.expected))
        return _Watched(stream, bill)

    def of_tile(self, tile: Tile) -> Watch:
        bill = self._bill(TILE, tile_of(self.bits, tile), tile_of(self.expected, tile))

        def watch(stream: Stream) -> Stream:
            if not isinstance(stream, CountedDecoder):
                return _Watched(stream, bill)
            counted = Counted(stream.counted.planes, self.model.frequencies, self.model.counts)
            price = CountedPrice(self.model.frequencies, counted)
            return _Watched(stream, replace(bill, price=price))

        return watch

    def _bill(self, piece: Piece, bits: list[np.ndarray], expected: list[np.ndarray]) -> _Bill:
        price = Price(self.model.frequencies)
        if self.model.rounding is None:
            return _Bill(price, bits, expected)
        levels = Levels(self.model.rounding, preview=piece.seeded)
        return _RoundedBill(price, bits, expected, self.model, levels)


def examine(sections: Sequence[Section], size: tuple[int, int], channels: int) -> Account:
    """Decode a file's sections and tell of each value what it cost.

    Args:
        size: (width, height).
        channels: of its colour; what alpha costs is not told.

    Raises:
        CgxError: as `lossless.decode`.
    """
    shown = transparency.decode(sections, size, channels, base_model(sections))
    model = model_of(sections)
    bits = [np.zeros((1, size[1], size[0]), np.float32) for _ in range(channels)]
    expected = [np.zeros_like(plane, np.int16) for plane in bits]
    planes = decode_planes(sections, size, channels, 1, shown, _Bills(model, bits, expected))
    if has(sections, IN_ONE):
        with of_this_picture() as workers:
            bill = _BillInOne(prices(model.frequencies), bits, expected)
            small.code(planes, Predictor(model, workers), bill)
    held = held_of_window(shown)
    if held is not None:  # what no stream holds costs nothing, and is as expected
        for plane, told in zip(planes, expected, strict=True):
            np.copyto(told, plane, where=~held.pixels)
    names = colors_of(sections, size, channels).names
    return Account(
        names, np.concatenate(planes), np.concatenate(expected), np.concatenate(bits), shown
    )


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
