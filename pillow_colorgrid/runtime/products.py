"""Weighted sums of bytes: a small graph for onnxruntime, whose kernels for integers are fast.

The weights are an input of it, so one graph serves all heads of networks and all that pictures add
to them. No file names it: its sums are integers, whoever computes them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.errors import NetworkError
from pillow_colorgrid.runtime import networks

if TYPE_CHECKING:
    import onnxruntime

FILE = "products.onnx"
"""In the package of models; ``tools.export.products`` writes it."""

LARGEST = 64
"""Of the magnitudes of weights: onnxruntime adds two products up in 16 bits where a processor has
no better instruction, and 2 * 64 * 255 is the most that these hold."""


def weighted(values: npt.NDArray[np.uint8], weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """The sums (N, sums, rows, columns), exact.

    Args:
        values: (N, rows, columns, values).
        weights: (values, sums) up to LARGEST in magnitude.
    """
    opened = networks.kept(("products", (networks.CPU,), 1), _open)
    (found,) = opened.run(None, {"values": values, "weights": weights})
    sums: npt.NDArray[np.int32] = found
    return sums


def _open(onnxruntime: Any) -> "onnxruntime.InferenceSession":
    opened = networks.new_session(onnxruntime, networks.model_bytes(FILE), [networks.CPU], 1)
    values, weights = question()
    (found,) = opened.run(None, {"values": values, "weights": weights})
    if not np.array_equal(found, answer(values, weights)):
        raise NetworkError(f"onnxruntime computes products of bytes wrongly here ({FILE})")
    return opened


def question() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]:
    """All bytes by all weights, and sums of the largest of both."""
    values = np.arange(256 * 154, dtype=np.uint32).reshape(1, 8, 32, 154) * np.uint32(2654435761)
    weights = np.arange(154 * 20, dtype=np.uint32).reshape(154, 20) * np.uint32(2246822519)
    bytes_ = (values >> np.uint32(24)).astype(np.uint8)
    bytes_[:, 0] = 255
    small = (weights >> np.uint32(8)) % np.uint32(2 * LARGEST + 1)
    signed = (small.astype(np.int16) - LARGEST).astype(np.int8)
    signed[:, 0], signed[:, 1] = LARGEST, -LARGEST
    return bytes_, signed


def answer(values: npt.NDArray[np.uint8], weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """What `weighted` must tell, by numpy."""
    sums: npt.NDArray[np.int32] = values.astype(np.int32) @ weights.astype(np.int32)
    return sums.transpose(0, 3, 1, 2)
