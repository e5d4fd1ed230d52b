"""Other releases of Python and of the four dependencies: the same pixels, the same bytes.

    python -m tests.compat.matrix                   every cell, SELECTION of the tests
    python -m tests.compat.matrix --all             every cell, all tests but training and browser
    python -m tests.compat.matrix --cells lowest-3.11 --probe-only

A cell is one Python with one set of dependencies in a virtual environment of its own: "lowest" is
what setup.cfg allows, "newest" what PyPI has, "between" releases of onnxruntime whose optimiser
QDQFinalCleanupTransformer breaks graphs (no tests there, the probe alone). In each cell probe.py
asks all networks, decodes the golden files, writes new files; all cells must print the same. Then
pytest runs. Cells that are done with this source are not run again (`--again` does); Pythons that
this machine lacks are named. A few minutes a cell on one core; installing is one of them.
"""

import argparse
import hashlib
import importlib.util
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from configparser import ConfigParser
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.compat.answers import (
    CACHE,
    PROBE,
    ROOT,
    Lines,
    counts,
    differences,
    read_lines,
    run,
    stop,
    untrue,
    versions,
)

PYTHONS = ("3.11", "3.12", "3.13")

BETWEEN = {
    "onnxruntime": "1.24.4",
    "numpy": "2.2.6",
    "pillow": "11.3.0",
    "zstandard": "0.24.0",
    "threadpoolctl": "3.6.0",
    "tqdm": "4.66.6",
}

FIRST_WHEELS = {"3.13": {"onnxruntime": "1.20.0", "numpy": "2.1.0"}}
"""Where the lowest release that setup.cfg allows has no wheel for a Python: the first that has."""

SELECTION = (
    "tests/codings",
    "tests/color",
    "tests/entropy",
    "tests/format/test_golden.py",
    "tests/runtime/test_networks.py",
    "tests/test_container.py",
    "tests/test_metadata.py",
    "tests/test_modes.py",
    "tests/test_plugin.py",
)
"""Tests that say what is in a file and what a file shows."""

TEST_PACKAGES = (
    "defusedxml",
    "hypothesis>=6",
    "onnx>=1.17",
    "pytest-xdist>=3",
    "pytest>=8",
    "scikit-image>=0.25",
    "tqdm",
)

LEFT_OUT = ("mypy", "ruff", "selenium")
"""Packages of the extra "test" that no test of --all needs: the linters', and the browser's."""

ALSO = ("onnx>=1.17", "bjontegaard>=1.3", "imagecodecs", "pillow-jxl-plugin>=1.3")
"""Packages of other extras that tests of --all need."""


@dataclass(frozen=True)
class Cell:
    """One Python with one set of dependencies; `python` is the interpreter's path."""

    dependencies: str
    release: str
    python: Path

    @property
    def name(self) -> str:
        return f"{self.dependencies}-{self.release}"

    @property
    def folder(self) -> Path:
        return CACHE / self.name

    @property
    def own_python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    def requirements(self) -> list[str]:
        """The dependencies, pinned unless they are the newest."""
        bounds = lower_bounds()
        if self.dependencies == "newest":
            return list(bounds)
        pins = bounds | FIRST_WHEELS.get(self.release, {})
        return [
            f"{k}=={v}" for k, v in (BETWEEN if self.dependencies == "between" else pins).items()
        ]


@dataclass
class Result:
    """What a cell came to; kept as result.json, so that a later run can go on."""

    source: str
    selection: list[str]
    lines: list[tuple[str, str, str]]
    tests: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def answers(self) -> Lines:
        return {(kind, name): value for kind, name, value in self.lines}

    def summary(self) -> str:
        if not self.tests:
            return "probe only"
        return ", ".join(f"{number} {what}" for what, number in sorted(self.tests.items()))


def extra(name: str | None) -> list[str]:
    """Requirements of setup.cfg: of the package, or of one of its extras."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    text = setup["options.extras_require"][name] if name else setup["options"]["install_requires"]
    return text.split()


def lower_bounds() -> dict[str, str]:
    """Each dependency of the package -> the lowest release that setup.cfg allows."""
    return dict(requirement.split(">=") for requirement in extra(None))


def find_python(release: str) -> Path | None:
    """An interpreter of `release` ("3.12"): on the PATH, else one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    ask = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    for candidate in (
        sys.executable,
        shutil.which(f"python{release}"),
        *sorted(pyenv.glob(f"{release}.*/bin/python"), reverse=True),
    ):
        if candidate is None:
            continue
        told = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
        if told.returncode == 0 and told.stdout.strip() == release:
            return Path(candidate)
    return None


def source_digest() -> str:
    """SHA-256 of all that a cell's result depends on here; of this folder, that is the probe."""
    digest = hashlib.sha256()
    files = [
        path
        for folder in ("pillow_colorgrid", "models", "tests", "tools")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.parent != PROBE.parent
    ]
    for path in sorted([*files, PROBE, ROOT / "setup.cfg", ROOT / "pyproject.toml"]):
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_environment(cell: Cell, packages: list[str]) -> None:
    """The cell's virtual environment; made anew where another set of packages is wanted."""
    wanted = json.dumps([str(cell.python), cell.requirements(), packages])
    told = cell.folder / "packages.json"
    if told.exists() and told.read_text() == wanted:
        return
    shutil.rmtree(cell.folder, ignore_errors=True)
    cell.folder.mkdir(parents=True)
    run([cell.python, "-m", "venv", "--without-pip", cell.folder / "venv"])
    pip = [sys.executable, "-m", "pip", "--python", cell.own_python]
    install = [*pip, "install", "--quiet", "--only-binary", "onnxruntime,numpy,pillow,zstandard"]
    run([*install, "setuptools>=77", *cell.requirements(), *packages])
    # Without its requirements, which are there; "pip check" then tells whether setup.cfg lies.
    run([*install, "--no-deps", "--no-build-isolation", "--editable", ROOT])
    told_by_pip = subprocess.run([*pip, "check"], capture_output=True, text=True, check=False)
    if "pillow_colorgrid" in told_by_pip.stdout.replace("-", "_"):
        stop(f"{cell.name}: {told_by_pip.stdout}")
    told.write_text(wanted)


def chosen_tests(everything: bool) -> list[str]:
    """Paths of tests; stops where one of SELECTION is not there any more."""
    if everything:
        return ["tests"]
    if missing := [name for name in SELECTION if not (ROOT / name).exists()]:
        stop(f"SELECTION names {', '.join(missing)}: not there")
    return [*SELECTION]


def run_tests(cell: Cell, tests: list[str], jobs: int) -> dict[str, int]:
    """Outcome -> how many tests; the log is in the cell's folder."""
    log = cell.folder / "tests.log"
    command = [
        str(cell.own_python),
        "-m",
        "pytest",
        "-p",
        "tests.compat.apart",
        "-p",
        "no:cacheprovider",
    ]
    command += ["-rsfE", "-n", str(jobs), *tests]
    with log.open("w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, check=False)
    text = log.read_text()
    last = text.rstrip().rsplit("\n", 1)[-1]
    numbers = re.findall(r"(\d+) (\w+)", last.split(" in ")[0])
    found = {what.removesuffix("s"): int(number) for number, what in numbers}  # "2 errors"
    if done.returncode not in (0, 1) or not found.get("passed"):
        stop(f"{cell.name}: pytest came to no result:\n{text[-3000:]}")
    for line in text.splitlines():
        if line.startswith(("FAILED", "ERROR", "SKIPPED")):
            print(f"    {line}", flush=True)
    return found


def run_cell(cell: Cell, options: argparse.Namespace, source: str, new: Path | None) -> Result:
    """Install, ask, test; or what an earlier run found with the same source."""
    probe_only = options.probe_only or cell.dependencies == "between"
    tests = [] if probe_only else chosen_tests(options.all)
    packages = [] if cell.dependencies == "between" else [*TEST_PACKAGES]
    if options.all and not probe_only:
        wanted = [r for r in extra("test") if re.split("[<>=[]", r)[0] not in LEFT_OUT]
        packages = [*wanted, *ALSO]
    kept = cell.folder / "result.json"
    if kept.exists() and not options.again:
        found = Result(**json.loads(kept.read_text()))
        failed = found.tests.get("failed", 0) + found.tests.get("error", 0)
        if found.source == source and tests in ([], found.selection) and not failed:
            return found
    started = time.monotonic()
    make_environment(cell, packages)
    command = [cell.own_python, PROBE, *(["--new", new] if new else [])]
    printed = run(command)
    result = Result(source, tests, [(k, n, v) for (k, n), v in read_lines(printed).items()])
    if tests:
        result.tests = run_tests(cell, tests, options.jobs)
    result.seconds = time.monotonic() - started
    kept.write_text(json.dumps(asdict(result)))
    return result


def table(results: Iterable[tuple[Cell, Result]]) -> str:
    """One line for each cell, in Markdown."""
    columns = ("python", "onnxruntime", "numpy", "pillow", "zstandard", "zstd", "webp")
    rows = [["cell", *columns, "tests", "seconds"]]
    for cell, result in results:
        found = versions(result.answers())
        row = [cell.name, *(found[name] for name in columns)]
        rows.append([*row, result.summary(), f"{result.seconds:.0f}"])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Run the cells one after another and compare what they found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cells", nargs="+", help="for instance lowest-3.11; default: all")
    parser.add_argument("--all", action="store_true", help="all tests but training and browser")
    parser.add_argument("--probe-only", action="store_true", help="no tests: bytes and pixels")
    parser.add_argument("--again", action="store_true", help="also cells that are done")
    parser.add_argument("--jobs", type=int, default=2, help="processes of pytest")
    options = parser.parse_args()
    pythons = {release: find_python(release) for release in PYTHONS}
    if missing := [release for release, path in pythons.items() if path is None]:
        print(f"not on this machine, so not run: Python {', '.join(missing)}")
    cells = [
        Cell(dependencies, release, path)
        for release, dependencies in itertools.product(PYTHONS, ("lowest", "newest", "between"))
        if (path := pythons[release])
    ]
    if options.cells:
        if unknown := set(options.cells) - {cell.name for cell in cells}:
            names = ", ".join(cell.name for cell in cells)
            stop(f"no cell {', '.join(sorted(unknown))}; there are {names}")
        cells = [cell for cell in cells if cell.name in options.cells]
    new = None
    expected: Lines = {}
    if importlib.util.find_spec("torch"):
        from tests.compat import new_networks

        new = CACHE / "new"
        expected = {("new", name): answer for name, answer in new_networks.write(new).items()}
    else:
        print("PyTorch is not installed here: no network is exported, only those of models/ asked")
    source = source_digest()
    results: list[tuple[Cell, Result]] = []
    wrong: list[str] = []
    for cell in cells:
        print(f"{cell.name} ...", flush=True)
        result = run_cell(cell, options, source, new)
        answers = result.answers()
        reference = results[0][1].answers() if results else answers
        said = [*untrue(answers), *differences(answers, reference)]
        said += [
            f"new {n}: not numpy's" for (k, n), v in expected.items() if answers.get((k, n)) != v
        ]
        if failed := result.tests.get("failed", 0) + result.tests.get("error", 0):
            said.append(f"{failed} tests failed: {cell.folder / 'tests.log'}")
        wrong += [f"{cell.name}: {line}" for line in said]
        results.append((cell, result))
        print(f"    {counts(answers)}; {result.summary()}", flush=True)
    print("\n" + table(results) + "\n")
    if wrong:
        stop("\n".join(["cells differ or fail:", *wrong]))
    print(f"matrix: {len(results)} cells equal to the byte")


if __name__ == "__main__":
    main()
