"""What each block of a JPEG file cost, and what the networks expected its coefficients to be.

The strips are decoded once, by a reader that notes what it was told and what came.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.base import only
from pillow_colorgrid.codings.jpeg import dc_context, layout, model, strips
from pillow_colorgrid.codings.jpeg.description import HEAD, NETWORK_NAMES, STRIP
from pillow_colorgrid.codings.jpeg.distribution import TOTAL_BITS, Distribution
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.codings.jpeg.layout import Group
from pillow_colorgrid.codings.jpeg.outputs import FLAG_BITS
from pillow_colorgrid.codings.jpeg.strips import Frame
from pillow_colorgrid.codings.jpeg.symbols import Reader
from pillow_colorgrid.codings.jpeg.walk import COARSEST_LIMIT
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.jpeg.geometry import unpack_geometry
from pillow_colorgrid.jpeg.picture import JpegPicture
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import of_this_picture

DC = np.array([0])


@dataclass(frozen=True)
class Account:
    """What a file of coefficients tells.

    Attributes:
        expected: the picture of the coefficients that the networks held for the likeliest, each
            given all that were known by then.
        dc_bits, ac_bits: of each component, (rows, columns) of its blocks: ideal code lengths.
        strips: how many there are.
    """

    expected: JpegPicture
    dc_bits: list[np.ndarray]
    ac_bits: list[np.ndarray]
    strips: int


@dataclass
class _Blocks:
    """Coefficients that are coded one after the other: some frequencies of the blocks of a plane.

    Attributes:
        rows, columns: (m,) of the blocks, in the order in which they are coded.
        done: how many are.
    """

    component: int
    frequencies: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    done: int = 0

    def take(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the next blocks."""
        part = slice(self.done, self.done + count)
        self.done += count
        return self.rows[part], self.columns[part]


def _order(frame: Frame, strip: int) -> Iterator[_Blocks]:
    """The way of `strips.code` through a strip."""
    shapes = [
        (rows.stop - rows.start, frame.shapes[number][1])
        for number in range(len(frame.shapes))
        for rows in (frame.rows(number, strip),)
    ]
    colored = frame.colored is not None
    alone = [n for n in range(len(shapes)) if not colored or n not in (1, 2)]
    for number in [*alone, *((1, 2) if colored else ())]:
        yield _Blocks(number, DC, *dc_context.coarsest(*shapes[number]))
        for here in dc_context.passes(*shapes[number]):
            yield _Blocks(number, DC, here.rows, here.columns)
    for number in alone:
        for group in layout.LUMINANCE:
            yield _Blocks(number, group.frequencies, *_places(group, *shapes[number]))
    if colored:
        for group in layout.COLOR:
            number = 1 + group.component
            yield _Blocks(number, group.frequencies, *_places(group, *shapes[number]))


def _places(group: Group, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the blocks of a group, in the order of its steps."""
    y, x = np.mgrid[0:rows, 0:columns]
    phases = [phase for step in group.steps for phase in step]
    if not phases:
        return y.reshape(-1), x.reshape(-1)
    parts = [(slice(top, None, 2), slice(left, None, 2)) for top, left in phases]
    return (
        np.concatenate([y[part].reshape(-1) for part in parts]),
        np.concatenate([x[part].reshape(-1) for part in parts]),
    )


class _Bill:
    """A reader of one strip that notes of each block what it cost and what was expected."""

    def __init__(
        self, reader: Reader, corrections: Mapping[str, int], frame: Frame, strip: int
    ) -> None:
        self.reader, self.corrections = reader, corrections
        self._order = _order(frame, strip)
        self._now = next(self._order)
        self._active: tuple[np.ndarray, np.ndarray] | None = None
        planes = strips.empty_planes(frame, strip)
        self.expected = [np.zeros(plane.coefficients.shape, np.int16) for plane in planes]
        self.bits = [np.zeros((2, *plane.shape), np.float32) for plane in planes]

    def integers(self, key: str, likely: Distribution, values: np.ndarray | None) -> np.ndarray:
        """Read integers; note what they cost by the distribution, and its center."""
        found = self.reader.integers(key, likely, values)
        likely = likely.wider(self.corrections.get(key, 0))
        known = found.astype(np.int32)
        mass = likely.below(known + np.int32(1)) - likely.below(known)
        cost = TOTAL_BITS - np.log2(np.maximum(mass, 1))
        places, self._active = self._active or self._next(), None
        if places[0] is self._now.rows:  # no flags told how many
            places = self._now.take(len(found) // len(self._now.frequencies))
        self._note(places, cost.reshape(len(self._now.frequencies), -1).sum(0))
        centers = likely.center().reshape(len(self._now.frequencies), -1)
        expected = self.expected[self._now.component]
        for frequency, center in zip(self._now.frequencies, centers, strict=True):
            expected[frequency][places] = center.clip(-(2**15), 2**15 - 1)
        return found

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Read flags; the integers that follow are of the blocks without one."""
        found = self.reader.flags(frequencies, flags)
        true = frequencies.astype(np.float64) / 2**FLAG_BITS
        self._next()
        rows, columns = self._now.take(len(found))
        self._note((rows, columns), -np.log2(np.where(found, true, 1 - true)))
        self._active = (rows[~found], columns[~found]) if not found.all() else None
        return found

    def raw(self, bits: int | np.ndarray, values: np.ndarray | None, count: int) -> np.ndarray:
        """Read DC coefficients that are written as they are: nothing was expected of them."""
        found = self.reader.raw(bits, values, count)
        self._next()
        places = self._now.take(count)
        self._note(places, np.full(count, bits))
        self.expected[self._now.component][0][places] = found - COARSEST_LIMIT
        return found

    def group(self) -> None:
        """The reader is told."""
        self.reader.group()

    def _next(self) -> tuple[np.ndarray, np.ndarray]:
        """Go on to the blocks that are coded now; all of their places."""
        while self._now.done == len(self._now.rows):
            self._now = next(self._order)
        return self._now.rows, self._now.columns

    def _note(self, places: tuple[np.ndarray, np.ndarray], bits: np.ndarray) -> None:
        of_ac = int(self._now.frequencies is not DC)
        self.bits[self._now.component][of_ac][places] += bits


def examine(header: Header, sections: Sequence[Section]) -> Account:
    """Decode a file's strips and tell of each block what it cost.

    Raises:
        CgxError: as `coding.decode`.
    """
    head = Head.unpack(only(sections, HEAD))
    geometry = unpack_geometry(head.geometry)
    frame = strips.frame_of(geometry, *header.size, head.strip_rows)
    (used,) = networks.read_roles(only(sections, NETWORK_NAMES), (model.SET,))
    predict = model.predict_by(used.id)
    payloads = [section.payload for section in sections if section.type == STRIP.type]

    def bill_of(strip: int) -> _Bill:
        reader = Reader(payloads[strip], head.corrections)
        bill = _Bill(reader, head.corrections, frame, strip)
        strips.code(predict, frame, strips.empty_planes(frame, strip), bill, decoding=True)
        reader.finish()
        return bill

    with of_this_picture() as workers:
        bills = workers.map(bill_of, range(len(payloads)))
    whole = [
        np.ascontiguousarray(
            np.concatenate([bill.expected[n] for bill in bills], axis=1).transpose(1, 2, 0)
        )
        for n in range(len(frame.shapes))
    ]
    bits = [np.concatenate([b.bits[n] for b in bills], axis=1) for n in range(len(frame.shapes))]
    expected = geometry.picture(*header.size, whole)
    return Account(expected, [b[0] for b in bits], [b[1] for b in bits], len(payloads))


def by_luminance_block(account: Account, bits: Sequence[np.ndarray]) -> np.ndarray:
    """Bits of all components by the blocks of the finest one: those of coarser ones are parted."""
    parts = account.expected.components
    high, wide = max(p.vertical for p in parts), max(p.horizontal for p in parts)
    rows = max(b.shape[0] * high // p.vertical for b, p in zip(bits, parts, strict=True))
    columns = max(b.shape[1] * wide // p.horizontal for b, p in zip(bits, parts, strict=True))
    total = np.zeros((rows, columns))
    for one, part in zip(bits, parts, strict=True):
        down, across = math.ceil(high / part.vertical), math.ceil(wide / part.horizontal)
        spread = one.repeat(down, 0).repeat(across, 1) / (down * across)
        kept = spread[:rows, :columns]
        total[: kept.shape[0], : kept.shape[1]] += kept
    return total
