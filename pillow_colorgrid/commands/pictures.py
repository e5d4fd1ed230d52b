"""Opening a picture for a command that shows it, and saying what is wrong with it."""

from collections.abc import Callable
from typing import TypeVar

from PIL import Image, UnidentifiedImageError

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.terminal import complain

T = TypeVar("T")


def load(place: Place) -> Image.Image:
    """The picture of a file, all its pixels in memory.

    Raises:
        OSError: missing, damaged, or nothing that Pillow reads.
    """
    with place.open() as file, Image.open(file) as image:
        image.load()
        return image


def attempt(place: Place, work: Callable[[], T]) -> T | None:
    """What `work` returns; None, and a line on stderr that names `place`, where it fails."""
    try:
        return work()
    except UnidentifiedImageError:
        complain(f"{place}: not a picture that Pillow reads")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        complain(f"{place}: {error}")
    return None
