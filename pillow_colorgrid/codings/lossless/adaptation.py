"""What a picture adds to the networks: small integer corrections of means and scales, sent along.

The networks were trained on many pictures; no picture is like all of them. For each output of the
passes over the finest levels, an *adaptation* holds one small integer for each feature (what the
last layer of the network sees) and for each input: their weighted sum corrects the output. The
encoder finds them by regression (`regression`), the decoder only applies them (`outputs`).

Bytes of an adaptation, zstd over: for each pass of PASSES one byte, 1 if it is adapted; then for
each of its corrected outputs the shift (uint8), and one int8 for each column.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import zstandard

from pillow_colorgrid.codings.lossless.context import COLOR_INPUTS, LUMINANCE_INPUTS
from pillow_colorgrid.codings.lossless.distribution import COLOR_OUTPUTS, LUMINANCE_OUTPUTS
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError

LIMIT = 127
"""Largest magnitude of a coefficient."""

MAX_SHIFT = 15

BIAS = 64
"""The value of the last column, the same in all cells."""

ZSTD_LEVEL = 19


@dataclass(frozen=True)
class Adaptable:
    """A pass that can be adapted: which of its outputs, of how many, and its number of inputs."""

    name: str
    inputs: int
    outputs: int
    corrected: tuple[int, ...]


def _adaptable(level: str, plane: str, index: int) -> Adaptable:
    name, pixels = (("diagonal", 1), ("cross", 2))[index]
    if plane == "luminance":
        inputs, outputs, corrected = LUMINANCE_INPUTS, LUMINANCE_OUTPUTS, range(2)
    else:
        inputs, outputs, corrected = COLOR_INPUTS, COLOR_OUTPUTS, range(4)
    chosen = tuple(pixel * outputs + k for pixel in range(pixels) for k in corrected)
    return Adaptable(f"{plane}_{level}_{name}", inputs[index], outputs * pixels, chosen)


PASSES = {
    one.name: one
    for one in (
        _adaptable(level, plane, index)
        for level in ("second", "fine")
        for plane in ("luminance", "color")
        for index in range(2)
    )
}
"""In the order of the bytes. Slopes and weights of surprises are not corrected."""


@dataclass(frozen=True)
class Correction:
    """The correction of one pass.

    Attributes:
        coefficients: (corrected outputs, columns) int8; columns are features, inputs, bias.
        shifts: (corrected outputs,) uint8: the weighted sum is divided by ``2**shift``.
    """

    coefficients: np.ndarray
    shifts: np.ndarray


Adaptation = Mapping[str, Correction]
"""Corrections by the name of their pass; passes that are not there are not adapted."""


def apart(adaptation: Adaptation) -> tuple[Adaptation, Adaptation]:
    """Its parts for luminance, which knows nothing of colour, and for colour."""
    luminance = {name: one for name, one in adaptation.items() if name.startswith("luminance_")}
    return luminance, {name: one for name, one in adaptation.items() if name not in luminance}


def pack(adaptation: Adaptation) -> bytes:
    """The bytes of an adaptation."""
    parts = []
    for name in PASSES:
        correction = adaptation.get(name)
        parts.append(bytes([correction is not None]))
        if correction is not None:
            parts += [correction.shifts.tobytes(), correction.coefficients.tobytes()]
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_content_size=False).compress(
        b"".join(parts)
    )


def unpack(data: bytes, features: Mapping[str, int]) -> Adaptation:
    """The inverse of `pack`, for networks with so many features each. Raises DamagedError."""
    longest = sum(
        1 + len(one.corrected) * (features[one.name] + one.inputs + 2) for one in PASSES.values()
    )
    raw = zstd.unpacked_up_to(data, longest, stated=False, what="adaptation")
    found, position = {}, 0
    for one in PASSES.values():
        count, columns = len(one.corrected), features[one.name] + one.inputs + 1
        flag = raw[position : position + 1]
        position += 1
        if flag == b"\0":
            continue
        end = position + count * (columns + 1)
        if flag != b"\1" or end > len(raw):
            raise DamagedError(f"adaptation damaged at its byte {position} of {len(raw)}")
        shifts = np.frombuffer(raw, np.uint8, count, position)
        coefficients = np.frombuffer(raw, np.int8, count * columns, position + count)
        if shifts.max() > MAX_SHIFT:
            raise DamagedError(f"adaptation with shift {shifts.max()}, allowed 0 to {MAX_SHIFT}")
        found[one.name] = Correction(coefficients.reshape(count, columns), shifts)
        position = end
    if position != len(raw):
        raise DamagedError(f"adaptation of {len(raw)} bytes, used {position}")
    return found
