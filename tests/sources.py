"""A copy of all that a build takes: setuptools writes into the tree in which it builds.

Where two processes build in one tree, or one builds while another imports from it, both lose.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FOLDERS = ("docs", "models", "pillow_colorgrid", "tests", "tools")

FILES = ("*.md", "LICENSE", "MANIFEST.in", "Makefile", "pyproject.toml", "setup.cfg", "setup.py")

LEFT_OUT = ("__pycache__", "*.egg-info", "checkpoints")


def copy_of_source(target: Path) -> Path:
    """`target`, a new folder, with the source of this package."""
    target.mkdir(parents=True)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns(*LEFT_OUT)
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    for path in (found for pattern in FILES for found in sorted(ROOT.glob(pattern))):
        shutil.copy(path, target)
    return target
