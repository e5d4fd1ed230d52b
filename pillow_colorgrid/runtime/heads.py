"""Heads: the last layer of a network, beside its graph instead of in it.

A graph that ends with its *features* gives them out as onnxruntime's kernels for integers keep
them: bytes, all those of a pixel side by side. So it does with its inputs. Its head is a matrix of
integers, in the file's metadata: whoever wants the outputs multiplies (`products`), and may
multiply by more at the same time.

Metadata ``head``, JSON: ``weights``, for each output its integer for each feature; ``bias`` and
``shifts``, for each output. An output is ``(weights * features + bias) * 2**-shift``; the sum is
below 2**24 in magnitude (FORMAT.md).
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnxruntime

KEY = "head"
"""Of the metadata of an ONNX file."""

FEATURES, PIXELS = "features", "inputs_pixels"
"""Outputs of a graph without its head: (N, rows, columns, features or inputs) uint8."""


@dataclass(frozen=True, eq=False)
class Head:
    """Integers.

    Attributes:
        weights: (features, outputs) int8; bias: (outputs,) int32.
        scales: (outputs,) float32: ``2**-shift``.
    """

    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    scales: npt.NDArray[np.float32]

    @classmethod
    def read(cls, text: str) -> "Head":
        """Of the metadata."""
        told = json.loads(text)
        return cls(
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
    text = opened.get_modelmeta().custom_metadata_map.get(KEY)
    return None if text is None else Head.read(text)
