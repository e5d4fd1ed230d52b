"""What a picture adds to the networks: small integer corrections of means and scales, sent along.

The networks were trained on many pictures; no picture is like all of them. For each output of the
passes over the finest levels, an *adaptation* holds one small integer for each feature (what the
last layer of the network sees) and for each input: their weighted sum corrects the output. The
encoder finds them by regression (`regression`), the decoder only applies them.

Exact everywhere: the sum stays below 2**24, so float32 holds it in any order of additions.

Bytes of an adaptation, zstd over: for each pass of PASSES one byte, 1 if it is adapted; then for
each of its corrected outputs the shift (uint8), and one int8 for each column.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import zstandard

from pillow_colorgrid.codings.lossless.context import COLOR_INPUTS, LUMINANCE_INPUTS, ZERO
from pillow_colorgrid.codings.lossless.distribution import COLOR_OUTPUTS, LUMINANCE_OUTPUTS
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError

LIMIT = 127
"""Largest magnitude of a coefficient."""

MAX_SHIFT = 15

BIAS = 64
"""The value of the last column, the same in all cells."""

CHUNK_PRODUCTS, MOST_CHUNK_CELLS = 700_000, 2048
"""Cells are corrected in chunks of so many multiplications: products so small stay on one thread
(`blas` tells why)."""

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

    def apply(
        self, outputs: np.ndarray, features: np.ndarray, inputs: np.ndarray, name: str
    ) -> None:
        """Add to `outputs` (N, outputs, rows, columns) int32 of the pass `name`.

        Args:
            features: (N, features, rows, columns) uint8.
            inputs: (N, inputs, rows, columns) uint8 with zero point 128.
        """
        # columns without a coefficient, half of them or more, are left aside
        used = np.logical_or.reduce(self.coefficients[:, :-1] != 0)
        count = features.shape[1]
        of_features, of_inputs = used[:count].nonzero()[0], used[count:].nonzero()[0]
        weights = self.coefficients.astype(np.float32)
        start = (
            weights[:, -1:] * np.float32(BIAS) - weights[:, count:-1].sum(1, keepdims=True) * ZERO
        )
        weights = weights[:, :-1][:, used]
        shifts = self.shifts.astype(np.int32)[:, None]
        half = (1 << shifts) >> 1
        corrected = list(PASSES[name].corrected)
        each = min(MOST_CHUNK_CELLS, CHUNK_PRODUCTS // max(1, weights.size))
        columns = np.empty((weights.shape[1], each), np.float32)
        for n in range(len(outputs)):
            flat = [part[n].reshape(len(part[n]), -1) for part in (outputs, features, inputs)]
            for first in range(0, flat[0].shape[1], each):
                cells = slice(first, first + each)
                these = columns[:, : min(each, flat[0].shape[1] - first)]
                these[: len(of_features)] = flat[1][of_features, cells]
                these[len(of_features) :] = flat[2][of_inputs, cells]
                sums = (weights @ these + start).astype(np.int32) + half
                flat[0][corrected, cells] += sums >> shifts


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
