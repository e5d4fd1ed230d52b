"""A pytest plugin: training apart. ``python -m pytest -p tests.compat.apart``.

Tests that need PyTorch say nothing about a decoder's machine, and its wheels are larger than all
else together. With this plugin `import torch` skips the test, or the file of tests, that asked.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest


class WithoutTorch(MetaPathFinder):
    """Finds no torch, and says so in a way that pytest counts as skipped."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.split(".")[0] == "torch":
            pytest.skip("training is tested apart", allow_module_level=True)
        return None


sys.meta_path.insert(0, WithoutTorch())
