"""Pixels that do not matter, filled so that an inner picture takes few bytes for them."""

import numpy as np

from pillow_colorgrid.pixels import Bytes


def along_rows(values: Bytes, known: np.ndarray) -> Bytes:
    """(H, W, C): what is not `known` (H, W) is as the last known pixel before it in its row.

    Before the first one in a row it is as that; a row without any is as the last row that has some.
    One pixel at least is known.
    """
    some: np.ndarray = np.any(known, axis=1)
    rows = _last(some)
    here = known[rows]
    columns = np.where(here, np.arange(known.shape[1]), -1)
    np.maximum.accumulate(columns, axis=1, out=columns)
    columns = np.where(columns < 0, here.argmax(axis=1)[:, None], columns)
    return np.ascontiguousarray(values[rows[:, None], columns])


def along_columns(values: Bytes, known: np.ndarray) -> Bytes:
    """The same from the top down."""
    return np.ascontiguousarray(along_rows(values.swapaxes(0, 1), known.T).swapaxes(0, 1))


def _last(some: np.ndarray) -> np.ndarray:
    """For each place the last one at or before it that is set, or the first one of all."""
    places = np.maximum.accumulate(np.where(some, np.arange(len(some)), -1))
    found: np.ndarray = np.where(places < 0, some.argmax(), places)
    return found
