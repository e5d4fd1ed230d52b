"""Integer networks as ONNX: `OnnxOps` writes what `layers.TorchOps` computes as a QDQ graph.

QDQ means: between a DequantizeLinear and a QuantizeLinear the graph is written in float32, and
all scales are powers of two. The CPU provider fuses the triples into int8 kernels; every other
provider computes them as they stand. Both give the same integers.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from tools.train.layers import Coded, QConv

OPSET = 17
IR_VERSION = 8

ACCUMULATOR_LIMIT = 2**24
"""float32 holds every integer below this."""


@dataclass(frozen=True)
class Value:
    """A tensor of the graph: its name as float32, how its bytes are kept (None: accumulator)."""

    name: str
    coded: Coded | None


class OnnxOps:
    """The operations of a network, written into a graph.

    Use: `input` for each input, then the network's `forward`, then `output`, then `model`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.scales: dict[int, str] = {}
        self.zeros: dict[int, str] = {}
        self.sides: dict[str, int] = {}
        self.largest_accumulator = 0.0

    # -- pieces ---------------------------------------------------------------------------------

    def constant(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, inputs: list[str], **attributes: object) -> str:
        result = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [result], name=result, **attributes))
        return result

    def coding(self, coded: Coded) -> list[str]:
        """Names of the scale and the zero point of `coded`."""
        if coded.shift not in self.scales:
            value = np.array(2.0**-coded.shift, np.float32)
            self.scales[coded.shift] = self.constant(f"scale_{coded.shift}", value)
        if coded.zero not in self.zeros:
            self.zeros[coded.zero] = self.constant(f"zero_{coded.zero}", np.uint8(coded.zero))
        return [self.scales[coded.shift], self.zeros[coded.zero]]

    def keep(self, name: str, out: Coded) -> Value:
        quantised = self.node("QuantizeLinear", [name, *self.coding(out)])
        return Value(self.node("DequantizeLinear", [quantised, *self.coding(out)]), out)

    # -- the operations, as in layers.TorchOps --------------------------------------------------

    def conv(self, layer: QConv, x: Value) -> Value:
        if x.coded != layer.coded:
            raise ValueError(f"{layer} was made for {layer.coded}, gets {x.coded}")
        weight, bias, shifts = (tensor.detach().double().numpy() for tensor in layer.integers())
        accumulator = np.abs(weight).sum((1, 2, 3)) * max(x.coded.zero, 255 - x.coded.zero)
        self.largest_accumulator = max(
            self.largest_accumulator, float((accumulator + np.abs(bias)).max())
        )
        if self.largest_accumulator >= ACCUMULATOR_LIMIT:
            raise ValueError(
                f"accumulator may reach {self.largest_accumulator:.0f}, allowed < 2**24"
            )
        number = len(self.nodes)
        scale = np.exp2(-shifts).astype(np.float32)
        w = self.node(
            "DequantizeLinear",
            [
                self.constant(f"weight_{number}", weight.astype(np.int8)),
                self.constant(f"weight_scale_{number}", scale),
                self.constant(f"weight_zero_{number}", np.zeros(len(scale), np.int8)),
            ],
            axis=0,
        )
        b = self.node(
            "DequantizeLinear",
            [
                self.constant(f"bias_{number}", bias.astype(np.int32)),
                self.constant(f"bias_scale_{number}", scale * np.float32(2.0**-x.coded.shift)),
                self.constant(f"bias_zero_{number}", np.zeros(len(scale), np.int32)),
            ],
            axis=0,
        )
        result = self.node(
            "Conv",
            [x.name, w, b],
            kernel_shape=list(weight.shape[2:]),
            strides=[layer.stride] * 2,
            pads=[layer.padding] * 4,
        )
        # Behind a ReLU the zero point is 0, and quantising cuts what is negative.
        return Value(result, None) if layer.out is None else self.keep(result, layer.out)

    def add(self, x: Value, y: Value, out: Coded) -> Value:
        return self.keep(self.node("Add", [x.name, y.name]), out)

    def multiply(self, x: Value, y: Value, out: Coded) -> Value:
        return self.keep(self.node("Mul", [x.name, y.name]), out)

    def concat(self, *parts: Value) -> Value:
        if len({part.coded for part in parts}) != 1:
            raise ValueError(f"concat of differently kept parts: {[part.coded for part in parts]}")
        return self.keep(self.node("Concat", [part.name for part in parts], axis=1), parts[0].coded)

    def upsample(self, x: Value) -> Value:
        if "twice" not in {tensor.name for tensor in self.initializers}:
            self.constant("twice", np.array([1, 1, 2, 2], np.float32))
        doubled = self.node(
            "Resize",
            [x.name, "", "twice"],
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
        return self.keep(doubled, x.coded)

    # -- the ends ---------------------------------------------------------------------------------

    def input(self, name: str, channels: int, coded: Coded, side: int) -> Value:
        """An input of (N, channels, height, width) bytes.

        Args:
            side: height and width of this input in the self-test.
        """
        self.sides[name] = side
        shape = ["n", channels, f"{name}_height", f"{name}_width"]
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))
        return Value(self.node("DequantizeLinear", [name, *self.coding(coded)]), coded)

    def output(self, value: Value, name: str) -> None:
        """The bytes of `value` or, of an accumulator, exact multiples of a power of two.

        What made the bytes is itself the output; later nodes may still read `value`. Another pair
        of DequantizeLinear and QuantizeLinear for the output alone would change no bit, but
        onnxruntime 1.24 to 1.30 and onnxruntime-web refuse a graph that ends so.
        """
        if value.coded is None:
            source, kind = value.name, TensorProto.FLOAT
        else:
            source, kind = self._made(value.name).input[0], TensorProto.UINT8
        self._made(source).output[0] = name
        for node in self.nodes:
            for place, given in enumerate(node.input):
                if given == source:
                    node.input[place] = name
        self.outputs.append(helper.make_tensor_value_info(name, kind, ["n", None, None, None]))

    def _made(self, name: str) -> onnx.NodeProto:
        """The node that makes `name`."""
        return next(node for node in self.nodes if name in node.output)

    def model(self) -> onnx.ModelProto:
        read = {name for node in self.nodes for name in node.input}
        read.update(output.name for output in self.outputs)
        # Behind an output that nothing reads, its DequantizeLinear is left over.
        self.nodes = [node for node in self.nodes if not read.isdisjoint(node.output)]
        graph = helper.make_graph(
            self.nodes, self.name, self.inputs, self.outputs, self.initializers
        )
        model = finish(graph)
        for name, side in self.sides.items():
            model.metadata_props.add(key=f"side_{name}", value=str(side))
        return model


class FloatGraph:
    """A float graph, for encoder-side networks: their output is sent, not repeated to the bit."""

    def __init__(self, name: str, input_name: str, channels: int) -> None:
        self.name, self.input_name, self.channels = name, input_name, channels
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, inputs: list[str], **attributes: object) -> str:
        result = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [result], name=result, **attributes))
        return result

    def conv(self, layer: nn.Conv2d, x: str) -> str:
        number = len(self.nodes)
        return self.node(
            "Conv",
            [
                x,
                self.constant(f"weight_{number}", layer.weight.detach().cpu().numpy()),
                self.constant(f"bias_{number}", layer.bias.detach().cpu().numpy()),
            ],
            kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride),
            pads=list(layer.padding) * 2,
        )

    def model(self) -> onnx.ModelProto:
        """The graph; the last node is its output."""
        self.nodes[-1].output[0] = "output"
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [
                helper.make_tensor_value_info(
                    self.input_name, TensorProto.FLOAT, ["n", self.channels, "height", "width"]
                )
            ],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", None, None, None])],
            self.initializers,
        )
        return finish(graph)


def finish(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="pillow_colorgrid"
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model
