"""Networks with their head in the graph, as they are trained and hashed, and as files hold them.

A file of `models/` gives out its features, and its inputs, as onnxruntime's integer kernels keep
them, pixel by pixel: a Transpose at each end says so, and onnxruntime cancels them against its own.
It takes its inputs row by row, and some more than it looks at (`runtime.heads.as_rows`).
The head is metadata (`runtime.heads`). That saves a fifth of the time, and the integers are the
same: `with_head` makes the whole graph of such a file again, to the name, so that its hash can be
computed.
"""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pillow_colorgrid.runtime.heads import FEATURES, INPUTS_KEY, KEY, PIXELS, rounded_up

INPUTS, OUTPUTS = "inputs", "outputs"

NUMBER_KEY = "head_number"
"""Metadata: the number in the names of the head's constants."""

TO_PIXELS, TO_PLANES = [0, 2, 3, 1], [0, 3, 1, 2]
"""From (N, features, rows, columns) to (N, rows, columns, features), and back."""

ROWS_TO_PIXELS = [0, 1, 3, 2]
"""From (N, rows, inputs, columns) to (N, rows, columns, inputs)."""

SHAPE = ["n", None, None, None]


def without_head(model: onnx.ModelProto) -> onnx.ModelProto:
    """As a file holds it: a graph with `features` and `outputs`, the last convolution."""
    slim = onnx.ModelProto()
    slim.CopyFrom(model)
    graph = slim.graph
    (head,) = [node for node in graph.node if OUTPUTS in node.output]
    made_by = {name: node for node in graph.node for name in node.output}
    features, weight, bias = (made_by[name] for name in head.input)
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    zero = values[features.input[2]]
    if head.op_type != "Conv" or zero != 0:
        raise ValueError(f"head {head.op_type}, features with zero point {zero}: needed Conv, 0")
    told = {
        "shifts": _shifts(values[bias.input[1]]).tolist(),
        "bias": values[bias.input[0]].tolist(),
        "weights": values[weight.input[0]][:, :, 0, 0].tolist(),
    }
    number = weight.input[0].removeprefix("weight_")
    # what made the bytes that the head sees: older graphs have a pair of nodes behind it
    made_by[features.input[0]].output[0] = "features_planes"
    _keep_what_is_read(graph, "features_planes")
    (first,) = [node for node in graph.node if INPUTS in node.input]
    # the second Transpose behind it, or else onnxruntime makes two of the first
    planes, real = first.output[0], "real_pixels"
    first.input[0], first.output[0] = PIXELS, real
    graph.node.insert(0, _transposed(INPUTS, PIXELS, ROWS_TO_PIXELS))
    graph.node.insert(2, _transposed(real, planes, TO_PLANES, "inputs_planes"))
    graph.node.append(_transposed("features_planes", FEATURES, TO_PIXELS))
    inputs = graph.input[0].type.tensor_type.shape.dim[1].dim_value
    _set_inputs(graph, rounded_up(inputs), ["n", "rows", rounded_up(inputs), "columns"])
    slim.metadata_props.add(key=INPUTS_KEY, value=str(inputs))
    del graph.output[:]
    for name in (FEATURES, PIXELS):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.UINT8, SHAPE))
    slim.metadata_props.add(key=KEY, value=json.dumps(told, separators=(",", ":")))
    slim.metadata_props.add(key=NUMBER_KEY, value=number)
    onnx.checker.check_model(slim)
    return slim


def _set_inputs(graph: onnx.GraphProto, inputs: int, shape: list[str | int]) -> None:
    """Let a graph take so many inputs: the first weights of those beyond are 0, or leave."""
    graph.input[0].CopyFrom(helper.make_tensor_value_info(INPUTS, TensorProto.UINT8, shape))
    made_by = {name: node for node in graph.node for name in node.output}
    first = next(node for node in graph.node if node.op_type == "Conv")
    name = made_by[first.input[1]].input[0]
    (constant,) = [tensor for tensor in graph.initializer if tensor.name == name]
    weights = numpy_helper.to_array(constant)[:, :inputs]
    missing = [(0, 0), (0, inputs - weights.shape[1]), (0, 0), (0, 0)]
    constant.CopyFrom(numpy_helper.from_array(np.pad(weights, missing), name))


def _shifts(scales: np.ndarray) -> np.ndarray:
    """Shifts k of scales ``2**-k``."""
    return 1 - np.asarray(np.frexp(scales)[1])


def _transposed(what: str, to: str, order: list[int], name: str = "") -> onnx.NodeProto:
    return helper.make_node("Transpose", [what], [to], name=name or to, perm=order)


def _keep_what_is_read(graph: onnx.GraphProto, output: str) -> None:
    """Leave out nodes and constants that `output` does not need."""
    needed = {output}
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed.update(node.input)
    kept = [node for node in graph.node if needed & set(node.output)]
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(constants)


def with_head(model: onnx.ModelProto) -> onnx.ModelProto:
    """The whole graph of a file, with the outputs features and outputs; of others as it is."""
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if KEY not in metadata:
        return model
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    graph = whole.graph
    told, number = json.loads(metadata[KEY]), int(metadata[NUMBER_KEY])
    to_pixels, first, to_planes = graph.node[:3]
    first.input[0], first.output[0] = to_pixels.input[0], to_planes.output[0]
    for place in (2, 0, -1):
        del graph.node[place]  # each Transpose
    inputs = int(metadata[INPUTS_KEY])
    _set_inputs(graph, inputs, ["n", inputs, f"{INPUTS}_height", f"{INPUTS}_width"])
    quantised = graph.node[-1]
    _, scale, zero = quantised.input
    coding = [scale, zero]
    (shift,) = [
        _shifts(numpy_helper.to_array(one)) for one in graph.initializer if one.name == scale
    ]

    def add(operator: str, inputs: list[str], output: str = "", **attributes: object) -> str:
        name = f"{operator}_{len(graph.node)}"
        made = output or name
        graph.node.append(helper.make_node(operator, inputs, [made], name=name, **attributes))
        return made

    # graphs of before 2026-11 give out the features behind a pair of nodes that does nothing
    paired = number == len(graph.node) + 2
    quantised.output[0] = quantised.name if paired else FEATURES
    features = add("DequantizeLinear", [quantised.output[0], *coding])
    if paired:
        add("QuantizeLinear", [features, *coding], FEATURES)
    scales = np.ldexp(np.float32(1), -np.array(told["shifts"]))
    weights = np.array(told["weights"], np.int8)[..., None, None]
    parts = (
        ("weight", weights, np.ldexp(scales, shift)),
        ("bias", np.array(told["bias"], np.int32), scales),
    )
    inputs = [features]
    for name, values, own in parts:
        constants = {
            f"{name}_{number}": values,
            f"{name}_scale_{number}": own,
            f"{name}_zero_{number}": np.zeros(len(own), values.dtype),
        }
        for one, array in constants.items():
            graph.initializer.append(numpy_helper.from_array(array, one))
        inputs.append(add("DequantizeLinear", [*constants], axis=0))
    add("Conv", inputs, OUTPUTS, kernel_shape=[1, 1], strides=[1, 1], pads=[0, 0, 0, 0])
    del graph.output[:]
    for name, kind in ((FEATURES, TensorProto.UINT8), (OUTPUTS, TensorProto.FLOAT)):
        graph.output.append(helper.make_tensor_value_info(name, kind, SHAPE))
    kept = [
        entry for entry in model.metadata_props if entry.key not in (KEY, NUMBER_KEY, INPUTS_KEY)
    ]
    del whole.metadata_props[:]
    whole.metadata_props.extend(kept)
    onnx.checker.check_model(whole)
    return whole
