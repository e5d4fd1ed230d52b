"""Clipped channels: what a blown highlight (255) or a crushed shadow (0) tells of Co and Cg.

Where all four known pixels around a pixel have red at 255, this one most likely has, too. Together
with its luminance, which is known, that leaves one, two or four values for Co and Cg. So the mean
that the network expects is moved into that interval, and the class of scale is lowered to what the
file tells for each *case*, because pictures differ in how sharply they clip.

Everything is integer arithmetic on known pixels. Arrays are (N, h, w). kodim20, whose sky is blown
out in red and green, becomes 10 % smaller by this; a picture that never clips pays nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.codings.lossless import context, levels
from pillow_colorgrid.codings.lossless.distribution import (
    CLASSES,
    HIGHEST,
    MEAN_STEPS,
    Distribution as Found,
)
from pillow_colorgrid.codings.lossless.stream import CG, CO
from pillow_colorgrid.errors import DamagedError

CASES = 6

NO_CASE, RED_BLUE, GREEN_RED, GREEN_BLUE, EXACT, RED_OR_BLUE, GREEN_ALONE = range(1 + CASES)
"""Which channels are clipped. For Co the first three: red and blue; green and red; green and blue.
For Cg: green and another; red or blue; green alone."""

PLANES = {RED_BLUE: CO, GREEN_RED: CO, GREEN_BLUE: CO, EXACT: CG, RED_OR_BLUE: CG, GREEN_ALONE: CG}

WIDTHS = {RED_BLUE: 1, GREEN_RED: 4, GREEN_BLUE: 4, EXACT: 1, RED_OR_BLUE: 2, GREEN_ALONE: 2}
"""How many values each case leaves."""

UNUSED = 255
"""Stands for the class of a case that does not help this picture."""

Mask = npt.NDArray[np.uint8]
"""For each pixel a bit for each channel at 255 (bits 0 to 2) and at 0 (bits 3 to 5)."""


def masks(y: np.ndarray, co: np.ndarray, cg: np.ndarray) -> Mask:
    """Which channels of each pixel are clipped."""
    t = y - (cg >> 1)
    blue = t - (co >> 1)
    found = np.zeros(y.shape, np.uint8)
    for channel, values in enumerate((blue + co, cg + t, blue)):
        # products, because numpy shifts bytes one by one
        found |= (values == HIGHEST).view(np.uint8) * np.uint8(1 << channel)
        found |= (values == 0).view(np.uint8) * np.uint8(1 << (channel + 3))
    return found


def around(found: Mask, places: tuple[tuple[int, int], ...], place: tuple[int, int]) -> Mask:
    """What all four known pixels around each pixel at `place` have clipped, on the cells.

    Args:
        found: the masks (N, h, w) of a level, right as far as the pass knows its pixels.
        places: the pass, one of grid.PASSES; `place` is one of its.
    """
    known = context.of_place(found, levels.KNOWN)
    if places == (levels.DIAGONAL,):
        taps = [known.tap(away) for away in context.DIAGONAL_NEAREST]
    else:
        diagonal = context.of_place(found, levels.DIAGONAL)
        beyond, before = ((0, 1), (-1, 0)) if place == levels.RIGHT else ((1, 0), (0, -1))
        taps = [known.tap((0, 0)), known.tap(beyond), diagonal.tap(before), diagonal.tap((0, 0))]
    shared: Mask = taps[0] & taps[1] & taps[2] & taps[3]
    return shared


@dataclass(frozen=True)
class Interval:
    """Where values lie, both ends included (int16), and by which case (uint8)."""

    case: np.ndarray
    low: np.ndarray
    high: np.ndarray


def _interval(
    shape: tuple[int, ...], cases: list[tuple[np.ndarray, int, np.ndarray, np.ndarray]]
) -> Interval:
    """Of several cases (where, number, low, high) the last that holds counts.

    Its ends are clipped to what Co and Cg can be: a pixel whose luminance does not fit to clipped
    channels would move them further away than a symbol can tell.
    """
    found = Interval(
        np.zeros(shape, np.uint8), np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    )
    for where, number, low, high in cases:
        for target, values in ((found.case, number), (found.low, low), (found.high, high)):
            np.copyto(target, values, where=where, casting="unsafe")
    for end in (found.low, found.high):
        np.clip(end, -HIGHEST, HIGHEST, out=end)
    return found


def _channels(mask: Mask) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Of red, green and blue: whether it is clipped, and the value it then has (int16)."""
    clipped = [(mask & (0b001001 << channel)) != 0 for channel in range(3)]
    return clipped, [((mask >> channel) & 1).astype(np.int16) * HIGHEST for channel in range(3)]


def co_interval(mask: Mask, y: np.ndarray) -> Interval:
    """Where Co lies, given the luminance."""
    (r, g, b), (red, green, blue) = _channels(mask)
    # clipped green tells Cg but for its last bit, and so t = green - Cg: 2 y - green or one more
    by_red = 2 * (red + green - 2 * y)
    by_blue = 2 * (2 * y - green - blue)
    return _interval(
        mask.shape,
        [
            (g & b, GREEN_BLUE, by_blue, by_blue + 3),
            (g & r, GREEN_RED, by_red - 3, by_red),
            (r & b, RED_BLUE, red - blue, red - blue),
        ],
    )


def cg_interval(mask: Mask, y: np.ndarray, co: np.ndarray) -> Interval:
    """Where Cg lies, given luminance and Co."""
    (r, g, b), (red, green, blue) = _channels(mask)
    t = np.where(r, red - co, blue) + (co >> 1)
    return _interval(
        mask.shape,
        [
            (g, GREEN_ALONE, 2 * (green - y) - 1, 2 * (green - y)),
            (r | b, RED_OR_BLUE, 2 * (y - t), 2 * (y - t) + 1),
            (g & (r | b), EXACT, green - t, green - t),
        ],
    )


@dataclass(frozen=True)
class Clipping:
    """How sharply a picture clips: for each case the largest class of scale, or UNUSED."""

    classes: tuple[int, ...]

    def co(self, found: Found, mask: Mask, y: np.ndarray) -> Found:
        """Co's distribution, once the pixels around tell which channels are clipped."""
        here = np.nonzero(mask)
        return self._narrowed(found, here, co_interval(mask[here], y[here]))

    def cg(self, found: Found, mask: Mask, y: np.ndarray, co: np.ndarray) -> Found:
        """As `co`, of Cg."""
        here = np.nonzero(mask)
        return self._narrowed(found, here, cg_interval(mask[here], y[here], co[here]))

    def _narrowed(self, found: Found, here: tuple[np.ndarray, ...], interval: Interval) -> Found:
        """The means `here` moved into the interval, their classes lowered to those of the cases.

        Elsewhere nothing is clipped: mostly nearly everywhere.
        """
        largest = np.array((UNUSED, *self.classes), np.int32)[interval.case]
        low, high = (end.astype(np.int32) * MEAN_STEPS for end in (interval.low, interval.high))
        mean, scale_class = found.mean.copy(), found.scale_class.copy()
        old = mean[here]
        mean[here] = np.where(largest == UNUSED, old, np.clip(old, low, high))
        scale_class[here] = np.minimum(scale_class[here], largest)
        return Found(mean, scale_class)


def pack(clipping: Clipping) -> bytes:
    """One byte for each case."""
    return bytes(clipping.classes)


def unpack(data: bytes) -> Clipping:
    """The inverse of `pack`. Raises DamagedError."""
    if len(data) != CASES or any(c >= CLASSES and c != UNUSED for c in data):
        raise DamagedError(
            f"clipping {data[: CASES + 1].hex()}, allowed {CASES} bytes below {CLASSES} or {UNUSED}"
        )
    return Clipping(tuple(data))
