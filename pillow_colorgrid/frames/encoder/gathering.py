"""What Pillow was asked to save -> frames, one after the other: pixels, metadata, duration.

Frames are stored as Pillow shows them: how a source came to them (disposal, blending, palettes of
its own) is of no importance afterwards.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageSequence

from pillow_colorgrid import container, limits, metadata, pixels
from pillow_colorgrid.codings.base import Picture

OF_SOURCES = ("bbox", "blend", "disposal", "extension", "timestamp")
"""Keys of `Image.info` that tell how a source came to its frames, or follow from durations."""

KEPT_IN_INDEX = ("default_image", "duration", "loop")

LEFT_OUT = (*OF_SOURCES, *KEPT_IN_INDEX)
"""Keys that are no metadata of frames."""

Complete = Callable[[Image.Image, int], None]
"""Adds to `info` of a picture and the number of its current frame."""


@dataclass(frozen=True)
class Frame:
    """One frame to be written; `duration` in milliseconds, None: not stated."""

    picture: Picture
    duration: float | None = None


@dataclass(frozen=True)
class Animation:
    """All frames to be written.

    Attributes:
        frames: can be gone through once.
        loop: how often they are shown, 0: for ever; None: not stated.
        default_image: the first frame is no part of the animation.
    """

    frames: Iterator[Frame]
    loop: int | None = None
    default_image: bool = False


def picture(im: Image.Image, keywords: Mapping[str, Any], several: bool = False) -> Picture:
    """The current frame of `im`, with the metadata that go with it.

    Args:
        several: it is one of them; what the index tells of frames is no metadata of it.

    Raises:
        OSError: a mode that cannot be stored, or a picture too large or empty.
        ValueError: a keyword with a value that cannot be kept.
    """
    if im.mode not in container.MODE_IDS:
        allowed = ", ".join(container.MODE_IDS)
        raise OSError(f"cannot write mode {im.mode} as CGX (allowed: {allowed})")
    if not all(1 <= side <= container.MAX_SIDE for side in im.size):
        raise OSError(f"cannot write size {im.size} as CGX (allowed: 1 to {container.MAX_SIDE})")
    sections = tuple(metadata.to_write(im, keywords, LEFT_OUT if several else ()))
    return Picture(pixels.from_image(im), im.mode, im, sections)


def gather(
    im: Image.Image, keywords: Mapping[str, Any], complete: Complete | None = None
) -> Animation:
    """All frames of `im`, then those of ``append_images=``.

    Keywords, each of which otherwise is what the pictures themselves say (`Image.info`):
    ``duration``: of all frames, or a list of one each, in milliseconds. ``loop``.
    ``default_image``: the first frame is for viewers that know no animations; a list of durations
    then may leave it out.

    Args:
        complete: is called with each frame before it is looked at.

    Raises:
        ValueError: a bad value of one of these.
    """
    loop = keywords.get("loop", im.info.get("loop"))
    if loop is not None and not (isinstance(loop, int) and 0 <= loop < 2**31):
        if "loop" in keywords:
            raise ValueError(f"loop={loop!r}, allowed: None, integers 0 (for ever) to {2**31 - 1}")
        loop = None
    default_image = bool(keywords.get("default_image", im.info.get("default_image", False)))
    sources = [im, *_appended(keywords.get("append_images"))]
    return Animation(_frames(sources, keywords, default_image, complete), loop, default_image)


def _appended(given: Any) -> list[Image.Image]:
    """The pictures that are appended.

    Raises:
        ValueError: they are none.
    """
    allowed = "allowed: a list of pictures"
    if isinstance(given, Image.Image):
        raise ValueError(f"append_images={given!r:.80}, {allowed}")
    try:
        pictures = list(given or ())
    except TypeError:
        raise ValueError(f"append_images={given!r:.60}, {allowed}") from None
    for number, one in enumerate(pictures):
        if not isinstance(one, Image.Image):
            raise ValueError(f"append_images[{number}]={one!r:.60}, {allowed}")
    return pictures


def _frames(
    sources: Sequence[Image.Image],
    keywords: Mapping[str, Any],
    default_image: bool,
    complete: Complete | None,
) -> Iterator[Frame]:
    duration = keywords.get("duration")
    several = list(duration) if isinstance(duration, list | tuple) else None
    if several is not None and default_image and len(several) == _count(sources) - 1:
        several.insert(0, None)
    number = itertools.count()
    # Not n_frames, for which some formats go through the whole file.
    together = len(sources) > 1 or bool(getattr(sources[0], "is_animated", False))
    for source in sources:
        before = source.tell()
        try:
            for shown in ImageSequence.Iterator(source):
                at = next(number)
                limits.check("MAX_FRAMES", at + 1)
                shown.load()  # some formats know their duration only then
                if complete is not None:
                    complete(shown, at)
                if several is not None and at < len(several):
                    stated = several[at]
                elif several is None:
                    first = default_image and at == 0
                    stated = _stated(shown) if duration is None or first else duration
                else:
                    raise _wrong_number(several, _count(sources))
                yield Frame(picture(shown, _keywords(source, keywords), together), _checked(stated))
        finally:
            source.seek(before)
    if several is not None and (count := next(number)) != len(several):
        raise _wrong_number(several, count)


def _wrong_number(durations: Sequence[Any], count: int) -> ValueError:
    return ValueError(
        f"duration={durations!r:.60} has {len(durations)} values, allowed: one for each of "
        f"{count} frames, or one number"
    )


def _stated(frame: Image.Image) -> Any:
    """The duration that a frame itself states; nobody asked for it, so a bad one is left out."""
    duration = frame.info.get("duration")
    try:
        return _checked(duration)
    except ValueError:
        return None


def _count(sources: Sequence[Image.Image]) -> int:
    return sum(getattr(source, "n_frames", 1) for source in sources)


def _keywords(source: Image.Image, keywords: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of save, and what a picture itself says (`Image.encoderinfo`, from Pillow 12 on)."""
    if hasattr(source, "_attach_default_encoderinfo"):
        return {**keywords, **getattr(source, "encoderinfo", {})}
    return keywords


def _checked(duration: Any) -> float | None:
    if duration is None:
        return None
    try:
        number = float(duration)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"duration={duration!r}, allowed: finite numbers from 0 on")
    return int(number) if number == int(number) else number
