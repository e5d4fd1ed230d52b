"""``cgx show``: a picture as PNG on standard output, or in the desktop's viewer."""

import sys
from io import BytesIO

from PIL import Image

from pillow_colorgrid.CgxImagePlugin import CgxImageFile, as_tile
from pillow_colorgrid.commands import openers
from pillow_colorgrid.commands.pictures import attempt, load, upright
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.terminal import complain
from pillow_colorgrid.screens import for_screens

Box = tuple[int, int, int, int]


def run(source: Place, viewer: bool, box: Box | None = None) -> int:
    """Show `source` upright; the exit status.

    Args:
        box: only this part of it, as it is stored; of a .cgx file no other part is decoded.
        viewer: in Pillow's viewer (xdg-open, Preview, ...) even where output is redirected. Without
            it the viewer is used only if standard output is a terminal.
    """
    image = attempt(source, lambda: for_screens(upright(_load(source, box))))
    if image is None:
        return 1
    if viewer or sys.stdout.isatty():
        from PIL import ImageShow

        if not ImageShow.show(image, str(source)):
            complain("no viewer here; try: cgx show FILE > picture.png")
            return 1
        return 0
    data = BytesIO()
    image.save(data, "PNG")
    sys.stdout.buffer.write(data.getvalue())
    sys.stdout.buffer.flush()
    return 0


def _load(source: Place, box: Box | None) -> Image.Image:
    """The picture, or a part of it; raises as `load`, and ValueError for a box outside."""
    if box is None:
        return load(source)
    openers.register()
    with source.open() as file, Image.open(file) as image:
        part = as_tile(box, image.size)
        if isinstance(image, CgxImageFile):
            return image.region(box)
        return image.crop((part.left, part.top, part.right, part.bottom))
