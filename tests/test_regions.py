"""`open_region` gives the pixels of the whole picture's crop, and reads no more than it must."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

import pillow_colorgrid
from pillow_colorgrid import container
from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.planes import coding as planes_coding
from pillow_colorgrid.jpeg import render
from tests.conftest import photograph

pytestmark = pytest.mark.usefixtures("streams_apart")

SIZE = (210, 157)
"""Of a test picture: four tiles of at most TILE pixels, none of them whole multiples."""

TILE = 112


def photo(mode="RGB", size=SIZE):
    image = photograph("astronaut").resize(size)
    if mode.endswith("A"):
        image.putalpha(photograph("coffee").convert("L").resize(size))
    return image.convert(mode)


def saved(image, **keywords):
    file = BytesIO()
    image.save(file, "CGX", **keywords)
    return file.getvalue()


def boxes(size, seed, count=6):
    """The corners, the edges, one pixel, all, and some others."""
    width, height = size
    yield from [(0, 0, width, height), (0, 0, 1, 1), (width - 1, height - 1, width, height)]
    yield from [(0, height // 2, width, height // 2 + 1), (width // 2, 0, width // 2 + 1, height)]
    rng = np.random.default_rng(seed)
    for _ in range(count):
        left, right = sorted(rng.choice(width + 1, 2, replace=False).tolist())
        top, bottom = sorted(rng.choice(height + 1, 2, replace=False).tolist())
        yield left, top, right, bottom


@pytest.fixture
def small_tiles(monkeypatch):
    """Tiles and strips so small that a small picture has several."""
    monkeypatch.setattr(tiles, "MAX_EDGE", TILE)
    monkeypatch.setattr(planes_coding, "STRIP_BYTES", 2**12)


def jpeg_of(image, **keywords):
    file = BytesIO()
    image.save(file, "JPEG", **keywords)
    return Image.open(BytesIO(file.getvalue())), {"jpeg": file.getvalue()}


def rendered_from_jpeg(quality=90):
    """Pixels that have an origin, some of which are exceptions."""
    pixels = np.array(jpeg_of(photo(), quality=quality, subsampling=0)[0])
    pixels[::31, ::17] = (1, 254, 3)
    return Image.fromarray(pixels)


def drawn_apart():
    """Channels that have nothing to do with one another: coded as channels."""
    pixels = np.asarray(photo())
    return Image.fromarray(np.stack([pixels[..., 0], pixels[::-1, :, 1], pixels[:, ::-1, 2]], -1))


PICTURES = {
    "lossless": (photo, {"origin": "none", "jpeg": "never"}),
    "grey": (lambda: photo("L"), {"jpeg": "never"}),
    "channels": (lambda: drawn_apart(), {"jpeg": "never", "origin": "none"}),
    "alpha": (lambda: photo("RGBA"), {"origin": "none", "jpeg": "never"}),
    "origin": (rendered_from_jpeg, {"jpeg": "never"}),
    "stored": (lambda: photo().quantize(8).convert("RGB"), {}),
    "decolorized": (photo, {"mode": "decolorized"}),
    "decolorized always": (lambda: photo("RGBA"), {"mode": "decolorized", "predict": "always"}),
    "grid": (photo, {"mode": "grid", "n": 7}),
    "grid of points": (lambda: photo("RGBA"), {"mode": "grid", "n": 60, "hints": "point"}),
    "grid, lossy luminance": (photo, {"mode": "grid", "n": 20, "quality": 60}),
    "grid, grey": (lambda: photo("L"), {"mode": "grid"}),
    "palette": (lambda: photo().quantize(40), {}),
    "float": (lambda: photo("L").convert("F"), {}),
    "bilevel": (lambda: photo("L").convert("1"), {}),
    "CMYK": (lambda: photo().convert("CMYK"), {}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_region_is_the_crop_of_the_whole(name, small_tiles):
    make, keywords = PICTURES[name]
    file = saved(make(), **{"effort": 1, **keywords} if "decolorized" not in name else keywords)
    whole = Image.open(BytesIO(file))
    whole.load()
    for box in boxes(whole.size, seed=len(name)):
        part, crop = pillow_colorgrid.open_region(BytesIO(file), box), whole.crop(box)
        assert (part.mode, part.size) == (crop.mode, crop.size)
        assert part.tobytes() == crop.tobytes(), box
        assert part.getpalette() == crop.getpalette()
        assert part.info == crop.info


@pytest.mark.parametrize(
    ("mode", "subsampling"),
    [
        ("RGB", "4:4:4"),
        ("RGB", "4:2:2"),
        ("RGB", "4:2:0"),
        ("L", "4:4:4"),
        ("CMYK", "4:4:4"),
        ("CMYK", "4:2:2"),
        ("CMYK", "4:2:0"),
    ],
)
def test_a_region_of_a_jpeg_picture(mode, subsampling, monkeypatch):
    from pillow_colorgrid.codings.jpeg import strips

    monkeypatch.setattr(strips, "STRIP_PIXELS", 210 * 40)
    monkeypatch.setattr(render, "STRIP_PIXELS", 210 * 40)
    image, keywords = jpeg_of(photo(mode), quality=80, subsampling=subsampling)
    file = saved(image, **keywords)
    whole = Image.open(BytesIO(file))
    assert whole.info["cgx"]["coding"] == "jpeg"
    whole.load()
    assert b"JSTR" in file[file.index(b"JSTR") + 4 :]  # several strips
    for box in boxes(whole.size, seed=1, count=4):
        part = pillow_colorgrid.open_region(BytesIO(file), box)
        assert part.tobytes() == whole.crop(box).tobytes(), box


def test_a_region_of_a_picture_that_once_was_a_jpeg_file():
    once = Image.fromarray(np.array(jpeg_of(photo(size=(320, 240)), quality=80)[0]))
    pixels = np.array(once)
    pixels[100:103, 50:60] ^= 1
    file = saved(Image.fromarray(pixels))
    whole = Image.open(BytesIO(file))
    assert whole.info["cgx"]["coding"] == "jpeg"
    for box in boxes(whole.size, seed=2):
        part = pillow_colorgrid.open_region(BytesIO(file), box)
        assert part.tobytes() == whole.crop(box).tobytes(), box


class Counting(BytesIO):
    """A file that knows how many bytes were read from it."""

    read_bytes = 0

    def read(self, size=-1):
        found = super().read(size)
        self.read_bytes += len(found)
        return found


@pytest.mark.parametrize("mode", ["lossless", "decolorized", "grid"])
def test_tiles_elsewhere_are_neither_read_nor_checked(mode, monkeypatch):
    monkeypatch.setattr(tiles, "MAX_EDGE", 64)
    image = photo(size=(620, 500))
    keywords = {"origin": "none", "jpeg": "never"} if mode == "lossless" else {}
    file = bytearray(saved(image, mode=mode, **keywords))
    expected = Image.open(BytesIO(file)).crop((0, 0, 20, 20)).tobytes()
    counting = Counting(file)
    part = pillow_colorgrid.open_region(counting, (0, 0, 20, 20))
    assert part.tobytes() == expected
    if mode != "grid":  # it needs what lies around
        assert counting.read_bytes < len(file) / 8
    file[-60] ^= 1  # of the last tile
    assert pillow_colorgrid.open_region(BytesIO(file), (0, 0, 20, 20)).tobytes() == expected
    with pytest.raises(pillow_colorgrid.DamagedError, match="CRC-32"):
        pillow_colorgrid.open_region(BytesIO(file), (600, 480, 620, 500))


def test_what_is_needed_is_checked(small_tiles):
    file = bytearray(saved(photo(), origin="none", jpeg="never"))
    file[file.index(b"LPRE") + 40] ^= 1
    with pytest.raises(pillow_colorgrid.DamagedError, match="LPRE damaged"):
        pillow_colorgrid.open_region(BytesIO(file), (0, 0, 9, 9))


@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_is_told(part, small_tiles):
    file = saved(photo(), origin="none", jpeg="never")
    with pytest.raises(pillow_colorgrid.TruncatedError):
        pillow_colorgrid.open_region(BytesIO(file[: int(part * len(file))]), (0, 0, 9, 9))


def test_sections_are_counted_and_ordered(small_tiles, monkeypatch):
    file = saved(photo(), origin="none", jpeg="never")
    header = container.read_header(BytesIO(file))
    stream = BytesIO(file)
    stream.seek(container.HEADER_BYTES)
    sections = list(container.read_sections(stream))
    missing = container.pack(header, sections[:-2])
    with pytest.raises(pillow_colorgrid.DamagedError, match=r"3 tiles, 210x157 pixels have 4"):
        pillow_colorgrid.open_region(BytesIO(missing), (0, 0, 9, 9))
    swapped = container.pack(header, [*sections[:-2], sections[-1], sections[-2]])
    with pytest.raises(pillow_colorgrid.DamagedError):
        pillow_colorgrid.open_region(BytesIO(swapped), (0, 0, 9, 9))
    monkeypatch.setattr(pillow_colorgrid.limits, "MAX_SECTIONS", 3)
    with pytest.raises(pillow_colorgrid.LimitError):
        pillow_colorgrid.open_region(BytesIO(file), (0, 0, 9, 9))


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 0, 5),
        (5, 5, 4, 9),
        (-1, 0, 5, 5),
        (0, 0, 211, 5),
        (0, 0, 5, 158),
        (0, 0, 5),
        "abcd",
        (0.5, 0, 5, 5),
        None,
    ],
)
def test_a_box_outside_is_a_value_error(box):
    file = saved(photo("1"))
    with pytest.raises(ValueError, match="box="):
        pillow_colorgrid.open_region(BytesIO(file), box)


def test_other_files_are_refused():
    file = BytesIO()
    photo().save(file, "PNG")
    with pytest.raises(UnidentifiedImageError):
        pillow_colorgrid.open_region(file, (0, 0, 5, 5))


def test_a_picture_stays_open_after_a_region(tmp_path, small_tiles):
    path = tmp_path / "a.cgx"
    photo().save(path, jpeg="never")
    with Image.open(path) as image:
        first = image.region((3, 4, 50, 60))
        second = image.region((100, 90, 130, 120))
        assert first.tobytes() == image.crop((3, 4, 50, 60)).tobytes()
        assert second.tobytes() == image.region((100, 90, 130, 120)).tobytes()
    assert pillow_colorgrid.open_region(path, (3, 4, 50, 60)).tobytes() == first.tobytes()
    closed = Image.open(path)
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        closed.region((0, 0, 1, 1))


def test_a_region_of_the_current_frame():
    file = BytesIO()
    frames = [photo(), photo().rotate(90).resize(SIZE)]
    frames[0].save(file, "CGX", save_all=True, append_images=frames[1:], jpeg="never", effort=1)
    with Image.open(file) as image:
        for number, frame in enumerate(frames):
            image.seek(number)
            box = (20, 30, 90, 80)
            assert image.region(box).tobytes() == frame.crop(box).tobytes()


def test_a_stored_picture_in_parts(monkeypatch):
    """Screens are cut into parts; of these only some are decoded."""
    from pillow_colorgrid.codings import inner
    from pillow_colorgrid.codings.stored.encoder import parts as encoder

    monkeypatch.setattr(encoder, "WHOLE_PIXELS", 60 * 60)
    file = saved(photo().quantize(8).convert("RGB"), effort=4)
    whole = Image.open(BytesIO(file))
    assert whole.info["cgx"]["coding"] == "stored"
    whole.load()
    decoded = []
    decode_pixels = inner.decode_pixels
    monkeypatch.setattr(
        inner, "decode_pixels", lambda *some: decoded.append(some[1]) or decode_pixels(*some)
    )
    for box in boxes(whole.size, seed=3):
        part = pillow_colorgrid.open_region(BytesIO(file), box)
        assert part.tobytes() == whole.crop(box).tobytes(), box
    decoded.clear()
    pillow_colorgrid.open_region(BytesIO(file), (0, 0, 1, 1))
    assert len(decoded) == 1
