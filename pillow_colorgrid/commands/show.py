"""``cgx show``: a picture as PNG on standard output, or in the desktop's viewer."""

import sys
from io import BytesIO

from pillow_colorgrid.commands.pictures import attempt, load, upright
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.terminal import complain
from pillow_colorgrid.screens import for_screens


def run(source: Place, viewer: bool) -> int:
    """Show `source` upright; the exit status.

    Args:
        viewer: in Pillow's viewer (xdg-open, Preview, ...) even where output is redirected. Without
            it the viewer is used only if standard output is a terminal.
    """
    image = attempt(source, lambda: for_screens(upright(load(source))))
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
