"""What is exported from now on ends with its QuantizeLinear: any onnxruntime loads it as it is."""

from collections import Counter
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch

from pillow_colorgrid.codings.lossless import model
from pillow_colorgrid.runtime.heads import FEATURES, PIXELS
from tests.compat.pairs import outputs_behind_a_pair
from tests.conftest import MODELS
from tools.export import evaluate, heads, lossless
from tools.export.onnx_files import Exported
from tools.train import lossless_networks


@pytest.fixture(scope="module")
def exported() -> Exported:
    """An untrained network; `lossless.export` compares its bits in three ways."""
    torch.manual_seed(5)
    name = model.NAMES[0]
    network = lossless_networks.predictors(8, {"fine": 2, "second": 1, "coarse": 1})[name]
    return lossless.export("lossless_" + name, network)


def test_no_pair_without_effect_is_exported(exported: Exported) -> None:
    assert [output.name for output in exported.model.graph.output] == ["features", "outputs"]
    assert outputs_behind_a_pair(exported.model) == []


def test_a_pair_would_be_found() -> None:
    """The networks of the first releases had it, and their hashes still tell of it."""
    path = MODELS / "lossless_luminance_fine_diagonal_48.onnx.zst"
    assert outputs_behind_a_pair(evaluate.load(path)) == ["features"]


def test_nothing_is_computed_that_nobody_reads(exported: Exported) -> None:
    graph = exported.model.graph
    read = {name for node in graph.node for name in node.input} | {x.name for x in graph.output}
    assert all(not read.isdisjoint(node.output) for node in graph.node)


def test_the_head_reads_the_features_that_are_given_out(exported: Exported) -> None:
    """An adaptation corrects by `features`: they are what the outputs were computed from."""
    (dequantised,) = [n for n in exported.model.graph.node if "features" in n.input]
    assert dequantised.op_type == "DequantizeLinear"
    (head,) = [n for n in exported.model.graph.node if "outputs" in n.output]
    assert head.op_type == "Conv"
    assert head.input[0] == dequantised.output[0]


def test_a_file_has_its_head_beside_the_graph(exported: Exported) -> None:
    of_file = exported.of_file
    assert [output.name for output in of_file.graph.output] == [FEATURES, PIXELS]
    assert outputs_behind_a_pair(of_file) == []
    assert heads.with_head(of_file) == exported.model


def test_onnxruntime_fuses_it_to_integer_kernels(exported: Exported, tmp_path: Path) -> None:
    """And transposes nothing but the inputs: features are given out as its kernels keep them."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3  # that such a file is for this machine only
    onnxruntime.InferenceSession(
        exported.of_file.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    kernels = Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)
    assert kernels == {"Transpose": 1, "QLinearConv": 3, "QLinearAdd": 2}  # the join, two blocks
