"""Write the graph of weighted sums of bytes (`runtime.products`).

    python -m tools.export.products

MatMulInteger, then the sums as planes. No network and no part of the format: it has no id.
"""

import onnx
from onnx import TensorProto, helper

from pillow_colorgrid.runtime.products import FILE
from tools.export.graph import finish
from tools.export.onnx_files import MODELS


def model() -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    values = value("values", TensorProto.UINT8, ["n", "rows", "columns", "values"])
    weights = value("weights", TensorProto.INT8, ["values", "sums"])
    sums = value("sums", TensorProto.INT32, ["n", "sums", "rows", "columns"])
    nodes = [
        helper.make_node("MatMulInteger", ["values", "weights"], ["of_pixels"], name="products"),
        helper.make_node("Transpose", ["of_pixels"], ["sums"], name="planes", perm=[0, 3, 1, 2]),
    ]
    return finish(helper.make_graph(nodes, "products", [values, weights], [sums]))


if __name__ == "__main__":
    (MODELS / FILE).write_bytes(model().SerializeToString(deterministic=True))
