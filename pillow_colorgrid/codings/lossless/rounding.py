"""How a file of the near coding rounds: by how much at which level, and how sure its networks are.

Each value is told as a whole number of steps from where it is expected. A step is twice the largest
error and one, so that every value is near one. The preview and coarse levels, which all others are
foreseen from, may be rounded less.

What the networks see then is smoother than what they were trained on, where small differences were
rounded away, and they are too sure; so each class of scale stands for a larger one.

Bytes (`pack`): the largest error of all; of luminance, and of colour if there is any, those of the
four levels; then for each plane the class that stands for class 0, and 6 bytes of 47 bits, the
lowest first: whether the class that stands for the next one is the next one.
"""

from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless.distribution import CLASSES
from pillow_colorgrid.errors import DamagedError

MOST = 16
"""The largest error that a file may have."""

LEVELS = 4
"""The preview; the refinements of tiles to the grids of 4, 2 and 1."""

STEP_BYTES = 6
"""The bits that tell a plane's classes."""


@dataclass(frozen=True)
class Rounding:
    """What a picture's values are rounded by.

    Attributes:
        max_error: of every sample of the picture.
        errors: of luminance; of colour, too, unless it is grey: the largest of each level.
        classes: for each plane (CLASSES,) int32: the class that stands for each.
    """

    max_error: int
    errors: tuple[tuple[int, ...], ...]
    classes: tuple[np.ndarray, ...]

    def of_plane(self, number: int) -> tuple[int, ...]:
        """The errors of the levels of a plane."""
        return self.errors[min(number, 1)]


def classes_of(first: int, rises: np.ndarray) -> np.ndarray:
    """(CLASSES,) int32: from `first` on, one more where (CLASSES - 1,) `rises` say so."""
    found: np.ndarray = first + np.concatenate([[0], np.cumsum(rises)]).astype(np.int32)
    return found.clip(0, CLASSES - 1)


def pack(rounding: Rounding) -> bytes:
    """The bytes of a rounding whose classes rise by 0 or 1."""
    parts = [bytes([rounding.max_error]), *map(bytes, rounding.errors)]
    for classes in rounding.classes:
        rises = np.packbits(np.diff(classes) > 0, bitorder="little")
        parts += [bytes([classes[0]]), rises.tobytes()]
    return b"".join(parts)


def unpack(data: bytes, planes: int) -> Rounding:
    """The inverse of `pack`, of a picture with so many planes. Raises DamagedError."""
    kinds = min(planes, 2)
    first_class = 1 + LEVELS * kinds
    each = 1 + STEP_BYTES
    if len(data) != first_class + each * planes:
        raise DamagedError(
            f"rounding of {len(data)} bytes, allowed {first_class + each * planes} for {planes} "
            "planes"
        )
    max_error, told = data[0], data[1:first_class]
    if not 1 <= max_error <= MOST or not all(1 <= error <= max_error for error in told):
        raise DamagedError(
            f"rounding by {max_error}, at its levels by {', '.join(map(str, told))}; allowed is 1 "
            f"to {MOST}, and 1 to the first of them"
        )
    errors = tuple(tuple(told[k : k + LEVELS]) for k in range(0, len(told), LEVELS))
    classes = []
    for place in range(first_class, len(data), each):
        bits = np.frombuffer(data, np.uint8, STEP_BYTES, place + 1)
        rises = np.unpackbits(bits, bitorder="little")
        if data[place] >= CLASSES or rises[CLASSES - 1 :].any():
            raise DamagedError(
                f"classes that begin with {data[place]}, allowed below {CLASSES}; bits behind them "
                "must be 0"
            )
        classes.append(classes_of(data[place], rises[: CLASSES - 1]))
    return Rounding(max_error, errors, tuple(classes))
