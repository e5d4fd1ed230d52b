"""Recipes and geometry as bytes: exact bytes, and nothing but ValueError for damaged ones."""

import numpy as np
import pytest

from pillow_colorgrid.jpeg import file
from pillow_colorgrid.jpeg.geometry import (
    CHROMINANCE,
    LUMINANCE,
    pack_geometry,
    quality_table,
    unpack_geometry,
)
from pillow_colorgrid.jpeg.recipe import Recipe
from tests.jpeg.test_jpeg_file import picture, saved


@pytest.mark.parametrize(
    ("options", "packed"),
    [
        ({}, "010304101120806000"),
        ({"optimize": True}, "0103041011204149434b6000"),
        ({"progressive": True}, "0103041011228100"),
        ({"restart_marker_blocks": 7}, "01030410112080500007" + "6000"),
        ({"comment": b"hello"}, "010304" + "03fe0568656c6c6f" + "101120806000"),
    ],
    ids=str,
)
def test_known_recipe(options: dict[str, object], packed: str) -> None:
    _, recipe = file.read_exact(saved(picture(64, 48), **options))
    assert recipe.pack().hex() == packed


def test_known_geometry() -> None:
    """Three components, YCbCr (1); 4:2:0; luminance and chrominance of quality 75; the same."""
    read, _ = file.read(saved(picture(64, 48), quality=75))
    assert pack_geometry(read).hex() == "0b004bcb00"


@pytest.mark.parametrize("quality", [1, 25, 49, 50, 75, 100])
def test_quality_tables_are_pillows(quality: int) -> None:
    read, _ = file.read(saved(picture(16, 16), quality=quality))
    assert (read.components[0].table == quality_table(LUMINANCE, quality)).all()
    assert (read.components[1].table == quality_table(CHROMINANCE, quality)).all()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_geometry_roundtrip(mode: str) -> None:
    tables = [list(range(1, 65)), list(range(64, 0, -1))]
    read, _ = file.read(saved(picture(40, 30, mode), qtables=tables))
    packed = pack_geometry(read)
    geometry = unpack_geometry(packed)
    assert geometry.transform == read.transform
    for mine, theirs in zip(geometry.components, read.components, strict=True):
        assert (mine.horizontal, mine.vertical) == (theirs.horizontal, theirs.vertical)
        assert (mine.table == theirs.table).all()
    for size in range(len(packed)):
        with pytest.raises(ValueError, match=r"."):
            unpack_geometry(packed[:size])


def test_damaged_recipes_are_value_errors() -> None:
    """Either the recipe is refused, or some file is written, or it does not fit the picture."""
    rng = np.random.default_rng(5)
    sources = [
        file.read_exact(saved(picture(33, 25), **options))
        for options in ({}, {"progressive": True}, {"optimize": True, "restart_marker_blocks": 1})
    ]
    outcomes = {"refused": 0, "written": 0}
    for number in range(600):
        read, recipe = sources[number % 3]
        damaged = bytearray(recipe.pack())
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(damaged)))
            match rng.integers(3):
                case 0:
                    damaged[at] = rng.integers(256)
                case 1:
                    damaged[at:at] = rng.bytes(2)
                case 2 if len(damaged) > 1:
                    del damaged[at]
        try:
            file.write(read, Recipe.unpack(bytes(damaged)))
            outcomes["written"] += 1
        except ValueError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 0
