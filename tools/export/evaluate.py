"""The reference: integer networks computed by numpy in int64, from the ONNX file alone.

Slow and plain on purpose. What onnxruntime computes must equal this to the bit.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import zstandard
from onnx import helper, numpy_helper

from tools.export import heads


def load(path: Path) -> onnx.ModelProto:
    """The graph of a network of ``models/``, with its head where the file has that beside it."""
    return heads.with_head(load_file(path))


def load_file(path: Path) -> onnx.ModelProto:
    """A file of ``models/`` as it stands; those that end with .zst are packed by zstd."""
    data = path.read_bytes()
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompress(data)
    return onnx.load_from_string(data)


def integer_hash(model: onnx.ModelProto) -> str:
    """SHA-256 of a graph's computation: its nodes, then its constants, in their order.

    Each node counts as its operator, inputs, outputs and attributes (as text, sorted by name),
    each constant as its name, type, shape and little-endian values.
    """
    digest = hashlib.sha256()
    for node in model.graph.node:
        attributes = sorted(
            (a.name, str(onnx.helper.get_attribute_value(a))) for a in node.attribute
        )
        digest.update(
            repr((node.op_type, list(node.input), list(node.output), attributes)).encode()
        )
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        digest.update(repr((tensor.name, str(values.dtype), values.shape)).encode())
        digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Exact:
    """``values * 2**-shift``: int64 values, one shift (int) or one for each channel (axis)."""

    values: np.ndarray
    shift: np.ndarray | int

    def real(self) -> np.ndarray:
        shift = self.shift
        if isinstance(shift, np.ndarray):
            shift = shift.reshape(-1, 1, 1)
        return self.values * 2.0**-shift


def shift_of(scale: np.ndarray) -> np.ndarray | int:
    """The exponent k of scales 2**-k; refuses other scales."""
    mantissa, exponent = np.frexp(scale)
    if not np.all(mantissa == 0.5):
        raise ValueError(f"scale {scale} is no power of two")
    shift = 1 - exponent.astype(np.int64)
    return shift if shift.ndim else int(shift)


def shift_right_half_even(values: np.ndarray, shift: int) -> np.ndarray:
    """``round(values / 2**shift)``, ties to the even integer, in integers."""
    if shift <= 0:
        return values << -shift
    return (values + (1 << (shift - 1)) - 1 + ((values >> shift) & 1)) >> shift


def quantise(x: Exact, shift: int, zero: int) -> np.ndarray:
    """The bytes of `x`, as QuantizeLinear defines them."""
    if isinstance(x.shift, int):
        rounded = shift_right_half_even(x.values, x.shift - shift)
    else:
        rounded = np.stack(
            [
                shift_right_half_even(plane, int(own) - shift)
                for plane, own in zip(x.values.swapaxes(0, 1), x.shift, strict=True)
            ],
            axis=1,
        )
    return np.clip(rounded + zero, 0, 255).astype(np.uint8)


def convolve(x: Exact, weight: Exact, bias: Exact, stride: int, padding: int) -> Exact:
    """(N, C, H, W) with (K, C, size, size): a sum of shifted products, one per tap."""
    if not isinstance(x.shift, int):
        raise ValueError("the input of a convolution needs one scale")
    size = weight.values.shape[2]
    padded = np.pad(x.values, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height = (padded.shape[2] - size) // stride + 1
    width = (padded.shape[3] - size) // stride + 1
    total = np.zeros((x.values.shape[0], weight.values.shape[0], height, width), np.int64)
    for row in range(size):
        for column in range(size):
            window = padded[
                :,
                :,
                row : row + stride * (height - 1) + 1 : stride,
                column : column + stride * (width - 1) + 1 : stride,
            ]
            total += np.einsum("kc,nchw->nkhw", weight.values[:, :, row, column], window)
    total += bias.values.reshape(-1, 1, 1)
    return Exact(total, np.asarray(weight.shift) + x.shift)


def run(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Compute the outputs of `model` (as written by graph.OnnxOps) for uint8 `inputs`."""
    values: dict[str, np.ndarray | Exact] = {
        tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
    }
    values.update(inputs)
    for node in model.graph.node:
        given = [values[name] if name else None for name in node.input]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](attributes, *given)
    results = (values[output.name] for output in model.graph.output)
    return [r.real().astype(np.float32) if isinstance(r, Exact) else r for r in results]


def _dequantize(_: dict, x: np.ndarray, scale: np.ndarray, zero: np.ndarray) -> Exact:
    zero = zero.astype(np.int64)
    if zero.ndim and zero.any():
        raise ValueError("zero points per channel must be 0")
    return Exact(x.astype(np.int64) - (0 if zero.ndim else int(zero)), shift_of(scale))


def _quantize(_: dict, x: Exact, scale: np.ndarray, zero: np.ndarray) -> np.ndarray:
    return quantise(x, shift_of(scale), int(zero))


def _conv(attributes: dict, x: Exact, weight: Exact, bias: Exact) -> Exact:
    return convolve(x, weight, bias, attributes["strides"][0], attributes["pads"][0])


def _add(_: dict, x: Exact, y: Exact) -> Exact:
    if x.shift != y.shift:
        raise ValueError(f"sum of shifts {x.shift} and {y.shift}")
    return Exact(x.values + y.values, x.shift)


def _multiply(_: dict, x: Exact, y: Exact) -> Exact:
    return Exact(x.values * y.values, x.shift + y.shift)


def _concat(_: dict, *parts: Exact) -> Exact:
    return Exact(np.concatenate([part.values for part in parts], 1), parts[0].shift)


def _transpose(attributes: dict, x: np.ndarray | Exact) -> np.ndarray | Exact:
    order = attributes["perm"]
    if isinstance(x, Exact):
        if not isinstance(x.shift, int):
            raise ValueError("what is transposed needs one scale")
        return Exact(x.values.transpose(order), x.shift)
    return x.transpose(order)


def _resize(_: dict, x: Exact, __: None, ___: np.ndarray) -> Exact:
    return Exact(x.values.repeat(2, axis=2).repeat(2, axis=3), x.shift)


OPERATORS = {
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
    "Conv": _conv,
    "Add": _add,
    "Mul": _multiply,
    "Concat": _concat,
    "Resize": _resize,
    "Transpose": _transpose,
}
