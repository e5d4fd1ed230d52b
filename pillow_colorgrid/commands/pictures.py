"""Opening a picture for a command that shows it, and saying what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import TypeVar

from PIL import Image, UnidentifiedImageError

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid.CgxImagePlugin import EXTENSION
from pillow_colorgrid.commands import openers
from pillow_colorgrid.commands.places import Local, Place, Remote
from pillow_colorgrid.commands.terminal import complain, reason_of

T = TypeVar("T")
P = TypeVar("P", Local, Remote, Place)

ORIENTATION = 0x0112

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation."""


def load(place: Place) -> Image.Image:
    """The picture of a file, all its pixels in memory.

    Raises:
        OSError: missing, damaged, or nothing that Pillow reads.
    """
    openers.register()
    with place.open() as file, Image.open(file) as image:
        image.load()
        return image


def upright(image: Image.Image) -> Image.Image:
    """As it is meant to be seen, turned as its EXIF orientation says: to be shown, never stored."""
    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # whatever a reader raises on broken EXIF
        return image
    return image if turn is None else image.transpose(turn)


def ours(places: Iterable[P]) -> Iterator[P]:
    """The .cgx files that a user means: of folders all in them; others as they were named.

    A folder without any is named on stderr.
    """
    for place in places:
        if not place.is_folder():
            yield place
            continue
        found = [name for name in place.files() if name.suffix.lower() == EXTENSION]
        if not found:
            complain(f"{place}: no {EXTENSION} file in this folder")
        yield from (place.joined(name) for name in found)


def opened(place: Place) -> Image.Image:
    """As `load`, of a file with several frames the first; the others can be had by `seek`."""
    openers.register()
    with place.open() as file:
        image = Image.open(BytesIO(file.read()))
    image.load()
    return image


def attempt(place: Place, work: Callable[[], T]) -> T | None:
    """What `work` returns; None, and a line on stderr that names `place`, where it fails."""
    try:
        return work()
    except UnidentifiedImageError:
        complain(f"{place}: not a picture that Pillow reads")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        complain(f"{place}: {reason_of(error, place)}")
    return None
