"""Never more than 64 bytes larger than lossless WebP; the looks that save time are right."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageDraw, ImageFilter

from pillow_colorgrid.codings import choose
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime import execution, workers
from tests.conftest import chosen, noise, photograph

ALLOWED_BYTES = 64

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee")


def size_of(image: Image.Image, codec: str, **options: object) -> int:
    file = io.BytesIO()
    image.save(file, codec, **options)
    return len(file.getvalue())


def webp_bytes(image: Image.Image) -> int:
    return size_of(image, "WEBP", lossless=True, exact=True, method=4, quality=80)


def pixels_of(image: Image.Image) -> Bytes:
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


# -- pictures of all kinds ----------------------------------------------------------------------


def noisy(width: int, height: int, seed: int) -> Image.Image:
    return noise("RGBA", (width, height), seed)


def gradient(width: int, height: int, seed: int) -> Image.Image:
    slopes = np.random.default_rng(seed).uniform(-3, 3, (2, 4))
    rows, columns = np.mgrid[:height, :width]
    ramps = rows[..., None] * slopes[0] + columns[..., None] * slopes[1]
    return Image.fromarray(ramps.astype(np.int64).astype(np.uint8))


def text(width: int, height: int, seed: int) -> Image.Image:
    image = Image.new("RGBA", (width, height), "white")
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(seed)
    for top in range(0, height, 12):
        letters = "".join(map(chr, rng.integers(33, 127, width // 6 + 1)))
        draw.text((1, top), letters, fill=(0, 0, int(rng.integers(256)), 255))
    return image


def photo(width: int, height: int, seed: int) -> Image.Image:
    whole = photograph(PHOTOGRAPHS[seed % len(PHOTOGRAPHS)]).convert("RGBA")
    whole.info.clear()  # the profile would be kept
    left, top = seed * 37 % 90, seed * 53 % 90
    crop = whole.crop((left, top, left + width, top + height))
    crop.putalpha(Image.linear_gradient("L").resize(crop.size) if seed % 2 else 255)
    return crop


def repeated(width: int, height: int, seed: int) -> Image.Image:
    """What comes again far away: a photograph for networks, half of one for WebP."""
    pixels = pixels_of(photo(width, -(-height // 2), seed))
    return Image.fromarray(np.concatenate([pixels, pixels])[:height])


KINDS: tuple[Callable[[int, int, int], Image.Image], ...] = (noisy, gradient, text, photo, repeated)
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
    image = kind(203, 187, 3).convert(mode)
    assert size_of(image, "CGX", effort=effort) <= webp_bytes(image) + ALLOWED_BYTES


def test_large_noise_neither() -> None:
    """Of noise the networks make more than its bytes."""
    image = noise("L", (700, 400))
    assert image.width * image.height > choose.ALWAYS_PIXELS
    for effort in (1, 4):
        assert size_of(image, "CGX", effort=effort) <= webp_bytes(image) + ALLOWED_BYTES


# -- looks --------------------------------------------------------------------------------------


def refuse(*arguments: object) -> None:
    raise AssertionError("must not be called")


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
    monkeypatch.setattr(choose, "_as_page", lambda *_: None)
    assert choose.DRAWING < choose.probe(pixels) < choose.UNCLEAR
    seen = []
    encode = lossless.encode
    monkeypatch.setattr(
        lossless, "encode", lambda p, o: seen.append(p.pixels.shape) or encode(p, o)
    )
    coding, _ = chosen(pixels, Options())
    assert coding == "stored"
    assert seen == [(choose.CONTEST_EDGE, choose.CONTEST_EDGE, 3)] * 5


def painted() -> Bytes:
    """(300, 400, 3): soft clouds on a flat sky; each colour is repeated many times."""
    clouds = Image.new("L", (400, 300))
    for number in range(9):
        place = (41 * number, 29 * number % 200, 41 * number + 90, 29 * number % 200 + 50)
        ImageDraw.Draw(clouds).ellipse(place, fill=40)
    sky = Image.new("RGB", clouds.size, (0, 140, 190))
    sky.paste((255, 255, 255), (0, 0), clouds.filter(ImageFilter.GaussianBlur(24)))
    return np.asarray(sky)


@pytest.mark.parametrize(("result", "drawing"), [(0.9, True), (1.1, False)])
def test_the_contest_tells_of_soft_drawings(
    result: float, drawing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe sees that few colours repeat; not that the networks know the next one."""
    pixels = painted()
    assert choose.probe(pixels) < choose.DRAWING
    assert choose.is_soft(pixels)
    assert choose.is_drawing(pixels, choose.probe(pixels))  # too small for a contest
    monkeypatch.setattr(choose, "CONTEST_PIXELS", 1)
    monkeypatch.setattr(choose, "contest", lambda _: result)
    assert choose.is_drawing(pixels, choose.probe(pixels)) == drawing


def test_flat_drawings_need_no_contest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "CONTEST_PIXELS", 1)
    monkeypatch.setattr(choose, "contest", refuse)
    pixels = pixels_of(text(500, 400, 1).convert("RGB"))
    assert choose.is_drawing(pixels, 0.01)


def test_photographs_win_the_contest() -> None:
    for name in PHOTOGRAPHS:
        pixels = pixels_of(photograph(name, 450, 300))
        assert choose.contest(pixels) > 1
        assert choose.probe(pixels) > choose.UNCLEAR


def test_repetitions_far_away_are_seen() -> None:
    pixels = pixels_of(photograph("astronaut"))
    twice = np.concatenate([pixels, pixels])
    assert choose.probe(twice) < 0.6 * choose.probe(pixels)


@pytest.mark.parametrize("size", [(256, 256), (257, 300), (2000, 300)], ids=lambda size: f"{size}")
def test_pieces_are_whole_and_spread(size: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: size[0], : size[1]]
    pixels = np.stack([rows, columns], axis=2)
    pieces = choose.pieces_of(pixels)
    assert [piece.shape[:2] for piece in pieces] == [(256, 256)] * 5
    for axis in (0, 1):
        starts = {int(piece[0, 0, axis]) for piece in pieces}
        assert len(starts) == (5 if size[axis] >= 300 else 1)


def test_quick_efforts_skip_webp_on_photographs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "ALWAYS_PIXELS", 0)
    asked = []
    quick = stored.quick
    monkeypatch.setattr(stored, "quick", lambda p: asked.append(p) or quick(p))
    monkeypatch.setattr(choose, "NOISY_BITS", 8)
    monkeypatch.setattr(choose, "least_bytes", lambda *_: 0)
    sharp = pixels_of(photograph("coffee", 128, 128))
    smooth = pixels_of(photograph("coffee", 128, 128).resize((700, 700)))
    assert choose.probe(smooth) < choose.PHOTOGRAPH < choose.probe(sharp)
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
    assert choose.probe(pixels) > choose.PHOTOGRAPH
    asked = []
    quick = stored.quick
    monkeypatch.setattr(choose, "least_bytes", lambda *_: least)
    monkeypatch.setattr(stored, "quick", lambda p: asked.append(p) or quick(p))
    found = chosen(pixels, Options())
    assert len(asked) == times
    monkeypatch.setattr(choose, "least_bytes", lambda *_: 0)
    assert chosen(pixels, Options()) == found


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
