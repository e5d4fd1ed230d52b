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
        ({"inner": "gif"}, "inner='gif', allowed: 'auto', 'png', 'webp', 'zstd'"),
    ],
)
def test_bad_values_are_named(keywords: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_keywords(keywords)
