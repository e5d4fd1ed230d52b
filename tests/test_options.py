"""The keywords of save: defaults, aliases, errors that name option, value and what is allowed."""

import pytest

from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.crayon.description import CRAYON, Options as CrayonOptions
from pillow_colorgrid.codings.decolorized.description import DECOLORIZED
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.registry import asked_for


def test_defaults() -> None:
    assert asked_for({}) == (LOSSLESS, Options())
    assert Options() == Options(effort=5, origin="auto")


def test_coding_is_an_alias_of_mode() -> None:
    assert asked_for({"coding": "decolorized"})[0] is DECOLORIZED
    assert asked_for({"coding": "decolorized", "mode": "decolorized"})[0] is DECOLORIZED
    with pytest.raises(ValueError, match="contradict"):
        asked_for({"coding": "lossless", "mode": "decolorized"})


def test_foreign_keywords_are_ignored_as_in_pillow() -> None:
    assert asked_for({"optimize": True, "subsampling": 0}) == (LOSSLESS, Options())


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"quality": 50}, "quality=50 is no option of mode='lossless', but of mode='grid'"),
        ({"levels": 16}, "levels=16 is no option of mode='lossless', but of mode='decolorized'"),
        (
            {"mode": "decolorized", "effort": 3},
            "effort=3 is no option of mode='decolorized', but of mode='lossless' and mode='grid'",
        ),
    ],
)
def test_an_option_of_another_coding_names_that_one(keywords: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        asked_for(keywords)


def test_options_of_the_grid() -> None:
    _, found = asked_for({"mode": "grid", "n": 7, "quality": 60, "hints": "point"})
    assert found == CrayonOptions(n=7, quality=60, hints="point")
    assert asked_for({"mode": "grid"}) == (CRAYON, CrayonOptions())
    defaults = CrayonOptions()
    assert (defaults.n, defaults.quality, defaults.hints) == (20, 100, "mean")


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"mode": "lossles"}, "mode='lossles', allowed: 'lossless'"),
        ({"mode": "stored"}, "mode='stored', allowed: 'lossless'"),
        ({"mode": 3}, "mode=3"),
        ({"effort": 0}, "effort=0, allowed: integers 1 to 9"),
        ({"origin": "jpeg"}, "origin='jpeg', allowed: 'auto', 'none'"),
        ({"mode": "decolorized", "levels": 7}, "levels=7, allowed: integers 8 to 256"),
        ({"mode": "decolorized", "levels": 257}, "levels=257"),
        ({"mode": "decolorized", "levels": 16.0}, "levels=16.0"),
        ({"mode": "decolorized", "levels": True}, "levels=True"),
        (
            {"mode": "decolorized", "predict": "never"},
            "predict='never', allowed: 'auto', 'always'",
        ),
        ({"mode": "grid", "n": 1}, "n=1, allowed: integers 2 to 128"),
        ({"mode": "grid", "n": 129}, "n=129"),
        ({"mode": "grid", "n": 20.0}, "n=20.0"),
        ({"mode": "grid", "quality": 0}, "quality=0, allowed: integers 1 to 100"),
        ({"mode": "grid", "quality": 101}, "quality=101"),
        ({"mode": "grid", "quality": "keep"}, "quality='keep'"),
        ({"mode": "grid", "hints": "box"}, "hints='box', allowed: 'mean', 'point'"),
        (
            {"mode": "decolorized", "inner": "gif"},
            "inner='gif', allowed: 'auto', 'png', 'webp', 'zstd'",
        ),
    ],
)
def test_bad_values_are_named(keywords: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        asked_for(keywords)


def test_every_option_says_what_it_means() -> None:
    from pillow_colorgrid.options import described

    for coding in registry.all_codings():
        for allowed, meaning in described(coding.options).values():
            assert str(allowed)
            assert meaning
