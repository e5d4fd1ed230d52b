"""Files of several frames as Pillow's users meet them: save_all, seek, tell, durations, copies."""

import copy
import io
import itertools
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageFile, ImageSequence

from pillow_colorgrid import CgxImageFile, container, limits
from pillow_colorgrid.errors import CgxError, LimitError
from tests.conftest import noise, photograph
from tests.frames.animations import entries, noise_over, opened, saved, scroll, shown, sprite


@pytest.fixture(scope="module")
def file() -> bytes:
    return saved(sprite(), duration=[40, 40, 33.25, 0, 1000, 7], loop=3, effort=1)


@pytest.mark.parametrize("make", [sprite, scroll, noise_over], ids=lambda make: make.__name__)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_every_frame_is_exact(make, mode: str) -> None:
    frames = [frame.convert(mode) for frame in make()]
    with opened(saved(frames, effort=1)) as image:
        assert [frame.tobytes() for frame in shown(image)] == [f.tobytes() for f in frames]


@pytest.mark.parametrize("mode", ["1", "LA", "P", "PA", "CMYK", "YCbCr", "HSV", "I;16", "I", "F"])
def test_every_mode_can_be_patched(mode: str) -> None:
    def converted(frame: Image.Image) -> Image.Image:
        if mode == "PA":
            return frame.convert("P").convert("PA")
        return frame.convert("L").convert(mode) if mode[0] in "IF" else frame.convert(mode)

    frames = [converted(frame) for frame in sprite(3)]
    data = saved(frames)
    with opened(data) as image:
        for number, frame in enumerate(frames):
            image.seek(number)
            assert (image.mode, image.tobytes()) == (mode, frame.tobytes())
    assert [entry.base for entry in entries(data)] == [None, 0, 1]


def test_frames_differ_in_mode_and_size() -> None:
    frames = [noise("L", (9, 7)), noise("RGB", (30, 20)), noise("RGBA", (9, 7)), noise("L", (9, 7))]
    with opened(saved(frames)) as image:
        for number in (3, 1, 0, 2):
            image.seek(number)
            assert (image.mode, image.size) == (frames[number].mode, frames[number].size)
            assert image.tobytes() == frames[number].tobytes()


def test_open_tells_frames_and_decodes_none(file: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.cgx"
    path.write_bytes(file)
    script = (
        "import sys, pillow_colorgrid; from PIL import Image; "
        f"im = Image.open({str(path)!r}); assert im.n_frames == 6 and im.is_animated; "
        "im.seek(4); assert im.info['duration'] == 1000 and im._im is None; "
        "assert 'onnxruntime' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_durations_and_loop(file: bytes) -> None:
    with opened(file) as image:
        assert image.info["loop"] == 3
        found = []
        for frame in ImageSequence.Iterator(image):
            assert frame.info["loop"] == 3
            found.append(frame.info["duration"])
    assert found == [40, 40, 33.25, 0, 1000, 7]


def test_what_is_not_stated_is_not_invented() -> None:
    with opened(saved(sprite(2))) as image:
        assert "duration" not in image.info
        assert "loop" not in image.info
        assert "default_image" not in image.info


def test_durations_of_the_pictures_themselves_count() -> None:
    frames = sprite(3)
    frames[1].info["duration"] = 70
    with opened(saved(frames)) as image:
        assert [f.info.get("duration") for f in shown(image)] == [None, 70, None]
    with opened(saved(frames, duration=20)) as image:
        assert [f.info["duration"] for f in shown(image)] == [20, 20, 20]


def test_default_image() -> None:
    frames = sprite(3)
    with opened(saved(frames, default_image=True, duration=[10, 20])) as image:
        assert image.info["default_image"] is True
        assert [f.info.get("duration") for f in shown(image)] == [None, 10, 20]


@pytest.mark.parametrize(
    "keywords",
    [
        {"duration": [1, 2]},
        {"duration": [1, 2, 3, 4]},
        {"duration": -1},
        {"duration": "long"},
        {"duration": float("nan")},
        {"loop": -1},
        {"loop": "for ever"},
    ],
    ids=str,
)
def test_bad_values_are_named(keywords: dict[str, object]) -> None:
    (name,) = keywords
    with pytest.raises(ValueError, match=f"{name}="):
        saved(sprite(3), **keywords)


def test_seek_and_tell(file: bytes) -> None:
    with opened(file) as image:
        assert image.tell() == 0
        for number in (3, 3, 0, 5):
            image.seek(number)
            assert image.tell() == number
        for beyond in (6, -1, 10**6):
            with pytest.raises(EOFError):
                image.seek(beyond)
            assert image.tell() == 5
        assert image.tobytes() == sprite()[5].tobytes()


def test_a_drawn_on_frame_comes_back_as_it_was(file: bytes) -> None:
    with opened(file) as image:
        for number in (0, 1):
            image.seek(number)
            image.load()
            image.putpixel((30, 30), (1, 2, 3))
        image.seek(2)
        image.load()
        image.putpixel((1, 1), (1, 2, 3))
        for number in (3, 1, 0, 2):
            image.seek(number)
            assert image.tobytes() == sprite()[number].tobytes()


def test_closed_is_an_error(tmp_path: Path, file: bytes) -> None:
    path = tmp_path / "a.cgx"
    path.write_bytes(file)
    with Image.open(path) as image:
        image.seek(1)
    with pytest.raises(ValueError, match="closed"):
        image.seek(2)
    path.unlink()  # nothing holds it


def test_copies_are_of_the_current_frame(file: bytes) -> None:
    with opened(file) as image:
        image.seek(2)
        unpickled = pickle.loads(pickle.dumps(image))
        assert isinstance(unpickled, CgxImageFile)
        assert (unpickled.n_frames, unpickled.is_animated) == (1, False)
        for one in (copy.deepcopy(image), copy.copy(image), unpickled):
            assert one.tobytes() == sprite()[2].tobytes()
            one.seek(one.tell())
            with pytest.raises(EOFError):
                one.seek(one.tell() + 1)
        assert image.copy().tobytes() == sprite()[2].tobytes()


def test_threads_of_their_own_pictures_agree(file: bytes) -> None:
    def frame(number: int) -> bytes:
        with opened(file) as image:
            image.seek(number % 6)
            return image.tobytes()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(frame, range(24)))
    assert found == 4 * [picture.tobytes() for picture in sprite()]


def test_threads_may_load_one_picture(file: bytes) -> None:
    with opened(file) as image, ThreadPoolExecutor(4) as pool:
        image.seek(4)
        found = set(pool.map(lambda _: image.tobytes(), range(8)))
    assert found == {sprite()[4].tobytes()}


def test_metadata_of_each_frame() -> None:
    frames = [noise("RGB", (8, 8), seed) for seed in range(4)]
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "first"
    frames[0].info |= {"exif": exif.tobytes(), "icc_profile": b"profile", "dpi": (72.0, 72.0)}
    frames[1].info |= frames[0].info
    exif[ExifTags.Base.ImageDescription] = "third"
    frames[2].info |= {"exif": exif.tobytes(), "comment": "x"}
    data = saved(frames)
    assert [entry.metadata for entry in entries(data)] == [0, 0, 2, 3]
    with opened(data) as image:
        for number in (2, 0, 3, 1):
            image.seek(number)
            info = {k: v for k, v in image.info.items() if k != "cgx"}
            assert info == frames[number].info
            described = image.getexif().get(ExifTags.Base.ImageDescription)
            assert described == ("first", "first", "third", None)[number]


def test_palettes_of_each_frame() -> None:
    frames = [photograph("coffee", 30, 20).quantize(n) for n in (5, 9, 9)]
    with opened(saved(frames)) as image:
        for number in (1, 0, 2, 0, 1, 1, 0):
            image.seek(number)
            assert image.convert("RGB").tobytes() == frames[number].convert("RGB").tobytes()


def test_a_keyword_counts_for_all_frames() -> None:
    with opened(saved(sprite(3), comment="all")) as image:
        assert [frame.info["comment"] for frame in shown(image)] == 3 * ["all"]


def test_one_frame_has_the_bytes_of_a_still() -> None:
    picture = photograph("coffee", 40, 30)
    still = io.BytesIO()
    picture.save(still, "CGX", effort=2)
    assert saved([picture], effort=2, duration=100, loop=0) == still.getvalue()


def test_saving_leaves_the_source_where_it_was(file: bytes) -> None:
    with opened(file) as image:
        image.seek(3)
        assert saved([image], effort=1) == file
        assert image.tell() == 3


def test_append_images_may_have_several_frames(file: bytes) -> None:
    with opened(file) as image, opened(saved([*sprite(1), image])) as found:
        assert found.n_frames == 7
        assert [f.tobytes() for f in shown(found)[1:]] == [f.tobytes() for f in sprite()]


def test_repetitions_cost_next_to_nothing() -> None:
    frames = sprite(2)
    short, long = saved(frames), saved([*frames, *frames, *frames, frames[0].copy()])
    assert [entry.length for entry in entries(long)[2:]] == [0] * 5
    assert len(long) - len(short) <= 5 * 6
    assert [f.tobytes() for f in shown(opened(long))] == [
        f.tobytes() for f in [*frames, *frames, *frames, frames[0]]
    ]


def test_small_changes_cost_little() -> None:
    still, moving = len(saved(sprite(1))), len(saved(sprite(6)))
    assert moving - still < 5 * 1100
    assert moving - still < 0.5 * still


def test_scrolling_costs_what_comes_into_sight() -> None:
    frames = scroll(4, 8)
    still, moving = len(saved(frames[:1])), len(saved(frames))
    assert moving - still < 0.5 * still  # three times a tenth, and what each patch costs


def test_frames_are_found_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [photograph("coffee", 60, 40), *(noise("RGB", (60, 40), seed) for seed in range(5))]
    data = saved(frames, effort=1)
    read: list[int] = []
    original = container.read_section

    def counted(fp):
        section = original(fp)
        read.append(len(section.payload))
        return section

    monkeypatch.setattr(container, "read_section", counted)
    with opened(data) as image:
        image.seek(3)
        assert image.tobytes() == frames[3].tobytes()
    assert sum(read) < 2.5 * max(entry.length for entry in entries(data))
    assert sum(read) < len(data) / 2


def test_the_way_back_is_bounded() -> None:
    rng_frames = [noise("L", (32, 32), 0)]
    for number in range(60):  # seven tenths change
        frame = rng_frames[-1].copy()
        frame.paste(noise("L", (32, 22), 1 + number), (0, 0))
        rng_frames.append(frame)
    found = entries(saved(rng_frames, effort=1))
    whole = [number for number, entry in enumerate(found) if entry.base is None]
    assert 1 < len(whole) <= 4
    assert all(b - a <= 24 for a, b in itertools.pairwise(whole))


def test_drafts_of_frames() -> None:
    frames = [photograph("astronaut"), photograph("astronaut").transpose(Image.Transpose.ROTATE_90)]
    with opened(saved(frames, effort=1)) as image:
        image.seek(1)
        assert image.draft(None, (100, 100)) is not None
        assert image.size == (128, 128)
        image.seek(0)
        assert image.size == (512, 512)
        image.thumbnail((64, 64))
        assert image.size == (64, 64)


def test_grid_files_hold_frames_too() -> None:
    frames = [photograph("coffee", 64, 48), photograph("astronaut", 64, 48)]
    data = saved([*frames, frames[0]], mode="grid", effort=1)
    stills = []
    for frame in frames:
        with opened(saved([frame], mode="grid", effort=1)) as still:
            stills.append(still.tobytes())
    with opened(data) as image:
        assert [f.tobytes() for f in shown(image)] == [*stills, stills[0]]


def test_limits_are_kept(file: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FRAMES", 5)
    with pytest.raises(LimitError, match="MAX_FRAMES = 5"):
        opened(file)
    with pytest.raises(LimitError, match="MAX_FRAMES = 5"):
        saved(sprite(6))
    monkeypatch.setattr(limits, "MAX_FRAMES", None)
    monkeypatch.setattr(limits, "MAX_FRAMES_PIXELS", 6 * 120 * 90 - 1)
    with pytest.raises(LimitError, match="MAX_FRAMES_PIXELS"):
        opened(file)
    monkeypatch.setattr(limits, "MAX_FRAMES_PIXELS", 6 * 120 * 90)
    monkeypatch.setattr(limits, "MAX_FRAME_PATCHES", 3)
    with opened(file) as image:
        image.seek(3)
        image.load()
        image.seek(1)
    with opened(file) as image:
        image.seek(5)
        with pytest.raises(LimitError, match="MAX_FRAME_PATCHES = 3"):
            image.load()


def test_a_bomb_among_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved([noise("L", (4, 4)), Image.new("L", (600, 600))])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with opened(data) as image, pytest.raises(Image.DecompressionBombError):
        image.seek(1)


def test_a_cut_file_shows_the_frames_that_are_there(
    file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = sprite()
    ends = opened(file)._directory.offsets[1:]
    cut = file[: ends[3] + 5]  # a few bytes of the fifth
    with opened(cut) as image:
        assert image.n_frames == 6
        image.seek(3)
        assert image.tobytes() == frames[3].tobytes()
        with pytest.raises(CgxError, match="truncated"):
            image.seek(5)
    with opened(cut) as image, pytest.raises(CgxError, match="truncated"):
        image.verify()
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with opened(cut) as image:
        assert image.n_frames == 4
        assert [f.tobytes() for f in shown(image)] == [f.tobytes() for f in frames[:4]]
    with opened(file[: ends[0] - 40]) as image:
        assert (image.n_frames, image.is_animated) == (1, False)
        with pytest.raises(CgxError, match="no preview"):  # all of a small picture is one section
            image.load()


def test_parsers_get_the_first_frame(file: bytes) -> None:
    parser = ImageFile.Parser()
    for start in range(0, len(file), 1000):
        parser.feed(file[start : start + 1000])
    assert parser.close().tobytes() == sprite()[0].tobytes()
