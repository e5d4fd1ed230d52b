"""The inverse of upsampling: samples of half the width (height) from interpolated pixels.

Interpolation is p = A c with rows (3/4, 1/4), then rounding. The best c in the sense of least
squares is (A^T A)^-1 A^T p: A^T is a filter of four taps, and A^T A a band matrix whose inverse has
the entries (-1/3)^|i - j| (both mirrored at the edges).
"""

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float32]

REACH = 9
"""(-1/3)^10 is below what rounding leaves."""


def undo(plane: Real, ratio: tuple[int, int]) -> Real:
    """Pixels (h, w) -> samples, real numbers.

    Args:
        ratio: pixels a sample, down and across: 1 or 2 each.
    """
    if ratio == (1, 1):
        return plane
    down, across = ratio
    if across == 2:
        # rounding is not quite even-handed: by 1/32 or 1/8 up here, down there
        bias = np.float32(1 / 32 if down == 2 else -1 / 8)
        plane = plane.copy()
        plane[:, ::2] -= bias
        plane[:, 1::2] += bias
        plane = np.ascontiguousarray(_undo_rows(np.ascontiguousarray(plane.T)).T)
    else:
        plane = plane.copy()
        plane[::2] += np.float32(1 / 8)
        plane[1::2] -= np.float32(1 / 8)
    return _undo_rows(plane) if down == 2 else plane


def _undo_rows(plane: Real) -> Real:
    """(h, w) -> (ceil(h / 2), w)."""
    if len(plane) % 2:
        # the missing row goes on by half the last difference
        last = plane[-1] + np.float32(0.5) * (plane[-1] - plane[-2] if len(plane) > 1 else 0)
        plane = np.concatenate([plane, last[None]])
    half = len(plane) // 2
    edge = min(2 * REACH + 2, len(plane))
    wide = np.concatenate([plane[:edge][::-1], plane, plane[-edge:][::-1]])
    even, odd = wide[::2], wide[1::2]  # an even number of rows was put before
    joined: Real = np.float32(0.75) * (even[1:-1] + odd[1:-1])
    joined += np.float32(0.25) * (odd[:-2] + even[2:])
    start = edge // 2 - 1
    found: Real = joined[start : start + half].copy()
    for away in range(1, min(REACH, start) + 1):
        both = joined[start - away : start - away + half] + joined[start + away :][:half]
        found += np.float32((-1 / 3) ** away) * both
    return found


def redo(samples: Real, ratio: tuple[int, int]) -> Real:
    """What `undo` undoes, not rounded: samples -> pixels."""
    for axis in (0, 1):
        if ratio[axis] == 2:
            rows = samples.swapaxes(0, axis)
            edged = np.concatenate([rows[:1], rows, rows[-1:]])
            near = np.float32(0.75) * rows
            twice = np.empty((2 * len(rows), rows.shape[1]), np.float32)
            twice[::2] = near + np.float32(0.25) * edged[:-2]
            twice[1::2] = near + np.float32(0.25) * edged[2:]
            samples = twice.swapaxes(0, axis)
    return samples
