"""``cgx verify``: are these files whole? Checksums of all sections; with --deep every pixel too."""

from collections.abc import Sequence

from PIL import Image, ImageSequence, UnidentifiedImageError

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid.CgxImagePlugin import FORMAT
from pillow_colorgrid.commands.pictures import ours
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.terminal import complain, reason_of, say
from pillow_colorgrid.errors import CgxError


def verify(place: Place, deep: bool) -> None:
    """Raise what is wrong with the file.

    Raises:
        OSError: missing, damaged or cut short.
        SyntaxError: not a .cgx file.
    """
    with place.open() as file, Image.open(file, formats=(FORMAT,)) as image:
        if deep:
            for frame in ImageSequence.Iterator(image):
                frame.load()
        else:
            image.verify()


def run(places: Sequence[Place], deep: bool) -> int:
    """Print a line for each file that is not whole, then the count.

    Of folders, all .cgx files in them are checked, whatever one of them does. Status 1 if one is
    not whole or there is none.
    """
    wrong = count = 0
    for place in ours(places):
        count += 1
        try:
            verify(place, deep)
        except Exception as error:
            complain(f"{place}: {_said(error, place)}")
            wrong += 1
    checked = "every pixel" if deep else "checksums"
    say(f"{count - wrong} of {count} files are whole ({checked})")
    return 1 if wrong or not count else 0


def _said(error: Exception, place: Place) -> str:
    """What is wrong with a file, in words."""
    if isinstance(error, UnidentifiedImageError) and not isinstance(error, CgxError):
        return "not a .cgx file"
    if isinstance(error, OSError | SyntaxError | Image.DecompressionBombError):
        return reason_of(error, place)
    return f"unexpected {error!r}; please report it, with the file"
