"""Crayon's inputs and outputs: what the network sees of luminance and hints, and how it paints.

Crayon works on cells of 2 x 2 pixels: each input and each output is there four times, once for
each pixel of a cell, so that the widest layers have a quarter of the positions. All functions take
one picture or tile, planes (H, W) with H and W multiples of ALIGNMENT.
"""

from dataclasses import dataclass
from itertools import product
from math import isqrt

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.codings.crayon.hints import BASE_STEPS, Exact, Plane

ALIGNMENT = 32
"""Height and width that the network takes are multiples: one cell, halved four times."""

ZERO = 128
"""Zero point of the input bytes."""

PHASES = tuple(product(range(2), range(2)))
"""Rows and columns of the pixels of a cell."""

INPUTS = 4 * len(PHASES) + 3
"""Luminance, its detail, base of Co and of Cg for each phase; then mask, interval and kind."""

KIND_BYTES = {"mean": 64, "point": -64}

OUTPUTS = 4 * len(PHASES)
"""Offset of Co and of Cg, slope of Co and of Cg over the luminance's detail, for each phase."""

OFFSET_GAIN = 8
"""An output of 1 moves a colour by 8."""

SLOPE_STEPS = 64
"""A slope is told in 1/64."""

SLOPE_LIMIT = 2
"""A slope's largest magnitude."""

GAIN_STEPS = 8
"""The file tells how far the network is followed, in eighths: not every picture is like others."""

OFFSET_BOUND = 2**20
"""Beyond it a move is clipped in any case; clipped here, offsets fit int32."""

MOVE_LIMITS = (-(2**15), 2**15 - 1)
"""Of what the network adds in all, in 1/BASE_STEPS: no colour is so far from another."""


@dataclass(frozen=True)
class Surroundings:
    """What the network sees of a picture, or of one tile of it: planes (H, W) of integers.

    Attributes:
        luminance: 0..255.
        detail: luminance minus its own base, in 1/BASE_STEPS.
        co: base of Co with its shading, in 1/BASE_STEPS. cg: of Cg.
        mask: 255 at the grid points, less between them.
    """

    luminance: Exact
    detail: Exact
    co: Exact
    cg: Exact
    mask: Exact


def mask(interval: int, height: int, width: int, top: int = 0, left: int = 0) -> Exact:
    """How near each pixel is to a grid point: the tent's value, 0..255.

    Args:
        top: the row of the picture where the result begins. left: the column.
    """
    rows, columns = (
        _nearness(interval, start, length) for start, length in ((top, height), (left, width))
    )
    found: Exact = 255 * rows[:, None] * columns // np.int32(interval * interval)
    return found


def _nearness(interval: int, start: int, length: int) -> Exact:
    away = np.arange(start, start + length, dtype=np.int32) % np.int32(interval)
    nearness: Exact = np.maximum(interval - away, away)
    return nearness


def inputs(seen: Surroundings, interval: int, kind: str) -> npt.NDArray[np.uint8]:
    """(1, INPUTS, H/2, W/2) bytes."""
    height, width = seen.luminance.shape
    found = np.empty((1, INPUTS, height // 2, width // 2), np.uint8)
    for number, plane in enumerate(
        (
            seen.luminance - ZERO,
            seen.detail >> 3,  # whole steps: 1/BASE_STEPS is an eighth
            seen.co >> 4,  # steps of two
            seen.cg >> 4,
        )
    ):
        signed = _byte(plane)
        for phase, (row, column) in enumerate(PHASES):
            found[0, number * len(PHASES) + phase] = signed[row::2, column::2]
    found[0, -3] = _byte(seen.mask[::2, ::2] - ZERO)
    found[0, -2] = _byte(np.int32(isqrt(22 * 22 * interval) - ZERO))
    found[0, -1] = _byte(np.int32(KIND_BYTES[kind]))
    return found


def _byte(values: Exact | np.int32) -> npt.NDArray[np.uint8]:
    """Cut to a signed byte, with zero point ZERO."""
    clipped: npt.NDArray[np.uint8] = (np.clip(values, -ZERO, ZERO - 1) + ZERO).astype(np.uint8)
    return clipped


def moves(outputs: npt.NDArray[np.float32], seen: Surroundings) -> tuple[Plane, Plane]:
    """How far the network wants to move Co and Cg (H, W), in 1/BASE_STEPS.

    Args:
        outputs: (1, OUTPUTS, H/2, W/2), exact multiples of a power of two.
    """
    phases = len(PHASES)
    limit = SLOPE_LIMIT * SLOPE_STEPS
    offsets = _whole(outputs[0, : 2 * phases], OFFSET_GAIN * BASE_STEPS, OFFSET_BOUND)
    slopes = _whole(outputs[0, 2 * phases :], SLOPE_STEPS, limit)
    co, cg = (np.empty(seen.detail.shape, np.int16) for _ in range(2))
    for number, move in enumerate((co, cg)):
        for phase, (row, column) in enumerate(PHASES):
            at, output = np.s_[row::2, column::2], number * phases + phase
            eighths = slopes[output] * seen.detail[at]
            eighths >>= 6  # SLOPE_STEPS
            eighths += offsets[output]
            move[at] = np.clip(eighths, *MOVE_LIMITS)
    return co, cg


def follow(base: Exact, move: Plane, gain: int) -> Plane:
    """Co or Cg (H, W): `base` moved by `gain` eighths of `move`; both in 1/BASE_STEPS."""
    eighths = move.astype(np.int32)
    eighths *= gain
    eighths >>= 3  # GAIN_STEPS
    eighths += base
    return whole(eighths)


def whole(eighths: Exact) -> Plane:
    """Colour in 1/BASE_STEPS as Co or Cg, halves rounded up."""
    colour: Plane = np.clip((eighths + BASE_STEPS // 2) >> 3, -255, 255).astype(np.int16)
    return colour


def _whole(outputs: npt.NDArray[np.float32], unit: int, limit: int) -> Exact:
    """Outputs as integers within ±`limit`, an output of 1 being `unit`, halves rounded to even."""
    exact = outputs * np.float32(unit)  # a power of two: nothing is lost
    return np.clip(np.rint(exact, out=exact), -limit, limit, out=exact).astype(np.int32)
