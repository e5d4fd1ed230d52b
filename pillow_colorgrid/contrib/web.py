"""A .cgx file as an answer to a browser, which does not know the format: docs/web.md has recipes.

No framework is imported: `answer` takes what a request says and gives status, headers and bytes.
"""

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from PIL import Image, ImageOps, ImageSequence, features

from pillow_colorgrid.CgxImagePlugin import EXTENSION, FORMAT, MIME
from pillow_colorgrid.codings.jpeg.description import RESTORES
from pillow_colorgrid.errors import LimitError
from pillow_colorgrid.frames.directory import ONE_FILE
from pillow_colorgrid.restoring import jpeg_bytes
from pillow_colorgrid.screens import for_screens

logger = logging.getLogger(__name__)

JPEG = "image/jpeg"

WAYS: Mapping[str, Mapping[str, Any]] = {
    **({"image/avif": {"quality": 80, "speed": 8}} if features.check("avif") else {}),
    **({"image/webp": {"quality": 90}} if features.check("webp") else {}),
    "image/png": {},
}
"""Media types that browsers show -> options of `Image.save`; of equally welcome ones the first."""

FORMATS = {"image/avif": "AVIF", "image/webp": "WEBP", "image/png": "PNG"}
"""Media types -> Pillow's names."""

NAMED = ("image/avif", "image/webp", MIME)
"""Only for who names them: ``*/*`` is what programs say that know PNG and JPEG."""

MAX_PIXELS = 50_000_000
"""Larger pictures are refused before they are decoded."""

MAX_AGE_S = 3600
"""How long browsers and caches need not ask again."""

ERROR_AGE_S = 60
"""Nor for a damaged file, so that it is not decoded once for each request."""

PROFILE_SPACE = slice(16, 20)
"""Where an ICC profile tells its colour space (ICC.1, 7.2.6)."""


BROKEN = (
    SyntaxError,
    ValueError,
    OSError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # where warnings are errors
)
"""What a file of a stranger may raise (SECURITY.md)."""


@dataclass(frozen=True)
class Answer:
    """What to send. `body` is b"" unless `status` is 200 or an error; a HEAD request drops it."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def answer(
    folder: str | os.PathLike[str],
    name: str,
    accept: str | None = None,
    if_none_match: str | None = None,
    *,
    longest: int | None = None,
    originals: bool = True,
    ways: Mapping[str, Mapping[str, Any]] = WAYS,
    max_pixels: int = MAX_PIXELS,
    max_age_s: int = MAX_AGE_S,
) -> Answer:
    """A picture in the best format that a client takes.

    A file that was made of a JPEG file is answered with that very file, its EXIF included, unless
    `longest` makes it smaller; all others are upright, and without EXIF. Animations stay such; of
    pages of different sizes, and of an MPO file, the first is shown.

    Args:
        folder: that is served; nothing outside it is.
        name: of a .cgx file in it, as the request says: possibly hostile.
        accept, if_none_match: headers of the request; None where it has none.
        longest: make the longer side that long, if it is longer.
        originals: JPEG files are answered as they were; else no EXIF (places, cameras, names)
            leaves the server, and they are decoded as all others are.
        ways: media types that may be sent -> options of `Image.save`.
        max_pixels: of the stored picture, of all its frames together.

    Returns:
        200; 304 where the client has it already (nothing is decoded); 404; 406 where none of the
        formats is welcome; 422 for a file that is no .cgx file, damaged or too large.

    Raises:
        OSError: the disk, or a folder without permission.
    """
    try:
        with _inside(folder, name).open("rb") as file:
            sent = originals and longest is None
            return _answer(file, accept, if_none_match, longest, sent, ways, max_pixels, max_age_s)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return _error(404, "there is no such picture")


def _inside(folder: str | os.PathLike[str], name: str) -> Path:
    """The file of a name; FileNotFoundError for what is no .cgx file of the folder."""
    root = Path(folder).resolve()
    if "\0" not in name and name.lower().endswith(EXTENSION):
        path = (root / name).resolve()
        if path.is_relative_to(root):
            return path
    raise FileNotFoundError(name)


def _answer(
    file: IO[bytes],
    accept: str | None,
    if_none_match: str | None,
    longest: int | None,
    originals: bool,
    ways: Mapping[str, Mapping[str, Any]],
    max_pixels: int,
    max_age_s: int,
) -> Answer:
    try:
        picture = Image.open(file, formats=[FORMAT])
        _check_size(picture, max_pixels)
        restorable = originals and picture.info["cgx"].get(RESTORES, False)
        offered = [JPEG] if restorable else [*ways]
        chosen = best_of([MIME, *offered], accept)
        if chosen is None:
            return _error(406, f"available: {', '.join(offered)}", {"Vary": "Accept"})
        headers = {
            "ETag": _etag(file, chosen, longest, ways.get(chosen, {})),
            "Vary": "Accept",
            "Cache-Control": f"public, max-age={max_age_s}",
        }
        if _matches(if_none_match, headers["ETag"]):
            return Answer(304, headers)
        body = _body(file, picture, chosen, longest, ways.get(chosen, {}))
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the file's
        # The reason may tell names of this machine: it is for the log, not for the world.
        logger.warning("%s cannot be served: %s", getattr(file, "name", "a file"), error)
        return _error(422, "this picture cannot be shown")
    told = {"Content-Type": chosen, "X-Content-Type-Options": "nosniff"}
    return Answer(200, {**headers, **told}, body)


def _check_size(picture: Image.Image, max_pixels: int) -> None:
    """Raises LimitError. Frames may differ in size; nothing is decoded to know that."""
    pixels = 0
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        pixels += picture.width * picture.height
        if pixels > max_pixels:
            raise LimitError(f"{pixels} pixels and more, allowed: {max_pixels}")
    picture.seek(0)


def _body(
    file: IO[bytes],
    picture: Image.Image,
    chosen: str,
    longest: int | None,
    options: Mapping[str, Any],
) -> bytes:
    if chosen in (JPEG, MIME):
        file.seek(0)
        return jpeg_bytes(file) if chosen == JPEG else file.read()
    made = BytesIO()
    first, *others = _frames(picture, longest, chosen)
    # Not left to the writers: PNG's would keep the profile, WebP's would drop it.
    told: dict[str, Any] = {"icc_profile": _profile_of(first), **options}
    if others:
        durations = [frame.info.get("duration", 0) for frame in (first, *others)]
        loop = picture.info.get("loop", 1)
        told |= {"save_all": True, "append_images": others, "duration": durations, "loop": loop}
    for frame in (first, *others):
        frame.info = {key: frame.info[key] for key in ("transparency",) if key in frame.info}
    first.save(made, FORMATS[chosen], **told)
    return made.getvalue()


def _frames(picture: Image.Image, longest: int | None, chosen: str) -> list[Image.Image]:
    """All frames, upright, in a mode that the format takes; one of what is no animation."""
    if _is_animation(picture):
        whole = [frame.copy() for frame in ImageSequence.Iterator(picture)]
    else:
        whole = [picture]
    frames = []
    for frame in whole:
        if longest is not None:
            frame.thumbnail((longest, longest))  # of a still only as much as it needs is decoded
        shown = for_screens(ImageOps.exif_transpose(frame))
        if chosen != "image/png" and shown.mode not in ("RGB", "RGBA"):
            shown = shown.convert("RGBA" if shown.has_transparency_data else "RGB")
        frames.append(shown)
    return frames


def _is_animation(picture: Image.Image) -> bool:
    """Whether frames follow one another; pages may differ in size, pictures of MPO files do."""
    frames = getattr(picture, "n_frames", 1)
    if frames == 1 or picture.info["cgx"].get(ONE_FILE, False):
        return False
    sizes = set()
    for number in range(frames):
        picture.seek(number)
        sizes.add(picture.size)
    picture.seek(0)
    return len(sizes) == 1


def _profile_of(shown: Image.Image) -> bytes | None:
    """The picture's ICC profile, unless it is one for the mode that was converted."""
    profile = shown.info.get("icc_profile") or b""
    space = b"GRAY" if shown.mode in ("1", "L", "LA") else b"RGB "
    return profile if profile[PROFILE_SPACE] == space else None


def _error(status: int, told: str, headers: Mapping[str, str] | None = None) -> Answer:
    general = {"Content-Type": "text/plain", "Cache-Control": f"public, max-age={ERROR_AGE_S}"}
    return Answer(status, {**general, **(headers or {})}, told.encode())


# -- negotiation and caching (RFC 9110) -----------------------------------------------------------


def best_of(offered: Sequence[str], accept: str | None) -> str | None:
    """Of media types the one that an Accept header likes best, of equal ones the first; or None.

    Those of `NAMED` count only where the header names them.
    """
    wishes = _wishes(accept)
    liking = {}
    for media_type in offered:
        patterns = [media_type]
        if media_type not in NAMED:
            patterns += [f"{media_type.partition('/')[0]}/*", "*/*"]
        # The most specific pattern decides, though another would be kinder.
        quality = next((wishes[pattern] for pattern in patterns if pattern in wishes), 0.0)
        liking[media_type] = quality
    best = max(liking, key=lambda media_type: liking[media_type])
    return best if liking[best] > 0 else None


def _wishes(accept: str | None) -> dict[str, float]:
    """Media range -> quality, 0 to 1; what cannot be read counts as 0."""
    if accept is None or not accept.strip():
        return {"*/*": 1.0}
    wishes = {}
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _quality(value.strip())
        wishes[media_range] = quality
    return wishes


def _quality(text: str) -> float:
    if not text.isascii() or not text.replace(".", "", 1).isdecimal():
        return 0.0
    return min(float(text), 1.0)


def _etag(file: IO[bytes], media_type: str, longest: int | None, options: Mapping[str, Any]) -> str:
    """Another one for each file, format and way of making it."""
    seen = os.fstat(file.fileno())
    made_of = (seen.st_mtime_ns, seen.st_size, media_type, longest, dict(options))
    return f'"{hashlib.sha256(repr(made_of).encode()).hexdigest()[:20]}"'


def _matches(if_none_match: str | None, etag: str) -> bool:
    """Weakly, as it is meant for GET: W/ does not matter."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
