"""What a rebuilt scan lacks to be the file's."""

import numpy as np

from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from pillow_colorgrid.jpeg.recipe import Change

MAX_CHANGED_BYTES = 4096
"""Bytes of a scan that may differ, and the sixteenth part of the scan."""

NEAR = 8
"""Changes that are less than so many bytes apart are told as one."""


def changes_between(rebuilt: bytes, original: bytes) -> tuple[Change, ...]:
    """How to turn `rebuilt` into `original`.

    Raises:
        UnsupportedJpegError: too much differs.
    """
    a = np.frombuffer(rebuilt, np.uint8)
    b = np.frombuffer(original, np.uint8)
    common = min(len(a), len(b))
    front = _equal(a[:common], b[:common])
    back = _equal(a[len(a) - common + front :][::-1], b[len(b) - common + front :][::-1])
    dropped, put = len(a) - front - back, len(b) - front - back
    limit = MAX_CHANGED_BYTES + len(b) // 16
    changes: list[Change] = []
    if dropped != put or put <= NEAR:
        changes.append(Change(front, dropped, original[front : front + put]))
    else:
        differ = front + np.flatnonzero(a[front : front + put] != b[front : front + put])
        cut = np.flatnonzero(np.diff(differ) >= NEAR) + 1
        at = 0
        for group in np.split(differ, cut):
            start, stop = int(group[0]), int(group[-1]) + 1
            changes.append(Change(start - at, stop - start, original[start:stop]))
            at = stop
    size = sum(len(change.put) + 4 for change in changes)
    if size > limit:
        raise UnsupportedJpegError(f"{size} bytes of a scan are not rebuilt, at most {limit}")
    return tuple(changes)


def _equal(a: np.ndarray, b: np.ndarray) -> int:
    """Number of equal elements at the beginning."""
    differ = a != b
    return int(differ.argmax()) if differ.any() else len(a)


def with_changes(data: bytes, changes: tuple[Change, ...]) -> bytes:
    """`data` with all changes made.

    Raises:
        ValueError: a change lies behind the end.
    """
    if not changes:
        return data
    out = []
    at = 0
    for change in changes:
        stop = at + change.kept + change.dropped
        if stop > len(data):
            raise ValueError(f"a change at byte {stop} of a scan of {len(data)} bytes")
        out += [data[at : at + change.kept], change.put]
        at = stop
    out.append(data[at:])
    return b"".join(out)
