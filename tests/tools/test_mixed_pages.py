"""Pages for measuring: the same seed gives the same page, another one another."""

from pathlib import Path

import pytest

from tests.conftest import photograph
from tools.data import mixed_pages

PLAIN = ("chart",)
"""Kinds without photographs."""


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    paths = []
    for name in ("coffee", "chelsea", "astronaut"):
        paths.append(tmp_path / f"{name}.png")
        photograph(name, 64, 48).save(paths[-1])
    return paths


@pytest.mark.parametrize("kind", mixed_pages.KINDS)
def test_a_page_is_told_by_its_seed(kind: str, photographs: list[Path]) -> None:
    text, scale = mixed_pages.page(kind, photographs, "1")
    assert (text, scale) == mixed_pages.page(kind, photographs, "1")
    assert text != mixed_pages.page(kind, photographs, "2")[0]
    assert scale in mixed_pages.SCALES
    assert ("data:image/" in text) == (kind not in PLAIN)
    assert 'id="page"' in text
