"""``cgx verify``: are these files whole? Checksums of all sections; with --deep every pixel too."""

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid.CgxImagePlugin import FORMAT


def verify(path: Path, deep: bool) -> None:
    """Raise what is wrong with the file.

    Raises:
        OSError: missing, damaged or cut short.
        SyntaxError: not a .cgx file.
    """
    with Image.open(path, formats=(FORMAT,)) as image:
        if deep:
            image.load()
        else:
            image.verify()


def run(paths: Sequence[Path], deep: bool) -> int:
    """Print a line for each file that is not whole, then the count; status 1 if there was one."""
    wrong = 0
    for path in paths:
        try:
            verify(path, deep)
        except UnidentifiedImageError:
            print(f"{path}: not a .cgx file", file=sys.stderr)
            wrong += 1
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            wrong += 1
    checked = "every pixel" if deep else "checksums"
    print(f"{len(paths) - wrong} of {len(paths)} files are whole ({checked})")
    return 1 if wrong else 0
