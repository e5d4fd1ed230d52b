"""Networks: the same integers everywhere, the index tells the truth, ids keep their meaning."""

import dataclasses
import hashlib
import json
import re

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from pillow_colorgrid.codings.jpeg import model as jpeg
from pillow_colorgrid.codings.lossless import model as lossless
from pillow_colorgrid.errors import DamagedError, NetworkError
from pillow_colorgrid.runtime import heads, networks, products
from tests.conftest import GOLDEN, MODELS
from tools.export import evaluate
from tools.export.heads import without_head

ENTRIES = json.loads((MODELS / "index.json").read_text())["networks"]
INTEGER = [entry for entry in ENTRIES if entry["integer"]]


def model_of(entry: dict) -> onnx.ModelProto:
    return evaluate.load(MODELS / entry["file"])


def file_of(entry: dict) -> onnx.ModelProto:
    """As onnxruntime gets it."""
    return evaluate.load_file(MODELS / entry["file"])


def by_name(entry: dict) -> str:
    return f"{entry['id']}-{entry['name']}"


def session(entry: dict, optimised: bool, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = (
        levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    )
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        file_of(entry).SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=list(networks.DISABLED_OPTIMIZERS),
    )


def inputs_of(entry: dict, scale: int = 1, seed: int = 3) -> dict[str, np.ndarray]:
    """Random bytes; sides are the self-test's times `scale`."""
    opened = session(entry, optimised=False, threads=1)
    sides = opened.get_modelmeta().custom_metadata_map
    rng = np.random.default_rng(seed)
    inputs = {}
    for argument in opened.get_inputs():
        side = scale * int(sides[f"side_{argument.name}"])
        shape = (1, networks.planes_of(opened, argument), side, side)
        inputs[argument.name] = rng.integers(0, 256, shape, np.uint8)
    return inputs


@pytest.mark.parametrize("entry", INTEGER, ids=by_name)
@pytest.mark.parametrize(("optimised", "threads"), [(True, 1), (True, 3), (False, 1), (False, 3)])
def test_onnxruntime_computes_the_reference_integers(
    entry: dict, optimised: bool, threads: int
) -> None:
    inputs = inputs_of(entry)
    expected = evaluate.run(model_of(entry), inputs)
    found = networks.answers(session(entry, optimised, threads), inputs)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


@pytest.mark.parametrize("entry", INTEGER, ids=by_name)
def test_extreme_inputs_stay_exact(entry: dict) -> None:
    for value in (0, 255):
        inputs = {name: np.full_like(x, value) for name, x in inputs_of(entry).items()}
        expected = evaluate.run(model_of(entry), inputs)
        for optimised in (True, False):
            found = networks.answers(session(entry, optimised, 2), inputs)
            assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("entry", INTEGER, ids=by_name)
def test_a_batch_equals_its_pictures(entry: dict) -> None:
    opened = session(entry, optimised=True, threads=2)
    one, two = inputs_of(entry, 2, seed=4), inputs_of(entry, 2, seed=5)
    together = {name: np.concatenate([one[name], two[name]]) for name in one}
    both = networks.answers(opened, together)
    for single, place in ((one, 0), (two, 1)):
        for a, b in zip(networks.answers(opened, single), both, strict=True):
            assert np.array_equal(a[0], b[place])


@pytest.mark.parametrize("entry", INTEGER, ids=by_name)
def test_a_tile_equals_the_whole_away_from_its_edge(entry: dict) -> None:
    """Only the zeros around a tile tell it from its part of the whole."""
    opened = session(entry, optimised=True, threads=2)
    sides = opened.get_modelmeta().custom_metadata_map
    whole = inputs_of(entry, 16)
    tile = {
        name: x[..., : 12 * int(sides[f"side_{name}"]), : 12 * int(sides[f"side_{name}"])]
        for name, x in whole.items()
    }
    of_tile, of_whole = networks.answers(opened, tile), networks.answers(opened, whole)
    for a, b in zip(of_tile, of_whole, strict=True):
        kept = a.shape[-1] // 3  # the other two thirds are wider than any receptive field
        assert np.array_equal(a[..., :kept, :kept], b[..., :kept, :kept])


@pytest.mark.parametrize("entry", INTEGER, ids=by_name)
def test_accumulators_stay_below_2_to_24(entry: dict) -> None:
    model = model_of(entry)
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    made_by = {name: node for node in model.graph.node for name in node.output}
    checked = 0
    for node in model.graph.node:
        if node.op_type != "Conv":
            continue
        source, weight, bias = (made_by[name] for name in node.input)
        zero = int(values[source.input[2]])
        integers = values[weight.input[0]].astype(np.int64)
        assert np.abs(integers).max() <= 64
        bound = np.abs(integers).sum((1, 2, 3)) * max(zero, 255 - zero)
        bound += np.abs(values[bias.input[0]].astype(np.int64))
        assert bound.max() < 2**24
        checked += 1
    assert checked > 0


@pytest.mark.parametrize("entry", ENTRIES, ids=by_name)
def test_index_tells_the_truth(entry: dict) -> None:
    data = (MODELS / entry["file"]).read_bytes()
    assert len(data) == entry["size_bytes"]
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    if ".onnx" in entry["file"]:  # tables: test_lossless_model.py
        assert evaluate.integer_hash(model_of(entry))[:16] == entry["hash"]
    if entry["integer"]:
        assert networks.self_test(session(entry, True, 2)) == entry["self_test"]


def test_registered_ids_keep_their_meaning() -> None:
    """golden/networks.tsv grows with each release; no line ever changes."""
    lines = [line.split("\t") for line in (GOLDEN / "networks.tsv").read_text().splitlines()[1:]]
    registered = {int(number): network_hash for number, network_hash, *_ in lines}
    assert registered == {entry["id"]: entry["hash"] for entry in ENTRIES}


ALLOWED = {
    "DequantizeLinear": {(), ("axis=0",)},
    "QuantizeLinear": {()},
    "Conv": {
        (f"kernel_shape=[{k}, {k}]", f"pads={[k // 2] * 4}", f"strides=[{s}, {s}]")
        for k, s in ((1, 1), (3, 1), (3, 2), (5, 1))
    },
    "Add": {()},
    "Mul": {()},
    "Concat": {("axis=1",)},
    "Resize": {
        ("coordinate_transformation_mode=b'asymmetric'", "mode=b'nearest'", "nearest_mode=b'floor'")
    },
}
"""The operators of FORMAT.md and what their attributes may be."""


@pytest.mark.parametrize("entry", INTEGER, ids=by_name)
def test_operators_are_those_of_the_format(entry: dict) -> None:
    model = model_of(entry)
    assert [opset.version for opset in model.opset_import] == [17]
    for node in model.graph.node:
        attributes = sorted(
            f"{a.name}={onnx.helper.get_attribute_value(a)}" for a in node.attribute
        )
        assert tuple(attributes) in ALLOWED[node.op_type]


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e["role"] == "lossless"], ids=by_name)
def test_files_of_lossless_networks_have_their_head_beside_the_graph(entry: dict) -> None:
    of_file = file_of(entry)
    assert [output.name for output in of_file.graph.output] == [heads.FEATURES, heads.PIXELS]
    assert without_head(model_of(entry)) == of_file
    head = networks.head(networks.index()[entry["id"]])
    looked_at = model_of(entry).graph.input[0].type.tensor_type.shape.dim[1].dim_value
    taken = of_file.graph.input[0].type.tensor_type.shape.dim[2].dim_value
    assert head.inputs == looked_at <= taken < looked_at + 4
    assert taken % 4 == 0
    assert head.weights.shape == (entry["features"], len(head.bias))
    assert np.abs(head.weights.astype(int)).max() <= products.LARGEST


def test_names_and_roles_agree() -> None:
    of_names = {"lossless_tables": "tables", "jpeg_set": "jpeg_set"}
    for entry in ENTRIES:
        name = entry["name"]
        group = name.split("_")[0]
        role = of_names.get(name, group if group in ("lossless", "jpeg") else name)
        assert entry["role"] == role, name


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e["role"] == "tables"], ids=by_name)
def test_tables_name_the_networks_of_their_passes(entry: dict) -> None:
    with np.load(MODELS / entry["file"]) as tables:
        members = [networks.index()[number] for number in tables["networks"].tolist()]
    assert [member.name for member in members] == [f"lossless_{name}" for name in lossless.NAMES]
    assert {member.role for member in members} == {"lossless"}


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e["role"] == "jpeg_set"], ids=by_name)
def test_sets_name_the_networks_of_their_steps(entry: dict) -> None:
    found = {name: networks.index()[number] for name, number in jpeg.members(entry["id"]).items()}
    assert [member.name for member in found.values()] == [f"jpeg_{name}" for name in found]
    assert {member.role for member in found.values()} == {"jpeg"}


def payload(*numbers: int) -> bytes:
    return networks.pack_references(numbers).payload


def test_a_network_for_something_else_is_refused() -> None:
    assert [n.id for n in networks.read_roles(payload(60, 64), ("tables", "crayon"))] == [60, 64]
    with pytest.raises(DamagedError, match="64 is for the role crayon, needed here: tables"):
        networks.read_roles(payload(64), ("tables",))
    with pytest.raises(DamagedError, match="2 networks named, allowed: tables"):
        networks.read_roles(payload(60, 64), ("tables",))
    with pytest.raises(DamagedError, match="0 bytes"):
        networks.read_roles(b"", ("tables",))


def test_networks_are_small() -> None:
    autoencoder = [e["size_bytes"] for e in ENTRIES if e["name"] in ("a_encoder", "a_decoder")]
    assert sum(autoencoder) <= 1.5e6
    assert sum(entry["size_bytes"] for entry in ENTRIES) <= 9.5e6


def test_wrong_computation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = networks.index()[INTEGER[0]["id"]]
    wrong = dataclasses.replace(network, id=60_000, self_test="00" * 32)
    with pytest.raises(NetworkError, match="computes network 60000 wrongly here"):
        networks.session(wrong)


def test_damaged_network_is_refused() -> None:
    network = networks.index()[INTEGER[0]["id"]]
    with pytest.raises(NetworkError, match="its SHA-256 is not"):
        networks.session(dataclasses.replace(network, id=60_001, sha256="00" * 32))


def test_the_specification_lists_each_file() -> None:
    text = (MODELS.parent / "FORMAT.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| `([^`]+)` \| `([0-9a-f]{16})` \| ([\d,]+) \|", text, re.M)
    told = {(int(a), b, c, int(d.replace(",", ""))) for a, b, c, d in rows}
    files = [e for e in ENTRIES if e["role"] not in ("jpeg", "jpeg_set")]  # those are not listed
    assert told == {(e["id"], e["file"], e["hash"], e["size_bytes"]) for e in files}
