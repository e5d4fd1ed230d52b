"""The one stream of a small picture: as `stream`, but `entropy.compact`, and escapes inside.

The symbols of a group that were escaped stand behind it as a group of their own, all equally likely
(`ESCAPES`, 10 bits each). Seeds are expected one after the other, so each is a group of its own.
"""

from typing import Protocol

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import ROWS, Distribution, row_of
from pillow_colorgrid.codings.lossless.groups import Group
from pillow_colorgrid.codings.lossless.seeds import Expected, distribution_of
from pillow_colorgrid.codings.lossless.stream import (
    CENTER,
    ESCAPE,
    ESCAPES,
    symbols_of,
)
from pillow_colorgrid.entropy import compact, rans

FORM = compact.Form(count_bytes=1, tail_shift=8)
"""The tail is in one lane."""


class SmallStream(Protocol):
    """What the walk over a small picture needs to know of its stream."""

    def code(self, number: int, plane: np.ndarray, group: Group, found: Distribution) -> None:
        """Take note of a group of pixels of a plane, or fill them in.

        Args:
            number: of the plane: LUMINANCE, CO or CG.
            plane: (1, H, W) int16; found: what is expected of each of the pixels, (n,).
        """

    def code_in_turn(self, number: int, plane: np.ndarray, group: Group, found: Expected) -> None:
        """As `code`, one pixel after the other."""


class KnownInTurn:
    """Of a stream whose pixels are known: in turn they are as they are at once."""

    def code_in_turn(self, number: int, plane: np.ndarray, group: Group, found: Expected) -> None:
        distribution = distribution_of(found, group.of(plane).tolist())
        self.code(number, plane, group, distribution)

    def code(self, number: int, plane: np.ndarray, group: Group, found: Distribution) -> None:
        raise NotImplementedError


class SmallEncoder:
    """Collects pixels; `finish` gives the bytes."""

    def __init__(self, frequencies: rans.Frequencies, lanes: int) -> None:
        self.frequencies = frequencies
        self.entropy = compact.Encoder(lanes, FORM)

    def code(self, number: int, plane: np.ndarray, group: Group, found: Distribution) -> None:
        """Append the pixels."""
        self._add(*symbols_of(number, group.of(plane), found))

    def code_in_turn(self, number: int, plane: np.ndarray, group: Group, found: Expected) -> None:
        values = group.of(plane)
        pairs = symbols_of(number, values, distribution_of(found, values.tolist()))
        for row, symbol in zip(*(part[:, None] for part in pairs), strict=True):
            self._add(row, symbol)

    def _add(self, rows: np.ndarray, symbols: np.ndarray) -> None:
        escaped = self.frequencies.counts[rows, symbols] == 0
        if not escaped.any():
            self.entropy.add(self.frequencies, rows, symbols)
            return
        self.entropy.add(self.frequencies, rows, np.where(escaped, ESCAPE, symbols))
        true = symbols[escaped]
        self.entropy.add(self.frequencies, np.full_like(true, ESCAPES), true)

    def finish(self) -> bytes:
        return self.entropy.finish()


class SmallDecoder:
    """Fills pixels in, in the order in which they were coded."""

    def __init__(self, data: bytes, frequencies: rans.Frequencies) -> None:
        """Raises StreamError if `data` is too short."""
        self.frequencies = frequencies
        self.entropy = compact.Decoder(data, FORM)

    def code(self, number: int, plane: np.ndarray, group: Group, found: Distribution) -> None:
        """Fill the pixels in. Raises StreamError."""
        rows = found.row + number * ROWS
        symbols = self.entropy.decode(self.frequencies, rows).astype(np.int32)
        escaped = np.flatnonzero(symbols == ESCAPE)
        if escaped.size:
            rows = np.full(escaped.shape, ESCAPES)
            symbols[escaped] = self.entropy.decode(self.frequencies, rows)
        group.fill(plane, symbols - CENTER + found.floor)

    def code_in_turn(self, number: int, plane: np.ndarray, group: Group, found: Expected) -> None:
        values: list[int] = []
        self.entropy.decode_in_turn(self.frequencies, _rows(number, found, values))
        group.fill(plane, np.array(values, np.int16))

    def finish(self) -> None:
        """Raises StreamError unless everything was used up."""
        self.entropy.finish()


def _rows(number: int, found: Expected, values: list[int]) -> rans.InTurn:
    """Rows of the seeds of a plane, for their symbols; `values` takes them up."""
    mean, scale_class = next(found)
    while True:
        symbol = yield row_of(mean, scale_class) + number * ROWS
        if symbol == ESCAPE:
            symbol = yield ESCAPES
        values.append(symbol - CENTER + (mean >> 3))
        try:
            mean, scale_class = found.send(values[-1])
        except StopIteration:
            return
