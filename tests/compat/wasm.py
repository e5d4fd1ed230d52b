"""WebAssembly: the same integers by onnxruntime-web in Node, which is what a browser runs.

    python -m tests.compat.wasm

Each integer network of models/ is asked its known question, and the answer must be that of
index.json to the bit, or, of a network whose head is beside its graph, that of numpy: with graph
optimisation "disabled" and with "all". Networks whose graph ends with a pair of DequantizeLinear
and QuantizeLinear that undo each other are asked with "disabled" alone: "all" cannot load them, and
the web build takes no list of single optimisers.
Where PyTorch is installed, networks are exported as from now on (untrained) and asked with both.
Takes under a minute, the download of onnxruntime-web by npm (150 MB on disk) apart.
"""

import hashlib
import importlib.util
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx

from pillow_colorgrid.runtime import networks, products
from pillow_colorgrid.runtime.heads import head_of
from tests.compat.answers import CACHE, PROBE, run, stop
from tests.compat.pairs import outputs_behind_a_pair
from tools.export import evaluate

ONNXRUNTIME_WEB = "1.30.0"
"""The newest release that is no development build."""

MODULES = CACHE / f"wasm-{ONNXRUNTIME_WEB}"
QUESTIONS = CACHE / "wasm-questions"

LEVELS = ("disabled", "all")


@dataclass(frozen=True)
class Question:
    """A network with inputs, and what it must answer: SHA-256 of its outputs, at each level."""

    name: str
    model: bytes
    inputs: dict[str, np.ndarray]
    answer: str
    levels: tuple[str, ...]


def released() -> Iterator[Question]:
    """The networks of models/ with their known questions."""
    for network in networks.index().values():
        if not network.integer:
            continue
        data = networks.file_bytes(network)
        model = onnx.load_from_string(data)
        opened = networks.session(network)
        inputs = networks.taken(opened, networks.known_inputs(opened))
        yield Question(
            f"{network.id} {network.name}",
            data,
            inputs,
            network.self_test if head_of(opened) is None else answer_of(model, inputs),
            LEVELS[:1] if outputs_behind_a_pair(model) else LEVELS,
        )


def answer_of(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> str:
    """Of a graph that leaves its head to others: as numpy computes it in int64."""
    digest = hashlib.sha256()
    for output in evaluate.run(model, inputs):
        digest.update(np.ascontiguousarray(output).tobytes())
    return digest.hexdigest()


def sums_of_bytes() -> Question:
    """The graph of `runtime.products`."""
    values, weights = products.question()
    digest = hashlib.sha256(np.ascontiguousarray(products.answer(values, weights)).tobytes())
    data = networks.model_bytes(products.FILE)
    inputs = {"values": values, "weights": weights}
    return Question("products", data, inputs, digest.hexdigest(), LEVELS)


def exported_now() -> Iterator[Question]:
    from tests.compat import new_networks  # needs PyTorch

    for new in new_networks.exported():
        yield Question(f"new {new.name}", new.model, {"inputs": new.inputs}, new.answer, LEVELS)


def write(questions: list[Question]) -> None:
    """QUESTIONS, as wasm.mjs reads it."""
    shutil.rmtree(QUESTIONS, ignore_errors=True)
    QUESTIONS.mkdir(parents=True)
    asked = []
    for number, question in enumerate(questions):
        (QUESTIONS / f"{number}.onnx").write_bytes(question.model)
        inputs = []
        for name, values in question.inputs.items():
            file = f"{number}-{name}.bin"
            (QUESTIONS / file).write_bytes(values.tobytes())
            inputs.append(
                {"name": name, "file": file, "kind": str(values.dtype), "dims": list(values.shape)}
            )
        asked.extend(
            {
                "name": question.name,
                "model": f"{number}.onnx",
                "level": level,
                "inputs": inputs,
            }
            for level in question.levels
        )
    (QUESTIONS / "questions.json").write_text(json.dumps(asked))


def install() -> None:
    """onnxruntime-web, by npm."""
    if MODULES.exists():
        return
    partial = MODULES.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    run([*npm, "--prefix", partial, f"onnxruntime-web@{ONNXRUNTIME_WEB}"])
    partial.rename(MODULES)


def main() -> None:
    """Fetch what is missing, ask, compare."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            stop(f"{program} is missing: apt-get install nodejs npm")
    install()
    questions = [*released(), sums_of_bytes()]
    if importlib.util.find_spec("torch"):
        questions += exported_now()
    else:
        print("PyTorch is not installed: no network is exported, only those of models/ are asked")
    write(questions)
    started = time.monotonic()
    answers = run(["node", PROBE.with_name("wasm.mjs"), MODULES, QUESTIONS])
    found = {
        (name, level): answer
        for name, level, answer in (line.split("\t") for line in answers.splitlines())
    }
    wrong = [
        f"{question.name}, optimisation {level}: {found.get((question.name, level))}, "
        f"expected {question.answer}"
        for question in questions
        for level in question.levels
        if found.get((question.name, level)) != question.answer
    ]
    node = run(["node", "--version"]).strip()
    for level in LEVELS:
        asked = [question for question in questions if level in question.levels]
        print(f"optimisation {level!r}: {len(asked)} networks asked")
    print(f"onnxruntime-web {ONNXRUNTIME_WEB}, Node {node}: {time.monotonic() - started:.0f} s")
    if wrong:
        stop("\n".join(["WebAssembly answers otherwise:", *wrong]))
    print("WebAssembly: equal to the bit")


if __name__ == "__main__":
    main()
