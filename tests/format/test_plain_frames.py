"""Frames, decoded by a second decoder that was written from FORMAT.md alone."""

import io

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid import jpeg_bytes
from pillow_colorgrid.container import MODE_IDS
from tests.conftest import GOLDEN
from tests.format.plain_frames_decoder import decode
from tests.frames.animations import noise_over, opened, saved, scroll, sprite


def agree(data: bytes) -> None:
    frames, loop, default, whole = decode(data)
    with opened(data) as image:
        assert image.n_frames == len(frames)
        assert image.info.get("loop") == loop
        assert image.info.get("default_image", False) == default
        for number, (pixels, mode, duration) in enumerate(frames):
            image.seek(number)
            assert MODE_IDS[image.mode] == mode
            assert image.info.get("duration") == duration
            assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)
    if whole is not None:
        assert jpeg_bytes(io.BytesIO(data)) == whole


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*-frames*.cgx")), ids=lambda path: path.name)
def test_golden_frames(path) -> None:
    agree(path.read_bytes())


def test_golden_frames_show_all_there_is() -> None:
    kinds = set()
    for path in GOLDEN.glob("*-frames*.cgx"):
        with Image.open(path) as image:
            directory = image._directory
            for number, entry in enumerate(directory.index.entries[1:], 1):
                frame = directory.read(number)
                kinds |= {patch.kind for patch in frame.patches}
                kinds.add("joined" if directory.index.joined else "")
                kinds.add("own" if entry.base is None else "again" if not entry.length else "")
                if (
                    entry.base is not None
                    and directory.index.entries[entry.base].mode != entry.mode
                ):
                    kinds.add("through palette")
    assert {0, 1, 2, "own", "again", "through palette", "joined"} <= kinds


def test_the_golden_mpo_file_comes_back() -> None:
    data = (GOLDEN / "1.1-frames-mpo.cgx").read_bytes()
    *_, whole = decode(data)
    assert whole.startswith(b"\xff\xd8\xff")
    assert whole.count(b"\xff\xd9") == 3
    assert whole.endswith(b"\xff\xd9behind")
    with Image.open(io.BytesIO(whole)) as image:
        assert (image.format, image.n_frames) == ("MPO", 3)


@pytest.mark.parametrize("make", [sprite, scroll, noise_over], ids=lambda make: make.__name__)
def test_animations(make) -> None:
    frames = [frame.crop((0, 0, 48, 40)) for frame in make()]
    agree(saved(frames, effort=2, duration=50, loop=0))


def test_a_gif_with_transparency() -> None:
    frames = []
    for number in range(3):
        frame = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
        frame.paste((200, 40 * number, 0, 255), (5 * number, 3, 5 * number + 9, 20))
        frames.append(frame)
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], disposal=2, duration=30)
    agree(saved([Image.open(file)]))
