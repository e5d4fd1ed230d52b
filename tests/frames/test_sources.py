"""Animations and pages of other formats: every frame as Pillow shows it, kept exactly."""

import io

import PIL
import pytest
from PIL import Image, ImageSequence

from tests.conftest import photograph
from tests.frames.animations import entries, opened, saved, sprite


def written(frames: list[Image.Image], name: str, **keywords: object) -> Image.Image:
    """An animation of another format, opened again.

    Pillow 11 fails to write or to read a few itself (pages of different sizes, or behind one with a
    palette; disposal of APNG with a palette).
    """
    file = io.BytesIO()
    try:
        frames[0].save(file, name, save_all=True, append_images=frames[1:], **keywords)
        with Image.open(io.BytesIO(file.getvalue())) as alone:
            for frame in ImageSequence.Iterator(alone):
                frame.load()
    except ValueError as error:
        if int(PIL.__version__.split(".")[0]) > 11:
            raise
        pytest.skip(f"Pillow {PIL.__version__} itself: {error}")
    return Image.open(file)


def check(source: Image.Image) -> bytes:
    """The .cgx file of all frames of `source`, which were compared."""
    data = saved([source])
    with opened(data) as image:
        assert image.n_frames == source.n_frames
        for number in range(source.n_frames):
            source.seek(number)
            image.seek(number)
            source.load()
            assert (image.mode, image.size) == (source.mode, source.size)
            assert image.tobytes() == source.tobytes()
            assert image.convert("RGBA").tobytes() == source.convert("RGBA").tobytes()
            assert image.info.get("duration") == source.info.get("duration")
            assert image.info.get("loop") == source.info.get("loop")
    return data


def quantized(frames: list[Image.Image], colors: int) -> list[Image.Image]:
    return [frame.quantize(colors, dither=Image.Dither.NONE) for frame in frames]


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_gif_with_palettes_of_each_frame(disposal: int) -> None:
    frames = quantized(sprite(4, photograph("coffee", 60, 50)), 16)
    check(written(frames, "GIF", disposal=disposal, duration=[100, 40, 70, 20], loop=0))


@pytest.mark.parametrize("disposal", [0, 2, 3])
def test_gif_with_transparency(disposal: int) -> None:
    frames = []
    for number in range(4):
        frame = Image.new("RGBA", (50, 40), (0, 0, 0, 0))
        frame.paste((200, 40 * number, 0, 255), (5 * number, 3, 5 * number + 9, 20))
        frames.append(frame)
    check(written(frames, "GIF", disposal=disposal, duration=30))


def test_grey_gif() -> None:
    check(written([frame.convert("L") for frame in sprite(3)], "GIF", duration=30))


def test_the_first_frame_of_a_gif_is_not_kept_twice() -> None:
    """Pillow shows it with a palette, the others in RGB."""
    frames = sprite(3, photograph("coffee", 100, 90))
    palette = frames[0].quantize(64, dither=Image.Dither.NONE)
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    source = written(frames, "GIF", duration=30)
    data = check(source)
    found = entries(data)
    assert [(entry.mode, entry.base) for entry in found] == [("P", None), ("RGB", 0), ("RGB", 1)]
    source.seek(0)
    assert len(data) < 1.2 * len(saved([source.copy()]))


@pytest.mark.parametrize(
    ("mode", "disposal", "blend"),
    [("RGB", 0, 0), ("RGBA", 0, 1), ("RGBA", 1, 1), ("RGBA", 2, 0), ("P", 2, 0), ("L", 0, 0)],
)
def test_apng(mode: str, disposal: int, blend: int) -> None:
    frames = sprite(3, photograph("coffee", 60, 50))
    frames = quantized(frames, 32) if mode == "P" else [frame.convert(mode) for frame in frames]
    source = written(frames, "PNG", disposal=disposal, blend=blend, duration=[33, 100 / 3, 7])
    check(source)


def test_apng_with_a_default_image() -> None:
    frames = sprite(3, photograph("coffee", 60, 50))
    source = written(frames, "PNG", default_image=True, duration=[10, 20])
    with opened(check(source)) as image:
        assert image.info["default_image"] is True


@pytest.mark.parametrize("lossless", [True, False])
def test_webp(lossless: bool) -> None:
    source = written(sprite(4), "WEBP", lossless=lossless, duration=[10, 20, 30, 40], loop=2)
    with opened(check(source)) as image:
        assert image.info["loop"] == 2


@pytest.mark.skipif("AVIF" not in Image.registered_extensions().values(), reason="no AVIF")
def test_avif() -> None:
    check(written(sprite(3), "AVIF", duration=[10, 20, 30]))


def test_pages_of_a_tiff() -> None:
    pages = [
        photograph("coffee", 40, 30),
        photograph("coffee", 30, 50).convert("L"),
        photograph("coffee", 33, 17).convert("1"),
        photograph("coffee", 20, 20).quantize(7),
        Image.new("I;16", (9, 8), 40000),
        Image.new("F", (5, 5), 0.5),
        photograph("coffee", 20, 20).convert("CMYK"),
    ]
    check(written(pages, "TIFF", dpi=(300, 300)))


def test_mpo() -> None:
    """Of pictures that are not the file itself any more: every frame."""
    frames = [photograph("coffee", 64, 48), photograph("astronaut", 80, 64)]
    source = written(frames, "MPO", quality=90)
    assert source.format == "MPO"
    check(source)
