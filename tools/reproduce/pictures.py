"""Squares of one size, as the sources' data sets have them (Places365: 256, Imagenette: 320)."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from pillow_colorgrid.pixels import Bytes
from tools.data.crops import load_crops
from tools.data.images import pictures
from tools.rate_distortion.measure import flat_rgb


def squares(rgb: Iterable[Bytes], side: int) -> list[Bytes]:
    """The middle square of each picture, scaled."""
    found = []
    for one in rgb:
        edge = min(one.shape[:2])
        top, left = (one.shape[0] - edge) // 2, (one.shape[1] - edge) // 2
        square = Image.fromarray(one[top : top + edge, left : left + edge])
        found.append(np.asarray(square.resize((side, side), Image.Resampling.LANCZOS)))
    return found


@cache
def trained_on(folder: Path, side: int) -> list[Bytes]:
    """Squares of the crops that may be trained on; one list for all networks."""
    return squares(load_crops(folder), side)


def held_out(folder: Path, side: int, count: int) -> list[Bytes]:
    """Squares of `count` of the other crops."""
    return squares(load_crops(folder, held_out=True)[:count], side)


def of_folder(folder: Path, side: int, count: int) -> list[Bytes]:
    """Squares of the first `count` pictures of a folder."""
    chosen = pictures(folder)[:count]
    return squares((np.asarray(flat_rgb(one.open())) for one in chosen), side)
