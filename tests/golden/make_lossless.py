"""Write the golden files of the lossless coding: ``python tests/golden/make_lossless.py``.

Once for each released format, never again for an old one: files that exist are left alone.
"""

from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings import lossless
from pillow_colorgrid.options import SaveOptions

FOLDER = Path(__file__).parent
PICTURES = {
    # name: photograph, mode, box, effort
    "lossless_1_grey_small": ("camera", "L", (200, 90, 231, 114), 1),
    "lossless_1_color_small": ("coffee", "RGB", (180, 120, 217, 145), 1),
    "lossless_1_alpha": ("logo", "RGBA", (100, 100, 165, 167), 5),
    "lossless_1_adapted": ("astronaut", "RGB", (100, 20, 360, 280), 9),
}


def main() -> None:
    """Write what is missing."""
    for name, (photograph, mode, box, effort) in PICTURES.items():
        path = FOLDER / f"{name}.cgx"
        if path.exists():
            continue
        with Image.open(Path(skimage.__file__).parent / "data" / f"{photograph}.png") as image:
            image = image.convert(mode).crop(box)
        pixels = np.atleast_3d(np.asarray(image))
        sections = lossless.encode(pixels, SaveOptions(effort=effort))
        checksum = container.pixel_checksum(pixels.tobytes())
        header = container.Header("lossless", mode, image.size, checksum)
        path.write_bytes(container.pack(header, sections))
        image.save(path.with_suffix(".png"))


if __name__ == "__main__":
    main()
