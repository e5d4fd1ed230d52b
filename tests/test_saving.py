"""pillow_colorgrid.save: the same bytes as Image.save, and a misspelt keyword is a type error."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import pillow_colorgrid
from pillow_colorgrid.codings import registry
from pillow_colorgrid.metadata import KINDS, OTHERS
from pillow_colorgrid.options import described
from pillow_colorgrid.saving import SaveKeywords
from tests.conftest import ROOT


def test_it_writes_what_pillow_writes(small_photograph: Image.Image, tmp_path: Path) -> None:
    pillow_colorgrid.save(small_photograph, tmp_path / "any.name", effort=1, comment="x")
    file = io.BytesIO()
    small_photograph.save(file, "CGX", effort=1, comment="x")
    assert (tmp_path / "any.name").read_bytes() == file.getvalue()


def test_it_knows_every_keyword() -> None:
    options = {name for coding in registry.all_codings() for name in described(coding.options)}
    frames = {"save_all", "append_images", "duration", "loop", "default_image"}
    assert set(SaveKeywords.__annotations__) == options | {"mode", OTHERS} | frames | set(KINDS)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("effort=9, mode='lossless'", "Success"),
        ("efort=9", 'Unexpected keyword argument "efort"'),
        ("effort='high'", 'Argument "effort"'),
        ("mode='losless'", 'Argument "mode"'),
    ],
)
def test_mypy_tells_who_misspells(call: str, told: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from PIL import Image\n\nimport pillow_colorgrid\n\n"
        f"pillow_colorgrid.save(Image.new('L', (1, 1)), 'x.cgx', {call})\n"
    )
    cache = ROOT / ".mypy_cache"
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={cache}", str(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told in done.stdout, done.stdout + done.stderr
