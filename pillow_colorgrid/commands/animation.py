"""All frames of a file: written to every format that holds several, and compared one by one.

A .cgx or TIFF file must give each frame back as it is. APNG, WebP and GIF hold what is *shown*:
there equal neighbours may have become one of their common duration, and modes may be others.
"""

import contextlib
import hashlib
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from pillow_colorgrid.codings import registry
from pillow_colorgrid.commands import carrying, dropping, source_items, tiff_tags
from pillow_colorgrid.commands.targets import FORMATS, Settings
from pillow_colorgrid.frames.directory import ONE_FILE
from pillow_colorgrid.frames.encoder import gathering, joined, writing
from pillow_colorgrid.metadata import OWN_FACTS

STRICT = ("CGX", "TIFF")
"""Formats that keep each frame by itself, in its own mode and size."""

HIDDEN_COLOR = "colour under transparent pixels"
"""What GIF and animated WebP do not hold."""

DURATIONS, LOOP, DEFAULT_IMAGE = "durations", "number of repetitions", "default image"
"""What else a format may not hold."""

MANY_COLORS = 256

GIF_STEP_MS = 10
"""In which durations are told there."""

DURATION_TOLERANCE = 1e-3
"""APNG keeps fractions of a second."""

Differ = Callable[[Image.Image, Image.Image], str]


def count(image: Image.Image) -> int:
    """How many frames Pillow finds."""
    return int(getattr(image, "n_frames", 1))


def set_apart(image: Image.Image, name: str) -> list[str]:
    """Leave of an MPO file whose pictures differ the first, where `name` holds one size and mode.

    The others are no frames of an animation: smaller views, or what a program of its maker's knows.

    Returns:
        What is left out, for people.
    """
    of_mpo = image.format == joined.FORMAT or image.info.get(OWN_FACTS, {}).get(ONE_FILE)
    frames = count(image)
    if name in STRICT or not of_mpo or frames == 1:
        return []
    shapes = set()
    for number in range(frames):
        image.seek(number)
        shapes.add((image.mode, image.size))
    image.seek(0)
    if len(shapes) == 1:
        return []
    image.n_frames, image.is_animated = 1, False  # type: ignore[attr-defined]
    return [f"{frames - 1} further pictures of other sizes (--to tif takes all)"]


PNG_MODES = frozenset(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"))
TOGETHER_IN_PNG = frozenset(("P", "RGB", "RGBA"))
TIFF_MODES = PNG_MODES | {"PA", "CMYK", "YCbCr", "LAB", "I;16B", "I", "F"}
"""Modes that formats give back exactly; and those of PNG that may stand in one file."""


def format_for(image: Image.Image) -> str:
    """To which format all frames may be converted without loss, for ``--to``; "": to none."""
    sizes, modes = set(), set()
    for number in range(count(image)):
        image.seek(number)
        sizes.add(image.size)
        modes.add(image.mode)
    if len(sizes) == 1 and modes <= PNG_MODES and (len(modes) == 1 or modes <= TOGETHER_IN_PNG):
        return "png"
    return "tif" if modes <= TIFF_MODES else ""


# -- writing --------------------------------------------------------------------------------------


def saved(image: Image.Image, source: bytes, settings: Settings, keywords: dict[str, Any]) -> bytes:
    """All frames as a file of the target's format, which must hold them (`difference`).

    Args:
        source: the file of `image`; of the first frame, `carrying.gather` was asked before.
        keywords: of save.

    Raises:
        OSError: it cannot hold them.
    """
    name, info = FORMATS[settings.suffix], dict(image.info)
    _check_room(image, name)
    image.seek(0)
    if name == "CGX":
        coding, options = registry.asked_for(keywords)
        told = _Told(image, source, info, settings.dropped)
        return writing.encode(gathering.gather(image, keywords, told.add), coding, options)
    facts = timing(image)
    told_others: dict[str, Any] = {"save_all": True, **keywords}
    if name != "TIFF":
        told_others["duration"] = [duration or 0 for duration in facts.durations]
        if name == "AVIF":  # whose encoder takes no fractions
            told_others["duration"] = [round(duration) for duration in told_others["duration"]]
        # Not stated means: shown once.
        told_others["loop"] = facts.loop if facts.loop is not None or name == "GIF" else 1
    first, rest = image, []
    if name == "GIF" and not settings.any_pixels:
        first, *rest = (_paletted(frame) for frame in ImageSequence.Iterator(image))
        told_others |= {"optimize": False}
        if _transparent([first, *rest]):
            told_others |= {"disposal": 2}
    elif name == "GIF":
        image.seek(0)
        image.load()
        told_others |= {"disposal": 2} if image.has_transparency_data else {}
    elif facts.default_image and name == "PNG":
        first, *rest = (frame.copy() for frame in ImageSequence.Iterator(image))
        told_others |= {"default_image": True, "duration": told_others["duration"][1:]}
    else:
        image.seek(0)
        image.load()
    transparency = first.info.get("transparency")
    first.info |= {**info, "transparency": transparency}
    if transparency is None:  # of the source's palette, not of this one
        del first.info["transparency"]
    dropping.drop(first, settings.dropped)
    kept = dict(first.info)
    data = carrying.saved(first, name, {"append_images": rest, **told_others})
    if name == "TIFF" and image.format == "CGX":
        for number in range(1, count(image)):
            image.seek(number)
            dropping.drop(image, settings.dropped)
            data = carrying.with_tags(data, image.info, number)
    return source_items.put_back(data, name, kept) if name == "TIFF" else data


def _check_room(image: Image.Image, name: str) -> None:
    """Raise OSError where a format has no place for frames, or for these."""
    if name in STRICT:
        return
    Image.init()
    if name not in Image.SAVE_ALL:
        raise OSError(f"{count(image)} frames, {name} holds one (--to png, webp or tif takes all)")
    sizes = set()
    for number in range(count(image)):
        image.seek(number)
        sizes.add(image.size)
    if len(sizes) > 1:
        raise OSError(f"frames of different sizes, which {name} does not hold (--to tif takes all)")


@dataclass(frozen=True)
class _Told:
    """What Pillow does not show of the frames of a file.

    Attributes:
        image, source: the file.
        first: `Image.info` of the first frame, complete.
        dropped: kinds of metadata that are left out, as in `Settings`.
    """

    image: Image.Image
    source: bytes
    first: dict[Any, Any]
    dropped: Sequence[str] = ()

    def add(self, frame: Image.Image, number: int) -> None:
        """Complete `info` of a frame."""
        self._complete(frame, number)
        dropping.drop(frame, self.dropped, gathering.LEFT_OUT)

    def _complete(self, frame: Image.Image, number: int) -> None:
        if number == 0 and frame is self.image:
            frame.info |= self.first
            return
        frame.info.pop(source_items.KEY, None)  # of the whole file, kept with the first frame
        if self.image.format == "TIFF":
            with contextlib.suppress(ValueError, struct.error):  # which the first page's told
                carrying.show_tags(frame, tiff_tags.page_of(self.source, number))


def _transparent(frames: list[Image.Image]) -> bool:
    return any("transparency" in frame.info for frame in frames)


def _paletted(frame: Image.Image) -> Image.Image:
    """The frame with a palette of exactly its colours.

    Raises:
        OSError: it has too many, or transparency that GIF does not know.
    """
    rgba = np.asarray(frame.convert("RGBA")).reshape(-1, 4).copy()
    clear = rgba[:, 3] == 0
    if ((rgba[:, 3] != 0) & (rgba[:, 3] != 255)).any():
        raise OSError("half transparent pixels, which GIF does not hold (try --to png or webp)")
    rgba[clear] = 0
    colors, indices = np.unique(rgba.view("<u4")[:, 0], return_inverse=True)
    if len(colors) > MANY_COLORS:
        raise OSError(
            f"{len(colors)} colours in a frame, GIF holds {MANY_COLORS} (try --to png or webp)"
        )
    found = Image.frombytes("P", frame.size, indices.astype(np.uint8).tobytes())
    table = colors.astype("<u4").view(np.uint8).reshape(-1, 4)
    found.putpalette(table[:, :3].tobytes())
    if clear.any():
        found.info["transparency"] = int(np.flatnonzero(table[:, 3] == 0)[0])
    return found


# -- comparing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Timing:
    """When frames are shown.

    Attributes:
        durations: of each in milliseconds; None: not stated.
    """

    durations: tuple[float | None, ...]
    loop: int | None
    default_image: bool


def timing(image: Image.Image) -> Timing:
    """When the frames of `image` are shown."""
    image.seek(0)
    loop, default = image.info.get("loop"), bool(image.info.get("default_image", False))
    durations = tuple(frame.info.get("duration") for frame in _frames(image))
    return Timing(durations, loop, default)


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """Each frame, loaded: some formats know its duration only then."""
    for frame in ImageSequence.Iterator(image):
        frame.load()
        yield frame


def difference(
    image: Image.Image, written: Image.Image, differ: Differ, any_pixels: bool = False
) -> str:
    """What first tells a file from its source and should not, or "".

    Args:
        differ: the same of two frames.
        any_pixels: of what is shown only size and duration must be the same.
    """
    if written.format not in STRICT:
        if any_pixels:
            return _difference_of_shape(image, written)
        return _difference_shown(image, written)
    if count(written) != count(image):
        return f"{count(written)} frames, not {count(image)}"
    pairs = zip(_frames(image), _frames(written), strict=True)
    for number, (frame, other) in enumerate(pairs):
        found = differ(frame, other)
        if not found and written.format == "CGX":
            found = _other_duration(frame, other)
        if found:
            return f"{found} in frame {number}"
    return ""


def _other_duration(frame: Image.Image, other: Image.Image) -> str:
    for key in ("duration", "loop"):
        one, another = frame.info.get(key), other.info.get(key)
        if one != another:
            return f"{key} {another}, not {one}"
    return ""


def _difference_of_shape(image: Image.Image, written: Image.Image) -> str:
    """As `_difference_shown`, of a lossy file, in which frames that are alike may be one."""
    if image.size != written.size:
        return f"size {written.size}, not {image.size}"
    if count(written) > count(image):
        return f"{count(written)} frames, not {count(image)}"
    one, other = (sum(d or 0 for d in timing(picture).durations) for picture in (image, written))
    if math.isclose(one, other, abs_tol=GIF_STEP_MS * count(image)):
        return ""
    return f"frames of {other:g} ms, not {one:g}"


def _difference_shown(image: Image.Image, written: Image.Image) -> str:
    one, other = (_merged(picture) for picture in (image, written))
    if len(one) != len(other):
        return f"{len(other)} different frames, not {len(one)}"
    for number, (a, b) in enumerate(zip(one, other, strict=True)):
        if a.digest != b.digest:
            return f"other pixels in frame {number}"
    return ""


@dataclass
class _Shown:
    """What a viewer sees for a while."""

    digest: bytes
    duration: float


def _merged(image: Image.Image) -> list[_Shown]:
    """What is seen, one after the other; colour under alpha 0 is not seen."""
    found: list[_Shown] = []
    for frame in _frames(image):
        rgba = np.asarray(frame.convert("RGBA")).copy()
        rgba[rgba[..., 3] == 0] = 0
        digest = hashlib.blake2b(f"{frame.size}".encode() + rgba.tobytes()).digest()
        duration = float(frame.info.get("duration") or 0)
        if found and found[-1].digest == digest:
            found[-1].duration += duration
        else:
            found.append(_Shown(digest, duration))
    return found


def lost(
    image: Image.Image,
    source: bytes,
    written: Image.Image,
    target: bytes,
    dropped: Sequence[str] = (),
) -> list[str]:
    """Names of what a file does not hold of its source, apart from what is seen.

    Args:
        source, target: the files of `image` and `written`.
        dropped: kinds of metadata that were to be left out.
    """
    found = _lost_facts(image, written) if written.format != "CGX" else []
    image.seek(0)
    image.load()
    carrying.gather(image, source)
    told = _Told(image, source, dict(image.info), dropped)
    strict = written.format in STRICT
    for number in range(count(image) if strict else 1):
        image.seek(number)
        written.seek(number)
        image.load()
        told.add(image, number)
        page = tiff_tags.page_of(target, number) if written.format == "TIFF" else target
        keys = carrying.lost(image, written, page)
        found += [key for key in keys if key not in gathering.LEFT_OUT]
    return list(dict.fromkeys(found))


def _lost_facts(image: Image.Image, written: Image.Image) -> list[str]:
    """What another format than .cgx does not hold of an animation."""
    found = []
    one, other = timing(image), timing(written)
    if written.format == "TIFF":
        if any(duration is not None for duration in one.durations):
            found.append(DURATIONS)
    else:
        seen, shown = _merged(image), _merged(written)
        pairs = zip(seen, shown, strict=False)
        same = len(seen) == len(shown) and all(_alike(a.duration, b.duration) for a, b in pairs)
        unsaid = 0 in one.durations and 0 not in other.durations  # as GIF has it
        if unsaid or not same:
            found.append(DURATIONS)
    if one.loop != other.loop and one.loop is not None:
        found.append(LOOP)
    if one.default_image and not other.default_image:
        found.append(DEFAULT_IMAGE)
    if written.format not in STRICT and _hides_color(image) and not _same_hidden(image, written):
        found.append(HIDDEN_COLOR)
    return found


def _alike(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=DURATION_TOLERANCE, abs_tol=DURATION_TOLERANCE)


def _hides_color(image: Image.Image) -> bool:
    """Whether a pixel of alpha 0 has a colour."""
    for frame in _frames(image):
        rgba = np.asarray(frame.convert("RGBA"))
        if rgba[rgba[..., 3] == 0].any():
            return True
    return False


def _same_hidden(image: Image.Image, written: Image.Image) -> bool:
    if count(image) != count(written):
        return False
    pairs = zip(_frames(image), _frames(written), strict=True)
    return all(a.convert("RGBA").tobytes() == b.convert("RGBA").tobytes() for a, b in pairs)
