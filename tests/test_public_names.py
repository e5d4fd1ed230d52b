"""`import pillow_colorgrid` shows what docs/versioning.md makes its promises of, and no more."""

import inspect
import subprocess
import sys

import pytest

import pillow_colorgrid

PUBLIC = [
    "CgxError",
    "CgxImageFile",
    "DamagedError",
    "LimitError",
    "NetworkError",
    "NewerFormatError",
    "TruncatedError",
    "__version__",
    "jpeg_bytes",
    "open_region",
    "register_cgx_opener",
    "save",
    "trim",
]
"""A name that leaves this list breaks somebody's program: docs/versioning.md, Deprecation."""


def test_the_public_names_are_these() -> None:
    assert dir(pillow_colorgrid) == sorted(pillow_colorgrid.__all__) == PUBLIC


def test_nothing_else_shows_after_use() -> None:
    """Submodules that are imported later do not show up beside them."""
    script = """
import pillow_colorgrid.commands.cli, pillow_colorgrid
before = dir(pillow_colorgrid)
from PIL import Image
import io
Image.new("RGB", (8, 8)).save(io.BytesIO(), "CGX")
assert dir(pillow_colorgrid) == before
names = {}
exec("from pillow_colorgrid import *", names)
print(*sorted(set(names) - {"__builtins__"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == PUBLIC


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_each_is_documented_and_typed(name: str) -> None:
    found = getattr(pillow_colorgrid, name)
    assert found.__doc__
    if inspect.isfunction(found):
        signature = inspect.signature(found)
        assert signature.return_annotation is not inspect.Signature.empty
        for parameter in signature.parameters.values():
            assert parameter.annotation is not inspect.Parameter.empty
