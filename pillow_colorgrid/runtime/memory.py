"""Memory that was freed goes back to the system.

glibc keeps what threads have freed for their next requests: of a picture of 24 megapixels that went
through the networks half a gigabyte. What needs much at once afterwards would come on top of it.
"""

import ctypes
from collections.abc import Callable
from functools import cache


@cache
def _trim() -> Callable[[int], int] | None:
    """That of glibc, which takes some milliseconds; other libraries have none."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return found


def give_back() -> None:
    """Give back what is free, where this machine's C library can do that."""
    trim = _trim()
    if trim is not None:
        trim(0)
