"""Heads: the last layer of a network, beside its graph instead of in it.

A graph that ends with its *features* gives them out as onnxruntime's kernels for integers keep
them: bytes, all those of a pixel side by side. So it does with its inputs, which it takes row by
row: of each row of cells one input after the other, their number rounded up to a multiple of four
(`as_rows`). Its head is a matrix of integers, in the file's metadata: whoever wants the outputs
multiplies (`products`), and may multiply by more at the same time.

Metadata ``inputs``: their number. Metadata ``head``, JSON: ``weights``, for each output its integer
for each feature; ``bias`` and ``shifts``, for each output. An output is
``(weights * features + bias) * 2**-shift``; the sum is below 2**24 in magnitude (FORMAT.md).
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnxruntime

KEY, INPUTS_KEY = "head", "inputs"
"""Of the metadata of an ONNX file."""

INPUTS_MULTIPLE = 4
"""onnxruntime convolves two to three times as fast where the number of inputs is a multiple."""

FEATURES, PIXELS = "features", "inputs_pixels"
"""Outputs of a graph without its head: (N, rows, columns, features or inputs) uint8."""


def rounded_up(inputs: int) -> int:
    """So many inputs a graph takes, the last of which do not matter."""
    return -(-inputs // INPUTS_MULTIPLE) * INPUTS_MULTIPLE


def as_rows(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Inputs (N, inputs, rows, columns) as a graph takes them: (N, rows, rounded up, columns)."""
    count, inputs, rows, columns = planes.shape
    found = np.zeros((count, rows, rounded_up(inputs), columns), np.uint8)
    found[:, :, :inputs] = planes.transpose(0, 2, 1, 3)
    return found


@dataclass(frozen=True, eq=False)
class Head:
    """Integers.

    Attributes:
        inputs: that its network looks at.
        weights: (features, outputs) int8; bias: (outputs,) int32.
        scales: (outputs,) float32: ``2**-shift``.
    """

    inputs: int
    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    scales: npt.NDArray[np.float32]

    @classmethod
    def read(cls, text: str, inputs: int) -> "Head":
        """Of the metadata."""
        told = json.loads(text)
        return cls(
            inputs,
            np.ascontiguousarray(np.array(told["weights"], np.int8).T),
            np.array(told["bias"], np.int32),
            np.ldexp(np.float32(1), -np.array(told["shifts"])),
        )

    def outputs(self, features: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Of (N, rows, columns, features) the outputs (N, outputs, rows, columns)."""
        sums = features.astype(np.int32) @ self.weights.astype(np.int32) + self.bias
        return (sums * self.scales).astype(np.float32).transpose(0, 3, 1, 2)


def head_of(opened: "onnxruntime.InferenceSession") -> Head | None:
    """The head of a session's network; None where the graph has all of it."""
    metadata = opened.get_modelmeta().custom_metadata_map
    return Head.read(metadata[KEY], int(metadata[INPUTS_KEY])) if KEY in metadata else None
