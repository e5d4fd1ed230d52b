"""JPEG files of all kinds, made by number: pixels as Pillow shows them, and every byte."""

from collections import Counter

import pytest

from tools.bench.jpeg_generated import way_of
from tools.data.generated_jpegs import generate

FIRST, COUNT = 5000, 36
"""Others than those of tools/results/jpeg_generated.tsv."""


def test_pixels_and_bytes_come_back() -> None:
    ways: Counter[str] = Counter()
    for number in range(FIRST, FIRST + COUNT):
        made = generate(number)
        way, size = way_of(made)
        assert way in ("coefficients", "as it is"), (number, made.kind, way)
        assert size <= len(made.data) + 200, (number, made.kind)
        ways[way] += 1
    assert ways["coefficients"] >= 0.9 * COUNT


@pytest.mark.parametrize("number", [0, 1, 9])
def test_a_number_is_always_the_same_file(number: int) -> None:
    assert generate(number) == generate(number)
