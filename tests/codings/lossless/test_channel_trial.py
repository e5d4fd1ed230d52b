"""Which channels are tried and taken: what pieces of the picture say, if they say it clearly."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import CHANNELS as SECTION, LOSSLESS, Options
from pillow_colorgrid.codings.lossless.encoder import channel_trial, channels as look
from pillow_colorgrid.color.channels import CHANNELS, Channels
from pillow_colorgrid.container import Header
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.workers import Workers
from tests.conftest import photograph

LOOK = CHANNELS[5]

Costs = Callable[[Channels | None], float]


def pixels() -> Bytes:
    return np.asarray(photograph("coffee", 320, 256))


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Costs], list[Channels | None]]:
    """What channels cost; gives back a list of those that are asked for."""

    def use(of: Costs) -> list[Channels | None]:
        asked: list[Channels | None] = []
        monkeypatch.setattr(
            channel_trial, "_cost", lambda _, channels, __: asked.append(channels) or of(channels)
        )
        return asked

    return use


@pytest.mark.parametrize("wanted", [None, *CHANNELS])
def test_the_cheapest_is_taken(wanted: Channels | None, costs) -> None:
    """Which of the others comes second is tried last; so those two cost alike here."""

    def of(channels: Channels | None) -> float:
        if channels is None or wanted is None:
            return 50 if channels is wanted else 100
        alike = channels.order[0] == wanted.order[0] and channels.subtract == wanted.subtract
        return 49 if channels == wanted else 50 if alike else 100

    asked = costs(of)
    expected = wanted
    if wanted is not None and wanted.order[0] == LOOK.order[0] and not wanted.subtract:
        expected = LOOK  # which is not clearly larger
    assert channel_trial.best(pixels(), None, LOOK, only=False) == expected
    assert len(asked) == len(set(asked)) <= 8


def test_the_look_stays_unless_others_are_clearly_less(costs) -> None:
    costs(lambda channels: 100 if channels == LOOK else 98)
    assert channel_trial.best(pixels(), None, LOOK, only=False) == LOOK
    costs(lambda channels: 100 if channels == LOOK else 96)
    assert channel_trial.best(pixels(), None, LOOK, only=False) != LOOK


def test_modes_that_have_only_channels_get_one(costs) -> None:
    asked = costs(lambda channels: 1 if channels is None else 100)
    assert channel_trial.best(pixels(), None, LOOK, only=True) == LOOK
    assert None not in asked


def test_what_is_not_seen_does_not_count() -> None:
    seen = np.zeros((256, 320), bool)
    seen[:150] = True
    rng = np.random.default_rng(1)
    other = np.where(seen[..., None], pixels(), rng.integers(0, 256, (256, 320, 3))).astype(
        np.uint8
    )
    found = [channel_trial.best(one, seen, LOOK, only=False) for one in (pixels(), other)]
    assert found[0] == found[1]
    with Workers(1) as workers:
        cost = [
            channel_trial._cost(list(channel_trial._pieces(one, seen)), LOOK, workers)
            for one in (pixels(), other)
        ]
    assert cost[0] == cost[1] > 0


def test_nothing_is_tried_where_pieces_tell_too_little(costs) -> None:
    asked = costs(lambda _: 1)
    assert channel_trial.best(pixels()[:60], None, LOOK, only=False) == LOOK
    nothing = np.zeros((256, 320), bool)
    assert channel_trial.best(pixels(), nothing, LOOK, only=False) == LOOK
    assert not asked


@pytest.mark.parametrize("effort", [4, 5])
def test_files_are_exact_and_say_what_comes_first(
    effort: int, costs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "choose", lambda *_, **__: LOOK)
    costs(lambda channels: 100 if channels is None else channels.number)
    alpha = np.asarray(Image.linear_gradient("L").resize((320, 256)))[..., None]
    rgba = np.concatenate([pixels(), alpha], axis=2)
    encoded = lossless.encode(Picture(rgba, "RGBA"), Options(effort=effort))
    (told,) = (s.payload for s in encoded.sections if s.type == SECTION.type)
    tried = effort >= channel_trial.LEAST_EFFORT
    assert told == bytes([CHANNELS[0].number if tried else LOOK.number])
    header = Header(LOSSLESS.number, "RGBA", (320, 256), bytes(8), 1)
    assert np.array_equal(lossless.decode(header, encoded.sections), rgba)
