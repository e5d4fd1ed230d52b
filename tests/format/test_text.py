"""What FORMAT.md lists is what there is: section types, codings, limits, roles."""

import json
import re

from pillow_colorgrid import container, limits, metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.frames import index, payload
from tests.conftest import MODELS, ROOT

TEXT = (ROOT / "FORMAT.md").read_text()


def between(start: str, end: str) -> str:
    return TEXT[TEXT.index(start) : TEXT.index(end)]


def test_all_section_types_are_in_the_table() -> None:
    table = between("| type | section | holds |", "### 1.3")
    listed = {name.encode() for name in re.findall(r"`(\w{4})`", table)}
    known = {t for coding in registry.all_codings() for t in coding.section_names}
    known |= {*metadata.NAMES, index.INDEX, index.FRAME, container.END}
    assert listed == known
    assert f"`{payload.PATCH.decode()}`" in TEXT  # inside of frames only


def test_all_codings_and_modes_are_listed() -> None:
    table = between("## 3. Codings", "### 3.1")
    assert {int(n): name for n, name in re.findall(r"^\| (\d+) \| (\w+) \|", table, re.M)} == {
        coding.number: coding.name for coding in registry.all_codings()
    }
    modes = between("### 1.3 Modes", "### 1.4")
    for name, number in container.MODE_IDS.items():
        assert f"| {number} | `{name}` |" in modes


def test_the_version_is_the_newest() -> None:
    newest = f"{container.MAJOR}.{container.MINOR}"
    assert TEXT.startswith(f"# The .cgx format, version {newest}\n")
    assert f"| {newest} |" in between("### 1.4 Versions", "## 2.")


def test_limits_are_those_of_the_reader() -> None:
    bounds = between("## 5.", "## 6.")
    assert limits.MAX_METADATA_BYTES == 64 * 2**20
    assert "64 MiB" in bounds
    assert f"Sections of a file: {limits.MAX_SECTIONS:,}." in bounds
    assert f"at most {limits.MAX_JPEG_SCANS} times the bytes `FF DA`" in bounds


def test_roles_are_those_of_the_index() -> None:
    listed = set(
        re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", between("**Roles.**", "**Hash.**"), re.M)
    )
    named = {name for line in listed for name in re.findall(r"`(\w+)`", line)}
    entries = json.loads((MODELS / "index.json").read_text())["networks"]
    assert named == {entry["role"] for entry in entries}
