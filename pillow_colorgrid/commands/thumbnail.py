"""``cgx thumbnail``: a small picture; where the coding has levels, from a part of the file."""

from io import BytesIO

from PIL import Image

from pillow_colorgrid.commands import openers
from pillow_colorgrid.commands.pictures import attempt, upright
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.terminal import complain
from pillow_colorgrid.screens import for_screens

SUFFIXES = (".png", ".jpg", ".webp", ".gif", ".tif")
"""Some that Pillow writes; for people."""


def run(source: Place, target: Place, size: int) -> int:
    """Write the thumbnail of `source`, upright, its longer side at most `size`; the exit status."""
    if size < 1:
        complain(f"cgx thumbnail: --size {size}, allowed: integers from 1")
        return 2
    openers.register()
    # Desktops ask for a name without a suffix, and mean PNG.
    kind = Image.registered_extensions().get(target.suffix or ".png")
    if kind not in Image.SAVE:
        complain(f"cgx thumbnail: {target}: allowed: {', '.join(SUFFIXES)}, ..., or none (PNG)")
        return 2

    def work() -> bool:
        with source.open() as file, Image.open(file) as image:
            image.thumbnail((size, size))
            image.load()  # what is small enough already, Pillow leaves in the file
        data = BytesIO()
        for_screens(upright(image)).save(data, kind)
        # Not the times of the source: a thumbnail is new.
        target.write(data.getvalue(), replace=True)
        return True

    return 0 if attempt(source, work) else 1
