"""The keywords of save: defaults, aliases, errors that name option, value and what is allowed."""

import pytest

from pillow_colorgrid.options import SaveOptions, from_keywords


def test_defaults() -> None:
    assert from_keywords({}) == SaveOptions()
    assert SaveOptions().mode == "lossless"


def test_coding_is_an_alias_of_mode() -> None:
    assert from_keywords({"coding": "decolorized"}).mode == "decolorized"
    assert from_keywords({"coding": "decolorized", "mode": "decolorized"}).mode == "decolorized"
    with pytest.raises(ValueError, match="contradict"):
        from_keywords({"coding": "lossless", "mode": "decolorized"})


def test_foreign_keywords_are_ignored_as_in_pillow() -> None:
    assert from_keywords({"quality": 80, "optimize": True}) == SaveOptions()
    # JPEG's own value; it means nothing to a coding that loses nothing.
    assert from_keywords({"quality": "keep", "mode": "decolorized"}).quality == 100


def test_options_of_the_grid() -> None:
    found = from_keywords({"mode": "grid", "n": 7, "quality": 60, "hints": "point"})
    assert (found.n, found.quality, found.hints) == (7, 60, "point")
    defaults = from_keywords({"mode": "grid"})
    assert (defaults.n, defaults.quality, defaults.hints) == (20, 100, "mean")


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"mode": "lossles"}, "mode='lossles', allowed: 'lossless'"),
        ({"mode": 3}, "mode=3"),
        ({"levels": 7}, "levels=7, allowed: integers 8 to 256"),
        ({"levels": 257}, "levels=257"),
        ({"levels": 16.0}, "levels=16.0"),
        ({"levels": True}, "levels=True"),
        ({"predict": "never"}, "predict='never', allowed: 'auto', 'always'"),
        ({"mode": "grid", "n": 1}, "n=1, allowed: integers 2 to 128"),
        ({"mode": "grid", "n": 129}, "n=129"),
        ({"mode": "grid", "n": 20.0}, "n=20.0"),
        ({"mode": "grid", "quality": 0}, "quality=0, allowed: integers 1 to 100"),
        ({"mode": "grid", "quality": 101}, "quality=101"),
        ({"mode": "grid", "quality": "keep"}, "quality='keep'"),
        ({"mode": "grid", "hints": "box"}, "hints='box', allowed: 'mean', 'point'"),
        ({"inner": "gif"}, "inner='gif', allowed: 'auto', 'png', 'webp', 'zstd'"),
    ],
)
def test_bad_values_are_named(keywords: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_keywords(keywords)
