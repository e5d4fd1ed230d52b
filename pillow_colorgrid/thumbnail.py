"""``cgx thumbnail``: a small picture; where the coding has levels, from a part of the file."""

import sys
from pathlib import Path

from PIL import Image

import pillow_colorgrid  # noqa: F401  registers .cgx


def run(source: Path, target: Path, size: int) -> int:
    """Write the thumbnail of `source`, its longer side at most `size` pixels; the exit status."""
    if size < 1:
        print(f"cgx thumbnail: --size {size}, allowed: integers from 1", file=sys.stderr)
        return 2
    try:
        with Image.open(source) as image:
            image.thumbnail((size, size))
            image.save(target)
    except (OSError, ValueError, SyntaxError) as error:
        print(f"{source}: {error}", file=sys.stderr)
        return 1
    return 0
