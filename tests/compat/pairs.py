"""The end of a graph that onnxruntime 1.24 to 1.30 and onnxruntime-web cannot optimise."""

import onnx


def outputs_behind_a_pair(model: onnx.ModelProto) -> list[str]:
    """Outputs whose QuantizeLinear only undoes the DequantizeLinear before it."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    found = []
    for output in model.graph.output:
        last = made_by[output.name]
        before = made_by.get(last.input[0])
        if (
            last.op_type == "QuantizeLinear"
            and before is not None
            and before.op_type == "DequantizeLinear"
            and list(last.input[1:]) == list(before.input[1:])
        ):
            found.append(output.name)
    return found
