"""Never more than 64 bytes larger than lossless WebP; what is plain is not asked."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.choosing import looks, networks_or_stored, pages, webp
from pillow_colorgrid.codings.choosing.subject import Subject
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.runtime import execution, workers
from tests.codings.choosing.pictures import KINDS, pixels_of, refuse, text
from tests.conftest import chosen, noise, photograph

ALLOWED_BYTES = 64


def size_of(image: Image.Image, codec: str, **options: object) -> int:
    file = io.BytesIO()
    image.save(file, codec, **options)
    return len(file.getvalue())


def webp_bytes(image: Image.Image) -> int:
    return size_of(image, "WEBP", lossless=True, exact=True, method=4, quality=80)


SEEDS = st.integers(0, 9)
MODES = st.sampled_from(["L", "RGB", "RGBA"])


@pytest.mark.parametrize("effort", [1, 5, 9])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=8, deadline=None)
@given(width=st.integers(1, 65), height=st.integers(1, 67), seed=SEEDS, mode=MODES)
def test_never_larger_than_webp(
    effort: int,
    kind: Callable[[int, int, int], Image.Image],
    width: int,
    height: int,
    seed: int,
    mode: str,
) -> None:
    image = kind(width, height, seed).convert(mode)
    assert size_of(image, "CGX", effort=effort) <= webp_bytes(image) + ALLOWED_BYTES


@pytest.mark.parametrize("effort", [1, 5, 9])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_larger_ones_neither(
    effort: int, mode: str, kind: Callable[[int, int, int], Image.Image]
) -> None:
    image = kind(131, 123, 3).convert(mode)
    assert size_of(image, "CGX", effort=effort) <= webp_bytes(image) + ALLOWED_BYTES


def test_large_noise_neither() -> None:
    """Of noise the networks make more than its bytes."""
    image = noise("L", (700, 400))
    assert image.width * image.height > networks_or_stored.ALWAYS_PIXELS
    for effort in (1, 4):
        assert size_of(image, "CGX", effort=effort) <= webp_bytes(image) + ALLOWED_BYTES


# -- what is not asked ---------------------------------------------------------------------------


def test_drawings_do_not_ask_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lossless, "encode", refuse)
    page = np.full((300, 400, 3), 255, np.uint8)
    page[40:60, 30:200] = 0
    icon = pixels_of(noise("RGBA", (32, 32)))
    for pixels in (page, icon):
        coding, _ = chosen(pixels, Options())
        assert coding == "stored"


def test_the_contest_recognises_a_drawing_with_some_photographs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The probe alone does not: the networks see the pieces of the contest and nothing else."""
    page = text(1400, 1000, 1).convert("RGB")
    for left in (0, 700):
        page.paste(photograph("coffee", 400, 280), (left, 100))
    pixels = pixels_of(page)
    monkeypatch.setattr(pages, "as_page", lambda *_: None)
    assert looks.DRAWING < looks.probe(pixels) < looks.UNCLEAR
    seen = []
    encode = lossless.encode
    monkeypatch.setattr(
        lossless, "encode", lambda p, o: seen.append(p.pixels.shape) or encode(p, o)
    )
    coding, _ = chosen(pixels, Options())
    assert coding == "stored"
    assert seen == [(looks.CONTEST_EDGE, looks.CONTEST_EDGE, 3)] * 5


def test_quick_efforts_skip_webp_on_photographs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks_or_stored, "ALWAYS_PIXELS", 0)
    asked = []
    quick = stored.quick
    monkeypatch.setattr(stored, "quick", lambda p: asked.append(p) or quick(p))
    monkeypatch.setattr(networks_or_stored, "NOISY_BITS", 8)
    monkeypatch.setattr(webp, "least_bytes", lambda *_: 0)
    sharp = pixels_of(photograph("coffee", 128, 128))
    smooth = pixels_of(photograph("coffee", 128, 128).resize((700, 700)))
    assert looks.probe(smooth) < looks.PHOTOGRAPH < looks.probe(sharp)
    for pixels, effort, times in ((sharp, 3, 0), (sharp, 4, 1), (smooth, 3, 1)):
        asked.clear()
        chosen(pixels, Options(effort=effort))
        assert len(asked) == times


@pytest.mark.parametrize(
    ("kind", "least", "times"),
    [("photograph", 1e9, 0), ("photograph", 0, 1), ("grey", 1e9, 1)],
)
def test_an_estimate_spares_webp(
    kind: str, least: float, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where WebP may come near, or nobody measured, it is tried as ever; the file is the same."""
    image = photograph("coffee", 100, 90)
    pixels = pixels_of(image.convert("L") if kind == "grey" else image)
    assert looks.probe(pixels) > looks.PHOTOGRAPH
    asked = []
    quick = stored.quick
    monkeypatch.setattr(webp, "least_bytes", lambda *_: least)
    monkeypatch.setattr(stored, "quick", lambda p: asked.append(p) or quick(p))
    found = chosen(pixels, Options())
    assert len(asked) == times
    monkeypatch.setattr(webp, "least_bytes", lambda *_: 0)
    assert chosen(pixels, Options()) == found


def test_a_large_picture_is_webp_only_once_memory_was_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    quick = stored.quick
    monkeypatch.setattr(webp, "BESIDE_PIXELS", 0)
    monkeypatch.setattr(webp, "least_bytes", lambda *_: 0)
    monkeypatch.setattr(webp.memory, "give_back", lambda: asked.append("given back"))
    monkeypatch.setattr(stored, "quick", lambda p: asked.append("WebP") or quick(p))
    chosen(pixels_of(photograph("coffee", 100, 90)), Options())
    assert asked == ["given back", "WebP"]


@pytest.mark.parametrize(("rows", "seen"), [(1000, True), (1500, False)])
def test_repetitions_that_webp_does_not_see_do_not_count(
    rows: int, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks back 2**20 pixels; the probe, 2**27 bytes."""
    once = np.random.default_rng(1).integers(0, 256, (rows, 1000, 3), np.uint8)
    subject = Subject(Picture(np.concatenate([once, once]), "RGB"), Options())
    assert subject.share < 0.6
    monkeypatch.setattr(webp, "least_bytes", lambda _, probe, share: share)
    assert (webp._least_bytes(subject) < 0.6) == seen


def test_noise_is_stored_though_it_looks_like_a_photograph() -> None:
    coding, _ = chosen(pixels_of(noise("RGB", (100, 90))), Options())
    assert coding == "stored"


def test_a_side_too_long_for_webp_is_not_estimated() -> None:
    coding, _ = chosen(pixels_of(noise("RGB", (16_400, 1))), Options())
    assert coding in ("lossless", "stored")


def test_one_thread_starts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "ThreadPoolExecutor", refuse)
    monkeypatch.setattr(execution, "threads", lambda: 1)
    pixels = pixels_of(photograph("coffee", 64, 64))
    coding, _ = chosen(pixels, Options())
    assert coding == "lossless"


def test_threads_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = pixels_of(photograph("coffee", 150, 130))
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(execution, "_chosen_threads", threads)
        found.append(chosen(pixels, Options()))
    assert found[0] == found[1]
