"""Answers of probe.py, how those of two machines are compared, and commands that must not fail."""

import csv
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from tests.compat.probe import GOLDEN

ROOT = Path(__file__).resolve().parents[2]
PROBE = Path(__file__).with_name("probe.py")

CACHE = ROOT / ".venv-matrix"
"""Virtual environments, foreign packages, results: git ignores it, `make clean` removes it."""

Lines = dict[tuple[str, str], str]
"""The probe's lines: (kind, name) -> SHA-256 or version."""

OTHERS_BYTES = {"decolorized-webp": "webp"}
"""Files that hold what another library wrote -> that library, by its name among the versions.

Their bytes may differ where the library's versions differ; their pixels never.
"""


def stop(reason: str) -> NoReturn:
    """End the command: nothing is skipped in silence."""
    sys.exit(f"{Path(sys.argv[0]).name}: {reason}")


def run(command: Iterable[str | Path], variables: Mapping[str, str] | None = None) -> str:
    """What `command` prints; it ends this command where it fails, with all that it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, env=variables, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-3000:]
        stop(f"{shlex.join(words)}\nfailed ({done.returncode}):\n{said}")
    return done.stdout


def read_lines(text: str) -> Lines:
    """What probe.py printed."""
    return {(kind, name): value for kind, name, value in map(str.split, text.splitlines())}


def untrue(lines: Lines) -> list[str]:
    """Golden files that `lines` lack or that show other pixels than files.tsv says."""
    table = csv.DictReader((GOLDEN / "files.tsv").read_text().splitlines(), delimiter="\t")
    return [
        f"golden {row['file']}: {lines.get(('golden', row['file']), 'missing')}, "
        f"expected {row['sha256 of the pixels']}"
        for row in table
        if lines.get(("golden", row["file"])) != row["sha256 of the pixels"]
    ]


def versions(lines: Lines) -> dict[str, str]:
    return {name: value for (kind, name), value in lines.items() if kind == "version"}


def differences(found: Lines, expected: Lines) -> list[str]:
    """What two machines disagree on, one line each; none where every answer is the same."""
    one, other = versions(found), versions(expected)
    said = []
    for kind, name in sorted({*found, *expected}):
        a, b = found.get((kind, name)), expected.get((kind, name))
        if kind == "version" or a == b:
            continue
        library = OTHERS_BYTES.get(name) if kind == "written" else None
        if library is None or one[library] == other[library] or None in (a, b):
            said.append(f"{kind} {name}: {a or 'missing'}, expected {b or 'nothing'}")
    return said


def counts(lines: Lines) -> str:
    """How many answers of which kind, for people."""
    kinds = Counter(kind for kind, _ in lines)
    return (
        f"{kinds['network'] + kinds['new']} networks' known answers, {kinds['golden']} golden "
        f"files decoded, {kinds['written']} files written and shown"
    )
