"""Pillow pictures <-> arrays, for every mode, without a change to any bit.

The arrays hold what files hold: `LAYOUTS` says how many channels a pixel of each mode has and what
a sample is. Palettes and transparency are not pixels: see metadata.py.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[Any]
"""(H, W, C) of the dtype that `LAYOUTS` gives for the mode."""

Bytes = npt.NDArray[np.uint8]
"""Samples of 8 bits."""


@dataclass(frozen=True)
class Layout:
    """How the pixels of a mode are laid out.

    Attributes:
        channels: samples of one pixel.
        sample: numpy's name of the type and byte order of a sample in files.
        raw: the same as Pillow hands it out; "=" is the byte order of this machine.
        rawmode: Pillow's name for that; "" is the mode itself.
    """

    channels: int
    sample: str = "u1"
    raw: str = "u1"
    rawmode: str = ""

    @property
    def sample_bytes(self) -> int:
        return np.dtype(self.sample).itemsize


LAYOUTS = {
    "1": Layout(1, rawmode="1;8"),
    "L": Layout(1),
    "LA": Layout(2),
    "P": Layout(1),
    "PA": Layout(2),
    "RGB": Layout(3),
    "RGBX": Layout(4),
    "RGBA": Layout(4),
    "RGBa": Layout(4),
    "La": Layout(2),
    "CMYK": Layout(4),
    "YCbCr": Layout(3),
    "LAB": Layout(3),
    "HSV": Layout(3),
    "I;16": Layout(1, "<u2", "<u2"),
    "I;16B": Layout(1, ">u2", ">u2"),
    "I": Layout(1, "<i4", "=i4"),
    "F": Layout(1, "<f4", "=f4"),
    "I;16L": Layout(1, "<u2", "<u2"),
    "I;16N": Layout(1, "<u2", "=u2"),
}
"""A key for each mode of container.MODE_IDS. Mode 1 is one byte for each pixel: 0 or 255."""


def from_image(im: Image.Image) -> Pixels:
    """The pixels of `im`, whatever its mode, as a read-only (H, W, C) array."""
    layout = LAYOUTS[im.mode]
    # Only mode 1 is packed by default; "L" hands it out as 0 and 255.
    data = im.tobytes("raw", "L") if im.mode == "1" else im.tobytes()
    raw = np.frombuffer(data, layout.raw).reshape(im.height, im.width, layout.channels)
    return raw.astype(layout.sample, copy=False)


def to_image(pixels: Pixels, mode: str) -> Image.Image:
    """The inverse of `from_image`: a picture with memory of its own, which may be written to."""
    layout = LAYOUTS[mode]
    height, width, _ = pixels.shape
    raw = np.ascontiguousarray(pixels, layout.raw)
    return Image.frombytes(mode, (width, height), raw.data, "raw", layout.rawmode or mode)
