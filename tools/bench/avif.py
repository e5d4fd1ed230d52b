"""Lossless AVIF as a Pillow format of the benchmark.

Pillow's own AVIF converts to YCbCr, which loses; imagecodecs (libavif) keeps RGB.
"""

from typing import IO

import imagecodecs
import numpy as np
from PIL import Image


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    fp.write(imagecodecs.avif_encode(np.asarray(im), level=100, speed=8, numthreads=2))


Image.init()
Image.register_save("AVIF", _save)
