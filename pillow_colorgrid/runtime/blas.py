"""numpy's matrix products on one thread.

OpenBLAS, inside of numpy's wheels, waits by spinning. Where other processes use the cores, its
threads wait for one another: products of milliseconds take seconds (measured, 2 cores). The
products here are small; one thread is best.
"""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numpy._core import _multiarray_umath  # type: ignore[attr-defined]  # links to OpenBLAS

_NAMES = (
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("openblas_get_num_threads", "openblas_set_num_threads"),
)

_lock = threading.Lock()
_users = 0
_threads_before = 1


def _functions() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """OpenBLAS's reader and setter of its number of threads; None with any other BLAS."""
    library = ctypes.CDLL(_multiarray_umath.__file__)
    for read, write in _NAMES:
        if hasattr(library, read) and hasattr(library, write):
            return getattr(library, read), getattr(library, write)
    return None


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, OpenBLAS uses one thread in this process; then as many as before."""
    global _users, _threads_before
    functions = _functions()
    if functions is None:
        yield
        return
    read, write = functions
    with _lock:
        if _users == 0:
            _threads_before = read()
            write(1)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                write(_threads_before)
